"""Debts: lost operations that took effect in an order, without saying yet which ones they were.

A lost deposit adds its amount and does nothing else (see `totals`). So while an order is looked for
it is enough to know that *some* lost operations with a certain sum took effect at a place: a debt.
Orders that differ only in these are one configuration then. At the end `settled` finds operations
for all debts. This module knows neither the transition nor the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tallystick.checker.totals import AnyOperation, Needs, Sums, Totals, Vector, added


class Debt(NamedTuple):
    """A place in an order at which lost operations with this sum took effect. Which ones they were
    is decided at the end."""

    vector: Vector
    known: int
    """So many of the lost operations that only add had been called."""


Trail = tuple[int | Debt, Any, int] | None
"""An order, latest operation first: the operation, the trail before it, and about how many lost
operations its debts take. Orders share their tails."""
Config = tuple[Any, int, Trail]
"""A configuration: the state, the bits of the open and lost operations linearized, the order."""


class Debts:
    """The lost operations of one partition that only add, as far as they were called."""

    def __init__(
        self,
        operations: Sequence[AnyOperation],
        totals: Totals | None,
        bits: Sequence[int],
        sums: Sums | None = None,
    ) -> None:
        """With `sums`, these are the sums, and what the operations add is among them already."""
        self._operations = operations
        self._totals = totals
        adds = None if totals is None else totals.adds
        self._vectors = [None if adds is None or o.answered else adds(o) for o in operations]
        self.are_possible = any(vector is not None for vector in self._vectors)
        """Whether the partition has such operations."""
        self._open_bits = 0
        self._next_bit = 1 << max((bit.bit_length() for bit in bits), default=0)
        self._open_sums: dict[int, Vector] = {}
        self._bit_of_sum: dict[Vector, int] = {}
        self._are_summed = sums is not None
        self._sums = Sums() if sums is None else sums
        self._summed = 0
        self.forget()

    def forget(self) -> None:
        """Start again, before any call."""
        self._lost: tuple[int, ...] = ()
        self._special: tuple[int, ...] = ()
        self.adding: list[tuple[int, Vector]] = []
        """Those that only add, and what."""
        self.operations: list[AnyOperation] = []
        """The same."""

    def special_of(self, lost: tuple[int, ...]) -> tuple[int, ...]:
        """Take note of the lost operations that were called; return those that do not only add."""
        if lost is not self._lost:
            self._lost = lost
            self.adding = [(o, v) for o in lost if (v := self._vectors[o]) is not None]
            self._special = tuple([o for o in lost if self._vectors[o] is None])
            self.operations = [self._operations[o] for o, _ in self.adding]
        return self._special

    def needs(self, state: Any, number: int) -> Needs:
        """What has to be added for the operation; None if no lost operation can."""
        if self._totals is None or not (self.adding or self._are_summed):
            return None
        return self._totals.needs(state, self._operations[number])

    def owing(self, config: Config, needs: Needs) -> Config | None:
        """The configuration after a sum that is needed, with a debt; None if there is no such sum.

        If many sums fit, it is enough to go on with one of them, as long as the next debt may
        correct it: it then has to make up a possible sum together with this one. So which sum is
        still open is a part of the configuration, in its bits.
        """
        assert self._totals is not None
        if not self._are_summed:
            for _, more in self.adding[self._summed :]:
                self._sums.add(more)
            self._summed = max(self._summed, len(self.adding))
        state, linearized, trail = config
        open_bit = linearized & self._open_bits
        before = self._open_sums.get(open_bit, self._sums.zero)
        vector = self._sums.closest(needs, before)
        if vector is None:
            return None
        linearized ^= open_bit
        if callable(needs):
            linearized |= self.open_bit_of(added(before, vector))
        owed = 0 if trail is None else trail[2]
        debt = Debt(vector, len(self.adding))
        then: Trail = (debt, trail, owed + self._sums.price(vector))
        return self._totals.shifted(state, vector), linearized, then

    def open_sum(self, config: Config) -> Vector | None:
        """The sum that is still open in the configuration; None if none is."""
        return self._open_sums.get(config[1] & self._open_bits)

    def open_bit_of(self, vector: Vector) -> int:
        """The bit of configurations in which this sum is still open."""
        bit = self._bit_of_sum.get(vector)
        if bit is None:
            bit = self._bit_of_sum[vector] = self._next_bit
            self._next_bit <<= 1
            self._open_bits |= bit
            self._open_sums[bit] = vector
        return bit


def places_of(trail: Trail) -> list[int | Debt]:
    """The places of an order, the first one first."""
    places: list[int | Debt] = []
    while trail is not None:
        place, trail, _ = trail
        places.append(place)
    return places[::-1]
