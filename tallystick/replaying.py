"""The subcommands that talk to a target: probe it, or replay a scenario on it.

They return what they saw; `cli` says it. Neither knows pytest nor the contracts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tallystick.connect import connect
from tallystick.documents.questions import narrowed, open_dialect, pinned_dialect, questions
from tallystick.documents.shape import load
from tallystick.drivers.concurrent.clients import client_pool
from tallystick.drivers.concurrent.race import race
from tallystick.drivers.delivery import LATE_S, deliver, lossy_connection
from tallystick.drivers.probe import probe
from tallystick.drivers.sequential import Reading, run_program
from tallystick.ledger.dialect import Dialect
from tallystick.reporting.scenario import Scenario
from tallystick.run import Finding, Run, Violated
from tallystick.settings import Settings, SettingsError
from tallystick.target import Meter

RACES = 20
"""How often a race is run in one replay: it needs luck."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What replays of a scenario showed: how many broke its rule, and what else was broken."""

    times: int
    seen: int
    finding: Finding | None
    others: tuple[Finding, ...]


@contextmanager
def live_run(settings: Settings, dialect: Dialect | None = None) -> Iterator[Run]:
    """A run against the named target; SettingsError if none is named."""
    if settings.address is None or settings.clients is None:
        raise SettingsError("name the server: --target URL or TALLYSTICK_TARGET")
    if dialect is None:
        dialect = pinned_dialect(settings.dialect) if settings.dialect else open_dialect()
    client, network = settings.clients.main, settings.network
    target = connect(settings.address, client, network=network, meter=Meter(settings.rate))
    try:
        yield Run(target, load(), dialect, intensity=settings.intensity, seed=settings.seed)
    finally:
        target.close()


def probe_target(settings: Settings) -> Run:
    """Put every open question to the target; the run holds the dialect and what was violated."""
    with live_run(settings) as run:
        probe(run)
        return run


def replay_scenario(settings: Settings, scenario: Scenario, times: int) -> Replay:
    """Run a scenario's program on fresh cards, several times."""
    known = None if settings.dialect else narrowed(dict(scenario.dialect))
    with live_run(settings, known) as run:
        seen = 0
        found: dict[str, Finding] = {}
        for _ in range(times):
            once = run.isolated_copy()
            with suppress(Violated):
                _run_once(once, scenario)
            seen += once.has_broken(scenario.rule)
            found = {**once.findings, **found}
    asked = [finding for finding in found.values() if finding.violation.rule == scenario.rule]
    others = tuple(finding for finding in found.values() if finding not in asked)
    return Replay(times, seen, asked[0] if asked else None, others)


def _run_once(run: Run, scenario: Scenario) -> None:
    program = scenario.program
    if program.branches:
        with client_pool(run) as pool:
            race(run, pool, program, RACES)
    elif scenario.rule.startswith("DELIV-") or any(step.delivery for step in program.steps):
        with lossy_connection(run) as connection:
            deliver(run, connection, program, late_s=LATE_S)
    else:
        run_program(run, program, reading=Reading.EAGER)


def probe_rows(dialect: Dialect) -> list[tuple[str, str, str]]:
    """The table of a probe: question id, its text, and the answers that are left."""
    rows = []
    for question in questions().values():
        left = sorted(dialect.possible(question.id))
        asked = len(left) < len(question.permitted) or len(question.permitted) == 1
        rows.append((question.id, question.text, " or ".join(left) if asked else "not answered"))
    return rows
