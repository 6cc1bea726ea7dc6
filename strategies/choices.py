"""Even choices, all out of one draw. Knows nothing of what is chosen.

Left to itself, Hypothesis does not choose evenly. It draws small integers more often, so that of
630 values `sampled_from` takes the first tenth four times as often as the last. It begins with the
simplest example, all zeros, and goes on with parts of what it drew before, which helps to find two
values that are equal: of 7,335 throws of a machine 2,475 were different ones. Here what has to be
equal is repeated on purpose (`strategies.commands`), so a throw also depends on where it falls.

What is given up is that Hypothesis could shrink a single choice; programs are shortened by
`tallystick.drivers.reduce`. What is won besides: a draw costs a tenth of a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

SIZE = 8
"""Bytes of a throw; a step needs less than half of them."""
THROWS = st.binary(min_size=SIZE, max_size=SIZE)


class Dice:
    """One throw, from which every choice takes its share.

    `place` says where it falls: equal throws fall differently at different places.
    """

    def __init__(self, thrown: bytes, *place: int) -> None:
        self._left = int.from_bytes(
            blake2b(thrown + repr(place).encode(), digest_size=SIZE).digest()
        )

    def pick(self, *groups: Sequence[T]) -> T:
        """A value of any group, each group as likely as the others; ValueError if it is empty."""
        group = groups[self._under(len(groups))]
        return group[self._under(len(group))]

    def _under(self, sides: int) -> int:
        if not sides:
            raise ValueError("there is nothing to choose from")
        self._left, number = divmod(self._left, sides)
        return number
