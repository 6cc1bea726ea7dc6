"""The server as an ASGI application: routes, keys, errors.

Knows how an answer looks on the wire, not what an operation does. Uses no web framework.
"""

import asyncio
import json
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tests.stripelike.access import Access
from tests.stripelike.calls import Call, Reply
from tests.stripelike.cards import Cards
from tests.stripelike.charges import Charges
from tests.stripelike.forms import parse
from tests.stripelike.intents import Intents
from tests.stripelike.keys import Keys
from tests.stripelike.lists import Lists
from tests.stripelike.policy import Policy
from tests.stripelike.records import Record
from tests.stripelike.refusals import Refusal
from tests.stripelike.views import Views

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Operation = Callable[[Call], Record | dict[str, Any]]

LARGEST_BODY = 1_000_000
FORM = "application/x-www-form-urlencoded"
ID = "{id}"


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it arrived."""

    method: str
    path: str
    query: bytes = b""
    authorization: str | None = None
    key: str | None = None
    media_type: str | None = None
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that operations belong to."""

    charges: Charges
    intents: Intents
    cards: Cards
    lists: Lists


def routes(services: Services) -> dict[tuple[str, tuple[str, ...]], Operation]:
    """Every operation by its method and the segments of its path."""
    charges, intents = services.charges, services.intents
    table: dict[tuple[str, str], Operation] = {
        ("POST", "/v1/payment_methods"): services.cards.create,
        ("POST", "/v1/payment_intents"): intents.create,
        ("GET", "/v1/payment_intents"): services.lists.intents,
        ("GET", f"/v1/payment_intents/{ID}"): intents.retrieve,
        ("POST", f"/v1/payment_intents/{ID}/capture"): intents.capture,
        ("POST", f"/v1/payment_intents/{ID}/cancel"): intents.cancel,
        ("POST", "/v1/charges"): charges.create,
        ("GET", "/v1/charges"): services.lists.charges,
        ("GET", f"/v1/charges/{ID}"): charges.retrieve,
        ("POST", f"/v1/charges/{ID}/capture"): charges.capture,
        ("POST", "/v1/refunds"): charges.refund,
    }
    return {(method, tuple(path.split("/"))): work for (method, path), work in table.items()}


class App:
    """Answers messages, one after the other unless the policy says `threads`."""

    def __init__(
        self, services: Services, access: Access, keys: Keys, views: Views, policy: Policy
    ) -> None:
        self.routes = routes(services)
        self.access = access
        self.keys = keys
        self.views = views
        self.policy = policy
        self.lock = threading.Lock()

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        message = await _read(scope, receive)
        if message is not None:
            await self.send(await self.reply(message), send)

    async def reply(self, message: Message) -> Reply:
        if self.policy.threads:
            return await asyncio.to_thread(self.answer, message)
        return self.answer(message)

    def answer(self, message: Message) -> Reply:
        """The answer to a request; a fault of the server is a 500."""
        try:
            account = self.access.account(message.authorization)
            operation, target = self.route(message)
            call = self.call(account, target, message)
            return self.keys.answer(call, lambda call: self.perform(operation, call))
        except Refusal as refusal:
            return self.refused(refusal)

    def perform(self, operation: Operation, call: Call) -> Reply:
        """Carry an operation out, alone."""
        try:
            with self.exclusive():
                result = operation(call)
                shown = self.views.show(result) if isinstance(result, Record) else result
            return Reply(200, shown)
        except Refusal as refusal:
            return self.refused(refusal)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Reply(500, {"error": {"type": "api_error", "message": "The server failed"}})

    def exclusive(self) -> AbstractContextManager[Any]:
        return self.lock

    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, {"error": refusal.error}, executed=refusal.executed)

    def route(self, message: Message) -> tuple[Operation, str]:
        """The operation of a request and the id in its path.

        Raises:
            Refusal: 404, there is none.
        """
        segments = message.path.split("/")
        target = segments[3] if len(segments) > 3 else ""
        if target:
            segments[3] = ID
        operation = self.routes.get((message.method, tuple(segments)))
        if operation is None:
            text = f"Unrecognized request URL ({message.method}: {message.path})."
            raise Refusal(404, text, executed=False)
        return operation, target

    def call(self, account: str, target: str, message: Message) -> Call:
        media_type = (message.media_type or FORM).partition(";")[0].strip().lower()
        if message.method == "POST" and message.body and media_type != FORM:
            raise Refusal(400, "The body has to be form-encoded", executed=False)
        if len(message.body) > LARGEST_BODY:
            raise Refusal(400, "The body is too large", executed=False)
        params = parse(message.body if message.method == "POST" else message.query)
        return Call(account, message.method, message.path, target, params, message.key)

    async def send(self, reply: Reply, send: Send) -> None:
        content = json.dumps(reply.body).encode()
        headers = {"content-type": "application/json", "content-length": str(len(content))}
        encoded = [
            (name.encode(), value.encode())
            for name, value in (headers | dict(reply.headers)).items()
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        await send({"type": "http.response.body", "body": content})


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
        query=scope["query_string"],
        authorization=headers.get(b"authorization"),
        key=headers.get(b"idempotency-key"),
        media_type=headers.get(b"content-type"),
        body=body,
    )
