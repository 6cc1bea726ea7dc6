"""Honest servers: the sandbox, its variants and mixes of them, and the rival, several seeds each.

Every one of them conforms, so whatever is reported here is a false alarm. Knows no variant by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product

from sandbox.variants import VARIANTS
from tests.proof import mixes
from tests.proof.gate import Outcome, run_gate
from tests.proof.servers import forked_sandbox, rival
from tests.proof.table import aligned

HONEST = "(plain)"
RIVAL = "(rival)"


@dataclass(frozen=True, slots=True)
class VariantRow:
    """What the gate said of one honest server with one seed."""

    name: str
    seed: int
    verdict: str
    status: int | None
    requests: int
    seconds: float
    alarms: list[str] = field(default_factory=list)

    @property
    def is_quiet(self) -> bool:
        """Whether it was left alone; a SHOULD that is reported leaves the status at 0."""
        return self.status == 0 and not self.alarms


def everyone() -> list[str]:
    """The names of all honest servers."""
    return [HONEST, RIVAL, *VARIANTS]


def measure(names: Sequence[str], seeds: int, *, jobs: int) -> Iterator[VariantRow]:
    """A row for each server and seed."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda pair: _row(*pair), product(names, range(seeds)))


def _row(name: str, seed: int) -> VariantRow:
    variants = () if name == HONEST else mixes.parts_of(name)
    with rival() if name == RIVAL else forked_sandbox(variants=variants) as environment:
        outcome = run_gate(environment, f"--seed={seed}")
    return VariantRow(
        name,
        seed,
        outcome.verdict,
        outcome.status,
        0 if outcome.result is None else outcome.result["requests"],
        round(outcome.seconds, 1),
        alarms_of(outcome),
    )


def alarms_of(outcome: Outcome) -> list[str]:
    """Everything about a run that is not quiet, in full."""
    alarms = [
        f"{entry['rule']} permitted {entry['expected']}; received {entry['actual']}; "
        + " | ".join(entry["steps"])
        for entry in outcome.violations
    ]
    if outcome.status not in (0, 1):
        alarms.append(outcome.output[-2000:])
    elif outcome.status and not alarms and outcome.result is not None:
        alarms.append(str(outcome.result["reason"]))
    return alarms


def table(rows: Sequence[VariantRow]) -> str:
    """The rows as text; alarms follow in full."""
    headings = ("server", "seed", "verdict", "requests", "seconds")
    cells = [(row.name, row.seed, row.verdict, row.requests, row.seconds) for row in rows]
    alarms = [f"{row.name}, seed {row.seed}: {text}" for row in rows for text in row.alarms]
    quiet = sum(row.is_quiet for row in rows)
    summary = f"{quiet} of {len(rows)} runs on honest servers are quiet"
    return "\n".join([aligned(headings, cells), "", *alarms, summary])
