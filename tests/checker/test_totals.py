"""Lost operations of which only the sum matters: the sums, the debts, and whole histories."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest

from tallystick.checker import Budget, History, Operation, Verdict, check, search
from tallystick.checker.totals import MOST_SUMS, Sums, TooManySums, fewest, settled
from tests.checker.models import PURSE, UNKNOWN, is_legal_by_definition, mutated, ran


def sums_of(*vectors):
    sums = Sums()
    for vector in vectors:
        sums.add(vector)
    return sums


def too_many():
    return sums_of(*((2**n, -(2**n)) for n in range(1, 17)))


# Sums ---------------------------------------------------------------------------------------------


def test_every_sum_of_a_subset_is_a_sum_and_nothing_else():
    rng = random.Random(1)
    for _ in range(50):
        vectors = [(rng.randint(-3, 3), rng.randint(-3, 3)) for _ in range(6)]
        subsets = itertools.chain.from_iterable(
            itertools.combinations(vectors, size) for size in range(7)
        )
        possible = {tuple(map(sum, zip((0, 0), *subset, strict=True))) for subset in subsets}
        sums = sums_of(*vectors)
        for wanted in itertools.product(range(-9, 10), repeat=2):
            assert sums.closest(wanted, (0, 0)) == (wanted if wanted in possible else None)


def test_a_sum_that_is_still_open_counts_together_with_the_next():
    sums = sums_of((5, 0))
    assert sums.closest((3, 0), (2, 0)) == (3, 0)
    assert sums.closest((5, 0), (2, 0)) is None


def test_of_several_sums_that_fit_the_shortest_is_taken():
    sums = sums_of((5, 0), (3, 0), (1, 0), (1, 0), (1, 0))
    assert sums.closest(lambda v: v[0] >= 4, (0, 0)) == (4, 0)
    assert sums.closest(lambda v: v[0] >= 10, (0, 0)) == (10, 0)
    assert sums.closest(lambda v: v[0] >= 12, (0, 0)) is None


def test_without_vectors_or_without_needs_there_is_no_sum():
    assert Sums().closest((1, 1), ()) is None
    assert sums_of((1, 1)).closest(None, (0, 0)) is None


def test_of_too_many_sums_bounds_and_divisors_are_kept():
    sums = too_many()
    assert MOST_SUMS < 2**16
    assert sums.closest((6, -6), (0, 0)) == (6, -6)
    assert sums.closest((6, -4), (0, 0)) == (6, -4)  # too many, never too few
    assert sums.closest((7, -7), (0, 0)) is None
    assert sums.closest((2**18, -2), (0, 0)) is None
    assert sums.closest(lambda v: v[0] > 2, (0, 0)) == (4, -4)
    with pytest.raises(TooManySums):
        sums.closest(lambda v: v == (14, -14), (0, 0))
    sums.add((0, 4))
    assert sums.closest((0, 4), (0, 0)) == (0, 4)


def test_the_price_of_a_sum_is_how_many_vectors_it_takes():
    sums = sums_of((5, 0), (3, 0), (1, 0))
    assert [sums.price((n, 0)) for n in (5, 8, 9)] == [1, 2, 3]


# Groups -------------------------------------------------------------------------------------------


def test_groups_with_the_fewest_members_are_found_and_none_is_used_twice():
    pool = [(1, (2, 0)), (2, (3, 0)), (3, (3, 0)), (4, (4, 0)), (5, (1, 0))]
    assert list(fewest((4, 0), pool, 3)) == [(4,)]
    assert sorted(map(sorted, fewest((6, 0), pool, 3))) == [[1, 4], [2, 3]]
    assert list(fewest((8, 0), pool, 2)) == []
    assert list(fewest(lambda v: v[0] > 6, pool, 3)) == [(2, 4)]
    assert list(fewest(None, pool, 3)) == []


def test_of_many_groups_a_few_are_returned():
    pool = [(n, (n, 0)) for n in range(1, 31)]
    assert len(list(fewest((31, 0), pool, 2))) == 8


def test_a_sum_of_many_members_is_found_where_the_groups_are_too_many():
    pool = [(n, (n, 0)) for n in range(40)]
    total = sum(range(40))
    (group,) = fewest((total, 0), pool, 8)
    assert set(group) >= set(range(1, 40))
    assert list(fewest((total + 1, 0), pool, 8)) == []
    assert list(fewest(lambda v: v[0] > total, pool, 8)) == []


def test_the_search_for_a_sum_of_many_members_ends():
    pool = [(n, (2**n, 3**n)) for n in range(33)]
    assert list(fewest((-1, -1), pool, 8)) == []


# Debts --------------------------------------------------------------------------------------------


def test_debts_are_settled_by_different_vectors_that_were_known():
    vectors = [(1, 0), (2, 0), (3, 0)]
    assert settled([((3, 0), 2), ((3, 0), 3)], vectors) == [(0, 1), (2,)]
    assert settled([((3, 0), 2), ((3, 0), 2)], vectors) is None


def test_an_earlier_debt_gives_its_vectors_up_for_others():
    vectors = [(4, 0), (1, 0), (3, 0)]
    assert settled([((4, 0), 3), ((4, 0), 1)], vectors) == [(1, 2), (0,)]


# Histories ----------------------------------------------------------------------------------------


def verdict(history, hints=PURSE.hints, budget=Budget()):  # noqa: B008 - it is frozen
    return check(history, PURSE.step, lambda key: PURSE.initial, hints=hints, budget=budget).verdict


@pytest.mark.parametrize("escalation", [search.ESCALATION, ()], ids=["searched", "owed at once"])
def test_small_histories_with_many_lost_operations_are_judged_as_by_definition(
    escalation, monkeypatch
):
    monkeypatch.setattr(search, "ESCALATION", escalation)
    seen = Counter()
    for seed in range(400):
        rng = random.Random(f"lost {seed}")
        history = ran(PURSE, rng, rng.randint(2, 9), clients=3, lost=rng.choice([0.3, 0.5]))
        for _ in range(rng.choice([0, 1, 2])):
            history = mutated(PURSE, rng, history)
        expected = is_legal_by_definition(PURSE, history)
        assert verdict(history) is (Verdict.CONFORMS if expected else Verdict.VIOLATES), seed
        seen[expected] += 1
    assert min(seen.values()) > 80


def lost(*commands):
    return [Operation(n, 1, command, UNKNOWN, n) for n, command in enumerate(commands)]


def reads(*seen):
    return [
        Operation("r", 1, ("read",), one, 100 + 2 * n, 101 + 2 * n) for n, one in enumerate(seen)
    ]


def test_a_sum_whose_operations_have_no_order_explains_nothing():
    draws = lost(("draw", 3), ("draw", 3))
    assert verdict(History.of([*draws, *reads((1, 0))])) is Verdict.CONFORMS
    assert verdict(History.of([*draws, *reads((-2, 0))])) is Verdict.VIOLATES


def test_a_lost_operation_explains_no_two_reads():
    funds = lost(("fund", 2), ("fund", 1))
    assert verdict(History.of([*funds, *reads((6, 0), (7, 0))])) is Verdict.CONFORMS
    assert verdict(History.of([*funds, *reads((6, 0), (8, 0))])) is Verdict.VIOLATES


def test_what_too_many_sums_might_explain_is_decided_without_them_or_not_at_all():
    funds = lost(*(("fund", 2**n) for n in range(1, 17)))
    draw = Operation("r", 1, ("draw", 2**17), "ok", 100, 101)
    history = History.of([*funds, draw])
    assert verdict(history, budget=Budget(transitions=5000)) is Verdict.UNDECIDED


def test_no_time_and_no_memory_are_undecided():
    funds = lost(*(("fund", n) for n in range(1, 7)))
    history = History.of([*funds, *reads((15, 0), (0, 0))])
    assert verdict(history, budget=Budget(configurations=0)) is Verdict.UNDECIDED
    assert verdict(history, budget=Budget(seconds=-1)) is Verdict.UNDECIDED
