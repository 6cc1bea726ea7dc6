"""Detours: which other open operations are linearized before one that returns.

Only what has to come before the returning operation is tried, and what has to come before that, and
so on (`frontier`, rule 1). All these are called *wanted*. Three rules keep the detours few. Each
overlooks no order, or only one that is dominated. A continuation is any legal order of what is not
linearized yet.

1. One of the wanted comes next. Take the first wanted operation w of a continuation: what comes
   before it is not wanted. If w is possible now, none of that hinders w, so w can as well come
   first (`Hints.hinders`). If w is impossible now, something before it enables it; but that would
   be wanted, so this cannot be.
2. What is possible now and changes nothing is placed at once: it can be left out of every
   continuation, and put here.
3. Groups. A read t that lacks a known sum needs a group of open operations with that sum
   (`groups`). A whole group is placed, and then t. The groups are the smallest ones: none contains
   another. Operations of which it is not known what they add are wanted, one by one.

   Take a continuation of which t is the first wanted operation. All that comes before t is known,
   and has the wanted sum, so it contains one of the groups, G. In any state on the way through G,
   look at one member, at what of G may have to come before it, and so on. By rule 1, one of these
   comes next; and what is needed from outside of G is wanted, so it is not before t. So the members
   of G can as well come first, in one of the orders that are tried. Then t is possible: its sum is
   right. (If it is impossible all the same, the groups are given up, and rule 1 is about t.) The
   rest of what came before t adds nothing in the end, and can as well follow t, which changes
   nothing.

An effort that does not try every way (see `frontier`) looks at a few groups only. Where it may use
a lost operation, also at one that lacks what a lost one adds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from tallystick.checker.budget import Meter, glances
from tallystick.checker.debts import Config, Debts
from tallystick.checker.domination import lost_used
from tallystick.checker.groups import Groups, code_of
from tallystick.checker.hints import AnyOperation, Hints, Pair
from tallystick.checker.placing import Placing

UNLIMITED: Final = 1 << 62
FEW_OPEN: Final = 4
"""With so few open operations, orders with lost ones among them are looked for one by one."""
FEW_GROUPS: Final = 4
"""So many groups are placed by an effort that does not try every way."""


class Detours:
    """The detours in one partition. Operations are numbers."""

    def __init__(
        self,
        operations: Sequence[AnyOperation],
        hints: Hints,
        bits: tuple[list[int], int],
        debts: Debts,
        placing: Placing,
        meter: Meter,
    ) -> None:
        self._operations = operations
        self._bits, self._lost_bits = bits
        self._debts = debts
        self._placing = placing
        self._meter = meter
        self._enablers = hints.enablers
        self._interferes = _remembered(hints.interferes, operations)
        self._hinders = _remembered(hints.hinders, operations)
        self._groups = Groups(operations, hints.totals)
        self.is_exhaustive = False
        """Whether every way has to be tried (see `Effort`)."""
        self._are_few = False

    def before(
        self,
        frontier: list[Config],
        number: int,
        others: tuple[int, ...],
        most_lost: int,
        *,
        shortest: bool = False,
    ) -> list[Config]:
        """The configurations after the return, if others may be linearized before it.

        A breadth-first search: each level inserts one more operation, or one more group. At most
        `most_lost` lost ones are inserted; with `shortest`, it ends at the first level that has a
        result.
        """
        answered = sum(1 for o in others if not self._bits[o] & self._lost_bits)
        self._are_few = not self.is_exhaustive and answered <= FEW_OPEN
        found: list[Config] = []
        level = [(config, most_lost) for config in frontier]
        cheapest = {config[:2]: lost_used(config, self._lost_bits) for config in frontier}
        while level and not (shortest and found):
            next_level = []
            for config, lost_left in level:
                before = config[1]
                after = self._candidates(config, number, others, lost_left)
                found += after.pop(number)
                for other, configs in after.items():
                    bit = self._bits[other]
                    for state, linearized, trail in configs:
                        config = (state, linearized | bit, trail)
                        used = (config[1] & ~before & self._lost_bits).bit_count()
                        if used > lost_left:
                            continue
                        price = lost_used(config, self._lost_bits)
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

        That is `number` itself, what may have to come before it (rule 1), what may have to come
        before that, and so on.
        """
        self._meter.spend(glances(len(others)))
        config = self._with_quiet(config, others)
        state, linearized, _ = config
        after: dict[int, list[Config]] = {}
        unplaced = [o for o in others if not linearized & self._bits[o]]
        wanted, met = [number], {number}
        for target in wanted:  # it grows while it is walked
            placed = linearized & self._bits[target]
            # What is quiet was tried already, unless it has its place.
            tried = target != number and not placed and self._is_quiet(target)
            found = after[target] = [] if tried else self._placing.effects(config, target)
            if placed or (found and not self._placing.changes[target]):
                # It has its place already, or it is possible and changes nothing: an order that
                # puts something before it is as good with it first.
                continue
            if not found and self._is_given_up(target):
                continue
            possible = bool(found)  # now, and not only after a group
            more = self._after_groups(config, target, unplaced, most_lost, found)
            if more is None:
                more = self._predecessors(state, target, unplaced, possible=possible)
            wanted += [o for o in more if o not in met]
            met.update(more)
            if not found:
                found += self._placing.after_sums(config, target, most_lost)
        return after

    def _is_given_up(self, number: int) -> bool:
        """Whether nothing is tried to make the operation possible: it is lost, and one of many."""
        is_lost = bool(self._bits[number] & self._lost_bits)
        return is_lost and not self.is_exhaustive and not self._are_few

    def _is_quiet(self, number: int) -> bool:
        """Whether it was answered and changes nothing."""
        return not self._placing.changes[number] and not self._bits[number] & self._lost_bits

    def _with_quiet(self, config: Config, others: tuple[int, ...]) -> Config:
        """The configuration with all that is possible now and changes nothing (rule 2)."""
        state, linearized, trail = config
        for other in others:
            if linearized & self._bits[other] or not self._is_quiet(other):
                continue
            if not self._groups.lacks(state, other) and self._placing.successors(state, other):
                linearized |= self._bits[other]
                trail = (other, trail, 0 if trail is None else trail[2])
        return state, linearized, trail

    # Groups (rule 3) ------------------------------------------------------------------------------

    def _groups_before(
        self, state: Any, target: int, unplaced: list[int], most_lost: int
    ) -> list[tuple[int, ...]] | None:
        """The groups of which one has to come before the target; None if that is not known."""
        if not self._is_quiet(target) or (most_lost and self._are_few):
            return None
        lacking = self._groups.lacks(state, target)
        # Where nothing is lacking, something else than the sum decides. And who forgets which lost
        # operations were used can make up the rest of any group.
        if not lacking or (self._placing.forgets and self.is_exhaustive):
            return None
        found = self._groups.of([lacking], unplaced)
        if found is None or self.is_exhaustive:
            return found
        if most_lost and not self._placing.forgets:
            short = {lacking - code_of(vector) for vector in self._debts.vectors}
            return found[:FEW_GROUPS] + (self._groups.of(short, unplaced) or [])[:1]
        return found[:FEW_GROUPS]

    def _after_groups(
        self,
        config: Config,
        target: int,
        unplaced: list[int],
        most_lost: int,
        found: list[Config],
    ) -> list[int] | None:
        """Add what the target leads to after each group to `found`; return what else is wanted.

        None if sums do not decide about it.
        """
        groups = self._groups_before(config[0], target, unplaced, most_lost)
        if groups is None:
            return None
        wanted = {o: None for o in unplaced if not self._groups.is_known(o)}
        for group in groups:
            for one in self._with_group(config, group, unplaced, wanted):
                after = self._placing.effects(one, target)
                if not after and self._groups.lacks(one[0], target) == 0:
                    return None  # the sum is right, and it is impossible all the same
                found += after or self._placing.after_sums(one, target, most_lost)
        return list(wanted)

    def _with_group(
        self,
        config: Config,
        group: tuple[int, ...],
        unplaced: list[int],
        wanted: dict[int, None],
    ) -> list[Config]:
        """The configurations after all of the group, in every order that makes a difference.

        What else may have to come before a member is added to `wanted`.
        """
        found: list[Config] = []
        ways = [(config, group)]
        while ways:
            one, left = ways.pop()
            if not left:
                found.append(one)
                continue
            open_ = [o for o in unplaced if o in left or o not in group]
            first = [left[0]]
            for member in first:  # it grows while it is walked
                after = self._placing.effects(one, member)
                more = self._predecessors(one[0], member, open_, possible=bool(after))
                first += [o for o in more if o in left and o not in first]
                wanted.update({o: None for o in more if o not in left})
                bit, rest = self._bits[member], tuple([o for o in left if o != member])
                ways += [((state, done | bit, trail), rest) for state, done, trail in after]
        return found

    # One by one (rule 1) --------------------------------------------------------------------------

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
        self._meter.spend(glances(len(unplaced)))
        wanted = [self._operations[o] for o in unplaced if o != number]
        # Those that only add are never inserted one by one, but they may make up the rest of a sum.
        found = self._enablers(state, self._operations[number], wanted + self._debts.operations)
        by_id = {id(o) for o in found}
        return [o for o in unplaced if id(self._operations[o]) in by_id]


def _remembered(hint: Pair, operations: Sequence[AnyOperation]) -> Callable[[int, int], bool]:
    """The hint by numbers. It remembers, because the same few pairs are asked for very often."""

    @lru_cache(maxsize=1 << 16)
    def asked(earlier: int, later: int) -> bool:
        return hint(operations[earlier], operations[later])

    return asked
