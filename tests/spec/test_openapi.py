"""`spec/openapi.yaml` is a valid document of exactly the documented operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.spec.names import ROOT

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text("utf-8"))

READ = ("admin:wallets", "read:wallets")
WRITE = ("admin:wallets", "write:wallets")
CUSTOMER = (*READ, "user:wallets")
INFO = (*WRITE, "write:wallets:/info")
TILL = (*WRITE, "write:wallets:/transactions")

ALL = (200, 400, 401, 403, 404, 500)
NO_404 = (200, 400, 401, 403, 500)

CARD = "/accounts/{aid}/wallets/cards/{card_id}"
CUSTOMERS = "/accounts/{aid}/wallets/customers/{customer_id}/cards"
TRANSACTIONS = "/accounts/{aid}/wallets/transactions"

OPERATIONS = {
    "aid_cards_get": ("get", "/accounts/{aid}/wallets/cards", READ, ALL),
    "aid_cards_post": ("post", "/accounts/{aid}/wallets/cards", WRITE, NO_404),
    "aid_cards_batch_post": ("post", "/accounts/{aid}/wallets/cards/batch", WRITE, ALL),
    "aid_cards_cardid_get": ("get", CARD, READ, ALL),
    "aid_cards_cardid_delete": ("delete", CARD, WRITE, ALL),
    "aid_cards_cardid_activate_post": ("post", f"{CARD}/activate", WRITE, ALL),
    "aid_cards_cardid_rotate_pin_post": ("post", f"{CARD}/rotate-pin", WRITE, ALL),
    "aid_cards_cardid_token_post": ("post", f"{CARD}/tokens", WRITE, ALL),
    "aid_cards_cardid_transactions_tid_get": ("get", f"{CARD}/transactions", READ, ALL),
    "aid_customers_cid_cards_get": ("get", CUSTOMERS, CUSTOMER, ALL),
    "aid_customers_cid_card_cid_get": ("get", f"{CUSTOMERS}/{{card_id}}", CUSTOMER, ALL),
    "aid_cards_token_post": ("post", "/accounts/{aid}/wallets/info", INFO, ALL),
    "aid_cards_transactions_post": ("post", TRANSACTIONS, TILL, ALL),
    "aid_cards_cardid_transactions_capture_post": (
        *("post", f"{TRANSACTIONS}/{{transaction_id}}/capture"),
        *(TILL, ALL),
    ),
    "aid_cards_cardid_transactions_void_post": (
        *("post", f"{TRANSACTIONS}/{{transaction_id}}/void"),
        *(TILL, ALL),
    ),
    "aid_auths_oauth_token_post": (
        *("post", "/accounts/{oid}/auth/token", ()),
        (200, 400, 401, 403, 429, 500),
    ),
}
"""Every operation: its method, path, the scopes of which one suffices, and its status codes."""

REQUIRED = {
    "aid_cards_post": {"card_id", "amount", "currency"},
    "aid_cards_batch_post": {"cards"},
    "aid_cards_cardid_activate_post": {"amount", "currency"},
    "aid_cards_cardid_rotate_pin_post": {"pin"},
    "aid_cards_cardid_token_post": {"ref_id", "expires_in"},
    "aid_cards_token_post": {"token"},
    "aid_cards_transactions_post": {"ref_id", "amount", "currency"},
    "aid_cards_cardid_transactions_capture_post": {"ref_id"},
    "aid_cards_cardid_transactions_void_post": {"ref_id"},
    "aid_auths_oauth_token_post": {"grant_type", "audience"},
}
"""The required members of every request body."""

CARD_MEMBERS = {
    *("card_id", "customer_id", "name", "type", "status", "id", "created_at", "created_by"),
    *("metadata", "amount", "currency", "active_from", "expires_at", "originated_by"),
    *("amount_balance", "amount_available", "amount_funds", "amount_drawdown"),
    *("amount_pending", "amount_reserved"),
}

MEMBERS = {
    "Card": CARD_MEMBERS,
    "CardRead": CARD_MEMBERS | {"pin"},
    "CardDetails": CARD_MEMBERS | {"pin", "tokens"},
    "CardCreate": CARD_MEMBERS | {"pin", "card_token"},
    "CardWithSecrets": CARD_MEMBERS | {"pin", "card_token"},
    "CustomerCardState": (CARD_MEMBERS | {"pin", "tokens"}) - {"amount"},
    "Transaction": {
        *("ref_id", "amount", "currency", "id", "created_at", "created_by", "metadata"),
        *("originated_by", "type", "parent_id"),
    },
    "TransactionCreate": {
        *("ref_id", "amount", "currency", "id", "created_at", "created_by", "metadata"),
        *("originated_by", "type", "pending", "token", "card_id"),
    },
    "TransactionCapture": {"ref_id", "metadata", "amount"},
    "TransactionVoid": {"ref_id", "metadata"},
    "TokenCode": {"token", "pin"},
    "AccessToken": {"access_token", "token_type", "expires_in", "refresh_token"},
}
"""The members of the schemas that the pages show whole."""


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        group, name = node["$ref"].removeprefix("#/components/").split("/")
        node = DOCUMENT["components"][group][name]
    return node


def _parts(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    node = _resolved(node)
    yield node
    for part in node.get("allOf", ()):
        yield from _parts(part)


def _members(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: _resolved(member)
        for part in _parts(schema)
        for name, member in part.get("properties", {}).items()
    }


def _nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from _nodes(child)


def test_the_document_is_valid() -> None:
    assert [error.message for error in OpenAPIV30SpecValidator(DOCUMENT).iter_errors()] == []


def test_the_document_has_exactly_the_documented_operations() -> None:
    assert {
        operation["operationId"]: (
            method,
            path,
            tuple(operation.get("x-scopes", ())),
            tuple(int(status) for status in operation["responses"]),
        )
        for method, path, operation in _operations()
    } == OPERATIONS


def test_a_transaction_by_card_id_or_a_fund_takes_one_of_two_scopes() -> None:
    restricted = {
        operation["operationId"]: tuple(operation["x-scopes-restricted"]["scopes"])
        for _, _, operation in _operations()
        if "x-scopes-restricted" in operation
    }
    assert restricted == {"aid_cards_transactions_post": WRITE}


def test_every_operation_says_where_it_is_documented() -> None:
    for _, _, operation in _operations():
        assert operation["x-source"]


def test_every_body_requires_the_documented_members() -> None:
    found = {}
    for _, _, operation in _operations():
        if "requestBody" in operation:
            assert operation["requestBody"]["required"] is True
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            found[operation["operationId"]] = {
                name for part in _parts(schema) for name in part.get("required", ())
            }
    assert found == REQUIRED


@pytest.mark.parametrize(("schema", "members"), MEMBERS.items(), ids=MEMBERS)
def test_a_schema_has_the_documented_members(schema: str, members: set[str]) -> None:
    assert set(_members({"$ref": f"#/components/schemas/{schema}"})) == members


def test_every_refusal_has_the_error_body() -> None:
    for _, _, operation in _operations():
        for status, response in operation["responses"].items():
            content = _resolved(response)["content"]
            assert list(content) == ["application/json"]
            is_error = content["application/json"]["schema"] == {
                "$ref": "#/components/schemas/Error"
            }
            assert is_error == (status != "200")


def test_amounts_and_currencies_are_the_documented_ones() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert (schemas["Amount"]["type"], schemas["Amount"]["minimum"]) == ("integer", 0)
    assert "maximum" not in schemas["Amount"]
    assert schemas["Currency"]["enum"] == ["NOK", "SEK", "DKK", "EUR", "USD"]
    created = _members({"$ref": "#/components/schemas/TransactionCreate"})
    assert (created["type"]["enum"], created["type"]["default"]) == (
        ["drawdown", "fund"],
        "drawdown",
    )
    assert created["pending"]["default"] is False
    shown = _members({"$ref": "#/components/schemas/Transaction"})
    assert shown["type"]["enum"] == ["drawdown", "pending_capture", "voided", "fund"]


def test_lists_are_paged_as_documented() -> None:
    paged = {
        operation["operationId"]
        for _, _, operation in _operations()
        if "limit" in {_resolved(given)["name"] for given in operation["parameters"]}
    }
    assert paged == {"aid_cards_get", "aid_customers_cid_cards_get"}
    limit = DOCUMENT["components"]["parameters"]["limit"]["schema"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 10)


def test_an_answer_that_makes_a_token_with_a_card_needs_no_expires_in() -> None:
    card = _members({"$ref": "#/components/schemas/CardWithSecrets"})
    assert "required" not in card["card_token"]


def test_what_is_inferred_gives_its_reason() -> None:
    for node in _nodes(DOCUMENT):
        if node.get("x-inferred"):
            assert node["x-inferred-reason"].strip()


def test_keywords_that_are_marked_as_ours_are_there() -> None:
    marked = [node for node in _nodes(DOCUMENT) if "x-inferred-keywords" in node]
    assert marked
    for node in marked:
        assert node["x-inferred"] is True
        inside = {key for part in _nodes(node) for key in part}
        assert set(node["x-inferred-keywords"]) <= inside
