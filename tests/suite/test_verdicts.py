"""Exit statuses and `result.json`: what a run says when it is over, however it ends."""

from __future__ import annotations

import json
import signal
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from sandbox.process import Sandbox
from tallystick.reporting.compressed import read_text
from tests.misbehaviour.running import Signal, run_forked
from tests.proof.servers import Environment, environment_of
from tests.suite.harness import ESSENTIALS, LIMIT_S, ROOT, Ran, free_url, run_contracts

OWN = ("-c", str(ROOT / "pyproject.toml"), "-p", "tallystick.pytest_plugin")
"""For contracts that are written for a test, outside of the repository."""

PATIENCE_S = 120


def contract(path: Path, *lines: str) -> str:
    """A file with one contract of its own; lines are statements of its body."""
    body = "\n".join(f"    {line}" for line in lines)
    text = (
        "from tallystick.drivers.sequential import run_program\n"
        "from tallystick.program import Program\n\n\n"
        f"def test_of_its_own(run):\n{body}\n"
    )
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_honest_server_conforms_with_status_0(honest: Environment, tmp_path: Path):
    ran = run_contracts(honest, tmp_path / "reports", tests=(ESSENTIALS,))
    assert ran.status == 0, ran.output
    assert ran.result["verdict"] == "conforms"
    assert ran.result["violations"] == []
    assert ran.result["rules"]["CAP-2"]["checked"] > 0


def test_a_faulty_server_violates_with_status_1(faulty: Environment, tmp_path: Path):
    ran = run_contracts(faulty, tmp_path / "reports", tests=(ESSENTIALS,))
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "violates"
    (violation,) = (v for v in ran.result["violations"] if v["rule"] == "CAP-2")
    assert len(violation["steps"]) <= 4
    assert (ran.reports / violation["scenario"]).is_file()
    assert "CAP-2" in ran.output


def test_a_contract_that_raises_is_an_error_with_status_3(honest: Environment, tmp_path: Path):
    lines = ("def pytest_pyfunc_call(pyfuncitem):", "    raise ZeroDivisionError('mine')", "")
    (tmp_path / "breaking.py").write_text("\n".join(lines), encoding="utf-8")
    options = ("-o", f"pythonpath=. {tmp_path}", "-p", "breaking")
    ran = run_contracts(honest, tmp_path / "reports", *options, tests=(ESSENTIALS,))
    assert ran.status == 3, ran.output
    assert ran.result["verdict"] == "error"
    assert "ZeroDivisionError: mine" in str(ran.result["reason"])


def test_a_contract_of_ones_own_that_raises_is_undecided(honest: Environment, tmp_path: Path):
    own = contract(tmp_path / "test_own.py", "raise ZeroDivisionError('mine')")
    ran = run_contracts(honest, tmp_path / "reports", *OWN, tests=(own,))
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "undecided"
    assert "ZeroDivisionError: mine" in str(ran.result["reason"])


def test_a_violation_outweighs_a_contract_that_raises(faulty: Environment, tmp_path: Path):
    own = contract(tmp_path / "test_own.py", "raise ZeroDivisionError('mine')")
    ran = run_contracts(faulty, tmp_path / "reports", *OWN, tests=(own, ESSENTIALS))
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "violates"


def interrupted(environment: Environment, reports: Path, ready: Path, *tests: str) -> Ran:
    """A run that is interrupted as soon as its contract has made the file."""
    options = [*tests, *OWN, "-q", f"--report-dir={reports}"]
    when, signals = ready.exists, [Signal(signal.SIGINT)]
    ran = run_forked(
        "pytest", environment, options, reports, LIMIT_S, is_ready=when, signals=signals
    )
    return Ran(ran.status, ran.output, ran.reports)


def test_an_interrupted_run_tells_what_it_found_with_status_2(faulty: Environment, tmp_path: Path):
    ready = tmp_path / "ready"
    own = contract(
        tmp_path / "test_own.py",
        "import pathlib, time",
        f"pathlib.Path({str(ready)!r}).touch()",
        f"time.sleep({PATIENCE_S})",
    )
    ran = interrupted(faulty, tmp_path / "reports", ready, ESSENTIALS, own)
    assert ran.status == 2, ran.output
    assert "CAP-2" in [violation["rule"] for violation in ran.result["violations"]]


def test_an_interrupted_run_is_not_green(honest: Environment, tmp_path: Path):
    ready = tmp_path / "ready"
    own = contract(
        tmp_path / "test_own.py",
        "import pathlib, time",
        "run_program(run, Program.parse('A = card 1000 NOK'))",
        f"pathlib.Path({str(ready)!r}).touch()",
        f"time.sleep({PATIENCE_S})",
    )
    ran = interrupted(honest, tmp_path / "reports", ready, own)
    assert ran.status == 2, ran.output
    assert ran.result["verdict"] == "undecided"


def test_a_target_that_dies_is_not_green(tmp_path: Path):
    with Sandbox() as sandbox:
        dying = contract(
            tmp_path / "test_own.py",
            "import os, signal",
            "run_program(run, Program.parse('A = card 1000 NOK'))",
            f"os.kill({sandbox._process.pid}, signal.SIGKILL)",
            "run_program(run, Program.parse('A = card 1000 NOK', 'd = draw A 1'))",
        )
        environment = environment_of(sandbox.url)
        ran = run_contracts(
            environment, tmp_path / "reports", *OWN, "--wait=1s", tests=(dying, ESSENTIALS)
        )
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "undecided"


