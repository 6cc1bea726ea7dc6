"""Is there a legal order? Judges a history against a transition, one partition at a time.

A history is *linearizable* (Herlihy and Wing, 1990) if each operation can be given one moment
between its call and its return, so that the operations in the order of these moments are legal. It
is linearizable as a whole if and only if each partition is, so partitions are judged apart.

It knows nothing of how the history was made: states, commands and outcomes are opaque. `search` and
`frontier` say how an order is found, `illegality` how its absence is explained.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from tallystick.checker.budget import Budget
from tallystick.checker.hints import Hints
from tallystick.checker.history import History, Key
from tallystick.checker.illegality import Illegality, Operations, explain
from tallystick.checker.placing import Transition
from tallystick.checker.search import Search
from tallystick.checker.verdict import Verdict, worst

S = TypeVar("S")
NO_HINTS: Final = Hints()
DEFAULT_BUDGET: Final = Budget()


@dataclass(frozen=True, slots=True)
class CheckResult(Generic[S]):
    """The verdict on a history, what it cost, and what is wrong where."""

    verdict: Verdict
    transitions: int
    """How often the transition was called; explaining is not counted."""
    seconds: float
    undecided: tuple[Key, ...] = ()
    """The partitions for which the budget did not suffice."""
    illegalities: tuple[Illegality[S], ...] = ()
    """One for each partition that violates."""


def check(
    history: History[Any, Any],
    transition: Transition,
    initial: Callable[[Key], S],
    *,
    hints: Hints = NO_HINTS,
    budget: Budget = DEFAULT_BUDGET,
) -> CheckResult[S]:
    """Judge every partition of the history, and explain those that have no legal order.

    `transition(state, command, outcome)` returns the tuple of states that may follow; an empty one,
    or anything that is no tuple, says that this outcome is impossible in this state. States have to
    be hashable. For a lost operation it returns the states that its effect may have led to; "no
    effect" need not be among them, because a lost operation needs no place in an order.
    `initial(key)` is the state in which a partition starts.

    The verdict on the whole is the worst of the partitions' verdicts. It raises only what the
    caller's functions raise.
    """
    began = time.monotonic()
    transitions = 0
    verdicts: list[Verdict] = []
    undecided: list[Key] = []
    illegalities: list[Illegality[S]] = []
    parts = history.partitions()
    for number, (key, operations) in enumerate(parts.items()):
        left = _left_of(budget, transitions, time.monotonic() - began)
        share = left if number == len(parts) - 1 else _half_of(left)
        search = Search(operations, initial(key), transition, hints, share)
        verdicts.append(search.judge())
        transitions += search.transitions
        if verdicts[-1] is Verdict.UNDECIDED:
            undecided.append(key)
        if search.stuck is not None:
            judge = PartJudge(transition, hints, _left_of(budget, 0, time.monotonic() - began))
            illegalities.append(explain(key, search.stuck, hints.changes, hints.interferes, judge))
    seconds = time.monotonic() - began
    return CheckResult(worst(verdicts), transitions, seconds, tuple(undecided), tuple(illegalities))


def _left_of(budget: Budget, transitions: int, seconds: float) -> Budget:
    """The budget without what was used of it."""
    return replace(
        budget, transitions=budget.transitions - transitions, seconds=budget.seconds - seconds
    )


def _half_of(left: Budget) -> Budget:
    """What one partition may use of the budget that is left.

    A hard partition must not use up the budget of those after it, which may hold the violation.
    """
    return replace(left, transitions=left.transitions // 2, seconds=left.seconds / 2)


LEAST_TO_EXPLAIN_S: Final = 1.0
"""Seconds to explain a violation that was found when the budget was nearly spent."""


class PartJudge:
    """The judge for `explain`. All its judgements together stay within `explain_transitions`, and
    within the seconds that are left.
    """

    def __init__(self, transition: Transition, hints: Hints, left: Budget) -> None:
        self._transition = transition
        self._hints = hints
        self._deadline = time.monotonic() + max(LEAST_TO_EXPLAIN_S, left.seconds)
        self._left = replace(left, transitions=left.explain_transitions)

    def __call__(self, start: object, part: Operations) -> Verdict:
        self._left = replace(self._left, seconds=self._deadline - time.monotonic())
        search = Search(part, start, self._transition, self._hints, self._left)
        verdict = search.judge()
        # To sort and number the operations is work too, about a transition's worth for each.
        self._left = replace(
            self._left, transitions=self._left.transitions - search.transitions - len(part)
        )
        return verdict
