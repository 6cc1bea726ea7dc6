"""Is there a legal order? Judges a history against `transition`, one partition at a time.

It knows nothing of wallets, of HTTP or of how the history was made: states, commands and outcomes
are opaque. `frontier` tells how the search works; `illegality`, how a violation is explained.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from tallystick.checker.frontier import Budget, Hints, Search, Transition
from tallystick.checker.history import History, Key
from tallystick.checker.illegality import Illegality, Operations, explain
from tallystick.checker.verdict import Verdict, worst

__all__ = ["Budget", "CheckResult", "Hints", "Illegality", "Transition", "check"]

S = TypeVar("S")
NO_HINTS: Final = Hints()
DEFAULT_BUDGET: Final = Budget()


@dataclass(frozen=True, slots=True)
class CheckResult(Generic[S]):
    """The verdict on a history, what it cost, and what is wrong where."""

    verdict: Verdict
    transitions: int
    seconds: float
    undecided: tuple[Key, ...] = ()
    illegalities: tuple[Illegality[S], ...] = ()


def check(
    history: History[Any, Any],
    transition: Transition,
    initial: Callable[[Key], S],
    *,
    hints: Hints = NO_HINTS,
    budget: Budget = DEFAULT_BUDGET,
) -> CheckResult[S]:
    """Judge every partition from `initial(key)`; the verdict on the whole is the worst of them."""
    began = time.monotonic()
    transitions = 0
    verdicts: list[Verdict] = []
    undecided: list[Key] = []
    illegalities: list[Illegality[S]] = []
    parts = history.partitions()
    for number, (key, operations) in enumerate(parts.items()):
        # Half of what is left, or all for the last: one hard partition does not hide another.
        shares = min(2, len(parts) - number)
        seconds = budget.seconds - (time.monotonic() - began)
        share = replace(
            budget,
            transitions=(budget.transitions - transitions) // shares,
            seconds=seconds / shares,
        )
        search = Search(operations, initial(key), transition, hints, share)
        verdicts.append(search.judge())
        transitions += search.transitions
        if verdicts[-1] is Verdict.UNDECIDED:
            undecided.append(key)
        if search.stuck is not None:
            judge = _Judge(transition, hints, budget)
            illegalities.append(explain(key, search.stuck, hints.changes, hints.interferes, judge))
    seconds = time.monotonic() - began
    return CheckResult(worst(verdicts), transitions, seconds, tuple(undecided), tuple(illegalities))


class _Judge:
    """Judges parts of a history, all of them together within the budget for explaining."""

    def __init__(self, transition: Transition, hints: Hints, budget: Budget) -> None:
        self._transition = transition
        self._hints = hints
        self._left = replace(budget, transitions=budget.explain_transitions)

    def __call__(self, start: object, part: Operations) -> Verdict:
        search = Search(part, start, self._transition, self._hints, self._left)
        verdict = search.judge()
        # Sorting and the like is work too, about as much as a transition for each operation.
        self._left = replace(
            self._left, transitions=self._left.transitions - search.transitions - len(part)
        )
        return verdict
