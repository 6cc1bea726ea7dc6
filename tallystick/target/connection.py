"""The server under test, over HTTP.

It decides what is sent again, what an outage was, and when a target counts as gone; what an answer
means is decided in `answers`. It does not judge (`ledger`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import httpx

from tallystick.ledger.vocabulary import Command, Outcome, Read, Unknown
from tallystick.request import Request
from tallystick.target.address import Address, Client, Secret, with_path
from tallystick.target.answers import (
    Answer,
    Exchange,
    NoAnswer,
    Observer,
    wait_asked_for,
)
from tallystick.target.api import Api, Authentication
from tallystick.target.bodies import Depths
from tallystick.target.carried import Message
from tallystick.target.control import proves_nothing
from tallystick.target.conversation import Conversation
from tallystick.target.errors import CredentialsLost, TargetError, TargetGone
from tallystick.target.network import Connections, Network
from tallystick.target.outages import ENOUGH, Control, Outage, Outages, is_failure, said_of
from tallystick.target.pace import REAL_TIME, Meter, Time
from tallystick.target.proof import Change, Outgoing, Part, Proof
from tallystick.target.sender import Sender
from tallystick.target.support import Support

PATIENCE = 5
"""Answers 429 or 503 in a row before it may be given up."""
ACCEPT = {"Accept": "application/json"}
SHORTEST_WAIT_S = 0.05
REPEATS = 3
"""How often a read is sent again that an outage cut off."""
REFUSED_S = 5.0
"""How long credentials may be refused that were accepted before: some gateways do so in bursts."""
SILENT = 2
"""Requests in a row without an answer from which on an outage is suspected."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all connections of a run share."""

    connections: Connections
    outages: Outages
    depths: Depths
    control: Control
    support: Support
    worked: set[tuple[Client, str]] = field(default_factory=set)
    """The clients of which a request was accepted, each with the account."""


