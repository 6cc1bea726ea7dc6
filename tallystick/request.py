"""One HTTP request as a profile writes it and a target sends it. A value; it knows no API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JSON = Any


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request below the base URL; `operation` is its operationId in the API's document."""

    operation: str
    method: str
    path: str
    """Quoted as it is sent, with its query."""
    body: JSON = None
    """What is sent as JSON, or as a form; None: no body."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers, names and values, such as an idempotency key."""
    form: bool = False
    """Whether the body is sent URL-encoded: a flat mapping of names to text, where a member of a
    member is named `card[number]`."""
