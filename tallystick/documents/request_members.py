"""What an OpenAPI document says of the members of a request body. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.documents.own_requests import NOT_CLAIMED
from tallystick.documents.shape import Shape

JSON = Any
MOST_REFS = 20
"""A chain of references that is longer leads nowhere."""


def excludes(shape: Shape, operation: str, member: str, value: JSON) -> bool:
    """Whether the document excludes a value of a member of the body of an operation.

    False where it says nothing of the member. In a form a number is text: it is excluded if the
    text and the number both are.
    """
    document = shape.requests
    known = shape.request_operations.get(operation)
    if known is None:
        return False
    spelled = document.get("paths", {}).get(known.path, {}).get(known.method.lower(), {})
    if spelled.get(NOT_CLAIMED):
        return False
    content = _resolved(document, spelled.get("requestBody", {})).get("content", {})
    schemas = [
        members[member]
        for kind in content.values()
        if member in (members := _members(document, kind.get("schema", {})))
    ]
    return bool(schemas) and not any(
        shape.is_valid(schema, each) for schema in schemas for each in _readings(value)
    )


def _readings(value: JSON) -> list[JSON]:
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return [value, int(value)]
    return [value]


def _members(document: Mapping[str, Any], schema: JSON) -> Mapping[str, Any]:
    """The members of an object, those of the schemas that it is composed of included."""
    schema = _resolved(document, schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        found |= _members(document, part)
    return found


def _resolved(document: Mapping[str, Any], node: JSON) -> Mapping[str, Any]:
    for _ in range(MOST_REFS):
        reference = node.get("$ref") if isinstance(node, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        node = document
        for name in reference.removeprefix("#/").split("/"):
            node = node.get(name, {})
    return node if isinstance(node, Mapping) else {}
