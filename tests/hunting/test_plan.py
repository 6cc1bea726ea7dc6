"""What a hunt is asked for, and which run comes next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.hunting.plan import DRAWN, MOST_FAILURES, Plan
from tallystick.hunting.request import Request, request_of
from tallystick.hunting.round import Ended, Round
from tallystick.options import SettingsError
from tallystick.settings import variable

REQUEST = Request(
    targets=("http://a/v1", "http://b/v1"),
    seed=100,
    shard=(1, 1),
    budget_s=100.0,
    round_s=10.0,
    workers="",
    scheduler="",
    report_dir=Path("reports"),
    rate=None,
    corpus="",
    arguments=("--keep",),
    selection=(),
)
CREDENTIALS = {"TALLYSTICK_TOKEN": "t", "TALLYSTICK_ACCOUNT": "T12345678"}


class Clock:
    """A clock that stands still."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _plan(clock: Clock | None = None, workers: int = 2, **changes: object) -> Plan:
    return Plan(replace(REQUEST, **changes), workers, clock or Clock())  # type: ignore[arg-type]


def _next(plan: Plan) -> Round:
    round_ = plan.next()
    assert round_ is not None
    return round_


# Runs ---------------------------------------------------------------------------------------------


def test_every_run_has_a_seed_of_its_own() -> None:
    plan = _plan()
    assert [_next(plan).seed for _ in range(4)] == [100, 101, 102, 103]


def test_shards_share_no_seed_and_leave_none_out() -> None:
    plans = [_plan(shard=(index, 3)) for index in (1, 2, 3)]
    seeds = [_next(plan).seed for _ in range(5) for plan in plans]
    assert sorted(seeds) == list(range(100, 115))


def test_a_run_takes_the_target_with_the_fewest_runs_at_the_moment() -> None:
    plan = _plan()
    first, second = _next(plan), _next(plan)
    assert {first.target, second.target} == set(REQUEST.targets)
    plan.end(second, Ended(0, ""))
    assert _next(plan).target == second.target


def test_the_first_run_on_a_target_runs_everything_and_later_ones_what_is_drawn() -> None:
    plan = _plan()
    words = [_next(plan).arguments for _ in range(4)]
    assert [DRAWN in each for each in words] == [False, False, True, True]
    assert all("--keep" in each for each in words)


def test_contracts_that_the_user_names_are_run_every_time() -> None:
    plan = _plan(selection=("contracts/test_void.py",))
    for _ in range(4):
        words = _next(plan).arguments
        assert words[-1] == "contracts/test_void.py"
        assert DRAWN not in words


def test_runs_on_one_target_share_its_rate() -> None:
    assert "--rate=10.0000" in _next(_plan(rate=20.0, workers=4)).arguments
    assert "--rate=20.0000" in _next(_plan(rate=20.0, workers=1)).arguments


def test_the_last_run_takes_what_is_left_and_none_begins_after_the_budget() -> None:
    clock = Clock()
    plan = _plan(clock)
    assert _next(plan).budget_s == 10.0
    clock.now = 86.0
    assert _next(plan).budget_s == 14.0
    clock.now = 99.0
    assert plan.next() is None


def test_a_target_that_cannot_be_judged_again_and_again_is_left_out() -> None:
    plan = _plan(targets=("http://a/v1",))
    for _ in range(MOST_FAILURES):
        assert plan.lacking == []
        plan.end(_next(plan), Ended(4, "it does not answer"))
    assert plan.lacking == ["http://a/v1 was left out: it does not answer"]
    assert plan.next() is None


def test_a_run_that_starts_clears_the_failures_of_its_target() -> None:
    plan = _plan(targets=("http://a/v1",))
    for status in (4, 4, 1, 4, 4):
        plan.end(_next(plan), Ended(status, ""))
    assert plan.next() is not None


# What was asked for -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(variable("target"), raising=False)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    "words",
    [[], ["--budget", "9s", "-n", "2", "-k", "void"], ["--corpus=c", "--collect-only"]],
)
def test_a_hunt_without_options_of_its_own_is_a_single_run(words: list[str]) -> None:
    assert request_of(words) is None


def test_targets_and_options_are_taken_apart() -> None:
    words = "--target http://a/v1 --target=http://b/v1 --budget 2m --seed 7 -n 3 --keep -k void"
    request = request_of([*words.split(), "--header", "A: b", "contracts/test_void.py"])
    assert request is not None
    assert request.targets == ("http://a/v1", "http://b/v1")
    assert (request.budget_s, request.seed, request.workers) == (120.0, 7, "3")
    assert request.arguments == ("--header=A: b", "--keep")
    assert request.selection == ("-k", "void", "contracts/test_void.py")


def test_a_folder_is_named_in_a_way_that_holds_everywhere(tmp_path: Path) -> None:
    request = request_of(["--corpus", "found"])
    assert request is not None
    assert f"--corpus={tmp_path / 'found'}" in request.arguments


def test_a_corpus_of_the_environment_is_on_no_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TALLYSTICK_CORPUS", "redis://user:hush@h:1")
    request = request_of(["--round", "5s"])
    assert request is not None
    assert request.corpus == "redis://user:hush@h:1"
    assert "hush" not in str(request.arguments)


@pytest.mark.parametrize(
    "words",
    [
        ["--shard", "0/3"],
        ["--shard", "4/3"],
        ["--shard", "two"],
        ["--round", "soon"],
        ["--corpus", "c", "--budget", "soon"],
        ["--target", "http://a/v1", "--target", "ftp://b"],
    ],
)
def test_a_value_that_makes_no_sense_is_one_line(words: list[str]) -> None:
    with pytest.raises(SettingsError):
        request_of(words)
