"""The HTTP side: one ASGI application that turns a request into a call and a result into an answer.

Every answer is JSON with a Date header, every refusal has the Error body. Knows statuses and
headers; knows nothing of cards.
"""

import json
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.access import Access, Caller
from sandbox.answers import Answers
from sandbox.clock import Clock
from sandbox.document import Operation
from sandbox.intake import BODY_LIMIT_BYTES, Intake
from sandbox.refusals import Cause, Refusal
from sandbox.routing import Route, Router
from sandbox.service import Call, Service

GET_TOKEN = "aid_auths_oauth_token_post"


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it arrived."""

    method: str
    raw_path: bytes
    query: bytes
    authorization: str | None
    media_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent."""

    status: int
    content: Any
    headers: tuple[tuple[str, str], ...] = ()


class App:
    """Serves messages."""

    def __init__(
        self,
        router: Router,
        access: Access,
        intake: Intake,
        service: Service,
        answers: Answers,
        clock: Clock,
    ) -> None:
        self.router = router
        self.access = access
        self.intake = intake
        self.service = service
        self.answers = answers
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        # A client that hangs up before its request is complete gets no answer.
        with suppress(ClientDisconnect):
            message = await read(request)
            await self.deliver(await self.reply(message), message, request, send)

    async def deliver(self, reply: Reply, message: Message, request: Request, send: Send) -> None:
        await self.send(reply, request.scope, request.receive, send)

    async def reply(self, message: Message) -> Reply:
        """The answer to a message. Work is done inline, one request at a time."""
        return self.answer(message)

    def answer(self, message: Message) -> Reply:
        try:
            return Reply(200, self.serve(message))
        except Refusal as refusal:
            return self.refuse(refusal)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            error = {"code": "UNEXPECTED", "message": "The server failed to answer"}
            return Reply(500, {"error": error})

    def refuse(self, refusal: Refusal) -> Reply:
        status = self.answers.refusal_status(refusal)
        headers: tuple[tuple[str, str], ...] = ()
        if refusal.cause is Cause.NO_METHOD and status == 405:
            headers = (("Allow", ", ".join(refusal.allow)),)
        return Reply(status, self.answers.refusal(refusal), headers)

    def serve(self, message: Message) -> Any:
        route = self.router.find(message.method, message.raw_path)
        if route.operation.id == GET_TOKEN:
            return self.get_token(message, route)
        caller = self.access.authenticate(message.authorization)
        return self.serve_as(caller, message, route)

    def serve_as(self, caller: Caller, message: Message, route: Route) -> Any:
        path = self.intake.path(route.operation, route.parameters)
        caller = self.access.authorize(caller, route.operation, path["aid"])
        query = self.intake.query(route.operation, message.query)
        body = self.body(message, route.operation)
        return self.service.perform(Call(caller, route.operation, path, query, body))

    def body(self, message: Message, operation: Operation) -> dict[str, Any]:
        return self.intake.body(operation, message.media_type, message.body)

    def get_token(self, message: Message, route: Route) -> Any:
        path = self.intake.path(route.operation, route.parameters)
        grant = self.body(message, route.operation)
        return self.access.issue(message.authorization, path["oid"], grant)

    async def send(self, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        content = self.encode(reply)
        await Response(content, reply.status, self.headers(reply))(scope, receive, send)

    def headers(self, reply: Reply) -> dict[str, str]:
        return {
            "Date": self.clock.date_header(),
            "Content-Type": "application/json",
            **dict(reply.headers),
        }

    def encode(self, reply: Reply) -> bytes:
        return json.dumps(reply.content, separators=(",", ":")).encode()


async def read(request: Request) -> Message:
    """The whole request. A body over the limit is read to its end and not kept."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= BODY_LIMIT_BYTES + len(chunk):
            chunks.append(chunk)
    authorizations = request.headers.getlist("authorization")
    return Message(
        method=request.method,
        raw_path=request.scope["raw_path"],
        query=request.scope["query_string"],
        # Two different answers to "who are you" are none.
        authorization=authorizations[0] if len(authorizations) == 1 else None,
        media_type=request.headers.get("content-type"),
        body=b"".join(chunks),
    )
