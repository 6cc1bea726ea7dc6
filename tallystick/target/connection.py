"""The server under test, over HTTP: the only module that sends.

It decides what is sent again and when a target counts as gone; what an answer means is decided in
`answers`. It does not judge (`ledger`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace

import httpx

from tallystick import __version__, wire
from tallystick.ledger.vocabulary import Command, Outcome
from tallystick.target.address import Address, Client, with_path
from tallystick.target.answers import (
    Answer,
    Exchange,
    NoAnswer,
    Observer,
    outcome_of,
    wait_asked_for,
)
from tallystick.target.bearer import PATIENCE, Bearer
from tallystick.target.errors import TargetGone
from tallystick.target.pace import REAL_TIME, Meter, Time
from tallystick.target.receiving import answer_of
from tallystick.wire import Request

TIMEOUT_S = 10.0
CONNECT_TRIES = 4  # a refused connection was never a request, so it may be tried again
SILENCES = 8  # requests in a row without any answer before the target counts as gone
USER_AGENT = f"tallystick/{__version__}"
# A connection that the server may be about to close is not used for a request that must count.
KEEPALIVE_S = 2.0


class HttpTarget:
    """One connection to the server as one client; make another for each thread."""

    def __init__(
        self,
        address: Address,
        client: Client,
        *,
        meter: Meter | None = None,
        observer: Observer | None = None,
        bearer: Bearer | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = TIMEOUT_S,
        time: Time = REAL_TIME,
    ) -> None:
        self.address = address
        self.client = client
        self.meter = meter or Meter(time=time)
        self.observer = observer
        self.bearer = bearer or Bearer(address, client, time)
        self._timeout_s = timeout_s
        self._time = time
        self._silences = 0
        self._timeouts = httpx.Timeout(timeout_s).as_dict()
        self._transport = transport or httpx.HTTPTransport(
            limits=httpx.Limits(keepalive_expiry=KEEPALIVE_S), trust_env=False
        )
        self._http = httpx.Client(
            timeout=timeout_s, transport=self._transport, follow_redirects=False, trust_env=False
        )

    @property
    def audience(self) -> str:
        """The audience that Get Token took; empty until it gave a token."""
        return self.bearer.audience

    def another(
        self,
        *,
        client: Client | None = None,
        account: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> HttpTarget:
        """A second connection to the same server, perhaps as another client or account."""
        return HttpTarget(
            with_path(self.address, account or self.address.account),
            client or self.client,
            meter=self.meter,
            observer=self.observer,
            bearer=None if client else self.bearer,
            transport=transport,
            timeout_s=self._timeout_s,
            time=self._time,
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def access_token(self) -> str:
        """The token that requests are sent with; TargetError if the target gives none."""
        return self.bearer.get(self._http)

    def perform(self, command: Command) -> tuple[Outcome, Exchange]:
        """Ask for the command and say what came of it."""
        exchange = self.send(wire.encode(command, self.address.account))
        return outcome_of(command, exchange.answer), exchange

    def send(
        self,
        request: Request,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        authorized: bool = True,
    ) -> Exchange:
        """Send one request; `content` and `headers` replace the usual ones for ill-formed input."""
        exchange = self._patiently(request, headers, content, authorized)
        stale = isinstance(exchange.answer, Answer) and exchange.answer.status == 401
        if stale and authorized and not headers and not self.bearer.is_fixed:
            self.bearer.forget()  # an expired token proves nothing about the request
            exchange = self._patiently(request, headers, content, authorized)
        return exchange

    def _patiently(
        self,
        request: Request,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        authorized: bool,
    ) -> Exchange:
        for busy in range(PATIENCE):
            exchange = self._once(request, headers, content, authorized)
            wait_s = wait_asked_for(exchange.answer)
            if wait_s is None:
                return replace(exchange, busy=busy) if busy else exchange
            self._time.sleep(wait_s)
        raise TargetGone(
            f"the target asked {PATIENCE} times in a row to come back later: lower --rate"
        )

    def _once(
        self,
        request: Request,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        authorized: bool,
    ) -> Exchange:
        sent = {"Accept": "application/json"}
        if authorized:
            sent["Authorization"] = f"Bearer {self.access_token()}"
        if request.body is not None and content is None:
            content = json.dumps(request.body).encode()
        if content is not None:
            sent["Content-Type"] = "application/json"
        number = self.meter.take()
        called_ns = time.monotonic_ns()
        answer = self._exchange(request, {**sent, **(headers or {})}, content)
        exchange = Exchange(number, request, answer, called_ns, time.monotonic_ns())
        if self.observer is not None:
            self.observer(exchange)
        self._silences = self._silences + 1 if isinstance(answer, NoAnswer) else 0
        if self._silences >= SILENCES:
            raise TargetGone(f"{self.address.url} gave no answer {SILENCES} times in a row")
        return exchange

    def _exchange(
        self, request: Request, headers: Mapping[str, str], content: bytes | None
    ) -> Answer | NoAnswer:
        for attempt in range(CONNECT_TRIES):
            try:
                return answer_of(self._respond(request, headers, content))
            except httpx.ConnectError as error:
                if attempt == CONNECT_TRIES - 1:
                    raise TargetGone(
                        f"{self.address.url} refuses connections ({error}): is it still running?"
                    ) from error
                self._time.sleep(0.25 * 2**attempt)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                return NoAnswer(f"{type(error).__name__}: {error}")
        raise AssertionError("the last attempt returns or raises")

    def _respond(
        self, request: Request, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Response:
        """Send straight through the transport: a client's redirects, cookies and hooks are not
        wanted here, and cost as much as the server does.
        """
        asked = httpx.Request(
            request.method,
            self.address.url + request.path,
            headers={"User-Agent": USER_AGENT, **headers},
            content=content,
            extensions={"timeout": self._timeouts},
        )
        response = self._transport.handle_request(asked)
        response.request = asked
        try:
            response.read()
        finally:
            response.close()
        return response
