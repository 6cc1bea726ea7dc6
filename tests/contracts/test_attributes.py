"""The lifecycle runs cover every pair of attributes, as their module says."""

from __future__ import annotations

import itertools

import pytest

from contracts.test_attributes import FACTORS, rows

PAIRS = list(itertools.combinations(range(len(FACTORS)), 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_factors_are_combined_in_all_pairs_of_their_levels(one: int, other: int) -> None:
    met = {(row[one], row[other]) for row in rows()}
    assert met == set(itertools.product(FACTORS[one], FACTORS[other]))


def test_no_run_is_repeated() -> None:
    assert len(set(rows())) == len(rows()) == 25
