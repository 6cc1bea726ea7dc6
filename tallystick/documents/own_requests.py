"""The document that requests are made by, where a target has its own: ours, with their bodies.

The body of a matched operation is what the target's own document says of it; paths, parameters and
everything else are ours. Of an operation that only ours has, nothing is claimed about its body. It
compiles nothing and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.documents.files import DocumentError
from tallystick.documents.shape import JSON_TYPE, METHODS, is_json

JSON = Any

THEIRS = "x-own-document"
"""The member under which the target's document lies in the one that is made of both."""
NOT_CLAIMED = "x-nothing-claimed"
"""Marks an operation about whose body nothing is claimed."""
DEEPEST = 200
"""Schemas in schemas: more of them are a circle."""


def merged(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], places: Mapping[str, tuple[str, str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Our document with their bodies, and what it does not claim: names, each with the reason.

    `places` has, by our name of an operation, their method and path. DocumentError if a schema is
    composed of itself.
    """
    paths: dict[str, Any] = {}
    said: dict[str, str] = {}
    for path, item in ours["paths"].items():
        paths[path] = dict(item)
        for method, spec in item.items():
            if method not in METHODS or "requestBody" not in spec:
                continue
            name = spec["operationId"]
            body = _body(theirs, places[name]) if name in places else None
            if body is None:
                paths[path][method] = {**spec, NOT_CLAIMED: True}
                if name in places:
                    said[f"body of {name}"] = f"their document has no {JSON_TYPE} for it"
            else:
                paths[path][method] = {**spec, "requestBody": body}
    return {**ours, "paths": paths, THEIRS: _rewritten(theirs, theirs)}, said


def _body(theirs: Mapping[str, Any], place: tuple[str, str]) -> dict[str, Any] | None:
    """What they say of the body of an operation; None if it has none of JSON."""
    method, path = place
    body = _resolved(theirs, theirs["paths"][path][method.lower()].get("requestBody", {}))
    content = body.get("content", {})
    for kind, said in content.items() if isinstance(content, Mapping) else ():
        if is_json(kind) and "schema" in said:
            _check_parts(theirs, said["schema"])
            schema = _rewritten(said["schema"], theirs)
            return {
                "required": bool(body.get("required")),
                "content": {JSON_TYPE: {"schema": schema}},
            }
    return None


def _check_parts(theirs: Mapping[str, Any], schema: JSON, depth: int = 0) -> None:
    """DocumentError if a schema is composed of itself, so that reading it would never end."""
    if depth > DEEPEST:
        raise DocumentError("a schema is composed of itself (allOf)")
    found = _resolved(theirs, schema)
    members = found.get("properties", {})
    for member in members.values() if isinstance(members, Mapping) else ():
        for part in _parts(_resolved(theirs, member)):
            _check_parts(theirs, part, depth + 1)
    for part in _parts(found):
        _check_parts(theirs, part, depth + 1)


def _parts(schema: Mapping[str, Any]) -> Iterator[JSON]:
    parts = schema.get("allOf", ())
    yield from parts if isinstance(parts, list) else ()


def _rewritten(node: JSON, theirs: Mapping[str, Any]) -> JSON:
    """A node with references that lead into their document, wherever it lies."""
    if isinstance(node, list):
        return [_rewritten(each, theirs) for each in node]
    if not isinstance(node, Mapping):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        if not _resolved(theirs, node):
            return {}  # it leads into another file, or nowhere: nothing is known
        return {"$ref": f"#/{THEIRS}/{reference.removeprefix('#/')}"}
    return {name: _rewritten(each, theirs) for name, each in node.items()}


def _resolved(theirs: Mapping[str, Any], node: JSON) -> Mapping[str, Any]:
    """What a reference leads to; empty if that is nowhere."""
    for _ in range(DEEPEST):
        reference = node.get("$ref") if isinstance(node, Mapping) else None
        if not isinstance(reference, str):
            return node if isinstance(node, Mapping) else {}
        if not reference.startswith("#/"):
            return {}
        node = theirs
        for name in reference.removeprefix("#/").split("/"):
            name = name.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, Mapping) else None
    return {}
