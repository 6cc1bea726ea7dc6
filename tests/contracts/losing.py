"""A pytest plugin that harms one exchange of every test: the one with a given number.

So a single run shows what all its contracts make of a loss at that place. The environment says
which exchange it is (LOSING_NUMBER, from 1) and what happens to it (LOSING_HOW). Two ways end the
credentials instead: from the exchange with that number of the whole run on. Knows httpx, which
carries every request; nothing of what is asked.
"""

from __future__ import annotations

import os
import threading
from enum import StrEnum

import httpx
import pytest

CONTENT = b'{"error": {"message": "no healthy upstream"}}'


class How(StrEnum):
    """What happens to an exchange."""

    LOST = "lost"
    """The server does what it was asked, and its answer is lost."""
    UNSENT = "unsent"
    """The connection is reset before the server sees the request."""
    MASKED = "masked"
    """The server does what it was asked, and a gateway answers 503 in its place."""
    REJECTED = "rejected"
    """A gateway answers 503, and the server never sees the request."""
    UNAUTHORIZED = "unauthorized"
    """From this exchange on everything but Get Token is answered 401."""
    FORBIDDEN = "forbidden"
    """From this exchange on everything but Get Token is answered 403."""


STATUSES = {How.MASKED: 503, How.REJECTED: 503, How.UNAUTHORIZED: 401, How.FORBIDDEN: 403}
ENDS_CREDENTIALS = (How.UNAUTHORIZED, How.FORBIDDEN)
LOSSES = tuple(how for how in How if how not in ENDS_CREDENTIALS)


class Losing:
    """Counts the exchanges of each test, and harms the one that has the number."""

    def __init__(self, number: int, how: How) -> None:
        self.number, self.how = number, how
        self.count = 0
        self._send = httpx.HTTPTransport.handle_request
        self._lock = threading.Lock()

    def handle_request(
        self, transport: httpx.HTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        """What `HTTPTransport.handle_request` does, or the harm."""
        if not self._is_harmed(request):
            return self._send(transport, request)
        if self.how in (How.LOST, How.MASKED):
            response = self._send(transport, request)
            response.read()
            response.close()
        if self.how in (How.LOST, How.UNSENT):
            raise httpx.ReadError("reset by peer", request=request)
        headers = {"Content-Type": "application/json"}
        return httpx.Response(STATUSES[self.how], headers=headers, content=CONTENT)

    def _is_harmed(self, request: httpx.Request) -> bool:
        with self._lock:
            self.count += 1
            if self.how in ENDS_CREDENTIALS:
                return self.count >= self.number and not request.url.path.endswith("/auth/token")
            return self.count == self.number

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Count the exchanges of each test from 1."""
        if self.how not in ENDS_CREDENTIALS:
            self.count = 0

    def pytest_sessionfinish(self) -> None:
        """Harm nothing while the cards of the run are put away."""
        self.count = self.number


def pytest_configure(config: pytest.Config) -> None:
    """Put the harm into every transport of this process."""
    losing = Losing(int(os.environ["LOSING_NUMBER"]), How(os.environ["LOSING_HOW"]))
    if losing.how not in ENDS_CREDENTIALS:
        losing.count = losing.number  # nothing is harmed while the target is connected
    config.pluginmanager.register(losing, "losing")

    def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return losing.handle_request(transport, request)

    httpx.HTTPTransport.handle_request = handle_request  # type: ignore[method-assign]
