"""Answers against the OpenAPI document: status, content type and body.

It reads the OpenAPI document (3.0 or 3.1) of any API. This module does not know what a request
meant, so it says nothing about money.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs

from tallystick.documents.files import SPEC, read_mapping
from tallystick.ledger.vocabulary import Violation

REFUSAL_STATUSES = frozenset({400, 401, 403, 404})
"""The documented refusals (SHAPE-3); some operations leave one out, none adds another."""

TRANSPORT_REFUSALS = REFUSAL_STATUSES | {405, 406, 411, 413, 414, 415, 417, 431, 505}
"""The statuses with which HTTP itself refuses a method, a size or a content type (question 56)."""

BODY_MISSING = frozenset({411, 415})
"""Those with which it refuses a request that has neither a body nor its length and type.

A server's framework does that before the API sees the request, in a form of its own.
"""
BODY_TOO_LARGE = 413
LARGE = 1_024
"""Bytes of a body that HTTP may refuse with 413: no limit is documented (question 56)."""

LONGEST_PART = 100
"""Characters of the beginning and of the end of a message, if it is longer than both."""
MOST_ERRORS = 100
"""Errors that are looked at in one body: a long list may have one in every item."""
FORMAT_ERRORS = (
    jsonschema_rs.ValidationErrorKind.Format,
    jsonschema_rs.ValidationErrorKind.Minimum,
)

UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
"""What a text in the format `uuid` looks like."""
_UUID = re.compile(UUID)

DOCUMENT = SPEC / "openapi.yaml"
JSON_TYPE = "application/json"
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    id: str
    method: str
    path: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Documented:
    """One answer of an operation, as the document gives it."""

    types: tuple[str, ...]
    """Its content types; empty: without a body, or of any type."""
    schema: Mapping[str, Any] | None


_Validator = jsonschema_rs.Draft4Validator | jsonschema_rs.Draft202012Validator


@dataclass(frozen=True, eq=False, slots=True)
class Whole:
    """A parsed document that is the same only as itself."""

    content: Mapping[str, Any]


def is_json(kind: str) -> bool:
    """Whether a media type is JSON, or a kind of it: `application/vnd.api+json` (RFC 6839, 3.1)."""
    name = kind.partition(";")[0].strip().lower()
    return name == JSON_TYPE or name.endswith("+json")


class Shape:
    """An OpenAPI document; the schema of an answer is compiled when one comes first."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.requests = document
        """The document that requests are made by; of a target with its own, that is ours."""
        self.generated_from: Whole | None = None
        """The whole document that random requests are made from; None: that of the profile."""
        self.is_own = False
        """Whether answers are judged by the target's own document."""
        self.refusals = REFUSAL_STATUSES
        """The statuses of a refusal."""
        self.said: dict[str, str] = {}
        """What is not judged because only one of two documents has it, or a schema is wrong, and
        why."""
        self.operations: dict[str, Operation] = {}
        self.request_operations = self.operations
        """The operations as the document of requests has them."""
        self._also: dict[str, frozenset[int]] = {}
        self._answers: dict[tuple[str, str], _Documented] = {}
        self._validators: dict[tuple[str, str], _Validator | None] = {}
        for path, item in document.get("paths", {}).items():
            for method, spec in item.items():
                if method in METHODS:
                    self._add(method.upper(), path, spec)
        self._statuses = sorted({int(s) for _, s in self._answers if s.isdecimal()})

    def _add(self, method: str, path: str, spec: Mapping[str, Any]) -> None:
        name = spec.get("operationId") or f"{method} {path}"
        self.operations[name] = Operation(name, method, path, tuple(spec.get("x-scopes", ())))
        self._also[name] = frozenset(spec.get("x-also-permitted-statuses", ()))
        for status, response in spec["responses"].items():
            self._answers[name, str(status).upper()] = self._documented(response)

    def _documented(self, response: Mapping[str, Any]) -> _Documented:
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        content = response.get("content", {})
        return _Documented(
            tuple(kind.partition(";")[0].strip().lower() for kind in content),
            next((said.get("schema") for kind, said in content.items() if is_json(kind)), None),
        )

    def judge(self, operation: str, status: int, content_type: str, body: Any) -> Violation | None:
        """Return the violation of a rule of chapter SHAPE, or None. `body` is parsed JSON.

        Of an operation that is not in the document only a 5xx is judged.
        """
        if status in self._also.get(operation, ()):
            return None  # an answer without a body, where the documentation is silent
        if status >= 500:
            return Violation("SHAPE-2", "an answer below 500", f"{status} to {operation}")
        if operation not in self.operations:
            return None
        entry = self._entry(operation, status)
        if entry is None:
            documented = ", ".join(map(str, self._statuses))
            return Violation("SHAPE-3", f"one of {documented}", f"{status} to {operation}")
        types = self._answers[entry].types
        if types and content_type.partition(";")[0].strip().lower() not in types:
            return Violation("SHAPE-6", " or ".join(types), f"{content_type!r} to {operation}")
        validator = self._validator(entry)
        found = None if validator is None else _first_error(validator, _with_plain_texts(body))
        if found is None:
            return None
        text, is_format = found
        rule = "SHAPE-5" if status >= 300 else "SHAPE-9" if is_format else "SHAPE-1"
        expected = f"the body that the document gives for {status} of {operation}"
        return Violation(rule, expected, text[:300])

    def _entry(self, operation: str, status: int) -> tuple[str, str] | None:
        """Where the document has an answer, None if nowhere.

        A status that other operations have is documented for this one too: some leave one out, with
        the body of the first refusal of this one.
        """
        for name in (str(status), f"{status // 100}XX", "DEFAULT"):
            if (operation, name) in self._answers:
                return operation, name
        if status < 300 or status not in self._statuses:
            return None
        own = (name for of, name in self._answers if of == operation and name.startswith("4"))
        first = min(own, default=None)
        return None if first is None else (operation, first)

    def _validator(self, entry: tuple[str, str]) -> _Validator | None:
        if entry not in self._validators:
            schema = self._answers[entry].schema
            self._validators[entry] = None if schema is None else self._usable(entry, schema)
        return self._validators[entry]

    def _usable(self, entry: tuple[str, str], schema: Mapping[str, Any]) -> _Validator | None:
        """The validator of an answer; None if the document is wrong there, which is then said."""
        try:
            return self._compiled(schema)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            operation, status = entry
            trouble = str(error).partition("\n")[0]
            self.said[f"body of {status} of {operation}"] = f"its schema is none: {trouble}"
            return None

    def _compiled(self, schema: Mapping[str, Any]) -> _Validator:
        formats = {"uuid": _is_uuid}
        whole = {"allOf": [schema], **self._referred}
        if self._is_current:
            return jsonschema_rs.Draft202012Validator(whole, validate_formats=True, formats=formats)
        # OpenAPI 3.0 builds on an early draft, for which 7.0 is no integer.
        whole["allOf"] = [_with_nulls(schema)]
        return jsonschema_rs.Draft4Validator(whole, validate_formats=True, formats=formats)

    def is_valid(self, schema: Mapping[str, Any], value: Any) -> bool:
        """Whether a value is one that a schema of the document permits."""
        return self._compiled(schema).is_valid(value)

    @cached_property
    def _is_current(self) -> bool:
        """Whether the schemas of the document are those of JSON Schema as it is now."""
        return not str(self.document.get("openapi", "3.0")).startswith(("2.", "3.0"))

    @cached_property
    def _referred(self) -> dict[str, Any]:
        """What schemas refer to, by its place at the root of the document."""
        components = self.document.get("components", {})
        return {"components": components if self._is_current else _with_nulls(components)}

    def judge_excess(self, operation: str, status: int, excess: str) -> Violation | None:
        """Return the violation of an answer that never ended or was too large to read, or None.

        `status` is 0 if the answer broke off before its status. `excess` says which bound it broke;
        it is empty if it broke none, and then nothing is violated.
        """
        if not excess:
            return None
        rule = "SHAPE-3" if not status else "SHAPE-1" if status < 300 else "SHAPE-5"
        shown = f"{status or 'no status'} to {operation}: {excess}"
        return Violation("SHAPE-2" if status >= 500 else rule, "an answer that can be read", shown)


