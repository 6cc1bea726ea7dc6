"""Races on real connections: against honest servers, servers that lose races, and silent ones."""

from __future__ import annotations

import html
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest

from sandbox.credentials import ADMIN
from strategies.workload import Workload
from tallystick.checker import Budget
from tallystick.connect import connect
from tallystick.documents import shape
from tallystick.drivers.concurrent import findings, trial
from tallystick.drivers.concurrent.clients import ClientPool, client_pool
from tallystick.drivers.concurrent.last_byte import LastByteTransport
from tallystick.drivers.concurrent.race import race, race_once
from tallystick.drivers.concurrent.soak import soak
from tallystick.drivers.concurrent.trial import (
    AT_THE_END,
    SIMULTANEOUS,
    StartSchedule,
    Trial,
    run_trial,
)
from tallystick.drivers.reduce import Budget as ReduceBudget
from tallystick.drivers.reduce import reduce_program
from tallystick.ledger.vocabulary import Unknown
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.program import Program
from tallystick.reporting.reports import time_line_of
from tallystick.reporting.result import Ending, summarise
from tallystick.reporting.timeline import timeline_page
from tallystick.run import Finding, Run, Violated
from tallystick.target import Client
from tests.drivers.conftest import MakeRun
from tests.proof.servers import forked_address

CARD = "A = card 1000 NOK"
CAPTURES = Program.from_lines(
    [CARD, "h = hold A 600", "1| c1 = capture h", "2| c2 = capture h", "3| read A", "3| read A"]
)
HONEST = {
    "captures": CAPTURES,
    "one ref_id": Program.from_lines([CARD, "1| d = draw A 100", "2| d = draw A 100"]),
    "two creations": Program.from_lines(["1| A = card 1000 NOK", "2| A = card 500 NOK"]),
    "made within a branch": Program.from_lines(
        [
            CARD,
            "1| h = hold A 700",
            "1| c = capture h remaining",
            "2| i = hold A 700",
            "2| v = void i",
        ]
    ),
    "deleted meanwhile": Program.from_lines([CARD, "1| delete A", "2| d = draw A 1000"]),
}


@contextmanager
def sandbox_run(*faults: str) -> Iterator[tuple[Run, ClientPool]]:
    """A run against a sandbox with these faults."""
    with forked_address(*faults) as address:
        target = connect(address, Client(ADMIN.client_id, ADMIN.client_secret), Wallet())
        run = Run(target, Wallet(), shape.load(), dialect_of(Wallet()))
        try:
            with client_pool(run) as pool:
                yield run, pool
        finally:
            target.close()


def found_by(run: Run, pool: ClientPool, plan: Program, times: int = 10) -> Finding:
    with pytest.raises(Violated) as caught:
        race(run, pool, plan, times)
    return caught.value.finding


def meets(shown: Trial) -> bool:
    """Whether the first operations of the first two clients were open at the same time."""
    first, second = (
        next(op for op in shown.operations if op.client == client) for client in ("1", "2")
    )
    assert first.returned_ns is not None
    assert second.returned_ns is not None
    return first.called_ns < second.returned_ns and second.called_ns < first.returned_ns


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_server_has_an_order(make_run: MakeRun, name: str) -> None:
    run = make_run(None)
    with client_pool(run) as pool:
        race(run, pool, HONEST[name], 6)
    assert run.findings == {}
    assert run.undecided == []
    assert run.checked["CONC-1"] == 6


def test_branches_run_at_the_same_moment(make_run: MakeRun) -> None:
    run = make_run(None)
    with client_pool(run) as pool:
        assert all(meets(run_trial(run, pool, CAPTURES)) for _ in range(10))


def test_every_answer_and_the_cards_after_all_are_in_the_history(make_run: MakeRun) -> None:
    run = make_run(None)
    with client_pool(run) as pool:
        shown = run_trial(run, pool, CAPTURES, StartSchedule(random.Random(1), trials=SIMULTANEOUS))
    clients = [op.client for op in shown.operations]
    assert clients == ["1", "2", "3", "3", AT_THE_END, AT_THE_END]
    assert {op.key for op in shown.operations} == set(shown.initial)
    assert len(shown.events) == 2 + len(shown.operations)


