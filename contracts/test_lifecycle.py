"""The random machine: several cards, holds and tokens at once, legal and illegal commands.

Its rules make a step for the scene and hand it to a session; the oracle judges every answer. What
ends the machine ends it quietly and is raised after it, because Hypothesis would run a failing
example again, on fresh cards, and call it flaky if the server failed only now and then.
"""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from strategies import commands
from strategies.dice import THROWS, Dice
from tallystick.drivers.sequential import Reading, Session
from tallystick.run import Intensity, Run, Violated
from tallystick.target import TargetError

EXAMPLES = {Intensity.GATE: 32, Intensity.RELEASE: 150, Intensity.HUNT: 500}
STEPS = {Intensity.GATE: 20, Intensity.RELEASE: 40, Intensity.HUNT: 60}


class Outcome:
    """What ended a machine; shared by all its examples."""

    end: Violated | TargetError | None = None
    machines: int = 0


class Lifecycle(RuleBasedStateMachine):
    """Rules throw dice, the session performs; nothing is decided here."""

    def __init__(self, run: Run, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome
        outcome.machines += 1
        self.number = outcome.machines
        self.session = Session(run, reading=Reading.LAZY)

    def perform(self, kind: commands.Kind, thrown: bytes) -> None:
        if self.outcome.end is not None or not self.session.run.has_time():
            return
        try:
            dice = Dice(thrown, self.number, len(self.session.performed))
            self.session.perform(kind(dice, self.session.scene()))
        except (Violated, TargetError) as end:
            self.outcome.end = end

    def teardown(self) -> None:
        if self.outcome.end is None:
            try:
                self.session.finish()
            except (Violated, TargetError) as end:
                self.outcome.end = end

    # One rule for all: Hypothesis switches rules off at random, and a machine that cannot hold, or
    # can never void, meets nothing that is rare. The weights are in `strategies.commands`.

    @initialize(thrown=THROWS)
    def open_a_card(self, thrown: bytes) -> None:
        self.perform(commands.cards, thrown)

    @rule(thrown=THROWS)
    def act(self, thrown: bytes) -> None:
        self.perform(commands.steps, thrown)


def run_machine(run: Run, number: int = 0) -> None:
    """Run the machine with the run's seed plus `number`.

    Violated if the target breaks a rule, TargetError if it is gone.
    """
    outcome = Outcome()

    @seed(run.seed + number)
    class Machine(Lifecycle):
        def __init__(self) -> None:
            super().__init__(run, outcome)

    # Explicit settings: a CI profile of Hypothesis would make every run derandomized and drop the
    # health checks with it. Shrinking is ours (see drivers.reduce), so it is off here.
    chosen = settings(
        max_examples=EXAMPLES[run.intensity],
        stateful_step_count=STEPS[run.intensity],
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(Machine, settings=chosen)
    if outcome.end is not None:
        raise outcome.end


MONEY = pytest.mark.rule("BAL-1", "BAL-2", "BAL-3", "BAL-4", "BAL-5", "BAL-6", "BAL-7", "REF-1")


@MONEY
def test_every_sequence_of_commands_keeps_the_ledger(run: Run) -> None:
    run_machine(run)


@MONEY
@pytest.mark.deep
def test_the_ledger_is_kept_until_the_budget_is_spent(run: Run) -> None:
    for number in count(1):
        if not run.has_time():
            return
        run_machine(run, number)
