"""Giving an operation the next place in an order, and what that leads to.

Everything here calls the transition and counts it. Which operation comes next is decided in
`frontier` and `detours`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tallystick.checker.budget import Meter
from tallystick.checker.debts import Config, Debts
from tallystick.checker.hints import AnyOperation, Hints
from tallystick.checker.totals import fewest

Transition = Callable[[Any, Any, Any], object]
"""(state, command, outcome) to the tuple of possible successors."""


class Placing:
    """Places the operations of one partition, which are numbers."""

    def __init__(
        self,
        operations: Sequence[AnyOperation],
        transition: Transition,
        hints: Hints,
        bits: tuple[list[int], int],
        debts: Debts,
        meter: Meter,
    ) -> None:
        """`bits`: the bit of each operation, and those of all lost ones."""
        self.changes = [hints.changes(o) for o in operations]
        self.forgets = False
        """Whether it forgets which lost operations that only add were used (see `Effort`)."""
        self._operations = operations
        self._transition = transition
        self._bits, self._lost_bits = bits
        self._debts = debts
        self._meter = meter

    def linearized(self, config: Config, number: int) -> list[Config]:
        """The configurations after the operation has returned, with nothing inserted before it."""
        state, linearized, trail = config
        bit = self._bits[number]
        if linearized & bit:
            # It had its place early. Its bit is cleared, because another operation may get it now.
            return [(state, linearized ^ bit, trail)]
        trail = (number, trail, 0 if trail is None else trail[2])
        return [(after, linearized, trail) for after in self.successors(state, number)]

    def effects(self, config: Config, number: int) -> list[Config]:
        """The configurations with the operation in the next place; a lost one has an effect."""
        found = self.linearized(config, number)
        if not self._bits[number] & self._lost_bits:
            return found
        # A lost operation without an effect is dominated: it may as well never have happened.
        return [one for one in found if one[0] != config[0]]

    def all_placed(self, config: Config, numbers: Iterable[int]) -> Config | None:
        """The configuration after all these lost operations, in an order that is possible."""
        state, linearized, trail = config
        left = list(numbers)
        while left:
            for number in left:
                changed = [s for s in self.successors(state, number) if s != state]
                if changed:
                    state, trail = changed[0], (number, trail, 0 if trail is None else trail[2])
                    linearized |= self._bits[number]
                    left.remove(number)
                    break
            else:
                return None
        return state, linearized, trail

    def after_sums(self, config: Config, number: int, most_lost: int) -> list[Config]:
        """What the operation leads to after a sum of lost operations that makes it possible."""
        needs = self._debts.needs(config[0], number)
        if needs is None:
            return []
        if self.forgets:
            owing = self._debts.owing(config, needs)
            return [] if owing is None else self.effects(owing, number)
        pool = [one for one in self._debts.adding if not config[1] & self._bits[one[0]]]
        found: list[Config] = []
        for group in fewest(needs, pool, most_lost, self._meter.spend) if pool else ():
            placed = self.all_placed(config, group)
            if placed is not None:
                found += self.effects(placed, number)
        return found

    def successors(self, state: Any, number: int) -> tuple[Any, ...]:
        """The states that the operation may lead to."""
        self._meter.count_transition()
        operation = self._operations[number]
        result = self._transition(state, operation.command, operation.outcome)
        return result if type(result) is tuple else ()
