"""How an answer travels: headers, coding, spelling of dates and members, length of refusals.

Overrides of the HTTP side; knows nothing of cards.
"""

import gzip
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from sandbox.app import App, Message, Reply
from sandbox.clock import SECOND, Clock
from sandbox.dialects.registry import dialect, part_of
from sandbox.lists import Lists
from sandbox.refusals import Cause, Refusal

_JSON = "JSON only (G:getting-started); no page says how it is spelled"
_WORTH_PACKING_BYTES = 200
_AHEAD_S = 45
_REQUESTS, _WINDOW_S = 100, 0.5
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATES = ("created_at", "active_from", "expires_at")


def mapped(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """A JSON value in which each object is changed, from inside out; metadata stays as it is."""
    if isinstance(value, list):
        return [mapped(one, change) for one in value]
    if not isinstance(value, dict):
        return value
    members = {
        name: one if name == "metadata" else mapped(one, change) for name, one in value.items()
    }
    return change(members)


# --- dates --------------------------------------------------------------------------------------


@dialect(
    "dates_whole_seconds",
    permitted="created_at is a date-time (S3); RFC 3339 demands no fraction",
    summary="what the server stamps has whole seconds",
)
class WholeSeconds(App):
    def encode(self, reply: Reply) -> bytes:
        return super().encode(replace(reply, content=mapped(reply.content, self.cut)))

    def cut(self, members: dict[str, Any]) -> dict[str, Any]:
        stamped = "created_at" if "created_at" in members else "expires_at"
        if "masked_code" in members or stamped == "created_at":
            members[stamped] = members[stamped].partition(".")[0].rstrip("Z") + "Z"
        return members


@dialect(
    "dates_in_local_time",
    permitted="created_at, active_from and expires_at are date-times (S3, W): any offset fits",
    summary="dates are shown with an offset and microseconds, whatever was sent",
)
class LocalTime(App):
    def encode(self, reply: Reply) -> bytes:
        return super().encode(replace(reply, content=mapped(reply.content, self.shift)))

    def shift(self, members: dict[str, Any]) -> dict[str, Any]:
        for name in _DATES:
            if isinstance(members.get(name), str):
                members[name] = _elsewhere(members[name])
        return members


def _elsewhere(text: str) -> str:
    """The same moment with another offset; a date that `datetime` does not know stays."""
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
        return moment.astimezone(timezone(timedelta(hours=2))).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return text


@dialect(
    "clock_ahead",
    permitted="question 29: no page says whose clock counts; the Date header shows this one",
    summary="the clock of the server is 45 s ahead",
)
class ClockAhead(Clock):
    def now(self) -> int:
        return super().now() + _AHEAD_S * SECOND


# --- members ------------------------------------------------------------------------------------


@dialect(
    "more_members",
    permitted="the schemas of the answers exclude no further member (S3, T24)",
    summary="entities have further members, some of them null",
)
class MoreMembers(App):
    def encode(self, reply: Reply) -> bytes:
        return super().encode(replace(reply, content=mapped(reply.content, self.add)))

    def add(self, members: dict[str, Any]) -> dict[str, Any]:
        if "created_at" not in members:
            return members
        more = {"updated_at": members["created_at"], "deleted_by": None, "version": 1, "links": []}
        return members | more


@dialect(
    "members_reversed",
    permitted=_JSON,
    summary="members come in reverse order, indented, with UTF-8 as it is",
)
class MembersReversed(App):
    def encode(self, reply: Reply) -> bytes:
        content = mapped(reply.content, lambda members: dict(reversed(members.items())))
        return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


@dialect(
    "refusals_terse",
    permitted="`error.message` is the only required member of a refusal (S3)",
    summary="a refusal has a message that says nothing, and no code",
)
class RefusalsTerse(App):
    def encode(self, reply: Reply) -> bytes:
        if reply.status != 200:
            reply = replace(reply, content={"error": {"message": ""}})
        return super().encode(reply)


@dialect(
    "refusals_wordy",
    permitted="code, errors and message of a refusal have no fixed texts (S3); no list exists",
    summary="a refusal has a number as code, nested errors and further members",
)
class RefusalsWordy(App):
    def encode(self, reply: Reply) -> bytes:
        if reply.status != 200:
            error = reply.content["error"]
            nested = [{"path": ["body", 0], "cause": {"message": "\N{WARNING SIGN}", "code": None}}]
            error = {"code": "40012", "message": error["message"], "errors": nested, "trace": None}
            reply = replace(reply, content={"error": error, "status": reply.status})
        return super().encode(reply)


# --- headers and coding -------------------------------------------------------------------------


@dialect(
    "charset_named",
    permitted="the content type is application/json (S3), which may have parameters (RFC 9110)",
    summary="the content type names a charset, and answers are not to be kept",
)
class CharsetNamed(App):
    def headers(self, reply: Reply) -> dict[str, str]:
        named = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
        return super().headers(reply) | named


@dialect(
    "date_absent",
    permitted="no page names the Date header; RFC 9110 lets a server without a clock omit it",
    summary="answers have no Date header",
)
class DateAbsent(App):
    def headers(self, reply: Reply) -> dict[str, str]:
        return {n: value for n, value in super().headers(reply).items() if n != "Date"}


@dialect(
    "connections_closed",
    permitted="no page speaks of connections; RFC 9112 lets a server close one after each answer",
    summary="every answer ends its connection",
)
class ConnectionsClosed(App):
    def headers(self, reply: Reply) -> dict[str, str]:
        return super().headers(reply) | {"Connection": "close"}


@dialect(
    "answers_packed",
    permitted="RFC 9110: a client that accepts gzip may get it",
    summary="longer answers are compressed where the client accepts it, and sent in pieces",
)
class AnswersPacked(App):
    async def deliver(self, reply: Reply, message: Message, request: Request, send: Send) -> None:
        if "gzip" in request.headers.get("accept-encoding", ""):
            reply = replace(reply, headers=(*reply.headers, ("Content-Encoding", "gzip")))
        await super().deliver(reply, message, request, send)

    async def send(self, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        content, headers = self.encode(reply), self.headers(reply)
        if len(content) < _WORTH_PACKING_BYTES:
            headers.pop("Content-Encoding", None)
        if "Content-Encoding" in headers:
            content = gzip.compress(content, mtime=0)
        half = len(content) // 2
        parts = (part for part in (content[:half], content[half:]))
        await StreamingResponse(_sent(parts), reply.status, headers)(scope, receive, send)


async def _sent(parts: Any) -> Any:
    for part in parts:
        yield part


@dialect(
    "framework_refuses_routes",
    permitted="no status is documented for an unknown route or method (question 56); a framework"
    " answers it before the API does",
    summary="an unknown route or method is refused as plain text",
)
class FrameworkRefusesRoutes(App):
    def refuse(self, refusal: Refusal) -> Reply:
        reply = super().refuse(refusal)
        if refusal.cause not in (Cause.NO_ROUTE, Cause.NO_METHOD):
            return reply
        return replace(reply, headers=(*reply.headers, ("Content-Type", "text/plain")))

    def encode(self, reply: Reply) -> bytes:
        if ("Content-Type", "text/plain") in reply.headers:
            return b"Not Found"
        return super().encode(reply)


@dialect(
    "uuids_in_capitals",
    permitted="ids are UUIDs (S0), whose hexadecimal digits may be capitals (RFC 9562)",
    summary="ids are shown in capital letters and taken in any",
)
class UuidsInCapitals(App):
    def encode(self, reply: Reply) -> bytes:
        return super().encode(replace(reply, content=mapped(reply.content, self.raised)))

    def raised(self, members: dict[str, Any]) -> dict[str, Any]:
        for name in ("id", "parent_id", "starting_after"):
            if isinstance(members.get(name), str) and _UUID.fullmatch(members[name]):
                members[name] = members[name].upper()
        return members


@part_of("uuids_in_capitals")
class CursorsInAnyCase(Lists):
    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[object]
    ) -> bool:
        if cursor is not None and _UUID.fullmatch(cursor.lower()):
            cursor = cursor.lower()
        return super().start(account, cursor, conditions, values)


@dialect(
    "requests_limited",
    permitted="no limit is documented but that of Get Token, 429 with Retry-After (N26), which a"
    " gateway in front of an API gives to every operation",
    summary="more than 100 requests in half a second get 429, and are not carried out",
)
class RequestsLimited(App):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.window = (0.0, 0)

    def answer(self, message: Message) -> Reply:
        began, count = self.window
        now = time.monotonic()
        self.window = (began, count + 1) if now - began < _WINDOW_S else (now, 1)
        if self.window[1] > _REQUESTS:
            reply = self.refuse(Refusal(Cause.TOO_MANY_REQUESTS))
            return replace(reply, headers=(("Retry-After", "1"),))
        return super().answer(message)
