"""The server under test, over HTTP: the only module that sends.

It decides in one place what an answer means: accepted, refused, or unknown. A refusal proves that
nothing happened; a time-out, a reset or a 5xx proves nothing at all. It does not judge (`ledger`).
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from tallystick import __version__, wire
from tallystick.ledger.vocabulary import Accepted, Command, Outcome, Refused, Unknown
from tallystick.wire import Request

DOCUMENTED_URL = "https://api.dintero.com/v1"
"""The base URL in the documentation: a name in an audience, never an address to send to."""
REFUSALS = (400, 401, 403)
TIMEOUT_S = 10.0
PATIENCE = 5  # answers 429 or 503 in a row before giving up
LONGEST_WAIT_S = 30.0  # of one Retry-After
CONNECT_TRIES = 4  # a refused connection was never a request, so it may be tried again
SILENCES = 8  # requests in a row without any answer before the target counts as gone
USER_AGENT = f"tallystick/{__version__}"
LARGEST_ANSWER = 32 * 1024 * 1024
# A connection that the server may be about to close is not used for a request that must count.
KEEPALIVE_S = 2.0


class TargetError(Exception):
    """The target cannot be judged: one line that says what to do."""


class TargetGone(TargetError):
    """The target stopped answering in the middle of a run."""


@dataclass(frozen=True, slots=True)
class Client:
    """An API client of the target: client credentials, or a ready bearer token."""

    client_id: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the target is: the base URL up to and including `/v1`, and the account."""

    url: str
    account: str


NOT_JSON = object()
"""Stands for a body that is not JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is parsed JSON or NOT_JSON; `date` is the Date header."""

    status: int
    content_type: str
    body: Any
    date: str = ""
    retry_after: str = ""
    allow: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing that can be trusted came back; the request may or may not have been processed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it, with monotonic times in nanoseconds."""

    number: int
    request: Request
    answer: Answer | NoAnswer
    called_ns: int
    returned_ns: int
    busy: int = 0
    """How often the target answered before this that it was too busy."""


Observer = Callable[[Exchange], None]


@dataclass(frozen=True, slots=True)
class Time:
    """Where the time comes from: a monotonic clock in seconds, and a way to let it pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


REAL_TIME = Time()


class Meter:
    """Counts requests and holds them to a rate; shared by all connections of a run."""

    def __init__(self, rate: float | None = None, time: Time = REAL_TIME) -> None:
        self.requests = 0
        self._interval_s = 1.0 / rate if rate else 0.0
        self._next = 0.0
        self._time = time
        self._lock = threading.Lock()

    def take(self) -> int:
        """Wait for the next slot and return the number of the request."""
        with self._lock:
            self.requests += 1
            number = self.requests
            now = self._time.now()
            wait = self._next - now if self._interval_s else 0.0
            self._next = max(self._next, now) + self._interval_s
        if wait > 0:
            self._time.sleep(wait)
        return number


