"""Runs the random machine of the contracts in memory, with a fixed seed, and lets a test look on.

Knows how the machine is run; nothing of what is looked for.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from contracts.test_lifecycle import Lifecycle, Outcome
from strategies.commands import Kind
from tallystick.drivers.sequential import Session
from tallystick.run import Run, Violated
from tallystick.target import TargetError

Look = Callable[[Session], None]


def drive(run: Run, *, number: int, examples: int, steps: int, look: Look) -> Violated | None:
    """Run the machine; `look` is called after every step. What it found, if anything."""
    outcome = Outcome()
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    @seed(number)
    class Machine(Lifecycle):
        def __init__(self) -> None:
            super().__init__(run, outcome)

        def perform(self, kind: Kind, thrown: bytes) -> None:
            super().perform(kind, thrown)
            look(self.session)

    run_state_machine_as_test(Machine, settings=chosen)
    if isinstance(outcome.end, TargetError):
        raise outcome.end
    return outcome.end