def test_credentials_that_are_withdrawn_are_no_fault_of_the_suite(
    honest: Environment, tmp_path: Path
):
    withdrawn = contract(
        tmp_path / "test_own.py",
        "from tallystick.target import Client",
        "run_program(run, Program.parse('A = card 1000 NOK'))",
        "run.target.authentication._client = Client('admin', 'withdrawn')",
        "run.target.authentication.forget()",
        "run_program(run, Program.parse('A = card 1000 NOK'))",
    )
    tests = (withdrawn, ESSENTIALS)
    ran = run_contracts(honest, tmp_path / "reports", *OWN, "--wait=1s", tests=tests)
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "undecided"
    assert "refused the credentials of client 'admin'" in ran.output
    assert "Traceback" not in ran.output


def test_what_was_found_survives_the_death_of_the_target(tmp_path: Path):
    with Sandbox(faults=["capture_checks_original"]) as sandbox:
        dying = contract(
            tmp_path / "test_own.py",
            "import os, signal",
            f"os.kill({sandbox._process.pid}, signal.SIGKILL)",
            "run_program(run, Program.parse('A = card 1000 NOK', 'd = draw A 1'))",
        )
        environment = environment_of(sandbox.url)
        ran = run_contracts(
            environment, tmp_path / "reports", *OWN, "--wait=1s", tests=(ESSENTIALS, dying)
        )
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "violates"
    assert "CAP-2" in [violation["rule"] for violation in ran.result["violations"]]


def test_advice_that_is_not_kept_is_reported_and_fails_nothing(tmp_path: Path):
    with Sandbox(faults=["caller_sets_created_by"]) as sandbox:
        environment = environment_of(sandbox.url)
        ran = run_contracts(environment, tmp_path / "reports", tests=("contracts/test_input.py",))
    assert ran.status == 0, ran.output
    assert ran.result["verdict"] == "conforms"
    assert [violation["rule"] for violation in ran.result["violations"]] == ["SHAPE-8"]
    assert "all but SHAPE-8 (SHOULD)" in ran.output


def test_a_budget_that_runs_out_is_not_green(honest: Environment, tmp_path: Path):
    slow = contract(
        tmp_path / "test_own.py",
        "import time",
        "run_program(run, Program.parse('A = card 1000 NOK'))",
        "while run.has_time():",
        "    time.sleep(0.05)",
    )
    late = contract(
        tmp_path / "test_own_too.py", "run_program(run, Program.parse('A = card 1000 NOK'))"
    )
    ran = run_contracts(honest, tmp_path / "reports", *OWN, "--budget=1s", tests=(slow, late))
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "undecided"
    assert "budget" in str(ran.result["reason"])


def test_a_rate_is_kept_to(honest: Environment, tmp_path: Path):
    rate = 40
    ran = run_contracts(honest, tmp_path / "reports", f"--rate={rate}", tests=(ESSENTIALS,))
    assert ran.status == 0, ran.output
    # A slow machine sends less; only one that sends more breaks the promise.
    assert ran.result["requests"] <= rate * ran.result["seconds"] + 2


def test_the_same_gate_on_the_same_server_says_the_same(honest: Environment, tmp_path: Path):
    tests = (ESSENTIALS, "contracts/test_lifecycle.py")
    first = run_contracts(honest, tmp_path / "first", tests=tests)
    second = run_contracts(honest, tmp_path / "second", tests=tests)
    assert first.status == second.status == 0, second.output
    assert first.result["requests"] == second.result["requests"]
    assert first.result["rules"] == second.result["rules"]
    assert first.result["dialect"] == second.result["dialect"]


def test_collecting_asks_no_server(tmp_path: Path):
    environment = {
        "TALLYSTICK_TARGET": free_url(),
        "TALLYSTICK_ACCOUNT": "T12345678",
        "TALLYSTICK_TOKEN": "ready",
    }
    ran = run_contracts(
        environment, tmp_path / "reports", "--collect-only", "-q", tests=("contracts",)
    )
    assert ran.status == 0, ran.output
    assert "test_a_hold_is_captured_in_parts" in ran.output
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("server", ["honest", "faulty"])
def test_junit_has_one_case_for_each_contract(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
):
    environment = request.getfixturevalue(server)
    path = tmp_path / "junit.xml"
    ran = run_contracts(
        environment, tmp_path / "reports", f"--junitxml={path}", tests=(ESSENTIALS,)
    )
    cases = [case.get("name") for case in ElementTree.parse(path).iter("testcase")]
    written = (ROOT / ESSENTIALS).read_text(encoding="utf-8").count("\ndef test_")
    assert len(cases) == len(set(cases)), ran.output
    assert len({(name or "").partition("[")[0] for name in cases}) == written, ran.output
    failures = [case.text or "" for case in ElementTree.parse(path).iter("failure")]
    assert bool(failures) == (server == "faulty")
    assert all("CAP-2" in text for text in failures)
    found = ElementTree.parse(path).iter("property")
    properties = [(each.get("name"), each.get("value")) for each in found]
    assert ("rule", "CAP-1") in properties
    assert (("broken", "CAP-2") in properties) == (server == "faulty")


def test_no_secret_is_in_any_report(faulty: Environment, tmp_path: Path):
    ran = run_contracts(faulty, tmp_path / "reports", tests=(ESSENTIALS,))
    texts = [read_text(path) for path in ran.reports.rglob("*") if path.is_file()]
    secret = faulty["TALLYSTICK_CLIENT_SECRET"]
    assert texts
    assert all(secret not in text for text in (*texts, ran.output))
    assert json.loads((ran.reports / "result.json").read_text())["verdict"] == "violates"
