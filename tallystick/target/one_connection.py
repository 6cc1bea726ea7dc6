"""The connection of a transport that sends one request at a time, used again while it is good.

The pool of httpcore looks after many connections and a queue, with each request and each answer;
here there is one. How it is opened, by which proxy and certificate, is still the pool's to say.
"""

from __future__ import annotations

from collections.abc import Callable

import httpcore

Connect = Callable[[httpcore.Origin], httpcore.ConnectionInterface]
"""Makes a connection to an origin, which is opened when it is first used."""


class OneConnection:
    """Sends over one connection, and over a new one when that was closed or broke."""

    def __init__(self, connect: Connect, *, keep: bool) -> None:
        """`keep`: whether it stays open after an answer, until the server closes it."""
        self._connect = connect
        self._keep = keep
        self._latest: httpcore.ConnectionInterface | None = None

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request. Who has read the body of its answer, or gives it up, says `answered`."""
        while True:
            connection = self._ready(request.url.origin)
            try:
                return connection.handle_request(request)
            except httpcore.ConnectionNotAvailable:
                self.close()  # nothing was sent
            except BaseException as error:
                if not connection.is_available():
                    self.close()
                raise error from None

    def answered(self) -> None:
        """The latest answer is over: keep the connection if it is good for one more request."""
        if self._latest is not None and not (self._keep and self._latest.is_available()):
            self.close()

    def close(self) -> None:
        """Close the connection, if there is one."""
        latest, self._latest = self._latest, None
        if latest is not None:
            latest.close()

    def _ready(self, origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        """The connection, or a new one if it cannot carry one more request."""
        kept = self._latest
        if kept is not None:
            if kept.is_available() and kept.can_handle_request(origin) and not kept.has_expired():
                return kept
            self.close()
        self._latest = self._connect(origin)
        return self._latest
