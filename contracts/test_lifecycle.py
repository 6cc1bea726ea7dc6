"""The random machine: several cards, holds and tokens at once, legal and illegal commands.

Each rule makes a step from the scene and gives it to a session; the oracle judges every answer.
"""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import seed
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from strategies import commands
from strategies.choices import ENTROPY, Choices
from tallystick.drivers.exploring import Exploration, settings
from tallystick.drivers.sequential import Reading, Session
from tallystick.run import Intensity, Run

EXAMPLES = {Intensity.GATE: 28, Intensity.RELEASE: 150, Intensity.HUNT: 500}
STEPS = {Intensity.GATE: 20, Intensity.RELEASE: 40, Intensity.HUNT: 60}


class Lifecycle(RuleBasedStateMachine):
    """One machine. The strategies choose the steps and the session runs and judges them."""

    def __init__(self, machines: Exploration) -> None:
        super().__init__()
        machines.examples += 1
        self.number = machines.examples
        self.machines = machines
        self.session = Session(machines.run, reading=Reading.LAZY)

    def perform(self, kind: commands.Kind, entropy: bytes) -> None:
        self.machines.check()
        with self.machines.trying():
            choices = Choices(entropy, self.number, len(self.session.story.steps))
            self.session.perform(kind(choices, self.session.resolver.model_state()))
        self.machines.check()

    def teardown(self) -> None:
        if self.machines.end is None:
            with self.machines.trying():
                self.session.finish()

    # One rule for all: Hypothesis switches rules off at random, and a machine that cannot hold, or
    # can never void, reaches no rare state. The weights are in `strategies.commands`.

    @initialize(entropy=ENTROPY)
    def open_a_card(self, entropy: bytes) -> None:
        self.perform(commands.cards, entropy)

    @rule(entropy=ENTROPY)
    def act(self, entropy: bytes) -> None:
        self.perform(commands.steps, entropy)


def run_machine(run: Run, number: int = 0) -> None:
    """Run machines with the run's seed plus `number`.

    Violated if the target breaks a rule, TargetError if it is gone.
    """
    machines = Exploration(run, EXAMPLES[Intensity.GATE])

    @seed(run.seed + number)
    class Machine(Lifecycle):
        def __init__(self) -> None:
            super().__init__(machines)

    chosen = settings(EXAMPLES[run.intensity], STEPS[run.intensity])
    with machines.stopping():
        run_state_machine_as_test(Machine, settings=chosen)
    machines.conclude()


MONEY = pytest.mark.rule("BAL-1", "BAL-2", "BAL-3", "BAL-4", "BAL-5", "BAL-6", "BAL-7", "REF-1")


@MONEY
@pytest.mark.requests(980)
def test_every_sequence_of_commands_keeps_the_ledger(run: Run) -> None:
    run_machine(run)


@MONEY
@pytest.mark.deep
def test_the_ledger_is_kept_until_the_budget_is_spent(run: Run) -> None:
    for number in count(1):
        if not run.has_time():
            return
        run_machine(run, number)
