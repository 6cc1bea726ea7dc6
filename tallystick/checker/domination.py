"""Which configurations of a frontier can be dropped, because another one can do all that they can.

Both rules are about two configurations after the same return, so that what is open is the same.

1. Lost operations. With the same state and the same early operations: if the lost operations that
   one has used are among those that the other has used, it can follow every continuation of the
   other. What it has not used may as well never have happened.
2. Waiting. One has placed fewer of the open operations early, and what it has not placed leads from
   its state to the state of the other, in the order in which the other placed it. Each of these is
   still open, so it may be placed now; then the first configuration has become the other. What
   changes nothing is the other way round: to have it behind is only good, because it may be left
   out of any continuation. So the first one needs all of these that the other has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tallystick.checker.budget import Meter, glances
from tallystick.checker.debts import Config
from tallystick.checker.placing import Placing

MOST_BACK: Final = 256
"""So many places back in an order rule 2 looks for an open operation."""


def undominated(configs: list[Config], lost_bits: int, meter: Meter) -> list[Config]:
    """The configurations that no other one dominates by rule 1.

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
    """How many lost operations took effect in a configuration."""
    _, linearized, trail = config
    return (linearized & lost_bits).bit_count() + (0 if trail is None else trail[2])


class Waiting:
    """Rule 2, for the configurations after one return."""

    def __init__(
        self, placing: Placing, bits: Sequence[int], lost_bits: int, pending: Sequence[int]
    ) -> None:
        """`pending` are the answered operations that are open."""
        self._placing = placing
        self._by_bit = {bits[number]: number for number in pending}
        self._lost_bits = lost_bits
        self._quiet = sum(bits[number] for number in pending if not placing.changes[number])
        self._waiting = sum(self._by_bit) & ~self._quiet

    def best(self, configs: list[Config], meter: Meter) -> list[Config]:
        """The configurations that no other one dominates; few lost and early operations first."""
        kept: list[Config] = []
        for config in sorted(configs, key=self._early):
            meter.spend(glances(len(kept)))
            if not any(self._may_reach(one, config) and self._reaches(one, config) for one in kept):
                kept.append(config)
        return [config for config in configs if any(config is one for one in kept)]

    def _early(self, config: Config) -> tuple[int, int]:
        return lost_used(config, self._lost_bits), (config[1] & self._waiting).bit_count()

    def _may_reach(self, one: Config, other: Config) -> bool:
        """Whether they differ only in what one may place now, and in what may be left out."""
        done, more = one[1], other[1]
        return not (done & ~more & ~self._quiet or more & ~done & ~self._waiting)

    def _reaches(self, one: Config, other: Config) -> bool:
        missing = {number for bit, number in self._by_bit.items() if bit & other[1] & ~one[1]}
        order: list[int] = []
        trail = other[2]
        for _ in range(MOST_BACK):
            if trail is None or len(order) == len(missing):
                break
            place, trail, _ = trail
            if isinstance(place, int) and place in missing:
                order.append(place)
        states = [one[0]] if len(order) == len(missing) else []
        for number in reversed(order):
            states = [end for state in states for end in self._placing.successors(state, number)]
        return other[0] in states
