"""SHAPE: bytes, content types, paths, queries and methods that the document does not know.

What the documentation forbids is refused; what it leaves open may be refused or accepted, with the
effect that the answer says. Broken HTTP may be refused by a server's framework in its own form.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from contracts.support import request_builders
from contracts.support.clients import base_of
from contracts.support.staging import Stage
from tallystick.drivers.direct import Direct
from tallystick.drivers.fuzz.request import NO_BODY, FuzzRequest
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.fuzz.card_set import CardSet
from tallystick.profiles.wallet.fuzz.driver import MISSING, Fuzz
from tallystick.profiles.wallet.fuzz.valid import VALID, changed, valid, with_body, written
from tallystick.request import Request
from tallystick.run import Run

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

ANY_4XX = range(400, 500)

# Bytes ------------------------------------------------------------------------------------------

WRITES = (op.TRANSACT, op.CAPTURE, op.VOID, op.CREATE_CARD, op.ISSUE_TOKEN)
BROKEN = {
    "cut off": b'{"ref_id": "a", "amount": 10',
    "single quotes": b"{'ref_id': 'a'}",
    "empty": b"",
    "closed only": b"}",
    "two values": b'{"ref_id": "a"}{"ref_id": "b"}',
    "trailing comma": b'{"ref_id": "a",}',
    "not UTF-8": b'{"ref_id": "\xff\xfe"}',
    "a form": b"ref_id=a&amount=10",
    "XML": b"<ref_id>a</ref_id>",
    "a control character": b'{"ref_id": "a\x01b"',
}


@rule("SHAPE-4", "SHAPE-2", "SHAPE-5", "BAL-6")
@pytest.mark.parametrize("operation", WRITES)
def test_broken_json_is_refused(input_cards: CardSet, operation: str) -> None:
    for content in BROKEN.values() if operation == op.TRANSACT else list(BROKEN.values())[:4]:
        input_cards.ask(operation, with_body, content)
    input_cards.settle(operation)


@rule("SHAPE-4", "SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", [op.TRANSACT, op.CAPTURE, op.CREATE_CARD])
def test_an_amount_for_which_json_has_no_word_is_refused(
    input_cards: CardSet, operation: str
) -> None:
    """Some readers of JSON know these words, and no comparison with NaN is true."""
    for word in ("NaN", "Infinity", "-Infinity"):
        input_cards.ask(operation, _with_bare_amount, word)
    input_cards.settle(operation)


def _with_bare_amount(request: FuzzRequest, word: str) -> FuzzRequest:
    """The request with a word for its amount; of an amount in quotes it would be a text."""
    quoted = changed(request, amount=word)
    bare = json.dumps(quoted.body).replace(f'"amount": "{word}"', f'"amount": {word}')
    return written(quoted, bare.encode())


@rule("SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", [op.TRANSACT, op.CAPTURE])
def test_unusual_json_is_answered_in_form(input_cards: CardSet, operation: str) -> None:
    nan = b'{"metadata": {"a": NaN}, '
    input_cards.ask(operation, _respelled, b"{", nan)
    input_cards.ask(operation, _respelled, b"{", b"\xef\xbb\xbf{")
    input_cards.ask(operation, _respelled, b'"ref_id"', b'"ref\\u005fid"')
    deep = b'{"metadata": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b", "
    input_cards.ask(operation, _respelled, b"{", deep, http_may_refuse=True)
    wide = b'{"metadata": {' + b", ".join(b'"k%d": 1' % n for n in range(3000)) + b"}, "
    input_cards.ask(operation, _respelled, b"{", wide, http_may_refuse=True)
    input_cards.settle(operation)


def _respelled(request: FuzzRequest, old: bytes, new: bytes, **more: Any) -> FuzzRequest:
    """The request with the first `old` of its JSON replaced by `new`, which means the same."""
    return written(request, json.dumps(request.body).encode().replace(old, new, 1), **more)


@rule("SHAPE-2", "BAL-6")
@pytest.mark.parametrize("operation", [op.TRANSACT, op.CREATE_CARD])
def test_a_huge_body_is_no_fault_of_the_server(input_cards: CardSet, operation: str) -> None:
    for size in (100_000, 1 << 20, (1 << 20) + 100_000):
        note = "x" * size
        input_cards.ask(operation, _with_note, note)
    input_cards.settle(operation)


def _with_note(request: FuzzRequest, note: str) -> FuzzRequest:
    content = json.dumps({**request.body, "metadata": {"note": note}}).encode()
    return written(request, content, http_may_refuse=True)


CONTENT_TYPES = ("text/plain", "", "application/xml", "nonsense", "application/json; charset=x")


@rule("SHAPE-2", "SHAPE-4", "BAL-6")
@pytest.mark.parametrize("operation", [op.TRANSACT, op.CAPTURE])
def test_another_content_type_is_refused_or_has_no_other_effect(
    input_cards: CardSet, operation: str
) -> None:
    for kind in CONTENT_TYPES:
        input_cards.ask(operation, _with_type, kind)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    fields = b"ref_id=a&amount=10"
    input_cards.ask(operation, with_body, fields, headers=form, http_may_refuse=True)
    input_cards.settle(operation)


def _with_type(request: FuzzRequest, content_type: str) -> FuzzRequest:
    headers = {"Content-Type": content_type}
    content = json.dumps(request.body).encode()
    return written(request, content, headers=headers, http_may_refuse=True)


# Paths, queries and methods -----------------------------------------------------------------------

NO_UUIDS = (
    "not-a-uuid",
    "1",
    "00000000-0000-4000-8000-00000000000",
    "00000000-0000-4000-8000-0000000000000",
    "{00000000-0000-4000-8000-000000000000}",
    "00000000-0000-4000-8000-00000000000g",
    "\N{SNOWMAN}",
    "a b",
    "'; DROP TABLE cards",
    "x" * 300,
)


@rule("SHAPE-4", "SHAPE-2", "SHAPE-5", "TX-7")
@pytest.mark.parametrize("operation", [op.CAPTURE, op.VOID])
def test_an_id_that_is_no_uuid_is_refused(input_cards: CardSet, operation: str) -> None:
    for name in NO_UUIDS:
        input_cards.use(operation, partial(_finish, operation, name))
    input_cards.use(operation, lambda fuzz: fuzz.read_back("A"))


def _finish(operation: str, transaction_id: str, fuzz: Fuzz) -> None:
    body = valid(fuzz, operation).body
    answer = fuzz.send(FuzzRequest(operation, {"transaction_id": transaction_id}, body=body))
    fuzz.run.count_checked("SHAPE-4")
    if answer.status == 200:
        fuzz.cards.violate("SHAPE-4", "a refusal: transaction_id is a uuid", "accepted")


NAMING = {
    op.READ_CARD: "card_id",
    op.LIST_TRANSACTIONS: "card_id",
    op.DELETE_CARD: "card_id",
    op.ACTIVATE_CARD: "card_id",
    op.ROTATE_PIN: "card_id",
    op.ISSUE_TOKEN: "card_id",
    op.TRANSACT: "card_id",
    op.READ_BY_TOKEN: "token",
}


@rule("READ-4", "CARD-12", "TX-7", "TOKEN-4", "SHAPE-2", "SHAPE-5")
@pytest.mark.parametrize("operation", NAMING)
def test_an_id_that_does_not_exist_is_refused(input_cards: CardSet, operation: str) -> None:
    input_cards.use(operation, partial(_name_a_missing_id, operation))


def _name_a_missing_id(operation: str, fuzz: Fuzz) -> None:
    missing = fuzz.cards.fresh(f"-{MISSING}")
    body: Any = valid(fuzz, operation).body if operation in VALID else NO_BODY
    if operation in (op.TRANSACT, op.READ_BY_TOKEN):
        fuzz.ask(FuzzRequest(operation, body={**body, NAMING[operation]: missing}))
    else:
        fuzz.ask(FuzzRequest(operation, {"card_id": missing}, body=body))


@rule("SHAPE-4", "SHAPE-2")
def test_a_malformed_account_is_refused(run: Run) -> None:
    direct = Direct(run)
    reads = [(op.LIST_CARDS, "/cards")] if direct.has(op.LIST_CARDS) else []
    for account in ("T1234567", "X12345678", "T123456789", "t12345678", "T1234567x", "T1234567 "):
        path = f"/accounts/{_quoted(account)}/wallets"
        for request in (
            *[Request(operation, "GET", f"{path}{tail}") for operation, tail in reads],
            Request(op.TRANSACT, "POST", f"{path}/transactions", {"ref_id": "a"}),
        ):
            direct.expect_refusal("SHAPE-4", direct.send(request), "aid is P or T and 8 digits")


def _quoted(text: str) -> str:
    return text.replace(" ", "%20")


@rule("SHAPE-4", "SHAPE-2", "SHAPE-1")
def test_a_limit_is_a_number(run: Run) -> None:
    direct = Direct(run)
    path = f"{base_of(direct.target)}/cards?limit="
    for text in ("abc", "1x", "true", "%00", "ten"):
        answer = direct.send(Request(op.LIST_CARDS, "GET", path + text))
        direct.expect_refusal("SHAPE-4", answer, "limit is an integer")
    # Out of range: refused (READ-7) or cut to the range, so a page never has more than 100 cards.
    for text in ("0", "101", "-1", "1.5", "99999999999999999999", ""):
        answer = direct.send(Request(op.LIST_CARDS, "GET", path + text))
        cards = answer.body.get("cards") if isinstance(answer.body, dict) else None
        direct.expect("SHAPE-1", len(cards or ()) <= 100, "at most 100 cards", len(cards or ()))


@rule("CARD-15", "SHAPE-2")
def test_a_pin_has_four_characters_at_least(input_cards: CardSet) -> None:
    for length in (3, 1, 0, -4):
        input_cards.use(op.ROTATE_PIN, partial(_rotate_to_a_short_pin, length))


def _rotate_to_a_short_pin(length: int, fuzz: Fuzz) -> None:
    answer = fuzz.send(changed(valid(fuzz, op.ROTATE_PIN), pin={"format": {"length": length}}))
    fuzz.run.count_checked("CARD-15")
    if answer.status == 200:
        fuzz.cards.violate("CARD-15", "a refusal: a PIN has 4 characters at least", "accepted")


WRONG_METHODS = (
    (op.LIST_CARDS, "PATCH", "/cards"),
    (op.LIST_CARDS, "PUT", "/cards"),
    (op.TRANSACT, "PUT", "/transactions"),
    (op.TRANSACT, "DELETE", "/transactions"),
    (op.READ_BY_TOKEN, "DELETE", "/info"),
    (op.CAPTURE, "GET", "/transactions/{hold}/capture"),
    (op.CAPTURE, "DELETE", "/transactions/{hold}/capture"),
    (op.VOID, "PUT", "/transactions/{hold}/void"),
    (op.CREATE_CARD, "POST", "/cardz"),
    (op.LIST_CARDS, "GET", "/nothing/at/all"),
    (op.TRANSACT, "POST", "/transactions/{hold}/refund/twice"),
)


@rule("SHAPE-7", "BAL-6")
def test_an_unknown_method_or_route_is_refused(input_cards: CardSet) -> None:
    input_cards.use(op.CAPTURE, _use_wrong_methods)


def _use_wrong_methods(fuzz: Fuzz) -> None:
    hold = valid(fuzz, op.CAPTURE).path["transaction_id"]
    body = valid(fuzz, op.TRANSACT).body
    direct = Direct(fuzz.run)
    for operation, method, path in WRONG_METHODS:
        if not direct.has(operation):
            continue
        sent = None if method in ("GET", "DELETE") else body
        request = Request(operation, method, base_of(direct.target) + path.format(hold=hold), sent)
        answer = direct.send(request, shaped=False)
        direct.expect_refusal("SHAPE-7", answer, "it is not documented", ANY_4XX)
    fuzz.read_back("A")


QUERIES: dict[str, list[tuple[str, str]]] = {
    "a quote in the cursor": [("starting_after", "it's")],
    "a wildcard as the cursor": [("starting_after", "%_\\")],
    "an empty cursor": [("starting_after", "")],
    "a filter above 2^63": [("amount_available", str(2**63))],
    "a filter of 40 digits": [("amount_available", "9" * 40)],
    "a filter below 0": [("amount_available", "-1")],
    "a filter that is a word": [("amount_available", "much")],
    "a limit of 40 digits": [("limit", "9" * 40)],
    "an empty limit": [("limit", "")],
    "two limits": [("limit", "2"), ("limit", "3")],
    "two cursors": [("starting_after", "a"), ("starting_after", "b")],
    "a flag that is a word": [("include_deleted", "maybe")],
    "a parameter that is a list": [("limit[]", "2"), ("starting_after[gt]", "a")],
}
"""Queries of lists that careless code passes on to the database, or takes for one value."""


@rule("SHAPE-2", "SHAPE-3", "SHAPE-1")
def test_no_query_of_a_list_crashes(run: Run) -> None:
    stage = Stage(run)
    lists = (
        request_builders.list_cards(stage.base),
        request_builders.customer_cards(stage.base, stage.fresh("customer")),
    )
    for what, pairs in QUERIES.items():
        stage.direct.note(f"{what}:")
        for request in stage.offered(*lists):
            # Which of these are refused is open; a page of nothing is no harm either.
            stage.send(replace(request, path=f"{request.path}?{urlencode(pairs)}"))
