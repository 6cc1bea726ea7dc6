"""`tallystick profile new`: what is guessed from documents of different kinds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tallystick.profiles.declared.skeleton import skeleton_of

MONEY = {"type": "object", "properties": {"amount": {"type": "integer"}, "currency": {}}}
KEY = {"name": "Idempotency-Key", "in": "header"}


def body(**members: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"properties": members}}}}


def operation(asked: dict[str, Any] | None = None, **answer: Any) -> dict[str, Any]:
    shown = {"description": "done", **(body(**answer) if answer else {})}
    return {"requestBody": asked or {}, "responses": {"200": shown, "422": {"description": "no"}}}


PAYMENT = {
    "properties": {
        "id": {},
        "status": {"enum": ["APPROVED", "DONE"]},
        "amount_money": MONEY,
        "capturedMoney": MONEY,
    }
}
TILL = {
    "/payments": {"post": operation(body(reference={}, amount_money=MONEY), payment=PAYMENT)},
    "/payments/{id}": {"get": operation(payment=PAYMENT), "delete": operation()},
    "/payments/{id}/complete": {"put": operation(payment=PAYMENT)},
}
HOLD = {"properties": {"id": {}, "originalAmount": {}, "remaining": {}}}
ASSETS = {"properties": {"amount": {"type": "integer"}, "asset": {}}}
WALLETS = {
    "/wallets": {"post": operation(body(name={}), data={"properties": {"id": {}}})},
    "/wallets/{wallet}": {"get": operation(data={"properties": {"balances": {}}})},
    "/wallets/{wallet}/debit": {
        "post": {"parameters": [KEY], **operation(body(amount=ASSETS, pending={}), data=HOLD)}
    },
    "/holds/{holdID}": {"get": operation(data=HOLD)},
    "/holds/{hold_id}/confirm": {"post": operation(body(amount={}, final={}))},
    "/holds/{hold_id}/void": {"post": operation()},
}
LINKED = {
    "/orders": {
        "post": {
            "requestBody": body(purchase_amount={"type": "string", "example": "1000"}),
            "responses": {"201": {"description": "made", "headers": {"Location": {}}}},
        }
    },
    "/orders/{id}/captures": {"post": operation(body(captured_amount={}))},
    "/orders/{id}": {"get": operation(order_id={}, captured_amount={})},
}


def guessed(paths: dict[str, Any], tmp_path: Path, **components: Any) -> dict[str, Any]:
    document = tmp_path / "openapi.json"
    text = json.dumps({"openapi": "3.1.0", "paths": paths, "components": components})
    document.write_text(text, encoding="utf-8")
    found = yaml.safe_load(skeleton_of("mine", document, tmp_path / "mine.yaml"))
    assert isinstance(found, dict)
    return found


def test_what_is_within_other_objects_is_found(tmp_path: Path) -> None:
    commands = guessed(TILL, tmp_path)["commands"]
    money = {"amount": "$amount", "currency": "$currency"}
    assert commands["hold"]["with"] == {"amount_money": money, "reference": "$ref"}
    assert commands["read hold"]["shows"] == {
        "id": "payment.id",
        "currency": "payment.amount_money.currency",
        "amount": "payment.amount_money.amount",
        "captured": "payment.capturedMoney.amount",
    }


def test_captures_and_voids_by_other_methods_are_found(tmp_path: Path) -> None:
    commands = guessed(TILL, tmp_path)["commands"]
    assert commands["capture"]["send"] == "PUT /payments/$hold/complete"
    assert commands["void"]["send"] == "DELETE /payments/$hold"


def test_a_key_that_some_requests_lack_is_written_where_it_is(tmp_path: Path) -> None:
    assert guessed(TILL, tmp_path)["retry"] == "$ref"


def test_a_debit_that_may_be_pending_is_a_hold_too(tmp_path: Path) -> None:
    found = guessed(WALLETS, tmp_path)
    commands = found["commands"]
    amount = {"amount": "$amount", "asset": "$currency"}
    assert commands["hold"]["send"] == commands["draw"]["send"] == "POST /wallets/$card/debit"
    assert commands["hold"]["with"] == {"amount": amount, "pending": True}
    assert commands["capture"]["final"] == {"final": True}
    assert commands["read hold"]["shows"]["amount"] == "data.originalAmount"
    assert (found["retry"], found["control"]) == ({"header": "Idempotency-Key"}, "GET /holds/none")


def test_an_id_in_a_link_is_found(tmp_path: Path) -> None:
    found = guessed(LINKED, tmp_path)
    assert found["commands"]["hold"]["shows"]["id"] == "segment(header:Location)"
    assert found["commands"]["capture"]["with"] == {"captured_amount": "$amount"}
    assert found["money"]["as"] == "minor-string"


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("X-Key",), {"header": "X-Key", "value": "$token"}),
        (
            ("X-Secret", "X-Client"),
            {"headers": {"X-Client": "$client_id", "X-Secret": "$client_secret"}},
        ),
    ],
)
def test_keys_in_headers_are_found(
    tmp_path: Path, names: tuple[str, ...], written: dict[str, Any]
) -> None:
    schemes = {name: {"type": "apiKey", "in": "header", "name": name} for name in names}
    assert guessed(TILL, tmp_path, securitySchemes=schemes)["authentication"] == written


def test_a_key_in_the_query_is_found(tmp_path: Path) -> None:
    schemes = {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}
    found = guessed(TILL, tmp_path, securitySchemes=schemes)["authentication"]
    assert found == {"query": {"api_key": "$token"}}


def declined(asked: dict[str, Any], **answer: Any) -> dict[str, Any]:
    """An operation whose document says of refusals only that there are some."""
    shown = {"description": "done", **body(**answer)}
    return {"requestBody": asked, "responses": {"201": shown, "default": {"description": "no"}}}


PRICE = {"properties": {"value": {"type": "string"}, "currency": {"enum": ["EUR", "JPY", "KWD"]}}}
FOLLOWS = {"preceding_related_transaction_token": {}, "value": PRICE}
ISSUING = {
    "/cards": {"post": declined(body(), token={})},
    "/cards/{token}": {"get": operation(ledger_balance={})},
    "/cards/{token}/transactions": {"get": operation(count={}, data={"type": "array"})},
    "/authorizations": {"post": declined(body(card_token={}, amount=PRICE), token={})},
    "/authorizations/{token}": {"get": operation(cleared=PRICE, reversed=PRICE)},
    "/clearings": {"post": declined(body(**FOLLOWS), token={})},
    "/reversals": {"post": declined(body(**FOLLOWS), token={})},
}


def test_the_words_of_card_issuers_are_known(tmp_path: Path) -> None:
    found = guessed(ISSUING, tmp_path)
    commands = found["commands"]
    assert commands["capture"]["send"] == "POST /clearings"
    assert commands["capture"]["with"]["preceding_related_transaction_token"] == "$hold"
    assert commands["hold"]["with"]["card_token"] == "$card"
    shown = {"captured": "cleared.value", "released": "reversed.value"}
    assert shown.items() <= commands["read hold"]["shows"].items()
    assert commands["list"]["items"] == "data"
    assert found["refused"] == [400, 404, 422]


def test_digits_that_are_not_two_are_written(tmp_path: Path) -> None:
    assert guessed(ISSUING, tmp_path)["money"]["digits"] == {"JPY": 0, "KWD": 3}


def test_only_questions_that_a_file_can_answer_are_listed(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps({"openapi": "3.1.0", "paths": TILL}), encoding="utf-8")
    text = skeleton_of("mine", document, tmp_path / "mine.yaml")
    assert "#  capture.rest: kept | released" in text
    assert "batch.same" not in text
    assert "token.on_inactive" not in text
