"""Why there is no legal order: the longest start of one, what cannot follow it, and a small proof.

It knows neither the transition nor how the search works: it is given a judge of shorter histories.

The proof is the *core*: a part of the history that is still illegal and from which no operation can
be left out. "Still illegal" alone would not do: without the first deposit every withdrawal is
illegal, and a core of one withdrawal explains nothing. So two operations are fixed:

  - the *stuck* operation: at its return the search ended,
  - the *culprit*: an operation without which the stuck one would have been possible.

Anything else is left out as long as

  (a) the rest is illegal,
  (b) the rest without the stuck operation is legal: it does not lack something else by now,
  (c) the rest without the culprit is legal: these two still contradict each other.

Two captures of one hold are reduced to deposit, hold, capture (the culprit), capture (stuck).

The core of a short history starts from the beginning. That of a long one starts from a later state,
one that every order up to there reaches: the latest from which a culprit can be found. Sometimes
there is none (a read of a balance that nothing explains), or the budget does not suffice to reach
it. Then the core starts from the latest such state, and only lost operations and those that change
nothing are left out, as long as (a) holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from tallystick.checker.history import Key, Operation
from tallystick.checker.verdict import Verdict

S = TypeVar("S")
Operations = tuple[Operation[Any, Any], ...]
Changes = Callable[[Operation[Any, Any]], bool]
Interferes = Callable[[Operation[Any, Any], Operation[Any, Any]], bool]
Judge = Callable[[Any, Operations], Verdict]


@dataclass(frozen=True, slots=True)
class Stuck(Generic[S]):
    """Where a thorough search ended: no configuration had a place for this operation's return."""

    operation: Operation[Any, Any]
    prefix: Operations
    """A longest legal order of what came before."""
    waiting: Operations
    """What was open at that moment and is not in the prefix either."""
    starts: tuple[tuple[S, Operations], ...]
    """States that every order reaches, each with the operations that come after it; the latest
    first, the beginning of the history last."""


@dataclass(frozen=True, slots=True)
class Illegality(Generic[S]):
    """Why one partition has no legal order: as a prefix with a stuck operation, and as a core."""

    key: Key
    prefix: Operations
    """A longest legal order, in its order."""
    stuck: Operation[Any, Any]
    """The operation that has no place after it."""
    waiting: Operations
    """What was open beside the stuck one: to put these before it did not help."""
    core: Operations
    """A part of the history that is illegal by itself, in the order of the calls."""
    core_from: S
    """The state in which the core starts."""
    minimal: bool
    """Whether no operation can be left out of the core. False: the budget was spent before."""
    culprit: Operation[Any, Any] | None = None
    """Without it the stuck operation would have a place. None: no single operation is to blame."""


SHORT: Final = 64
"""Up to so many operations, a core from the beginning is more readable than a late start."""


def explain(
    key: Key, stuck: Stuck[S], changes: Changes, interferes: Interferes, judge: Judge
) -> Illegality[S]:
    """Explain why the search ended at `stuck`, with the smallest core that the budget allows.

    `judge(state, operations)` gives the verdict on a part of the history from a state; UNDECIDED
    means that its budget is spent. `changes` and `interferes` are hints (see `hints`).
    """

    def conflict(one: Operation[Any, Any], other: Operation[Any, Any]) -> bool:
        return interferes(one, other) or interferes(other, one)

    # The late core first: it is cheap, and the search for a culprit may use up the budget.
    late = _late_core(stuck, changes, judge)
    core = _core_with_culprit(stuck, changes, conflict, judge)
    if core is None or not (core.minimal or len(core.part) <= SHORT):
        core = late
    return Illegality(key, stuck.prefix, stuck.operation, stuck.waiting, *core)


class _Core(NamedTuple):
    part: Operations
    start: Any
    minimal: bool
    culprit: Operation[Any, Any] | None = None


def _late_core(stuck: Stuck[Any], changes: Changes, judge: Judge) -> _Core:
    """The core without a culprit: what can be left out after the latest state of all orders."""
    start, since = stuck.starts[0]
    case = _Case(start, stuck.operation, judge)
    part = _reduced(
        since,
        lambda o: case.may_be_left_out(o) and not (o.answered and changes(o)),
        case.is_illegal,
    )
    return _Core(part, start, not case.gave_up)


