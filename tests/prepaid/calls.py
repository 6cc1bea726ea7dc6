"""A request that has been read, and an answer before it is sent.

Knows no operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.prepaid.tenants import ApiKey


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a tenant: what it asks, of which record, under which idempotency key."""

    api_key: ApiKey
    method: str
    path: str
    target: str
    """The id in the path, or nothing."""
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None

    @property
    def tenant(self) -> str:
        return self.api_key.tenant


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()
