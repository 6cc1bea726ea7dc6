"""Answers against OpenAPI documents of other APIs than the Wallet API."""

from typing import Any

import pytest

from tallystick.documents import shape
from tallystick.documents.files import SPEC
from tallystick.documents.shape import Shape

AMOUNT = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer"}}}
NOTE = {"type": "object", "properties": {"note": {"type": "string", "nullable": True}}}
ERROR = {"type": "object", "required": ["error"]}


def json_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def document(version: str = "3.0.3") -> Shape:
    responses = {
        "201": json_of(AMOUNT),
        "204": {"description": "without a body"},
        "4XX": json_of(ERROR),
    }
    return Shape(
        {
            "openapi": version,
            "paths": {
                "/holds": {
                    "parameters": [],
                    "post": {"operationId": "hold", "responses": responses},
                    "get": {"responses": {"200": json_of(NOTE), "404": json_of(ERROR)}},
                },
                "/all": {"get": {"operationId": "all", "responses": {"default": json_of(ERROR)}}},
            },
        }
    )


@pytest.mark.parametrize(
    ("operation", "status", "body", "rule"),
    [
        ("hold", 201, {"amount": 1}, None),
        ("hold", 201, {"amount": "1"}, "SHAPE-1"),
        ("hold", 204, None, None),
        ("hold", 200, {"amount": 1}, "SHAPE-3"),
        ("hold", 422, {"error": 1}, None),
        ("hold", 422, {}, "SHAPE-5"),
        ("hold", 302, {}, "SHAPE-3"),
        ("hold", 500, {}, "SHAPE-2"),
        ("GET /holds", 200, {"note": None}, None),
        ("GET /holds", 200, {"note": 1}, "SHAPE-1"),
        ("GET /holds", 409, {"error": 1}, "SHAPE-3"),
        ("all", 418, {"error": 1}, None),
        ("all", 418, {}, "SHAPE-5"),
        ("unknown", 418, {}, None),
        ("unknown", 500, {}, "SHAPE-2"),
    ],
)
def test_an_answer_is_judged_by_its_document(
    operation: str, status: int, body: Any, rule: str | None
) -> None:
    found = document().judge(operation, status, "application/json; charset=utf-8", body)
    assert (found and found.rule) == rule


def test_a_document_of_today_has_no_nullable() -> None:
    found = document("3.1.0").judge("GET /holds", 200, "application/json", {"note": None})
    assert found is not None
    assert found.rule == "SHAPE-1"


def test_without_a_document_only_an_error_of_the_server_is_judged() -> None:
    nothing = shape.load(None)
    assert nothing.judge("hold", 418, "text/html", "x") is None
    broken = nothing.judge("hold", 503, "text/html", "x")
    assert broken is not None
    assert broken.rule == "SHAPE-2"


@pytest.mark.parametrize("name", ["stripe", "prepaid"])
def test_the_documents_of_other_apis_can_be_judged_by(name: str) -> None:
    found = shape.load(SPEC / name / "openapi.yaml")
    for operation in found.operations:
        refusal = found.judge(operation, 400, "application/json", {})
        assert refusal is not None
        assert refusal.rule == "SHAPE-5"


@pytest.mark.parametrize("kind", ["application/vnd.api+json", "application/hal+json; v=2"])
def test_json_of_a_kind_is_judged_as_json_is(kind: str) -> None:
    content = {"content": {kind: {"schema": AMOUNT}}}
    given = {"paths": {"/holds": {"get": {"operationId": "hold", "responses": {"200": content}}}}}
    found = Shape(given).judge("hold", 200, kind, {"amount": "1"})
    assert found is not None
    assert found.rule == "SHAPE-1"
    other = Shape(given).judge("hold", 200, "application/json", {"amount": 1})
    assert other is not None
    assert other.rule == "SHAPE-6"


@pytest.mark.parametrize(
    ("schema", "is_said"), [({"required": []}, False), ({"type": "money"}, True)]
)
def test_a_schema_that_is_none_is_not_judged_and_is_said(
    schema: dict[str, Any], is_said: bool
) -> None:
    responses = {"200": json_of({**AMOUNT, **schema})}
    given = Shape({"openapi": "3.0.3", "paths": {"/a": {"get": {"responses": responses}}}})
    assert given.judge("GET /a", 200, "application/json", {"amount": 1}) is None
    assert ("body of 200 of GET /a" in given.said) is is_said
