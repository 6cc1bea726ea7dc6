"""The peer: the command line of Schemathesis alone, on the same faults, for the same time.

It is given what its users would give it: the document, a token, the account. What it reports of
the honest sandbox too says nothing about a fault, so that is taken off. Knows its command line and
its event log.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sandbox.credentials import ACCOUNT, ADMIN
from sandbox.faults import FAULTS
from tallystick.profiles.wallet.profile import Wallet
from tallystick.target import Address, Client, HttpTarget
from tests.proof.faults import category_of
from tests.proof.forking import ROOT
from tests.proof.servers import Environment, forked_sandbox
from tests.proof.table import aligned

CONFIG = f'[parameters]\n"path.aid" = "{ACCOUNT}"\n"path.oid" = "{ACCOUNT}"\n'
GRACE_S = 60
SEEDS = (0, 1)
"""Honest runs: what is reported in any of them is no sign of a fault."""

Failure = tuple[str, str]
"""The code of a failure and the operation."""


@dataclass(frozen=True, slots=True)
class PeerRow:
    """What Schemathesis alone made of one fault."""

    name: str
    category: str
    breaks: str
    is_caught: bool
    by: list[str]
    requests: int | None
    requests_of_run: int


def measure(names: Sequence[str], *, budget_s: int, jobs: int) -> Iterator[PeerRow]:
    """A row for each fault."""
    usual: set[Failure] = set()
    for seed in SEEDS:
        with forked_sandbox() as environment:
            usual |= set(_failures(environment, budget_s, seed)[0])
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda name: _row(name, usual, budget_s), names)


def _row(name: str, usual: set[Failure], budget_s: int) -> PeerRow:
    with forked_sandbox(faults=[name]) as environment:
        failures, requests = _failures(environment, budget_s, 0)
    found = {failure: after for failure, after in failures.items() if failure not in usual}
    fault = FAULTS[name]
    return PeerRow(
        name,
        category_of(fault),
        fault.breaks,
        bool(found),
        [f"{code} {operation}" for code, operation in found],
        min(found.values(), default=None),
        requests,
    )


def _failures(environment: Environment, budget_s: int, seed: int) -> tuple[dict[Failure, int], int]:
    """Each failure with the number of requests before it, and the number of all requests."""
    url = environment["TALLYSTICK_TARGET"]
    with tempfile.TemporaryDirectory(prefix="proof-peer-") as name:
        directory = Path(name)
        config = directory / "schemathesis.toml"
        config.write_text(CONFIG, encoding="utf-8")
        log = directory / "events.ndjson"
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", "spec/openapi.yaml", "--url", url, "--checks", "all", "--no-color"),
            *("-H", f"Authorization: Bearer {_token(url)}", "--max-time", str(budget_s)),
            *("--seed", str(seed), "--no-shrink", "--generation-database", "none"),
            *("--report", "ndjson", "--report-ndjson-path", str(log)),
        ]
        subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=budget_s + GRACE_S, check=False
        )
        return _read(log)


def _read(log: Path) -> tuple[dict[Failure, int], int]:
    failures: dict[Failure, int] = {}
    requests = 0
    for line in log.read_text(encoding="utf-8").splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for case in recorder.get("interactions", {}):
            requests += 1
            for check in recorder.get("checks", {}).get(case, ()):
                if check["status"] == "failure":
                    failure = check["failure_info"]["failure"]
                    key = (failure.get("code") or failure["type"], failure.get("operation") or "")
                    failures.setdefault(key, requests)
    return failures, requests


def _token(url: str) -> str:
    """The peer has no place for client credentials, so it is given a token."""
    target = HttpTarget(
        Address(url, ACCOUNT), Client(ADMIN.client_id, ADMIN.client_secret), profile=Wallet()
    )
    try:
        return target.credentials()["Authorization"].removeprefix("Bearer ")
    finally:
        target.close()


def table(rows: Sequence[PeerRow]) -> str:
    """The rows as text."""
    headings = ("fault", "breaks", "caught", "by", "requests", "of")
    cells = [
        (row.name, row.breaks, row.is_caught, row.by[:2], row.requests, row.requests_of_run)
        for row in rows
    ]
    caught = sum(row.is_caught for row in rows)
    summary = f"Schemathesis alone catches {caught} of {len(rows)} faults"
    return "\n".join([aligned(headings, cells), "", summary])
