"""Even choices, all made from one draw of bytes (the entropy). Does not know what is chosen.

Hypothesis by itself does not choose evenly. It draws small integers more often: of 630 values,
`sampled_from` takes the first tenth four times as often as the last. It starts with the simplest
example, all zeros, and reuses parts of earlier draws, which helps to find two equal values: of
7,335 draws of a machine only 2,475 were different. This suite repeats on purpose what has to be
equal (`strategies.commands`), so choices depend on the entropy and on the place of the step.

The price: Hypothesis cannot shrink a single choice. `tallystick.drivers.reduce` shortens programs
instead. The gain: one draw for a step, which costs a tenth of the time of a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

SIZE = 8
"""Bytes of entropy for one step, which uses up less than half of them."""
ENTROPY = st.binary(min_size=SIZE, max_size=SIZE)


class Choices:
    """A sequence of choices, each of which uses up a part of the entropy.

    `place` (the numbers of the machine and of the step) is mixed in: the same entropy leads to
    other choices at another place.
    """

    def __init__(self, entropy: bytes, *place: int) -> None:
        self._left = int.from_bytes(
            blake2b(entropy + repr(place).encode(), digest_size=SIZE).digest()
        )

    def pick(self, *groups: Sequence[T]) -> T:
        """A value of any group; all groups are equally likely. ValueError if the group is empty."""
        group = groups[self._number_below(len(groups))]
        return group[self._number_below(len(group))]

    def _number_below(self, limit: int) -> int:
        if not limit:
            raise ValueError("there is nothing to choose from")
        self._left, number = divmod(self._left, limit)
        return number
