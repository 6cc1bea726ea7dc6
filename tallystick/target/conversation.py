"""The requests of one command: those that prepare it, the one with the effect, and the reads that
complete its answer.

A profile says which they are; this module sends nothing itself, and reads no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tallystick.ledger.vocabulary import Command, Outcome, Refused, Unknown
from tallystick.request import Request
from tallystick.target.answers import Answer, Exchange, NoAnswer
from tallystick.target.api import Api, FollowUp, Preparation, Variables
from tallystick.target.outages import said_of

Send = Callable[[Request], Exchange]


@dataclass(frozen=True, slots=True)
class Conversation:
    """How one account asks for commands."""

    profile: Api
    account: str
    sleep: Callable[[float], None]
    """Waits for so many seconds."""

    def about(self, command: Command, beside: Send, send: Send) -> tuple[Outcome, Exchange]:
        """Ask for a command; return what came of it, and the exchange with the effect.

        `send` sends the request with the effect, `beside` all others. The exchange lasts until the
        last read: what was queued may take effect until then.
        """
        known: dict[str, str] = {}
        while (step := self.profile.prepare(command, self.account, known)) is not None:
            exchange = beside(step.request)
            given = _given(step, exchange.answer)
            if isinstance(given, Refused):
                return given, exchange
            if given is None:
                return _unprepared(exchange.answer), exchange
            known.update(given)
        exchange = send(self.profile.encode(command, self.account, known))
        answer, exchange = self._completed(command, exchange, beside)
        return self.profile.outcome(command, answer), exchange

    def _completed(
        self, command: Command, exchange: Exchange, beside: Send
    ) -> tuple[Answer | NoAnswer, Exchange]:
        answer = exchange.answer
        if isinstance(answer, NoAnswer):
            return answer, exchange
        step = self.profile.complete(command, self.account, answer)
        while isinstance(step, FollowUp):
            if step.pause_s:
                self.sleep(step.pause_s)
            last = beside(step.request)
            exchange = replace(exchange, returned_ns=last.returned_ns)
            step = step.read(last.answer)
        return step, exchange


def _given(step: Preparation, answer: Answer | NoAnswer) -> Variables | Refused | None:
    """What the answer to a preparation gives; see `Preparation.read`."""
    is_accepted = isinstance(answer, Answer) and 200 <= answer.status < 300
    return step.read(answer) if is_accepted and isinstance(answer, Answer) else None


def _unprepared(answer: Answer | NoAnswer) -> Outcome:
    """The outcome of a command whose request was not sent, since a preparation failed."""
    if isinstance(answer, Answer) and 400 <= answer.status < 500:
        return Refused(answer.status)
    return Unknown(f"a preparation failed: {said_of(answer)}")
