"""The connection of a transport that sends one request at a time, used again while it is good.

The pool of httpcore looks after many connections and a queue, with each request and each answer;
here there is one. How it is opened, by which proxy and certificate, is still the pool's to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpcore

Connect = Callable[[httpcore.Origin], httpcore.ConnectionInterface]
"""Makes a connection to an origin, which is opened when it is first used."""


class OneConnection:
    """Sends over one connection, and over a new one when that was closed or broke."""

    def __init__(self, connect: Connect, *, keep_s: float, lends: bool = False) -> None:
        """`keep_s`: how long it stays open after an answer, if the server does not close it; 0: not
        at all. `lends`: whether others may use it: what they send is all that travels on it.
        """
        self._connect = connect
        self._keep_s = keep_s
        self._lends = lends
        self._latest: httpcore.ConnectionInterface | None = None
        self._answered_at = 0.0
        self._is_lent = False

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request. Who has read the body of its answer, or gives it up, says `answered`."""
        while True:
            connection = self._ready(request.url.origin)
            try:
                return self._sent(connection, request)
            except httpcore.ConnectionNotAvailable:
                self.close()  # nothing was sent

    def lend(self, origin: httpcore.Origin) -> bool:
        """Whether the connection that is open is good for one more request, which who asks sends
        without its knowledge. Then comes `resume`, or `give_back` once the answer was read.
        """
        latest = self._latest
        if not self._lends or latest is None or not self._is_good(latest, origin):
            return False
        self._is_lent = True
        return True

    def give_back(self) -> None:
        """What was asked over a connection that was lent has been answered in whole."""
        self._is_lent = False

    def resume(self, request: httpcore.Request) -> httpcore.Response:
        """Go on with a request for which the connection was lent: its stream knows what was sent
        and read already. It is never sent over another one.
        """
        latest = self._latest
        assert latest is not None
        self._is_lent = False
        return self._sent(latest, request)

    def answered(self) -> None:
        """The latest answer is over: keep the connection if it is good for one more request."""
        latest = self._latest
        if latest is None:
            return
        if self._keep_s and not self._is_lent and latest.is_available():
            self._answered_at = time.monotonic()
        else:
            self.close()

    def close(self) -> None:
        """Close the connection, if there is one."""
        latest, self._latest, self._is_lent = self._latest, None, False
        if latest is not None:
            latest.close()

    def _sent(
        self, connection: httpcore.ConnectionInterface, request: httpcore.Request
    ) -> httpcore.Response:
        try:
            return connection.handle_request(request)
        except httpcore.ConnectionNotAvailable:
            raise
        except BaseException as error:
            if not connection.is_available():
                self.close()
            raise error from None

    def _ready(self, origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        """The connection, or a new one if it cannot carry one more request."""
        kept = self._latest
        if kept is not None:
            if self._is_good(kept, origin):
                return kept
            self.close()
        self._latest = self._connect(origin)
        return self._latest

    def _is_good(self, kept: httpcore.ConnectionInterface, origin: httpcore.Origin) -> bool:
        return (
            not self._is_lent
            and kept.is_available()
            and kept.can_handle_request(origin)
            and time.monotonic() - self._answered_at < self._keep_s
            and not kept.has_expired()
        )
