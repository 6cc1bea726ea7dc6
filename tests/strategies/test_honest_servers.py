"""The random machine accuses no honest server: simulated wallets of any dialect."""

from __future__ import annotations

import random

from tallystick.run import Violated
from tests.ledger.simulator import HonestServer
from tests.ledger.watching import any_answers, any_habits
from tests.strategies.machine import drive
from tests.strategies.memory import run_in_memory

SERVERS = 60
MACHINES = 10
STEPS = 25


def accused(number: int) -> Violated | None:
    """What the machines of a seed say of the server of that seed."""
    rng = random.Random(number)
    answers, habits = any_answers(rng), any_habits(rng)
    run = run_in_memory(lambda _: HonestServer(answers, habits))
    return drive(run, number=number, examples=MACHINES, steps=STEPS, look=lambda _: None)


def test_no_honest_server_is_accused() -> None:
    assert [number for number in range(SERVERS) if accused(number) is not None] == []
