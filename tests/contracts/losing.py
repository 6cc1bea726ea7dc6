"""A pytest plugin that harms one exchange of every test: the one with a given number.

So a single run shows what all its contracts make of a loss at that place. The environment says
which exchange it is (LOSING_NUMBER, from 1) and what happens to it (LOSING_HOW). Knows httpx, which
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
        with self._lock:
            self.count += 1
            is_harmed = self.count == self.number
        if not is_harmed:
            return self._send(transport, request)
        if self.how in (How.LOST, How.MASKED):
            response = self._send(transport, request)
            response.read()
            response.close()
        if self.how in (How.LOST, How.UNSENT):
            raise httpx.ReadError("reset by peer", request=request)
        return httpx.Response(503, headers={"Content-Type": "application/json"}, content=CONTENT)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Start to count anew; before it, while the target is connected, nothing is harmed."""
        self.count = 0

    def pytest_sessionfinish(self) -> None:
        """Harm nothing while the cards of the run are put away."""
        self.count = self.number


def pytest_configure(config: pytest.Config) -> None:
    """Put the harm into every transport of this process."""
    losing = Losing(int(os.environ["LOSING_NUMBER"]), How(os.environ["LOSING_HOW"]))
    losing.count = losing.number
    config.pluginmanager.register(losing, "losing")

    def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return losing.handle_request(transport, request)

    httpx.HTTPTransport.handle_request = handle_request  # type: ignore[method-assign]