def _with_nulls(node: Any) -> Any:
    """A part of an OpenAPI 3.0 document with `nullable` written as JSON Schema writes it."""
    if isinstance(node, list):
        return [_with_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {name: _with_nulls(member) for name, member in node.items()}
    if changed.get("required") == []:
        del changed["required"]  # that early draft wants one name at least; many write none
    if changed.pop("nullable", False) is True and isinstance(changed.get("type"), str):
        changed["type"] = [changed["type"], "null"]
        if "enum" in changed:
            changed["enum"] = [*changed["enum"], None]
    return changed


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def _with_plain_texts(body: Any) -> Any:
    """The body as the validator takes it: it refuses subclasses of str, such as masked tokens."""
    if not isinstance(body, dict):
        return body
    return {
        name: str(value) if isinstance(value, str) and type(value) is not str else value
        for name, value in body.items()
    }


def _first_error(validator: _Validator, body: Any) -> tuple[str, bool] | None:
    """What is wrong with a body, and whether only a format is wrong; None if it is valid."""
    try:
        if validator.is_valid(body):
            return None
        errors = list(islice(validator.iter_errors(body), MOST_ERRORS))
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can spell: no schema speaks of one, and whether it is
        # the text that was sent, the ledger judges.
        return _first_error(
            validator, json.loads(json.dumps(body, ensure_ascii=False).encode(errors="replace"))
        )
    except ValueError as trouble:  # no JSON at all, nested too deep
        return f"the body cannot be read: {trouble}", False
    # A missing member or a wrong type is worse than a value in a wrong format.
    error = min(errors, key=_is_of_format)
    where = "/".join(str(part) for part in error.instance_path) or "the body"
    return f"{where}: {_shortened(error.message)}", _is_of_format(error)


def _shortened(message: str) -> str:
    """A message begins with the whole value, and what is wrong with it comes last."""
    if len(message) <= 2 * LONGEST_PART:
        return message
    return f"{message[:LONGEST_PART]} ... {message[-LONGEST_PART:]}"


def _is_of_format(error: jsonschema_rs.ValidationError) -> bool:
    """Whether a value has the right type, but not the format or the lower bound (SHAPE-9)."""
    return isinstance(error.kind, FORMAT_ERRORS)


@lru_cache(maxsize=8)
def load(path: Path | None = DOCUMENT) -> Shape:
    """Return the document at a path, compiled once in a process; an empty one without a path."""
    if path is None:
        return Shape({})
    return Shape(read_mapping(path, "`paths` and `components`"))
