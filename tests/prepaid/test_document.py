"""`spec/prepaid/` is a valid document of exactly what the server has, and says what is open."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.prepaid.assembly import assemble
from tests.prepaid.database import Sqlite
from tests.prepaid.inputs import KEY_FORM, LEAST_PAGE, MOST_METADATA, MOST_PAGE, USUAL_PAGE
from tests.prepaid.policy import DIGITS
from tests.prepaid.process import ROOT
from tests.prepaid.variants import VARIANTS

FOLDER = ROOT / "spec" / "prepaid"
DOCUMENT: dict[str, Any] = yaml.safe_load((FOLDER / "openapi.yaml").read_text("utf-8"))
FACTS = (FOLDER / "FACTS.md").read_text("utf-8")
README = (ROOT / "tests" / "prepaid" / "README.md").read_text("utf-8")
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
    app = assemble(Sqlite())
    served = {(method, "/".join(path)) for method, path in app.routes}
    app.close()
    assert served == {(method, re.sub(r"\{\w+\}", "{id}", path)) for method, path in OPERATIONS}


def test_every_operation_has_a_source_a_summary_and_an_id_of_its_own() -> None:
    assert all(
        {"x-source", "summary", "description", "operationId"} <= set(operation)
        for operation in OPERATIONS.values()
    )
    assert len({operation["operationId"] for operation in OPERATIONS.values()}) == len(OPERATIONS)


def test_every_post_takes_json_and_a_key() -> None:
    for (method, _), operation in OPERATIONS.items():
        names = [one.get("$ref", "").rpartition("/")[2] for one in operation["parameters"]]
        assert ("idempotencyKey" in names) == (method == "POST")
        if method == "POST":
            assert list(operation["requestBody"]["content"]) == ["application/json"]


def test_the_bounds_of_the_document_are_those_of_the_server() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Currency"]["enum"] == list(DIGITS)
    assert schemas["Metadata"]["maxProperties"] == MOST_METADATA
    key = DOCUMENT["components"]["parameters"]["idempotencyKey"]["schema"]
    assert key["pattern"] == f"^{KEY_FORM.pattern}$"
    (limit,) = (one for one in _members(DOCUMENT, "schema") if one.get("default"))
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (
        *(LEAST_PAGE, MOST_PAGE, USUAL_PAGE),
    )


def test_every_open_question_that_the_document_names_is_explained() -> None:
    named: set[str] = set()
    for questions in _members(DOCUMENT, "x-open"):
        named |= {questions} if isinstance(questions, str) else set(questions)
    explained = set(re.findall(r"^\| (O-[0-9]+) \|", FACTS, re.MULTILINE))
    assert named == explained


def test_every_fact_has_a_section_of_the_readme_as_its_source() -> None:
    rows = re.findall(r"^\| ([FALKP]-[0-9]+) \| (.+) \| (.+) \|$", FACTS, re.MULTILINE)
    assert len(rows) >= 30
    assert len({name for name, _, _ in rows}) == len(rows)
    sections = set(re.findall(r"^## ([0-9])\.", README, re.MULTILINE))
    for _, _, source in rows:
        assert set(re.findall(r"README ([0-9])", source)) <= sections
        assert "README" in source


def test_every_variant_answers_a_question() -> None:
    rows = re.findall(r"^\| O-[0-9]+ \| .+ \| (.+) \|$", FACTS, re.MULTILINE)
    answered = {name for row in rows for name in re.findall(r"`(\w+)`", row)} & set(VARIANTS)
    assert answered == set(VARIANTS)
    assert len(rows) == len(VARIANTS)
