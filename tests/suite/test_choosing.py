"""`--rule`, `--chapter`, `--smoke`: what is run, and that a part never stands for the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.servers import Environment
from tests.suite.harness import ESSENTIALS, Ran, run_contracts

VOID, FUND = "contracts/test_void.py", "contracts/test_fund.py"


def run(environment: Environment, tmp_path: Path, *options: str, tests: tuple[str, ...]) -> Ran:
    return run_contracts(environment, tmp_path / "reports", *options, tests=tests)


def checked(ran: Ran) -> set[str]:
    return {rule for rule, counted in ran.result["rules"].items() if counted["checked"]}


def test_a_rule_runs_the_contracts_that_claim_it(honest: Environment, tmp_path: Path) -> None:
    ran = run(honest, tmp_path, "--rule", "FUND-2", tests=(VOID, FUND))
    assert ran.status == 0, ran.output
    assert ran.result["partial"]
    assert "FUND-2" in checked(ran)
    assert "VOID-3" not in checked(ran)


def test_a_chapter_runs_the_contracts_of_its_rules(honest: Environment, tmp_path: Path) -> None:
    ran = run(honest, tmp_path, "--chapter", "FUND", "--chapter", "VOID", tests=(VOID, FUND))
    assert ran.status == 0, ran.output
    assert {"FUND-1", "VOID-3"} <= checked(ran)


def test_smoke_runs_the_essentials(honest: Environment, tmp_path: Path) -> None:
    ran = run(honest, tmp_path, "--smoke", tests=(ESSENTIALS, VOID))
    assert ran.status == 0, ran.output
    assert ran.result["partial"]
    assert ran.result["requests"] <= 130


def test_only_the_chosen_rules_have_to_be_exercised(honest: Environment, tmp_path: Path) -> None:
    options = ("--rule", "FUND-2", "--require-rules", "all")
    ran = run(honest, tmp_path, *options, tests=(FUND,))
    assert ran.status == 0, ran.output
    options = ("--rule", "FUND-2", "--rule", "TIME-1", "--require-rules", "all")
    ran = run(honest, tmp_path, *options, tests=(FUND,))
    assert ran.result["verdict"] == "undecided", ran.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rule", "cap-2"), "--rule 'cap-2' is not known: did you mean CAP-2?"),
        (("--chapter", "VOIDS"), "--chapter 'VOIDS' is not known: did you mean VOID?"),
        (("--rule", "TIME-1"), "nothing is selected"),
    ],
)
def test_what_selects_nothing_leaves_the_last_report(
    options: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "result.json").write_text("of an earlier run", encoding="utf-8")
    nowhere = {"TALLYSTICK_TARGET": "http://127.0.0.1:9/v1", "TALLYSTICK_ACCOUNT": "T12345678"}
    ran = run_contracts({**nowhere, "TALLYSTICK_TOKEN": "x"}, reports, *options, tests=(VOID,))
    assert ran.status == 4, ran.output
    assert said in ran.error
    assert (reports / "result.json").read_text(encoding="utf-8") == "of an earlier run"
