"""Scenarios of a folder come first, each as a test, also with workers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tallystick.options import SettingsError
from tallystick.regressions import read_regressions
from tallystick.reporting.result import read_result
from tests.misbehaviour.behaviours import cut
from tests.misbehaviour.proxy import Turn, misbehaving
from tests.misbehaviour.running import LIMIT_S, Watched, run_forked
from tests.proof.gate import run_gate
from tests.proof.servers import Environment, forked_sandbox
from tests.suite.harness import tallystick

ORIGINAL = """\
rule: CAP-2
steps:
  - A = card 1000 NOK
  - h1 = hold A 100
  - c1 = capture h1 60
  - c2 = capture h1 60
"""
VOID = """\
rule: VOID-1
steps:
  - A = card 1000 NOK
  - h1 = hold A 100
  - v1 = void h1
"""
ONLY = ("-k", "regressions or test_a_hold_is_voided_before_and_after_a_part")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two scenarios of the Wallet API, and one of another API."""
    found = tmp_path / "regressions"
    (found / "voids").mkdir(parents=True)
    (found / "original.yaml").write_text(ORIGINAL)
    (found / "voids" / "void.yml").write_text(VOID)
    (found / "other.yaml").write_text(f"profile: stripe-charges\n{ORIGINAL}")
    return found


def order_of(output: str) -> list[str]:
    lines = [line.split()[0] for line in output.splitlines() if " PASSED" in f"{line} "]
    return [line for line in lines if "::" in line or "regressions" in line]


def test_on_an_honest_server_each_passes_before_all_contracts(folder: Path) -> None:
    with forked_sandbox() as environment:
        outcome = run_gate(environment, "-v", "-v", f"--regressions={folder}", *ONLY)
    assert outcome.status == 0, outcome.output
    order = order_of(outcome.output)
    assert order[:2] == ["regressions/original.yaml", "regressions/voids/void.yml"]
    assert len(order) == 3
    assert "it is for the profile stripe-charges" in outcome.output


def test_on_a_faulty_server_the_scenario_is_what_finds_it(folder: Path) -> None:
    with forked_sandbox(faults=["capture_checks_original"]) as environment:
        outcome = run_gate(environment, f"--regressions={folder}", *ONLY)
    assert (outcome.status, outcome.verdict) == (1, "violates"), outcome.output
    (entry,) = outcome.violations
    assert (entry["rule"], entry["test"]) == ("CAP-2", "regressions/original.yaml")
    assert entry["replays"] == [4, 4]


def test_with_workers_they_are_the_same_tests(folder: Path, tmp_path: Path) -> None:
    with forked_sandbox(faults=["capture_checks_original"]) as environment:
        ran = watched(environment, tmp_path / "reports", "-n2", f"--regressions={folder}", *ONLY)
    assert ran.status == 1, ran.output
    (entry,) = read_result(tmp_path / "reports" / "result.json")["violations"]
    assert (entry["rule"], entry["test"]) == ("CAP-2", "regressions/original.yaml")


def watched(environment: Environment, reports: Path, *arguments: str) -> Watched:
    given = ["contracts", *arguments, f"--report-dir={reports}"]
    return run_forked("pytest", environment, given, reports, LIMIT_S)


def test_a_selection_of_contracts_goes_without_them(folder: Path) -> None:
    with forked_sandbox(faults=["capture_checks_original"]) as environment:
        tests = ("contracts/test_void.py",)
        outcome = run_gate(environment, f"--regressions={folder}", tests=tests)
    assert outcome.status == 0, outcome.output


def test_a_file_that_is_no_scenario_stops_the_run_with_its_line(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "broken.yaml").write_text("rule: CAP-2\nsteps:\n  - A = card\n")
    ran = tallystick({}, tmp_path / "reports", "gate", f"--regressions={folder}")
    assert ran.status == 4
    assert "broken.yaml, line 3" in ran.error
    assert len(ran.error.splitlines()) == 1


def test_a_folder_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such folder"):
        read_regressions(tmp_path / "missing")


def test_without_a_folder_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_regressions(None) == ()


def test_the_usual_folder_is_found_where_the_run_is_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    named = [each.name for each in read_regressions(None)]
    assert named == [
        "regressions/original.yaml",
        "regressions/other.yaml",
        "regressions/voids/void.yml",
    ]
    shutil.rmtree(folder)
    assert read_regressions(None) == ()


def test_one_whose_answer_is_lost_each_time_is_not_decided(folder: Path) -> None:
    def lose(turn: Turn) -> None:
        if turn.path.endswith("/capture"):
            cut(turn)
        else:
            turn.pass_on()

    (folder / "voids" / "void.yml").unlink()
    with forked_sandbox() as environment, misbehaving(environment, lose) as lossy:
        options = (f"--regressions={folder}", "-k", "regressions")
        outcome = run_gate(lossy, *options)
    assert outcome.verdict == "undecided", outcome.output
    assert "regressions/original.yaml: not decided, no answer in 5 attempts" in outcome.output
