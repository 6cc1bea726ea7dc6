"""Runs with workers: the same as one process says, whatever becomes of a worker."""

from __future__ import annotations

import datetime
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sandbox.process import Sandbox
from tallystick.known import entry_text
from tallystick.reporting.journal import read_journal
from tallystick.reporting.journal_files import journal_in, read_parts
from tallystick.reporting.result import Result, read_result
from tests.misbehaviour.running import LIMIT_S, Signal, Watched, run_forked, run_started
from tests.proof.servers import Environment, environment_of
from tests.suite.harness import ESSENTIALS, ROOT, tallystick

OWN = ("-c", str(ROOT / "pyproject.toml"), "-p", "tallystick.pytest_plugin")
SELECTED = (ESSENTIALS, "contracts/test_dialect.py", "contracts/test_void.py")
HEAD = """\
import os, pathlib, signal, time
from tallystick.drivers.sequential import run_program
from tallystick.program import Program
HERE = pathlib.Path(__file__).parent

def wait_for(name):
    while not (HERE / name).exists():
        time.sleep(0.02)
"""


forked = partial(run_forked, "pytest")


def run(environment: Environment, reports: Path, *arguments: str) -> Watched:
    return forked(environment, [*arguments, f"--report-dir={reports}"], reports, LIMIT_S)


def own(directory: Path, **tests: str) -> str:
    """A file with contracts of its own, by their names and bodies."""
    bodies = [
        f"def test_{name}(run):\n" + "".join(f"    {line}\n" for line in body.splitlines())
        for name, body in tests.items()
    ]
    path = directory / "test_own.py"
    path.write_text("\n\n".join([HEAD, *bodies]), encoding="utf-8")
    return str(path)


def result_of(ran: Watched) -> Result:
    return read_result(ran.reports / "result.json")


def rules_of(result: Result) -> dict[str, int]:
    return {rule: counted["checked"] for rule, counted in result["rules"].items()}


def journal_of(ran: Watched) -> list[int]:
    """The numbers of the exchanges in the journal, which has to be whole."""
    numbers = [record.number for record in read_journal(journal_in(ran.reports)).records]
    assert read_parts(ran.reports) == []
    return numbers


