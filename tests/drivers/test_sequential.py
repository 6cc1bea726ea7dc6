"""Sessions against two honest servers, and against what a dishonest transport makes of them."""

from __future__ import annotations

import itertools
from contextlib import suppress

import httpx
import pytest

from tallystick.drivers.sequential import Session, run_program
from tallystick.ledger.vocabulary import Accepted, CardLabel, CardRecord, ReadCard, Unknown
from tallystick.program import Program, parse_step
from tallystick.run import Violated
from tests.drivers.conftest import MakeRun
from tests.drivers.tampering import Once, Tampering, is_post

HONEST = {
    "lifecycle": (
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "c1 = capture h1 remaining/2",
        "c2 = capture h1 remaining+1",
        "v1 = void h1",
        "v2 = void h1",
        "c3 = capture h1 1",
        "d1 = draw A available",
    ),
    "repeats": (
        "A = card 1000 NOK",
        "d1 = draw A 5",
        "again d1",
        "d2 = draw A 6 ref=d1",
        "f1 = fund A 5 ref=d1",
        "again f1",
    ),
    "two cards": (
        "A = card 1000 NOK",
        "B = card 7 SEK",
        "h1 = hold A 10",
        "h2 = hold B 7 ref=h1",
        "c1 = capture h2",
        "v1 = void h1",
    ),
    "tokens": (
        "A = card 50 NOK",
        'k1 = token A with {"one_time": "true"}',
        "info k1",
        "d1 = draw k1 5",
        "d2 = draw k1 5",
        "info missing",
    ),
    "batch": (
        "A = batch",
        "d1 = draw A 1",
        "activate A 70 NOK",
        "activate A 70 NOK",
        "d2 = draw A 70",
        "delete A",
        "read A",
    ),
    "members": (
        'A = card 9 NOK with {"metadata": {"a": "1"}, "name": "gift", "customer_id": "C-1"}',
        'd1 = draw A 5 with {"metadata": {"b": "2"}, "originated_by": "till"}',
        "customer A",
        "list A",
    ),
    "missing": ("A = card 9 NOK", "c1 = capture missing 1", "v1 = void missing"),
    "refused create": ("A = card 9 NOK", "again A", "read A"),
    "boundaries": (
        "A = card 0 NOK",
        "d1 = draw A 0",
        "h1 = hold A 0",
        "v1 = void h1",
        "f1 = fund A 9007199254740993",
        "d2 = draw A available+1",
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_is_green(make_run: MakeRun, name: str) -> None:
    run = make_run(None)
    session = run_program(run, Program.parse(*HONEST[name]))
    assert run.findings == {}
    assert len(session.story.program.steps) == len(HONEST[name])
    assert all(len(session.ledgers.of(card)) == 1 for card in session.ledgers)


def adds_one_to_available_after_a_capture():
    captured = Once(is_post("/capture"))

    def alter(request: httpx.Request, body):
        captured(request)
        if captured.happened and isinstance(body, dict) and "amount_available" in body:
            return body | {"amount_available": body["amount_available"] + 1}
        return body

    return Tampering(alter)


def lists(change):
    def alter(request: httpx.Request, body):
        listing = request.method == "GET" and request.url.path.endswith("/transactions")
        return change(body) if listing else body

    return Tampering(alter)


def payments(change):
    def alter(request: httpx.Request, body):
        paying = request.method == "POST" and "/transactions" in request.url.path
        return body | change(body) if paying else body

    return Tampering(alter)


def cards(change):
    def alter(request: httpx.Request, body):
        reading = request.method == "GET" and isinstance(body, dict) and "card_id" in body
        return body | change(body) if reading else body

    return Tampering(alter)


BASIC = ("A = card 1000 NOK", "h1 = hold A 600", "c1 = capture h1 100", "d1 = draw A 5")


@pytest.mark.parametrize(
    ("tamper", "rule", "steps"),
    [
        (adds_one_to_available_after_a_capture, "CAP-4", 3),
        (lambda: lists(lambda items: [*items, items[0]]), "READ-3", 4),
        (lambda: lists(lambda items: items[1:]), "BAL-5", 4),
        (lambda: lists(lambda items: [i | {"amount": 1} for i in items]), "BAL-5", 4),
        (lambda: lists(lambda items: [i | {"ref_id": "x"} for i in items]), "BAL-5", 4),
        (lambda: payments(lambda body: {"amount": body["amount"] + 1}), "TX-4", 2),
        (lambda: payments(lambda body: {"currency": "EUR"}), "TX-4", 2),
        (lambda: cards(lambda body: {"amount_balance": 0}), "CARD-1", 1),
        (lambda: cards(lambda body: {"card_id": "another"}), "READ-2", 1),
        (lambda: cards(lambda body: {"amount_available": -1}), "SHAPE-9", 4),
        (lambda: Tampering(fail=is_post("/capture")), "SHAPE-2", 4),
    ],
)
def test_a_dishonest_answer_is_caught_with_its_program(
    make_run: MakeRun, tamper, rule: str, steps: int
) -> None:
    run = make_run(tamper())
    with pytest.raises(Violated):
        run_program(run, Program.parse(*BASIC))
    assert rule in {finding.violation.rule for finding in run.findings.values()}
    finding = run.finding_of(rule)
    assert finding is not None
    assert finding.program.lines() == list(BASIC[: len(finding.program.steps)])
    assert len(finding.program.steps) <= steps
    assert finding.events
    assert 0 < finding.requests_before <= run.target.meter.requests


def test_a_lost_answer_is_settled_by_the_reading_that_follows(make_run: MakeRun) -> None:
    for path in ("/capture", "/void", "/transactions", "/wallets/cards"):
        run = make_run(Tampering(lose=Once(is_post(path))))
        session = run_program(run, Program.parse(*BASIC, "v1 = void h1", "again d1"))
        assert run.findings == {}
        assert [len(session.ledgers.of(card)) for card in session.ledgers] == [1]


def test_a_lost_answer_leaves_two_ledgers_until_a_read_is_answered(make_run: MakeRun) -> None:
    captured, reads = Once(is_post("/capture")), itertools.count()

    def lose(request: httpx.Request) -> bool:
        if captured(request):
            return True
        is_read = request.method == "GET" and "/cards/" in request.url.path
        return captured.happened and is_read and next(reads) < 2  # a read is sent again

    run = make_run(Tampering(lose=lose))
    session = Session(run)
    for line in BASIC[:2]:
        session.perform(parse_step(line))
    outcome = session.perform(parse_step(BASIC[2]), unread=True)
    assert isinstance(outcome, Unknown)
    assert sorted(ledger.held for ledger in session.ledgers.of(CardLabel("A"))) == [500, 600]
    session.perform(parse_step("read A"))
    assert [ledger.held for ledger in session.ledgers.of(CardLabel("A"))] == [500]


def test_a_lost_answer_is_settled_at_once_also_where_nothing_is_read_back(
    make_run: MakeRun,
) -> None:
    run = make_run(Tampering(lose=Once(is_post("/capture"))))
    session = Session(run)
    for line in BASIC[:3]:
        session.perform(parse_step(line), unread=True)
    assert [ledger.held for ledger in session.ledgers.of(CardLabel("A"))] == [500]


def test_a_look_up_is_sent_again_as_a_read_is(make_run: MakeRun) -> None:
    run = make_run(Tampering(lose=Once(is_post("/wallets/info"))))
    session = Session(run)
    for line in ("A = card 1000 NOK", "t = token A", "info t"):
        outcome = session.perform(parse_step(line))
    assert isinstance(outcome, Accepted)


def test_an_effect_behind_a_refusal_is_caught(make_run: MakeRun) -> None:
    def alter(request: httpx.Request, body):
        return body

    class Refusing(Tampering):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = super().handle_request(request)
            if is_post("/capture")(request):
                return httpx.Response(400, json={"error": {"message": "no"}})
            return response

    run = make_run(Refusing(alter))
    with pytest.raises(Violated) as found:
        run_program(run, Program.parse(*BASIC))
    assert found.value.finding.violation.rule == "CAP-1"


def test_a_request_that_arrives_twice_has_one_effect(make_run: MakeRun) -> None:
    session = Session(make_run(Tampering(repeat=Once(is_post("/transactions")))))
    session.perform(parse_step("A = card 1000 NOK"))
    with suppress(Violated):  # a server that refuses repeats refused the copy that was answered
        session.perform(parse_step("d1 = draw A 5"))
    outcome, _ = session.target.perform(ReadCard(session.ledger("A").card))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.record, CardRecord)
    assert outcome.record.balance == 995


def test_an_id_that_was_given_away_before_is_caught(make_run: MakeRun) -> None:
    run = make_run(payments(lambda body: {"id": "6ccfec5d-3a53-47de-910a-97d6dda22e5f"}))
    with pytest.raises(Violated, match="TX-8"):
        run_program(run, Program.parse("A = card 9 NOK", "d1 = draw A 1", "d2 = draw A 1"))


def test_a_step_whose_label_is_missing_is_passed_over(make_run: MakeRun) -> None:
    session = Session(make_run(None))
    assert session.perform(parse_step("c1 = capture h1 5")) is None
    assert session.story.program == Program()


def test_ids_are_unique_per_program_and_per_run(make_run: MakeRun) -> None:
    runs = [make_run(None) for _ in range(2)]
    prefixes = [Session(run).resolver.prefix for run in runs for _ in range(3)]
    assert len(set(prefixes)) == 6
