"""Requests that arrive at the same moment: one thread sends the last byte of each.

Threads that are released together still need a different time each to wake up, build, connect and
send, and a quick server is done with the first before the second is there. So every client
connects, sends its head and all of its body but one byte, and waits; the last one to come sends all
that is missing, in one go. It does not know what is requested.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tallystick.target import KEEPALIVE_S

START_LIMIT_S = 5.0
HEAD_IS_NEXT = "http11.send_request_headers.started"
CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


@dataclass(slots=True)
class _LastWrite:
    """What is left to send of one request."""

    write: Callable[[], None]
    place: int
    sent_ns: int = 0
    error: Exception | None = None

    def send(self) -> None:
        self.sent_ns = time.monotonic_ns()
        try:
            self.write()
        except Exception as error:  # it belongs to the thread that waits for the answer
            self.error = error


class StartBarrier:
    """A line that opens when all clients stand at it, or when one of them gave up."""

    def __init__(self, clients: int) -> None:
        self._waiting: list[_LastWrite] = []
        self._barrier = threading.Barrier(clients, self._send_all)

    def send(self, write: Callable[[], None], place: int = 0, stagger_s: float = 0.0) -> int:
        """Write together with the others, in the order of the places, or a little after them all;
        the moment of the writing.
        """
        rest = _LastWrite(write, place)
        if not stagger_s:
            self._waiting.append(rest)
        with suppress(threading.BrokenBarrierError):  # then it runs alone: no less of a history
            self._barrier.wait(START_LIMIT_S)
        if not rest.sent_ns:
            time.sleep(stagger_s)
            rest.send()
        if rest.error is not None:
            raise rest.error
        return rest.sent_ns

    def abort(self) -> None:
        """Let the others run."""
        self._barrier.abort()

    def _send_all(self) -> None:
        for rest in sorted(self._waiting, key=lambda rest: rest.place):
            rest.send()


class LastByteTransport(httpx.BaseTransport):
    """A transport of one connection that can hold a request at a start line; all others pass."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=1, keepalive_expiry=KEEPALIVE_S)
        self._inner = httpx.HTTPTransport(trust_env=False, limits=limits)
        self._start: StartBarrier | None = None
        self._place = 0
        self._stagger_s = 0.0
        self._next_is_last = False
        self.last_byte_ns = 0
        """When the end of the last request that was held left."""

    def wait_at(self, start: StartBarrier, place: int = 0, stagger_s: float = 0.0) -> None:
        """Hold the next request until `start` opens; it leaves in this place, or a little later."""
        self._start, self._place, self._stagger_s = start, place, stagger_s

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; if it is to be held, all of it but the end until the start."""
        extensions = {**request.extensions, "trace": self._trace}
        content = request.read()
        stream: httpx.SyncByteStream = httpx.ByteStream(content)
        if self._start is not None and content and not _is_for_a_token(request):
            stream = _LastByteStream(content, self._delay_next_write)
        return self._inner.handle_request(
            httpx.Request(
                request.method,
                request.url,
                headers=request.headers,
                stream=stream,
                extensions=extensions,
            )
        )

    def close(self) -> None:
        self._inner.close()

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event in CONNECTED:
            self._watch(info["return_value"])
        elif event == HEAD_IS_NEXT and self._start is not None:
            stream = info["request"].stream
            has_body = isinstance(stream, _LastByteStream) or any(stream)
            self._next_is_last = not has_body

    def _delay_next_write(self) -> None:
        self._next_is_last = True

    def _watch(self, stream: Any) -> None:
        """See every write of a new connection before it is made."""
        write = stream.write

        def watched(buffer: bytes, timeout: float | None = None) -> None:
            if not self._next_is_last or self._start is None:
                write(buffer, timeout)
                return
            start, self._start, self._next_is_last = self._start, None, False
            self.last_byte_ns = start.send(
                lambda: write(buffer, timeout), self._place, self._stagger_s
            )

        stream.write = watched


class _LastByteStream(httpx.SyncByteStream):
    """A body that says when its last byte comes next."""

    def __init__(self, content: bytes, before_the_last: Callable[[], None]) -> None:
        self._content = content
        self._before_the_last = before_the_last

    def __iter__(self) -> Iterator[bytes]:
        if len(self._content) > 1:
            yield self._content[:-1]
        self._before_the_last()
        yield self._content[-1:]


def _is_for_a_token(request: httpx.Request) -> bool:
    return request.url.path.endswith("/auth/token")
