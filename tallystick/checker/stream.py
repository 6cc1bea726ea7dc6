"""Judges a history while it grows, and forgets what is settled, so that it may last for ever.

Operations come in the order of their calls. Each partition collects them into blocks. When a block
is full, everything that returned before the latest call is final: the frontier (see `frontier`) is
moved over these returns, and the operations are forgotten. What is kept:

  - the operations that have not returned yet, and those that are lost, which stay open for ever,
  - the configurations, without the orders that led to them.

As long as the frontier has every configuration, it is *exact*: it decides. Lost operations can make
it too large. Then two smaller ones replace it, of which each proves one thing:

  - `found` has a few configurations, each of an order that exists. It proves that there is one.
  - `possible` has all configurations and perhaps more, because it forgets which lost operations
    that only add were used (see `totals`). If it is empty, it proves that there is no order.

A partition for which neither can be followed within the budget is undecided, and given up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, Generic, NamedTuple, TypeVar

from tallystick.checker.budget import Budget, BudgetSpent
from tallystick.checker.debts import Config, Debt, places_of
from tallystick.checker.frontier import (
    REFUTING,
    THOROUGH,
    Effort,
    Linearizer,
    Point,
)
from tallystick.checker.hints import AnyOperation, Hints
from tallystick.checker.history import HistoryError, Key
from tallystick.checker.illegality import Illegality, Stuck, explain
from tallystick.checker.linearizability import NO_HINTS, CheckResult, PartJudge
from tallystick.checker.placing import Transition
from tallystick.checker.totals import Sums, TooManySums, Vector
from tallystick.checker.verdict import Verdict, worst

S = TypeVar("S")
BLOCK: Final = 256
"""So many operations of a partition are judged together."""
BLOCK_BUDGET: Final = Budget(transitions=30_000, seconds=10.0, configurations=4_000)
"""What one frontier may cost in one block of one partition."""
EXACT_COST: Final = 40
"""So many calls of the transition for each operation an exact frontier may cost: without lost
operations it takes one or two."""
MOST_LOST: Final = 64
"""So many lost operations of a partition are kept."""
FOLLOWING: Final = (
    Effort(back=0, width=16, detours=True, lost=0, needed=3),
    Effort(back=0, width=64, detours=True, lost=1, needed=8),
)
"""How orders are looked for beside lost operations: one effort after the other."""


class Stream(Generic[S]):
    """The judgement on a history of which the operations come one after the other."""

    def __init__(
        self,
        transition: Transition,
        initial: Callable[[Key], S],
        *,
        hints: Hints = NO_HINTS,
        budget: Budget = BLOCK_BUDGET,
        block: int = BLOCK,
    ) -> None:
        """`transition`, `initial` and `hints` are those of `check`.

        The budget is for one block of one partition; a `block` is a number of operations.
        """
        self._transition = transition
        self._initial = initial
        self._hints = hints
        self._budget = budget
        self._block = block
        self._partitions: dict[Key, _Partition] = {}
        self._returned: dict[Key, int] = {}
        self._latest_ns: int | None = None
        self._began = time.monotonic()

    def add(self, operation: AnyOperation) -> None:
        """Take one more operation. HistoryError if clients cannot have made it, in this order."""
        self._validate(operation)
        part = self._partitions.get(operation.key)
        if part is None:
            start = self._initial(operation.key)
            part = _Partition(operation.key, start, self._transition, self._hints, self._budget)
            self._partitions[operation.key] = part
        if part.waiting >= self._block:
            part.judge_until(operation.called_ns)
        part.add(operation)

    def end(self) -> CheckResult[S]:
        """Judge what is left; returns the verdict on everything. Nothing can be added after it."""
        for part in self._partitions.values():
            part.judge_until(None)
        parts = self._partitions.values()
        return CheckResult(
            self.verdict,
            sum(part.transitions for part in parts),
            time.monotonic() - self._began,
            tuple(part.key for part in parts if part.verdict is Verdict.UNDECIDED),
            tuple(part.illegality for part in parts if part.illegality is not None),
        )

    @property
    def verdict(self) -> Verdict:
        """The verdict on what was judged so far."""
        return worst(part.verdict for part in self._partitions.values())

    @property
    def kept(self) -> int:
        """How many operations are in memory."""
        return sum(part.kept for part in self._partitions.values())

    def _validate(self, operation: AnyOperation) -> None:
        called, returned = operation.called_ns, operation.returned_ns
        if self._latest_ns is not None and called < self._latest_ns:
            raise HistoryError(f"not in the order of the calls: {operation}")
        if returned is not None and returned < called:
            raise HistoryError(f"returned before it was called: {operation}")
        if self._returned.get(operation.client, called) > called:
            raise HistoryError(f"client {operation.client!r} had two calls open: {operation}")
        self._latest_ns = called
        self._returned[operation.client] = called if returned is None else returned


class _Kept(NamedTuple):
    """A configuration between two blocks."""

    state: Any
    placed: frozenset[int]
    """The open operations that it has linearized, by their place in the list of these."""
    open_sum: Vector | None
    """The sum that the next debt may correct (see `debts`)."""


class _Moved(NamedTuple):
    """A frontier at the end of a block. Its `placed` are places in the operations of the block."""

    frontier: list[_Kept]
    stuck: Stuck[Any] | None


class _Partition:
    """The judgement on one partition."""

    def __init__(
        self, key: Key, initial: Any, transition: Transition, hints: Hints, budget: Budget
    ) -> None:
        self.key = key
        self.verdict = Verdict.CONFORMS
        self.illegality: Illegality[Any] | None = None
        self.transitions = 0
        self._transition = transition
        self._hints = hints
        self._budget = budget
        self._open: list[AnyOperation] = []
        self._new: list[AnyOperation] = []
        self._found: list[_Kept] = [_Kept(initial, frozenset(), None)]
        self._possible: list[_Kept] = []
        self._is_exact = True
        self._sums = Sums()

    @property
    def waiting(self) -> int:
        """How many operations of the next block have come."""
        return len(self._new)

    @property
    def kept(self) -> int:
        """How many operations are in memory."""
        return len(self._open) + len(self._new)

    def add(self, operation: AnyOperation) -> None:
        """Take one more operation into the block."""
        if not self._is_given_up and (operation.answered or self._hints.changes(operation)):
            self._new.append(operation)

    @property
    def _is_given_up(self) -> bool:
        return not self._found and not self._possible

    def judge_until(self, until_ns: int | None) -> None:
        """Judge what returned before this time, or everything, and forget it."""
        if self._is_given_up:
            return
        operations = self._open + self._new
        for operation in self._new:
            vector = self._adds(operation)
            if vector is not None:
                self._sums.add(vector)
        if self._is_exact:
            self._judge_exactly(operations, until_ns)
        if not self._is_exact:
            self._judge_from_both_sides(operations, until_ns)
        self._forget(operations, until_ns)

    def _adds(self, operation: AnyOperation) -> Vector | None:
        totals = self._hints.totals
        return None if totals is None or operation.answered else totals.adds(operation)

    def _judge_exactly(self, operations: list[AnyOperation], until_ns: int | None) -> None:
        try:
            moved = self._moved(operations, until_ns, self._found, THOROUGH)
        except BudgetSpent:
            self._is_exact = False
            self._possible = self._found
            return
        self._found = moved.frontier
        if moved.stuck is not None:
            self._violates(moved.stuck)

    def _judge_from_both_sides(self, operations: list[AnyOperation], until_ns: int | None) -> None:
        if self._possible:
            try:
                moved = self._moved(operations, until_ns, self._possible, REFUTING)
            except (BudgetSpent, TooManySums):
                self._possible = []
            else:
                self._possible = moved.frontier
                if moved.stuck is not None:
                    self._violates(moved.stuck)
                    return
        if self._found:
            self._found = self._followed(operations, until_ns)
        if not self._found:
            self.verdict = Verdict.UNDECIDED

    def _followed(self, operations: list[AnyOperation], until_ns: int | None) -> list[_Kept]:
        """Some configurations of orders that exist; none if no order was found."""
        for effort in FOLLOWING:
            try:
                moved = self._moved(operations, until_ns, self._found, effort)
            except BudgetSpent:
                continue
            if moved.frontier:
                return moved.frontier
        return []

    def _moved(
        self,
        operations: list[AnyOperation],
        until_ns: int | None,
        frontier: list[_Kept],
        effort: Effort,
    ) -> _Moved:
        budget = self._budget
        if self._is_exact:
            cheap = EXACT_COST * len(operations)
            budget = replace(budget, transitions=min(budget.transitions, cheap))
        linearizer = Linearizer(operations, self._transition, self._hints, budget, self._sums)
        try:
            return _Block(operations, until_ns, linearizer).moved(frontier, effort)
        finally:
            self.transitions += linearizer.transitions

    def _violates(self, stuck: Stuck[Any]) -> None:
        self.verdict = Verdict.VIOLATES
        judge = PartJudge(self._transition, self._hints, self._budget)
        hints = self._hints
        self.illegality = explain(self.key, stuck, hints.changes, hints.interferes, judge)
        self._found = self._possible = []

    def _forget(self, operations: list[AnyOperation], until_ns: int | None) -> None:
        """Keep only the operations that later ones may still depend on."""
        self._new = []
        staying = [n for n, one in enumerate(operations) if self._may_matter(n, one, until_ns)]
        lost = [number for number in staying if not operations[number].answered]
        leaving = lost[: max(0, len(lost) - MOST_LOST)]
        if leaving:
            self._give_up_lost([operations[number] for number in leaving])
            staying = [number for number in staying if number not in leaving]
        self._open = [operations[number] for number in staying]
        places = {number: place for place, number in enumerate(staying)}
        self._found = [_renumbered(kept, places) for kept in self._found]
        self._possible = [_renumbered(kept, places) for kept in self._possible]

    def _may_matter(self, number: int, operation: AnyOperation, until_ns: int | None) -> bool:
        """Whether a later return may still depend on the operation."""
        if not _is_open(operation, until_ns) or self._is_given_up:
            return False
        # The sums remember what only adds, so only an order that has not used it needs it.
        needing = [*self._found, *(() if self._adds(operation) else self._possible)]
        return operation.answered or not all(number in kept.placed for kept in needing)

    def _give_up_lost(self, leaving: list[AnyOperation]) -> None:
        """Go on without the oldest lost operations. An order can do without them; but that there is
        no order can be proved only if they do no more than add, because the sums remember these.
        """
        if self._is_exact:
            self._is_exact = False
            self._possible = self._found
        if any(self._adds(operation) is None for operation in leaving):
            self._possible = []


class _Block:
    """The operations of one partition that are judged together, with those still open before."""

    def __init__(
        self,
        operations: Sequence[AnyOperation],
        until_ns: int | None,
        linearizer: Linearizer,
    ) -> None:
        self._operations = operations
        self._linearizer = linearizer
        self._open = [number for number, one in enumerate(operations) if _is_open(one, until_ns)]
        self._returns = len(operations) - len(self._open)

    def moved(self, frontier: list[_Kept], effort: Effort) -> _Moved:
        """The frontier at the end of the block. Raises BudgetSpent and TooManySums."""
        point = Point(0, (), (), [self._config_of(kept) for kept in frontier])
        for after in islice(self._linearizer.points(point, effort), self._returns):
            if not after.frontier:
                return _Moved([], self._stuck(frontier[0], point, after))
            point = after
        return _Moved(list({self._kept_of(config): None for config in point.frontier}), None)

    def _config_of(self, kept: _Kept) -> Config:
        bits = 0
        for number in kept.placed:
            bits |= self._linearizer.bits[number]
        if kept.open_sum is not None:
            bits |= self._linearizer.debts.open_bit_of(kept.open_sum)
        return kept.state, bits, None

    def _kept_of(self, config: Config) -> _Kept:
        # What is open now shares its bit with nothing else that is.
        state, linearized, _ = config
        placed = [n for n in self._open if linearized & self._linearizer.bits[n]]
        return _Kept(state, frozenset(placed), self._linearizer.debts.open_sum(config))

    def _stuck(self, start: _Kept, before: Point, after: Point) -> Stuck[Any]:
        """Where it ended, from one of the configurations that were possible at the start."""
        operations = self._operations
        orders = [
            [place for place in places_of(trail) if not isinstance(place, Debt)]
            for _, _, trail in before.frontier
        ]
        prefix = max(orders, key=len)
        events = self._linearizer.events[: after.at]
        called = sorted(event for event in events if event >= 0 and event not in start.placed)
        waiting = [n for n in after.pending + after.lost if n not in prefix]
        return Stuck(
            operations[~events[-1]],
            tuple(operations[n] for n in prefix),
            tuple(operations[n] for n in waiting),
            ((start.state, tuple(operations[n] for n in called)),),
        )


def _is_open(operation: AnyOperation, until_ns: int | None) -> bool:
    """Whether it has not returned before this time; a lost one never does."""
    if operation.returned_ns is None:
        return True
    return until_ns is not None and operation.returned_ns >= until_ns


def _renumbered(kept: _Kept, places: dict[int, int]) -> _Kept:
    placed = frozenset(places[number] for number in kept.placed if number in places)
    return kept._replace(placed=placed)
