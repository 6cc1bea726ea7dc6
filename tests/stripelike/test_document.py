"""`spec/stripe/openapi.yaml` is a valid document of exactly the operations that the server has."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.stripelike.assembly import assemble
from tests.stripelike.policy import CURRENCIES, GREATEST_AMOUNT, LEAST_AMOUNT
from tests.stripelike.process import ROOT

FOLDER = ROOT / "spec" / "stripe"
DOCUMENT: dict[str, Any] = yaml.safe_load((FOLDER / "openapi.yaml").read_text("utf-8"))
FACTS = (FOLDER / "FACTS.md").read_text("utf-8")
OPERATIONS = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def _members(node: Any, name: str) -> Iterator[Any]:
    if isinstance(node, dict):
        if name in node:
            yield node[name]
        for member in node.values():
            yield from _members(member, name)
    elif isinstance(node, list):
        for item in node:
            yield from _members(item, name)


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV30SpecValidator(DOCUMENT).iter_errors()) == []


def test_the_document_has_the_operations_of_the_server() -> None:
    served = {(method, "/".join(path)) for method, path in assemble().routes}
    assert served == {(method, re.sub(r"\{\w+\}", "{id}", path)) for method, path in OPERATIONS}


def test_every_operation_has_a_source_a_summary_and_an_id_of_its_own() -> None:
    assert all(
        {"x-source", "summary", "description", "operationId"} <= set(operation)
        for operation in OPERATIONS.values()
    )
    assert len({operation["operationId"] for operation in OPERATIONS.values()}) == len(OPERATIONS)


def test_every_post_takes_a_form_and_a_key() -> None:
    for (method, _), operation in OPERATIONS.items():
        names = [parameter["$ref"].rpartition("/")[2] for parameter in operation["parameters"]]
        assert ("idempotencyKey" in names) == (method == "POST")
        if method == "POST":
            assert list(operation["requestBody"]["content"]) == [
                "application/x-www-form-urlencoded"
            ]


def test_the_bounds_of_the_document_are_those_of_the_server() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    hold = schemas["HoldAmount"]
    assert (hold["minimum"], hold["maximum"]) == (LEAST_AMOUNT, GREATEST_AMOUNT)
    assert tuple(schemas["Currency"]["enum"]) == CURRENCIES


def test_every_open_question_that_the_document_names_is_explained() -> None:
    named = {question for questions in _members(DOCUMENT, "x-open") for question in questions}
    explained = set(re.findall(r"^\| (O-[0-9]+) \|", FACTS, re.MULTILINE))
    assert named
    assert named <= explained


def test_every_fact_has_a_source() -> None:
    rows = re.findall(r"^\| ([FALKP]-[0-9]+) \| (.+) \| (.+) \|$", FACTS, re.MULTILINE)
    assert len(rows) >= 30
    assert len({name for name, _, _ in rows}) == len(rows)
