"""The search for a legal order of one partition: greedy first, thorough where it has to be.

A greedy search follows few configurations of the frontier, nearly always one, and costs one call of
the transition for each operation. It may miss a legal order, but never invents one. At a dead end
the search goes back a few returns and tries again from there with more effort, then from further
back with still more. At last it is thorough from the very beginning: only that proves VIOLATES.

How the frontier moves over one return is the work of `frontier`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tallystick.checker.budget import Budget, BudgetSpent
from tallystick.checker.debts import Config, Debt, Trail, places_of
from tallystick.checker.frontier import (
    OWING,
    REFUTING,
    THOROUGH,
    Effort,
    Linearizer,
    Point,
)
from tallystick.checker.hints import Hints
from tallystick.checker.illegality import Operations, Stuck
from tallystick.checker.placing import Transition
from tallystick.checker.totals import TooManySums, settled
from tallystick.checker.verdict import Verdict

GREEDY: Final = Effort(back=0, width=4, detours=False, lost=0, needed=1)
ESCALATION: Final = (
    Effort(back=4, width=16, detours=True, lost=0, needed=2),
    Effort(back=16, width=16, detours=True, lost=0, needed=3),
    Effort(back=16, width=32, detours=True, lost=1, needed=4),
    Effort(back=64, width=32, detours=True, lost=1, needed=8),
    Effort(back=96, width=64, detours=True, lost=1, needed=8),
    Effort(back=16, width=64, detours=True, lost=2, needed=8),
)
"""What is tried at a dead end, one after the other: the frequent causes first. These are two
commands of which the later to return took effect first, then a lost one among them, then two lost
ones. The numbers were found by measuring (`tests/bench/checker.py`); none of them can change a
verdict, because the last one is thorough."""
RECENT: Final = 64
"""So many of the latest returns are all recorded, to go back to; older records get ever sparser."""


class Search:
    """The search for a legal order of the operations of one partition, from one state."""

    def __init__(
        self,
        operations: Operations,
        initial: object,
        transition: Transition,
        hints: Hints,
        budget: Budget,
    ) -> None:
        # A lost operation that changes nothing is never needed in an order.
        useful = [o for o in operations if o.answered or hints.changes(o)]
        self._linearizer = Linearizer(useful, transition, hints, budget)
        self._operations = useful
        self._events = self._linearizer.events
        self._initial = initial
        self._start = Point(0, (), (), [(initial, 0, None)])
        self._inevitable = [self._start]
        """Points of a thorough search at which all orders agree: on the state, and that nothing
        pending is linearized."""
        self._dead_end = self._start
        """The furthest point from which the search for an order found no way on."""
        self.stuck: Stuck[Any] | None = None
        """After VIOLATES: where the search ended."""

    @property
    def transitions(self) -> int:
        """How often the transition was called."""
        return self._linearizer.transitions

    def judge(self) -> Verdict:
        """CONFORMS if there is a legal order, VIOLATES if there is none, else UNDECIDED."""
        try:
            return Verdict.CONFORMS if self._finds_an_order() else Verdict.VIOLATES
        except BudgetSpent:
            return Verdict.UNDECIDED

    def _finds_an_order(self) -> bool:
        point = resumed = self._start
        records = [point]
        level, effort, furthest, until = 0, GREEDY, 0, 0
        while True:
            for after in self._linearizer.points(resumed, effort):
                if not after.frontier:
                    break
                point = after
                if effort is GREEDY:
                    _record(records, point)
                elif point.at >= until:
                    break
            else:
                return True
            if after.frontier:
                level, effort = 0, GREEDY
                # Later records are of the greedy search that ended in the dead end.
                del records[records.index(resumed) + 1 :]
                _record(records, point)
                resumed = point
                continue
            if after.at > furthest:
                self._dead_end = point
            if level == len(ESCALATION):
                return self._decides_thoroughly()
            effort = ESCALATION[level]
            level += 1
            point = resumed = records[max(0, len(records) - effort.back)]
            # Be greedy again only beyond the furthest dead end so far: if it were this one, two
            # dead ends could send the search back and forth for ever. And go on as far beyond
            # it as the search went back, so that most of the way is not spent on going back.
            furthest = max(furthest, after.at)
            until = 2 * furthest - resumed.at

    def _decides_thoroughly(self) -> bool:
        """Whether there is a legal order; called where the search gives up to find one."""
        if self._linearizer.debts.are_possible:
            try:
                for effort in (OWING, REFUTING):
                    ends = self._ends_of(effort)
                    if any(self._settles(end) for end in ends):
                        return True
                if not ends:
                    return False
            except TooManySums:
                pass
        return bool(self._ends_of(THOROUGH))

    def _ends_of(self, effort: Effort) -> list[Config]:
        """The frontier at the end, from the beginning with this effort; empty if there is none."""
        point = self._start
        self._inevitable = [point]
        for after in self._linearizer.points(point, effort):
            if not after.frontier:
                before = self._dead_end if effort.forgets else point
                self.stuck = self._stuck_between(before, after)
                return []
            point = after
            self._record_if_inevitable(point)
        return point.frontier

    def _settles(self, config: Config) -> bool:
        """Whether lost operations can be found for all debts of the order, so that it is legal."""
        places = places_of(config[2])
        adding = self._linearizer.debts.adding
        debts = [(place.vector, place.known) for place in places if isinstance(place, Debt)]
        groups = settled(debts, [vector for _, vector in adding], self._linearizer.spend)
        if groups is None:
            return False
        paid = iter(groups)
        configs: list[Config] = [(self._initial, 0, None)]
        for place in places:
            if isinstance(place, Debt):
                numbers = [adding[n][0] for n in next(paid)]
                placed = [
                    self._linearizer.placing.all_placed(config, numbers) for config in configs
                ]
                configs = [config for config in placed if config is not None]
            else:
                configs = [
                    after
                    for state, _, trail in configs
                    for after in self._linearizer.placing.effects((state, 0, trail), place)
                ]
        return bool(configs)

    def _record_if_inevitable(self, point: Point) -> None:
        # Only thorough searches ask: of a greedy one, a single configuration proves nothing.
        if len(point.frontier) == 1 and not point.frontier[0][1] & ~self._linearizer.lost_bits:
            _record(self._inevitable, point)

    def _stuck_between(self, before: Point, after: Point) -> Stuck[Any]:
        """Where the search ended: the frontier was not empty `before`, and is `after`."""
        number = ~self._events[after.at - 1]
        prefix = max((_order(trail) for _, _, trail in before.frontier), key=len)
        placed = set(prefix)
        called = sorted(e for e in self._events[: after.at] if e >= 0)
        starts = []
        for point in _ever_further_back(self._inevitable):
            state, _, trail = point.frontier[0]
            gone = set(_order(trail))
            starts.append((state, self._named(n for n in called if n not in gone)))
        return Stuck(
            operation=self._operations[number],
            prefix=self._named(prefix),
            waiting=self._named(o for o in after.pending + after.lost if o not in placed),
            starts=tuple(starts),
        )

    def _named(self, numbers: Iterable[int]) -> Operations:
        return tuple(self._operations[n] for n in numbers)


def _record(records: list[Point], point: Point) -> None:
    """Append the point. Of the older ones drop every second, so that the list stays short."""
    records.append(point)
    if len(records) > 2 * RECENT:
        records[:RECENT] = records[:RECENT:2]


def _order(trail: Trail) -> list[int]:
    """The trail as a list, first operation first."""
    return [place for place in places_of(trail) if not isinstance(place, Debt)]


def _ever_further_back(records: list[Point]) -> Iterable[Point]:
    """The latest record, those 4, 16, 64 ... back, and the first."""
    back = 1
    while back < len(records):
        yield records[-back]
        back *= 4
    yield records[0]
