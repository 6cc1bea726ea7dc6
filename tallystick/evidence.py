"""What shows a violation: the exchanges that led to it, and the history of a race.

It holds them, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tallystick.checker import Illegality, Operation
from tallystick.driven import Judged
from tallystick.ledger.vocabulary import Accepted
from tallystick.target import Exchange


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a history: its step, its request and answer, and how a ledger judged it."""

    step: str
    exchange: Exchange
    judged: Judged | None = field(default=None, repr=False)


ANY_FIGURE = "any"
"""Stands for a figure that is not documented here, so that every value is right."""
Shown = tuple[bool, tuple[object, ...]]
"""What is looked at of one answer: whether it accepts, and its figures; None: they are not shown.
"""
Row = tuple[Shown, ...]
"""What all answers of a trial show, in the order of its exchanges."""


@dataclass(frozen=True, slots=True)
class LegalOutcomes:
    """All that the exchanges of a race, from its first branch on, may show."""

    judged: tuple[Judged, ...]
    """What was asked and answered in the trial that showed the violation."""
    figures: tuple[tuple[str, ...], ...]
    """For each of them, the members of its record that are looked at."""
    rows: frozenset[Row]
    """What an order of the requests explains."""

    @property
    def shown(self) -> Row:
        """What the trial that showed the violation was answered."""
        return tuple(map(_shown, self.judged, self.figures))


def _shown(judged: Judged, figures: tuple[str, ...]) -> Shown:
    record = judged.outcome.record if isinstance(judged.outcome, Accepted) else None
    return record is not None, tuple(getattr(record, name, None) for name in figures)


def is_explained(shown: Row, rows: Iterable[Row]) -> bool:
    """Whether what was shown is one of the rows."""
    return any(all(map(_fits, shown, row)) for row in rows)


def _fits(shown: Shown, right: Shown) -> bool:
    """Whether an answer shows this; what an acceptance leaves out is not judged."""
    return shown[0] == right[0] and all(
        figure in (ANY_FIGURE, seen) or (shown[0] and seen is None)
        for seen, figure in zip(shown[1], right[1], strict=True)
    )


@dataclass(frozen=True, slots=True)
class Race:
    """Why a history of several clients has no legal order, and how to name its operations."""

    illegality: Illegality[Any]
    label: Callable[[Operation[Any, Any]], str]
    outcome: Callable[[Operation[Any, Any]], str]
    legal: Callable[[], LegalOutcomes | None] = lambda: None
    """What its program may show; None where that cannot be said. It takes some milliseconds."""
