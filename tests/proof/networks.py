"""Honest servers behind a bad network: whatever is reported of them is a false alarm.

The suite may say *conforms*, or *undecided* with the reason; never *violates*. Knows no contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.proof import profiles
from tests.proof.gate import run_gate
from tests.proof.lossy import LossyProxy
from tests.proof.servers import environment_of, forked_sandbox
from tests.proof.table import aligned
from tests.proof.variants import alarms_of

LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """What the gate said of an honest server behind one bad network."""

    seed: int
    rate: float
    verdict: str
    status: int | None
    requests: int
    harmed: int
    seconds: float
    reason: str = ""
    alarms: list[str] = field(default_factory=list)

    @property
    def is_quiet(self) -> bool:
        """Whether the server was not accused, and the suite did not break."""
        return not self.alarms


def measure(
    seeds: Sequence[int], rate: float, *, jobs: int, server: str | None = None
) -> Iterator[NetworkRow]:
    """A row for each seed; the share `rate` of the exchanges is harmed. A server of `profiles`."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda seed: _row(seed, rate, server), seeds)


def _row(seed: int, rate: float, server: str | None) -> NetworkRow:
    with (
        _honest(server) as url,
        LossyProxy(url, rate=rate, seed=seed).running() as proxy,
    ):
        environment, options = _judged(server, proxy.url)
        outcome = run_gate(environment, f"--seed={seed}", *options, limit_s=LIMIT_S)
    result = outcome.result
    return NetworkRow(
        seed,
        rate,
        outcome.verdict,
        outcome.status,
        0 if result is None else result["requests"],
        proxy.harmed.total(),
        round(outcome.seconds, 1),
        "" if result is None else str(result["reason"] or ""),
        alarms_of(outcome) if outcome.verdict != "undecided" or outcome.violations else [],
    )


@contextmanager
def _honest(server: str | None) -> Iterator[str]:
    if server is None:
        with forked_sandbox() as sandbox:
            yield sandbox["TALLYSTICK_TARGET"]
    else:
        with profiles.SERVERS[server].start() as started:
            yield started.url


def _judged(server: str | None, url: str) -> tuple[Mapping[str, str], list[str]]:
    """The environment and the options of a gate at this address."""
    if server is None:
        return environment_of(url), []
    judged = profiles.SERVERS[server]
    return profiles.environment_of(judged, url), [f"--profile={judged.profile}"]


def table(rows: Sequence[NetworkRow]) -> str:
    """The rows as text; alarms follow in full."""
    headings = ("seed", "rate", "verdict", "requests", "harmed", "seconds", "reason")
    cells = [
        (row.seed, row.rate, row.verdict, row.requests, row.harmed, row.seconds, row.reason[:60])
        for row in rows
    ]
    alarms = [f"seed {row.seed}: {text}" for row in rows for text in row.alarms]
    quiet = sum(row.is_quiet for row in rows)
    summary = f"{quiet} of {len(rows)} runs behind a bad network accuse nobody"
    return "\n".join([aligned(headings, cells), "", *alarms, summary])
