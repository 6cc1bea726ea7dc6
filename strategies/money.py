"""Amounts of money, relative to the ledger: boundaries first, then literals of every size.

An amount stays symbolic (`remaining+1`), so that a boundary survives the shortening of a program
and reads well in a counter-example.
"""

from __future__ import annotations

from hypothesis import strategies as st

from tallystick.ledger.traits import Traits
from tallystick.program import HALF, Amount

BOUNDARY_OFFSETS = (0, 1, -1)
LITERALS = (0, 1, 2, 3, 10, 99, 100, 500, 1000)
WIDE = tuple(2**bits + offset for bits in (31, 32, 53, 63) for offset in (-1, 0, 1))
"""Where 32-bit and 64-bit integers and double-precision numbers end."""


def boundaries(*bases: str) -> st.SearchStrategy[Amount]:
    """Each of the figures, one above it and one below it."""
    return st.sampled_from(_boundaries(*bases))


def parts(*bases: str) -> st.SearchStrategy[Amount]:
    """A half, a third and a seventh of a figure: legal whenever the figure is legal."""
    return st.sampled_from(_parts(*bases))


def _boundaries(*bases: str) -> list[Amount]:
    return [Amount(base, 1, offset) for base in bases for offset in BOUNDARY_OFFSETS]


def _parts(*bases: str) -> list[Amount]:
    return [Amount(base, divisor) for base in bases for divisor in (2, 3, 7)]


def _numbers(*numbers: int) -> list[Amount]:
    return [Amount("", 1, number) for number in numbers]


# Groups of amounts for `Choices.pick`; all groups are equally likely.

SPENDING = (
    _parts("available"),
    _parts("available"),
    _numbers(*LITERALS),
    _boundaries("available"),
    _boundaries("available", "balance", "total"),
    _numbers(*LITERALS, *WIDE),
)
"""For a drawdown or a hold: mostly amounts after which the card still has money."""
FUNDING = (_numbers(*LITERALS), _parts("balance", "total"), _numbers(*LITERALS, *WIDE))
CAPTURING: tuple[list[Amount | None], ...] = (
    [*_parts("remaining")],
    [*_numbers(*LITERALS)],
    [*_boundaries("remaining")],
    [None],  # the request has no `amount`
    [*_boundaries("original", "balance")],
)
OPENINGS = (_numbers(1000, 5000, 100, 2000, 10, 0), _numbers(*WIDE))
"""Opening amounts of a card, half of them at the limits of integer types."""
VIRTUAL_OPENINGS = (_numbers(1000, 5000, 100, 2000),)
"""Of a card that is none: what its holds are relative to."""
VOIDING: tuple[list[Amount | None], ...] = (
    [None],
    [*_parts("remaining")],
    [*_boundaries("remaining")],
    [*_numbers(*LITERALS)],
)
"""For a void, where it can release a part."""

REFUNDING: tuple[list[Amount | None], ...] = (
    [None],
    [*_parts("refundable")],
    [*_boundaries("refundable")],
    [*_numbers(*LITERALS)],
    [*_boundaries("original")],
)
"""For a refund, where it can name a part."""


def spending(traits: Traits) -> tuple[list[Amount], ...]:
    """For a drawdown or a hold."""
    return (*SPENDING, _between("available")) if traits.decimal else SPENDING


def capturing(traits: Traits) -> tuple[list[Amount | None], ...]:
    """For a capture."""
    if not traits.part_of_capture:
        return ([None],)
    groups = [*CAPTURING]
    groups += [[*_between("remaining")]] if traits.decimal else []
    groups += [[*_boundaries("limit")]] if traits.over_capture else []
    return tuple(groups)


def _between(base: str) -> list[Amount]:
    """Amounts between two minor units: just above a figure, and well below it."""
    return [Amount(base, 1, HALF), Amount(base, 2, HALF), Amount("", 1, 1 + HALF)]
