"""Which request bodies the documentation forbids, so that accepting one breaks rule SHAPE-4.

The constraints come from `spec/openapi.yaml`, without the parts that it marks as inferred, and only
for the members of the body itself: which are required, their types, options, lower bounds and
lengths. The sources say nothing of unknown members, nulls in optional members, spaces at the ends,
formats, and numbers written as 1.0 (questions 12 and 53 to 55), so none of these is forbidden here.
This module knows no cards and sends nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.documents.own_requests import NOT_CLAIMED
from tallystick.drivers.fuzz.request import NO_BODY
from tallystick.profiles.wallet import operations as op

JSON = Any


ONE_OF = {op.TRANSACT: ("card_id", "token")}
"""Members of which a request needs one (TX-6)."""


@dataclass(frozen=True, slots=True)
class MemberConstraints:
    """What the sources say of one member of a body; None where they say nothing."""

    type: str | None = None
    options: tuple[JSON, ...] = ()
    minimum: int | None = None
    max_length: int | None = None
    """In characters."""
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class BodyConstraints:
    """What the sources say of the body of one operation."""

    members: Mapping[str, MemberConstraints]
    required: frozenset[str]


NOTHING_CLAIMED = BodyConstraints({}, frozenset())
"""Only our document has the operation: the target's own has not."""


class Constraints:
    """The documented constraints on the body of each operation.

    `document` is the parsed OpenAPI document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.bodies: dict[str, BodyConstraints] = {}
        """By operationId; without the operations that have no body."""
        for item in document["paths"].values():
            for method, spec in item.items():
                if method != "parameters" and spec.get(NOT_CLAIMED):
                    self.bodies[spec["operationId"]] = NOTHING_CLAIMED
                elif method != "parameters" and "requestBody" in spec:
                    schema = spec["requestBody"]["content"]["application/json"]["schema"]
                    members: dict[str, MemberConstraints] = {}
                    required: set[str] = set()
                    self._collect(schema, members, required)
                    self.bodies[spec["operationId"]] = BodyConstraints(members, frozenset(required))

    def forbids(self, operation: str, body: JSON) -> str | None:
        """The first documented constraint that a body breaks, in words; None if it breaks none."""
        constraints = self.bodies.get(operation)
        if constraints is None or constraints is NOTHING_CLAIMED:
            return None
        if not isinstance(body, dict):
            # Where no member is required, leaving out the whole body breaks nothing.
            is_forbidden = constraints.required or body is not NO_BODY
            return "an object is documented" if is_forbidden else None
        return next(self._broken(operation, constraints, body), None)

    def _broken(
        self, operation: str, constraints: BodyConstraints, body: dict[str, JSON]
    ) -> Iterator[str]:
        for name in sorted(constraints.required):
            # Null is a wrong type or counts as absent (question 55): refused in both readings.
            if body.get(name) is None:
                yield f"{name} is required"
        for name, value in body.items():
            if name in constraints.members and value is not None:
                yield from broken_constraints(name, constraints.members[name], value)
        # The document states this in words only; its schema lists neither as required.
        either = ONE_OF.get(operation, ())
        if either and not any(isinstance(body.get(name), str) for name in either):
            yield f"{' or '.join(either)} is required"

    # Reading the document -------------------------------------------------------------------------

    def _collect(
        self, schema: Mapping[str, Any], members: dict[str, MemberConstraints], required: set[str]
    ) -> None:
        schema = self._resolve(schema)
        inferred = _inferred(schema)
        if inferred is None:
            # No source has a schema here, so its list of required members is ours; samples show
            # the types of its members all the same.
            inferred = frozenset({"required"})
        if "required" not in inferred:
            required.update(schema.get("required", ()))
        for name, member in schema.get("properties", {}).items():
            members[name] = self._member(member)
        for part in schema.get("allOf", ()):
            self._collect(part, members, required)

    def _member(self, schema: Mapping[str, Any]) -> MemberConstraints:
        found: dict[str, Any] = {}
        self._keywords(schema, found)
        return MemberConstraints(
            _type(found.get("type")),
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


def _type(documented: JSON) -> str | None:
    """The one type of a member; OpenAPI 3.1 may list several, and null among them."""
    types = documented if isinstance(documented, list) else [documented]
    others = [each for each in types if each != "null"]
    return others[0] if len(others) == 1 else None


def _inferred(schema: Mapping[str, Any]) -> frozenset[str] | None:
    """The keywords of a schema that no source states; None if no source has the schema."""
    if not schema.get("x-inferred"):
        return frozenset()
    keywords = schema.get("x-inferred-keywords")
    return None if keywords is None else frozenset(keywords)


def broken_constraints(name: str, member: MemberConstraints, value: JSON) -> Iterator[str]:
    """The documented constraints on a member that a value breaks, in words.

    The caller looks at null: whether it counts as absent is open (question 55).
    """
    if member.is_read_only:
        return  # a server ignores what a caller sends in a read-only member (SHAPE-8)
    if not has_type(value, member.type):
        yield f"{name} is of type {member.type}"
    elif member.options and value not in member.options:
        yield f"{name} is one of {', '.join(map(str, member.options))}"
    elif member.minimum is not None and value < member.minimum:
        yield f"{name} is at least {member.minimum}"
    # A server may trim spaces at the ends before it counts (question 55).
    elif member.max_length is not None and len(value.strip()) > member.max_length:
        yield f"{name} has at most {member.max_length} characters"


def has_type(value: JSON, documented: str | None) -> bool:
    """Whether a value may count as one of a JSON Schema type; None: any value does.

    1.0 and 1e400 are whole numbers, so a server may take them for integers (question 12).
    """
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
