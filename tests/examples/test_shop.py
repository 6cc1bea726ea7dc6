"""The example of a team's repository: it is green, and its contracts find faults."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.credentials import ACCOUNT, ADMIN
from sandbox.process import Sandbox
from tallystick.reporting.result import read_result
from tests.sampling import some
from tests.test_architecture import ROOT

EXAMPLE = ROOT / "examples" / "shop"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of the example, in a folder of its own."""
    return shutil.copytree(EXAMPLE, tmp_path / "shop", ignore=shutil.ignore_patterns(".*", "rep*"))


@pytest.fixture
def faulty() -> Iterator[dict[str, str]]:
    """The environment for a sandbox that compares captures with the original amount."""
    with Sandbox(faults=["capture_checks_original"]) as sandbox:
        yield {
            "TALLYSTICK_TARGET": sandbox.url,
            "TALLYSTICK_ACCOUNT": ACCOUNT,
            "TALLYSTICK_CLIENT_ID": ADMIN.client_id,
            "TALLYSTICK_CLIENT_SECRET": ADMIN.client_secret,
        }


def _pytest(shop: Path, environment: dict[str, str] | None = None) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest"],
        cwd=shop,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


def _write(shop: Path, *lines: str) -> None:
    text = "\n".join(["import pytest", *lines, ""])
    (shop / "tests" / "test_our_rules.py").write_text(text, encoding="utf-8")


def test_the_example_is_green(shop: Path) -> None:
    status, said = _pytest(shop)
    assert status == 0, said
    counted = read_result(shop / "reports" / "latest" / "result.json")["rules"]
    assert {rule for rule in counted if rule.startswith("SHOP-") and counted[rule]["checked"]} == {
        "SHOP-1",
        "SHOP-2",
        "SHOP-3",
    }


def test_a_faulty_server_fails_it_with_a_shortest_program(
    shop: Path, faulty: dict[str, str]
) -> None:
    status, said = _pytest(shop, faulty)
    assert status == 1, said
    (violation,) = read_result(shop / "reports" / "latest" / "result.json")["violations"]
    assert violation["rule"] == "CAP-2"
    assert violation["test"] == "tests/test_our_rules.py::test_a_deposit_is_taken_in_two_parts"
    assert len(violation["steps"]) == 4


def test_the_named_target_is_complete(shop: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tallystick", "config", "--target", "staging"],
        cwd=shop,
        env={**os.environ, "WALLET_SECRET": "a secret of the shop"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "https://wallet.staging.example/v1" in ended.stdout
    assert "a secret of the shop" not in ended.stdout


def test_a_failed_assertion_breaks_the_first_rule_that_the_test_claims(shop: Path) -> None:
    _write(
        shop,
        "@pytest.mark.rule('SHOP-3', 'BAL-2')",
        "def test_a_hold_is_free(check):",
        "    assert check('A = card 1000 NOK', 'h = hold A 300').ledger('A').available == 1000",
    )
    status, said = _pytest(shop)
    assert status == 1, said
    (violation,) = read_result(shop / "reports" / "latest" / "result.json")["violations"]
    assert violation["rule"] == "SHOP-3"
    assert violation["actual"] == "assert 700 == 1000"
    assert violation["steps"] == ["A = card 1000 NOK", "h = hold A 300"]
    assert "again      pytest 'tests/test_our_rules.py::test_a_hold_is_free'" in said


@pytest.mark.parametrize(
    ("mark", "body"),
    some(
        [
            ("", "assert False"),
            ("@pytest.mark.rule('SHOP-1')", "raise KeyError('x')"),
            ("@pytest.mark.rule('SHOP-1')", "check('A = card 1 NOK', 'c = capture typo')"),
            ("@pytest.mark.rule('SHOP-1')", "check('A = card')"),
        ],
        2,
    ),
)
def test_a_mistake_in_an_own_test_is_undecided_and_not_blamed_on_the_suite(
    shop: Path, mark: str, body: str
) -> None:
    program = "    check('A = card 1 NOK', 'd = draw A 1')"
    _write(shop, mark, "def test_a(check):", program, f"    {body}")
    status, said = _pytest(shop)
    assert status == 1, said
    result = read_result(shop / "reports" / "latest" / "result.json")
    assert result["verdict"] == "undecided"
    assert "tests/test_our_rules.py::test_a: " in (result["reason"] or "")


@pytest.mark.parametrize("rule", some(["SHOP-9", "CAP-99", "cap-2"], 1))
def test_a_claim_of_an_unknown_rule_cannot_start(shop: Path, rule: str) -> None:
    program = "    check('A = card 1 NOK')"
    _write(shop, f"@pytest.mark.rule('{rule}')", "def test_a(check):", program)
    status, said = _pytest(shop)
    assert status == 4
    assert f"tests/test_our_rules.py::test_a claims {rule}, and there is no such rule" in said


@pytest.mark.parametrize(
    ("change", "expected"),
    some(
        [
            (("SHOP", "CAP"), "chapter CAP is of the suite: take another name"),
            (("  SHOP:", "  Shop:"), "Shop is no name of a chapter, such as SHOP"),
            (("SHOP-2", "SHOP-1"), "SHOP-1 is there twice"),
        ],
        1,
    ),
)
def test_own_rules_that_cannot_be_used_cannot_start(
    shop: Path, change: tuple[str, str], expected: str
) -> None:
    rules = shop / "rules.yaml"
    rules.write_text(rules.read_text().replace(*change))
    status, said = _pytest(shop)
    assert status == 4
    assert expected in said
