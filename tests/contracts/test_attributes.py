"""The lives of the attributes meet every pair, as their module promises."""

from __future__ import annotations

import itertools

import pytest

from contracts.test_attributes import FACTORS, rows

PAIRS = list(itertools.combinations(range(len(FACTORS)), 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_factors_meet_in_all_their_pairs(one: int, other: int) -> None:
    met = {(row[one], row[other]) for row in rows()}
    assert met == set(itertools.product(FACTORS[one], FACTORS[other]))


def test_no_life_is_lived_twice() -> None:
    assert len(set(rows())) == len(rows()) == 25
