"""Runs through an outage: an honest target is not accused, and a faulty one is still caught."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from tests.misbehaviour.proxy import Behaviour, Turn, answering, misbehaving
from tests.proof.gate import UNSHORTENED
from tests.proof.servers import Environment
from tests.sampling import some
from tests.suite.harness import run_contracts

CONTRACTS = ("contracts/test_essentials.py", "contracts/test_void.py", "contracts/test_pins.py")
LONG_S = 2.5


def failing_after(number: int, seconds: float, fail: Behaviour) -> Behaviour:
    """Fail all requests, those for tokens too, for so long after a number of requests."""
    began: list[float] = []

    def behave(turn: Turn) -> None:
        if turn.number >= number and not began:
            began.append(time.monotonic())
        if began and time.monotonic() - began[0] < seconds:
            fail(turn)
        else:
            turn.pass_on()

    return behave


OUTAGES: dict[str, Behaviour] = {
    "502 of a gateway": answering(502, b"<html>Bad Gateway</html>", ("Content-Type", "text/html")),
    "503 without a time": answering(503, b"{}"),
    "500": answering(500, b'{"error": {"message": "database is down"}}'),
    "resets": Turn.reset,
    "closed connections": Turn.close,
}


@pytest.mark.parametrize("name", OUTAGES)
@pytest.mark.parametrize("number", [60])
def test_an_outage_accuses_an_honest_target_of_nothing(
    name: str, number: int, honest: Environment, tmp_path: Path
) -> None:
    behaviour = failing_after(number, LONG_S, OUTAGES[name])
    with misbehaving(honest, behaviour) as environment:
        ran = run_contracts(environment, tmp_path / "reports", tests=CONTRACTS)
    assert ran.result["violations"] == [], ran.output
    assert ran.status == 0, ran.output
    (outage,) = ran.result["outages"]
    assert LONG_S - 1 <= outage["seconds"] <= LONG_S + 10
    assert "The target could not be reached once" in " ".join(ran.output.split())


def test_an_outage_that_does_not_end_leaves_the_run_undecided(
    honest: Environment, tmp_path: Path
) -> None:
    with misbehaving(honest, failing_after(40, 1e9, OUTAGES["502 of a gateway"])) as environment:
        ran = run_contracts(environment, tmp_path / "reports", "--wait=1s", tests=CONTRACTS)
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "undecided"
    assert "was unreachable" in ran.output


def is_capture(turn: Turn) -> bool:
    return turn.path.endswith("/capture")


def is_write(turn: Turn) -> bool:
    return turn.command == "POST"


@pytest.mark.parametrize(
    ("which", "name"), some(product([is_capture, is_write], list(OUTAGES)[:3]), 3)
)
def test_a_failure_of_one_kind_of_request_is_a_fault(
    which: Callable[[Turn], bool], name: str, honest: Environment, tmp_path: Path
) -> None:
    def behave(turn: Turn) -> None:
        if which(turn) and not turn.is_token:
            OUTAGES[name](turn)
        else:
            turn.pass_on()

    with misbehaving(honest, behave) as environment:
        ran = run_contracts(environment, tmp_path / "reports", *UNSHORTENED, tests=CONTRACTS)
    assert ran.status == 1, ran.output
    assert "SHAPE-2" in [violation["rule"] for violation in ran.result["violations"]], ran.output


def test_credentials_that_end_in_the_middle_leave_the_run_undecided(
    honest: Environment, tmp_path: Path
) -> None:
    refuse = answering(401, b'{"error": {"message": "no"}}')

    def behave(turn: Turn) -> None:
        (refuse if turn.number >= 40 and not turn.is_token else Turn.pass_on)(turn)

    with misbehaving(honest, behave) as environment:
        ran = run_contracts(environment, tmp_path / "reports", tests=CONTRACTS)
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "undecided", ran.output
    assert ran.result["violations"] == []
    assert "no longer" in ran.output
