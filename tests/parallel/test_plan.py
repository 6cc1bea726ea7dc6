"""Which worker runs what: units, stages, and what is lost with a worker."""

from __future__ import annotations

from pathlib import Path

from tallystick.parallel.orders import Collected, Stage
from tallystick.parallel.plan import Plan, units
from tallystick.selection import Selected


def collected(
    *shares: str, stage: Stage = Stage.REST, requests: int = 10, is_deep: bool = False
) -> Collected:
    selected = Selected("t.py::test_x", Path("t.py"), "test_x")
    return Collected(selected, True, stage, shares, requests, is_deep)


def test_tests_that_share_a_fixture_stay_together_in_their_order() -> None:
    found = units([collected("a"), collected("b"), collected("a"), collected(), collected("b")])
    assert [unit.tests for unit in found] == [(0, 2), (1, 4), (3,)]


def test_a_test_with_two_fixtures_joins_their_units() -> None:
    found = units([collected("a"), collected("b"), collected("a", "b"), collected("b")])
    assert [unit.tests for unit in found] == [(0, 1, 2, 3)]


def test_the_longest_go_first_and_the_deep_ones_last() -> None:
    found = units([collected(requests=5, is_deep=True), collected(), collected(requests=900)])
    assert [unit.tests for unit in found] == [(2,), (1,), (0,)]


def test_a_short_unit_waits_behind_a_long_test() -> None:
    plan = Plan([collected(requests=900), collected("a", requests=50), collected()], lambda _: None)
    first = plan.next()
    assert list(first) == [0]
    assert list(plan.next(before=0)) == [2]
    assert list(plan.next()) == [1]


def test_a_short_unit_of_a_later_stage_is_not_taken_early() -> None:
    tests = [collected(stage=Stage.EARLY, requests=900), collected(stage=Stage.ALONE), collected()]
    plan = Plan(tests, lambda _: None)
    assert list(plan.next()) == [0]
    assert list(plan.next(before=0)) == [1]


def test_stages_come_one_after_the_other() -> None:
    reached: list[int] = []
    tests = [
        collected(),
        collected(stage=Stage.EARLY),
        collected("a", stage=Stage.ALONE),
        collected("a"),
    ]
    plan = Plan(tests, reached.append)
    assert [list(plan.next()) for _ in range(3)] == [[1], [2, 3], [0]]
    assert not plan
    assert reached == [Stage.EARLY]
    plan.end([1])
    assert reached[-1] == Stage.ALONE
    plan.end([2])
    assert reached[-1] == Stage.ALONE
    plan.end([3])
    assert reached[-1] == Stage.REST


def test_what_a_dead_worker_had_not_begun_is_run_by_another() -> None:
    plan = Plan([collected("a"), collected("a"), collected("a")], lambda stage: None)
    _crashed, *rest = plan.next()
    assert plan.give_back(rest) == []
    assert list(plan.next()) == rest


def test_nobody_waits_for_the_early_tests_of_a_dead_worker() -> None:
    reached: list[int] = []
    tests = [collected("a", stage=Stage.EARLY), collected("a", stage=Stage.EARLY), collected()]
    plan = Plan(tests, reached.append)
    crashed, *rest = plan.next()
    plan.end([crashed])
    assert plan.give_back(rest) == [1]
    assert reached[-1] == Stage.REST
    assert list(plan.next()) == [2]
