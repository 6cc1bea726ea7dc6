"""Random mixes of honest variants can be servers, and are the same ones for the same number."""

from itertools import combinations

import pytest

from sandbox.variants import VARIANTS, policy_of
from tests.proof import mixes


def test_a_draw_gives_different_mixes_and_the_same_ones_again() -> None:
    drawn = mixes.drawn(30, 0)
    assert len(set(drawn)) == 30
    assert drawn == mixes.drawn(30, 0) != mixes.drawn(30, 1)


def test_the_variants_of_a_mix_exclude_each_other_in_nothing() -> None:
    for name in mixes.drawn(60, 0):
        parts = [VARIANTS[part] for part in mixes.parts_of(name)]
        assert mixes.SMALLEST <= len(parts) <= mixes.LARGEST
        policy = policy_of(mixes.parts_of(name))
        for part in parts:
            choices = {n: v for n, v in part.choices.items() if n != "statuses"}
            assert {n: getattr(policy, n) for n in choices} == choices
            assert dict(part.choices.get("statuses", ())).items() <= dict(policy.statuses).items()
        assert all(mixes.fit(one, other) for one, other in combinations(parts, 2))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cards_newest_first", "minimal"),
        ("available_filter_equal", "malformed_uuid_404"),
        ("lists_by_id", "batch_reversed"),
    ],
)
def test_variants_that_agree_fit(first: str, second: str) -> None:
    assert mixes.fit(VARIANTS[first], VARIANTS[second])
    assert mixes.is_known(f"{first}+{second}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("uuids_as_shown", "uuids_in_capitals"),
        ("available_filter_equal", "available_filter_above"),
        ("foreign_account_404", "foreign_account_401"),
        ("pending_counts_all_holds", "reserved_gross"),
        ("delete_books_voids", "deleted_holds_live"),
    ],
)
def test_variants_that_choose_otherwise_do_not_fit(first: str, second: str) -> None:
    assert not mixes.fit(VARIANTS[first], VARIANTS[second])
    assert not mixes.is_known(f"{first}+nothing")
