"""`tallystick probe` and `replay` on real servers: counter-examples live on, dialects are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.servers import Environment, forked_sandbox
from tests.suite.harness import ESSENTIALS, free_url, run_contracts, tallystick

SKIP = 125


@pytest.fixture(scope="module")
def scenario(faulty: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario file of a real finding."""
    reports = tmp_path_factory.mktemp("finding") / "reports"
    ran = run_contracts(faulty, reports, "-x", tests=(ESSENTIALS,))
    (violation,) = (v for v in ran.result["violations"] if v["rule"] == "CAP-2")
    return reports / violation["scenario"]


def test_a_counter_example_is_shown_again_with_status_1(
    scenario: Path, faulty: Environment, tmp_path: Path
):
    ran = tallystick(faulty, tmp_path / "reports", "replay", str(scenario))
    assert ran.status == 1, ran.output
    assert "CAP-2 was broken in 3 of 3 replays" in ran.output


@pytest.mark.parametrize("mode", [(), ("--bisect",)], ids=["plain", "bisect"])
def test_a_server_without_the_fault_keeps_the_rule_with_status_0(
    mode: tuple[str, ...], scenario: Path, honest: Environment, tmp_path: Path
):
    ran = tallystick(honest, tmp_path / "reports", "replay", str(scenario), *mode)
    assert ran.status == 0, ran.output
    assert "CAP-2 was kept in 3 of 3 replays" in ran.output


def test_a_build_that_cannot_be_judged_is_skipped_by_a_bisection(
    scenario: Path, honest: Environment, tmp_path: Path
):
    down = {**honest, "TALLYSTICK_TARGET": free_url(), "TALLYSTICK_WAIT": "1s"}
    plain = tallystick(down, tmp_path / "plain", "replay", str(scenario))
    bisect = tallystick(down, tmp_path / "bisect", "replay", str(scenario), "--bisect")
    assert plain.status == 4, plain.output
    assert bisect.status == SKIP, bisect.output


def test_a_probe_writes_a_dialect_that_the_same_server_keeps(honest: Environment, tmp_path: Path):
    probed = tallystick(honest, tmp_path / "probe", "probe", f"--report-dir={tmp_path / 'probe'}")
    assert probed.status == 0, probed.output
    pinned = tmp_path / "probe" / "dialect.yaml"
    ran = run_contracts(honest, tmp_path / "again", f"--dialect={pinned}", tests=(ESSENTIALS,))
    assert ran.status == 0, ran.output
    assert "DIA-2" not in ran.result["not_claimed"]


def test_a_server_that_answers_otherwise_than_it_was_pinned_breaks_dia_2(
    honest: Environment, tmp_path: Path
):
    tallystick(honest, tmp_path / "probe", "probe", f"--report-dir={tmp_path / 'probe'}")
    pinned = tmp_path / "probe" / "dialect.yaml"
    with forked_sandbox(variants=["ref_same_refused"]) as other:
        ran = run_contracts(other, tmp_path / "run", f"--dialect={pinned}", tests=(ESSENTIALS,))
    assert ran.status == 1, ran.output
    assert "DIA-2" in [violation["rule"] for violation in ran.result["violations"]]
    assert "ref.same." in str([v["question"] for v in ran.result["violations"]])
