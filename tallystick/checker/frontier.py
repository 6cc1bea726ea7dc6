"""The search for a legal order of one partition: a frontier of configurations, kept flat.

It knows nothing of what it orders: states, commands and outcomes are opaque, and
`transition(state, command, outcome)` gives the tuple of successor states; anything else, or an
empty tuple, means that this outcome is not possible here.

The method is just-in-time linearization: a frontier of configurations moves from return to return.
A configuration is a state, the operations that were given their place early (they are linearized,
but have not returned), and the lost ones that were used (lost: no answer came, so they stay
available for ever). When an operation returns, every configuration must have placed it, perhaps
after others that are open. Nothing else ever needs a place: whatever could go between this return
and the next can as well go directly before the next.

The trouble is operations that never happened: each could take effect before every later return, so
a plain frontier doubles with each of them. Four things keep it flat.

1. Hasty first. As long as the returning operation is possible, it is placed and nothing else is
   tried; when it is not, the smallest insertions before it are. The frontier is nearly always one
   configuration and an operation costs one call of `transition`. This may miss a legal order, never
   invent one. At a dead end the search goes back a few returns and is more careful from there, then
   further back, in the end thorough from the very beginning: only that may say VIOLATES.
2. Thorough, but late. Before a returning operation r, a thorough search places only what has to
   come before it. Where r is possible at once that is what r hinders: the rest has not returned
   yet, so it can as well come after r. Where it is not, it is what may make r possible. Each of
   these is placed by the same rule, so lost operations are tried where something asks for them,
   not in all their subsets. Without hints everything hinders everything, and all orders are tried.
3. Domination. Of two configurations with equal state and equal early placements, the one whose used
   lost operations are a subset of the other's can follow every continuation of the other: what the
   other lacks is not needed, because a lost operation may as well never have happened. Only the
   first is kept; in particular a lost operation that changes nothing is never used.
4. Hints, if the caller has any: which operations never change a state, and which pairs matter to
   each other, and how. Without them the verdicts are the same, only the search is wider.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from tallystick.checker.history import Operation
from tallystick.checker.illegality import Operations, Stuck
from tallystick.checker.verdict import Verdict

Transition = Callable[[Any, Any, Any], object]
OperationSequence = Sequence[Operation[Any, Any]]
Enablers = Callable[[Any, Operation[Any, Any], OperationSequence], OperationSequence]
Pair = Callable[[Operation[Any, Any], Operation[Any, Any]], bool]
Trail = tuple[int, Any] | None  # the order so far, latest first: (operation, the trail before it)
Config = tuple[Any, int, Trail]  # the state, the bits of the open operations placed, the trail


class Effort(NamedTuple):
    """How many ways are tried when an operation returns."""

    back: int  # begun so many returns before the dead end
    width: int  # configurations followed
    detours: bool  # others are placed before it even where it is possible without
    lost: int  # lost ones among them
    needed: int  # lost ones among them where nothing else makes it possible


EVERYTHING: Final = 1 << 62
GREEDY: Final = Effort(back=0, width=4, detours=False, lost=0, needed=1)
THOROUGH: Final = Effort(EVERYTHING, EVERYTHING, detours=True, lost=EVERYTHING, needed=0)
# What is tried at a dead end, one after the other. The most common ones are two commands of which
# the later to return came first, then a lost one among them, then two lost ones at once.
ESCALATION: Final = (
    Effort(back=4, width=16, detours=True, lost=0, needed=1),
    Effort(back=16, width=16, detours=True, lost=0, needed=2),
    Effort(back=16, width=32, detours=True, lost=1, needed=2),
    Effort(back=64, width=32, detours=True, lost=1, needed=3),
    Effort(back=96, width=64, detours=True, lost=1, needed=3),
    Effort(back=16, width=64, detours=True, lost=2, needed=3),
    THOROUGH,
)
RECENT: Final = 64  # returns of which every one is recorded; older records get ever sparser
CLOCK_EVERY: Final = 256  # transitions between two looks at the clock


@dataclass(frozen=True, slots=True)
class Hints:
    """What the caller knows about all states, and promises. Each promise can be property-tested.

    `changes(o)`: False promises that o leaves every state in which it is possible as it was.
    `interferes(a, b)`: False promises for every state that where a and then b are possible, b and
    then a are possible too and lead to the same state, or to one that permits all that it permits.
    `hinders(a, b)`: False for each a of a sequence S promises that where b is possible, and S and
    then b too, b and then S in some order are possible and lead to a state that permits as much.
    `enablers(s, b, others)`: what is left out promises that it is in no sequence of the others,
    each having its effect, that leads from s to a state in which b is possible.
    """

    changes: Callable[[Operation[Any, Any]], bool] = lambda o: True
    interferes: Pair = lambda a, b: True
    hinders: Pair = lambda a, b: True
    enablers: Enablers = lambda s, b, others: others


@dataclass(frozen=True, slots=True)
class Budget:
    """What a judgement may cost; when it is spent the verdict is UNDECIDED."""

    transitions: int = 5_000_000  # calls of the transition
    seconds: float = 60.0
    width: int = 50_000  # configurations held at once: this bounds the memory
    explain_transitions: int = (
        25_000  # calls of the transition to make the core of an illegality small
    )


class _Point(NamedTuple):
    """The search between two events."""

    at: int  # the next event
    pending: tuple[int, ...]  # called and answered, but not yet returned
    lost: tuple[int, ...]  # called and never answered
    frontier: list[Config]


class _BudgetSpent(Exception):
    """The budget is spent."""


class Search:
    """The search for a legal order of one partition. Operations are numbers here."""

    def __init__(
        self,
        operations: Operations,
        initial: object,
        transition: Transition,
        hints: Hints,
        budget: Budget,
    ) -> None:
        changes = hints.changes
        # A lost operation that changes nothing is never needed.
        self._operations = [o for o in operations if o.answered or changes(o)]
        self._changes = [changes(o) for o in self._operations]
        self._enablers = hints.enablers
        self._interferes = _remembered(hints.interferes, self._operations)
        self._hinders = _remembered(hints.hinders, self._operations)
        self._transition = transition
        self._budget = budget
        self._deadline = time.monotonic() + budget.seconds
        self._pause = min(CLOCK_EVERY, budget.transitions)
        self._events = _events(self._operations)
        self._bits, self._lost_bits = _bits(self._operations, self._events)
        self._start = _Point(0, (), (), [(initial, 0, None)])
        self._certain = [self._start]
        self.transitions = 0
        self.stuck: Stuck[Any] | None = None

    def judge(self) -> Verdict:
        try:
            return Verdict.CONFORMS if self._finds_an_order() else Verdict.VIOLATES
        except _BudgetSpent:
            return Verdict.UNDECIDED

    def _finds_an_order(self) -> bool:
        """Hasty from the start; at a dead end more careful, from ever further back."""
        point = base = self._start
        records = [point]
        level, effort, furthest, until = 0, GREEDY, 0, 0
        while point.at < len(self._events):
            after = self._next(point, effort)
            proves = effort is THOROUGH
            if not after.frontier:
                if proves:
                    self.stuck = self._stuck(point, after)
                    return False
                effort = ESCALATION[level]
                level += 1
                point = base = records[max(0, len(records) - effort.back)]
                # Beyond the furthest dead end, not just this one, or it might go in circles.
                # And as far beyond as back, so that going back is paid for by going on.
                furthest = max(furthest, after.at)
                until = 2 * furthest - base.at
                continue
            point = after
            if proves:
                self._remember_if_certain(point)
            elif effort is GREEDY:
                _record(records, point)
            elif point.at >= until:
                level, effort = 0, GREEDY
                del records[records.index(base) + 1 :]
                _record(records, point)
        return True

    def _next(self, point: _Point, effort: Effort) -> _Point:
        """The point after the next return; its frontier is empty at a dead end."""
        at, pending, lost, frontier = point
        while at < len(self._events):
            event = self._events[at]
            at += 1
            if event < 0:
                returning = ~event
                pending = tuple([o for o in pending if o != returning])
                found = self._returned(returning, pending, lost, frontier, effort)
                if len(found) > 1:
                    found = self._best(found)[: effort.width]
                return _Point(at, pending, lost, found)
            if self._operations[event].answered:
                pending += (event,)
            else:
                lost += (event,)
        return _Point(at, pending, lost, frontier)

    def _returned(
        self,
        number: int,
        pending: tuple[int, ...],
        lost: tuple[int, ...],
        frontier: list[Config],
        effort: Effort,
    ) -> list[Config]:
        """The configurations after the return of the operation."""
        if effort.detours:
            open_ones = pending + lost if effort.lost else pending
            found = self._ways(frontier, number, open_ones, effort.lost)
        else:
            found = [after for config in frontier for after in self._placed(config, number)]
        for open_ones, most in ((pending, 0), (pending + lost, effort.needed)):
            if not found and effort is not THOROUGH:
                found = self._ways(frontier, number, open_ones, most, shortest=True)
        return found

    def _ways(
        self,
        frontier: list[Config],
        number: int,
        others: tuple[int, ...],
        most_lost: int,
        *,
        shortest: bool = False,
    ) -> list[Config]:
        """What becomes of the configurations when they go on to the return of the operation.

        Others are placed before it, up to so many lost ones among them; perhaps only the shortest
        ways are wanted.
        """
        found: list[Config] = []
        level = [(config, most_lost) for config in frontier]
        seen = {config[:2] for config in frontier}
        while level and not (shortest and found):
            ahead = []
            for config, left in level:
                after = self._wanted(config, number, others)
                found += after.pop(number)
                for other, configs in after.items():
                    bit = self._bits[other]
                    left_then = left - bool(bit & self._lost_bits)
                    for state, placed, trail in configs:
                        key = (state, placed | bit)
                        if key not in seen and left_then >= 0:
                            seen.add(key)
                            ahead.append(((*key, trail), left_then))
                self._limit_memory(len(seen) + len(found))
            level = ahead
        return found

    def _wanted(
        self, config: Config, number: int, others: tuple[int, ...]
    ) -> dict[int, list[Config]]:
        """What becomes of it by the operation, and by each that may have to come before it.

        That is: before an operation that is possible what hinders it, before one that is not what
        may make it so, and before each of these what may matter to it in turn.
        """
        after: dict[int, list[Config]] = {}
        open_ones = frozenset(o for o in others if not config[1] & self._bits[o])
        wanted = [(number, open_ones)]  # with what may come before it, for its own sake or another
        met = set(wanted)
        for target, allowed in wanted:
            found = after.get(target)
            if found is None:
                found = after[target] = self._effects(config, target)
            if config[1] & self._bits[target] or (found and not self._changes[target]):
                continue
            for pair in self._matter(config[0], target, allowed, possible=bool(found)):
                if pair not in met:
                    met.add(pair)
                    wanted.append(pair)
        return after

    def _effects(self, config: Config, number: int) -> list[Config]:
        found = self._placed(config, number)
        if not self._bits[number] & self._lost_bits:
            return found
        # Dominated: it may as well never have happened.
        return [one for one in found if one[0] != config[0]]

    def _matter(
        self, state: Any, number: int, allowed: frozenset[int], *, possible: bool
    ) -> Iterable[tuple[int, frozenset[int]]]:
        """What may have to come before the operation, each with what may come before that."""
        if possible:
            first = {o for o in allowed if self._hinders(o, number)}
        else:
            allowed = self._enabling(state, number, allowed)
            first = {o for o in allowed if self._interferes(o, number)}
        return [(o, allowed - {o}) for o in first]

    def _enabling(self, state: Any, number: int, others: frozenset[int]) -> frozenset[int]:
        by_id = {id(self._operations[o]): o for o in others}
        wanted = [self._operations[o] for o in others]
        found = self._enablers(state, self._operations[number], wanted)
        return frozenset(by_id[id(o)] for o in found)

    def _placed(self, config: Config, number: int) -> list[Config]:
        """What becomes of the configuration when the operation returns and nothing is inserted."""
        state, placed, trail = config
        bit = self._bits[number]
        if placed & bit:
            return [(state, placed ^ bit, trail)]
        trail = (number, trail)
        return [(successor, placed, trail) for successor in self._successors(state, number)]

    def _successors(self, state: Any, number: int) -> tuple[Any, ...]:
        self.transitions += 1
        if self.transitions > self._pause:
            self._check_budget()
        operation = self._operations[number]
        result = self._transition(state, operation.command, operation.outcome)
        return result if type(result) is tuple else ()

    def _check_budget(self) -> None:
        if self.transitions > self._budget.transitions or time.monotonic() > self._deadline:
            raise _BudgetSpent
        self._pause = min(self.transitions + CLOCK_EVERY, self._budget.transitions)

    def _limit_memory(self, configurations: int) -> None:
        if configurations > self._budget.width:
            raise _BudgetSpent

    def _best(self, configs: list[Config]) -> list[Config]:
        """The configurations that no other one dominates (see 3 above)."""
        groups: dict[tuple[Any, int], list[Config]] = {}
        for config in sorted(configs, key=lambda c: (c[1] & self._lost_bits).bit_count()):
            group = groups.setdefault((config[0], config[1] & ~self._lost_bits), [])
            if not any(better[1] & ~config[1] == 0 for better in group):
                group.append(config)
        return [config for group in groups.values() for config in group]

    def _remember_if_certain(self, point: _Point) -> None:
        if len(point.frontier) == 1 and not point.frontier[0][1] & ~self._lost_bits:
            _record(self._certain, point)

    def _stuck(self, before: _Point, after: _Point) -> Stuck[Any]:
        number = ~self._events[after.at - 1]
        prefix = max((_order(trail) for _, _, trail in before.frontier), key=len)
        called = sorted(e for e in self._events[: after.at] if e >= 0)
        starts = []
        for point in _ever_further_back(self._certain):
            state, _, trail = point.frontier[0]
            gone = set(_order(trail))
            starts.append((state, self._named(n for n in called if n not in gone)))
        return Stuck(
            operation=self._operations[number],
            prefix=self._named(prefix),
            waiting=self._named(o for o in after.pending + after.lost if o not in prefix),
            starts=tuple(starts),
        )

    def _named(self, numbers: Iterable[int]) -> Operations:
        return tuple(self._operations[n] for n in numbers)


def _remembered(hint: Pair, operations: list[Operation[Any, Any]]) -> Callable[[int, int], bool]:
    """The hint by numbers. The same few pairs are asked for again and again, so it remembers."""

    @lru_cache(maxsize=1 << 16)
    def asked(earlier: int, later: int) -> bool:
        return hint(operations[earlier], operations[later])

    return asked


def _record(records: list[_Point], point: _Point) -> None:
    """Remember the point, and of the older ones ever fewer."""
    records.append(point)
    if len(records) > 2 * RECENT:
        records[:RECENT] = records[:RECENT:2]


def _events(operations: list[Operation[Any, Any]]) -> list[int]:
    """Operation n is called at n and returns at ~n; at equal times calls come first.

    So intervals are closed: operations that share but one nanosecond are concurrent.
    """
    moments = [(o.called_ns, 0, n) for n, o in enumerate(operations)]
    moments += [
        (o.returned_ns, 1, ~n) for n, o in enumerate(operations) if o.returned_ns is not None
    ]
    return [event for _, _, event in sorted(moments)]


def _bits(operations: list[Operation[Any, Any]], events: list[int]) -> tuple[list[int], int]:
    """A bit for each operation, and those of the lost ones.

    The bit of an answered operation is free again at its return, that of a lost one never is:
    domination must be able to tell the two kinds apart at every moment.
    """
    bits = [0] * len(operations)
    free: list[int] = []
    width = lost = 0
    for event in events:
        if event < 0:
            heapq.heappush(free, bits[~event])
        elif operations[event].answered and free:
            bits[event] = heapq.heappop(free)
        else:
            bits[event] = 1 << width
            width += 1
            lost |= 0 if operations[event].answered else bits[event]
    return bits, lost


def _order(trail: Trail) -> list[int]:
    order = []
    while trail is not None:
        number, trail = trail
        order.append(number)
    return order[::-1]


def _ever_further_back(records: list[_Point]) -> Iterable[_Point]:
    """The latest, those 4, 16, 64 ... records before it, and the first."""
    back = 1
    while back < len(records):
        yield records[-back]
        back *= 4
    yield records[0]
