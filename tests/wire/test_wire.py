"""Commands to requests that the API document accepts, and any answer to a record."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.documents import shape
from tallystick.documents.questions import open_dialect
from tallystick.ledger.oracle import step
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    CardRecord,
    DeleteCard,
    IssueToken,
    Kind,
    OpenCard,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    TokenRecord,
    Transact,
    TransactionRecord,
    View,
    Void,
)
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.wire import CURRENCIES

ACCOUNT = "T12345678"
UUID = "6ccfec5d-3a53-47de-910a-97d6dda22e5f"
FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=200)

ids = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)
amounts = st.integers(0, 2**63)
currencies = st.sampled_from(CURRENCIES)
extras = st.sampled_from([(), (("metadata", '{"a": "1"}'),), (("originated_by", "till"),)])
metadata = st.sampled_from([(), (("metadata", '{"a": "1"}'),)])
card_extras = st.sampled_from(
    [
        (),
        (("customer_id", "C"), ("name", "gift"), ("type", "gift_card")),
        (("active_from", "2030-01-01T00:00:00Z"), ("expires_at", "2031-01-01T00:00:00Z")),
        (("card_token", '{"expires_in": 5}'), ("pin", "{}")),
    ]
)
kinds = st.sampled_from([Kind.DRAWDOWN, Kind.HOLD, Kind.FUND])
COMMANDS = st.one_of(
    st.builds(OpenCard, ids, amounts, currencies, card_extras),
    st.builds(PrepareCard, ids),
    st.builds(ActivateCard, ids, amounts, currencies, metadata),
    st.builds(DeleteCard, ids),
    st.builds(IssueToken, ids, ids, st.booleans(), st.integers(1, 10**6)),
    st.builds(Transact, kinds, ids, amounts, currencies, ids, st.none() | ids, extras=extras),
    st.builds(Capture, ids, st.just(UUID), st.none() | amounts, ids, extras=metadata),
    st.builds(Void, ids, st.just(UUID), ids, extras=metadata),
    st.builds(ReadCard, ids, st.sampled_from(View), ids),
    st.builds(ReadTransactions, ids),
)


def schema_of(operation: str) -> dict[str, Any] | None:
    document = shape.load().document
    for item in document["paths"].values():
        for spec in item.values():
            if isinstance(spec, dict) and spec.get("operationId") == operation:
                body = spec.get("requestBody")
                return body and body["content"]["application/json"]["schema"]
    raise AssertionError(f"no operation {operation}")


@FIXED
@given(COMMANDS)
def test_every_command_is_a_request_that_the_document_accepts(command) -> None:
    request = wire.encode(command, ACCOUNT)
    document = shape.load()
    operation = document.operations[request.operation]
    assert request.method == operation.method
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation.path))
    assert re.fullmatch(pattern, request.path), request.path
    schema = schema_of(request.operation)
    assert (schema is None) == (request.body is None)
    if schema is not None:
        components = document.document["components"]
        validator = jsonschema_rs.Draft202012Validator(
            {"allOf": [schema], "components": components}, validate_formats=True
        )
        assert validator.is_valid(request.body), next(validator.iter_errors(request.body))


@pytest.mark.parametrize(
    ("card", "segment"),
    [("a/b", "a%2Fb"), ("..", "%2E%2E"), (".", "%2E"), ("a b?", "a%20b%3F"), ("å", "%C3%A5")],
)
def test_an_id_travels_as_one_segment_of_the_path(card: str, segment: str) -> None:
    request = wire.encode(ReadTransactions(card), ACCOUNT)
    assert request.path == f"/accounts/{ACCOUNT}/wallets/cards/{segment}/transactions"


def test_a_hold_is_a_pending_drawdown_and_a_token_stands_for_its_card() -> None:
    body = wire.encode(Transact(Kind.HOLD, "A", 5, "NOK", "r", "code"), ACCOUNT).body
    assert body == {
        "ref_id": "r",
        "token": "code",
        "amount": 5,
        "currency": "NOK",
        "type": "drawdown",
        "pending": True,
    }


TRANSACTION = {
    "id": UUID,
    "ref_id": "r",
    "amount": 5,
    "currency": "NOK",
    "type": "drawdown",
    "parent_id": "p",
    "metadata": {"b": 1, "a": 2},
    "created_at": "2030-01-01T00:00:00Z",
}
RECORD = TransactionRecord(
    UUID, "r", 5, "NOK", "drawdown", "p", (("metadata", '{"a": 2, "b": 1}'),)
)
CARD = {"card_id": "A", "currency": "NOK", "amount": 1, "amount_balance": 2, "amount_available": 3}
FIGURES = {
    "amount_funds": 4,
    "amount_drawdown": 5,
    "amount_pending": 6,
    "amount_reserved": 7,
    "status": "unused",
}


@pytest.mark.parametrize(
    ("command", "body", "record"),
    [
        (Void("A", "p", "r"), TRANSACTION, RECORD),
        (Capture("A", "p", 5, "r"), TRANSACTION, RECORD),
        (ReadTransactions("A"), [TRANSACTION, TRANSACTION], (RECORD, RECORD)),
        (ReadTransactions("A"), [], ()),
        (
            ReadCard("A"),
            CARD | FIGURES,
            CardRecord("A", "NOK", 1, 2, 3, 4, 5, 6, 7, "unused"),
        ),
        (PrepareCard("A"), {"cards": [{"card_id": "B"}, CARD]}, CardRecord("A", "NOK", 1, 2, 3)),
        (IssueToken("A", "r"), {"ref_id": "r", "token": {"value": "v"}}, TokenRecord("v", "r")),
        (ReadCard("A"), {"card_id": 5, "amount": "7", "currency": None}, CardRecord(None)),
        (ReadCard("A"), {"amount": 5.0}, CardRecord(None, amount=5)),
        (ReadCard("A"), {"amount": 5.5}, CardRecord(None)),
        (ReadCard("A"), {"amount": True}, CardRecord(None)),
        (ReadCard("A"), {"amount": float("inf")}, CardRecord(None)),
        (PrepareCard("A"), {"cards": "A"}, CardRecord(None)),
    ],
)
def test_an_answer_is_read_as(command, body, record) -> None:
    assert wire.decode(command, body) == record


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "ref_id", "amount", "metadata", "cards", "token", "card_id", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@FIXED
@given(COMMANDS, json_values)
def test_no_body_makes_the_reader_or_the_oracle_raise(command, body) -> None:
    record = wire.decode(command, body)
    hash(record)
    ledger = Ledger(open_dialect(), getattr(command, "card", "A"))
    step(ledger, command, Accepted(record))


def test_a_body_nested_too_deep_is_read_without_harm() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    record = wire.decode(Void("A", "p", "r"), {"metadata": deep})
    assert record.extras == (("metadata", "nested too deep"),)


def test_members_of_a_request_are_carried_in_one_form() -> None:
    assert wire.extras_of({"metadata": {"b": 1, "a": 2}, "name": "x", "pin": None}) == (
        ("metadata", '{"a": 2, "b": 1}'),
        ("name", "x"),
    )


@pytest.mark.parametrize(
    ("shown", "has_pin"),
    [
        ({}, False),
        ({"pin": None}, False),
        ({"pin": {}}, False),
        ({"pin": {"format": {"length": 4}}}, True),
        ({"pin": {"pin": {"value": "0123"}}}, True),
    ],
)
def test_a_card_has_the_pin_that_its_answer_shows(shown: dict[str, Any], has_pin: bool) -> None:
    assert wire.card_record(shown).has_pin is has_pin
