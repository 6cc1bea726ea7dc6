"""Which requests the documentation forbids, so that accepting them breaks rule SHAPE-4.

The demands are read from `spec/openapi.yaml`, less every part that it marks as inferred, and only
as deep as the members of the body: of required members, types, options, lower bounds and lengths
the sources speak; of unknown members, nulls in optional places, outer spaces, formats and numbers
such as 1.0 they do not (questions 12, 53 to 55). This module does not know cards and sends nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

JSON = Any


class Nothing:
    """The type of NOTHING."""

    def __repr__(self) -> str:
        return "no body"


NOTHING = Nothing()
"""Stands for a body that is not sent; None is the JSON null."""


@dataclass(frozen=True, slots=True)
class Member:
    """What the sources say of one member of a body; None where they say nothing."""

    type: str | None = None
    options: tuple[JSON, ...] = ()
    minimum: int | None = None
    longest: int | None = None
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What the sources say of the body of one operation."""

    members: Mapping[str, Member]
    required: frozenset[str]


class Demands:
    """The documented demands on the body of each operation."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.bodies: dict[str, Body] = {}
        for item in document["paths"].values():
            for method, spec in item.items():
                if method != "parameters" and "requestBody" in spec:
                    schema = spec["requestBody"]["content"]["application/json"]["schema"]
                    members: dict[str, Member] = {}
                    required: set[str] = set()
                    self._collect(schema, members, required)
                    self.bodies[spec["operationId"]] = Body(members, frozenset(required))

    def forbids(self, operation: str, body: JSON) -> str | None:
        """The first documented demand that a body breaks, in words; None if it breaks none."""
        demands = self.bodies.get(operation)
        if demands is None:
            return None
        if not isinstance(body, dict):
            needs = "an object is documented"
            return needs if demands.required or body is not NOTHING else None
        return next(self._broken(operation, demands, body), None)

    def _broken(self, operation: str, demands: Body, body: dict[str, JSON]) -> Iterator[str]:
        for name in sorted(demands.required):
            # Null is a wrong type or as good as absent (question 55): refused in both readings.
            if body.get(name) is None:
                yield f"{name} is required"
        for name, value in body.items():
            if name in demands.members and value is not None:
                yield from broken_by(name, demands.members[name], value)
        if operation == "aid_cards_transactions_post" and not any(
            isinstance(body.get(name), str) for name in ("card_id", "token")
        ):
            yield "card_id or token is required"

    # Reading the document -------------------------------------------------------------------------

    def _collect(
        self, schema: Mapping[str, Any], members: dict[str, Member], required: set[str]
    ) -> None:
        schema = self._resolve(schema)
        inferred = _inferred(schema)
        if inferred is None:
            # The whole schema is ours; what types its members have is documented all the same.
            inferred = frozenset({"required"})
        if "required" not in inferred:
            required.update(schema.get("required", ()))
        for name, member in schema.get("properties", {}).items():
            members[name] = self._member(member)
        for part in schema.get("allOf", ()):
            self._collect(part, members, required)

    def _member(self, schema: Mapping[str, Any]) -> Member:
        found: dict[str, Any] = {}
        self._keywords(schema, found)
        return Member(
            found.get("type"),
            tuple(found.get("enum", ())),
            found.get("minimum"),
            found.get("maxLength"),
            bool(found.get("readOnly")),
        )

    def _keywords(self, schema: Mapping[str, Any], found: dict[str, Any]) -> None:
        schema = self._resolve(schema)
        inferred = _inferred(schema)
        if inferred is None:
            return
        for name, value in schema.items():
            if name not in inferred:
                found.setdefault(name, value)
        for part in schema.get("allOf", ()):
            self._keywords(part, found)

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            node: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            schema = node
        return schema


def _inferred(schema: Mapping[str, Any]) -> frozenset[str] | None:
    """The keywords of a schema that are ours; None if all of it is."""
    if not schema.get("x-inferred"):
        return frozenset()
    keywords = schema.get("x-inferred-keywords")
    return None if keywords is None else frozenset(keywords)


def broken_by(name: str, member: Member, value: JSON) -> Iterator[str]:
    """The documented demands on a member that a value breaks, in words. Null is not looked at."""
    if member.is_read_only:
        return  # "read-only" says that a caller's value counts for nothing, not that it is refused
    if not has_type(value, member.type):
        yield f"{name} is of type {member.type}"
    elif member.options and value not in member.options:
        yield f"{name} is one of {', '.join(map(str, member.options))}"
    elif member.minimum is not None and value < member.minimum:
        yield f"{name} is at least {member.minimum}"
    elif member.longest is not None and len(value.strip()) > member.longest:
        yield f"{name} has at most {member.longest} characters"


def has_type(value: JSON, documented: str | None) -> bool:
    """Whether a value may count as one of the type; 1.0 and 1e400 are whole too (question 12)."""
    match documented:
        case "integer":
            whole = isinstance(value, float) and (value.is_integer() or math.isinf(value))
            return whole or (isinstance(value, int) and not isinstance(value, bool))
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case _:
            return True
