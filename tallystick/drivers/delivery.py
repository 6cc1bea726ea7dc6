"""The delivery driver: requests and answers that a network loses, repeats or delays.

A transport breaks the delivery of single requests as their steps say (`!lost`, `!twice`, ...), and
the session does what a careful client does: it sends the same ref_id and body again until it knows
the outcome. The oracle judges every answer, those to copies too. A lost answer leaves two ledgers
possible, and all later answers have to agree with one of them: so a second effect is found.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from tallystick.drivers.concurrent.independence import DUPLICATE_MAY_BE_REFUSED
from tallystick.drivers.faulty_transport import Copy, FaultyTransport
from tallystick.drivers.sequential import Session, shown_by
from tallystick.evidence import Event
from tallystick.ledger.dialect import REFUSE
from tallystick.ledger.vocabulary import (
    CardLabel,
    Command,
    Outcome,
    Refused,
    Unknown,
    Violation,
)
from tallystick.program import READS, Delivery, Program, Step
from tallystick.run import Attempt, Finding, Run, Violated
from tallystick.target import Answer, NoAnswer

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
BACK_OFF_S = 0.05
"""How long a client waits at most after it hung up: the server may still be at work on it."""
BACK_OFF_ANSWERS = 10
"""It waits no longer than so many times the slowest answer of its program took."""


class LossyConnection:
    """A target, and the faulty transport by which it is reached."""

    def __init__(self, run: Run) -> None:
        self.transport = FaultyTransport(run.target.connections, run.profile.fetches_credentials)
        self.target = run.target.another(transport=self.transport)

    def close(self) -> None:
        """Close the connection."""
        self.target.close()


@contextmanager
def lossy_connection(run: Run) -> Iterator[LossyConnection]:
    """A connection that is closed at the end of the block."""
    connection = LossyConnection(run)
    try:
        yield connection
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class _LateCopy:
    """A request that arrived, and of which a copy is still on its way."""

    step: Step
    command: Command
    card: CardLabel
    request: Copy | None


@dataclass(frozen=True, slots=True)
class _Cause:
    """A delivery that was broken: the rule that is about it, and what was broken, in words."""

    rule: str
    what: str


class DeliverySession:
    """Runs the steps of a program as their deliveries say, and retries what it does not know."""

    def __init__(self, run: Run, connection: LossyConnection, late_s: float = 0.0) -> None:
        """`late_s`: how long late copies are on their way at least."""
        self.session = Session(run, connection.target, send=self._send, explain=self._explain)
        self.run = run
        self._connection = connection
        self._late_s = late_s
        connection.transport.reset()
        self._late: list[_LateCopy] = []
        self._cause: _Cause | None = None

    def perform(self, step: Step, *, unread: bool = False) -> Outcome | None:
        """Run a step as `Session.perform` does, with the delivery that it says."""
        return self.session.perform(step, unread=unread)

    def finish(self) -> None:
        """Deliver the late copies, then read everything. Raises Violated."""
        late, self._late = self._late, []
        if late and self._late_s:
            returned_ns = self.session.story.last_exchange.returned_ns
            time.sleep(max(0.0, self._late_s - (time.monotonic_ns() - returned_ns) / 1e9))
        for copy in late:
            self._note_cause(RULES[Delivery.LATE], f"a late copy of `{copy.step}`")
            self._connection.transport.deliver(copy.request)
            text = f"{copy.step}: the late copy"
            outcome = self._ask_for_a_copy(copy.card, copy.command, text)
            self.session.read_back(copy.card, copy.command, outcome, text)
        self.session.finish()

    # Sending --------------------------------------------------------------------------------------

    def _send(self, step: Step, command: Command, card: CardLabel) -> Outcome:
        transport, delivery = self._connection.transport, step.delivery
        if delivery is not None:
            transport.treat(delivery)
            if delivery is not Delivery.LATE:  # its copy has done nothing yet
                self._note_cause(RULES[delivery], f"`{step}`")
        with transport.reset_if_it_ends_early():
            outcome = self.session.ask(card, command, str(step))
        self._note_the_targets_part(step)
        if delivery is Delivery.LATE:
            self._late.append(_LateCopy(step, command, card, transport.take_copy()))
        elif delivery is Delivery.TWICE:
            second = self._ask_for_a_copy(card, command, f"{step}: the second copy")
            outcome = second if isinstance(outcome, Unknown) else outcome
        if isinstance(outcome, Unknown) and step.verb not in READS:
            return self._retry(step, command, card)
        return outcome

    def _ask_for_a_copy(self, card: CardLabel, command: Command, text: str) -> Outcome:
        """Judge the answer to a copy, which is the same to the byte as what was sent first.

        If it is signed, its time and its nonce are the same too, and a server may refuse it for it.
        """
        if not self.run.target.authentication.covers:
            return self.session.ask(card, command, text)
        return self.session.ask(card, command, text, _but_no_refusal)

    def _retry(self, step: Step, command: Command, card: CardLabel) -> Outcome:
        """Send the same request again, as a careful client does, until its outcome is known."""
        outcome: Outcome = Unknown("not retried")
        for _ in range(RETRIES):
            outcome = self._retry_once(step, command, card)
            if not isinstance(outcome, Unknown):
                return outcome
            self._note_the_targets_part(step)
        if isinstance(self.session.story.last_exchange.answer, Answer):
            shown = f"{RETRIES} retries of `{step}` fail"
            self.session.violate(Violation(SETTLED, "a retry that settles it", shown), card)
        return outcome

    def _retry_once(self, step: Step, command: Command, card: CardLabel) -> Outcome:
        text = f"{step}: retried"
        if step.delivery is not Delivery.TIMEOUT:
            return self.session.ask(card, command, text)
        time.sleep(back_off_s(self.session.story.events))
        # The first request may still be at work: which of the two is refused then is open.
        with self.run.permitting(REFUSE, DUPLICATE_MAY_BE_REFUSED):
            return self.session.ask(card, command, text)

    # Blaming --------------------------------------------------------------------------------------

    def _note_the_targets_part(self, step: Step) -> None:
        """Remember a 5xx, and an answer that was lost although its delivery was not broken."""
        exchange = self.session.story.last_exchange
        if isinstance(exchange.answer, Answer) and exchange.answer.status >= 500:
            self._note_cause(SETTLED, f"`{step}`, answered {exchange.answer.status}")
        elif exchange.busy:
            self._note_cause(SETTLED, f"`{step}`, answered first that the target is busy")
        elif isinstance(exchange.answer, NoAnswer) and step.delivery is None:
            self._note_cause(RULES[Delivery.LOST], f"`{step}`, left without an answer")

    def _note_cause(self, rule: str, what: str) -> None:
        self.run.count_checked(rule)
        # Of all that went wrong, what the target did itself explains most: it is kept.
        if self._cause is None or self._cause.rule != SETTLED:
            self._cause = _Cause(rule, what)

    def _explain(self, violation: Violation, card: CardLabel | None) -> Finding:
        """Blame the latest broken delivery, unless the program breaks without it as well."""
        if card is None or self._cause is None:
            return self.session.explain(violation, card)
        if violation.rule != SETTLED:
            steps = self.session.story.steps
            plain = Program(tuple(replace(step, delivery=None) for step in steps))
            if shown_by(self.run, plain) is not None:
                return self.session.explain(violation, card)
            actual = f"{violation.actual} ({violation.rule}), after {self._cause.what}"
            violation = Violation(self._cause.rule, violation.expected, actual)
        late_s = self._late_s if self._cause.rule == RULES[Delivery.LATE] else 0.0
        attempt = redeliverer(self.run, self._connection, violation.rule, late_s)
        requests = self.session.target.meter.requests
        return self.session.story.finding(violation, requests, attempt)


def back_off_s(events: Iterable[Event]) -> float:
    """How long to wait for a request that the client did not wait for, given those before it."""
    took_ns = [
        event.exchange.returned_ns - event.exchange.called_ns
        for event in events
        if isinstance(event.exchange.answer, Answer)
    ]
    return min(BACK_OFF_S, BACK_OFF_ANSWERS * max(took_ns) / 1e9) if took_ns else BACK_OFF_S


def _but_no_refusal(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Refused):
        return Unknown(f"refused with {outcome.status}, perhaps for its signature")
    return outcome


def deliver(
    run: Run, connection: LossyConnection, program: Program, *, unread: int = 0, late_s: float = 0.0
) -> Session:
    """Run a program as its deliveries say; the first `unread` steps are not read back.

    Late copies arrive `late_s` seconds after the last step at the earliest. Returns the session.
    Raises Violated.
    """
    session = DeliverySession(run, connection, late_s)
    for number, step in enumerate(program.prefix):
        session.perform(step, unread=number < unread)
    session.finish()
    return session.session


def redeliverer(run: Run, connection: LossyConnection, rule: str, late_s: float = 0.0) -> Attempt:
    """Returns what runs a program with its deliveries, apart from the run.

    It starts from the dialect known now, and returns the violation of `rule` that the program
    shows, if any.
    """
    known = run.isolated_copy()

    def attempt(program: Program) -> Finding | None:
        apart = known.isolated_copy()
        with suppress(Violated):
            deliver(apart, connection, program, late_s=late_s)
        return apart.finding_of(rule)

    return attempt
