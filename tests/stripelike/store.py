"""The records in memory, by their kind and id. A restart forgets them.

Knows nothing of what a record means.
"""

import secrets
import string
import time
from typing import TypeVar

from tests.stripelike.records import Charge, Intent, Method, Record, Refund

Kind = TypeVar("Kind", bound=Record)

_LETTERS = string.ascii_letters + string.digits
_ID_LENGTH = 24


class Store:
    """Saves and finds records."""

    def __init__(self) -> None:
        self._tables: dict[type, dict[str, Record]] = {
            kind: {} for kind in (Method, Charge, Intent, Refund)
        }

    def save(self, record: Kind) -> Kind:
        """Keep a record, in place of an earlier one with its id; returns it."""
        self._tables[type(record)][record.id] = record
        return record

    def find(self, kind: type[Kind], identifier: str) -> Kind | None:
        """The record of an id, or None."""
        record = self._tables[kind].get(identifier)
        assert record is None or isinstance(record, kind)
        return record

    def all(self, kind: type[Kind]) -> list[Kind]:
        """Every record of a kind, the newest first."""
        return [r for r in reversed(self._tables[kind].values()) if isinstance(r, kind)]

    def new_id(self, prefix: str) -> str:
        """An id that no record has."""
        return f"{prefix}_" + "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH))

    def now(self) -> int:
        """The time in seconds since 1970."""
        return int(time.time())
