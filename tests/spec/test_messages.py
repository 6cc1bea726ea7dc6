"""What a body breaks is said in short, however long the body is."""

from __future__ import annotations

from tallystick.documents.shape import Shape

ITEMS = {"type": "array", "maxItems": 100, "items": {"type": "string"}}
JSON = {"application/json": {"schema": {"type": "object", "properties": {"data": ITEMS}}}}
LIST = {"operationId": "List", "responses": {"200": {"description": "", "content": JSON}}}


def test_a_message_about_a_long_list_still_says_what_is_wrong_with_it() -> None:
    shape = Shape({"paths": {"/items": {"get": LIST}}})
    found = shape.judge("List", 200, "application/json", {"data": ["an item"] * 101})
    assert found is not None
    assert found.actual.startswith('data: ["an item"')
    assert found.actual.endswith("has more than 100 items")
