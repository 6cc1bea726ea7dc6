"""A transport that loses, repeats, delays or breaks off single requests, and passes on all others.

It knows HTTP and nothing of what the requests are about: the delivery driver says which of them is
treated how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import httpx

from tallystick.program import Delivery
from tallystick.target import PASSES, Connections, OnPurpose

Copy = httpx.Request
"""A request that was sent once and can be sent again."""
HANG_UP_S = 0.001
"""How long a client waits for an answer that it is going to miss."""


class FaultyTransport(httpx.BaseTransport):
    """Delivers the next request as `treat` says, and the ones after it as they are."""

    def __init__(
        self, connections: Connections, passes: Callable[[str], bool] = lambda path: False
    ) -> None:
        """`passes`: which paths are always delivered as they are, such as that of credentials."""
        self._passes = passes
        self._inner = connections.open(http2=False)
        # What is broken off takes its connection with it.
        self._spare = connections.open(keep=False, http2=False)
        self._next: Delivery | None = None
        self._second_answer: httpx.Response | None = None
        self._kept: Copy | None = None
        self._due: Copy | None = None

    def reset(self) -> None:
        """Forget what a program that ended early left behind."""
        self._next = self._second_answer = self._kept = self._due = None

    @contextmanager
    def reset_if_it_ends_early(self) -> Iterator[None]:
        """If the block raises, the second answer of a request is not that of a later one."""
        try:
            yield
        except BaseException:
            self.reset()
            raise

    def treat(self, delivery: Delivery) -> None:
        """Deliver the next request so."""
        self._next = delivery

    def take_copy(self) -> Copy | None:
        """Return the copy of the last request that was delivered with `Delivery.LATE`."""
        copy, self._kept = self._kept, None
        return copy

    def deliver(self, copy: Copy | None) -> None:
        """Send this copy in place of the next request, which asks for the same."""
        self._due = copy

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or break its delivery. Raises httpx.TransportError if that loses it."""
        if self._passes(request.url.path) or PASSES in request.extensions:
            return self._inner.handle_request(request)
        if self._second_answer is not None:
            second, self._second_answer = self._second_answer, None
            return second
        if self._due is not None:
            request, self._due = self._due, None
        delivery, self._next = self._next, None
        if delivery is None:
            return self._inner.handle_request(request)
        return TREATMENTS[delivery](self, request)

    def close(self) -> None:
        self._inner.close()
        self._spare.close()

    # Each of these delivers a request in its own way; raising stands for an answer that is lost.

    def lose(self, request: httpx.Request) -> NoReturn:
        """The server sends the whole answer, and the client gets none of it."""
        self._whole(request)
        raise OnPurpose("the answer got lost")

    def cut(self, request: httpx.Request) -> NoReturn:
        """The connection breaks after the first bytes of the answer."""
        response = self._spare.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        next(iter(response.stream), b"")
        response.close()
        raise OnPurpose("the connection broke in the answer")

    def hang_up(self, request: httpx.Request) -> NoReturn:
        """The client hangs up before the answer."""
        timeout = {**request.extensions.get("timeout", {}), "read": HANG_UP_S}
        request.extensions = {**request.extensions, "timeout": timeout}
        with suppress(httpx.ReadTimeout):
            self._spare.handle_request(request).close()
        raise OnPurpose("hung up before the answer")

    def send_twice(self, request: httpx.Request) -> httpx.Response:
        """The request arrives twice; the next request gets the second answer and is not sent."""
        first = self._whole(request)
        self._second_answer = self._whole(request)
        return first

    def keep_a_copy(self, request: httpx.Request) -> httpx.Response:
        """The request arrives now, and a copy of it when `deliver` is called."""
        self._kept = request
        return self._inner.handle_request(request)

    def _whole(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        content = b"".join(response.stream)
        response.close()
        return httpx.Response(
            response.status_code, headers=response.headers, stream=_Content(content)
        )


class _Content(httpx.SyncByteStream):
    """A body that was read; a `httpx.ByteStream` would be unpacked at once, however large."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


TREATMENTS: dict[Delivery, Callable[[FaultyTransport, httpx.Request], httpx.Response]] = {
    Delivery.LOST: FaultyTransport.lose,
    Delivery.TWICE: FaultyTransport.send_twice,
    Delivery.LATE: FaultyTransport.keep_a_copy,
    Delivery.CUT: FaultyTransport.cut,
    Delivery.TIMEOUT: FaultyTransport.hang_up,
}
