"""A request that has been read, and an answer before it is sent.

Knows no operation.
"""

from dataclasses import dataclass
from typing import Any

from tests.stripelike.forms import Params


@dataclass(frozen=True, slots=True)
class Call:
    """A request of an account: what it asks, of which object, under which idempotency key."""

    account: str
    method: str
    path: str
    target: str
    """The id in the path, or nothing."""
    params: Params
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `executed` is False if the operation refused the input before it began."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()
    executed: bool = True
