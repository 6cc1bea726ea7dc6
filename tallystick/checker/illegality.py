"""Why there is no legal order: how far one goes, what has no place in it, and a small proof.

It knows neither `transition` nor how the search works: it is given a judge of shorter histories.

The core is a part of the history that is still illegal and from which nothing more can be left out.
"Still illegal" alone would be worth nothing: without the first fund every drawdown is illegal, and
a core of one drawdown tells no story. So an answered operation that changes the state is left out
only while the contradiction stays the one that was found. There is a stuck operation, and a
culprit: an operation without which the stuck one would have been possible. Left out is what keeps

  (a) the rest illegal,
  (b) the rest without the stuck operation legal, so that nothing else came to lack its cause,
  (c) the rest without the culprit legal, so that these two still contradict each other.

Minimal means: no single operation can be left out without losing one of the three.

The core of a short history starts from the beginning. In a long one it starts from a later state,
one at which every order so far had to arrive: the latest from which there is a culprit. When there
is none (a read of a balance that nothing explains), or the budget does not reach back to it, the
core starts from the latest such state, and only operations that change nothing and lost operations
are left out of it, as long as (a) holds.
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
    """Where a thorough search ended: at this operation's return every configuration died."""

    operation: Operation[Any, Any]
    prefix: Operations  # a longest legal order of what came before
    waiting: Operations  # open at that moment and not in the prefix either
    starts: tuple[tuple[S, Operations], ...]
    """States that every order had to reach, each with the operations that had no place before it;
    the latest first, the beginning last."""


@dataclass(frozen=True, slots=True)
class Illegality(Generic[S]):
    """A violation in one partition, told three ways."""

    key: Key
    prefix: Operations  # the longest legal prefix, in its legal order
    stuck: Operation[Any, Any]  # the operation that has no place after it
    waiting: Operations  # what was open beside it: trying these first did not help
    core: Operations  # a minimal part that is still illegal, in order of the calls,
    core_from: S  # when it starts in this state
    minimal: bool  # False: the budget was spent before nothing more could be left out
    culprit: Operation[Any, Any] | None = None  # without it the stuck operation had its place


SHORT: Final = 64  # a core from the beginning of a history no longer than this is readable


def explain(
    key: Key, stuck: Stuck[S], changes: Changes, interferes: Interferes, judge: Judge
) -> Illegality[S]:
    """The illegality at `stuck`, with the smallest core that the judge's budget allows."""

    def meet(one: Operation[Any, Any], other: Operation[Any, Any]) -> bool:
        return interferes(one, other) or interferes(other, one)

    late = _late_core(stuck, changes, judge)
    told = _contradiction(stuck, changes, meet, judge)
    core = told if told is not None and (told.minimal or len(told.part) <= SHORT) else late
    return Illegality(key, stuck.prefix, stuck.operation, stuck.waiting, *core)


class _Core(NamedTuple):
    part: Operations
    start: Any
    minimal: bool
    culprit: Operation[Any, Any] | None = None


def _late_core(stuck: Stuck[Any], changes: Changes, judge: Judge) -> _Core:
    start, since = stuck.starts[0]
    case = _Case(start, stuck.operation, judge)
    part = _reduced(
        since,
        lambda o: case.may_be_left_out(o) and not (o.answered and changes(o)),
        case.is_illegal,
    )
    return _Core(part, start, not case.gave_up)


def _contradiction(
    stuck: Stuck[Any], changes: Changes, meet: Interferes, judge: Judge
) -> _Core | None:
    """The core with a culprit, if there is one within the budget.

    First it is looked for among what meets the stuck operation, however far back, and at first
    with nothing else around: that is cheap, and with good hints it is often the whole story.
    """
    last = stuck.operation
    starts = stuck.starts[-1:] if len(stuck.starts[-1][1]) <= SHORT else stuck.starts
    bare: Changes = lambda o: o is last or changes(o)  # noqa: E731
    near: Changes = lambda o: o is last or (changes(o) and meet(o, last))  # noqa: E731
    anything: Changes = lambda o: True  # noqa: E731
    for wanted, suspected in ((near, near), (bare, near), (bare, bare), (anything, anything)):
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
    """The questions about a part of the history; a judge out of budget answers no."""

    def __init__(self, start: object, stuck: Operation[Any, Any], judge: Judge) -> None:
        self._start = start
        self._stuck = stuck
        self._judge = judge
        self.culprit: Operation[Any, Any] | None = None
        self.gave_up = False

    def finds_a_culprit(self, part: Operations, suspects: list[Operation[Any, Any]]) -> bool:
        if suspects and self.contradicts(part):
            self.culprit = next((o for o in suspects if self.is_legal_without(part, o)), None)
        return self.culprit is not None

    def contradicts(self, part: Operations) -> bool:
        """Illegal, but not without the stuck operation, nor without the culprit if there is one."""
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
    """Delta debugging: ever smaller runs are left out, the latest first, until none can be."""
    size = max(1, len(part) // 2)
    while True:
        before = part
        for end in range(len(part), 0, -size):
            begin = max(0, end - size)
            staying = tuple(o for o in part[begin:end] if not may_go(o))
            less = part[:begin] + staying + part[end:]
            if len(less) < len(part) and keeps(less):
                part = less
        if size == 1 and part is before:
            return part
        size = max(1, size // 2)
