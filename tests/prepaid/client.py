"""Requests to a server of this shape: over HTTP, or to an application in this process.

Knows how requests are written, not what they mean. `Checked` holds every answer to the document.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import jsonschema_rs
import yaml

from tests.prepaid.app import JSON, App, Message
from tests.prepaid.calls import Reply
from tests.prepaid.tenants import FIRST, ApiKey


def _with_nulls(node: Any) -> Any:
    """A part of the document with `nullable` written as JSON Schema writes it."""
    if isinstance(node, list):
        return [_with_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {name: _with_nulls(member) for name, member in node.items()}
    if changed.pop("nullable", False) is True:
        changed["type"] = [changed["type"], "null"]
    return changed


DOCUMENT = _with_nulls(
    yaml.safe_load(
        (Path(__file__).parents[2] / "spec" / "prepaid" / "openapi.yaml").read_text("utf-8")
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
    def error(self) -> tuple[int, str]:
        """Status and code of a refusal."""
        return self.status, self.body["error"]["code"]

    @property
    def accepted(self) -> bool:
        return self.status < 300 and "error" not in self.body


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it is sent. `body` is what JSON says, or the bytes themselves."""

    method: str
    path: str
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    api_key: ApiKey | str | None = FIRST
    media_type: str = JSON

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()

    @property
    def secret(self) -> str | None:
        return self.api_key.value if isinstance(self.api_key, ApiKey) else self.api_key

    def message(self) -> Message:
        """The request as the application reads it."""
        return Message(
            method=self.method,
            path=self.path,
            query=urlencode(self.query),
            api_key=self.secret,
            key=self.key,
            media_type=self.media_type if self.content else None,
            body=self.content,
        )


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
        with ThreadPoolExecutor(len(requests)) as threads:
            replies = threads.map(self.app.answer, [request.message() for request in requests])
            return [_as_received(reply) for reply in replies]


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
        media_type = request.media_type if request.content else None
        headers = {
            "Idempotency-Key": request.key,
            "X-Api-Key": request.secret,
            "Content-Type": media_type,
        }
        return {
            "method": request.method,
            "url": request.path,
            "content": request.content,
            "params": dict(request.query),
            "headers": {name: value for name, value in headers.items() if value is not None},
        }

    def _answer(self, response: httpx.Response) -> Answer:
        assert response.headers["content-type"] == JSON
        replayed = response.headers.get("idempotency-replayed") == "true"
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
        _validate({"$ref": "#/components/schemas/Refused"}, answer.body)
        return
    response = operation["responses"].get(str(answer.status))
    assert response is not None, f"{request.method} {request.path} has no {answer.status}"
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    _validate(response["content"][JSON]["schema"], answer.body)


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


def _validate(schema: dict[str, Any], value: Any) -> None:
    name = json.dumps(schema, sort_keys=True)
    if name not in _VALIDATORS:
        whole = {**schema, "components": DOCUMENT["components"]}
        if "$ref" in schema:
            whole = {"allOf": [schema], "components": DOCUMENT["components"]}
        _VALIDATORS[name] = jsonschema_rs.Draft4Validator(whole)
    _VALIDATORS[name].validate(value)
