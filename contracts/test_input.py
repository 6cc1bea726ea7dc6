"""SHAPE: members of a body at and beyond the edge of what is documented, on live cards.

What the documentation forbids is refused (SHAPE-4). What it leaves open may be refused or accepted;
in both cases the answer has its documented form, and the card's money is what the answer says.
`test_http_input` does the same for broken JSON, headers, paths and methods.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from strategies.payloads import EDGE_AMOUNTS, HALVES, TEXTS, WRONG_AMOUNTS
from tallystick.drivers.fuzz.request import NO_BODY, FuzzRequest
from tallystick.ledger.vocabulary import Kind, Transact
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.fuzz.card_set import CardSet
from tallystick.profiles.wallet.fuzz.constraints import Constraints
from tallystick.profiles.wallet.fuzz.driver import Fuzz
from tallystick.profiles.wallet.fuzz.valid import (
    VALID,
    changed,
    valid,
    with_body,
    with_unstable_text,
    without,
    written,
)
from tallystick.run import Run
from tallystick.target import Answer

rule = pytest.mark.rule
broad = pytest.mark.broad
pytestmark = pytest.mark.api("wallet")

JSON = Any

# Amounts ----------------------------------------------------------------------------------------

PAID: dict[str, tuple[str, dict[str, JSON]]] = {
    "drawdown": (op.TRANSACT, {}),
    "hold": (op.TRANSACT, {"pending": True}),
    "fund": (op.TRANSACT, {"type": "fund"}),
    "capture": (op.CAPTURE, {}),
    "card": (op.CREATE_CARD, {}),
    "activation": (op.ACTIVATE_CARD, {}),
}


@rule("SHAPE-4", "SHAPE-2", "SHAPE-5", "BAL-6")
@pytest.mark.parametrize("paid", [paid for paid in PAID if paid != "hold"])
def test_what_is_no_amount_is_refused_and_changes_nothing(input_cards: CardSet, paid: str) -> None:
    operation, more = PAID[paid]
    for amount in WRONG_AMOUNTS.values():
        if amount is None and operation == op.CAPTURE:
            continue  # null where the member may be left out: open (question 55)
        input_cards.ask(operation, changed, **more, amount=amount)
    input_cards.settle(operation)


@rule("SHAPE-2", "SHAPE-1", "BAL-1", "BAL-2", "BAL-6")
@pytest.mark.parametrize("paid", [paid for paid in PAID if paid != "activation"])
def test_an_amount_at_an_edge_is_refused_or_exact(input_cards: CardSet, paid: str) -> None:
    operation, more = PAID[paid]
    for amount in EDGE_AMOUNTS.values():
        input_cards.ask(operation, changed, **more, amount=amount)
    for text in (b"6e2", b"1e400", b"-0"):
        input_cards.ask(operation, _with_number, text, **more)
    input_cards.settle(operation)


def _with_number(request: FuzzRequest, text: bytes, **more: JSON) -> FuzzRequest:
    """The request with its amount spelled as `text`; `json` would spell the number differently."""
    request = changed(request, **more, amount=json.loads(text))
    content = json.dumps({**request.body, "amount": "?"}).encode().replace(b'"?"', text)
    return written(request, content)


# Members ----------------------------------------------------------------------------------------


@rule("SHAPE-4", "SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", VALID)
def test_a_required_member_is_required(input_cards: CardSet, run: Run, operation: str) -> None:
    constraints = Constraints(run.shape.requests)
    for name in sorted(constraints.bodies[operation].required):
        input_cards.ask(operation, without, name)
        input_cards.ask(operation, changed, **{name: None})
    bodies: tuple[JSON, ...] = (NO_BODY, None, [], "body")
    for body in bodies:
        input_cards.ask(operation, with_body, body)
    input_cards.settle(operation)


WRONG_TYPES: dict[str, tuple[JSON, ...]] = {
    "string": (5, ["a"]),
    "integer": (),  # amounts have a test of their own
    "boolean": ("true", "false", 1, []),
    "object": ("text", True, [{"a": "b"}]),
}


@rule("SHAPE-4", "SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", VALID)
def test_a_member_of_a_wrong_type_is_refused(
    input_cards: CardSet, run: Run, operation: str
) -> None:
    constraints = Constraints(run.shape.requests)
    for name, member in constraints.bodies[operation].members.items():
        if member.is_read_only or name in ("active_from", "expires_at"):
            continue
        for value in WRONG_TYPES.get(member.type or "", ()):
            input_cards.ask(operation, _put, name, value)
    input_cards.settle(operation)


def _put(request: FuzzRequest, name: str, value: JSON) -> FuzzRequest:
    """The request with this member, which names its card once (TX-6)."""
    request = changed(request, **{name: value})
    return without(request, "card_id") if name == "token" and "card_id" in request.body else request


OPTIONS = {
    "currency of a drawdown": (op.TRANSACT, "currency", ("nok", "XXX", "", "NOKK", "578")),
    "type of a transaction": (op.TRANSACT, "type", ("refund", "DRAWDOWN", "", "pending_capture")),
    "currency of a card": (op.CREATE_CARD, "currency", ("nok", "XXX", "")),
    "type of a card": (op.CREATE_CARD, "type", ("debit_card", "GIFT_CARD", "")),
    "currency of an activation": (op.ACTIVATE_CARD, "currency", ("nok", "XXX")),
    "life of a token": (op.ISSUE_TOKEN, "expires_in", (0, -1, "3600", True, 1.5)),
    "length of originated_by": (op.TRANSACT, "originated_by", ("x" * 256, "x" * 2000)),
    "length of originated_by of an activation": (op.ACTIVATE_CARD, "originated_by", ("x" * 256,)),
    "length of a card_id": (op.CREATE_CARD, "card_id", ("x" * 256, "é" * 256)),
    "length of a customer_id": (op.CREATE_CARD, "customer_id", ("x" * 256,)),
}


@broad
@rule("SHAPE-4", "BAL-6")
@pytest.mark.parametrize("what", OPTIONS)
def test_a_value_outside_of_its_list_or_range_is_refused(input_cards: CardSet, what: str) -> None:
    operation, name, values = OPTIONS[what]
    for value in values:
        input_cards.ask(operation, _out_of_range, name, value)
    input_cards.settle(operation)


def _out_of_range(request: FuzzRequest, name: str, value: JSON) -> FuzzRequest:
    # A server that cuts a long id creates a card, so the id starts with one that is unique.
    own = f"{request.body[name]}{value}"[: len(value)] if name == "card_id" else value
    return changed(request, **{name: own})


# Texts ------------------------------------------------------------------------------------------

WRITTEN = {
    "ref_id of a drawdown": (op.TRANSACT, "ref_id"),
    "ref_id of a token": (op.ISSUE_TOKEN, "ref_id"),
    "metadata of a drawdown": (op.TRANSACT, "metadata"),
    "originated_by": (op.TRANSACT, "originated_by"),
    "name of a card": (op.CREATE_CARD, "name"),
}


@rule("SHAPE-2", "SHAPE-1", "TX-4", "BAL-1")
@pytest.mark.parametrize("where", WRITTEN)
def test_an_unusual_text_is_refused_or_kept(input_cards: CardSet, where: str) -> None:
    operation, name = WRITTEN[where]
    for text in TEXTS.values():
        input_cards.ask(operation, _with_text, name, text)
    for text in HALVES.values():
        input_cards.ask(operation, _with_unstable_text, name, text)
    input_cards.settle(operation)


def _with_text(request: FuzzRequest, name: str, text: str) -> FuzzRequest:
    if name == "metadata":
        return changed(request, metadata={"order": text, **({text: "1"} if text else {})})
    # A ref_id has to be unique: another run on the same server may have used the bare text.
    return changed(
        request, **{name: f"{request.body['ref_id']}{text}" if name == "ref_id" else text}
    )


def _with_unstable_text(request: FuzzRequest, name: str, text: str) -> FuzzRequest:
    return with_unstable_text(_with_text(request, name, text))


@rule("SHAPE-2", "SHAPE-3", "SHAPE-5")
def test_an_id_with_space_at_an_end_is_refused_or_trimmed(input_cards: CardSet) -> None:
    # "no leading or trailing spaces" is documented; what a server does with them is open
    # (question 55).
    for operation, name in ((op.CREATE_CARD, "card_id"), (op.CREATE_CARD, "customer_id")):
        for form in (" {}", "{} "):
            input_cards.ask(operation, _with_spaces, name, form)
    for value in (" till", "till "):
        input_cards.ask(op.TRANSACT, changed, originated_by=value)
    input_cards.settle(op.TRANSACT)


def _with_spaces(request: FuzzRequest, name: str, form: str) -> FuzzRequest:
    return with_unstable_text(changed(request, **{name: form.format(request.body["card_id"])}))


# Other members ----------------------------------------------------------------------------------

READ_ONLY = {op.TRANSACT: ("id", "created_by", "parent_id"), op.CREATE_CARD: ("id", "created_by")}


@rule("SHAPE-8", "SHAPE-2", "BAL-1")
def test_what_is_read_only_or_unknown_has_no_effect(input_cards: CardSet) -> None:
    for operation, names in READ_ONLY.items():
        input_cards.use(operation, partial(_choose_read_only, operation, names))
    figures = {"amount_balance": 999, "amount_available": 999, "amount_funds": 999}
    input_cards.ask(op.CREATE_CARD, changed, **figures, amount_drawdown=0)
    input_cards.ask(op.CREATE_CARD, changed, unknown={"a": [1]})
    input_cards.ask(op.CAPTURE, changed, currency="EUR", card_id="x", pending=True)
    input_cards.ask(op.VOID, changed, amount=1)
    if input_cards.has(op.ISSUE_TOKEN):
        input_cards.ask(op.ISSUE_TOKEN, changed, amount=1, token={"value": "mine"})
    input_cards.settle(op.TRANSACT)


def _choose_read_only(operation: str, names: tuple[str, ...], fuzz: Fuzz) -> None:
    ours = "11111111-1111-4111-8111-111111111111"
    answer = fuzz.ask(changed(valid(fuzz, operation), **dict.fromkeys(names, ours)))
    fuzz.run.count_checked("SHAPE-8")
    body = answer.body if isinstance(answer, Answer) else None
    if isinstance(body, dict) and ours in [body.get(name) for name in names]:
        fuzz.cards.violate("SHAPE-8", f"{', '.join(names)} chosen by the server", f"{body}")


@rule("FUND-3", "BAL-2")
def test_a_fund_is_never_pending(run: Run, input_cards: CardSet) -> None:
    input_cards.ask(op.TRANSACT, changed, type="fund", pending=True)
    input_cards.ask(op.TRANSACT, changed, type="fund", pending=False)
    input_cards.settle(op.TRANSACT)
    run.count_checked("FUND-3")


@rule("TX-6")
def test_a_transaction_names_a_card(input_cards: CardSet) -> None:
    for more in ({}, {"pending": True}, {"type": "fund"}):
        input_cards.use(op.TRANSACT, partial(_pay_without_a_card, more))


def _pay_without_a_card(more: dict[str, JSON], fuzz: Fuzz) -> None:
    answer = fuzz.send(changed(without(valid(fuzz, op.TRANSACT), "card_id"), **more))
    fuzz.run.count_checked("TX-6")
    if answer.status == 200:
        fuzz.cards.violate("TX-6", "a refusal: neither card_id nor token is there", "accepted")
    fuzz.read_back("A")


@rule("TX-6", "BAL-1")
def test_a_card_that_is_named_twice_pays_once(run: Run, input_cards: CardSet) -> None:
    # "Cannot be combined" (TX-6), yet a guide sends both: a refusal or one effect.
    run.target.support.require(op.ISSUE_TOKEN)
    input_cards.use(op.TRANSACT, _pay_by_card_and_token)


def _pay_by_card_and_token(fuzz: Fuzz) -> None:
    token = next(value for value, made in fuzz.cards.tokens("A").items() if not made.one_time)
    request = changed(valid(fuzz, op.TRANSACT), token=token)
    answer = fuzz.send(request)
    fuzz.run.count_checked("TX-6")
    if answer.status == 200:
        card_id = fuzz.cards.ledger("A").card
        command = Transact(Kind.DRAWDOWN, card_id, 10, "NOK", request.body["ref_id"])
        fuzz.cards.session.judge("A", command, fuzz.run.profile.outcome(command, answer))
    fuzz.read_back("A")
