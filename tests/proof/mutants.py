"""Mutation testing: the gate against small changes in the money code of the rival.

A mutant is killed when the gate does not end green on it. Which mutants need not be found is
argued in `tests.rival.equivalents`; this module only measures.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.proof.gate import UNSHORTENED, run_gate
from tests.proof.servers import rival
from tests.proof.table import aligned
from tests.rival.equivalents import INDISTINGUISHABLE, PERMITTED
from tests.rival.mutants import Mutant, mutants

LIMIT_S = 180.0


@dataclass(frozen=True, slots=True)
class MutantRow:
    """What the gate made of one mutant; `how` says what killed it, or why it need not be."""

    number: int
    operator: str
    name: str
    is_killed: bool
    how: str
    requests: int | None
    seconds: float


def faulty() -> list[Mutant]:
    """The mutants that are faults."""
    return [m for m in mutants() if m.name not in INDISTINGUISHABLE | PERMITTED]


def sample(count: int | None) -> list[Mutant]:
    """All of them, or some that are the same every time."""
    found = faulty()
    if count is None or count >= len(found):
        return found
    return sorted(random.Random(0).sample(found, count), key=lambda mutant: mutant.number)


def measure(chosen: Sequence[Mutant], *, jobs: int) -> Iterator[MutantRow]:
    """A row for each mutant."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(_row, chosen)


def _row(mutant: Mutant) -> MutantRow:
    def row(
        is_killed: bool, how: str, requests: int | None = None, seconds: float = 0
    ) -> MutantRow:
        return MutantRow(
            mutant.number, mutant.operator, mutant.name, is_killed, how, requests, round(seconds, 1)
        )

    try:
        with rival(mutant.number) as environment:
            outcome = run_gate(environment, "-x", *UNSHORTENED, limit_s=LIMIT_S)
    except RuntimeError:
        return row(True, "it does not start")
    if outcome.status == 0:
        return row(False, "survives", None, outcome.seconds)
    if outcome.status == 1 and outcome.violations:
        first = outcome.violations[0]
        return row(True, first["rule"], first["requests_before"], outcome.seconds)
    if outcome.status == 4:
        return row(True, "it cannot be judged at all (status 4)", None, outcome.seconds)
    # A suite that breaks, or never ends, has shown nothing.
    return row(False, f"status {outcome.status}: {outcome.output[-300:]}", None, outcome.seconds)


def score(rows: Sequence[MutantRow]) -> float:
    """Percent of the mutants that are killed."""
    return 100 * sum(row.is_killed for row in rows) / len(rows) if rows else 0.0


def table(rows: Sequence[MutantRow]) -> str:
    """The rows as text, and the survivors once more."""
    headings = ("mutant", "operator", "by", "requests", "seconds", "change")
    cells = [
        (row.number, row.operator, row.how, row.requests, row.seconds, row.name) for row in rows
    ]
    survivors = [f"survives: {row.number} {row.name}" for row in rows if not row.is_killed]
    argued = len(mutants()) - len(faulty())
    summary = f"{score(rows):.1f} % of {len(rows)} mutants are killed; {argued} are argued away"
    return "\n".join([aligned(headings, cells), "", *survivors, summary])
