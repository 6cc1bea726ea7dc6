"""The rows of the table about networks: what lies between a team and its honest server.

None of it is the server's doing, so nothing but the form of an answer may be held against it; a row
says which rules those are. `test_targets` runs them.
"""

from __future__ import annotations

import gzip
import time
from dataclasses import replace

from tests.misbehaviour.behaviours import JSON, PAGE, error, headers, message, outage
from tests.misbehaviour.proxy import Behaviour, Reply, Turn, always, answering, edited, every
from tests.misbehaviour.targets import CONFORMS, NONE, UNDECIDED, VIOLATES, Row

EITHER = f"{CONFORMS}|{UNDECIDED}"
HELD_PAGE = b"<html>You are blocked</html>"


def after_it(do: Behaviour) -> Behaviour:
    """Do it after the server has carried the request out."""

    def behave(turn: Turn) -> None:
        assert turn.answer.status
        do(turn)

    return behave


def only(method: str, do: Behaviour) -> Behaviour:
    """Do it to requests of this method."""
    return lambda turn: do(turn) if turn.command == method else turn.pass_on()


def closing_after(number: int, *, announced: bool) -> Behaviour:
    """Close a connection after so many requests, with a word of it or without."""

    def behave(turn: Turn) -> None:
        turn.served += 1
        is_last = turn.served >= number
        said = "close" if is_last and announced else None
        turn.send(turn.answer.with_header("Connection", said))
        if is_last:
            turn.close()

    return behave


def as_http_1_0(turn: Turn) -> None:
    """The answer of an old server: its end is the end of the connection."""
    reply = turn.answer
    lines = [f"HTTP/1.0 {reply.status} X", *(f"{name}: {value}" for name, value in reply.headers)]
    turn.raw("\r\n".join([*lines, "", ""]).encode() + reply.body)
    turn.close()


