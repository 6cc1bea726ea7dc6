"""Groups of open operations that together explain a read: which of them have this sum?

A read that shows the money of a card says exactly what has to be added before it. Where it is known
what each open operation adds (`Totals.moves`), only few groups of them have that
sum, and the others need not be tried. A sum is looked for from two halves, so that 20 operations
take some thousand steps, and not a million. It knows neither the transition nor the search.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from tallystick.checker.totals import AnyOperation, Totals, Vector

MOST_MEMBERS: Final = 20
"""Among so many operations groups are looked for."""
MOST_GROUPS: Final = 128
"""So many groups are looked at; more are no help."""
DIGITS: Final = 96
"""Bits of one number of a vector, as a part of its code."""
LARGE: Final = 1 << DIGITS - 8
"""No number of a group is as large, so that each of their sums has a code of its own."""


def code_of(vector: Vector) -> int:
    """One number for a vector, so that the code of a sum is the sum of the codes."""
    code = 0
    for value in vector:
        code = (code << DIGITS) + value
    return code


class Groups:
    """What is known of the sums of the operations of one partition."""

    def __init__(self, operations: Sequence[AnyOperation], totals: Totals | None) -> None:
        self._operations = operations
        self._totals = totals
        self._codes: dict[int, int | None] = {}

    def lacks(self, state: Any, number: int) -> int | None:
        """The code of what has to be added to make an operation possible that changes nothing;
        None if that is not one sum."""
        if self._totals is None:
            return None
        needs = self._totals.needs(state, self._operations[number])
        return None if needs is None or callable(needs) or _is_large(needs) else code_of(needs)

    def of(self, lacking: Collection[int], numbers: Sequence[int]) -> list[tuple[int, ...]] | None:
        """All groups of these operations with such a sum, without those that contain another one,
        the smallest first.

        Their members are all `is_known`. None if there are too many to tell.
        """
        adding = [(number, code) for number in numbers if (code := self._code_of(number))]
        if len(adding) > MOST_MEMBERS:
            return None
        found = _with_sum(lacking, [code for _, code in adding])
        if len(found) > MOST_GROUPS:
            return None
        return [
            tuple([number for at, (number, _) in enumerate(adding) if group >> at & 1])
            for group in _smallest(found)
        ]

    def is_known(self, number: int) -> bool:
        """Whether it is known what the operation adds."""
        return self._code_of(number) is not None

    def _code_of(self, number: int) -> int | None:
        if number not in self._codes:
            assert self._totals is not None, "without totals nothing is lacking"
            one = self._operations[number]
            vector = self._totals.moves(one) if one.answered else self._totals.adds(one)
            vector = self._totals.moves(one) if vector is None else vector
            known = None if vector is None or _is_large(vector) else vector
            self._codes[number] = None if known is None else code_of(known)
        return self._codes[number]


def _is_large(vector: Vector) -> bool:
    return any(abs(value) >= LARGE for value in vector)


def _with_sum(wanted: Collection[int], codes: Sequence[int]) -> list[int]:
    """The subsets with a wanted sum, each as bits; the empty one is none."""
    half = len(codes) // 2
    left = _sums(codes[:half], 0)
    right: dict[int, list[int]] = {}
    for total, group in _sums(codes[half:], half):
        right.setdefault(total, []).append(group)
    return [
        group | other
        for total, group in left
        for one in wanted
        for other in right.get(one - total, ())
        if group | other
    ]


def _sums(codes: Sequence[int], first: int) -> list[tuple[int, int]]:
    """All subsets, as their sum and their bits from `first` on."""
    sums = [(0, 0)]
    for at, code in enumerate(codes, start=first):
        sums += [(total + code, group | 1 << at) for total, group in sums]
    return sums


def _smallest(groups: list[int]) -> list[int]:
    """The groups that contain no other one."""
    kept: list[int] = []
    for group in sorted(groups, key=int.bit_count):
        if not any(less & ~group == 0 for less in kept):
            kept.append(group)
    return kept
