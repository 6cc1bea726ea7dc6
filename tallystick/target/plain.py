"""Requests and answers of the plain form that nearly all have, written and read in a few steps.

h11 takes each byte through a state machine, which costs more than the server needs for its answer.
Here a request is written, or the head of an answer is read, only if there is one way to understand
it and h11 understands it so too. None stands for everything else, which is left to h11: what breaks
HTTP, what comes in pieces or in chunks, and what ends its connection. It sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

Headers = Sequence[tuple[bytes, bytes]]

_TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_REQUEST = re.compile(
    rb"[A-Z]+ [!-~]+ HTTP/1\.1\r\n(?:" + _TOKEN + rb": (?:[!-~](?:[ -~]*[!-~])?)?\r\n)+\r\n"
)
_ANSWER = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9]) [ -~]*\r\n((?:" + _TOKEN + rb":[ -~]*\r\n)+)\r\n"
)
_WITHOUT_BODY = (b"HEAD", b"CONNECT")
"""Methods of which the answers have no body, whatever they say of its length."""
_EMPTY = (204, 304)
_FRAMING = frozenset({b"connection", b"transfer-encoding", b"content-length", b"upgrade"})
_LENGTH = re.compile(rb"[0-9]{1,9}")


class PlainHead(NamedTuple):
    """The head of an answer after which the connection stays open."""

    status: int
    headers: Headers
    """As they came."""
    length: int
    """Bytes of the body."""
    begun: bytes
    """What is there of the body, and what comes after it, which nobody has asked for."""


def written(method: bytes, target: bytes, headers: Headers, content: bytes) -> bytes | None:
    """A request as it travels; None if it is not plain."""
    names = [name.lower() for name, _ in headers]
    if method in _WITHOUT_BODY or names[:1] != [b"host"] or names.count(b"host") > 1:
        return None
    framing = [(name, headers[at][1]) for at, name in enumerate(names) if name in _FRAMING]
    if framing != [(b"content-length", b"%d" % len(content))] and (framing or content):
        return None
    lines = [b"%b: %b" % header for header in headers]
    head = b"%b %b HTTP/1.1\r\n%b\r\n\r\n" % (method, target, b"\r\n".join(lines))
    # Each header is one line: a value with the end of a line in it would be two headers.
    if _REQUEST.fullmatch(head) is None or head.count(b"\n") != len(lines) + 2:
        return None
    return head + content


def read(data: bytes) -> PlainHead | None:
    """The head of an answer that begins so; None if it is not plain, or not whole."""
    found = _ANSWER.match(data)
    if found is None:
        return None
    status, begun = int(found[1]), data[found.end() :]
    headers: list[tuple[bytes, bytes]] = []
    length: bytes | None = None
    for line in found[2].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        value = value.strip(b" ")
        headers.append((name, value))
        lower = name.lower()
        if lower == b"content-length" and length is None:
            length = value
        elif lower in _FRAMING and (lower, value.lower()) != (b"connection", b"keep-alive"):
            return None
    if status in _EMPTY or length is None or _LENGTH.fullmatch(length) is None:
        return None
    return PlainHead(status, headers, int(length), begun)
