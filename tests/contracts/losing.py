"""A pytest plugin that harms one exchange of every test: the one with a given number.

So a single run shows what all its contracts make of a loss at that place. The environment says
which exchange it is (LOSING_NUMBER, from 1) and what happens to it (LOSING_HOW). Two ways end the
credentials instead: from the exchange with that number of the whole run on. Knows the transport of
a sender; nothing of what is asked.
"""

from __future__ import annotations

import os
import threading
from enum import StrEnum
from typing import Any

import httpx
import pytest

from tallystick.target.sender import Sender

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
        self.harmed = 0
        self._lock = threading.Lock()
        if how not in ENDS_CREDENTIALS:
            self.count = number  # nothing is harmed while the target is connected

    def takes(self, request: httpx.Request) -> bool:
        """Whether this exchange is to be harmed."""
        with self._lock:
            self.count += 1
            if self.how in ENDS_CREDENTIALS:
                is_harmed = self.count >= self.number and not is_get_token(request)
            else:
                is_harmed = self.count == self.number
            self.harmed += is_harmed
            return is_harmed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Count the exchanges of each test from 1."""
        if self.how not in ENDS_CREDENTIALS:
            self.count = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Harm nothing while the cards of the run are put away."""
        self.number = -1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many exchanges were harmed: `harmed_in` reads it."""
        terminalreporter.write_line(f"{HARMED}{self.harmed}")


HARMED = "exchanges harmed: "


def harmed_in(output: str) -> int:
    """How many exchanges were harmed in a run with this output; ValueError if it does not say."""
    return int(output.partition(HARMED)[2].split(maxsplit=1)[0])


def is_get_token(request: httpx.Request) -> bool:
    """Whether an access token is asked for."""
    return request.url.path.endswith("/auth/token")


class LosingTransport(httpx.BaseTransport):
    """Passes requests on to another transport, except for the exchange that is harmed."""

    def __init__(self, inner: httpx.BaseTransport, losing: Losing) -> None:
        self._inner, self._losing = inner, losing

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """What the other transport answers, or the harm."""
        if not self._losing.takes(request):
            return self._inner.handle_request(request)
        how = self._losing.how
        if how in (How.LOST, How.MASKED):
            response = self._inner.handle_request(request)
            response.read()
            response.close()
        if how in (How.LOST, How.UNSENT):
            raise httpx.ReadError("reset by peer", request=request)
        headers = {"Content-Type": "application/json"}
        return httpx.Response(STATUSES[how], headers=headers, content=CONTENT)

    def close(self) -> None:
        """Close the other transport."""
        self._inner.close()


def pytest_configure(config: pytest.Config) -> None:
    """Put the harm into every connection of this process."""
    losing = Losing(int(os.environ["LOSING_NUMBER"]), How(os.environ["LOSING_HOW"]))
    config.pluginmanager.register(losing, "losing")
    initialize = Sender.__init__

    def harmed(self: Sender, transport: httpx.BaseTransport, *more: Any, **named: Any) -> None:
        initialize(self, LosingTransport(transport, losing), *more, **named)

    setattr(Sender, "__init__", harmed)  # noqa: B010
