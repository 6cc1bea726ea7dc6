"""What ends the random machine ends all of it, and is raised as it is; equal seeds do the same."""

from __future__ import annotations

import pytest

from contracts.test_lifecycle import run_machine
from tallystick.ledger.vocabulary import Command, Outcome
from tallystick.run import Violated
from tallystick.target import Exchange, TargetGone
from tests.ledger import mutants
from tests.strategies.memory import Memory, run_in_memory, run_on


class Dying(Memory):
    """Answers some requests, and is gone after that."""

    answers_left = 40

    def perform(self, command: Command) -> tuple[Outcome, Exchange]:
        if self.meter.requests == self.answers_left:
            self.meter.take()
            raise TargetGone("it is gone")
        assert self.meter.requests < self.answers_left, "a target that is gone is not asked again"
        return super().perform(command)


def test_nothing_is_sent_to_a_target_that_is_gone() -> None:
    with pytest.raises(TargetGone, match="it is gone"):
        run_machine(run_on(Dying()))


def test_a_violation_is_raised_once_and_is_not_run_again() -> None:
    run = run_in_memory(mutants.VoidReleasesNothing)
    with pytest.raises(Violated):
        run_machine(run)
    assert len(run.findings) == 1


class Logging(Memory):
    """Remembers the requests."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []

    def perform(self, command: Command) -> tuple[Outcome, Exchange]:
        amount = getattr(command, "amount", None)
        self.log.append(f"{type(command).__name__} {amount}")
        return super().perform(command)


def asked(number: int) -> list[str]:
    target = Logging()
    run_machine(run_on(target), number)
    return target.log


def test_equal_seeds_ask_for_the_same_and_others_for_something_else() -> None:
    assert asked(1) == asked(1)
    assert asked(1) != asked(2)
