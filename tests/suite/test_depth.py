"""The depth of contracts: all of them fit into the budget, and deeper ones take what is left."""

from __future__ import annotations

import math

import pytest

from tallystick.depth import Depth, DepthPlan
from tallystick.run import Intensity

RELEASE, GATE = Intensity.RELEASE, Intensity.GATE


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_gate_and_a_run_without_budget_are_not_planned(clock: Clock) -> None:
    for intensity, budget_s in ((GATE, 3600.0), (RELEASE, None)):
        plan = DepthPlan(intensity, budget_s, 10, clock=clock)
        clock.now += 10_000
        assert plan.begin(50) == Depth(intensity, math.inf)
        assert plan.shallow == 0


def test_with_a_long_budget_each_contract_takes_a_part_of_what_is_left_over(clock: Clock) -> None:
    plan = DepthPlan(RELEASE, 1000.0, 10, clock=clock)
    first = plan.begin(0)
    assert first.intensity is RELEASE
    assert clock.now < first.until < clock.now + 300
    clock.now += 500
    second = plan.begin(50_000)
    assert second.until - clock.now < first.until - 1000.0


def test_a_budget_that_is_needed_for_a_gate_gives_no_contract_more(clock: Clock) -> None:
    plan = DepthPlan(RELEASE, 60.0, 10, clock=clock)
    clock.now += 10
    assert plan.begin(1000) == Depth(GATE, math.inf)  # 10 ms for a request: a gate takes 80 s
    assert plan.shallow == 1


def test_a_fast_target_is_given_more_depth(clock: Clock) -> None:
    plan = DepthPlan(RELEASE, 60.0, 10, clock=clock)
    clock.now += 1
    assert plan.begin(1000).intensity is RELEASE  # 1 ms for a request: a gate takes 8 s


def test_the_last_contracts_need_less_in_reserve(clock: Clock) -> None:
    plan = DepthPlan(RELEASE, 100.0, 4, clock=clock)
    depths = []
    for number in range(4):
        clock.now = 1000.0 + 10 * number
        depths.append(plan.begin(1000 * number + 1).intensity)
    assert depths[0] is GATE
    assert depths[-1] is RELEASE


def test_a_deep_contract_takes_all_that_is_left(clock: Clock) -> None:
    plan = DepthPlan(RELEASE, 10.0, 10, clock=clock)
    assert plan.begin(0, is_deep=True) == Depth(RELEASE, math.inf)
    assert plan.shallow == 0


def test_what_runs_is_cut_off_a_little_after_the_budget(clock: Clock) -> None:
    plan = DepthPlan(GATE, 100.0, 10, clock=clock)
    clock.now += 104
    assert not plan.is_too_late()
    clock.now += 2
    assert plan.is_too_late()
    assert not DepthPlan(GATE, None, 10, clock=clock).is_too_late()
