"""Schemathesis as a source of requests, and as a second judge of answers.

All cases of an operation are generated before the first is sent. So a server that fails now and
then is never called flaky by Hypothesis, and one seed gives one list of cases. All settings are
given here: neither a schemathesis.toml in the working directory nor Hypothesis' CI profile changes
them. This module sends nothing.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import hypothesis
import schemathesis
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.config import SanitizationConfig
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.generation.meta import (
    REQUEST_SHAPE_PROBES,
    CoveragePhaseData,
    CoverageScenario,
)
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.prepare import prepare_request

from tallystick import __version__
from tallystick.documents.shape import BODY_MISSING, BODY_TOO_LARGE, DOCUMENT, METHODS, Whole
from tallystick.drivers import exploring
from tallystick.drivers.fuzz import kept
from tallystick.drivers.fuzz.request import NO_BODY
from tallystick.ledger.vocabulary import Violation
from tallystick.target import NOT_JSON, Answer

JSON = Any
Operation = APIOperation[Any, Any, Any, Any]

CHECKS: dict[CheckFunction, str] = {
    not_a_server_error: "SHAPE-2",
    status_code_conformance: "SHAPE-3",
    content_type_conformance: "SHAPE-6",
    response_schema_conformance: "SHAPE-1",
}
"""The checks of Schemathesis that never accuse an honest server, and the rule each one checks.

