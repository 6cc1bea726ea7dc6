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
   subsets. Without hints everything hinders everything, and all orders are tried. `detours` says
   how, and why no order is overlooked.
2. Domination. A configuration is dropped if another one can follow each of its continuations: with
   fewer lost operations, or with fewer of the open ones (see `domination`).
3. Hints (see `hints`): what changes nothing, what can trade places, what enables what, and what
   adds to sums that a read shows.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from tallystick.checker.budget import Budget, Meter
from tallystick.checker.debts import Config, Debts
from tallystick.checker.detours import UNLIMITED, Detours
from tallystick.checker.domination import Waiting, undominated
from tallystick.checker.hints import AnyOperation, Hints
from tallystick.checker.placing import Placing, Transition
from tallystick.checker.totals import Sums


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
        # With sums that are given, what is in them need not be among the operations any more.
        if sums is not None and hints.totals is not None:
            hints = replace(hints, enablers=Hints().enablers)
        self.spend = self._meter.spend
        self.debts = Debts(operations, self.events, hints.totals, self.bits, self.spend, sums)
        bits = self.bits, self.lost_bits
        self.placing = Placing(operations, transition, hints, bits, self.debts, self._meter)
        self._detours = Detours(operations, hints, bits, self.debts, self.placing, self._meter)

    @property
    def transitions(self) -> int:
        """How often the transition was called."""
        return self._meter.transitions

    def points(self, point: Point, effort: Effort) -> Iterator[Point]:
        """The points after the next returns, one by one; at a dead end, the frontier is empty.

        Who takes them stops there: no order goes on from it. Raises BudgetSpent.
        """
        first, pending, lost, frontier = point
        for at in range(first, len(self.events)):
            event = self.events[at]
            if event < 0:
                returning = ~event
                pending = tuple([o for o in pending if o != returning])
                frontier = self.after_return(returning, pending, lost, frontier, effort)
                yield Point(at + 1, pending, lost, frontier)
            elif self.operations[event].answered:
                pending += (event,)
            else:
                lost += (event,)

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
        found: list[Config] = []
        if not effort.detours:
            found = self._at_once(frontier, number)
            if len(found) == 1:
                return found  # nearly every return of a long history ends here
        self.placing.forgets = effort.forgets
        if effort is THOROUGH:
            self.debts.forget()
            special = lost
        else:
            special = self.debts.special_of(lost)
        self._detours.is_exhaustive = effort.width == UNLIMITED
        others = pending + special if effort.lost else pending
        if effort.detours and not (others or self.debts.may_explain):
            found = self._at_once(frontier, number)  # there is nothing to make a detour with
        elif effort.detours:
            found = self._detours.before(frontier, number, others, effort.lost)
        # Before an effort gives up, it inserts as little as possible: pending operations alone,
        # then lost ones too. A thorough one has tried all that already.
        for others, most_lost in ((pending, 0), (pending + special, effort.needed)):
            if not found and not effort.forgets and effort is not THOROUGH:
                found = self._detours.before(frontier, number, others, most_lost, shortest=True)
        return self._best(found, pending)[: effort.width]

    def _at_once(self, frontier: list[Config], number: int) -> list[Config]:
        """The configurations with the operation in the next place."""
        if len(frontier) == 1:
            return self.placing.linearized(frontier[0], number)
        found = [after for one in frontier for after in self.placing.linearized(one, number)]
        self._meter.limit_memory(len(frontier) + len(found))
        return found

    def _best(self, found: list[Config], pending: tuple[int, ...]) -> list[Config]:
        """The configurations that no other one dominates, the best ones first."""
        if len(found) > 1:
            found = undominated(found, self.lost_bits, self._meter)
        if len(found) > 1:
            waiting = Waiting(self.placing, self.bits, self.lost_bits, pending)
            found = waiting.best(found, self._meter)
        return found


def _events(operations: Sequence[AnyOperation]) -> list[int]:
    """All calls and returns in the order of time: `n` is the call of operation n, `~n` its return.

    At equal times calls come first, so that intervals are closed: operations that share but one
    nanosecond are concurrent. A clock with coarse ticks then permits too much, never too little.
    """

    def moment(event: int) -> int:
        if event >= 0:
            return 2 * operations[event].called_ns
        return 2 * (operations[~event].returned_ns or 0) + 1

    events = [n for n, o in enumerate(operations) if o.returned_ns is not None]
    # No tuples to sort: so many at once would wake Python's collector of garbage again and again.
    events = [*range(len(operations)), *[~n for n in reversed(events)]]
    events.sort(key=moment)
    return events


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
