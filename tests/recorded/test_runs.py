"""The journal of a run by a profile file is judged as the run was: by the same rule, or as honest.

Only some contracts are run. The whole gates of these servers are measured by hand.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.declared.servers.http import Serving
from tests.declared.test_servers import APIS, FOLDER
from tests.proof.gate import run_gate
from tests.sampling import some
from tests.suite.harness import tallystick

CONTRACTS = {"till": "contracts/test_void.py"}
"""What is run on a server; on the others the captures."""
LEAST_SHARE = 0.75
"""Of all exchanges; the others prepare, are refused on purpose, or act on what is missing."""
RUNS = [
    ("shop", ""),
    ("orders", ""),
    ("transfers", ""),
    ("checkout", ""),
    ("till", ""),
    ("checkout", "over_capture_succeeds"),
    ("till", "cancel_keeps_hold"),
    ("orders", "captures_one_more"),
    ("shop", "captures_do_not_add_up"),
    ("transfers", "posted_twice"),
]
"""Servers and faults: ids in headers, requests before and after the one with the effect, lists in
place of objects, keys in headers and bodies."""


@pytest.mark.parametrize(("name", "fault"), some(RUNS, 6))
def test_the_journal_of_a_run_is_judged_as_the_run_was(
    name: str, fault: str, tmp_path: Path
) -> None:
    api, environment = APIS[name]
    profile = FOLDER / f"{name}.yaml"
    with Serving(api(fault)) as server:
        run_gate(
            {"TALLYSTICK_TARGET": server.url, **environment},
            *(f"--profile={profile}", f"--report-dir={tmp_path / 'run'}", "-x"),
            tests=(CONTRACTS.get(name, "contracts/test_capture.py"),),
        )
    result = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"))
    journal = str(tmp_path / "run" / "journal.jsonl.gz")
    again = tallystick({}, tmp_path / "again", "check", journal, f"--profile={profile}")
    assert again.status == (1 if fault else 0), again.output
    broken = {line.split()[4] for line in again.output.splitlines() if line[:6] == "broken"}
    assert broken >= {entry["rule"] for entry in result["violations"]}
    assert bool(broken) == bool(fault)
    words = again.output.partition("judged: ")[2].split()
    judged, total = (int(words[place].replace(",", "")) for place in (0, 2))
    assert judged >= LEAST_SHARE * total, again.output
