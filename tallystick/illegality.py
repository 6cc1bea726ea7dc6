"""Why there is no legal order: how far one goes, what has no place in it, and a small proof.

It knows neither `step` nor how the search works: it is given a judge of shorter histories.

The core is a part of the history that is still illegal and from which nothing more can be left out.
"Still illegal" alone would be worth nothing: without the first fund every drawdown is illegal, and
a core of one drawdown tells no story. So an answered operation that changes the state is left out
only while the contradiction stays the one that was found. There is a stuck operation, and a
culprit: an operation without which the stuck one would have been possible. Left out is what keeps

  (a) the rest illegal,
  (b) the rest without the stuck operation legal, so that nothing else came to lack its cause,
  (c) the rest without the culprit legal, so that these two still contradict each other.

Minimal means: no single operation can be left out without losing one of the three.

When no culprit is found (a read of a balance that nothing explains) or the budget does not reach
back to it, the core starts from a later state instead: the last one at which every order so far
had to arrive. From there only operations that change nothing and lost operations are left out,
which needs no more than (a): a legal history stays legal without them, or a lost one never was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tallystick.history import Key, Operation
from tallystick.verdict import Verdict

S = TypeVar("S")
Operations = tuple[Operation[Any, Any], ...]
Judge = Callable[[Any, Sequence[Operation[Any, Any]]], Verdict]


@dataclass(frozen=True, slots=True)
class Stuck(Generic[S]):
    """Where a thorough search ended: at this operation's return every configuration died."""

    operation: Operation[Any, Any]
    prefix: Operations  # a longest legal order of what came before
    waiting: Operations  # open at that moment and not in the prefix either
    certain: S  # the last state that every order had to reach ...
    since: Operations  # ... and the operations that had no place before it


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


def explain(
    key: Key,
    operations: Operations,
    initial: S,
    stuck: Stuck[S],
    changes: Callable[[Operation[Any, Any]], bool],
    judge: Judge,
) -> Illegality[S]:
    """The illegality at `stuck`, with the smallest core that the judge's budget allows."""
    found = _whole_core(operations, initial, stuck, changes, judge)
    if found is None:
        found = _late_core(stuck, changes, judge)
    core, start, minimal = found
    return Illegality(key, stuck.prefix, stuck.operation, stuck.waiting, core, start, minimal)


def _whole_core(
    operations: Operations,
    initial: S,
    stuck: Stuck[S],
    changes: Callable[[Operation[Any, Any]], bool],
    judge: Judge,
) -> tuple[Operations, S, bool] | None:
    """The core from the beginning: None if nothing is found that contradicts the stuck one."""
    stop = stuck.operation.returned_ns or 0
    heard = tuple(o for o in operations if o.called_ns <= stop)  # later calls explain nothing
    case = _Case(initial, stuck.operation, judge)
    bare = tuple(o for o in heard if o is stuck.operation or changes(o))
    rest = bare if case.contradicts(bare) else heard
    culprit = next((o for o in reversed(rest) if case.is_saved_without(rest, o)), None)
    if culprit is None or not case.contradicts(rest):
        return None
    core, minimal = _reduced(
        rest,
        lambda o: o is not stuck.operation and o is not culprit,
        lambda ops: case.contradicts(ops) and case.is_saved_without(ops, culprit),
    )
    return core, initial, minimal and not case.gave_up


def _late_core(
    stuck: Stuck[S], changes: Callable[[Operation[Any, Any]], bool], judge: Judge
) -> tuple[Operations, S, bool]:
    case = _Case(stuck.certain, stuck.operation, judge)
    core, minimal = _reduced(
        stuck.since,
        lambda o: o is not stuck.operation and not (o.answered and changes(o)),
        case.is_illegal,
    )
    return core, stuck.certain, minimal and not case.gave_up


class _Case:
    """The three questions about a part of the history; a judge out of budget answers no."""

    def __init__(self, start: object, stuck: Operation[Any, Any], judge: Judge) -> None:
        self._start = start
        self._stuck = stuck
        self._judge = judge
        self.gave_up = False

    def is_illegal(self, part: Operations) -> bool:
        return self._verdict(part) is Verdict.VIOLATES

    def contradicts(self, part: Operations) -> bool:
        return self.is_saved_without(part, self._stuck) and self.is_illegal(part)

    def is_saved_without(self, part: Operations, one: Operation[Any, Any]) -> bool:
        return self._verdict(tuple(o for o in part if o is not one)) is Verdict.CONFORMS

    def _verdict(self, part: Operations) -> Verdict:
        verdict = Verdict.UNDECIDED if self.gave_up else self._judge(self._start, part)
        self.gave_up |= verdict is Verdict.UNDECIDED
        return verdict


def _reduced(
    part: Operations,
    may_go: Callable[[Operation[Any, Any]], bool],
    keeps: Callable[[Operations], bool],
) -> tuple[Operations, bool]:
    """Delta debugging: ever smaller runs are left out, the latest first, until none can be."""
    size = max(1, len(part) // 2)
    while True:
        before = part
        end = len(part)
        while end > 0:
            begin = max(0, end - size)
            chunk = tuple(o for o in part[begin:end] if not may_go(o))
            less = part[:begin] + chunk + part[end:]
            if len(less) < len(part) and keeps(less):
                part = less
            end = begin
        if size == 1 and part is before:
            return part, True
        size = max(1, size // 2)
