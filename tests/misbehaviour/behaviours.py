"""What a target does that misbehaves: the behaviours of which the rows of the table are made.

Each takes one turn of the proxy. They know HTTP and JSON; what a run says of them is in `targets`.
"""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.misbehaviour.proxy import (
    Behaviour,
    Reply,
    Turn,
    always,
    edited,
    every,
    json_edited,
    token,
)

JSON = ("Content-Type", "application/json")
PAGE = ("Content-Type", "text/html")


def message(text: str) -> bytes:
    """The body of an error."""
    return json.dumps({"error": {"message": text, "code": text}}).encode()


# What a connection does ---------------------------------------------------------------------------


def silent(turn: Turn) -> None:
    """Say nothing."""
    turn.wait(60)
    turn.close()


def drip(content: bytes) -> Behaviour:
    """A byte now and then."""

    def behave(turn: Turn) -> None:
        for byte in content:
            turn.raw(bytes([byte]))
            if not turn.wait(0.3):
                return

    return behave


def flood(head: bytes, part: bytes) -> Behaviour:
    """The head, and then the part without end."""

    def behave(turn: Turn) -> None:
        turn.raw(head)
        while not turn.server.is_over.is_set():
            turn.raw(part)

    return behave


def raw(content: bytes) -> Behaviour:
    """These bytes, then the end of the connection."""

    def behave(turn: Turn) -> None:
        turn.raw(content)
        turn.close()

    return behave


def cut(turn: Turn) -> None:
    """Half of the answer."""
    body = turn.answer.body
    turn.send(replace(turn.answer, body=body[: len(body) // 2]), length=len(body))
    turn.close()


def longer(turn: Turn) -> None:
    """More than was said: it stands where the next answer should."""
    reply = turn.answer
    turn.send(replace(reply, body=reply.body + b"x" * 10), length=len(reply.body))


def unannounced(turn: Turn) -> None:
    """Close the connection after the answer, without a word of it."""
    turn.pass_on()
    turn.close()


def chunked(chunks: bytes) -> Behaviour:
    """An answer in chunks as they are written here."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return raw(head + chunks)


def continued(times: int) -> Behaviour:
    """So many 1xx answers before the answer."""

    def behave(turn: Turn) -> None:
        turn.send(turn.answer, before=b"HTTP/1.1 102 Processing\r\n\r\n" * times)

    return behave


def headers(*pairs: tuple[str, str]) -> Behaviour:
    """The honest answer with further headers."""
    return edited(lambda reply: replace(reply, headers=(*reply.headers, *pairs)))


def encoded(body: Callable[[bytes], bytes], encoding: str) -> Behaviour:
    """The honest answer, encoded."""
    return edited(
        lambda reply: replace(
            reply,
            body=body(reply.body),
            headers=(*reply.headers, ("Content-Encoding", encoding)),
        )
    )


# What an answer says ------------------------------------------------------------------------------


def deep(levels: int) -> bytes:
    """Objects in objects."""
    return b'{"a":' * levels + b"1" + b"}" * levels


@functools.cache
def bomb() -> bytes:
    """A list of 80 MB in few bytes."""
    return gzip.compress(b"[" + b"1," * 40_000_000 + b"1]", 1)


def bombs(turn: Turn) -> None:
    """The list in place of the answer."""
    reply = replace(turn.answer, body=bomb())
    turn.send(reply.with_header("Content-Encoding", "gzip"))


def with_message(text: str) -> Behaviour:
    """Every refusal says this, and every payment is refused."""

    def behave(turn: Turn) -> None:
        if turn.command == "POST" and "transactions" in turn.path:
            turn.send(Reply(400, (JSON,), message(text)))
        else:
            turn.pass_on()

    return behave


def members(**changes: Any) -> Behaviour:
    """These members have these values, wherever they are; the list at the start is as it was."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {n: changes.get(n, changed(v)) for n, v in value.items()}
        return [changed(item) for item in value] if isinstance(value, list) else value

    return every(1, json_edited(changed), after=1)


def date(text: str | None) -> Behaviour:
    """The Date header says this."""
    return always(edited(lambda reply: reply.with_header("Date", text)))


def shifted(hours: float) -> Behaviour:
    """The Date header of a clock that is hours off."""

    def change(reply: Reply) -> Reply:
        moment = time.gmtime(time.time() + 3600 * hours)
        return reply.with_header("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", moment))

    return always(edited(change))


def token_reply(**changes: Any) -> Behaviour:
    """Get Token answers with these members changed."""
    return token(lambda turn: turn.send(turn.answer.with_json({**turn.answer.json, **changes})))


def seldom(share: float, do: Behaviour, after: int = 3) -> Behaviour:
    """Do it to a share of the later requests, by chance but always to the same ones."""
    chance = random.Random(1)

    def behave(turn: Turn) -> None:
        if turn.is_token or turn.number <= after or chance.random() >= share:
            turn.pass_on()
        else:
            do(turn)

    return behave


def outage(after: int, seconds: float, do: Behaviour) -> Behaviour:
    """Do it to all requests for so many seconds, from a request on; tokens included."""
    began: list[float] = []

    def behave(turn: Turn) -> None:
        if turn.number == after and not began:
            began.append(time.monotonic())
        if began and time.monotonic() - began[0] < seconds:
            do(turn)
        else:
            turn.pass_on()

    return behave


def error(status: int, *more: tuple[str, str]) -> Behaviour:
    """An error in the documented form."""
    return lambda turn: turn.send(Reply(status, (JSON, *more), message("mine")))


def bursts(length: int, period: int, do: Behaviour, after: int = 20) -> Behaviour:
    """Do it to the first `length` of each `period` requests."""

    def behave(turn: Turn) -> None:
        is_in = turn.number >= after and (turn.number - after) % period < length
        do(turn) if is_in and not turn.is_token else turn.pass_on()

    return behave


def later_token(number: int, do: Behaviour) -> Behaviour:
    """Do it once, to the so-manieth request for a token; tokens live half a second."""
    asked = itertools.count(1)

    def behave(turn: Turn) -> None:
        if turn.is_token and next(asked) == number:
            do(turn)
        elif turn.is_token:
            turn.send(turn.answer.with_json({**turn.answer.json, "expires_in": 0.5}))
        else:
            turn.pass_on()

    return behave
