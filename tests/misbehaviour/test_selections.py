"""A run of a part of the suite says so everywhere, and can be held to a share of the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.reporting.result import Result, read_result
from tests.misbehaviour.running import LIMIT_S, Watched, run_forked
from tests.proof.servers import Environment, forked_sandbox

VOID = "contracts/test_void.py"
FUND = "contracts/test_fund.py"
NOTE = "a selection was run, not the whole suite"


def _run(environment: Environment, tmp_path: Path, *arguments: str) -> tuple[Watched, Result]:
    reports = tmp_path / "reports"
    options = [*arguments, f"--report-dir={reports}"]
    ran = run_forked("pytest", environment, options, reports, LIMIT_S)
    return ran, read_result(reports / "result.json")


PARTS = {
    "a path": (VOID,),
    "several paths": (VOID, FUND),
    "-k": ("contracts", "-k", "void and not delivery"),
    "-m": ("contracts", "-m", "rule", "-k", "test_fund"),
    "--ignore": ("contracts", "--ignore-glob=contracts/test_[a-eg-z]*"),
    "--deselect": ("contracts/test_fund.py", f"--deselect={FUND}::no_such"),
    "a test by its name": (f"{FUND}::test_a_fund_adds_exactly_its_amount",),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_the_suite_is_partial_in_every_report(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    ran, result = _run(honest, tmp_path, *PARTS[name])
    assert ran.status == 0, ran.output
    assert result["partial"] is True
    assert "CONFORMS (PARTIAL): " in ran.output
    assert f"PARTIAL: {NOTE}" in ran.output
    for page in ("summary.md", "report.html"):
        assert NOTE in (ran.reports / page).read_text(encoding="utf-8"), page


def test_a_contract_that_somebody_marks_as_skipped_is_left_out(
    honest: Environment, tmp_path: Path
) -> None:
    own = tmp_path / "test_own.py"
    own.write_text(
        "import pytest\n@pytest.mark.skip(reason='not today')\ndef test_left_out(run): pass\n",
        encoding="utf-8",
    )
    ran, result = _run(honest, tmp_path, VOID, str(own))
    assert ran.status == 0, ran.output
    assert result["partial"] is True


def test_a_run_of_all_contracts_is_not_partial(honest: Environment, tmp_path: Path) -> None:
    ran, result = _run(honest, tmp_path, "contracts", "--setup-only", "-q")
    assert result["partial"] is False
    assert result["verdict"] == "undecided"  # fixtures alone show nothing
    assert ran.status == 1
    assert NOTE not in ran.output


@pytest.mark.parametrize(
    ("share", "status", "verdict"),
    [("all", 1, "undecided"), ("90%", 1, "undecided"), ("5%", 0, "conforms")],
)
def test_a_run_is_held_to_a_share_of_the_rules(
    share: str, status: int, verdict: str, honest: Environment, tmp_path: Path
) -> None:
    ran, result = _run(honest, tmp_path, VOID, f"--require-rules={share}")
    assert (ran.status, result["verdict"]) == (status, verdict), ran.output
    assert ("--require-rules asks for" in str(result["reason"])) == (status == 1)


def test_a_violation_outweighs_the_share(tmp_path: Path) -> None:
    with forked_sandbox(faults=["void_releases_nothing"]) as faulty:
        ran, result = _run(faulty, tmp_path, VOID, "--require-rules=all")
    assert (ran.status, result["verdict"]) == (1, "violates")