LOST_RACES: dict[str, tuple[str, Sequence[str], int]] = {
    "race_capture": (
        "CONC-1",
        [CARD, "h = hold A 600", "1| c1 = capture h 400", "2| c2 = capture h 400", "3| read A"],
        4,
    ),
    "race_ref_fund": (
        "CONC-2",
        [CARD, "h = hold A 10", "1| f = fund A 70", "2| f = fund A 70", "2| read A"],
        3,
    ),
    "race_ref_token": (
        "CONC-2",
        [CARD, "d = draw A 10", "1| t = token A", "2| t = token A", "2| read A"],
        2,
    ),
    "race_torn_capture": (
        "CONC-1",
        [CARD, "h = hold A 600", "1| c = capture h 200", "2| read A", "2| read A", "3| read A"],
        4,
    ),
    "race_create_card": ("CONC-1", ["1| A = card 1000 NOK", "2| A = card 500 NOK"], 2),
}


@pytest.mark.parametrize("fault", LOST_RACES)
def test_a_lost_race_is_found_and_shortened(fault: str) -> None:
    rule, lines, shortest = LOST_RACES[fault]
    with sandbox_run(fault) as (run, pool):
        finding = found_by(run, pool, Program.from_lines(lines))
        assert finding.violation.rule == rule
        assert finding.attempt is not None
        reduced = reduce_program(finding.program, finding.attempt, ReduceBudget.of(20))
        finding = finding.shortened(reduced.program, reduced.replays, reduced.shown)
        assert len(finding.steps) <= shortest + 2
        assert len(finding.shortest.branches) == 2
        assert finding.race is not None
        page = timeline_page(time_line_of(run, finding, finding.race))
        assert rule in page
        assert finding.race.label(finding.race.illegality.stuck) in html.unescape(page)


def test_what_breaks_in_sequence_too_is_not_blamed_on_the_race() -> None:
    plan = [CARD, "h = hold A 600", "1| c1 = capture h 400", "2| c2 = capture h 400"]
    with sandbox_run("capture_checks_original") as (run, pool):
        assert found_by(run, pool, Program.from_lines(plan)).violation.rule == "CAP-2"
        assert "CONC-1" not in run.findings


def test_a_5xx_in_a_race_is_an_unknown_outcome_and_a_violation_of_its_own() -> None:
    plan = Program.from_lines([CARD, "h = hold A 600", "1| c1 = capture h", "2| read A"])
    with sandbox_run("capture_done_answered_500") as (run, pool):
        assert found_by(run, pool, plan).violation.rule == "SHAPE-2"
        assert set(run.findings) == {"SHAPE-2"}
        shown = run_trial(run, pool, plan)
        capture = shown.operations[0]
        assert isinstance(capture.outcome, Unknown)
        assert capture.returned_ns is None


def test_a_history_that_cannot_be_judged_is_undecided(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "TRIAL_BUDGET", Budget(transitions=1))
    run = make_run(None)
    with client_pool(run) as pool:
        race_once(run, pool, CAPTURES)
    assert len(run.undecided) == 1
    result = summarise(run, Ending(), seconds=1.0)
    assert result["verdict"] == "undecided"
    assert result["reason"] == run.undecided[0]


def test_a_client_that_never_comes_back_has_an_unknown_outcome(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(LastByteTransport):
        """Lets the request through and never hears its answer."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle_request(request)
            release.wait(30)
            return answer

    release = threading.Event()
    monkeypatch.setattr(trial, "BRANCH_LIMIT_S", 1.0)
    run = make_run(None)
    with client_pool(run) as pool:
        clients = pool.clients(2)
        lost = clients[1]
        lost.target.close()
        lost.transport = Silent(run.target.connections)
        lost.target = run.target.another(transport=lost.transport)
        shown = race_once(run, pool, Program.from_lines([CARD, "1| read A", "2| d = draw A 100"]))
        assert lost not in pool.clients(2)
    release.set()
    for thread in threading.enumerate():
        if thread.name == "client 2":
            thread.join()
    lost.target.close()
    draw = next(op for op in shown.operations if op.client == "2")
    assert isinstance(draw.outcome, Unknown)
    assert draw.returned_ns is None
    assert run.findings == {}


def test_a_soak_of_an_honest_server_has_an_order(make_run: MakeRun) -> None:
    run = make_run(None)
    with client_pool(run) as pool:
        assert soak(run, pool, Workload(run.seed, run.profile.traits), 240, clients=4) >= 240
    assert run.findings == {}
    assert run.undecided == []


def test_a_soak_shows_a_lost_race_as_a_short_plan() -> None:
    with sandbox_run("race_lost_update") as (run, pool):
        with pytest.raises(Violated) as caught:
            soak(run, pool, Workload(run.seed, run.profile.traits), 1200)
        finding = caught.value.finding
        assert finding.violation.rule in ("CONC-1", "CONC-2")
        assert finding.race is not None
        assert len(finding.program.branches) >= 1
        assert finding.program == finding.program.without_orphans()
