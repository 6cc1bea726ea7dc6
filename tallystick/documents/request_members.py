"""What an OpenAPI document says of the members of a request body. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.documents.own_requests import NOT_CLAIMED
from tallystick.documents.shape import Shape

JSON = Any
MOST_REFS = 20
"""A chain of references that is longer leads nowhere."""


Place = tuple[str | int, ...]
"""Where something is in a body: names of members, and numbers of items of a list."""


def excludes(shape: Shape, operation: str, place: str | Place, value: JSON) -> bool:
    """Whether the document excludes a value of a member of the body of an operation.

    `place` is where it is, a name if it is a member of the body itself. False where the document
    says nothing of it. In a form a number is text: it is excluded if the text and the number both
    are.
    """
    document = shape.requests
    known = shape.request_operations.get(operation)
    if known is None:
        return False
    spelled = document.get("paths", {}).get(known.path, {}).get(known.method.lower(), {})
    if spelled.get(NOT_CLAIMED):
        return False
    content = _resolved(document, spelled.get("requestBody", {})).get("content", {})
    names = (place,) if isinstance(place, str) else place
    found = [_schema_at(document, kind.get("schema", {}), names) for kind in content.values()]
    schemas = [schema for schema in found if schema is not None]
    return bool(schemas) and not any(
        shape.is_valid(schema, each) for schema in schemas for each in _readings(value)
    )


def _readings(value: JSON) -> list[JSON]:
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return [value, int(value)]
    return [value]


def _schema_at(document: Mapping[str, Any], schema: JSON, place: Place) -> JSON:
    """The schema of what is at a place; None if the document says nothing of it."""
    for name in place:
        if isinstance(name, int):
            schema = _resolved(document, schema).get("items")
        else:
            schema = _members(document, schema).get(name)
        if schema is None:
            return None
    return schema


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
