"""An API of holds alone: no honest server is accused, and faults are found by their rules."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tallystick.documents.questions import open_dialect
from tallystick.drivers.probe import PROBES, ask
from tallystick.ledger.traits import Traits
from tallystick.run import Violated
from tests.ledger.simulated_holds import HOLDS, HoldServer
from tests.ledger.watching import any_answers
from tests.strategies.hold_memory import FIRST, run_on_holds
from tests.strategies.machine import drive

SERVERS = 80
MACHINES = 6
STEPS = 25


def some_traits(rng: random.Random) -> Traits:
    return replace(
        HOLDS,
        retries=rng.random() < 0.7,
        part_of_void=rng.random() < 0.5,
        decimal=rng.random() < 0.5,
        least=rng.choice([0, 0, 50]),
    )


def accused(number: int) -> Violated | None:
    """What the machines of a seed say of the server of that seed."""
    rng = random.Random(number)
    server = HoldServer(any_answers(rng, open_dialect()), some_traits(rng), rng.random() < 0.5)
    return drive(
        run_on_holds(server), number=number, examples=MACHINES, steps=STEPS, look=lambda _: None
    )


def test_no_honest_server_is_accused() -> None:
    found = {number: str(why) for number in range(SERVERS) if (why := accused(number))}
    assert found == {}


@pytest.mark.parametrize("rest", ["kept", "released"])
@pytest.mark.parametrize("default", ["accept", "refuse"])
@pytest.mark.parametrize("refund", ["accept", "refuse"])
def test_the_probe_learns_what_other_apis_leave_open(rest: str, default: str, refund: str) -> None:
    told = {"capture.rest": rest, "capture.default": default, "void.captured": refund}
    run = run_on_holds(HoldServer({**FIRST, **told}))
    for name in PROBES:
        ask(run, name)
    assert {question: run.dialect.answer(question) for question in told} == told