def _core_with_culprit(
    stuck: Stuck[Any], changes: Changes, conflict: Interferes, judge: Judge
) -> _Core | None:
    """The core with a culprit; None if there is no culprit or the budget is spent before.

    The cheapest guess comes first: only the operations that are in conflict with the stuck one,
    however far back. With good hints that is often all that is needed. Then all that change
    something are kept, then those are suspected too, then everything is kept and suspected.
    """
    last = stuck.operation
    starts = stuck.starts[-1:] if len(stuck.starts[-1][1]) <= SHORT else stuck.starts
    changing: Changes = lambda o: o is last or changes(o)  # noqa: E731
    near: Changes = lambda o: o is last or (changes(o) and conflict(o, last))  # noqa: E731
    any_: Changes = lambda o: True  # noqa: E731
    for wanted, suspected in ((near, near), (changing, near), (changing, changing), (any_, any_)):
        cleared = {id(last)}
        for start, since in starts:
            case = _Case(start, last, judge)
            part = tuple(o for o in since if wanted(o))
            suspects = [o for o in reversed(part) if id(o) not in cleared and suspected(o)]
            if case.finds_a_culprit(part, suspects):
                part = _reduced(part, case.may_be_left_out, case.contradicts)
                return _Core(part, start, not case.gave_up, case.culprit)
            if case.gave_up:
                return None
            cleared.update(map(id, suspects))
    return None


class _Case:
    """Questions about parts of the history. When the budget is spent, every answer is no."""

    def __init__(self, start: object, stuck: Operation[Any, Any], judge: Judge) -> None:
        self._start = start
        self._stuck = stuck
        self._judge = judge
        self.culprit: Operation[Any, Any] | None = None
        self.gave_up = False

    def finds_a_culprit(self, part: Operations, suspects: list[Operation[Any, Any]]) -> bool:
        # If the part is legal, or illegal for another reason too, it can prove no suspect guilty.
        if suspects and self.contradicts(part):
            self.culprit = next((o for o in suspects if self.is_legal_without(part, o)), None)
        return self.culprit is not None

    def contradicts(self, part: Operations) -> bool:
        """Conditions (b), (c) if a culprit is known, and (a), the cheapest first: a legal order is
        found greedily, while its absence takes a thorough search.
        """
        return (
            self.is_legal_without(part, self._stuck)
            and (self.culprit is None or self.is_legal_without(part, self.culprit))
            and self.is_illegal(part)
        )

    def is_illegal(self, part: Operations) -> bool:
        return self._verdict(part) is Verdict.VIOLATES

    def is_legal_without(self, part: Operations, one: Operation[Any, Any]) -> bool:
        if self.gave_up:
            return False
        return self._verdict(tuple(o for o in part if o is not one)) is Verdict.CONFORMS

    def may_be_left_out(self, one: Operation[Any, Any]) -> bool:
        return one is not self._stuck and one is not self.culprit

    def _verdict(self, part: Operations) -> Verdict:
        verdict = Verdict.UNDECIDED if self.gave_up else self._judge(self._start, part)
        self.gave_up |= verdict is Verdict.UNDECIDED
        return verdict


def _reduced(
    part: Operations,
    may_go: Callable[[Operation[Any, Any]], bool],
    keeps: Callable[[Operations], bool],
) -> Operations:
    """Leave out what `may_go` as long as `keeps(rest)`: delta debugging (Zeller and Hildebrandt,
    2002) with ever smaller pieces, the latest first, down to single operations.
    """
    size = max(1, len(part) // 2)
    while True:
        before = part
        for end in range(len(part), 0, -size):
            begin = max(0, end - size)
            staying = tuple(o for o in part[begin:end] if not may_go(o))
            less = part[:begin] + staying + part[end:]
            if len(less) < len(part) and keeps(less):
                part = less
        # Single operations until a whole round left none out: one may go only after another.
        if size == 1 and part is before:
            return part
        size = max(1, size // 2)
