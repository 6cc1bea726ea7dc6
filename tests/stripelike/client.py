"""Requests to a server of this shape: over HTTP, or to an application in this process.

Knows how requests are written, not what they mean. `Checked` holds every answer to the document.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import jsonschema_rs
import yaml

from tests.stripelike.accounts import FIRST, Account
from tests.stripelike.app import FORM, App, Message
from tests.stripelike.calls import Reply


def _with_nulls(node: Any) -> Any:
    """A part of the document with `nullable` written as JSON Schema writes it."""
    if isinstance(node, list):
        return [_with_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {name: _with_nulls(member) for name, member in node.items()}
    if changed.pop("nullable", False) is True:
        changed["type"] = [changed["type"], "null"]
        if "enum" in changed:
            changed["enum"] = [*changed["enum"], None]
    return changed


DOCUMENT = _with_nulls(
    yaml.safe_load(
        (Path(__file__).parents[2] / "spec" / "stripe" / "openapi.yaml").read_text(encoding="utf-8")
    )
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    replayed: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    @property
    def error(self) -> tuple[int, str, str | None]:
        """Status, type and code of a refusal."""
        error = self.body["error"]
        return self.status, error["type"], error.get("code")


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it is sent."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    account: Account | None = FIRST
    authorization: str | None = None

    def message(self) -> Message:
        """The request as the application reads it."""
        encoded = urlencode(self.params).encode()
        post = self.method == "POST"
        return Message(
            method=self.method,
            path=self.path,
            query=b"" if post else encoded,
            authorization=self.credentials(),
            key=self.key,
            media_type=FORM if post else None,
            body=encoded if post else b"",
        )

    def credentials(self) -> str | None:
        bearer = f"Bearer {self.account.key}" if self.account else None
        return self.authorization or bearer


class Sender(Protocol):
    """Sends requests: one, or several at the same moment."""

    def send(self, request: Request) -> Answer: ...

    def together(self, requests: Sequence[Request]) -> list[Answer]: ...


class Local:
    """Sends to an application in this process; answers are JSON texts on their way, as on HTTP."""

    def __init__(self, app: App) -> None:
        self.app = app

    def send(self, request: Request) -> Answer:
        return _as_received(self.app.answer(request.message()))

    def together(self, requests: Sequence[Request]) -> list[Answer]:
        async def all_of_them() -> list[Reply]:
            messages = [request.message() for request in requests]
            return await asyncio.gather(*(self.app.reply(message) for message in messages))

        return [_as_received(reply) for reply in asyncio.run(all_of_them())]


def _as_received(reply: Reply) -> Answer:
    return Answer(reply.status, json.loads(json.dumps(reply.body)), bool(reply.headers))


class Http:
    """Sends over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.Client(base_url=url, trust_env=False)

    def send(self, request: Request) -> Answer:
        return self._answer(self._http.request(**self._parts(request)))

    def together(self, requests: Sequence[Request]) -> list[Answer]:
        async def all_of_them() -> list[httpx.Response]:
            async with httpx.AsyncClient(base_url=self._url, trust_env=False) as http:
                # A connection for each first, so that the requests travel together.
                await asyncio.gather(*(http.get("/") for _ in requests))
                return await asyncio.gather(*(http.request(**self._parts(r)) for r in requests))

        return [self._answer(response) for response in asyncio.run(all_of_them())]

    def close(self) -> None:
        self._http.close()

    def _parts(self, request: Request) -> dict[str, Any]:
        headers = {"Idempotency-Key": request.key, "Authorization": request.credentials()}
        where = "data" if request.method == "POST" else "params"
        return {
            "method": request.method,
            "url": request.path,
            where: dict(request.params),
            "headers": {name: value for name, value in headers.items() if value is not None},
        }

    def _answer(self, response: httpx.Response) -> Answer:
        assert response.headers["content-type"] == "application/json"
        replayed = response.headers.get("idempotent-replayed") == "true"
        return Answer(response.status_code, response.json(), replayed)


class Checked:
    """Fails unless the document has each answer for its operation."""

    def __init__(self, inner: Sender) -> None:
        self.inner = inner

    def send(self, request: Request) -> Answer:
        answer = self.inner.send(request)
        check(request, answer)
        return answer

    def together(self, requests: Sequence[Request]) -> list[Answer]:
        answers = self.inner.together(requests)
        for request, answer in zip(requests, answers, strict=True):
            check(request, answer)
        return answers


def check(request: Request, answer: Answer) -> None:
    """Fails unless the document has this answer for this request."""
    operation = _operation(request)
    if operation is None:
        _validate("#/components/schemas/Error", answer.body)
        return
    response = operation["responses"].get(str(answer.status))
    assert response is not None, f"{request.method} {request.path} has no {answer.status}"
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    _validate(response["content"]["application/json"]["schema"]["$ref"], answer.body)


def _operation(request: Request) -> dict[str, Any] | None:
    segments = request.path.split("/")
    for template, operations in DOCUMENT["paths"].items():
        parts = template.split("/")
        if len(parts) == len(segments) and all(
            part == segment or (part.startswith("{") and segment)
            for part, segment in zip(parts, segments, strict=True)
        ):
            found: dict[str, Any] | None = operations.get(request.method.lower())
            return found
    return None


_VALIDATORS: dict[str, jsonschema_rs.Draft4Validator] = {}


def _validate(reference: str, value: Any) -> None:
    if reference not in _VALIDATORS:
        schema = {"$ref": reference, "components": DOCUMENT["components"]}
        _VALIDATORS[reference] = jsonschema_rs.Draft4Validator(schema)
    _VALIDATORS[reference].validate(value)