class Bearer:
    """An access token, renewed at half of its life as the vendor's own client does."""

    def __init__(self, address: Address, client: Client, time: Time = REAL_TIME) -> None:
        self._address = address
        self._client = client
        self._time = time
        self.audience = ""
        """The audience that the target took; empty until it gave a token."""
        self._token = client.token
        self._renew_at = float("inf") if client.token else 0.0
        self._lock = threading.Lock()

    @property
    def is_fixed(self) -> bool:
        """Whether the token was given ready and cannot be renewed."""
        return bool(self._client.token)

    def get(self, http: httpx.Client) -> str:
        """The current token; TargetError if the target gives none."""
        with self._lock:
            if self._time.now() >= self._renew_at:
                self._token, life_s = self._fetch(http)
                self._renew_at = self._time.now() + life_s / 2
            return self._token

    def forget(self) -> None:
        """Fetch a new token at the next request."""
        self._renew_at = 0.0 if not self.is_fixed else self._renew_at

    def _fetch(self, http: httpx.Client) -> tuple[str, float]:
        url, account = self._address.url, self._address.account
        audiences = list(dict.fromkeys(self.audience or each for each in self._audiences()))
        for audience in audiences:
            response = self._ask(http, audience)
            if response.status_code not in REFUSALS:
                self.audience = audience
                return _token_of(response, url)
        raise TargetError(
            f"{url} refused the credentials of client {self._client.client_id!r} for account "
            f"{account} ({response.status_code}): check TALLYSTICK_CLIENT_ID, "
            "TALLYSTICK_CLIENT_SECRET and --account"
        )

    def _audiences(self) -> tuple[str, str]:
        """The documented audience, then that of a server which goes by its own address."""
        account = f"accounts/{self._address.account}"
        return f"{DOCUMENTED_URL}/{account}", f"{self._address.url}/{account}"

    def _ask(self, http: httpx.Client, audience: str) -> httpx.Response:
        url, account = self._address.url, self._address.account
        pair = f"{self._client.client_id}:{self._client.secret}".encode()
        try:
            for _ in range(PATIENCE):
                response = http.post(
                    f"{url}/accounts/{quote(account, safe='')}/auth/token",
                    headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
                    json={"grant_type": "client_credentials", "audience": audience},
                )
                wait_s = _wait_asked_for(_answer_of(response))
                if wait_s is None:
                    break
                self._time.sleep(wait_s)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TargetError(
                f"{url} cannot be reached ({error or type(error).__name__}): "
                "start the server or correct --target"
            ) from error
        return response


def _token_of(response: httpx.Response, url: str) -> tuple[str, float]:
    try:
        body = response.json()
        token, life_s = body["access_token"], float(body.get("expires_in", 3600))
        if response.status_code == 200 and isinstance(token, str) and token and life_s > 0:
            return token, life_s
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise TargetError(
        f"Get Token at {response.request.url} answered {response.status_code} "
        f"{response.headers.get('content-type', 'without a content type')}, not an access token: "
        f"is {url} the base URL of the API up to and including /v1?"
    )


class Target:
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

    def another(
        self, *, client: Client | None = None, transport: httpx.BaseTransport | None = None
    ) -> Target:
        """A second connection to the same server, as the same client or as another one."""
        return Target(
            self.address,
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
            wait_s = _wait_asked_for(exchange.answer)
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
                return _answer_of(self._respond(request, headers, content))
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


def outcome_of(command: Command, answer: Answer | NoAnswer) -> Outcome:
    """What an answer proves about the command."""
    if isinstance(answer, NoAnswer):
        return Unknown(answer.reason)
    if answer.status == 204 or (200 <= answer.status < 300 and answer.body is not NOT_JSON):
        return Accepted(wire.decode(command, answer.body))
    if 400 <= answer.status < 500:
        return Refused(answer.status)
    return Unknown(f"status {answer.status}")


def _answer_of(response: httpx.Response) -> Answer:
    try:
        body = json.loads(response.content[:LARGEST_ANSWER]) if response.content else NOT_JSON
    except (ValueError, RecursionError):
        body = NOT_JSON
    headers = response.headers
    return Answer(
        response.status_code,
        headers.get("content-type", ""),
        body,
        headers.get("date", ""),
        headers.get("retry-after", ""),
        headers.get("allow", ""),
    )


def _wait_asked_for(answer: Answer | NoAnswer) -> float | None:
    """Seconds to wait before the same request is sent again; None: the answer stands."""
    if isinstance(answer, NoAnswer) or answer.status not in (429, 503):
        return None
    if answer.status == 503 and not answer.retry_after:
        return None
    try:
        asked = float(answer.retry_after or 1)
    except ValueError:
        asked = _seconds_until(answer.retry_after, answer.date)
    if asked != asked:  # not a number
        asked = 1.0
    return min(max(asked, 0.05), LONGEST_WAIT_S)


def _seconds_until(date: str, now: str) -> float:
    """From one HTTP date to another, both by the target's clock; 1 if they are none."""
    try:
        return (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError):
        return 1.0


def with_path(address: Address, account: str) -> Address:
    """The same server with another account in the path."""
    return replace(address, account=account)
