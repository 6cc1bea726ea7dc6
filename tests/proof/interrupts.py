"""Runs that are ended at a random moment: never *conforms*, and nothing stays open unseen.

After the run the server itself is asked which cards lock money. Each of them has to be listed in
`result.json`; after `tallystick sweep` there is none any more. Knows processes, signals and the
card list of the Wallet API.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.credentials import ADMIN
from tallystick.profiles.wallet.profile import Wallet
from tallystick.request import Request
from tallystick.target import Address, Answer, Client, HttpTarget
from tests.proof.servers import forked_sandbox
from tests.proof.table import aligned

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 60.0
"""A run that has written no result by then has not started."""
LONGEST_S = 14.0
"""So long after its start a gate is still at work, also on a fast machine."""
END_LIMIT_S = 90.0

KINDS = {
    "SIGINT": (signal.SIGINT,),
    "SIGINT twice": (signal.SIGINT, signal.SIGINT),
    "SIGTERM": (signal.SIGTERM,),
    "SIGTERM twice": (signal.SIGTERM, signal.SIGTERM),
    "SIGKILL": (signal.SIGKILL,),
}


@dataclass(frozen=True, slots=True)
class InterruptRow:
    """One run that was ended early. `open_*` count cards on the server that lock money."""

    number: int
    kind: str
    after_s: float
    status: int | None
    verdict: str
    requests: int
    open_after_run: int
    listed: int
    open_after_sweep: int
    cards_after_sweep: int
    complaints: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing wrong was said and nothing stays open."""
        return not self.complaints


def measure(numbers: Sequence[int]) -> Iterator[InterruptRow]:
    """A row for each number; one after another, since moments are measured in seconds."""
    for number in numbers:
        yield _row(number)


def _row(number: int) -> InterruptRow:
    chance = random.Random(number)
    kind = list(KINDS)[number % len(KINDS)]
    after_s = chance.uniform(0.0, LONGEST_S)
    with tempfile.TemporaryDirectory() as folder, forked_sandbox() as sandbox:
        reports = Path(folder) / "reports"
        status, output = _interrupted(sandbox, reports, KINDS[kind], after_s, chance)
        result = _result(reports / "result.json")
        opened, _ = _still_there(sandbox)
        swept = _run(sandbox, "tallystick", "sweep", str(reports))
        still_open, cards = _still_there(sandbox)
    left = result.get("left_open") or {}
    complaints = list(_complaints(kind, status, result, output))
    if opened and kind != "SIGKILL" and not left.get("cards"):
        complaints.append(f"{len(opened)} cards lock money and none is listed")
    if still_open or cards:
        complaints.append(f"after the sweep: {still_open[:3]} {cards[:3]} {swept.stdout[-500:]}")
    return InterruptRow(
        number,
        kind,
        round(after_s, 1),
        status,
        str(result.get("verdict")),
        int(result.get("requests", 0)),
        len(opened),
        int(left.get("cards", 0)),
        len(still_open),
        len(cards),
        complaints,
    )


def _complaints(
    kind: str, status: int | None, result: Mapping[str, Any], output: str
) -> Iterator[str]:
    if result.get("verdict") == "conforms" or "conforms" in output.lower():
        yield f"says conforms: {output[-300:]}"
    if kind != "SIGKILL" and status != 2:
        yield f"exit status {status}: {output[-600:]}"
    if "Traceback" in output:
        yield f"a traceback: {output[output.index('Traceback') :][:600]}"


def _interrupted(
    sandbox: Mapping[str, str],
    reports: Path,
    signals: Sequence[signal.Signals],
    after_s: float,
    chance: random.Random,
) -> tuple[int | None, str]:
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "contracts", "-q", f"--report-dir={reports}"],
            cwd=ROOT,
            env=_environment(sandbox),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        began = time.monotonic()
        while not (reports / "result.json").exists() and time.monotonic() - began < START_LIMIT_S:
            time.sleep(0.05)
        time.sleep(after_s)
        for each in signals:
            process.send_signal(each)
            time.sleep(chance.uniform(0.05, 0.8))
        try:
            status: int | None = process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = None
        output.seek(0)
        return status, output.read()


def _run(
    sandbox: Mapping[str, str], module: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=_environment(sandbox),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=END_LIMIT_S,
        check=False,
    )


def _environment(sandbox: Mapping[str, str]) -> dict[str, str]:
    ours = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("TALLYSTICK_", "PYTEST_"))
    }
    return ours | dict(sandbox)


def _result(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _still_there(sandbox: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The cards that lock money, and all cards, as the server lists them."""
    address = Address(sandbox["TALLYSTICK_TARGET"], sandbox["TALLYSTICK_ACCOUNT"])
    target = HttpTarget(address, Client(ADMIN.client_id, ADMIN.client_secret), profile=Wallet())
    opened: list[str] = []
    cards: list[str] = []
    after = ""
    while True:
        path = f"/accounts/{address.account}/wallets/cards?limit=100{after}"
        answer = target.send(Request("aid_cards_get", "GET", path)).answer
        assert isinstance(answer, Answer), "the sandbox answers"
        for card in answer.body["cards"]:
            cards.append(card["card_id"])
            if card.get("amount_balance") != card.get("amount_available"):
                opened.append(card["card_id"])
        if not answer.body.get("starting_after"):
            target.close()
            return opened, cards
        after = f"&starting_after={answer.body['starting_after']}"


def table(rows: Sequence[InterruptRow]) -> str:
    """The rows as text; complaints follow in full."""
    headings = ("run", "ended by", "after s", "status", "verdict", "requests", "open", "listed")
    cells = [
        (
            row.number,
            row.kind,
            row.after_s,
            row.status,
            row.verdict,
            row.requests,
            row.open_after_run,
            row.listed,
        )
        for row in rows
    ]
    complaints = [f"run {row.number}: {text}" for row in rows for text in row.complaints]
    good = sum(row.is_good for row in rows)
    summary = f"{good} of {len(rows)} runs that were ended early said so and left nothing open"
    return "\n".join([aligned(headings, cells), "", *complaints, summary])
