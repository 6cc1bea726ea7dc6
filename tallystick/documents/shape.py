"""Answers against the OpenAPI document: status, content type and body.

Keeps a compiled validator of `spec/openapi.yaml` for each operation and status. This module does
not know what a request meant, so it says nothing about money.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
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

MOST_ERRORS = 100
"""Errors that are looked at in one body: a long list may have one in every item."""
FORMAT_ERRORS = (
    jsonschema_rs.ValidationErrorKind.Format,
    jsonschema_rs.ValidationErrorKind.Minimum,
)

_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

DOCUMENT = SPEC / "openapi.yaml"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    id: str
    method: str
    path: str
    scopes: tuple[str, ...]


class Shape:
    """The compiled document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.operations: dict[str, Operation] = {}
        self._also: dict[str, frozenset[int]] = {}
        # OpenAPI 3.0 builds on an early draft, for which 7.0 is no integer.
        self._validators: dict[tuple[str, int], jsonschema_rs.Draft4Validator] = {}
        components = document["components"]
        for path, item in document["paths"].items():
            for method, spec in item.items():
                if method == "parameters":
                    continue
                operation = Operation(
                    spec["operationId"], method.upper(), path, tuple(spec.get("x-scopes", ()))
                )
                self.operations[operation.id] = operation
                self._also[operation.id] = frozenset(spec.get("x-also-permitted-statuses", ()))
                self._compile(operation.id, spec["responses"], components)

    def _compile(
        self, operation: str, responses: Mapping[str, Any], components: Mapping[str, Any]
    ) -> None:
        for status, response in responses.items():
            if "$ref" in response:
                response = components["responses"][response["$ref"].rsplit("/", 1)[1]]
            schema = response["content"]["application/json"]["schema"]
            self._validators[operation, int(status)] = jsonschema_rs.Draft4Validator(
                {"allOf": [schema], "components": components},
                validate_formats=True,
                formats={"uuid": _is_uuid},
            )

    def judge(self, operation: str, status: int, content_type: str, body: Any) -> Violation | None:
        """Return the violation of a rule of chapter SHAPE, or None. `body` is parsed JSON."""
        if status in self._also.get(operation, ()):
            return None  # an answer without a body, where the documentation is silent
        if status >= 500:
            return Violation("SHAPE-2", "an answer below 500", f"{status} to {operation}")
        if status != 200 and status not in REFUSAL_STATUSES:
            documented = ", ".join(map(str, (200, *sorted(REFUSAL_STATUSES))))
            return Violation("SHAPE-3", f"one of {documented}", f"{status} to {operation}")
        if content_type.partition(";")[0].strip().lower() != "application/json":
            return Violation("SHAPE-6", "application/json", f"{content_type!r} to {operation}")
        validator = self._validators.get((operation, status))
        if validator is None:
            validator = self._validators[operation, 400]
        found = _first_error(validator, _with_plain_texts(body))
        if found is None:
            return None
        text, is_format = found
        rule = "SHAPE-5" if status != 200 else "SHAPE-9" if is_format else "SHAPE-1"
        expected = f"the body that the document gives for {status} of {operation}"
        return Violation(rule, expected, text[:300])

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


def _first_error(validator: jsonschema_rs.Draft4Validator, body: Any) -> tuple[str, bool] | None:
    """What is wrong with a body, and whether only a format is wrong; None if it is valid."""
    try:
        if validator.is_valid(body):
            return None
        errors = list(islice(validator.iter_errors(body), MOST_ERRORS))
    except ValueError as trouble:  # no JSON at all, half of a surrogate pair, nested too deep
        return f"the body cannot be read: {trouble}", False
    # A missing member or a wrong type is worse than a value in a wrong format.
    error = min(errors, key=_is_of_format)
    where = "/".join(str(part) for part in error.instance_path) or "the body"
    return f"{where}: {error.message}", _is_of_format(error)


def _is_of_format(error: jsonschema_rs.ValidationError) -> bool:
    """Whether a value has the right type, but not the format or the lower bound (SHAPE-9)."""
    return isinstance(error.kind, FORMAT_ERRORS)


@lru_cache(maxsize=8)
def load(path: Path = DOCUMENT) -> Shape:
    """Return the compiled document at a path; each process compiles it once."""
    return Shape(read_mapping(path, "`paths` and `components`"))
