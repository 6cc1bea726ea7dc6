"""The frontier of configurations: which legal orders are still possible after each return.

States, commands and outcomes are opaque here. `transition(state, command, outcome)` returns the
tuple of states that may follow; an empty tuple, or anything that is no tuple, means that this
outcome is impossible in this state.

The method is just-in-time linearization (Lowe, "Testing for linearizability", 2017), a refinement
of Wing and Gong's search (1993). To *linearize* an operation is to give it the next place in the
order. A *configuration* is what has to be known of an order so far:

  - the state that it led to,
  - which of the open operations it has linearized before their return, and which lost ones.

(An operation is *lost* if no answer came: it may take effect at any time after its call, or never,
so it stays open for ever. Jepsen calls it indeterminate.) The *frontier* is the set of
configurations that explain everything up to now. A call adds nothing to it. When an operation
returns, each configuration must have linearized it: already, or now, or now after some other open
operations. Configurations that cannot are dropped. Nothing has to be linearized at another moment:
what could take effect between this return and the next can as well take effect directly before the
next. If the frontier is empty, no legal order exists; if it reaches the end, one does.

An example. A card has 100. Three clients overlap: a draws 60 and is accepted, b draws 60 and is
refused, c reads 100. `40 {c}` is a configuration: the state 40, with c linearized and still open.

    event                 frontier, greedy    frontier, with detours
    a calls: draw 60      100                 100
    b calls: draw 60      100                 100
    c calls: read         100                 100
    a returns: accepted   40                  40, 40 {c}
    b returns: refused    40                  40, 40 {c}
    c returns: 100        empty               40                        the order is c, a, b

Greedy means: the returning operation comes next if that is possible, and nothing else is tried. It
keeps one configuration here, and misses that c read before a drew. With *detours*, other open
operations are tried before the returning one, here c before a. (b before a is impossible: with 100
on the card, b would have been accepted.) `search` begins greedily, and makes detours where needed.

Lost operations are the difficulty: each could take effect before every later return, so that a
plain frontier doubles with each of them. What keeps the frontier small:

1. Just in time. Before a returning operation r, only what has to come before r is linearized. If r
   is possible at once, that is what hinders r; the rest can as well come after r, since it has not
   returned yet. If r is impossible, it is what may make r possible. The same rule is applied to
   each of these in turn. So lost operations are tried where something asks for them, and not in all
   subsets. Without hints everything hinders everything, and all orders are tried.
2. Domination. Take two configurations with the same state and the same early operations. If the
   lost operations that one has used are a subset of those that the other has used, then it can
   follow every continuation of the other: what it has not used may as well never have happened.
   Only the first is kept. In particular, a lost operation that changes nothing is never used.
3. Hints (see `hints`): what changes nothing, what can trade places, and what enables what.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from tallystick.checker.budget import Budget, Meter, glances
from tallystick.checker.debts import Config, Debts
from tallystick.checker.hints import AnyOperation, Hints, Pair
from tallystick.checker.totals import Sums, fewest

Transition = Callable[[Any, Any, Any], object]
"""(state, command, outcome) to the tuple of possible successors."""


class Effort(NamedTuple):
    """How many ways are tried when an operation returns."""

    back: int
    """At a dead end, the search resumes so many recorded returns before it."""
    width: int
    """Configurations that are kept after a return, those with the fewest lost operations first."""
    detours: bool
    """Whether others are tried before the returning operation even if it is possible at once."""
    lost: int
    """How many lost operations a detour may use."""
    needed: int
    """How many lost operations may be used if nothing else makes the returning one possible."""
    forgets: bool = False
    """Whether it forgets which lost operations that only add were used."""


UNLIMITED: Final = 1 << 62
THOROUGH: Final = Effort(UNLIMITED, UNLIMITED, detours=True, lost=UNLIMITED, needed=0)
"""Every way is tried. Only this effort decides every history."""
REFUTING: Final = THOROUGH._replace(forgets=True)
"""Every way is tried, and more: a lost operation that only adds to totals may be used again. So
there are few configurations, and if none is left, then there is no legal order either."""

OWING: Final = REFUTING._replace(width=16, lost=1)
"""The same with little: it finds an order in which only the lost operations are open."""


class Point(NamedTuple):
    """The search between two events."""

    at: int
    """The next event."""
    pending: tuple[int, ...]
    """Operations that were called and are answered, but have not returned yet."""
    lost: tuple[int, ...]
    """Operations that were called and are never answered."""
    frontier: list[Config]


class Linearizer:
    """Moves frontiers of one partition over the return of an operation. Operations are numbers."""

    def __init__(
        self,
        operations: Sequence[AnyOperation],
        transition: Transition,
        hints: Hints,
        budget: Budget,
        sums: Sums | None = None,
    ) -> None:
        self._meter = Meter(budget)  # before all else, because that takes its time too
        self.operations = operations
        self.events = _events(operations)
        self.bits, self.lost_bits = _bits(operations, self.events)
        self._changes = [hints.changes(o) for o in operations]
        # With sums that are given, what is in them need not be among the operations any more.
        is_known = sums is None or hints.totals is None
        self._enablers = hints.enablers if is_known else Hints().enablers
        self._interferes = _remembered(hints.interferes, operations)
        self._hinders = _remembered(hints.hinders, operations)
        self.spend = self._meter.spend
        self.debts = Debts(operations, self.events, hints.totals, self.bits, self.spend, sums)
        self._forgets = False
        self._transition = transition

    @property
    def transitions(self) -> int:
        """How often the transition was called."""
        return self._meter.transitions

    def after_return(
        self,
        number: int,
        pending: tuple[int, ...],
        lost: tuple[int, ...],
        frontier: list[Config],
        effort: Effort,
    ) -> list[Config]:
        """The frontier after the return of an operation; empty at a dead end.

        `pending` are the other operations that were called and are answered later; `lost` were
        called and are never answered. Raises BudgetSpent.
        """
        self._forgets = effort.forgets
        if effort is THOROUGH:
            self.debts.forget()
            special = lost
        else:
            special = self.debts.special_of(lost)
        if effort.detours:
            others = pending + special if effort.lost else pending
            found = self._with_others_before(frontier, number, others, effort.lost)
        else:
            found = [after for config in frontier for after in self._linearized(config, number)]
        # Before an effort gives up, it inserts as little as possible: pending operations alone,
        # then lost ones too. A thorough one has tried all that already.
        for others, most_lost in ((pending, 0), (pending + special, effort.needed)):
            if not found and not effort.forgets and effort is not THOROUGH:
                found = self._with_others_before(frontier, number, others, most_lost, shortest=True)
        if len(found) > 1:
            found = undominated(found, self.lost_bits, self._meter)[: effort.width]
        return found

    def _with_others_before(
        self,
        frontier: list[Config],
        number: int,
        others: tuple[int, ...],
        most_lost: int,
        *,
        shortest: bool = False,
    ) -> list[Config]:
        """The configurations after the return, if others may be linearized before it.

        A breadth-first search: each level inserts one more operation. At most `most_lost` lost ones
        are inserted; with `shortest`, it ends at the first level that has a result.
        """
        found: list[Config] = []
        level = [(config, most_lost) for config in frontier]
        cheapest = {config[:2]: lost_used(config, self.lost_bits) for config in frontier}
        while level and not (shortest and found):
            next_level = []
            for config, lost_left in level:
                before = config[1]
                after = self._candidates(config, number, others, lost_left)
                found += after.pop(number)
                for other, configs in after.items():
                    bit = self.bits[other]
                    for state, linearized, trail in configs:
                        config = (state, linearized | bit, trail)
                        used = (config[1] & ~before & self.lost_bits).bit_count()
                        if used > lost_left:
                            continue
                        price = lost_used(config, self.lost_bits)
                        if price < cheapest.get(config[:2], UNLIMITED):
                            cheapest[config[:2]] = price
                            next_level.append((config, lost_left - used))
                self._meter.limit_memory(len(cheapest) + len(found))
            level = next_level
        return found

    def _candidates(
        self, config: Config, number: int, others: tuple[int, ...], most_lost: int
    ) -> dict[int, list[Config]]:
        """What may be linearized next, on the way to the return of `number`, and what it leads to.

        That is `number` itself, what may have to come before it (rule 1 above), what may have to
        come before that, and so on.
        """
        state, linearized, _ = config
        self.spend(glances(len(others)))
        after: dict[int, list[Config]] = {}
        unplaced = [o for o in others if not linearized & self.bits[o]]
        wanted, met = [number], {number}
        for target in wanted:  # it grows while it is walked
            found = after[target] = self.effects(config, target)
            placed = linearized & self.bits[target]
            if placed or (found and not self._changes[target]):
                # It has its place already, or it is possible and changes nothing: an order that
                # puts something before it is as good with it first.
                continue
            more = self._predecessors(state, target, unplaced, possible=bool(found))
            wanted += [o for o in more if o not in met]
            met.update(more)
            if not found:
                found += self._after_sums(config, target, most_lost)
        return after

    def _after_sums(self, config: Config, number: int, most_lost: int) -> list[Config]:
        """What the operation leads to after a sum of lost operations that makes it possible."""
        needs = self.debts.needs(config[0], number)
        if needs is None:
            return []
        if self._forgets:
            owing = self.debts.owing(config, needs)
            return [] if owing is None else self.effects(owing, number)
        pool = [one for one in self.debts.adding if not config[1] & self.bits[one[0]]]
        found: list[Config] = []
        for group in fewest(needs, pool, most_lost, self.spend) if pool else ():
            placed = self.all_placed(config, group)
            if placed is not None:
                found += self.effects(placed, number)
        return found

    def all_placed(self, config: Config, numbers: Iterable[int]) -> Config | None:
        """The configuration after all these lost operations, in an order that is possible."""
        state, linearized, trail = config
        left = list(numbers)
        while left:
            for number in left:
                changed = [s for s in self._successors(state, number) if s != state]
                if changed:
                    state, trail = changed[0], (number, trail, 0 if trail is None else trail[2])
                    linearized |= self.bits[number]
                    left.remove(number)
                    break
            else:
                return None
        return state, linearized, trail

    def effects(self, config: Config, number: int) -> list[Config]:
        """The configurations with the operation in the next place; a lost one has an effect."""
        found = self._linearized(config, number)
        if not self.bits[number] & self.lost_bits:
            return found
        # A lost operation without an effect is dominated: it may as well never have happened.
        return [one for one in found if one[0] != config[0]]

    def _predecessors(
        self, state: Any, number: int, unplaced: list[int], *, possible: bool
    ) -> list[int]:
        """What may have to come before the operation."""
        if possible:
            return [o for o in unplaced if o != number and self._hinders(o, number)]
        enabling = self._enabling(state, number, unplaced)
        return [o for o in enabling if o != number and self._interferes(o, number)]

    def _enabling(self, state: Any, number: int, unplaced: list[int]) -> list[int]:
        # By identity: operations are compared by value, and two clients may have made equal ones.
        self.spend(glances(len(unplaced)))
        wanted = [self.operations[o] for o in unplaced if o != number]
        # Those that only add are never inserted one by one, but they may make up the rest of a sum.
        found = self._enablers(state, self.operations[number], wanted + self.debts.operations)
        by_id = {id(o) for o in found}
        return [o for o in unplaced if id(self.operations[o]) in by_id]

    def _linearized(self, config: Config, number: int) -> list[Config]:
        """The configurations after the operation has returned, with nothing inserted before it."""
        state, linearized, trail = config
        bit = self.bits[number]
        if linearized & bit:
            # It had its place early. Its bit is cleared, because another operation may get it now.
            return [(state, linearized ^ bit, trail)]
        trail = (number, trail, 0 if trail is None else trail[2])
        return [(after, linearized, trail) for after in self._successors(state, number)]

    def _successors(self, state: Any, number: int) -> tuple[Any, ...]:
        self._meter.count_transition()
        operation = self.operations[number]
        result = self._transition(state, operation.command, operation.outcome)
        return result if type(result) is tuple else ()


def undominated(configs: list[Config], lost_bits: int, meter: Meter) -> list[Config]:
    """Return the configurations that no other one dominates (rule 2 above).

    Those with equal states share one object from here on. What follows from it shares most of its
    parts, so that to compare the states after it costs little.
    """
    states: dict[Any, Any] = {}
    groups: dict[tuple[int, int], list[Config]] = {}
    meter.spend(len(configs))
    # Those with few lost operations first: only they can dominate what comes later.
    for state, linearized, trail in sorted(
        configs, key=lambda config: lost_used(config, lost_bits)
    ):
        state = states.setdefault(state, state)
        group = groups.setdefault((id(state), linearized & ~lost_bits), [])
        meter.spend(len(group))
        if not any(better[1] & ~linearized == 0 for better in group):
            group.append((state, linearized, trail))
    return [config for group in groups.values() for config in group]


def lost_used(config: Config, lost_bits: int) -> int:
    """Return how many lost operations took effect in a configuration."""
    _, linearized, trail = config
    return (linearized & lost_bits).bit_count() + (0 if trail is None else trail[2])


def after_next_return(linearizer: Linearizer, point: Point, effort: Effort) -> Point:
    """The point after the next return; its frontier is empty at a dead end."""
    at, pending, lost, frontier = point
    while at < len(linearizer.events):
        event = linearizer.events[at]
        at += 1
        if event < 0:
            returning = ~event
            pending = tuple([o for o in pending if o != returning])
            found = linearizer.after_return(returning, pending, lost, frontier, effort)
            return Point(at, pending, lost, found)
        if linearizer.operations[event].answered:
            pending += (event,)
        else:
            lost += (event,)
    return Point(at, pending, lost, frontier)


def _remembered(hint: Pair, operations: Sequence[AnyOperation]) -> Callable[[int, int], bool]:
    """The hint by numbers. It remembers, because the same few pairs are asked for very often."""

    @lru_cache(maxsize=1 << 16)
    def asked(earlier: int, later: int) -> bool:
        return hint(operations[earlier], operations[later])

    return asked


def _events(operations: Sequence[AnyOperation]) -> list[int]:
    """All calls and returns in the order of time: `n` is the call of operation n, `~n` its return.

    At equal times calls come first, so that intervals are closed: operations that share but one
    nanosecond are concurrent. A clock with coarse ticks then permits too much, never too little.
    """
    moments = [(o.called_ns, 0, n) for n, o in enumerate(operations)]
    moments += [
        (o.returned_ns, 1, ~n) for n, o in enumerate(operations) if o.returned_ns is not None
    ]
    return [event for _, _, event in sorted(moments)]


def _bits(operations: Sequence[AnyOperation], events: list[int]) -> tuple[list[int], int]:
    """A bit for each operation, and the bits of all lost ones.

    Bits are reused, so that a long history needs as many as there are clients, and not as there are
    operations. The bit of an answered operation is free again after its return; that of a lost one
    never is, because it stays open. The two kinds never share a bit, because domination has to tell
    them apart at every moment.
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
