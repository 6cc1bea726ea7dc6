"""The delivery driver: requests and answers that a network loses, repeats or delays.

A transport breaks the delivery of single requests as their steps say (`!lost`, `!twice`, ...), and
the session does what a careful client does: it asks again with the same ref_id and body until it
knows. Every answer goes to the oracle, the ones to copies too. An answer that was lost leaves two
ledgers possible, and what comes later has to fit one of them: that is how exactly one effect is
held. It decides nothing about money itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import NoReturn

import httpx

from tallystick.drivers.concurrent.independence import DUPLICATE_MAY_BE_REFUSED
from tallystick.drivers.sequential import Session, shown_by
from tallystick.ledger.dialect import REFUSE
from tallystick.ledger.vocabulary import Command, Outcome, ReadCard, Unknown, Violation
from tallystick.program import READS, Delivery, Program, Step
from tallystick.run import Attempt, Finding, Run, Violated
from tallystick.target import KEEPALIVE_S, Answer, NoAnswer

RULES = {
    Delivery.LOST: "DELIV-1",
    Delivery.CUT: "DELIV-1",
    Delivery.TIMEOUT: "DELIV-1",
    Delivery.TWICE: "DELIV-2",
    Delivery.LATE: "DELIV-3",
}
SETTLED = "DELIV-4"
LATE_S = 2.5
"""How long a late copy is on its way at least, where that is the point."""
RETRIES = 3
HANG_UP_S = 0.001
BACK_OFF_S = 0.05
"""How long a client waits after it hung up: the server may still be at work on its request."""


class Network(httpx.BaseTransport):
    """A transport that treats single requests badly, and all others well."""

    def __init__(self) -> None:
        limits = httpx.Limits(keepalive_expiry=KEEPALIVE_S)
        self._inner = httpx.HTTPTransport(trust_env=False, limits=limits)
        # What is broken off takes its connection with it.
        single = httpx.Limits(max_keepalive_connections=0)
        self._spare = httpx.HTTPTransport(trust_env=False, limits=single)
        self._next: Delivery | None = None
        self._second: httpx.Response | None = None
        self._copy: httpx.Request | None = None
        self._due: httpx.Request | None = None

    def reset(self) -> None:
        """Forget what a program that ended early left behind."""
        self._next = self._second = self._copy = self._due = None

    def treat(self, delivery: Delivery) -> None:
        """Treat the next request so."""
        self._next = delivery

    def kept_copy(self) -> httpx.Request | None:
        """The copy of the last request that was to be delivered late."""
        copy, self._copy = self._copy, None
        return copy

    def deliver(self, copy: httpx.Request | None) -> None:
        """Send this old copy in place of the next request, which says the same."""
        self._due = copy

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or break its delivery."""
        if request.url.path.endswith("/auth/token"):
            return self._inner.handle_request(request)
        if self._second is not None:
            second, self._second = self._second, None
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

    def lose(self, request: httpx.Request) -> NoReturn:
        """The whole answer was sent, and nobody gets it."""
        self._whole(request)
        raise httpx.ReadError("the answer got lost", request=request)

    def cut(self, request: httpx.Request) -> NoReturn:
        """The connection breaks after the first bytes of the answer."""
        response = self._spare.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        next(iter(response.stream), b"")
        response.close()
        raise httpx.RemoteProtocolError("the connection broke in the answer", request=request)

    def hang_up(self, request: httpx.Request) -> NoReturn:
        """The client does not wait for the answer."""
        timeout = {**request.extensions.get("timeout", {}), "read": HANG_UP_S}
        request.extensions = {**request.extensions, "timeout": timeout}
        with suppress(httpx.ReadTimeout):
            self._spare.handle_request(request).close()
        raise httpx.ReadTimeout("hung up before the answer", request=request)

    def send_twice(self, request: httpx.Request) -> httpx.Response:
        """The request arrives twice; the second answer is given to the next request."""
        first = self._whole(request)
        self._second = self._whole(request)
        return first

    def keep_a_copy(self, request: httpx.Request) -> httpx.Response:
        """The request arrives now, and a copy of it whenever it is delivered."""
        self._copy = request
        return self._inner.handle_request(request)

    def _whole(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        content = b"".join(response.stream)
        response.close()
        return httpx.Response(
            response.status_code, headers=response.headers, stream=httpx.ByteStream(content)
        )


TREATMENTS: dict[Delivery, Callable[[Network, httpx.Request], httpx.Response]] = {
    Delivery.LOST: Network.lose,
    Delivery.TWICE: Network.send_twice,
    Delivery.LATE: Network.keep_a_copy,
    Delivery.CUT: Network.cut,
    Delivery.TIMEOUT: Network.hang_up,
}


class Courier:
    """A connection to the target over a network of its own."""

    def __init__(self, run: Run) -> None:
        self.network = Network()
        self.target = run.target.another(transport=self.network)

    def close(self) -> None:
        """Close the connection."""
        self.target.close()


@contextmanager
def courier_of(run: Run) -> Iterator[Courier]:
    """A courier for as long as the block runs."""
    courier = Courier(run)
    try:
        yield courier
    finally:
        courier.close()


class DeliverySession(Session):
    """Runs the steps of a program as their deliveries say, and retries what it does not know."""

    def __init__(self, run: Run, courier: Courier, patience_s: float = 0.0) -> None:
        """`patience_s`: how long late copies are on their way at least."""
        super().__init__(run, courier.target)
        self._courier = courier
        self._patience_s = patience_s
        courier.network.reset()
        self._late: list[tuple[Step, Command, str, httpx.Request | None]] = []
        self._cause: tuple[str, str] | None = None
        """The rule of the latest broken delivery, and what was broken."""

    def finish(self) -> None:
        """Deliver the late copies, then read everything."""
        late, self._late = self._late, []
        if late and self._patience_s:
            began = self.events[-1].exchange.returned_ns
            time.sleep(max(0.0, self._patience_s - (time.monotonic_ns() - began) / 1e9))
        for step, command, card, copy in late:
            self._blame(RULES[Delivery.LATE], f"a late copy of `{step}`")
            self._courier.network.deliver(copy)
            self._ask(card, command, f"{step}: the late copy")
            self._ask(card, ReadCard(command.card), f"{step}: the late copy")
        super().finish()

    def _request(self, step: Step, command: Command, card: str) -> Outcome:
        network, delivery = self._courier.network, step.delivery
        if delivery is not None:
            network.treat(delivery)
            if delivery is not Delivery.LATE:  # its copy has done nothing yet
                self._blame(RULES[delivery], f"`{step}`")
        outcome = self._ask(card, command, str(step))
        self._blame_the_target(step)
        if delivery is Delivery.LATE:
            self._late.append((step, command, card, network.kept_copy()))
        elif delivery is Delivery.TWICE:
            second = self._ask(card, command, f"{step}: the second copy")
            outcome = second if isinstance(outcome, Unknown) else outcome
        if isinstance(outcome, Unknown) and step.verb not in READS:
            return self._retry(step, command, card)
        return outcome

    def _retry(self, step: Step, command: Command, card: str) -> Outcome:
        """Ask again as a careful client does: the same request, until it is known what it did."""
        outcome: Outcome = Unknown("not retried")
        for _ in range(RETRIES):
            if step.delivery is Delivery.TIMEOUT:
                time.sleep(BACK_OFF_S)
                outcome = self._ask_beside_the_first(card, command, f"{step}: retried")
            else:
                outcome = self._ask(card, command, f"{step}: retried")
            if not isinstance(outcome, Unknown):
                return outcome
            self._blame_the_target(step)
        if isinstance(self.events[-1].exchange.answer, Answer):
            shown = f"{RETRIES} retries of `{step}` fail"
            self._break(Violation(SETTLED, "a retry that settles it", shown), card)
        return outcome

    def _blame_the_target(self, step: Step) -> None:
        """Remember a 5xx, and an answer that was lost although nobody broke its delivery."""
        exchange = self.events[-1].exchange
        if isinstance(exchange.answer, Answer) and exchange.answer.status >= 500:
            self._blame(SETTLED, f"`{step}`, answered {exchange.answer.status}")
        elif exchange.busy:
            self._blame(SETTLED, f"`{step}`, answered first that the target is busy")
        elif isinstance(exchange.answer, NoAnswer) and step.delivery is None:
            self._blame(RULES[Delivery.LOST], f"`{step}`, left without an answer")

    def _ask_beside_the_first(self, card: str, command: Command, step: str) -> Outcome:
        """Ask while the first request may still be at work: which of the two loses is open."""
        with self.run.permitting(REFUSE, DUPLICATE_MAY_BE_REFUSED):
            return self._ask(card, command, step)

    def _blame(self, rule: str, what: str) -> None:
        self.run.count_checked(rule)
        if self._cause is None or self._cause[0] != SETTLED:
            self._cause = (rule, what)  # of what went wrong, the target's own part explains most

    def _break(self, violation: Violation, card: str) -> NoReturn:
        """Record a violation as one of the delivery, unless it breaks without that as well."""
        if self._cause is None:
            super()._break(violation, card)
        rule, what = self._cause
        if violation.rule != SETTLED:
            plain = Program(tuple(replace(step, delivery=None) for step in self.performed))
            if shown_by(self.run, plain) is not None:
                super()._break(violation, card)
            actual = f"{violation.actual} ({violation.rule}), after {what}"
            violation = Violation(rule, violation.expected, actual)
        requests = self.target.meter.requests
        patience_s = self._patience_s if rule == RULES[Delivery.LATE] else 0.0
        attempt = redeliverer(self.run, self._courier, violation.rule, patience_s)
        finding = Finding(violation, self.program(), tuple(self.events), requests, attempt)
        raise Violated(self.run.record(finding))


def deliver(
    run: Run, courier: Courier, program: Program, *, unread: int = 0, patience_s: float = 0.0
) -> None:
    """Run a program as its deliveries say; the first `unread` steps are not read back."""
    session = DeliverySession(run, courier, patience_s)
    for number, step in enumerate(program.prefix):
        session.perform(step, unread=number < unread)
    session.finish()


def redeliverer(run: Run, courier: Courier, rule: str, patience_s: float = 0.0) -> Attempt:
    """Returns what runs a program with its deliveries, apart from the run.

    It starts from the dialect known now, and returns the violation of `rule` that the program
    shows, if any.
    """
    known = run.isolated_copy()

    def attempt(program: Program) -> Finding | None:
        apart = known.isolated_copy()
        with suppress(Violated):
            deliver(apart, courier, program, patience_s=patience_s)
        return apart.finding_of(rule)

    return attempt
