"""What a red gate shows first: for faults spread over all chapters, the whole gate without `-x`.

One row per fault: whether the first violation shown is the shortest program of the right cause, and
how long the log is. Knows no fault by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sandbox.faults import FAULTS
from tallystick.reporting.result import ViolationEntry
from tests.proof.faults import SHORTEST
from tests.proof.gate import Outcome, run_gate
from tests.proof.selection import is_expected
from tests.proof.servers import forked_sandbox
from tests.proof.table import aligned

FAULTS_TO_SHOW = 40
ENOUGH = 0.95
"""The share of faults whose cause has to come first."""
AS_USERS_SEE_IT = ("-rfE", "--verbosity=0")
"""What `tallystick gate` prints, whatever this repository asks of pytest."""
LONGEST_LOG = 120
"""Lines that a red gate may print."""


@dataclass(frozen=True, slots=True)
class CauseRow:
    """What the gate shows of one fault. `rule` and `steps` are of the violation shown first."""

    name: str
    breaks: str
    rule: str
    steps: int
    fewest: int
    """The fewest steps of all violations, and of the shortest program that is known."""
    is_first: bool
    causes: int
    violations: int
    tests: int
    """Tests that met one of them."""
    lines: int
    seconds: float


def spread(number: int = FAULTS_TO_SHOW) -> list[str]:
    """So many faults, evenly over the list, which is ordered by chapter."""
    names = list(FAULTS)
    return [names[place * len(names) // number] for place in range(min(number, len(names)))]


def measure(names: Sequence[str], *, jobs: int) -> Iterator[CauseRow]:
    """A row for each fault, in the order of the names."""
    known: dict[str, int] = json.loads(SHORTEST.read_text(encoding="utf-8"))
    with ThreadPoolExecutor(jobs) as pool:
        for name, outcome in zip(names, pool.map(_run, names), strict=True):
            yield row_of(name, outcome, known)


def _run(name: str) -> Outcome:
    with forked_sandbox(faults=[name]) as environment:
        return run_gate(environment, *AS_USERS_SEE_IT)


def row_of(name: str, outcome: Outcome, known: dict[str, int]) -> CauseRow:
    """What an outcome says about a fault."""
    breaks = FAULTS[name].breaks
    shown = outcome.result["violations"] if outcome.result is not None else []
    fewest = min([len(entry["steps"]) for entry in shown] or [0])
    fewest = min(fewest, known.get(name, fewest))
    return CauseRow(
        name,
        breaks,
        shown[0]["rule"] if shown else "-",
        len(shown[0]["steps"]) if shown else 0,
        fewest,
        bool(shown) and len(shown[0]["steps"]) == fewest and _is_right(breaks, shown),
        sum(entry["cause"] is None for entry in shown),
        len(shown),
        len({test for entry in shown for test in (entry["test"], *entry["also"])}),
        len(outcome.output.splitlines()),
        round(outcome.seconds, 1),
    )


def _is_right(breaks: str, shown: Sequence[ViolationEntry]) -> bool:
    """Whether the first breaks the rule that the fault names, or explains what does.

    Where none does, the fault is blamed on what was done, and one cause has to be all there is.
    """
    first = shown[0]
    its = [first["rule"], *(shown[place]["rule"] for place in first["consequences"])]
    if any(is_expected(breaks, entry["rule"]) for entry in shown):
        return any(is_expected(breaks, rule) for rule in its)
    return all(entry["cause"] in (None, 0) for entry in shown)


def is_good(rows: Sequence[CauseRow]) -> bool:
    """Whether enough causes come first, and no log is too long."""
    first = sum(row.is_first for row in rows)
    return first >= ENOUGH * len(rows) and all(row.lines <= LONGEST_LOG for row in rows)


def table(rows: Sequence[CauseRow]) -> str:
    """The rows as text, and how many causes come first."""
    headings = ("fault", "breaks", "first", "rule", "steps", "least", "causes", "of", "tests")
    cells = [
        (
            row.name,
            row.breaks,
            row.is_first,
            row.rule,
            row.steps,
            row.fewest,
            row.causes,
            row.violations,
            row.tests,
            row.lines,
        )
        for row in rows
    ]
    first = sum(row.is_first for row in rows)
    longest = max([row.lines for row in rows] or [0])
    return (
        f"{aligned((*headings, 'lines'), cells)}\n\n"
        f"of {first} of {len(rows)} faults the cause comes first; the longest log has "
        f"{longest} lines"
    )
