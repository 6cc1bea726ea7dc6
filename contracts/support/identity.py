"""The members of a card or a transaction that never change. It sends nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tallystick.ledger.members import instant_of

Identity = dict[str, Any]


def identity_of(item: dict[str, Any]) -> Identity:
    """The members of a card or a transaction that never change, if they are shown."""
    found = {name: item[name] for name in ("id", "created_by") if item.get(name) is not None}
    with suppress(KeyError, TypeError, ValueError):  # absent, or of another shape: see SHAPE-1
        # To the second, because a database may keep fewer digits than the first answer shows.
        found["created_at"] = int(instant_of(item["created_at"]) or 0)
    return found


def agree(one: Identity, other: Identity) -> bool:
    return all(one[name] == other[name] for name in one if name in other)
