"""The server as an ASGI application: routes, bodies, errors.

Knows how a request looks on the wire, not what an operation does. Uses no web framework.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.prepaid.access import Access
from tests.prepaid.answers import Answers
from tests.prepaid.calls import Call, Reply
from tests.prepaid.database import Database, Session
from tests.prepaid.inputs import Inputs
from tests.prepaid.keys import Keys
from tests.prepaid.operations import Operations
from tests.prepaid.policy import Policy
from tests.prepaid.refusals import Refusal, malformed
from tests.prepaid.tenants import ApiKey

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Operation = Callable[[Session, Call], dict[str, Any]]

LARGEST_BODY = 100_000
JSON = "application/json"
ID = "{id}"
WORKERS = 16
"""Requests that are carried out at the same time; others wait."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it arrived."""

    method: str
    path: str
    query: str = ""
    api_key: str | None = None
    key: str | None = None
    media_type: str | None = None
    body: bytes = b""


def routes(operations: Operations) -> dict[tuple[str, tuple[str, ...]], Operation]:
    """Every operation by its method and the segments of its path."""
    table: dict[tuple[str, str], Operation] = {
        ("POST", "/accounts"): operations.create_account,
        ("GET", f"/accounts/{ID}"): operations.read_account,
        ("POST", f"/accounts/{ID}/deposits"): operations.deposit,
        ("POST", f"/accounts/{ID}/payments"): operations.pay,
        ("POST", f"/accounts/{ID}/holds"): operations.hold,
        ("GET", f"/accounts/{ID}/transactions"): operations.list_movements,
        ("GET", f"/holds/{ID}"): operations.read_hold,
        ("POST", f"/holds/{ID}/capture"): operations.capture,
        ("POST", f"/holds/{ID}/release"): operations.release,
        ("GET", f"/transactions/{ID}"): operations.read_movement,
    }
    return {(method, tuple(path.split("/"))): work for (method, path), work in table.items()}


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application consists of."""

    operations: Operations
    access: Access
    inputs: Inputs
    keys: Keys
    answers: Answers
    database: Database
    policy: Policy


class App:
    """Answers messages, many at the same time; the database keeps them apart."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.routes = routes(parts.operations)
        self.workers = ThreadPoolExecutor(WORKERS)

    def close(self) -> None:
        """End the workers, then the database."""
        self.workers.shutdown()
        self.parts.database.close()

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        message = await _read(scope, receive)
        if message is not None:
            await self.send(await self.reply(message), send)

    async def reply(self, message: Message) -> Reply:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.workers, self.answer, message)

    def answer(self, message: Message) -> Reply:
        """The answer to a request; a fault of the server is a 500."""
        try:
            api_key = self.parts.access.api_key(message.api_key)
            operation, target = self.route(message)
            if message.method == "POST":
                self.parts.access.judge_write(api_key, message.path)
            return self.perform(operation, self.call(api_key, target, message))
        except Refusal as refusal:
            return self.parts.answers.refused(refusal)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            error = {"code": "server_error", "message": "The server failed", "field": None}
            return Reply(500, {"error": error})

    def perform(self, operation: Operation, call: Call) -> Reply:
        """Carry an operation out, in a transaction if it writes."""
        answers, keys, database = self.parts.answers, self.parts.keys, self.parts.database

        def carry_out(session: Session, call: Call) -> Reply:
            return answers.accepted(call.method, operation(session, call))

        if call.method != "POST":
            return carry_out(database.reading(), call)
        with keys.exclusive(call), database.writing() as session:
            return keys.answer(session, call, carry_out)

    def route(self, message: Message) -> tuple[Operation, str]:
        """The operation of a request and the id in its path.

        Raises:
            Refusal: 404, there is none.
        """
        segments = message.path.split("/")
        target = segments[2] if len(segments) > 2 else ""
        if target:
            segments[2] = ID
        operation = self.routes.get((message.method, tuple(segments)))
        if operation is None:
            raise Refusal(404, "not_found", "There is no such operation", executed=False)
        return operation, target

    def call(self, api_key: ApiKey, target: str, message: Message) -> Call:
        post = message.method == "POST"
        body = read_body(message) if post else {}
        key = body.pop("idempotency_key", None) if self.parts.policy.key_in_body else message.key
        return Call(
            api_key=api_key,
            method=message.method,
            path=message.path,
            target=target,
            body=body,
            query={} if post else read_query(message.query),
            key=self.parts.inputs.key(key, "idempotency_key") if post else None,
        )

    async def send(self, reply: Reply, send: Send) -> None:
        content = json.dumps(reply.body).encode()
        headers = {"content-type": JSON, "content-length": str(len(content))}
        encoded = [
            (name.encode(), value.encode())
            for name, value in (headers | dict(reply.headers)).items()
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        await send({"type": "http.response.body", "body": content})


def read_body(message: Message) -> dict[str, Any]:
    """The JSON object of a request; none is an empty one. Numbers are exact.

    Raises:
        Refusal: 400, it is not a JSON object.
    """
    if len(message.body) > LARGEST_BODY:
        raise malformed("The body is too large")
    if not message.body:
        return {}
    if (message.media_type or JSON).partition(";")[0].strip().lower() != JSON:
        raise malformed(f"The body is not {JSON}")
    try:
        body = json.loads(message.body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise malformed("The body is not JSON") from None
    if not isinstance(body, dict):
        raise malformed("The body is not an object")
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def read_query(query: str) -> Mapping[str, str]:
    """The parameters of a request.

    Raises:
        Refusal: 400, one of them is there twice.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(dict(pairs)) < len(pairs):
        raise malformed("A parameter is there twice")
    return dict(pairs)


async def _read(scope: Event, receive: Receive) -> Message | None:
    """The whole request, or None if the client hung up. Too large a body is cut."""
    body = b""
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        body = (body + event.get("body", b""))[: LARGEST_BODY + 1]
        if not event.get("more_body"):
            break
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    return Message(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        api_key=headers.get(b"x-api-key"),
        key=headers.get(b"idempotency-key"),
        media_type=headers.get(b"content-type"),
        body=body,
    )
