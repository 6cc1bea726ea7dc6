"""A run whose output is cut, closed, full or in ASCII comes to the same verdict and exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tallystick.reporting.result import read_result
from tests.misbehaviour.running import LIMIT_S, ROOT, run_forked, run_started
from tests.proof.servers import Environment
from tests.sampling import LONG

ESSENTIALS = "contracts/test_essentials.py"


def buffered() -> dict[str, str]:
    """The environment, with an output that Python keeps until there is enough of it."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.mark.parametrize("option", ["-v", "-q"])
def test_a_reader_of_the_output_that_leaves_changes_nothing(
    option: str, honest: Environment, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", ESSENTIALS, f"--report-dir={reports}", option]
    process = subprocess.Popen(
        [*command, "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**buffered(), **honest},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(LIMIT_S) == 0
    assert errors == b""
    assert read_result(reports / "result.json")["verdict"] == "conforms"


def test_an_output_that_cannot_be_written_changes_nothing(
    honest: Environment, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", ESSENTIALS, f"--report-dir={reports}"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider"],
            cwd=ROOT,
            env={**buffered(), **honest},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=LIMIT_S,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    assert read_result(reports / "result.json")["verdict"] == "conforms"


def test_without_the_terminal_plugin_the_exit_status_is_the_verdict(
    honest: Environment, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    options = [ESSENTIALS, f"--report-dir={reports}", "-p", "no:terminal", "-o", "addopts="]
    ran = run_forked("pytest", honest, options, reports, LIMIT_S)
    assert (ran.status, ran.verdict) == (0, "conforms"), ran.output
    assert "Traceback" not in ran.output


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_gate_without_the_terminal_plugin_shows_nothing(
    more: tuple[str, ...], honest: Environment, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    options = ["gate", "--smoke", f"--report-dir={reports}", "-p", "no:terminal", *more]
    ran = run_forked("tallystick", honest, options, reports, LIMIT_S)
    assert (ran.status, ran.verdict, ran.output.strip()) == (0, "conforms", "")


GATE, ALONE, WORKERS = "tallystick gate --smoke", ">&-", "<&- >&- -n 2"


@pytest.mark.parametrize(
    ("program", "closed"),
    [
        (f"pytest {ESSENTIALS}", ALONE),
        (GATE, WORKERS),
        pytest.param(f"pytest {ESSENTIALS}", WORKERS, marks=LONG),
        pytest.param(GATE, ALONE, marks=LONG),
    ],
)
def test_closed_streams_change_nothing(
    program: str, closed: str, honest: Environment, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    command = f"{sys.executable} -m {program} --report-dir={reports} -p no:cacheprovider {closed}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        env={**buffered(), **honest},
        stderr=subprocess.PIPE,
        check=False,
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert read_result(reports / "result.json")["verdict"] == "conforms"


def test_an_output_in_ascii_says_the_verdict(honest: Environment, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    ascii_only = {**honest, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    ran = run_started(ascii_only, [ESSENTIALS, f"--report-dir={reports}"], reports, LIMIT_S)
    assert ran.status == 0, ran.output
    lines = ran.output.splitlines()
    assert "-" * 80 in lines
    assert f"More in {reports / 'report.html'}" in lines
    assert any(line.startswith("CONFORMS (PARTIAL): ") for line in lines), ran.output
    assert "\\u" not in ran.output
