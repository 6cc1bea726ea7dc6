"""The truth table: every fault of the sandbox against the gate.

One row per fault: whether it was caught, by which rules, after how many requests, and how long the
program is that shows it, against the shortest there can be. Knows no fault by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.faults import FAULTS
from tests.proof.gate import Outcome, run_gate
from tests.proof.selection import is_expected
from tests.proof.servers import forked_sandbox
from tests.proof.table import aligned

SHORTEST = Path(__file__).with_name("shortest.json")
"""Steps of the shortest program that shows a fault, where they were counted by hand."""

CATEGORIES = {
    "inputs": "input",
    "formats": "input",
    "values": "input",
    "accepted": "rare conditions",
    "access": "access",
    "cards": "cards",
    "money": "ledger arithmetic",
    "lifecycle": "lifecycle",
    "references": "idempotency",
    "reads": "reads",
    "tokens": "tokens",
    "times": "time",
    "rare": "rare conditions",
    "corners": "rare conditions",
    "neighbours": "rare conditions",
    "identities": "identities",
    "pages": "reads",
    "filters": "reads",
    "makers": "reads",
    "retries": "idempotency",
    "prolonged": "time",
    "races": "concurrency",
    "ways": "rare conditions",
    "leftovers": "rare conditions",
    "stale": "rare conditions",
    "snapshots": "rare conditions",
    "habits": "rare conditions",
    "delivery": "delivery",
}


@dataclass(frozen=True, slots=True)
class FaultRow:
    """What the gate made of one fault. `requests` and `steps` are of the violation seen first."""

    name: str
    category: str
    breaks: str
    is_caught: bool
    is_expected: bool
    rules: list[str]
    requests: int | None
    steps: int | None
    shortest: int | None
    replays: list[int] | None
    status: int | None
    seconds: float
    requests_of_run: int


class NamedFault(Protocol):
    """A fault of any of our servers."""

    @property
    def name(self) -> str:
        """What it is switched on by."""
        ...

    @property
    def breaks(self) -> str:
        """The rule, or the chapter, that it breaks."""
        ...

    @property
    def overrides(self) -> tuple[type, ...]:
        """The classes that it consists of."""
        ...


def category_of(fault: NamedFault) -> str:
    """The kind of bug, by the module that the fault is written in."""
    module = fault.overrides[0].__module__.rpartition(".")[2]
    return CATEGORIES.get(module, module)


def measure(names: Sequence[str], *, jobs: int, stop_early: bool) -> Iterator[FaultRow]:
    """A row for each fault, in the order of the names."""
    known: dict[str, int] = json.loads(SHORTEST.read_text(encoding="utf-8"))
    with ThreadPoolExecutor(jobs) as pool:
        for name, outcome in zip(
            names, pool.map(lambda name: _run(name, stop_early), names), strict=True
        ):
            yield row_of(FAULTS[name], outcome, known)


def _run(name: str, stop_early: bool) -> Outcome:
    with forked_sandbox(faults=[name]) as environment:
        return run_gate(environment, *(["-x"] if stop_early else []))


def row_of(fault: NamedFault, outcome: Outcome, known: dict[str, int]) -> FaultRow:
    """What an outcome says about a fault; of a SHOULD, a report is enough."""
    first = outcome.violations[0] if outcome.violations else None
    steps = len(first["steps"]) if first is not None else None
    return FaultRow(
        name=fault.name,
        category=category_of(fault),
        breaks=fault.breaks,
        is_caught=outcome.status in (0, 1) and first is not None,
        is_expected=any(is_expected(fault.breaks, rule) for rule in outcome.rules),
        rules=outcome.rules,
        requests=None if first is None else first["requests_before"],
        steps=steps,
        shortest=known.get(fault.name),
        replays=None if first is None else first["replays"],
        status=outcome.status,
        seconds=round(outcome.seconds, 1),
        requests_of_run=0 if outcome.result is None else outcome.result["requests"],
    )


def table(rows: Sequence[FaultRow]) -> str:
    """The rows as text, and how many of them are caught."""
    headings = ("fault", "breaks", "caught", "by", "requests", "steps", "least", "seen", "seconds")
    cells = [
        (
            row.name,
            row.breaks,
            row.is_caught,
            [*row.rules[:3], *(["..."] if len(row.rules) > 3 else [])],
            row.requests,
            row.steps,
            row.shortest,
            "-" if row.replays is None else "{} of {}".format(*row.replays),
            row.seconds,
        )
        for row in rows
    ]
    caught = sum(row.is_caught for row in rows)
    return f"{aligned(headings, cells)}\n\n{caught} of {len(rows)} faults are caught"
