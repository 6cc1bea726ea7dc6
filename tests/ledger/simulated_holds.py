"""A tiny API of holds alone, written without the oracle: no card, no balance, no list.

Every open question is a switch (`answers`), and so is each trait. Faults override small methods.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    Command,
    HoldRecord,
    Money,
    Outcome,
    ReadHold,
    Refund,
    Refused,
    Transact,
    Void,
)

HOLDS = Traits(
    ("USD", "EUR"),
    account=False,
    own_records=False,
    reads_hold=True,
    lists=False,
    verbs=frozenset(("card", "hold", "capture", "void", "again", "read")),
)
"""What the API is able to do, if a test does not say otherwise."""


WHAT_IS_SAID: dict[str | None, str] = {"true": "released", "false": "kept"}
"""What a capture does to the rest, by what it says of it."""


class Refusal(Exception):
    """The request is refused."""


@dataclass
class Hold:
    """A hold on record."""

    id: str
    amount: Money
    currency: str
    extras: tuple = ()
    captured: Money = 0
    released: Money = 0
    rest_of_capture: Money = 0
    """What a capture released; part of `released`."""
    is_over: bool = False
    is_voided: bool = False
    is_refunded: bool = False
    given_back: Money = 0

    @property
    def rest(self) -> Money:
        return 0 if self.is_over else self.amount - self.captured - self.released


@dataclass
class Past:
    """A request that was done, and its first answer."""

    command: Command
    hold: Hold
    first: HoldRecord


@dataclass
class HoldServer:
    """An honest server."""

    answers: dict[str, str]
    traits: Traits = HOLDS
    stale: bool = False
    """Whether a repetition is answered with the first answer, not with the hold as it is now."""
    rest: str = ""
    """What the capture that is being done does to the rest of its hold."""
    holds: dict[str, Hold] = field(default_factory=dict)
    done: dict[str, list[Past]] = field(default_factory=dict)

    def perform(self, command: Command) -> Outcome:
        """Do it or refuse it."""
        try:
            return Accepted(self.do(command))
        except Refusal:
            return Refused(400)

    def do(self, command: Command) -> HoldRecord:
        if isinstance(command, ReadHold):
            return self.show(self.find(command.parent))
        past = self.repeated(command)
        if past is not None:
            return past.first if self.stale else self.show(past.hold)
        return self.first(command)

    def first(self, command) -> HoldRecord:
        """Do what was not done before."""
        match command:
            case Transact():
                hold = self.make(command)
            case Capture():
                hold = self.find(command.parent)
                said = dict(command.extras).get("final")
                self.rest = WHAT_IS_SAID.get(said, self.answers["capture.rest"])
                self.capture(hold, command.amount)
            case Void():
                hold = self.find(command.parent)
                self.void(hold, command.amount)
            case Refund():
                hold = self.find(command.parent)
                self.give_back(hold, command.amount)
        shown = self.show(hold)
        self.done.setdefault(command.ref, []).append(Past(command, hold, shown))
        return shown

    def need(self, condition: bool) -> None:
        """Refuse unless it holds."""
        if not condition:
            raise Refusal

    def agrees(self, question: str) -> None:
        """Refuse if that is this server's answer to an open question."""
        self.need(self.answers[question] == "accept")

    def find(self, key: str) -> Hold:
        self.need(key in self.holds)
        return self.holds[key]

    def repeated(self, command) -> Past | None:
        """What was done before, if this server takes the request for a repetition of it."""
        if not self.traits.retries:
            return None
        found = None
        for past in self.done.get(command.ref, ()):
            answer = self.answers[question_of(command, past.command)]
            self.need(answer != "refuse")
            found = found or (past if answer == "replay" else None)
        return found

    def make(self, command: Transact) -> Hold:
        if command.amount == 0:
            self.agrees("zero.hold")
        self.usable(command.amount)
        hold = Hold(f"h{len(self.holds)}", command.amount, command.currency, command.extras)
        self.holds[hold.id] = hold
        return hold

    def usable(self, amount: Money | None) -> None:
        if amount:
            self.need(amount >= self.traits.least and amount == int(amount))

    def capture(self, hold: Hold, amount: Money | None) -> None:
        self.need(not hold.is_over)
        if amount is None:
            question = "capture.default_after_part" if hold.captured else "capture.default"
            self.agrees(question)
            amount = hold.rest
        if amount == 0:
            self.agrees("zero.capture")
            self.need(hold.rest > 0)
            return
        self.need(amount <= hold.rest)
        self.usable(amount)
        hold.captured += amount
        if self.rest == "released" and hold.rest:
            hold.rest_of_capture = hold.rest
            hold.released += hold.rest
        hold.is_over = not hold.amount - hold.captured - hold.released

    def void(self, hold: Hold, amount: Money | None) -> None:
        if hold.is_over:
            again = hold.is_refunded and self.traits.part_of_void
            self.need(hold.captured > hold.given_back and (again or not hold.is_voided))
            self.refund(hold)
            return
        if hold.captured:
            self.agrees("void.after_part")
        part = hold.rest if amount is None else amount
        self.need(0 < part <= hold.rest)
        self.usable(amount)
        hold.released += part
        hold.is_voided = hold.is_over = hold.captured + hold.released == hold.amount

    def refund(self, hold: Hold) -> None:
        self.agrees("void.captured")
        hold.is_refunded = hold.is_voided = True

    def give_back(self, hold: Hold, amount: Money | None) -> None:
        if not hold.captured and not hold.is_over:
            self.agrees("refund.uncaptured")
            self.need(amount is None or amount > 0)
            self.void(hold, amount)
            return
        left = 0 if hold.is_refunded else hold.captured - hold.given_back
        part = left if amount is None else amount
        self.need(0 < part <= left)
        self.usable(amount)
        hold.given_back += part

    def show(self, hold: Hold) -> HoldRecord:
        without = self.answers["figure.released"] == "without_rest"
        return HoldRecord(
            hold.id,
            hold.currency,
            hold.amount,
            0 if hold.is_refunded else hold.captured,
            hold.rest,
            hold.released - (hold.rest_of_capture if without else 0),
            not hold.is_over,
            hold.extras,
            None if hold.is_refunded else hold.given_back,
        )


def question_of(command, past) -> str:
    """The question that a used ref_id puts."""
    if replace(command, ref="") == replace(past, ref=""):
        return f"ref.same.{command.kind}"
    if command.kind is not past.kind:
        return f"ref.across.{'-'.join(sorted((command.kind, past.kind)))}"
    if not isinstance(command, Transact) and command.parent != past.parent:
        return f"ref.other_hold.{command.kind}"
    return f"ref.other_body.{command.kind}"
