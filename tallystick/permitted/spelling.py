"""Where a figure of the ledger stands in an answer, and how this API writes it there.

It asks the profile: a member is changed, and what the profile reads then is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from tallystick.conditions import JSON, Place, leaves, with_value
from tallystick.driven import Judged
from tallystick.evidence import ANY_FIGURE
from tallystick.ledger.vocabulary import Accepted, Money
from tallystick.profiles.profile import Profile
from tallystick.target import Answer

MOST_LEAVES = 300
MOST_DIGITS = 4
"""Decimal places of an amount in its main unit, at most."""
_NUMBER = re.compile(r"\d+(\.\d+)?")
UNWRITTEN = object()
"""Stands for a figure for which no spelling was found."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """Where a figure stands in an answer, and how it is written there."""

    place: Place
    shown: JSON
    judged: Judged
    answer: Answer
    name: str
    profile: Profile

    @classmethod
    def of(cls, judged: Judged, answer: Answer, name: str, profile: Profile) -> Spelling | None:
        """How the figure is written; None if it is not shown at one place."""
        found: list[Spelling] = []
        for place, value in islice(leaves(answer.body), MOST_LEAVES):
            one = cls(place, value, judged, answer, name, profile)
            before, after = one.read(value), one.read(_another(value))
            if before is not None and after is not None and after != before:
                found.append(one)
        return found[0] if len(found) == 1 else None

    def read(self, value: JSON) -> Money | None:
        """The figure, if this value were at the place; None if there were none."""
        changed = replace(self.answer, body=with_value(self.answer.body, self.place, value))
        outcome = self.profile.outcome(self.judged.command, changed)
        record = outcome.record if isinstance(outcome, Accepted) else None
        found: Money | None = getattr(record, self.name, None)
        return found

    def written(self, figure: object) -> JSON:
        """How a figure of the ledger is written there."""
        if figure is None or figure == ANY_FIGURE:
            return figure
        if not isinstance(figure, int | Decimal):
            return UNWRITTEN
        for value in _spellings(figure, self.shown):
            if self.read(value) == figure:
                return value
        return UNWRITTEN


def _another(value: JSON) -> JSON:
    """A value of the same type, and of the same form; the value itself if it is no number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value + 1
    return f"1{value}" if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def _spellings(figure: Money, like: JSON) -> Iterator[JSON]:
    """The figure as a value of the same type."""
    for digits in range(MOST_DIGITS + 1):
        scaled = Decimal(figure).scaleb(-digits)
        if isinstance(like, str):
            yield f"{scaled:f}"
        elif isinstance(like, float):
            yield float(scaled)
        elif digits == 0 and scaled == int(scaled):
            yield int(scaled)
