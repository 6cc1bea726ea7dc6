"""A target's own OpenAPI document: which operations are which, and what is judged by it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from tallystick.documents import shape
from tallystick.documents.files import DocumentError
from tallystick.documents.own_spec import OwnShape, load_own
from tallystick.documents.request_members import excludes
from tallystick.drivers.fuzz import cases
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.fuzz.constraints import Constraints
from tallystick.target import Network
from tallystick.target.fetching import fetched
from tests.proof.gate import run_gate
from tests.proof.servers import forked_sandbox

OURS = shape.load()
DOCUMENT: dict[str, Any] = yaml.safe_load(shape.DOCUMENT.read_text(encoding="utf-8"))
JSON = Any
BODIES = Constraints(OURS.document).bodies


def nothing(url: str) -> bytes:
    """Fetch nothing: no document of the test is behind a URL."""
    raise OSError(url)


def fetch(url: str) -> bytes:
    """Fetch as a run without settings does."""
    return fetched(url, Network(), "")


def written(tmp_path: Path, document: JSON) -> str:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document, default=str), encoding="utf-8")
    return str(path)


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return document


def without_ids(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for spec in item.values():
            if isinstance(spec, dict):
                spec.pop("operationId", None)


def with_base(base: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        without_ids(document)
        document["paths"] = {f"{base}{path}": item for path, item in document["paths"].items()}

    return change


def cut(document: dict[str, Any]) -> None:
    """Paths below the account, as if the base URL named it; other names of parameters."""
    without_ids(document)
    paths = document["paths"].items()
    document["paths"] = {
        "/" + "/".join(path.strip("/").replace("{", "{x").split("/")[2:]): item
        for path, item in paths
    }


@pytest.mark.parametrize(
    "change",
    [lambda document: None, without_ids, with_base("/v1"), with_base("/api/v1"), cut],
    ids=["the same", "without ids", "/v1", "/api/v1", "below the account"],
)
def test_operations_are_matched_by_id_or_by_method_and_path(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    own = load_own(OURS, written(tmp_path, changed(change)), nothing)
    assert own.operations.keys() == OURS.operations.keys()
    assert own.said == {}
    for name, body in Constraints(own.requests).bodies.items():
        assert body.members.keys() == BODIES[name].members.keys()


def test_what_only_one_document_has_is_said_and_not_judged(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        for path in [path for path in document["paths"] if path.endswith("/cards/batch")]:
            del document["paths"][path]
        document["paths"]["/refunds"] = {"post": {"responses": {"200": {}}}}

    source = written(tmp_path, changed(change))
    own = load_own(OURS, source, nothing)
    assert own.said == {
        f"form of {op.PREPARE_CARDS}": f"the operation is not in {source}",
        "POST /refunds": f"the operation is only in {source}",
    }
    assert own.judge(op.PREPARE_CARDS, 200, "text/plain", None) is None
    violation = own.judge(op.PREPARE_CARDS, 500, "text/plain", None)
    assert violation is not None
    assert violation.rule == "SHAPE-2"


def body_of(document: dict[str, Any], operation: str) -> dict[str, Any]:
    """The body of an operation in a document, as a schema of JSON."""
    for item in document["paths"].values():
        for spec in item.values():
            if isinstance(spec, dict) and spec.get("operationId") == operation:
                found: dict[str, Any] = spec["requestBody"]["content"]["application/json"]
                return found
    raise KeyError(operation)


OWN_BODY = {
    "required": ["amount", "reason"],
    "properties": {
        "amount": {"$ref": "#/components/schemas/Own"},
        "reason": {"type": "string", "maxLength": 3},
    },
}


def with_own_body(document: dict[str, Any]) -> None:
    body_of(document, op.CAPTURE)["schema"] = {"allOf": [{"$ref": "#/components/schemas/Body"}]}
    schemas = document["components"]["schemas"]
    schemas |= {"Body": OWN_BODY, "Own": {"type": "integer", "minimum": 7}}


def test_requests_are_made_by_the_own_document(tmp_path: Path) -> None:
    own = load_own(OURS, written(tmp_path, changed(with_own_body)), nothing)
    forbids = Constraints(own.requests).forbids
    assert forbids(op.CAPTURE, {"amount": 8, "reason": "abc"}) is None
    assert "reason" in str(forbids(op.CAPTURE, {"amount": 8}))
    assert "at least 7" in str(forbids(op.CAPTURE, {"amount": 6, "reason": "abc"}))
    assert "reason" in str(forbids(op.CAPTURE, {"amount": 8, "reason": "abcd"}))
    assert excludes(own, op.CAPTURE, "amount", 6)
    assert own.generated_from is not None
    generated = cases.cases(op.CAPTURE, 0, 10, 10, own.generated_from)
    assert any("reason" in case.body for case in generated if isinstance(case.body, dict))


def test_of_an_operation_that_only_one_document_has_no_body_is_forbidden(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        for path in [path for path in document["paths"] if path.endswith("/cards/batch")]:
            del document["paths"][path]

    own = load_own(OURS, written(tmp_path, changed(change)), nothing)
    constraints = Constraints(own.requests)
    assert constraints.forbids(op.PREPARE_CARDS, {}) is None
    assert constraints.forbids(op.PREPARE_CARDS, []) is None
    assert Constraints(OURS.requests).forbids(op.PREPARE_CARDS, []) is not None
    assert not constraints.bodies[op.PREPARE_CARDS].members


@pytest.mark.parametrize("reference", ["other.yaml#/Body", "#/components/schemas/Missing"])
def test_a_reference_that_leads_nowhere_says_nothing(tmp_path: Path, reference: str) -> None:
    def change(document: dict[str, Any]) -> None:
        body_of(document, op.CAPTURE)["schema"] = {
            "properties": {"amount": {"$ref": reference}, "reason": {"type": "string"}}
        }

    own = load_own(OURS, written(tmp_path, changed(change)), nothing)
    assert Constraints(own.requests).forbids(op.CAPTURE, {"amount": "much"}) is None
    assert Constraints(own.requests).forbids(op.CAPTURE, {"reason": 5}) is not None


def test_a_schema_that_is_composed_of_itself_is_an_error(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        body_of(document, op.CAPTURE)["schema"] = {"$ref": "#/components/schemas/Own"}
        own = {"allOf": [{"$ref": "#/components/schemas/Own"}]}
        document["components"]["schemas"]["Own"] = own

    with pytest.raises(DocumentError, match="composed of itself"):
        load_own(OURS, written(tmp_path, changed(change)), nothing)


def test_a_body_that_is_no_json_is_said_and_not_judged(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        for item in document["paths"].values():
            for spec in item.values():
                if isinstance(spec, dict) and spec.get("operationId") == op.CAPTURE:
                    spec["requestBody"] = {"content": {"text/plain": {"schema": {}}}}

    own = load_own(OURS, written(tmp_path, changed(change)), nothing)
    assert list(own.said) == [f"body of {op.CAPTURE}"]
    assert Constraints(own.requests).forbids(op.CAPTURE, {"amount": "much"}) is None


def test_another_version_of_openapi_makes_no_random_requests(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["openapi"] = "3.1.0"
        schema = {"properties": {"amount": {"type": ["integer", "null"]}}}
        body_of(document, op.CAPTURE)["schema"] = schema

    own = load_own(OURS, written(tmp_path, changed(change)), nothing)
    assert list(own.said) == ["generated requests"]
    assert own.generated_from is None
    assert Constraints(own.requests).forbids(op.CAPTURE, {"amount": "much"}) is not None


def test_answers_are_judged_by_the_own_document(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        for item in document["paths"].values():
            if item.get("get", {}).get("operationId") == op.READ_CARD:
                item["get"]["responses"]["409"] = {"description": "busy"}

    own = load_own(OURS, written(tmp_path, changed(change)), nothing)
    assert 409 in own.refusals
    assert 409 not in OURS.refusals
    assert own.judge(op.READ_CARD, 409, "", None) is None
    assert OURS.judge(op.READ_CARD, 409, "", None) is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "neither YAML nor JSON"),
        ("- a", "no OpenAPI document: it has no `paths`"),
        ("paths: {}", "no OpenAPI 3 document"),
        ("swagger: '2.0'\npaths: {}", "no OpenAPI 3 document"),
        ("openapi: 3.0.0\npaths: {/x: {get: {responses: {'200': {}}}}}", "no operation of this"),
        (
            "openapi: 3.0.0\npaths: {/x: {get: {operationId: aid_cards_get}}}",
            "that can be read: KeyError",
        ),
    ],
)
def test_a_document_that_cannot_be_used_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as raised:
        load_own(OURS, str(path), nothing)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_document_is_fetched_from_a_url() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/openapi.yaml"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(shape.DOCUMENT.read_bytes() if found else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        assert isinstance(load_own(OURS, f"{url}/openapi.yaml", fetch), OwnShape)
        with pytest.raises(DocumentError, match="cannot be read"):
            load_own(OURS, f"{url}/nothing", fetch)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_run_is_judged_by_the_own_document(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        with_base("/v1")(document)
        document["components"]["schemas"]["Card"].setdefault("required", []).append("colour")

    tests = ("contracts/test_capture.py",)
    good = written(tmp_path, changed(with_base("/v1")))
    with forked_sandbox() as environment:
        outcome = run_gate(environment, "-q", f"--spec={good}", tests=tests)
        assert outcome.verdict == "conforms", outcome.output
        bad = written(tmp_path, changed(change))
        outcome = run_gate(environment, "-q", f"--spec={bad}", tests=tests)
        assert outcome.rules == ["SHAPE-1"], outcome.output
        assert "colour" in outcome.output
        outcome = run_gate(environment, "-q", "--spec=nowhere.yaml", tests=tests)
        assert outcome.status == 4
