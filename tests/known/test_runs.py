"""Runs with known issues against a server that has them, others, or none."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tallystick.known import entry_text
from tests.proof.gate import Outcome, run_gate
from tests.proof.servers import forked_sandbox

TESTS = ("contracts/test_essentials.py", "contracts/test_capture.py", "contracts/test_void.py")
ORIGINAL = "capture_checks_original"
ONE_TOO_MUCH = "capture_one_too_much"
VOID = "void_gives_back_original"


def run_on(*faults: str, known: str = "", tests: tuple[str, ...] = TESTS) -> Outcome:
    with forked_sandbox(faults=faults) as environment:
        options = (f"--known={known}",) if known else ()
        return run_gate(environment, "-q", *options, tests=tests)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By fault, a file that knows what a run against it found."""
    folder = tmp_path_factory.mktemp("known")
    found = {}
    for fault in (ORIGINAL, ONE_TOO_MUCH):
        outcome = run_on(fault)
        assert outcome.result is not None
        (entry,) = outcome.violations
        path = Path(folder / f"{fault}.yaml")
        day = datetime.date.today() + datetime.timedelta(days=30)
        text = entry_text(
            entry["rule"], entry["fingerprint"], entry["kind"], entry["steps"], "W-1", day
        )
        path.write_text(text)
        found[fault] = str(path)
    return found


@pytest.mark.parametrize("fault", [ORIGINAL, ONE_TOO_MUCH])
def test_a_known_issue_is_listed_and_fails_nothing(files: dict[str, str], fault: str) -> None:
    outcome = run_on(fault, known=files[fault], tests=(*TESTS, "contracts/test_schema.py"))
    assert outcome.result is not None
    assert (outcome.status, outcome.verdict) == (0, "conforms"), outcome.output
    (issue,) = outcome.result["known"]
    assert (issue["rule"], issue["state"], issue["reason"]) == ("CAP-2", "seen", "W-1")
    assert len(issue["tests"]) > 1
    assert outcome.result["rules"]["CAP-2"]["violated"] == 0
    shown = " ".join(outcome.output.split())
    assert "known issue, seen: cap-2-" in shown
    assert "; 1 known issue)." in shown


@pytest.mark.parametrize(("known", "fault"), [(ORIGINAL, ONE_TOO_MUCH), (ONE_TOO_MUCH, ORIGINAL)])
def test_a_known_issue_hides_no_other_fault_of_its_rule(
    files: dict[str, str], known: str, fault: str
) -> None:
    outcome = run_on(fault, known=files[known])
    assert outcome.verdict == "violates", outcome.output
    assert outcome.rules == ["CAP-2"]


def test_a_known_issue_hides_no_fault_of_another_rule(files: dict[str, str]) -> None:
    outcome = run_on(ORIGINAL, VOID, known=files[ORIGINAL])
    assert outcome.verdict == "violates", outcome.output
    assert "VOID-6" in outcome.rules
    assert "CAP-2" not in outcome.rules


def test_an_issue_that_has_expired_fails(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text("- {rule: CAP-2, reason: W-1, until: 2020-01-31}\n")
    outcome = run_on(ORIGINAL, known=str(path), tests=TESTS[:1])
    assert outcome.verdict == "violates", outcome.output
    outcome = run_on(known=str(path), tests=TESTS[:1])
    assert (outcome.status, outcome.verdict) == (1, "undecided"), outcome.output
    assert "has expired on 2020-01-31" in " ".join(outcome.output.split())


def test_an_entry_with_a_rule_alone_takes_its_first_cause(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text("- {rule: CAP-2, reason: W-1, until: 2999-01-31}\n")
    outcome = run_on(ORIGINAL, known=str(path))
    assert (outcome.status, outcome.verdict) == (0, "conforms"), outcome.output
