"""Explorations end where they are over: nothing more is drawn, and nothing is played twice."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import strategies
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tallystick.documents.shape import load
from tallystick.drivers.exploring import Exploration, explore, settings
from tallystick.ledger.vocabulary import Violation
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.program import Program
from tallystick.run import Finding, Run, Violated
from tallystick.target import Address, Client, HttpTarget, TargetGone


@pytest.fixture
def run() -> Run:
    target = HttpTarget(
        Address("http://127.0.0.1:9/v1", "T12345678"), Client(token="x"), profile=Wallet()
    )
    return Run(target, Wallet(), load(), dialect_of(Wallet()), budget_s=60.0)


class Inputs:
    """Numbers, and how many of them were drawn."""

    def __init__(self) -> None:
        self.drawn = 0
        self.all = strategies.integers().map(self._count)

    def _count(self, number: int) -> int:
        self.drawn += 1
        return number


def test_all_examples_are_played_while_there_is_time(run: Run) -> None:
    inputs, played = Inputs(), []
    explore(run, inputs.all, 20, played.append)
    assert len(played) == 20


def test_nothing_is_drawn_for_long_once_the_time_is_up(run: Run) -> None:
    inputs, played = Inputs(), []

    def play(number: int) -> None:
        played.append(number)
        if len(played) == 3:
            run.deadline = time.monotonic()

    explore(run, inputs.all, 5000, play)
    assert len(played) == 3
    assert inputs.drawn <= 6


def test_the_first_examples_are_played_though_there_is_no_time_to_go_deeper(run: Run) -> None:
    inputs, played = Inputs(), []
    run.begin_test("x", deepen_until=time.monotonic())
    explore(run, inputs.all, 5000, played.append, least=4)
    assert len(played) == 4


@pytest.mark.parametrize("what", ["violated", "gone"])
def test_what_ends_it_is_raised_and_nothing_is_played_after_it(run: Run, what: str) -> None:
    finding = Finding(Violation("CAP-2", "a", "b"), Program(), (), 1)
    error: Any = Violated(finding) if what == "violated" else TargetGone("gone")
    inputs, played = Inputs(), []

    def play(number: int) -> None:
        played.append(number)
        if len(played) == 3:
            raise error

    with pytest.raises(type(error)):
        explore(run, inputs.all, 5000, play)
    assert len(played) == 3
    assert inputs.drawn <= 6


def test_a_machine_ends_with_its_exploration(run: Run) -> None:
    exploration = Exploration(run)
    steps: list[int] = []

    class Machine(RuleBasedStateMachine):
        @rule(number=strategies.integers())
        def step(self, number: int) -> None:
            exploration.check()
            steps.append(number)
            if len(steps) == 3:
                run.deadline = time.monotonic()
            exploration.check()

    with exploration.stopping():
        run_state_machine_as_test(Machine, settings=settings(500, 50))
    exploration.conclude()
    assert len(steps) == 3


def test_an_error_of_another_kind_is_not_swallowed(run: Run) -> None:
    def play(number: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        explore(run, Inputs().all, 10, play)
