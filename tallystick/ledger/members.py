"""What a request carried against what an answer shows of it: metadata, dates and the like.

This module knows neither cards nor transactions. Any text may stand in an answer, so nothing here
may fail on any.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tallystick.ledger.vocabulary import Extras

DATES = frozenset({"active_from", "expires_at"})
FINAL = "final"
"""The member of a capture that says whether it is the last one of its hold: `true` or `false`."""
UNSHOWN = frozenset({"pin", "card_token", FINAL})
"""Members that no answer shows as they were sent: FINAL, which is no data, and those that ask the
server to make something, whose answer shows what it made instead."""

EXACT_IN_DOUBLES = 2**53
"""Up to here doubles hold every integer; RFC 8259 (section 6) advises against larger ones."""


def first_missing(sent: Extras, shown: Extras, reserved: str = "") -> tuple[str, str] | None:
    """Return the first member that was sent and is not shown, as the texts (expected, actual).

    None if all of them are shown. Metadata keys that begin with `reserved` may be absent; empty:
    there are none (see `Traits.reserved_metadata`).
    """
    if not sent:
        return None
    members = dict(shown)
    for name, text in sent:
        if name not in UNSHOWN and not _is_shown(name, text, members.get(name), reserved):
            return f"{name} {text}", f"{name} {members.get(name)}"
    return None


def first_borrowed(own: Extras, shown: Extras, others: Iterable[Extras]) -> str | None:
    """Return the first member that is shown although it came with another request only.

    `own` is what may be shown, `others` is what came with other requests. None if there is no such
    member; what the server adds by itself is permitted.
    """
    strange = _pieces(shown) - _pieces(own)
    if not strange:
        return None
    lent = strange.intersection(*[set().union(*map(_pieces, others))])
    return min(lent, default=None)


def _pieces(extras: Extras) -> set[str]:
    """Return the members as texts that can be compared, each key of the metadata by itself."""
    pieces: set[str] = set()
    for name, text in extras:
        members = _parsed(text) if name == "metadata" else None
        if isinstance(members, dict):
            pieces |= {f"{name} {key}: {json.dumps(members[key])}" for key in members}
        else:
            pieces.add(f"{name} {text}")
    return pieces


def _is_shown(name: str, sent: str, shown: str | None, reserved: str) -> bool:
    if name == "metadata":
        return _contains(_parsed(shown), _parsed(sent), reserved)
    if name in DATES and shown is not None:
        return _moment(shown) == _moment(sent)
    return shown == sent


def _contains(shown: object, sent: object, reserved: str) -> bool:
    """Whether all of the metadata that was sent is shown; a server may add to it."""
    if not isinstance(sent, dict):
        return _is_same(shown, sent)
    kept = {
        key: value for key, value in sent.items() if not (reserved and key.startswith(reserved))
    }
    if shown is None:
        return not kept
    return isinstance(shown, dict) and all(
        key in shown and _is_same(shown[key], value) for key, value in kept.items()
    )


def _is_same(shown: object, sent: object) -> bool:
    """Whether two JSON values are equal all the way down; Python takes true for 1."""
    match shown, sent:
        case dict(), dict():
            return shown.keys() == sent.keys() and all(_is_same(shown[k], sent[k]) for k in sent)
        case list(), list():
            pairs = zip(shown, sent, strict=False)
            return len(shown) == len(sent) and all(_is_same(*pair) for pair in pairs)
    if isinstance(shown, bool) is not isinstance(sent, bool):
        return False
    return shown == sent or (_is_beyond_doubles(sent) and shown == float(str(sent)))


def _is_beyond_doubles(value: object) -> bool:
    """Whether a value is an integer that JSON carries, but many programs only nearly (CARD-17)."""
    return isinstance(value, int) and abs(value) > EXACT_IN_DOUBLES


def as_text(value: Any) -> str:
    """Return a JSON value as `Extras` carry it: a text as it is, all else as canonical JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, sort_keys=True)
    except RecursionError:  # nested deeper than any metadata that was sent
        return "nested too deep"


def _parsed(text: str | None) -> object:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return text


def _moment(text: str) -> object:
    """Return a date-time as an instant, so that `Z` and `+00:00` are equal; other text as it is."""
    instant = instant_of(text)
    return text if instant is None else instant


def instant_of(text: str) -> float | None:
    """Return the seconds since 1970 of a date-time of RFC 3339; None for any other text.

    `T` and `Z` may be small letters (RFC 3339, section 5.6).
    """
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None
