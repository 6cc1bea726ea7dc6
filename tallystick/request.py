"""One HTTP request as a profile writes it and a target sends it. A value; it knows no API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

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

    @property
    def content(self) -> bytes | None:
        """The body as it is sent; None if there is none."""
        if self.body is None:
            return None
        return urlencode(self.body).encode() if self.form else json.dumps(self.body).encode()

    @property
    def content_type(self) -> dict[str, str]:
        """The header that says what a body is, unless the request has one of its own."""
        if any(name.lower() == "content-type" for name, _ in self.headers):
            return {}
        kind = "application/x-www-form-urlencoded" if self.form else "application/json"
        return {"Content-Type": kind}
