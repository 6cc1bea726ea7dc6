"""What the answers of a script have to show: the conditions of a finding, with its blanks.

A script may leave out exchanges of the finding, so that others are as far back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tallystick.conditions import Condition, Kind
from tallystick.evidence import Event
from tallystick.reporting.scripts.blanks import Blanks

JSON = Any


def filled(
    conditions: Iterable[Condition],
    all_events: Sequence[Event],
    kept: Sequence[Event],
    blanks: Blanks,
) -> Iterator[Condition]:
    """The conditions about the answers that are kept, with blanks in their values."""
    places = {id(event): number for number, event in enumerate(kept)}
    for each in conditions:
        place = places.get(id(all_events[-1 - each.back]))
        if place is not None:
            yield replace(each, values=_values(each, blanks, place))


def moved(
    conditions: Iterable[Condition], events: Sequence[Event], kept: Sequence[Event]
) -> Iterator[Condition]:
    """The conditions, each as far back among the exchanges that are kept."""
    for each in conditions:
        if not each.back:
            yield each
            continue
        wanted = events[-1 - each.back]
        for back, event in enumerate(reversed(kept)):
            if event is wanted:
                yield replace(each, back=back)


def _values(condition: Condition, blanks: Blanks, event: int) -> tuple[JSON, ...]:
    is_repeat = condition.kind is Kind.NOWHERE
    return tuple(blanks.right(value, event, is_repeat=is_repeat) for value in condition.values)
