"""What a judgement may cost."""

from __future__ import annotations

from dataclasses import dataclass


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