class HttpTarget:
    """One connection to the server as one client; make another for each thread."""

    def __init__(
        self,
        address: Address,
        client: Client,
        *,
        profile: Api,
        network: Network | None = None,
        meter: Meter | None = None,
        observer: Observer | None = None,
        authentication: Authentication | None = None,
        transport: httpx.BaseTransport | None = None,
        time: Time = REAL_TIME,
        support: Support | None = None,
        shared: _Shared | None = None,
    ) -> None:
        self.address = address
        self.client = client
        self.profile = profile
        self.meter = meter or Meter(time=time)
        self.observer = observer
        self._time = time
        self._own = transport
        network = network or Network()
        self._shared = shared or _Shared(
            Connections(network, address.url),
            Outages(address.url, network.start_s, time),
            Depths(),
            self._ask_control,
            support or Support(),
        )
        self.authentication = authentication or profile.authentication(
            address, client, self._shared.outages, time
        )
        self._is_main = shared is None or authentication is not None
        self._sender = self._sender_of(transport or self._shared.connections.open())
        self._control_sender: Sender | None = None
        self._silences = 0
        self._stale: Counter[str] = Counter()

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
            profile=self.profile,
            meter=self.meter,
            observer=self.observer,
            authentication=None if client else self.authentication,
            transport=transport,
            time=self._time,
            shared=self._shared,
        )

    def apart(self, *, client: Client | None = None, account: str = "") -> HttpTarget:
        """A connection for what is no part of the run: its requests are neither counted nor seen.

        They keep to the same rate.
        """
        return HttpTarget(
            with_path(self.address, account or self.address.account),
            client or self.client,
            profile=self.profile,
            meter=self.meter.apart(),
            authentication=None if client else self.authentication,
            time=self._time,
            shared=self._shared,
        )

    @property
    def connections(self) -> Connections:
        """Opens further connections, for a driver that has a transport of its own."""
        return self._shared.connections

    @property
    def support(self) -> Support:
        """What is known of the operations that the target has."""
        return self._shared.support

    @property
    def outages(self) -> Sequence[Outage]:
        """The times when the target answered nobody, which were waited for."""
        return self._shared.outages.seen

    def adopt_outages(self, outages: Sequence[Outage]) -> None:
        """Take over what other processes of the run have met."""
        self._shared.outages.seen += outages

    @property
    def audience(self) -> str:
        """For whom the target gave its token (OAuth); empty if it gave none."""
        return self.authentication.audience

    def show_waits(self, show: Callable[[str], None]) -> None:
        """Have a line shown where the target is waited for before the run begins."""
        self._shared.outages.on_wait = show

    def end_with(self, seconds_left: Callable[[], float]) -> None:
        """No outage is waited for beyond the end of the run, which is so many seconds away."""
        self._shared.outages.seconds_left = seconds_left

    def begin_run(self) -> None:
        """The target has answered as it should: what fails from now on, failed in the run."""
        self._shared.outages.begin_run(self._shared.connections.network.outage_s)

    def close(self) -> None:
        """Close the connection."""
        self._sender.transport.close()
        if self._control_sender is not None:
            self._control_sender.transport.close()

    def credentials(self) -> Mapping[str, Secret]:
        """The headers that authenticate requests; TargetError if the target gives none."""
        return self.authentication.headers(self._sender)

    def proof(self, request: Request, change: Change | None = None, part: Part = "secret") -> Proof:
        """What a request would carry; with `change`, made of other secrets or with another key."""
        self.credentials()
        return self.authentication.proof(self._outgoing(request, {}, request.content), change, part)

    def perform(self, command: Command) -> tuple[Outcome, Exchange]:
        """Ask for the command and say what came of it."""
        conversation = Conversation(self.profile, self.address.account, self._time.sleep)
        send = partial(self.send, looks=isinstance(command, Read))
        outcome, exchange = conversation.about(command, self._beside, send)
        why = proves_nothing(exchange)
        return (Unknown(why) if why else outcome), exchange

    def _beside(self, request: Request) -> Exchange:
        """Send a request that has no effect itself."""
        return self._sent(Message(request, None, None, True, passes=True))

    def send(
        self,
        request: Request,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        authorized: bool = True,
        proof: Proof | None = None,
        looks: bool = False,
    ) -> Exchange:
        """Send one request; `content` and `headers` replace the usual ones for ill-formed input,
        `proof` the usual credentials. `looks`: it changes nothing, whatever its method.

        NotSupported, and nothing is sent, if the target lacks the operation; also if that becomes
        known by the answer.
        """
        self.support.require(request.operation)
        exchange = self._sent(Message(request, headers, content, authorized, proof, looks=looks))
        if self._is_main:  # another client may be refused what is there
            self.support.hear(exchange, self.ask, self.address.account)
        return exchange

    def ask(
        self, request: Request, *, headers: Mapping[str, str] | None = None, authorized: bool = True
    ) -> Answer | NoAnswer:
        """The answer to a request, whatever is known of its operation."""
        return self._sent(Message(request, headers, None, authorized)).answer

    def _sent(self, message: Message) -> Exchange:
        exchange = self._patiently(message)
        if message.is_ordinary and exchange.answer.status // 100 == 2:
            self._shared.worked.add((self.client, self.address.account))
        if exchange.answer.status == 401 and message.is_ordinary:
            exchange = self._with_fresh_token(message, exchange)
        if not is_failure(exchange.answer):
            self._silences = 0
            return exchange
        return self._settled(message, exchange)

    def _patiently(self, message: Message) -> Exchange:
        """Send it, and again as long as the target is too busy for it."""
        busy, waited_s = 0, 0.0
        while True:
            exchange = self._once(message)
            wait_s = wait_asked_for(exchange.answer)
            if wait_s is None:
                return replace(exchange, busy=busy) if busy else exchange
            busy += 1
            if busy >= PATIENCE and waited_s >= self._shared.outages.bound_s:
                raise TargetGone(
                    f"the target asked {busy} times in a row, for {waited_s:.0f} s, to come back "
                    "later: lower --rate"
                )
            wait_s = max(wait_s, SHORTEST_WAIT_S * 2 ** min(busy - 1, PATIENCE))
            self._time.sleep(wait_s)
            waited_s += wait_s

    def _with_fresh_token(self, message: Message, exchange: Exchange) -> Exchange:
        """Send it again with a new token: an expired one proves nothing about the request."""
        if not self.authentication.is_fixed:
            self.authentication.forget()
            exchange = self._patiently(message)
        operation = message.request.operation
        is_known = not self._has_worked or self._stale[operation] >= ENOUGH
        if exchange.answer.status != 401 or is_known or not self._shared.outages.in_run:
            return exchange
        self._wait_for_credentials(operation)
        exchange = self._patiently(message)
        self._stale[operation] += exchange.answer.status == 401
        return exchange

    @property
    def _has_worked(self) -> bool:
        """Whether the credentials are known to be good here: a run begins with those of its own."""
        return self._is_main or (self.client, self.address.account) in self._shared.worked

    def _wait_for_credentials(self, operation: str) -> None:
        """Wait until the control request is not refused any more; CredentialsLost at the bound."""
        waited_s, pause_s = 0.0, SHORTEST_WAIT_S
        control_of = self._shared.control if self._is_main else self._ask_control
        while (control := control_of()).status in (401, 403):
            if waited_s >= min(self._shared.outages.bound_s, REFUSED_S):
                raise CredentialsLost(
                    f"{self.address.url} no longer accepts the credentials of this run (401 to "
                    f"{operation}, {control.status} to a plain read, for {waited_s:.0f} s): look "
                    "at TALLYSTICK_TOKEN, or at what happened to the client"
                )
            self._time.sleep(pause_s)
            waited_s += pause_s
            pause_s *= 2
            self.authentication.forget()
            self.credentials()

    def _settled(self, message: Message, exchange: Exchange) -> Exchange:
        """What a failed request proves, after an outage if there is one: a read is sent again, a
        write may have been executed or not.
        """
        is_read = message.is_read
        for repeat in range(REPEATS):
            failure = exchange.answer
            if isinstance(failure, NoAnswer) and (failure.on_purpose or failure.excess):
                return exchange
            if not is_failure(failure):
                self._silences = 0
                return exchange
            if self._is_outage(exchange):
                if not is_read:
                    return _unknown(exchange)
            elif not (is_read and repeat == 0 and isinstance(failure, NoAnswer)):
                return exchange
            exchange = self._patiently(message)
        return _unknown(exchange) if is_failure(exchange.answer) else exchange

    def _is_outage(self, exchange: Exchange) -> bool:
        failure = exchange.answer
        if isinstance(failure, NoAnswer):
            self._silences += 1
            if self._silences < SILENT:
                return False
        called = self._time.now() - (exchange.returned_ns - exchange.called_ns) / 1e9
        operation = exchange.request.operation
        is_outage = self._shared.outages.is_outage(operation, failure, called, self._shared.control)
        self._silences = 0
        return is_outage

    def _once(self, message: Message) -> Exchange:
        request, content = message.request, message.content
        if message.has_usual_proof:
            self.credentials()
        content = request.content if content is None else content
        sent = self._outgoing(request, message.headers or {}, content)
        number = self.meter.take()
        called_ns = time.monotonic_ns()
        try:
            answer = self._reach(message, sent)
        except BaseException as error:
            # An interrupt, or a target that is gone: the request may have been carried out, and the
            # clean-up has to know of it. What the observer thinks of it must not hide the error.
            with suppress(BaseException):
                self._observe(Exchange(number, request, _cut_by(error), called_ns, called_ns))
            raise
        returned_ns = time.monotonic_ns()
        unusual = message.unusual(self.client, self.authentication, sent)
        exchange = Exchange(number, request, answer, called_ns, returned_ns, unusual=unusual)
        self._observe(exchange)
        return exchange

    def _observe(self, exchange: Exchange) -> None:
        if self.observer is not None:
            self.observer(exchange)

    def _outgoing(
        self, request: Request, further: Mapping[str, str], content: bytes | None
    ) -> Outgoing:
        """The request without credentials."""
        kind = request.content_type if content is not None else {}
        headers = _merged(ACCEPT, kind, dict(request.headers), further)
        return Outgoing(request.method, self.address.url + request.path, headers, content)

    def _reach(self, message: Message, sent: Outgoing) -> Answer | NoAnswer:
        """Send it; where there is no connection nothing was sent, so it is tried again."""
        request = message.request

        def ask() -> Answer | NoAnswer:
            # Each time with a proof of its own: a signature may hold for some seconds only.
            return self._ask_once(sent, message)

        answer = ask()
        if not isinstance(answer, NoAnswer) or answer.was_sent:
            return answer
        last: list[Answer | NoAnswer] = [answer]

        def once() -> str:
            last[0] = ask()
            return _said_if_unreachable(last[0], self.address.url)

        said = _said_if_unreachable(answer, self.address.url)
        self._shared.outages.wait_for(request.operation, said, once)
        return last[0]

    def _ask_once(self, sent: Outgoing, message: Message) -> Answer | NoAnswer:
        whole = message.proof_by(self.authentication, sent).put_into(sent)
        return self._sender.ask(
            whole.method, whole.url, whole.headers, whole.content, passes=message.passes
        )

    def _ask_control(self) -> Answer | NoAnswer:
        """The control request; if that fails, the answer to the second one if there is one."""
        requests = self.profile.control_requests(self.address.account)
        first, *others = [each for each in requests if self.support.has(each.operation)] or requests
        answer = self._control(first)
        if not is_failure(answer):
            return answer
        further = (self._control(request) for request in others)
        return next((each for each in further if not is_failure(each)), answer)

    def _control(self, request: Request) -> Answer | NoAnswer:
        """The answer to a small read over a connection of its own, sent once."""
        if self._control_sender is None:
            transport = self._own or self._shared.connections.open(keep=False)
            self._control_sender = self._sender_of(transport)
        sent = self._outgoing(request, {}, request.content)
        sent = self.authentication.proof(sent).put_into(sent)
        number = self.meter.take()
        called_ns = time.monotonic_ns()
        answer = self._control_sender.ask(sent.method, sent.url, sent.headers, sent.content)
        if self.observer is not None:
            now_ns = time.monotonic_ns()
            self.observer(Exchange(number, request, answer, called_ns, now_ns))
        return answer

    def _sender_of(self, transport: httpx.BaseTransport) -> Sender:
        return Sender(transport, self._shared.connections.network, self._shared.depths)


def _merged(*given: Mapping[str, str]) -> dict[str, str]:
    """Headers, of which a later one takes the place of an earlier one however both are spelled."""
    found: dict[str, tuple[str, str]] = {}
    for name, value in (pair for headers in given for pair in headers.items()):
        found[name.lower()] = name, value
    return dict(found.values())


def _unknown(exchange: Exchange) -> Exchange:
    """The exchange without the answer that an outage gave."""
    if isinstance(exchange.answer, NoAnswer):
        return exchange
    reason = f"{said_of(exchange.answer)} while the target answered no other request either"
    return replace(exchange, answer=NoAnswer(reason, exchange.answer.status))


def _said_if_unreachable(answer: Answer | NoAnswer, url: str) -> str:
    """What is wrong with the connection, or nothing; TargetError if waiting does not help."""
    if isinstance(answer, Answer) or answer.was_sent:
        return ""
    if answer.is_final:
        raise TargetError(f"{url} cannot be reached: {answer.remedy}")
    return answer.remedy


def _cut_by(error: BaseException) -> NoAnswer:
    return NoAnswer(f"cut off by {type(error).__name__}")