def in_chunks(size: int) -> Behaviour:
    """The answer in chunks of so many bytes, with an extension and a trailer."""

    def behave(turn: Turn) -> None:
        reply = turn.answer
        lines = [f"HTTP/1.1 {reply.status} X", "Transfer-Encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        turn.raw("\r\n".join([*lines, "", ""]).encode())
        for begin in range(0, len(reply.body), size):
            part = reply.body[begin : begin + size]
            turn.raw(b"%x;x=y\r\n%s\r\n" % (len(part), part))
        turn.raw(b"0\r\nX-Trailer: 1\r\n\r\n")

    return behave


def in_pieces(turn: Turn) -> None:
    """The answer byte by byte, each in a packet of its own."""
    reply = turn.answer
    head = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(reply.body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
    for byte in head.encode() + b"\r\n" + reply.body:
        turn.raw(bytes([byte]))


def spelled(how: str) -> Behaviour:
    """The names of headers in capitals, or in small letters."""

    def change(reply: Reply) -> Reply:
        return replace(reply, headers=tuple((getattr(n, how)(), v) for n, v in reply.headers))

    return always(edited(change))


def twice(turn: Turn) -> None:
    """Deliver it twice, and pass the first answer on."""
    assert turn.answer.status
    turn.ask()
    turn.pass_on()


def again_after_a_reset(turn: Turn) -> None:
    """Deliver it, lose the answer, and deliver it again: what a proxy does that retries."""
    assert turn.answer.status
    turn.send(turn.ask())


def of_payments(do: Behaviour) -> Behaviour:
    """Do it to payments."""
    return lambda turn: do(turn) if "/transactions" in turn.path else turn.pass_on()


def answered_again_later(turn: Turn) -> None:
    """The answer, and a copy of it where the next one should be."""
    turn.pass_on()
    turn.wait(0.02)
    turn.pass_on()


def cached(seconds: float) -> Behaviour:
    """Reads are answered from a cache that knows nothing of writes, as a shared one does."""
    kept: dict[str, tuple[float, Reply]] = {}

    def behave(turn: Turn) -> None:
        now = time.monotonic()
        made, reply = kept.get(turn.path, (now, turn.answer))
        if now - made > seconds:
            made, reply = now, turn.answer
        kept[turn.path] = made, reply
        turn.send(reply.with_header("Age", str(int(now - made))))

    return behave


def lagging(number: int) -> Behaviour:
    """Every so-manieth read comes from a replica that is one read of the same thing behind."""
    seen: dict[str, Reply] = {}

    def behave(turn: Turn) -> None:
        behind = seen.get(turn.path, turn.answer)
        seen[turn.path] = turn.answer
        turn.send(turn.answer if turn.number % number else behind)

    return behave


def zipped_and_cut(reply: Reply) -> Reply:
    """The answer in gzip, of which the end is missing though its length is right."""
    whole = zipped(reply)
    return replace(whole, body=whole.body[: len(whole.body) // 2])


def redirected(status: int) -> Behaviour:
    """Redirect to the same address with a slash at its end."""
    return lambda turn: turn.send(
        Reply(status, (("Location", f"{turn.path}/"), JSON), message("moved"))
    )


def zipped(reply: Reply) -> Reply:
    """The answer in gzip, as a proxy compresses it."""
    more = (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    return replace(reply, body=gzip.compress(reply.body), headers=(*reply.headers, *more))


BAD_GATEWAY = answering(502, b"<html>bad gateway</html>", PAGE)
BUSY = error(429, ("Retry-After", "0"))

NETWORKS: dict[str, Row] = {
    # Connections.
    "a connection ends after three requests": Row(
        closing_after(3, announced=False), CONFORMS, "CONFORMS"
    ),
    "a connection says that it ends after three requests": Row(
        closing_after(3, announced=True), CONFORMS, "CONFORMS"
    ),
    "answers are HTTP/1.0": Row(as_http_1_0, CONFORMS, "CONFORMS"),
    "answers come in chunks of a byte": Row(in_chunks(1), CONFORMS, "CONFORMS"),
    "answers come in chunks of 7 bytes": Row(in_chunks(7), CONFORMS, "CONFORMS"),
    "answers come byte by byte": Row(in_pieces, CONFORMS, "CONFORMS"),
    "answers are zipped": Row(always(edited(zipped)), CONFORMS, "CONFORMS"),
    "headers are in capitals": Row(spelled("upper"), CONFORMS, "CONFORMS"),
    "headers are in small letters": Row(spelled("lower"), CONFORMS, "CONFORMS"),
    "a proxy adds headers": Row(
        always(headers(("Via", "1.1 proxy"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d"))),
        CONFORMS,
        "CONFORMS",
    ),
    "the target has an IPv6 address": Row(
        lambda turn: turn.pass_on(), CONFORMS, "[::1]", ipv6=True
    ),
    "the target starts while the run does": Row(
        outage(0, 1.0, lambda turn: turn.reset()), CONFORMS, "CONFORMS", ("--wait=10s",)
    ),
    "a gateway starts while the run does": Row(
        outage(0, 1.0, BAD_GATEWAY), CONFORMS, "CONFORMS", ("--wait=10s",)
    ),
    # Gateways that answer in place of the server.
    **{
        f"answers {status} now and then": Row(every(30, error(status)), EITHER, "", rules=())
        for status in (502, 503, 504)
    },
    **{
        f"carries out, and answers {status}": Row(
            every(30, after_it(error(status))), EITHER, "", rules=()
        )
        for status in (502, 503, 504)
    },
    "answers 429 first": Row(every(30, BUSY), CONFORMS, "CONFORMS"),
    "carries out, and answers 429": Row(every(30, after_it(BUSY)), EITHER, "", rules=()),
    "carries every write out, and answers 429": Row(
        every(2, only("POST", after_it(BUSY))), EITHER, "", rules=()
    ),
    "answers 403 with a page now and then": Row(
        every(30, answering(403, HELD_PAGE, PAGE)), VIOLATES, "SHAPE-6", rules=("SHAPE-6",)
    ),
    "answers 200 with a page now and then": Row(
        every(30, answering(200, HELD_PAGE, PAGE)), VIOLATES, "SHAPE-6", rules=("SHAPE-6",)
    ),
    "answers 404 with a page now and then": Row(
        every(30, answering(404, HELD_PAGE, PAGE)), VIOLATES, "SHAPE-6", rules=("SHAPE-6",)
    ),
    "redirects to a slash at the end": Row(always(redirected(308)), NONE, "308"),
    "redirects to a slash at the end, with the method kept": Row(
        always(redirected(307)), NONE, "307"
    ),
    # Proxies that send a request again.
    "reads are sent twice": Row(always(only("GET", twice)), CONFORMS, "CONFORMS"),
    "writes are sent twice": Row(always(only("POST", twice)), CONFORMS, "CONFORMS"),
    # A card cannot be made twice, so only payments: they carry a ref_id.
    "payments are sent again after a reset": Row(
        always(only("POST", of_payments(again_after_a_reset))), CONFORMS, "CONFORMS"
    ),
    # What hides a result, or shows an old one.
    "half of a zipped answer now and then": Row(
        every(20, edited(zipped_and_cut)), EITHER, "", rules=()
    ),
    **{
        f"redirects with {status} now and then": Row(
            every(30, redirected(status)), VIOLATES, "SHAPE-3", rules=("SHAPE-3",)
        )
        for status in (307, 308)
    },
    "a connection for each request": Row(closing_after(1, announced=True), CONFORMS, "CONFORMS"),
    "an answer comes once more now and then": Row(
        every(40, answered_again_later), f"{EITHER}|{VIOLATES}", ""
    ),
    "reads come from a cache": Row(always(only("GET", cached(0.5))), VIOLATES, "VIOLATES"),
    "a replica is behind": Row(always(only("GET", lagging(7))), VIOLATES, "VIOLATES"),
}
"""What a network does while the server behind it is honest."""
