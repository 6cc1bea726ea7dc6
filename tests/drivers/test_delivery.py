"""Broken deliveries: what the network does, what the client makes of it, and who is blamed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.credentials import ADMIN
from tallystick.connect import connect
from tallystick.documents import shape
from tallystick.drivers.again import run_again
from tallystick.drivers.delivery import DeliverySession, back_off_s, deliver, lossy_connection
from tallystick.drivers.probe import probe
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Accepted, Refused
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.program import Delivery, Program, ProgramError, parse_step
from tallystick.request import Request
from tallystick.run import Finding, Run, Violated
from tallystick.target import Answer, Client, Exchange, NoAnswer
from tests.drivers.conftest import MakeRun
from tests.proof.servers import forked_address

START = ("A = card 1000 NOK", "h = hold A 500")
LIVES = {
    "payments": (
        *START,
        "d = draw A 100 !{0}",
        "f = fund A 30 !{0}",
        "i = hold A 50 !{0}",
        "c = capture h 200 !{0}",
        "v = void h !{0}",
        "x = draw A available+1 !{0}",
    ),
    "cards": ("A = batch !{0}", "activate A 70 NOK !{0}", "d = draw A 70 !{0}", "delete A !{0}"),
    "tokens": (
        "A = card 1000 NOK !{0}",
        't = token A !{0} with {{"one_time": "true"}}',
        "d = draw t 10 !{0}",
    ),
}
UNANSWERED = (Delivery.LOST, Delivery.CUT, Delivery.TIMEOUT)


@contextmanager
def sandbox_run(*faults: str) -> Iterator[Run]:
    """A run against a sandbox with these faults, which has answered the open questions."""
    with forked_address(*faults) as address:
        target = connect(address, Client(ADMIN.client_id, ADMIN.client_secret), Wallet())
        run = Run(target, Wallet(), shape.load(), dialect_of(Wallet()))
        try:
            probe(run)
            yield run.isolated_copy()
        finally:
            target.close()


def found_by(run: Run, *lines: str, late_s: float = 0.0) -> Finding:
    with lossy_connection(run) as connection, pytest.raises(Violated) as caught:
        deliver(run, connection, Program.parse(*lines), late_s=late_s)
    return caught.value.finding


def performed(run: Run, *lines: str) -> DeliverySession:
    """A session after these steps, before its end."""
    with lossy_connection(run) as connection:
        session = DeliverySession(run, connection)
        for step in Program.parse(*lines).prefix:
            session.perform(step)
        session.finish()
    return session


def answers(session: DeliverySession, step: str) -> list[Answer | NoAnswer]:
    """What came back to the requests of a step, in their order; reads are left out."""
    return [
        event.exchange.answer
        for event in session.session.story.events
        if event.step.startswith(step) and event.exchange.request.method != "GET"
    ]


@pytest.mark.parametrize("mark", Delivery)
@pytest.mark.parametrize("life", LIVES)
def test_an_honest_server_does_everything_once(
    make_run: MakeRun, life: str, mark: Delivery
) -> None:
    run = make_run(None)
    with lossy_connection(run) as connection:
        deliver(run, connection, Program.parse(*(line.format(mark) for line in LIVES[life])))
    assert run.findings == {}


@pytest.mark.parametrize("mark", UNANSWERED)
def test_a_request_without_an_answer_is_asked_again(make_run: MakeRun, mark: Delivery) -> None:
    run = make_run(None)
    session = performed(run, "A = card 1000 NOK", f"d = draw A 100 !{mark}")
    first, second = answers(session, "d = draw A 100")
    assert isinstance(first, NoAnswer)
    assert isinstance(second, Answer)
    assert session.session.ledger("A").available == 900
    assert len(session.session.ledger("A").entries) >= 1


@pytest.mark.parametrize("mark", [Delivery.TWICE, Delivery.LATE])
def test_the_answer_to_a_copy_is_judged_too(make_run: MakeRun, mark: Delivery) -> None:
    run = make_run(None)
    session = performed(run, "A = card 1000 NOK", f"d = draw A 100 !{mark}", "f = fund A 5")
    first, second = answers(session, "d = draw A 100")
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert run.dialect.answer("ref.same.drawdown") in ("replay", "refuse")
    assert second.status == (200 if run.dialect.answer("ref.same.drawdown") == "replay" else 400)


@pytest.mark.parametrize(
    ("took_ms", "waits_ms"), [((), 50), ((1, 2), 20), ((1, 400), 50)], ids=["none", "fast", "slow"]
)
def test_a_retry_waits_for_ten_answers_of_the_server_and_50_ms_at_most(
    took_ms: tuple[int, ...], waits_ms: int
) -> None:
    request, answer = Request("Read", "GET", "/cards/1"), Answer(200, "application/json", {})
    lost = Exchange(1, request, NoAnswer("hung up before the answer"), 0, 30_000_000)
    read = [Exchange(2, request, answer, 5_000_000, (5 + each) * 1_000_000) for each in took_ms]
    events = [Event("", exchange) for exchange in (lost, *read)]
    assert back_off_s(events) == pytest.approx(waits_ms / 1000)


def test_a_late_copy_arrives_after_all_later_requests(make_run: MakeRun) -> None:
    session = performed(make_run(None), "A = card 1000 NOK", "d = draw A 100 !late", "f = fund A 5")
    steps = [event.step for event in session.session.story.events]
    assert steps.index("d = draw A 100 !late: the late copy") > steps.index("f = fund A 5")


def test_a_card_whose_creation_was_lost_is_the_same_card(make_run: MakeRun) -> None:
    run = make_run(None)
    with lossy_connection(run) as connection:
        session = DeliverySession(run, connection)
        (step,) = Program.parse("A = card 70 NOK !lost").prefix
        assert isinstance(session.perform(step), Accepted | Refused)
    assert len(session.session.ledgers.of("A")) == 1
    assert session.session.ledger("A").balance == 70


CAUGHT = {
    "ref_fund_twice": ("DELIV-2", "x = fund A 100 !twice"),
    "ref_capture_twice": ("DELIV-1", "x = capture h 100 !lost"),
    "ref_hold_twice": ("DELIV-3", "x = hold A 100 !late"),
    "client_gone_forgets_ref": ("DELIV-1", "x = draw A 100 !timeout"),
    "capture_done_answered_500": ("DELIV-4", "x = capture h 100"),
}


@pytest.mark.parametrize("fault", CAUGHT)
def test_a_second_effect_is_blamed_on_the_delivery(fault: str) -> None:
    rule, line = CAUGHT[fault]
    with sandbox_run(fault) as run:
        finding = found_by(run, *START, line)
        assert rule in run.findings
        assert finding.attempt is not None
        with lossy_connection(run):
            assert run.findings[rule].steps[-1] == line


def test_a_copy_that_took_its_time_has_no_further_effect() -> None:
    with sandbox_run("ref_forgotten_late") as run:
        with lossy_connection(run) as connection:
            deliver(run, connection, Program.parse(*START, "x = draw A 100 !late"))
        assert run.findings == {}
        finding = found_by(run, *START, "x = draw A 100 !late", late_s=2.5)
        assert finding.violation.rule == "DELIV-3"


def test_what_breaks_without_the_delivery_too_is_not_blamed_on_it() -> None:
    with sandbox_run("capture_checks_original") as run:
        finding = found_by(run, *START, "c1 = capture h 300 !lost", "c2 = capture h 300 !twice")
        assert finding.violation.rule == "CAP-2"
        assert not any(rule.startswith("DELIV") for rule in run.findings)


def test_a_program_that_ends_early_leaves_nothing_to_the_next() -> None:
    with sandbox_run("ref_fund_twice") as run, lossy_connection(run) as connection:
        for _ in range(2):
            with pytest.raises(Violated):
                deliver(run, connection, Program.parse(*START, "x = fund A 100 !twice"))
        deliver(run, connection, Program.parse(*START, "d = draw A 10", "e = draw A 10"))


def test_a_scenario_is_replayed_with_its_deliveries() -> None:
    with sandbox_run("ref_forgotten_late") as run, pytest.raises(Violated):
        run_again(run, Program.parse(*START, "x = draw A 100 !late"), "DELIV-3")
    assert set(run.findings) == {"DELIV-3"}


@pytest.mark.parametrize(
    "line",
    [
        "d = draw A 100 NOK ref=x !lost",
        't = token A !twice with {"one_time": "true"}',
        "A = card 100 NOK !late",
        "v = void h !cut",
        "again d !timeout",
        "activate A 5 NOK !lost",
    ],
)
def test_a_mark_is_read_as_it_is_written(line: str) -> None:
    step = parse_step(line)
    assert step.delivery is not None
    assert str(step) == line
    assert parse_step(str(step)) == step


@pytest.mark.parametrize("line", ["d = draw A 1 !sometimes", "read A !lost", "list A !twice"])
def test_a_mark_that_makes_no_sense_is_refused(line: str) -> None:
    with pytest.raises(ProgramError):
        parse_step(line)


def test_a_second_answer_is_never_that_of_another_request() -> None:
    with sandbox_run("capture_unlimited") as run, lossy_connection(run) as connection:
        other = DeliverySession(run, connection)
        other.perform(parse_step(START[0]))
        with pytest.raises(Violated):
            deliver(run, connection, Program.parse(*START, "c = capture h remaining+1 !twice"))
        before = run.target.meter.requests
        other.finish()  # Violated if what answers a read is not its own answer
    assert run.target.meter.requests > before
