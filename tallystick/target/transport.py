"""An HTTP transport whose exchanges end: within a time, and within a number of bytes.

The time-outs of httpx are for one read each, so a server that sends a byte a second, or answers 1xx
for ever, could keep a client busy until it stops by itself. Here every read of a connection looks
at what is left to the whole exchange. It does not know what is requested.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, NoReturn

import httpcore
import httpx

from tallystick.target import plain
from tallystick.target.bodies import LARGEST, shown
from tallystick.target.one_connection import OneConnection

MakeConnection = Callable[[httpcore.NetworkBackend], OneConnection]

DROPS = 4
"""Reads that brought a few bytes each, until the time was up: that is no fault of the network."""
DROP_SIZE = 100
_SLICE = 64 * 1024


class OverLimit(httpx.TransportError):
    """The answer was more than any answer may be: the server's doing, not the network's."""


class Allowance:
    """What is left to the exchange that a transport is carrying, and what it has used."""

    def __init__(self) -> None:
        self._limit_s = 0.0
        self._until = 0.0
        self.received = 0
        self.reads = 0
        self.latest = b""
        self.holds_head = False
        """Whether the next write is the head of a request whose body follows at once."""

    def begin(self, limit_s: float, *, holds_head: bool) -> None:
        """An exchange begins, and may take so many seconds."""
        self._limit_s = limit_s
        self.holds_head = holds_head
        self.restart()

    def restart(self) -> None:
        """The time begins now."""
        self._until = time.monotonic() + self._limit_s
        self.received = self.reads = 0

    def left_s(self, timeout: float | None) -> float:
        """Seconds that a read may take; OverLimit or a time-out if there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            self._time_is_up()
        return left if timeout is None or left < timeout else timeout

    def take(self, data: bytes) -> None:
        """Count what was read."""
        self.latest = data
        self.reads += 1
        self.received += len(data)
        if self.received > LARGEST:
            raise OverLimit(f"more than {LARGEST:,} bytes, such as {shown(data)}")

    def _time_is_up(self) -> NoReturn:
        said = f"not complete after {self._limit_s:g} s"
        if self.reads >= DROPS and self.received < DROP_SIZE * self.reads:
            raise OverLimit(
                f"{said}, sent in {self.reads:,} pieces, the latest {shown(self.latest)}"
            )
        raise httpcore.ReadTimeout(said)


