"""Debts: lost operations that took effect in an order, without saying yet which ones they were.

A lost deposit adds its amount and does nothing else (see `totals`). So while an order is looked for
it is enough to know that *some* lost operations with a certain sum took effect at a place: a debt.
Orders that differ only in these are one configuration then. At the end `settled` finds operations
for all debts. This module knows neither the transition nor the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tallystick.checker.budget import Spend, glances
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
        events: Sequence[int],
        totals: Totals | None,
        bits: Sequence[int],
        spend: Spend,
        sums: Sums | None = None,
    ) -> None:
        """With `sums`, these are the sums, and what the operations add is among them already."""
        self._operations = operations
        self._totals = totals
        self._spend = spend
        adds = None if totals is None else totals.adds
        # In the order of the calls, so that what was called at a moment is the beginning of each.
        self._adding: list[tuple[int, Vector]] = []
        self._special: list[int] = []
        self._known = [0]
        for event in events:
            if event < 0 or operations[event].answered:
                continue
            vector = None if adds is None else adds(operations[event])
            if vector is None:
                self._special.append(event)
            else:
                self._adding.append((event, vector))
            self._known.append(len(self._adding))
        self._adders = [operations[number] for number, _ in self._adding]
        self.are_possible = bool(self._adding)
        """Whether the partition has such operations."""
        self._open_bits = 0
        self._next_bit = 1 << max((bit.bit_length() for bit in bits), default=0)
        self._open_sums: dict[int, Vector] = {}
        self._bit_of_sum: dict[Vector, int] = {}
        self._are_summed = sums is not None
        self._sums = Sums() if sums is None else sums
        self._summed = 0
        self._called = 0
        self._distinct: tuple[int, frozenset[Vector]] = (0, frozenset())
        self._special_called: tuple[int, ...] = ()

    def forget(self) -> None:
        """Go back to before any call."""
        self._called = 0

    def special_of(self, lost: tuple[int, ...]) -> tuple[int, ...]:
        """Take note of the lost operations that were called; return those that do not only add."""
        self._called = self._known[len(lost)]
        special = len(lost) - self._called
        if special != len(self._special_called):
            self._special_called = tuple(self._special[:special])
        return self._special_called

    @property
    def may_explain(self) -> bool:
        """Whether one was called, or was counted in the sums that were given."""
        return self._called > 0 or self._are_summed

    @property
    def adding(self) -> list[tuple[int, Vector]]:
        """Those that were called and only add, and what."""
        self._spend(glances(self._called))
        return self._adding[: self._called]

    @property
    def operations(self) -> list[AnyOperation]:
        """The same, as operations."""
        return self._adders[: self._called]

    @property
    def vectors(self) -> frozenset[Vector]:
        """What they add, each vector once."""
        if self._called != self._distinct[0]:
            self._distinct = self._called, frozenset(vector for _, vector in self.adding)
        return self._distinct[1]

    def needs(self, state: Any, number: int) -> Needs:
        """What has to be added for the operation; None if no lost operation can."""
        if self._totals is None or not self.may_explain:
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
            for _, more in self._adding[self._summed : self._called]:
                self._spend(4 * self._sums.cost)
                self._sums.add(more)
            self._summed = max(self._summed, self._called)
        state, linearized, trail = config
        open_bit = linearized & self._open_bits
        before = self._open_sums.get(open_bit, self._sums.zero)
        self._spend(4 * self._sums.cost)
        vector = self._sums.closest(needs, before)
        if vector is None:
            return None
        linearized ^= open_bit
        if callable(needs):
            linearized |= self.open_bit_of(added(before, vector))
        owed = 0 if trail is None else trail[2]
        debt = Debt(vector, self._called)
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
