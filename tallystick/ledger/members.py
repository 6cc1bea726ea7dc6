"""What a request carried against what an answer shows of it: metadata, dates and the like.

It knows neither cards nor transactions. Answers come from a stranger: any text may be in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from tallystick.ledger.vocabulary import Extras

DATES = frozenset({"active_from", "expires_at"})
GENERATORS = frozenset({"pin", "card_token"})
"""Members that ask for something to be made; an answer shows what was made, not the request."""
RESERVED = "dintero_"
"""Metadata keys of this namespace may be kept or dropped (question 54)."""


def first_missing(sent: Extras, shown: Extras) -> tuple[str, str] | None:
    """The first member that was sent and is not shown, as (expected, actual)."""
    if not sent:
        return None
    members = dict(shown)
    for name, text in sent:
        if name not in GENERATORS and not _is_shown(name, text, members.get(name)):
            return f"{name} {text}", f"{name} {members.get(name)}"
    return None


def first_borrowed(own: Extras, shown: Extras, others: Iterable[Extras]) -> str | None:
    """The first member that is shown, is not its own, and was sent with one of the others.

    What a server adds of its own is free; what came with another request belongs to that one.
    """
    strange = _pieces(shown) - _pieces(own)
    if not strange:
        return None
    lent = strange.intersection(*[set().union(*map(_pieces, others))])
    return min(lent, default=None)


def _pieces(extras: Extras) -> set[str]:
    """The members as comparable texts; of metadata each key by itself."""
    pieces: set[str] = set()
    for name, text in extras:
        members = _parsed(text) if name == "metadata" else None
        if isinstance(members, dict):
            pieces |= {f"{name} {key}: {json.dumps(members[key])}" for key in members}
        else:
            pieces.add(f"{name} {text}")
    return pieces


def _is_shown(name: str, sent: str, shown: str | None) -> bool:
    if name == "metadata":
        return _holds(_parsed(shown), _parsed(sent))
    if name in DATES and shown is not None:
        return _moment(shown) == _moment(sent)
    return shown == sent


def _holds(have: object, want: object) -> bool:
    """Whether all that was sent is there; servers may add to metadata."""
    if not isinstance(want, dict):
        return have == want
    kept = {key: value for key, value in want.items() if not key.startswith(RESERVED)}
    if have is None:
        return not kept
    return isinstance(have, dict) and all(
        key in have and have[key] == value for key, value in kept.items()
    )


def _parsed(text: str | None) -> object:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return text


def _moment(text: str) -> object:
    """A date-time as an instant, so that `Z` and `+00:00` are the same; other text as it is."""
    instant = instant_of(text)
    return text if instant is None else instant


def instant_of(text: str) -> float | None:
    """Seconds since 1970 of a date-time of RFC 3339, which may be written in small letters; None
    for any other text."""
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None
