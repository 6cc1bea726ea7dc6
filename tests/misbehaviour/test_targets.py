"""The table of misbehaving targets: status, verdict, line and memory of a run on each."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from tests.misbehaviour.networks import NETWORKS
from tests.misbehaviour.proxy import misbehaving
from tests.misbehaviour.running import LIMIT_S, Watched, run_forked
from tests.misbehaviour.targets import AT_THE_START, NONE, STATUS, WITHIN_A_RUN, Row
from tests.proof.servers import Environment
from tests.sampling import some
from tests.target.certificates import Authority

ESSENTIALS = "contracts/test_essentials.py"
PATIENCE = ("--wait=1s", "--request-timeout=2s")
"""Rows are many, and what a target does at once it does after ten seconds too."""
MEGABYTES = 400.0
ROWS = {**AT_THE_START, **WITHIN_A_RUN, **NETWORKS}


@pytest.mark.parametrize("name", [*AT_THE_START, *some(WITHIN_A_RUN, 22), *some(NETWORKS, 6)])
def test_a_run_says_the_right_thing_of_a_target_that(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    row = ROWS[name]
    ran = run_on(row, honest, tmp_path)
    assert ran.status is not None, f"no end after {LIMIT_S} s: {ran.output}"
    assert ran.verdict in row.verdict.split("|"), ran.output
    assert ran.status == STATUS[ran.verdict], ran.output
    assert " ".join(row.line.split()) in " ".join(ran.output.split()), ran.output
    assert "Traceback" not in ran.output
    assert acting(ran.output) == set(), ran.output
    assert ran.megabytes < MEGABYTES
    if ran.verdict == NONE:
        said = [line for line in ran.output.splitlines() if line.startswith("ERROR: ")]
        assert len(said) == 1, ran.output
    else:
        result = json.loads((ran.reports / "result.json").read_text(encoding="utf-8"))
        broken = {violation["rule"] for violation in result["violations"]}
        assert row.rules is None or broken <= set(row.rules), ran.output


def run_on(row: Row, honest: Environment, tmp_path: Path) -> Watched:
    reports = tmp_path / "reports"
    junit = f"--junitxml={tmp_path / 'junit.xml'}"
    options = [ESSENTIALS, f"--report-dir={reports}", "-q", junit, *PATIENCE, *row.options]
    certificate = Authority(tmp_path).context() if row.tls else None
    with misbehaving(honest, row.behaviour, certificate, ipv6=row.ipv6) as environment:
        return run_forked("pytest", environment, options, reports, LIMIT_S)


def acting(text: str) -> set[str]:
    """The characters that act on a terminal, line breaks apart."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return {sign for sign in text if sign != "\n" and unicodedata.category(sign) in hidden}