class _Stream(httpcore.NetworkStream):
    """A connection that keeps to the allowance of its transport."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner = inner
        self._backend = backend
        self._allowance = backend.allowance
        self._head = b""
        self._replayed: bytes | None = None
        backend.latest = self

    def replay(self, data: bytes) -> None:
        """The request was written, and this was read: whoever does both again sends nothing."""
        self._replayed = data

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._replayed is not None:
            data, self._replayed = self._replayed, None
            return data
        if self._head:  # a proxy has to answer before the body goes out
            self.write(b"", timeout)
        try:
            data = self._inner.read(max_bytes, self._allowance.left_s(timeout))
        except httpcore.ReadTimeout:
            self._allowance.left_s(None)  # says more, if the whole exchange took too long
            raise
        self._allowance.take(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write; a head goes out together with its body, which wakes the server only once."""
        if self._replayed is not None:
            return
        if self._allowance.holds_head:
            self._allowance.holds_head = False
            self._head = buffer
            return
        if self._head:
            buffer, self._head = self._head + buffer, b""
        for start in range(0, len(buffer), _SLICE):
            self._inner.write(buffer[start : start + _SLICE], self._allowance.left_s(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._allowance.left_s(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens connections that keep to an allowance."""

    def __init__(self, allowance: Allowance) -> None:
        self._inner = httpcore.SyncBackend()
        self.allowance = allowance
        self.opened = 0
        """How many connections were opened so far."""
        self.latest: _Stream | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self.opened += 1
        left = self.allowance.left_s(timeout)
        stream = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self)


class KeepAlive:
    """Whether the server keeps connections open until it says so; shared by all connections."""

    ENOUGH = 3
    WINDOW = 100

    def __init__(self) -> None:
        self.is_kept = True
        self._broken = 0
        self._seen = 0

    def note(self, broken: bool) -> None:
        """A request went out on a connection that had served before; `broken`: in vain."""
        self._seen += 1
        self._broken += broken
        if self._broken >= self.ENOUGH:
            # Whether such a request was executed is unknown, so no more of them: from now on every
            # request has a connection of its own.
            self.is_kept = False
        elif self._seen >= self.WINDOW:
            self._seen = self._broken = 0


class _Body(httpx.SyncByteStream):
    """The body of an answer as it comes in."""

    def __init__(self, stream: Any, answered: Callable[[], None]) -> None:
        self._stream = stream
        self._answered = answered

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except Exception as error:
            raise _as_httpx(error) from _cause_of(error)

    def close(self) -> None:
        self._stream.close()
        self._answered()


class BoundedTransport(httpx.BaseTransport):
    """Sends requests, one at a time, and ends every exchange within `limit_s` seconds."""

    def __init__(
        self,
        make: MakeConnection,
        limit_s: float,
        habit: KeepAlive | None,
        meanwhile: Callable[[], None],
    ) -> None:
        """`meanwhile` is called when a plain request is on its way, before its answer is read."""
        self._allowance = Allowance()
        self._backend = _Backend(self._allowance)
        self._connection = make(self._backend)
        self._limit_s = limit_s
        self._habit = habit
        self._meanwhile = meanwhile

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's head is read, its body is read by who iterates over it."""
        opened = self._backend.opened
        try:
            response = self._sent(request)
        except Exception as error:
            if isinstance(error, BROKEN):
                self._note_reuse(opened, broken=self._allowance.received == 0)
            raise _as_httpx(error) from _cause_of(error)
        self._note_reuse(opened, broken=False)
        return response

    def _sent(self, request: httpx.Request) -> httpx.Response:
        headers = self._headers_of(request)
        written = self._written(request, headers)
        holds_head = written is None and _has_whole_body(request)
        self._allowance.begin(self._limit_s, holds_head=holds_head)
        if written is None:
            return self._by_h11(self._connection.handle_request, request, headers)
        return self._plainly(written, request, headers)

    def _written(self, request: httpx.Request, headers: plain.Headers) -> bytes | None:
        """A plain request, for which the connection that is open was lent; None: it is up to h11,
        as is one of a driver that watches each write, or writes in parts.
        """
        if "trace" in request.extensions or not isinstance(request.stream, httpx.ByteStream):
            return None
        url, method, content = request.url, request.method.encode(), b"".join(request.stream)
        written = plain.written(method, url.raw_path, headers, content)
        if written is None:
            return None
        origin = _origin(url.raw_scheme, url.raw_host, url.port)
        return written if self._connection.lend(origin) else None

    def _plainly(
        self, written: bytes, request: httpx.Request, headers: plain.Headers
    ) -> httpx.Response:
        """Send over the connection that was lent; an answer that is not plain is up to h11."""
        stream, timeout = self._backend.latest, request.extensions.get("timeout", {})
        assert stream is not None
        try:
            with suppress(httpcore.WriteError):  # it may have been answered before it was read
                stream.write(written, timeout.get("write"))
            self._meanwhile()
            data = stream.read(_SLICE, timeout.get("read"))
        except BaseException:
            self._connection.close()
            raise
        head = plain.read(data)
        if head is None:
            stream.replay(data)
            return self._by_h11(self._connection.resume, request, headers)
        pieces = self._pieces(head, stream, timeout.get("read"))
        body = _Body(pieces, self._connection.answered)
        return httpx.Response(head.status, headers=head.headers, stream=body)

    def _pieces(
        self, head: plain.PlainHead, stream: httpcore.NetworkStream, timeout: float | None
    ) -> Iterator[bytes]:
        """The body of a plain answer; with its end the connection is good for another request.

        Unless more came than it: that would be taken for the answer to the next one.
        """
        missing, piece = head.length, head.begun[: head.length]
        while True:
            missing -= len(piece)
            if not missing and len(head.begun) <= head.length:
                self._connection.give_back()
            if piece:
                yield piece
            if not missing:
                return
            piece = stream.read(min(missing, _SLICE), timeout)
            if not piece:
                raise httpcore.RemoteProtocolError(
                    f"the connection was closed {missing:,} bytes before the end of the body"
                )

    def _by_h11(
        self,
        send: Callable[[httpcore.Request], httpcore.Response],
        request: httpx.Request,
        headers: plain.Headers,
    ) -> httpx.Response:
        """Any request, and any answer, as h11 understands it."""
        response = send(_as_httpcore(request, headers))
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.stream, self._connection.answered),
            extensions=response.extensions,
        )

    def _headers_of(self, request: httpx.Request) -> list[tuple[bytes, bytes]]:
        if self._habit is None or self._habit.is_kept:
            return request.headers.raw
        return [*request.headers.raw, (b"Connection", b"close")]

    def _note_reuse(self, opened: int, broken: bool) -> None:
        """Learn from a request for which no new connection was opened."""
        if self._habit is not None and opened == self._backend.opened:
            self._habit.note(broken)

    def restart_time(self) -> None:
        """The time of the exchange begins now: what was waited for before is no part of it."""
        self._allowance.restart()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@lru_cache(maxsize=8)
def _origin(scheme: bytes, host: bytes, port: int | None) -> httpcore.Origin:
    return httpcore.URL(scheme=scheme, host=host, port=port, target=b"/").origin


def _as_httpcore(request: httpx.Request, headers: plain.Headers) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=headers,
        content=request.stream,
        extensions=request.extensions,
    )


def _has_whole_body(request: httpx.Request) -> bool:
    """Whether all of its body is there: drivers that write in parts have streams of their own."""
    return isinstance(request.stream, httpx.ByteStream) and any(request.stream)


BROKEN = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)


def _as_httpx(error: Exception) -> Exception:
    """The same error by the name that httpx gives it."""
    if isinstance(error, httpx.TransportError):
        return error
    kind = getattr(httpx, type(error).__name__, None)
    if isinstance(kind, type) and issubclass(kind, httpx.TransportError):
        return kind(str(error))
    return RuntimeError(f"{type(error).__name__} while a request was sent: {error}")


def _cause_of(error: Exception) -> Exception | None:
    """The error, if it is one of the network. Frames below carry credentials in plain bytes, which
    must not be printed with the traceback of a fault of this process. No error is its own cause:
    that would keep its frames, with all that was received, until Python looks for cycles.
    """
    shown = _as_httpx(error)
    return error if shown is not error and isinstance(shown, httpx.TransportError) else None
