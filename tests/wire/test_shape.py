"""Answers against the API document, hostile ones included."""

from __future__ import annotations

import json

import pytest

from tallystick.documents import shape
from tallystick.target import NOT_JSON, Secret

CARD = {"card_id": "A", "amount": 5, "currency": "NOK"}
ERROR = {"error": {"message": "no"}}
JSON = "application/json"
READ = "aid_cards_cardid_get"


@pytest.mark.parametrize(
    ("status", "content_type", "body", "rule"),
    [
        (200, JSON, CARD, None),
        (200, "application/json; charset=utf-8", CARD, None),
        (404, JSON, ERROR, None),
        (200, JSON, {}, "SHAPE-1"),
        (200, JSON, CARD | {"amount": "5"}, "SHAPE-1"),
        (200, JSON, CARD | {"amount": -1}, "SHAPE-9"),
        (200, JSON, CARD | {"amount": -1.5}, "SHAPE-1"),
        (200, JSON, CARD | {"id": "7"}, "SHAPE-9"),
        (200, JSON, CARD | {"id": 7}, "SHAPE-1"),
        (200, JSON, CARD | {"created_at": "2026-11-28 15:00:00"}, "SHAPE-9"),
        (200, JSON, CARD | {"id": "7", "currency": 578}, "SHAPE-1"),
        (500, JSON, ERROR, "SHAPE-2"),
        (503, "text/html", NOT_JSON, "SHAPE-2"),
        (201, JSON, CARD, "SHAPE-3"),
        (409, JSON, ERROR, "SHAPE-3"),
        (302, JSON, ERROR, "SHAPE-3"),
        (404, JSON, {"message": "no"}, "SHAPE-5"),
        (200, "text/html", CARD, "SHAPE-6"),
        (200, "", CARD, "SHAPE-6"),
        (200, JSON, NOT_JSON, "SHAPE-1"),
        (200, JSON, CARD | {"name": "a\ud83c", "metadata": {"\ud800": ["\udfff"]}}, None),
        (200, JSON, CARD | {"currency": "\ud800"}, "SHAPE-1"),
        (404, JSON, json.loads("[" * 900 + "]" * 900), "SHAPE-5"),
        (200, JSON, float("nan"), "SHAPE-1"),
    ],
)
def test_an_answer_breaks(status: int, content_type: str, body, rule: str | None) -> None:
    found = shape.load().judge(READ, status, content_type, body)
    assert (found and found.rule) == rule


def test_parameters_of_a_path_are_no_operation() -> None:
    document = shape.load().document
    path, item = next(iter(document["paths"].items()))
    with_parameters = {**document, "paths": {path: {**item, "parameters": []}}}
    assert {o.method for o in shape.Shape(with_parameters).operations.values()} == {"GET", "POST"}


def test_a_refusal_that_an_operation_does_not_list_has_the_body_of_a_listed_one() -> None:
    create = "aid_cards_post"  # lists no 404
    assert shape.load().judge(create, 404, JSON, ERROR) is None
    found = shape.load().judge(create, 404, JSON, {"message": "no"})
    assert found is not None
    assert found.rule == "SHAPE-5"


def test_every_operation_judges_success_and_refusal() -> None:
    document = shape.load()
    assert len(document.operations) == 16
    for operation in document.operations:
        # Of what a delete answers the documentation says nothing.
        is_open = operation == "aid_cards_cardid_delete"
        assert (document.judge(operation, 200, JSON, "x") is None) == is_open
        assert (document.judge(operation, 204, "", "x") is None) == is_open
        assert document.judge(operation, 404, JSON, "x") is not None
        assert document.judge(operation, 404, JSON, ERROR) is None


def test_a_masked_access_token_is_judged_as_the_text_that_it_is() -> None:
    operation = "aid_auths_oauth_token_post"
    body = {"access_token": Secret("x.y.z"), "token_type": "Bearer", "expires_in": 60}
    document = shape.load()
    assert document.judge(operation, 200, JSON, body) is None
    found = document.judge(operation, 200, JSON, {**body, "expires_in": Secret("soon")})
    assert found is not None
    assert found.rule == "SHAPE-1"
