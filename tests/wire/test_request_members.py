"""What a document excludes of the members of a request body."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.documents.request_members import excludes
from tallystick.documents.shape import Shape

AMOUNT = {"type": "integer", "minimum": 50, "maximum": 99999999}


def shape_of(schema: dict[str, Any], **components: Any) -> Shape:
    body = {"content": {"application/json": {"schema": schema}}}
    post = {"operationId": "hold", "requestBody": body, "responses": {}}
    return Shape(
        {"openapi": "3.1.0", "paths": {"/holds": {"post": post}}, "components": components}
    )


REFERRED = shape_of(
    {"$ref": "#/components/schemas/Hold"},
    schemas={
        "Hold": {
            "allOf": [{"$ref": "#/components/schemas/Part"}, {"properties": {"currency": {}}}]
        },
        "Part": {"properties": {"amount": {"$ref": "#/components/schemas/Amount"}}},
        "Amount": AMOUNT,
    },
)
PLAIN = shape_of({"properties": {"amount": AMOUNT, "currency": {}}})


@pytest.mark.parametrize("shape", [PLAIN, REFERRED])
@pytest.mark.parametrize(
    ("value", "is_excluded"),
    [(49, True), (50, False), (99999999, False), (10**8, True), (-1, True), ("50", False)],
)
def test_bounds_are_those_of_the_document(shape: Shape, value: object, is_excluded: bool) -> None:
    assert excludes(shape, "hold", "amount", value) is is_excluded


@pytest.mark.parametrize("text", ["49", "-1", "1e3", ""])
def test_a_text_of_a_form_is_excluded_like_its_number(text: str) -> None:
    assert excludes(PLAIN, "hold", "amount", text)


def test_a_pattern_excludes_texts() -> None:
    shape = shape_of({"properties": {"amount": {"type": "string", "pattern": r"^\d+\.\d\d$"}}})
    assert not excludes(shape, "hold", "amount", "10.50")
    assert excludes(shape, "hold", "amount", "-10.50")


def test_what_the_document_does_not_say_is_not_excluded() -> None:
    assert not excludes(PLAIN, "hold", "currency", -1)
    assert not excludes(PLAIN, "hold", "tip", -1)
    assert not excludes(PLAIN, "capture", "amount", -1)
    assert not excludes(Shape({}), "hold", "amount", -1)
    assert not excludes(shape_of({"$ref": "elsewhere.yaml#/Hold"}), "hold", "amount", -1)
    assert not excludes(shape_of({"$ref": "#/components/schemas/None"}), "hold", "amount", -1)


def test_references_in_a_circle_say_nothing() -> None:
    circle = {"A": {"$ref": "#/components/schemas/A"}}
    assert not excludes(
        shape_of({"$ref": "#/components/schemas/A"}, schemas=circle), "hold", "a", 1
    )


def test_a_member_may_be_within_others_and_within_a_list() -> None:
    entry = {"properties": {"amount": {"$ref": "#/components/schemas/Amount"}}}
    entries = {"type": "array", "items": {"allOf": [entry]}}
    shape = shape_of(
        {"properties": {"data": {"properties": {"entries": entries}}}}, schemas={"Amount": AMOUNT}
    )
    assert excludes(shape, "hold", ("data", "entries", 1, "amount"), 49)
    assert not excludes(shape, "hold", ("data", "entries", 1, "amount"), 50)
    assert not excludes(shape, "hold", ("data", "entries", "amount"), 49)
    assert not excludes(shape, "hold", ("data", 0), 49)
