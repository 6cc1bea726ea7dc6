"""`-n auto`: how many workers there are, and that the target is connected once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tallystick.parallel.number import number_of_workers
from tallystick.reporting.result import read_result
from tests.misbehaviour.proxy import Turn, misbehaving
from tests.misbehaviour.running import LIMIT_S, run_forked
from tests.proof.servers import Environment, forked_sandbox
from tests.suite.harness import ESSENTIALS

WAITING = [(0.1, 2, 8), (1.0, 2, 8), (0.05, 1, 4), (0.05, 2, 4), (0.02, 1, 2), (0.012, 1, 0)]
QUICK = [(0.001, 1, 0), (0.001, 2, 2), (0.001, 64, 4)]


@pytest.mark.parametrize(("latency_s", "processors", "number"), [*WAITING, *QUICK])
def test_slow_answers_and_many_processors_are_reasons_for_workers(
    latency_s: float, processors: int, number: int
) -> None:
    assert number_of_workers(latency_s, processors) == number


def test_a_slow_target_gets_eight_workers_and_is_connected_once(tmp_path: Path) -> None:
    reports, paths = tmp_path / "reports", list[str]()

    def slow(turn: Turn) -> None:
        if not turn.is_token:
            paths.append(turn.path)
        time.sleep(0.1)
        turn.pass_on()

    with forked_sandbox() as honest, misbehaving(honest, slow) as environment:
        options = [ESSENTIALS, "-n", "auto", f"--report-dir={reports}"]
        ran = run_forked("pytest", environment, options, reports, LIMIT_S)
    assert ran.status == 0, ran.output
    assert "8/8 workers" in ran.output
    assert read_result(reports / "result.json")["verdict"] == "conforms"
    assert sum(path.endswith("/cards?limit=1") for path in paths) == 1


def test_a_target_that_cannot_be_reached_is_said_once(
    tmp_path: Path,
) -> None:
    nowhere: Environment = {
        "TALLYSTICK_TARGET": "http://127.0.0.1:9/v1",
        "TALLYSTICK_ACCOUNT": "T12345678",
        "TALLYSTICK_TOKEN": "x",
        "TALLYSTICK_WAIT": "0.2s",
    }
    reports = tmp_path / "reports"
    options = [ESSENTIALS, "-n", "auto", f"--report-dir={reports}"]
    ran = run_forked("pytest", nowhere, options, reports, LIMIT_S)
    assert ran.status == 4, ran.output
    said = [line for line in ran.output.splitlines() if line.startswith("ERROR: ")]
    assert len(said) == 1, ran.output
