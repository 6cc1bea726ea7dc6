"""How soon a gate sees a fault: requests and seconds until the first violation, starts included.

`python -m tests.bench first [FAULTS] [SEED]`: so many faults of the sandbox, 40 by default, drawn
by a seed; a gate in a process of its own for each, which stops at its first violation. The seconds
begin with the process and end with the test that shows the fault. Where others use the computer
too, the processor seconds say more; they leave out the server.

The module is its own pytest plugin, which notes that moment.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from sandbox.faults import FAULTS
from tallystick.pytest_plugin import SUITE
from tests.bench.gate import UNUSUAL
from tests.proof.gate import UNSHORTENED
from tests.proof.servers import forked_sandbox
from tests.proof.table import aligned
from tests.suite.harness import ROOT

HOW_MANY = 40
NOTE = "BENCH_NOTE"
"""The file that the plugin writes."""
ESSENTIALS = "contracts/test_essentials.py"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a test showed a violation; `at` by `time.monotonic`."""

    test: str
    requests: int
    at: float
    cpu_s: float


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[object]) -> None:
    """Note the first test after which a violation is known."""
    path, run = Path(os.environ[NOTE]), item.config.stash[SUITE].run
    if run is not None and run.findings and not path.exists():
        first = min(finding.requests_before for finding in run.findings.values())
        moment = Moment(item.nodeid, first, time.monotonic(), time.process_time())
        path.write_text(json.dumps(asdict(moment)), encoding="utf-8")


def main(words: Sequence[str]) -> int:
    """Print a row for each fault, and the medians; 1 if a fault was not seen."""
    how_many, seed = (int(word) for word in [*words, *(str(HOW_MANY), "0")[len(words) :]])
    names = sorted(random.Random(seed).sample(sorted(FAULTS), how_many))
    rows = [(name, *_seen(name)) for name in names]
    cells = [
        (name, moment.test.partition("/")[2], moment.requests, f"{s:.2f}", f"{moment.cpu_s:.2f}")
        for name, moment, s in rows
    ]
    print(aligned(("fault", "first shown by", "requests", "seconds", "CPU"), cells))
    essentials = [row for row in rows if row[1].test.startswith(ESSENTIALS)]
    for what, chosen in (("all", rows), ("essentials", essentials)):
        if chosen:
            print(f"{what}: {len(chosen)} faults, {_medians(chosen)}")
    return 0


def _medians(rows: Sequence[tuple[str, Moment, float]]) -> str:
    requests = statistics.median(moment.requests for _, moment, _ in rows)
    seconds = statistics.median(seconds for *_, seconds in rows)
    cpu_s = statistics.median(moment.cpu_s for _, moment, _ in rows)
    return f"median {requests:,.0f} requests, {seconds:.2f} s, {cpu_s:.2f} s CPU"


def _seen(fault: str) -> tuple[Moment, float]:
    """The moment when a gate saw the fault, and the seconds since its process was started."""
    with tempfile.TemporaryDirectory() as folder, forked_sandbox(faults=[fault]) as environment:
        note = Path(folder, "moment.json")
        options = ["-q", "-x", *UNSHORTENED, "-p", __name__, f"--report-dir={folder}/reports"]
        command = [sys.executable, "-m", "tallystick", "gate", *options]
        usual = {name: text for name, text in os.environ.items() if name not in UNUSUAL}
        given = {**usual, **environment, NOTE: str(note)}
        began = time.monotonic()
        subprocess.run(command, cwd=ROOT, env=given, check=False, stdout=subprocess.DEVNULL)
        moment = Moment(**json.loads(note.read_text(encoding="utf-8")))
        return moment, moment.at - began
