"""How long a gate takes, as a ratio of a bare loop that sends the same requests.

`python -m tests.bench gate [TIMES]`: a gate of the embedded sandbox, then a loop over
`httpx.Client` that repeats the requests of its journal on a new sandbox and does nothing else; so
many times, three by default, and the best of each counts. The seconds are those of the whole gate,
from its start to its end, and of the loop without its start. Where others use the computer too, the
processor time, of both whole programs with their servers, says more.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx

from sandbox.credentials import ADMIN
from sandbox.process import Sandbox
from tallystick.profiles.wallet.profile import Wallet
from tallystick.target import Address, Client, HttpTarget
from tests.suite.harness import ROOT

TIMES = 3
MOST = 2.0
"""So many times as long as the bare loop a gate may take."""

UNUSUAL = frozenset({"PYTHONDONTWRITEBYTECODE"})
"""Where it is set, each gate compiles the whole suite again."""

Sent = tuple[str, str, bytes | None]
"""Method, path below the base URL, and body."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the requests took, with the server that answered them."""

    requests: int
    seconds: float
    cpu_seconds: float


def main(words: Sequence[str]) -> int:
    """Print the times and their ratios; 1 if a gate takes too long."""
    pairs = [_pair() for _ in range(int(words[0]) if words else TIMES)]
    gates, loops = zip(*pairs, strict=True)
    for name, taken in (("gate", gates), ("bare httpx loop", loops)):
        seconds, cpu = (min(each.seconds for each in taken), min(t.cpu_seconds for t in taken))
        print(f"{name:<16} {taken[0].requests:6,} requests {seconds:6.1f} s {cpu:6.1f} s CPU")
    ratio, cpu_ratio = (
        min(gate.seconds for gate in gates) / min(loop.seconds for loop in loops),
        min(gate.cpu_seconds for gate in gates) / min(loop.cpu_seconds for loop in loops),
    )
    print(f"{'ratio':<16} {ratio:.2f} of the seconds, {cpu_ratio:.2f} of the CPU (at most {MOST})")
    return int(min(ratio, cpu_ratio) > MOST)


def _pair() -> tuple[Taken, Taken]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tallystick", "gate", f"--report-dir={folder}", "-q"]
        gate = _timed(command)
        journal = Path(folder, "journal.jsonl.gz")
        requests = sum(1 for _ in _sent(journal))
        loop = _timed([sys.executable, "-m", __name__, str(journal)])
    seconds = float(loop.said)
    return Taken(requests, gate.seconds, gate.cpu), Taken(requests, seconds, loop.cpu)


class _Timed(NamedTuple):
    """A program that has ended."""

    seconds: float
    cpu: float
    said: str


def _timed(command: Sequence[str]) -> _Timed:
    """Run a program; its processor time is that of its server too."""
    before, began = os.times(), time.perf_counter()
    environ = {name: text for name, text in os.environ.items() if name not in UNUSUAL}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True
    )
    seconds, after = time.perf_counter() - began, os.times()
    user = after.children_user - before.children_user
    return _Timed(seconds, user + after.children_system - before.children_system, done.stdout)


def _sent(journal: Path) -> Iterator[Sent]:
    """The requests of a journal."""
    with gzip.open(journal, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if "method" in record:
                body = record.get("body")
                content = None if body is None else json.dumps(body).encode()
                yield record["method"], record["path"], content


def _loop(journal: Path) -> float:
    """Send and read, and nothing else; the seconds that it took."""
    requests = list(_sent(journal))
    with Sandbox() as sandbox, httpx.Client(trust_env=False) as http:
        client = Client(ADMIN.client_id, ADMIN.client_secret)
        target = HttpTarget(Address(sandbox.url, sandbox.account), client, profile=Wallet())
        headers = {"Accept": "application/json", **target.credentials()}
        target.close()
        with_body = {**headers, "Content-Type": "application/json"}
        began = time.perf_counter()
        for method, path, content in requests:
            chosen = headers if content is None else with_body
            http.request(method, sandbox.url + path, headers=chosen, content=content).read()
        return time.perf_counter() - began


if __name__ == "__main__":
    print(_loop(Path(sys.argv[1])))
