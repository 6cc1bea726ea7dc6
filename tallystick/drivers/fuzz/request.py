"""A request of any form, before it becomes HTTP. A value; it knows no API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = Any


class NoBody:
    """The type of `NO_BODY`."""

    def __repr__(self) -> str:
        return "no body"


NO_BODY = NoBody()
"""A request without a body. (None is a body too: the JSON null.)"""


@dataclass(frozen=True, slots=True)
class FuzzRequest:
    """A request before it becomes HTTP: the operation, and a value for each part of it."""

    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, JSON] = field(default_factory=dict)
    body: JSON = NO_BODY
    """A JSON value; bytes are sent as they are and mean nothing to an interpretation."""
    content: bytes | None = None
    """Bytes to send in place of `body`, which still says what they mean."""
    headers: Mapping[str, str] = field(default_factory=dict)
    http_may_refuse: bool = False
    """HTTP itself may refuse it: with any 4xx, in any form, or by closing the connection."""
    text_may_change: bool = False
    """It holds texts that not every store can give back, such as half a character."""
