"""Last-byte synchronisation: requests of several connections that arrive at the same moment.

Threads that start together still need different times to wake up, build a request, connect and
send; a fast server has answered the first request before the second arrives. So each client
connects and sends all of its request but the last byte, then waits at a start barrier. The thread
that comes last sends the last bytes of all, one directly after the other: they leave within some
microseconds, and no server starts on a request that is not complete. (Web security testing uses the
same method to find races: Kettle, "Smashing the state machine", 2023.)

It does not know what is requested.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tallystick.target import PASSES, Connections

START_LIMIT_S = 5.0
"""How long a client waits at the barrier. Then all start as they are, rather than not at all."""
HEAD_IS_NEXT = "http11.send_request_headers.started"
CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")
"""Events of httpcore's `trace` extension. After TLS the stream is another one, so both count."""


@dataclass(slots=True)
class _LastWrite:
    """The last write of one request, which another thread may make."""

    write: Callable[[], None]
    place: int
    sent_ns: int = 0
    error: Exception | None = None

    def send(self) -> None:
        self.sent_ns = time.monotonic_ns()
        try:
            self.write()
        except Exception as error:  # raised by the thread that waits for the answer, in its turn
            self.error = error


class StartBarrier:
    """Opens when all clients wait at it, when one aborts, or after `START_LIMIT_S` seconds."""

    def __init__(self, clients: int) -> None:
        self._waiting: list[_LastWrite] = []
        self._barrier = threading.Barrier(clients, self._send_all)

    def send(self, write: Callable[[], None], place: int = 0, stagger_s: float = 0.0) -> int:
        """Wait at the barrier, then send: in the order of `place`, or `stagger_s` seconds later.

        Returns when it was sent, in nanoseconds of the monotonic clock; raises what `write` raises.
        """
        last = _LastWrite(write, place)
        if not stagger_s:
            self._waiting.append(last)
        # If the barrier is broken, the client sends at once and alone: the history is as valid, it
        # only has less overlap.
        with suppress(threading.BrokenBarrierError):
            self._barrier.wait(START_LIMIT_S)
        if not last.sent_ns:
            time.sleep(stagger_s)
            last.send()
        if last.error is not None:
            raise last.error
        return last.sent_ns

    def abort(self) -> None:
        """Let all others start without this client."""
        self._barrier.abort()

    def _send_all(self) -> None:
        """Send for all that wait; the barrier calls it on one thread, before it lets any go."""
        for last in sorted(self._waiting, key=lambda last: last.place):
            last.send()


class LastByteTransport(httpx.BaseTransport):
    """A transport with one connection, which can delay the last byte of its next request."""

    def __init__(
        self, connections: Connections, passes: Callable[[str], bool] = lambda path: False
    ) -> None:
        """`passes`: which paths never wait, such as that of a new access token.

        Credentials are part of the preparation: if they waited, the request would come late.
        """
        self._inner = connections.open(http2=False)
        self._passes = passes
        self._barrier: StartBarrier | None = None
        self._place = 0
        self._stagger_s = 0.0
        self._next_write_is_last = False
        self._passing = False
        self.last_byte_ns = 0
        """When the last byte of the last delayed request was sent, in monotonic nanoseconds; 0 if
        no request was delayed yet."""

    def wait_at(self, barrier: StartBarrier, place: int = 0, stagger_s: float = 0.0) -> None:
        """Let the next request wait at the barrier (see `StartBarrier.send`); later ones do not."""
        self._barrier, self._place, self._stagger_s = barrier, place, stagger_s

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its last byte waits at the barrier, if there is one."""
        extensions = {**request.extensions, "trace": self._trace}
        content = request.read()
        stream: httpx.SyncByteStream = httpx.ByteStream(content)
        self._passing = PASSES in request.extensions or self._passes(request.url.path)
        if self._barrier is not None and content and not self._passing:
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
        """Close the connection."""
        self._inner.close()

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event in CONNECTED:
            self._watch(info["return_value"])
        elif event == HEAD_IS_NEXT and self._barrier is not None and not self._passing:
            # Without a body the head is the last write, and waits as a whole. A body without
            # `_LastByteStream` is a request that does not wait.
            stream = info["request"].stream
            has_body = isinstance(stream, _LastByteStream) or any(stream)
            self._next_write_is_last = not has_body

    def _delay_next_write(self) -> None:
        self._next_write_is_last = True

    def _watch(self, stream: Any) -> None:
        """Replace the `write` of a new connection by one that waits where it has to.

        httpx has no hook between the head and the end of a request, so the connection is the place.
        """
        write = stream.write

        def watched(buffer: bytes, timeout: float | None = None) -> None:
            if not self._next_write_is_last or self._barrier is None:
                write(buffer, timeout)
                return
            barrier, self._barrier, self._next_write_is_last = self._barrier, None, False

            def write_now() -> None:
                self._inner.restart_time()  # waiting for the others is no part of the exchange
                write(buffer, timeout)

            self.last_byte_ns = barrier.send(write_now, self._place, self._stagger_s)

        stream.write = watched


class _LastByteStream(httpx.SyncByteStream):
    """A body in two parts: all but the last byte, then the last byte, after a call."""

    def __init__(self, content: bytes, before_the_last: Callable[[], None]) -> None:
        self._content = content
        self._before_the_last = before_the_last

    def __iter__(self) -> Iterator[bytes]:
        if len(self._content) > 1:
            yield self._content[:-1]
        self._before_the_last()
        yield self._content[-1:]
