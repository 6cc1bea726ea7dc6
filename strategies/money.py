"""Amounts of money, relative to the ledger: boundaries first, then literals of every size.

An amount stays symbolic (`remaining+1`), so that a boundary survives the shortening of a program
and reads well in a counter-example.
"""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tallystick.ledger.rulings import CURRENCIES
from tallystick.program import Amount

BOUNDARY_OFFSETS = (0, 1, -1)
LITERALS = (0, 1, 2, 3, 10, 99, 100, 500, 1000)
WIDE = tuple(2**bits + offset for bits in (31, 32, 53, 63) for offset in (-1, 0, 1))
"""Where 32-bit and 64-bit integers and double-precision numbers end."""


# Strategies are made once: one that is made for every step is validated for every step, which
# costs more than the request that the step becomes.


@cache
def currencies() -> st.SearchStrategy[str]:
    """The five documented currencies."""
    return st.sampled_from(CURRENCIES)


def boundaries(*bases: str) -> st.SearchStrategy[Amount]:
    """Each of the figures, one above it and one below it."""
    return st.sampled_from(
        [Amount(base, 1, offset) for base in bases for offset in BOUNDARY_OFFSETS]
    )


def parts(*bases: str) -> st.SearchStrategy[Amount]:
    """A half, a third and so on of a figure, which is legal whenever the figure is."""
    return st.sampled_from([Amount(base, divisor) for base in bases for divisor in (2, 3, 7)])


def literals(*, wide: bool = False) -> st.SearchStrategy[Amount]:
    """Plain numbers; `wide` adds those around 2**31, 2**53 and 2**63."""
    numbers = (*LITERALS, *WIDE) if wide else LITERALS
    return st.sampled_from([Amount("", 1, number) for number in numbers])


@cache
def spending() -> st.SearchStrategy[Amount]:
    """Amounts for a drawdown or a hold: mostly ones that leave the card in a usable state."""
    return st.one_of(
        parts("available"),
        literals(),
        boundaries("available"),
        boundaries("balance", "total"),
        literals(wide=True),
    )


@cache
def funding() -> st.SearchStrategy[Amount]:
    """Amounts for a fund."""
    return st.one_of(literals(), parts("balance", "total"), literals(wide=True))


@cache
def capturing() -> st.SearchStrategy[Amount | None]:
    """Amounts for a capture; None leaves the member out."""
    return st.one_of(
        parts("remaining"),
        literals(),
        boundaries("remaining"),
        st.none(),
        boundaries("original", "balance"),
    )


@cache
def openings() -> st.SearchStrategy[Amount]:
    """Opening amounts of a card, now and then a wide one."""
    return st.one_of(
        st.sampled_from([Amount("", 1, number) for number in (1000, 5000, 100, 2000, 10, 0)]),
        st.sampled_from([Amount("", 1, number) for number in WIDE]),
    )
