"""Runs the random machine of the contracts in memory, with a fixed seed, and lets a test look on.

Knows how the machine is run; nothing of what is looked for.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from contracts.test_lifecycle import Lifecycle
from strategies.commands import Kind
from tallystick.drivers.exploring import Exploration, settings
from tallystick.drivers.sequential import Session
from tallystick.run import Run, Violated

Look = Callable[[Session], None]


def drive(run: Run, *, number: int, examples: int, steps: int, look: Look) -> Violated | None:
    """Run the machine; `look` is called after every step. What it found, if anything."""
    machines = Exploration(run)

    @seed(number)
    class Machine(Lifecycle):
        def __init__(self) -> None:
            super().__init__(machines)

        def perform(self, kind: Kind, entropy: bytes) -> None:
            super().perform(kind, entropy)
            look(self.session)

    with machines.stopping():
        run_state_machine_as_test(Machine, settings=settings(examples, steps))
    try:
        machines.conclude()
    except Violated as violated:
        return violated
    return None