Left out: that valid data is accepted (a lack of money is a reason to refuse), that invalid data is
refused (much of what the document forbids is only our reading of prose, see `constraints`), and
`ignored_auth` (chapter AUTH does more)."""


@lru_cache(maxsize=8)
def load_schema(document: Path | Whole = DOCUMENT) -> BaseSchema:
    """The document as Schemathesis reads it, without configuration from outside."""
    config = schemathesis.Config.from_dict(
        # The target adds the credentials; a generated one would spoil the case.
        {
            "generation": {"with-security-parameters": False, "database": "none"},
            "phases": {"stateful": {"generation": {"mode": "positive"}}},
        }
    )
    if isinstance(document, Whole):
        return schemathesis.openapi.from_dict(dict(document.content), config=config)
    return schemathesis.openapi.from_path(document, config=config)


@lru_cache(maxsize=8)
def operations(document: Path | Whole = DOCUMENT) -> dict[str, Operation]:
    """Every operation of the document by its operationId; by method and path if it has none."""
    return {
        operation.definition.raw.get("operationId") or operation.label: operation
        for result in load_schema(document).get_all_operations()
        if isinstance(result, Ok) and (operation := result.ok()) is not None
    }


def cases(
    operation: str,
    seed: int,
    boundary: int,
    generated: int,
    document: Path | Whole = DOCUMENT,
    *,
    keep: bool = False,
) -> list[Case[Any]]:
    """At most `boundary` boundary cases of an operation and about `generated` random ones.

    With `keep` they are kept for the next run (`kept`): useful where its seed will be the same.
    """
    found = operations(document)[operation]
    key = _key_of(found, seed, boundary, generated) if keep else ""
    parts = kept.read(key) if key else None
    if parts is None:
        parts = [_parts_of(case) for case in _made(found, operation, seed, boundary, generated)]
        if key:
            kept.keep(key, parts)
    return [found.Case(**part) for part in parts]


def _parts_of(case: Case[Any]) -> dict[str, JSON]:
    """What is used of a case, which is all that is kept of it."""
    body = {} if case.body is NOT_SET else {"body": case.body, "media_type": case.media_type}
    return {
        "method": case.method,
        "path_parameters": dict(case.path_parameters or {}),
        "query": dict(case.query or {}),
        **body,
    }


def _key_of(operation: Operation, seed: int, *numbers: int) -> str:
    """All that the cases depend on, as one key; empty if other files are among it."""
    document = json.dumps(operation.schema.raw_schema, default=repr)
    if re.search(r'"\$ref": "[^#]', document):
        return ""
    versions = (sys.version, version("hypothesis"), version("schemathesis"), __version__)
    ours = Path(__file__).read_bytes(), Path(exploring.__file__).read_bytes()
    return kept.key_of(document, operation.label, f"{seed} {numbers}", *versions, *ours)


def _made(found: Operation, name: str, seed: int, boundary: int, generated: int) -> list[Case[Any]]:
    """New cases.

    There are many more ways to be invalid than to be valid, but only valid requests move money. So
    two of three random cases are valid, and half of the boundary cases if there are enough.
    """
    random = Random(f"{seed}/{name}")
    valid: list[Case[Any]] = []
    invalid: list[Case[Any]] = []
    for case in _boundary_cases(found):
        (valid if _mode(case) is GenerationMode.POSITIVE else invalid).append(case)
    chosen = random.sample(valid, min(boundary // 2, len(valid)))
    chosen += random.sample(invalid, min(boundary - len(chosen), len(invalid)))
    for mode, thirds in ((GenerationMode.POSITIVE, 2), (GenerationMode.NEGATIVE, 1)):
        chosen += _random_cases(found, mode, seed, max(1, generated * thirds // 3))
    random.shuffle(chosen)
    return chosen


def _mode(case: Case[Any]) -> GenerationMode:
    return case.meta.generation.mode if case.meta is not None else GenerationMode.POSITIVE


def _boundary_cases(operation: Operation) -> Iterator[Case[Any]]:
    """The deterministic cases: values at and next to each bound, each member of a wrong type."""
    schema = operation.schema
    seen = set()
    for case in schema.iter_coverage_cases(
        operation,
        generation_modes=list(GenerationMode),
        generation_config=schema.config.generation_for(operation=operation, phase="coverage"),
    ):
        content = repr((case.query, case.body))
        if content not in seen and _varies_query_or_body(case):
            seen.add(content)
            yield case


def _varies_query_or_body(case: Case[Any]) -> bool:
    """Whether the case is about the query or the body.

    The methods, headers and paths of a request are set by `live_ids` and by the contracts.
    """
    data = case.meta.phase.data if case.meta is not None else None
    if not isinstance(data, CoveragePhaseData):
        return True
    if data.parameter_location in (ParameterLocation.PATH, ParameterLocation.HEADER):
        return False
    return data.scenario not in {*REQUEST_SHAPE_PROBES, CoverageScenario.UNSUPPORTED_PATH_PATTERN}


def _random_cases(
    operation: Operation, mode: GenerationMode, seed: int, number: int
) -> list[Case[Any]]:
    collected: list[Case[Any]] = []

    @hypothesis.seed(seed)
    @exploring.settings(number)
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def collect(case: Case[Any]) -> None:
        collected.append(case)

    # Nothing is invalid where all that a request has is a text in its path: any text is valid.
    with suppress(hypothesis.errors.Unsatisfiable):
        collect()
    return collected


def body_of(case: Case[Any]) -> JSON:
    """The generated body: parsed JSON, bytes, or NO_BODY."""
    return NO_BODY if case.body is NOT_SET else case.body


def query_of(case: Case[Any]) -> dict[str, JSON]:
    """The generated query as texts and lists of texts, with its undocumented parameters."""
    return {
        str(name): [str(item) for item in value] if isinstance(value, list) else str(value)
        for name, value in (case.query or {}).items()
        if value is not None
    }


# Judging ----------------------------------------------------------------------------------------


def response_of(case: Case[Any], answer: Answer) -> Response:
    """An answer of the target as an object of Schemathesis."""
    content = b"" if answer.body is NOT_JSON else json.dumps(answer.body).encode()
    kinds = {"content-type": [answer.content_type]} if answer.content_type else {}
    request = _placeholder(case.operation, case.method, tuple(case.path_parameters))
    return Response(answer.status, kinds, content, request, 0.0, verify=True)


@lru_cache(maxsize=256)
def _placeholder(operation: Operation, method: Any, names: tuple[str, ...]) -> Any:
    """The request of a response: the class wants one, its checks read nothing of it."""
    case = operation.Case(path_parameters=dict.fromkeys(names, "x"), method=method)
    return prepare_request(
        case, {}, config=SanitizationConfig(enabled=False), base_url="http://target"
    )


def judge(case: Case[Any], answer: Answer) -> Violation | None:
    """The first rule that a check of Schemathesis finds broken by an answer."""
    if answer.status in case.operation.definition.raw.get("x-also-permitted-statuses", ()):
        return None  # the documentation says nothing about this answer
    if answer.status in BODY_MISSING | {BODY_TOO_LARGE}:
        return None  # what HTTP may refuse depends on what was sent, and is judged with it
    response = response_of(case, answer)
    checks = [
        check
        for check in CHECKS
        # SHAPE-3 permits every documented refusal to every operation
        if check is not status_code_conformance
        or answer.status not in _refusals(case.operation.schema)
    ]
    if _failure(case, response, checks) is None:
        return None
    for check in checks:
        failure = _failure(case, response, [check])
        if failure is not None:
            rule = CHECKS[check]
            is_refusal = rule == "SHAPE-1" and answer.status >= 300
            expected = f"{check.__name__} of {case.operation.label}"
            return Violation("SHAPE-5" if is_refusal else rule, expected, _text_of(failure))
    return None


def _refusals(schema: BaseSchema) -> frozenset[int]:
    """The statuses from 300 on that some operation of the document has."""
    found = {
        int(status)
        for item in schema.raw_schema["paths"].values()
        for method, spec in item.items()
        if method in METHODS
        for status in spec["responses"]
        if str(status).isdecimal()
    }
    return frozenset(status for status in found if status >= 300)


def _failure(
    case: Case[Any], response: Response, checks: list[CheckFunction]
) -> Failure | FailureGroup | None:
    try:
        case.validate_response(response, checks=checks)
    except (Failure, FailureGroup) as failure:
        return failure
    return None


def _text_of(failure: Failure | FailureGroup) -> str:
    first = failure.exceptions[0] if isinstance(failure, FailureGroup) else failure
    title = getattr(first, "title", type(first).__name__)
    return f"{title}: {getattr(first, 'message', '')}"[:300]