@pytest.mark.parametrize("server", ["honest", "faulty"])
def test_workers_find_what_one_process_finds(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    environment = request.getfixturevalue(server)
    alone = run(environment, tmp_path / "alone", *SELECTED)
    together = run(environment, tmp_path / "together", *SELECTED, "-n", "2")
    assert together.status == alone.status, together.output
    one, two = result_of(alone), result_of(together)
    for member in ("verdict", "partial", "dialect", "not_claimed", "seed", "left_open"):
        assert two[member] == one[member], member
    assert [entry["rule"] for entry in two["violations"]] == [
        entry["rule"] for entry in one["violations"]
    ]
    assert [entry["steps"] for entry in two["violations"]] == [
        entry["steps"] for entry in one["violations"]
    ]
    if server == "honest":
        assert {rule for rule, times in rules_of(two).items() if times} == {
            rule for rule, times in rules_of(one).items() if times
        }
        # Each worker has to find out by itself that an answer 404 is no missing operation.
        assert two["requests"] <= one["requests"] * 1.05
    assert journal_of(together) == list(range(1, two["requests"] + 1))
    assert together.output.count("More in ") == 1


def test_a_violation_of_a_worker_is_replayed_from_its_scenario(
    faulty: Environment, tmp_path: Path
) -> None:
    ran = run(faulty, tmp_path / "reports", ESSENTIALS, "-n", "2")
    (violation,) = (v for v in result_of(ran)["violations"] if v["rule"] == "CAP-2")
    scenario = str(ran.reports / violation["scenario"])
    assert tallystick(faulty, tmp_path / "replay", "replay", scenario).status == 1


def test_a_worker_that_dies_leaves_the_run_undecided_and_loses_nothing(
    honest: Environment, tmp_path: Path
) -> None:
    dying = "run_program(run, Program.parse('A = card 1000 NOK', 'h = hold A 100'))\n"
    path = own(tmp_path, dies=f"{dying}os.kill(os.getpid(), signal.SIGKILL)", ends=dying)
    ran = run(honest, tmp_path / "reports", *OWN, path, "-n", "2")
    assert ran.status == 1, ran.output
    result = result_of(ran)
    assert result["verdict"] == "undecided"
    assert "died while it ran" in str(result["reason"])
    assert result["left_open"] is None
    records = read_journal(journal_in(ran.reports)).records
    assert sum(record.operation == "aid_cards_post" for record in records) == 2
    assert read_parts(ran.reports) == []


def test_another_worker_stands_in_for_one_that_died(honest: Environment, tmp_path: Path) -> None:
    path = own(
        tmp_path,
        a_dies="wait_for('b_began')\nos.kill(os.getpid(), signal.SIGKILL)",
        b="(HERE / 'b_began').touch()\nwait_for('c_began')",
        c="(HERE / 'c_began').touch()",
        d="run_program(run, Program.parse('A = card 1000 NOK'))",
    )
    ran = run(honest, tmp_path / "reports", *OWN, path, "-n", "2")
    assert ran.status == 1, ran.output
    result = result_of(ran)
    assert result["verdict"] == "undecided"
    assert "died while it ran" in str(result["reason"])
    assert "not finished: 1 of 4 tests" in str(result["reason"])


def test_a_violation_outlives_its_worker(faulty: Environment, tmp_path: Path) -> None:
    lines = ("A = card 1000 NOK", "h = hold A 100", "c = capture h 50", "x = capture h remaining+1")
    dies = (
        f"try:\n    run_program(run, Program.parse(*{lines}))\n"
        "finally:\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    ran = run(faulty, tmp_path / "reports", *OWN, own(tmp_path, dies=dies), "-n", "1")
    assert ran.status == 1, ran.output
    assert result_of(ran)["verdict"] == "violates"
    assert "CAP-2" in [entry["rule"] for entry in result_of(ran)["violations"]]


@pytest.mark.parametrize(
    ("number", "running"), [(signal.SIGINT, run_started), (signal.SIGTERM, forked)]
)
def test_a_signal_ends_all_workers_and_loses_nothing(
    number: signal.Signals, running: Callable[..., Watched], honest: Environment, tmp_path: Path
) -> None:
    busy = (
        "(HERE / 'ready').touch()\n"
        "while True:\n    run_program(run, Program.parse('A = card 1000 NOK', 'h = hold A 100'))"
    )
    path, reports = own(tmp_path, one=busy, two=busy), tmp_path / "reports"
    ran = running(
        honest,
        [*OWN, path, "-n", "2", f"--report-dir={reports}"],
        reports,
        LIMIT_S,
        is_ready=(tmp_path / "ready").exists,
        signals=[Signal(number, 0.5)],
    )
    assert ran.status == 2, ran.output
    result = result_of(ran)
    assert result["verdict"] == "undecided"
    assert "broken off" in str(result["reason"])
    assert "budget" not in str(result["reason"])
    assert result["left_open"] is None
    assert sorted(journal_of(ran)) == list(range(1, result["requests"] + 1))


LOOKS = """\
from tallystick.ledger.vocabulary import Violation
from tallystick.run import Finding
program = Program.parse("A = card 1000 NOK", "h = hold A 100", "c = capture h 101")

def forever(program):
    (HERE / "ready").touch()
    while True:
        run_program(run, Program.parse("A = card 1000 NOK"))

run.record(Finding(Violation("CAP-2", "a refusal", "accepted"), program, (), 1, attempt=forever))
"""
GONE = """\
run_program(run, Program.parse("A = card 1000 NOK"))
os.kill({process}, signal.SIGKILL)
(HERE / "ready").touch()
run_program(run, Program.parse("A = card 1000 NOK"))
"""


@pytest.mark.parametrize("busy", ["looks into a finding", "waits for its target"])
def test_a_worker_ends_by_itself_whatever_it_is_busy_with(busy: str, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        assert sandbox._process is not None
        looks = busy.startswith("looks")
        body = LOOKS if looks else GONE.format(process=sandbox._process.pid)
        path, reports = own(tmp_path, busy=body), tmp_path / "reports"
        ran = forked(
            environment_of(sandbox.url),
            [*OWN, path, "-n", "2", f"--report-dir={reports}", "--wait=100s"],
            reports,
            LIMIT_S,
            is_ready=(tmp_path / "ready").exists,
            signals=[Signal(signal.SIGINT, 0.5)],
        )
    assert ran.status == 2, ran.output
    result = result_of(ran)
    assert result["verdict"] == ("violates" if looks else "undecided")
    assert looks or "broken off" in str(result["reason"])
    assert "did not stop" not in str(result["reason"])
    assert [entry["rule"] for entry in result["violations"]] == (["CAP-2"] if looks else [])


def test_what_a_killed_controller_leaves_is_swept(honest: Environment, tmp_path: Path) -> None:
    busy = (
        "run_program(run, Program.parse('A = card 1000 NOK', 'h = hold A 100'))\n"
        "(HERE / 'ready').touch()\n"
        "time.sleep(2)"
    )
    path, reports = own(tmp_path, one=busy), tmp_path / "reports"
    ran = forked(
        honest,
        [*OWN, path, "-n", "1", f"--report-dir={reports}"],
        reports,
        LIMIT_S,
        is_ready=(tmp_path / "ready").exists,
        signals=[Signal(signal.SIGKILL, 0.1)],
    )
    assert result_of(ran)["verdict"] == "undecided"
    (part,) = read_parts(reports)
    assert [record.operation for record in part.records].count("aid_cards_post") == 1
    swept = tallystick(honest, tmp_path / "swept", "sweep", str(reports))
    assert swept.status == 0, swept.output


def test_tests_that_get_contradictory_answers_break_a_rule(
    honest: Environment, tmp_path: Path
) -> None:
    learn = "run.learn(run.dialect.narrow('ref.same.drawdown', ['{}']) or run.dialect)"
    path = own(
        tmp_path,
        a=f"wait_for('b_began')\nrun.count_checked('REF-1')\n{learn.format('replay')}",
        b=f"(HERE / 'b_began').touch()\nwait_for('a_ended')\n{learn.format('refuse')}",
        c="(HERE / 'a_ended').touch()",
        d="pass",
    )
    ran = run(honest, tmp_path / "reports", *OWN, path, "-n", "2")
    assert ran.status == 1, ran.output
    assert [entry["rule"] for entry in result_of(ran)["violations"]] == ["DIA-1"]


def test_workers_without_contracts_are_those_of_pytest_xdist(tmp_path: Path) -> None:
    ran = run({}, tmp_path / "reports", "tests/wire/test_shape.py", "-n", "2")
    assert ran.status == 0, ran.output
    assert " passed" in ran.output
    assert not (tmp_path / "reports").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_embedded_sandbox_is_shared(tmp_path: Path) -> None:
    ran = run({}, tmp_path / "reports", ESSENTIALS, "-n", "2")
    assert ran.status == 0, ran.output
    assert result_of(ran)["requests"] == 121


def test_a_target_that_dies_ends_all_workers(tmp_path: Path) -> None:
    once = "run_program(run, Program.parse('A = card 1000 NOK'))\n"
    with Sandbox() as sandbox:
        assert sandbox._process is not None
        path = own(
            tmp_path,
            kills=f"{once}os.kill({sandbox._process.pid}, signal.SIGKILL)\n{once}",
            goes_on=f"while True:\n    {once}",
            comes_later=once,
        )
        environment = environment_of(sandbox.url)
        ran = run(environment, tmp_path / "reports", *OWN, path, "-n", "2", "--wait=1s")
    assert ran.status == 1, ran.output
    result = result_of(ran)
    assert result["verdict"] == "undecided"
    assert "unreachable" in str(result["reason"])


def test_a_budget_is_that_of_all_workers(honest: Environment, tmp_path: Path) -> None:
    busy = "while True:\n    run_program(run, Program.parse('A = card 1000 NOK'))"
    path = own(tmp_path, one=busy, two=busy, three=busy)
    ran = run(honest, tmp_path / "reports", *OWN, path, "-n", "2", "--budget=4s")
    assert ran.status == 1, ran.output
    result = result_of(ran)
    assert result["verdict"] == "undecided"
    assert "the budget was spent" in str(result["reason"])
    assert result["left_open"] is None


def test_a_test_that_cannot_be_collected_ends_the_run(honest: Environment, tmp_path: Path) -> None:
    path = own(tmp_path, one="pass")
    (tmp_path / "test_broken.py").write_text("import no_such_module\n", encoding="utf-8")
    broken = str(tmp_path / "test_broken.py")
    ran = run(honest, tmp_path / "reports", *OWN, path, broken, "-n", "2")
    assert ran.status == 3, ran.output
    assert not (tmp_path / "reports").exists()


def test_a_contract_that_raises_is_explained(honest: Environment, tmp_path: Path) -> None:
    path = own(tmp_path, one="raise ZeroDivisionError('mine')", two="pass")
    ran = run(honest, tmp_path / "reports", *OWN, path, "-n", "2")
    assert ran.status == 1, ran.output
    assert "ZeroDivisionError: mine" in str(result_of(ran)["reason"])


def test_a_known_issue_is_known_to_every_worker(faulty: Environment, tmp_path: Path) -> None:
    tests = (ESSENTIALS, "contracts/test_capture.py")
    found = result_of(run(faulty, tmp_path / "found", *tests, "-n", "2"))
    (entry,) = found["violations"]
    day = datetime.date.today() + datetime.timedelta(days=30)
    known = tmp_path / "known.yaml"
    text = entry_text(
        entry["rule"], entry["fingerprint"], entry["kind"], entry["steps"], "W-1", day
    )
    known.write_text(text, encoding="utf-8")
    ran = run(faulty, tmp_path / "reports", *tests, "-n", "2", f"--known={known}")
    assert ran.status == 0, ran.output
    assert [issue["state"] for issue in result_of(ran)["known"]] == ["seen"]


A_CAUSE = """\
from tallystick.ledger.vocabulary import Violation
from tallystick.run import Finding
program = Program.parse("A = card 1000 NOK", "h = hold A 100", "c = capture h 101")
try:
    run.record(Finding(Violation("CAP-2", "a refusal", "{kind}"), program, (), 1))
finally:
    (HERE / "done").touch()
"""


def test_a_known_issue_without_a_fingerprint_explains_one_cause_of_all_workers(
    honest: Environment, tmp_path: Path
) -> None:
    first, other = A_CAUSE.format(kind="accepted"), A_CAUSE.format(kind="balance 5")
    path = own(tmp_path, first=first, second=f"wait_for('done')\n{other}")
    known = tmp_path / "known.yaml"
    day = datetime.date.today() + datetime.timedelta(days=30)
    known.write_text(f"- {{rule: CAP-2, reason: W-1, until: {day}}}\n", encoding="utf-8")
    ran = run(honest, tmp_path / "reports", *OWN, path, "-n", "2", f"--known={known}")
    result = result_of(ran)
    assert [entry["actual"] for entry in result["violations"]] == ["balance 5"], ran.output
    assert [issue["state"] for issue in result["known"]] == ["seen"]


def test_an_expired_known_issue_is_said_once(honest: Environment, tmp_path: Path) -> None:
    known = tmp_path / "known.yaml"
    known.write_text("- {rule: CAP-2, reason: W-1, until: 2020-01-31}\n", encoding="utf-8")
    ran = run(honest, tmp_path / "reports", ESSENTIALS, "-n", "2", f"--known={known}")
    assert ran.status == 1, ran.output
    assert result_of(ran)["verdict"] == "undecided"
    assert str(result_of(ran)["reason"]).count("has expired on 2020-01-31") == 1
    assert [issue["state"] for issue in result_of(ran)["known"]] == ["expired"]
