"""What a judgement may cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one check; when one is reached, the verdict is UNDECIDED.

    A check needs them because deciding linearizability is NP-complete (Gibbons and Korach, "Testing
    shared memories", 1997): a short history of many overlapping operations can take for ever.
    """

    transitions: int = 5_000_000
    """Calls of the transition."""
    seconds: float = 60.0
    configurations: int = 50_000
    """Configurations in memory at once: this bounds the memory."""
    explain_transitions: int = 25_000
    """Calls of the transition to make the core of an illegality small. They come on top."""


class BudgetSpent(Exception):
    """A limit was reached before there was a verdict."""


Spend = Callable[[int], None]
"""Counts units of work; see `Meter.spend`."""


def unlimited(work: int) -> None:
    """Spend without any limit."""


def glances(number: int) -> int:
    """The units of work that a look at so many things takes, without a transition."""
    return number >> 4


CLOCK_EVERY: Final = 256
"""Units of work between two looks at the clock: a look costs as much as a cheap transition."""


class Meter:
    """What one search has cost. Its methods raise BudgetSpent at a limit."""

    def __init__(self, budget: Budget) -> None:
        self.transitions = 0
        self._budget = budget
        self._deadline = time.monotonic() + budget.seconds
        self._work = 0
        self._next_look = 0

    def count_transition(self) -> None:
        """Count a call of the transition."""
        self.transitions += 1
        if self.transitions > self._budget.transitions:
            raise BudgetSpent
        self._work += 1
        if self._work > self._next_look:
            self._look()

    def spend(self, work: int) -> None:
        """Count work, about a cheap transition's worth for each unit, and look at the clock."""
        self._work += work
        if self._work > self._next_look:
            self._look()

    def _look(self) -> None:
        self._next_look = self._work + CLOCK_EVERY
        if time.monotonic() > self._deadline:
            raise BudgetSpent

    def limit_memory(self, configurations: int) -> None:
        """Take note of how many configurations there are at once."""
        if configurations > self._budget.configurations:
            raise BudgetSpent
