"""Chapter SHAPE: what a request must not hold, what it asks for, how its answers are judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from random import Random

import pytest

from contracts.test_schema import CASES
from sandbox.credentials import ADMIN
from tallystick.connect import connect
from tallystick.documents.shape import load
from tallystick.drivers.fuzz import cases
from tallystick.drivers.fuzz.request import NO_BODY, FuzzRequest
from tallystick.ledger.vocabulary import (
    ActivateCard,
    Capture,
    Command,
    DeleteCard,
    IssueToken,
    Kind,
    OpenCard,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Transact,
    View,
    Void,
)
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.fuzz.card_set import BASIC, CardSet
from tallystick.profiles.wallet.fuzz.constraints import Constraints
from tallystick.profiles.wallet.fuzz.driver import Fuzz
from tallystick.profiles.wallet.fuzz.interpretation import IdIndex, interpret
from tallystick.profiles.wallet.fuzz.links import LinkFollower
from tallystick.profiles.wallet.fuzz.live_ids import LiveIds
from tallystick.profiles.wallet.fuzz.valid import VALID, changed, valid
from tallystick.profiles.wallet.profile import Wallet
from tallystick.run import Finding, Run, Violated
from tallystick.target import Answer, Client
from tests.proof.servers import forked_address

HOLD = "6b2b3d3e-4f63-4d0a-9b7e-2f6f3f3c9a11"
PAYMENT = {"ref_id": "r1", "card_id": "card-1", "amount": 5, "currency": "NOK"}

# What the documentation forbids -------------------------------------------------------------------

FORBIDDEN = [
    (op.TRANSACT, {**PAYMENT, "amount": "5"}, "amount is of type integer"),
    (op.TRANSACT, {**PAYMENT, "amount": True}, "amount is of type integer"),
    (op.TRANSACT, {**PAYMENT, "amount": 1.5}, "amount is of type integer"),
    (op.TRANSACT, {**PAYMENT, "amount": -1}, "amount is at least 0"),
    (op.TRANSACT, {**PAYMENT, "amount": None}, "amount is required"),
    (op.TRANSACT, {**PAYMENT, "currency": "nok"}, "currency is one of NOK, SEK, DKK, EUR, USD"),
    (op.TRANSACT, {**PAYMENT, "ref_id": 7}, "ref_id is of type string"),
    (op.TRANSACT, {**PAYMENT, "type": "refund"}, "type is one of drawdown, fund"),
    (op.TRANSACT, {**PAYMENT, "pending": "true"}, "pending is of type boolean"),
    (op.TRANSACT, {**PAYMENT, "metadata": []}, "metadata is of type object"),
    (op.TRANSACT, {**PAYMENT, "card_id": 1}, "card_id is of type string"),
    (op.TRANSACT, {**PAYMENT, "card_id": None}, "card_id or token is required"),
    (
        op.TRANSACT,
        {**PAYMENT, "originated_by": "x" * 256},
        "originated_by has at most 255 characters",
    ),
    (op.TRANSACT, [PAYMENT], "an object is documented"),
    (op.TRANSACT, NO_BODY, "an object is documented"),
    (op.CAPTURE, {"amount": 5}, "ref_id is required"),
    (
        op.CREATE_CARD,
        {"card_id": "x" * 256, "amount": 1, "currency": "NOK"},
        "at most 255 characters",
    ),
    (op.ISSUE_TOKEN, {"ref_id": "a", "expires_in": 0}, "expires_in is at least 1"),
    (op.ROTATE_PIN, {"pin": "1234"}, "pin is of type object"),
]

OPEN = [
    (op.TRANSACT, PAYMENT),
    (op.TRANSACT, {**PAYMENT, "amount": 5.0}),  # 12: integers that are written as 1.0
    (op.TRANSACT, {**PAYMENT, "amount": float("inf")}),  # 1e400 is a whole number
    (op.TRANSACT, {**PAYMENT, "amount": 2**70}),  # 12: no upper bound
    (op.TRANSACT, {**PAYMENT, "metadata": None}),  # 55: null values anywhere
    (op.TRANSACT, {**PAYMENT, "unknown": [1]}),  # 53: unknown members
    (op.TRANSACT, {**PAYMENT, "id": 5}),  # 53: read-only members sent by the caller
    (op.TRANSACT, {**PAYMENT, "ref_id": ""}),  # 6: no bound on ref_id
    (op.TRANSACT, {**PAYMENT, "ref_id": "r" * 10_000}),
    (op.TRANSACT, {**PAYMENT, "originated_by": " till "}),  # 55: 400 or trimmed
    (op.TRANSACT, {**PAYMENT, "token": "t"}),  # 9.3: a guide sends both
    (op.TRANSACT, {**PAYMENT, "type": "fund", "pending": True}),  # 25: refused or ignored
    (op.CAPTURE, {"ref_id": "a", "amount": None}),
    (op.CREATE_CARD, {"card_id": "a", "amount": 1, "currency": "NOK", "card_token": {}}),  # 9.5
    (op.CREATE_CARD, {"card_id": "a", "amount": 1, "currency": "NOK", "active_from": "soon"}),
    (op.PREPARE_CARDS, {}),  # its required list is read from a sample
]


@pytest.mark.parametrize(("operation", "body", "reason"), FORBIDDEN)
def test_what_a_source_forbids_is_forbidden_with_its_reason(
    operation: str, body: object, reason: str
) -> None:
    assert reason in (Constraints(load().document).forbids(operation, body) or "nothing")


@pytest.mark.parametrize(("operation", "body"), OPEN)
def test_what_the_sources_leave_open_is_not_forbidden(operation: str, body: object) -> None:
    assert Constraints(load().document).forbids(operation, body) is None


# What a request means -----------------------------------------------------------------------------

COMMANDS: list[Command] = [
    Transact(Kind.DRAWDOWN, "card-1", 5, "NOK", "r1"),
    Transact(Kind.HOLD, "card-1", 5, "NOK", "r1", extras=(("metadata", '{"a": "1"}'),)),
    Transact(Kind.FUND, "card-1", 5, "EUR", "r1", extras=(("originated_by", "till 7"),)),
    Transact(Kind.DRAWDOWN, "card-1", 5, "NOK", "r1", token="DINCARD:1"),
    Capture("card-1", HOLD, 5, "r2"),
    Capture("card-1", HOLD, None, "r2", extras=(("metadata", '{"order": "7"}'),)),
    Void("card-1", HOLD, "r3"),
    IssueToken("card-1", "r4", one_time=True),
    IssueToken("card-1", "r4"),
    OpenCard("card-1", 700, "DKK", (("name", "a gift"), ("type", "gift_card"))),
    PrepareCard("card-1"),
    ActivateCard("card-1", 700, "NOK", (("customer_id", "c1"),)),
    DeleteCard("card-1"),
    ReadCard("card-1"),
    ReadCard("card-1", View.INFO, "DINCARD:1"),
    ReadCard("card-1", View.CUSTOMER, "c1"),
    ReadTransactions("card-1"),
]
INDEX = IdIndex({"card-1": "A"}, {HOLD: "A"}, {"DINCARD:1": "A"}, {"A": "card-1"})
PLACES = {"card-1": "card_id", HOLD: "transaction_id", "c1": "customer_id"}


def fuzz_request_of(command: Command) -> FuzzRequest:
    request = wire.encode(command, "T12345678")
    path = {PLACES[part]: part for part in request.path.split("/") if part in PLACES}
    return FuzzRequest(
        request.operation, path, body=NO_BODY if request.body is None else request.body
    )


@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_every_command_is_read_back_from_its_request(command: Command) -> None:
    interpretation = interpret(fuzz_request_of(command), INDEX)
    assert interpretation is not None
    assert (interpretation.card, interpretation.command, interpretation.is_ordinary) == (
        "A",
        command,
        True,
    )


LESS_PLAIN = [
    {"unknown": 1},
    {"metadata": None},
    {"amount": 5.0},
    {"metadata": {"a": {"b": 1}}},
    {"originated_by": " till"},
    {"id": HOLD},
]


@pytest.mark.parametrize("more", LESS_PLAIN, ids=json.dumps)
def test_what_may_be_refused_for_its_form_still_tells_what_it_means(more: dict) -> None:
    interpretation = interpret(FuzzRequest(op.TRANSACT, body={**PAYMENT, **more}), INDEX)
    assert interpretation is not None
    assert isinstance(interpretation.command, Transact)
    assert replace(interpretation.command, extras=()) == Transact(
        Kind.DRAWDOWN, "card-1", 5, "NOK", "r1"
    )
    assert not interpretation.is_ordinary


@pytest.mark.parametrize("text", ["Bjørn", "\N{WRAPPED PRESENT}", "x" * 10_000, "a'); --"])
def test_a_text_that_can_be_kept_has_to_be_shown_again(text: str) -> None:
    interpretation = interpret(
        FuzzRequest(op.TRANSACT, body={**PAYMENT, "originated_by": text}), INDEX
    )
    assert interpretation is not None
    assert isinstance(interpretation.command, Transact)
    assert interpretation.command.extras == (("originated_by", text),)


@pytest.mark.parametrize("text", ["", " a", "a\0b", "a\ud83c", "a\uffff", "a\nb"])
def test_a_text_that_may_be_lost_is_not_compared(text: str) -> None:
    interpretation = interpret(
        FuzzRequest(op.TRANSACT, body={**PAYMENT, "originated_by": text}), INDEX
    )
    assert interpretation is not None
    assert isinstance(interpretation.command, Transact)
    assert interpretation.command.extras == ()


@pytest.mark.parametrize(
    ("operation", "path", "body"),
    [
        (op.TRANSACT, {}, {**PAYMENT, "token": "DINCARD:1"}),
        (op.TRANSACT, {}, {**PAYMENT, "amount": 2.0**60}),
        (op.ACTIVATE_CARD, {"card_id": "card-1"}, {**PAYMENT, "expires_at": "now"}),
    ],
)
def test_a_request_of_unclear_effect_has_no_command(operation: str, path: dict, body: dict) -> None:
    interpretation = interpret(FuzzRequest(operation, path, body=body), INDEX)
    assert interpretation is not None
    assert interpretation.command is None


def test_a_request_on_an_id_that_does_not_exist_has_no_interpretation() -> None:
    assert interpret(FuzzRequest(op.TRANSACT, body={**PAYMENT, "card_id": "other"}), INDEX) is None
    assert interpret(FuzzRequest(op.CAPTURE, {"transaction_id": "other"}, body={}), INDEX) is None


# Cases --------------------------------------------------------------------------------------------


def test_every_operation_of_the_document_is_fuzzed() -> None:
    assert CASES.keys() == load().operations.keys()


def test_one_seed_gives_one_list_and_another_seed_another() -> None:
    lists = [
        [repr((case.query, case.body)) for case in cases.cases(op.CAPTURE, seed, 10, 6)]
        for seed in (1, 1, 2)
    ]
    assert lists[0] == lists[1] != lists[2]


def test_no_configuration_of_the_working_directory_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    (tmp_path / "schemathesis.toml").write_text('base-url = "http://127.0.0.1:9"\n')
    monkeypatch.chdir(tmp_path)
    cases.load_schema.cache_clear()
    cases.operations.cache_clear()
    cases.cases(op.CAPTURE, 0, 4, 3)
    assert cases.load_schema().config.base_url is None
    assert [path.name for path in tmp_path.iterdir()] == ["schemathesis.toml"]


ANSWERS = [
    (Answer(200, "application/json", {"ref_id": "a", "amount": 1, "currency": "NOK"}), None),
    (Answer(404, "application/json", {"error": {"message": "no"}}), None),
    (Answer(500, "application/json", {"error": {"message": "no"}}), "SHAPE-2"),
    (Answer(409, "application/json", {"error": {"message": "no"}}), "SHAPE-3"),
    (Answer(200, "text/html", {}), "SHAPE-6"),
    (Answer(200, "application/json", {"ref_id": "a", "amount": "1"}), "SHAPE-1"),
    (Answer(400, "application/json", {"error": "no"}), "SHAPE-5"),
]


@pytest.mark.parametrize(("answer", "rule"), ANSWERS)
def test_the_checks_of_schemathesis_name_our_rules(answer: Answer, rule: str | None) -> None:
    case = cases.cases(op.CAPTURE, 0, 1, 0)[0]
    found = cases.judge(case, answer)
    assert (found and found.rule) == rule


# Against servers ----------------------------------------------------------------------------------


@contextmanager
def run_against(*faults: str) -> Iterator[Run]:
    """A run against a sandbox with these faults."""
    with forked_address(*faults) as address:
        target = connect(address, Client(ADMIN.client_id, ADMIN.client_secret), Wallet())
        yield Run(target, Wallet(), load(), dialect_of(Wallet()))
        target.close()


def violation_of(fault: str, operation: str, *changes: dict) -> Finding:
    """What comes of valid requests with these members changed, on a server with the fault."""
    with run_against(fault) as run, pytest.raises(Violated) as caught:
        ask_for(run, operation, changes)
    return run.newest(caught.value.finding)


def ask_for(run: Run, operation: str, changes: Iterable[dict]) -> None:
    def ask_all(fuzz: Fuzz) -> None:
        for more in changes:
            fuzz.ask(changed(valid(fuzz, operation), **more))
        fuzz.settle()

    CardSet(run, BASIC).use(operation, ask_all)


@pytest.mark.parametrize(
    ("fault", "operation", "more", "rule"),
    [
        ("boolean_amount_accepted", op.TRANSACT, {"amount": True}, "SHAPE-4"),
        ("fraction_amount_cut", op.CAPTURE, {"amount": 1.5}, "SHAPE-4"),
        ("nul_crashes", op.CAPTURE, {"metadata": {"a": "\0"}}, "SHAPE-2"),
        ("drawdown_one_too_much", op.TRANSACT, {"amount": 99_401}, "TX-2"),
        ("refusal_keeps_the_lock", op.TRANSACT, {"pending": True, "currency": "SEK"}, "BAL-6"),
        ("transaction_nulls", op.TRANSACT, {}, "SHAPE-1"),
    ],
)
def test_a_fault_is_found_by_a_request_that_shows_it(
    fault: str, operation: str, more: dict, rule: str
) -> None:
    assert violation_of(fault, operation, more).violation.rule == rule


def test_a_finding_shows_the_shortest_request() -> None:
    noise = {"metadata": {"a": "b"}, "originated_by": "till", "unknown": [1, 2, 3]}
    finding = violation_of("boolean_amount_accepted", op.TRANSACT, {"amount": True, **noise})
    shown = finding.steps[-1]
    assert '"amount": true' in shown
    assert not any(name in shown for name in noise)


def test_the_refusal_that_changed_something_is_named_among_several() -> None:
    culprit = {"pending": True, "currency": "SEK"}
    finding = violation_of(
        "refusal_keeps_the_lock", op.TRANSACT, {"amount": -1}, culprit, {"amount": "x"}
    )
    requests = [line for line in finding.steps if line.startswith("POST")]
    assert len(requests) == 1
    assert "SEK" in requests[0]


def test_every_valid_request_of_the_input_contracts_is_accepted() -> None:
    with run_against() as run:
        cards = CardSet(run, BASIC)
        for operation in VALID:
            answer = cards.ask(operation, changed)
            assert isinstance(answer, Answer)
            assert answer.status == 200, operation


def test_requests_with_live_ids_reach_the_payment_logic() -> None:
    random = Random(0)

    def is_accepted(case: cases.Case, fuzz: Fuzz) -> bool:
        query, body = cases.query_of(case), cases.body_of(case)
        answer = fuzz.ask(LiveIds(fuzz, random).fill(op.CAPTURE, query, body))
        return isinstance(answer, Answer) and answer.status == 200

    with run_against() as run:
        cards = CardSet(run)
        generated = cases.cases(op.CAPTURE, 0, 0, 30)
        assert sum(cards.use(op.CAPTURE, partial(is_accepted, case)) for case in generated) >= 5


def test_a_fault_is_found_along_the_links() -> None:
    with run_against("fund_counts_twice") as run:
        follower = LinkFollower(run, lambda run: Fuzz(run, ("A = card 1000 NOK", "B = card 9 EUR")))

        def follow_many() -> None:
            for number in range(60):
                follower.follow(number, 8)

        with pytest.raises(Violated) as caught:
            follow_many()
        assert "amount_balance" in caught.value.finding.violation.expected
