"""The sequential driver: one step at a time, judged at once, read back at once.

A session turns symbolic steps into commands with ids of its own, sends them, and lets `step` judge
every answer. It keeps every ledger that explains the answers so far (more than one only after an
answer was lost) and stops when none is left. It decides nothing about money itself.
"""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NoReturn

from tallystick.drivers.clock import Clock, Period
from tallystick.ledger.oracle import judge
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    Command,
    DeleteCard,
    Extras,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    Phase,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    View,
    Violation,
    Void,
)
from tallystick.program import MISSING_LABELS, ModelState, Program, Step, Verb
from tallystick.run import Attempt, Event, Finding, Run, Violated
from tallystick.target import Answer, Target, TargetError

KINDS = {Verb.DRAW: Kind.DRAWDOWN, Verb.HOLD: Kind.HOLD, Verb.FUND: Kind.FUND}
NOBODY = "00000000-0000-4000-8000-000000000000"
"""A transaction id that no server gives away; programs name it `missing`."""


class Reading(IntEnum):
    """When a card is read back, though no step asks for it. Each read costs a request."""

    EAGER = 0
    """After every step that may change something."""
    USUAL = 1
    """But not after what makes a card: the answer shows it, and is judged."""
    LAZY = 2
    """Nor after a refusal: what it changed shows when the card is read next."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a label stands for: the command that made it, its card, and the id it was given."""

    command: Command
    card: str
    id: str | None = None


class Session:
    """Runs the steps of one program on fresh cards."""

    def __init__(
        self, run: Run, target: Target | None = None, *, reading: Reading = Reading.USUAL
    ) -> None:
        self.run = run
        self.reading = reading
        self.target = target or run.target
        self.prefix = run.next_program()
        self.beliefs: dict[str, tuple[Ledger, ...]] = {}
        self.made: dict[str, Made] = {}
        self.performed: list[Step] = []
        self.events: list[Event] = []
        self.clock = Clock()
        self.notes: list[str] = []
        """What was done, in words, where it was more than steps (see contracts.support.staging)."""
        self._sound: dict[str, int] = {}
        """How many steps were behind a card, by its label, when it was last read and was right."""
        self._periods: dict[str, Period] = {}
        self.noted: Finding | None = None

    # What strategies look at ----------------------------------------------------------------------

    def ledger(self, card: str) -> Ledger:
        """The likeliest ledger of a card, by its label."""
        return self.beliefs[card][0]

    def model_state(self) -> ModelState:
        """All that was made so far."""
        payments: dict[str, tuple[str, str]] = {}
        tokens: dict[str, str] = {}
        for label, made in self.made.items():
            if isinstance(made.command, Transact | Capture | Void):
                payments[label] = (made.card, made.id or "")
            elif isinstance(made.command, IssueToken) and made.id:
                tokens[label] = made.card
        cards = {label: beliefs[0] for label, beliefs in self.beliefs.items()}
        return ModelState(cards, payments, tokens)

    # Running --------------------------------------------------------------------------------------

    def perform(self, step: Step, *, unread: bool = False) -> Outcome | None:
        """Run a step, judge its answer and read the card back; None if what it names is missing.

        `unread` spares the reading back, for a step on a way that other programs look at closely.
        """
        if not self._can_run(step):
            return None
        command, card = self.resolve(step)
        self.performed.append(step)
        outcome = self._request(step, command, card)
        self.remember(step, command, card, outcome)
        reads = isinstance(command, ReadCard | ReadTransactions)
        if not (reads or unread or self._spares(command, outcome)):
            self._ask(card, self._timed(ReadCard(command.card), card), str(step))
        return outcome

    def _spares(self, command: Command, outcome: Outcome) -> bool:
        """Whether the card is not read back now."""
        if isinstance(command, OpenCard | PrepareCard | ActivateCard):
            return self.reading >= Reading.USUAL
        return isinstance(outcome, Refused) and self.reading >= Reading.LAZY

    def _can_run(self, step: Step) -> bool:
        """Whether all that the step names is there; some verbs may act on `missing`."""
        if step.on in MISSING_LABELS and step.verb in (Verb.CAPTURE, Verb.VOID, Verb.INFO):
            return bool(self.beliefs) and (not step.ref or step.ref in self.made)
        return all(label in self.made for label in step.needs)

    def finish(self) -> None:
        """Read every card and list once more, and report what was noted on the way."""
        for card, ledgers in list(self.beliefs.items()):
            # A step on one card may have changed another.
            if len(self.beliefs) > 1 or self._sound.get(card, 0) < len(self.performed):
                self._ask(card, self._timed(ReadCard(ledgers[0].card), card), "at the end")
            transactions = self._timed(ReadTransactions(ledgers[0].card), card)
            self._ask(card, transactions, "at the end")
        if self.noted is not None:
            raise Violated(self.noted)

    def program(self) -> Program:
        """What was performed so far."""
        return Program(tuple(self.performed))

    def fork(self, target: Target) -> Session:
        """Another client that knows all that this one knows by now, and nothing that it learns."""
        twin = copy(self)
        twin.target = target
        twin.beliefs, twin.made = dict(self.beliefs), dict(self.made)
        twin.performed, twin.events = [], []
        twin._periods, twin._sound = dict(self._periods), {}
        return twin

    def _request(self, step: Step, command: Command, card: str) -> Outcome:
        """Send what a step asks for; other drivers send it in other ways."""
        return self._ask(card, command, str(step))

    def _ask(self, card: str, command: Command, step: str) -> Outcome:
        outcome, exchange = self.target.perform(command)
        self.events.append(Event(step, exchange))
        if isinstance(exchange.answer, Answer):
            self.clock.hear(exchange.answer.date)
        odd = self.run.judge_shape(exchange)
        try:
            # What the ledger says of an answer says more than its shape, so it is recorded first.
            self.judge(card, self._as_answered(command, card), outcome)
            if isinstance(command, ReadCard) and command.view is View.DETAILS:
                self._sound[card] = len(self.performed)
        finally:
            if odd is not None:
                self._note(odd)
        return outcome

    def judge(self, card: str, command: Command, outcome: Outcome) -> None:
        """Hold an observed outcome to every ledger that is still possible; Violated if none is."""
        survivors: list[Ledger] = []
        violation: Violation | None = None
        run = self.run
        for ledger in self.beliefs[card]:
            if ledger.dialect is not run.dialect:
                ledger = ledger.changed(dialect=run.dialect)
            judgement = judge(ledger, command, outcome)
            run.count_checked(*judgement.checked)
            if isinstance(judgement.result, Violation):
                violation = violation or judgement.result
            else:
                survivors += judgement.result
        if not survivors:
            assert violation is not None, "a card has at least one possible ledger"
            self._break(violation, card)
        self.beliefs[card] = tuple(dict.fromkeys(survivors))
        if len(self.beliefs[card]) == 1:
            run.learn(survivors[0].dialect)

    def _break(self, violation: Violation, card: str) -> NoReturn:
        """Record a violation that no ledger survived; other drivers may know its cause better."""
        finding = self._finding(self.run.blame(violation))
        try:
            finding = self._retold(finding, self._sound.get(card, 0))
        finally:  # also if somebody loses patience in between
            recorded = self.run.record(finding)
        raise Violated(recorded)

    def _retold(self, finding: Finding, sound: int) -> Finding:
        """What the program shows when every step is read back, if it breaks earlier then.

        A card that was not read back may have been wrong for some steps, by another rule than the
        one that it breaks in the end; it was right after the first `sound` ones. A program that
        cannot be run again stands as it is.
        """
        steps = len(self.performed)
        if self.reading is Reading.EAGER or steps - sound < 2:
            return finding
        if finding.attempt is None or finding.key in self.run.findings:
            return finding
        with suppress(TargetError):
            shown = shown_by(self.run, finding.program)
            if shown is not None and sound < len(shown.program.steps) < steps:
                return replace(shown, requests_before=finding.requests_before)
        return finding

    def _note(self, violation: Violation) -> None:
        """Record a violation that does not stop the program."""
        finding = self.run.record(self._finding(violation))
        self.noted = self.noted or finding

    def _finding(self, violation: Violation) -> Finding:
        return Finding(
            violation,
            self.program(),
            tuple(self.events),
            self.target.meter.requests,
            # Of a program that is not the whole story a replay would prove nothing.
            attempt=None if self.notes else replayer(self.run, violation.rule),
            notes=tuple(self.notes),
        )

    # From steps to commands -----------------------------------------------------------------------

    def resolve(self, step: Step) -> tuple[Command, str]:
        """The command that a step means now, and the label of the card it concerns."""
        if step.verb in (Verb.CARD, Verb.BATCH):
            return self._timed(self._resolve_new_card(step), step.name), step.name
        if step.verb is Verb.AGAIN:
            made = self.made[step.on]
            return self._timed(made.command, made.card), made.card
        card = self.made[step.on].card if step.on in self.made else next(iter(self.beliefs))
        ledger = self.ledger(card)
        return self._timed(self._resolve_on(step, card, ledger), card), card

    def _resolve_new_card(self, step: Step) -> Command:
        members = dict(step.extras)
        card_id = f"{self.prefix}-{members.pop('id_tail', step.name)}"
        # A label twice is the same card: created once more, or by several clients at once.
        self.beliefs.setdefault(step.name, (Ledger(self.run.dialect, card_id),))
        if step.verb is Verb.BATCH:
            return PrepareCard(card_id)
        amount = step.amount.offset if step.amount is not None else 0
        extras = self._in_time(step.name, members)
        return OpenCard(card_id, max(0, amount), step.currency or "NOK", extras)

    def _in_time(self, card: str, members: dict[str, str]) -> Extras:
        """Turn `now+60` into a date-time by the target's own clock, and remember the period.

        `now+60@+05:00` is the same moment, written at that offset from UTC.
        """
        period = self._periods.get(card, Period())
        for name in ("active_from", "expires_at"):
            if members.get(name, "").startswith("now"):
                seconds, _, offset = members[name].removeprefix("now").partition("@")
                moment = self.clock.now() + float(seconds)
                period = replace(period, **{name: float(int(moment))})
                members[name] = self.clock.text(moment, offset or "Z")
        self._periods[card] = period
        return tuple(sorted(members.items()))

    def _resolve_on(self, step: Step, card: str, ledger: Ledger) -> Command:
        made = self.made.get(step.on)
        named = made.id if made is not None and made.id is not None else NOBODY
        amount = None if step.amount is None else step.amount.resolve(ledger, named)
        currency = step.currency or ledger.currency or "NOK"
        ref = self._ref(step)
        extras = tuple(pair for pair in step.extras if pair[0] not in ("ref_tail", "ref_digits"))
        match step.verb:
            case Verb.ACTIVATE:
                extras = self._in_time(card, dict(extras))
                return ActivateCard(ledger.card, amount or 0, currency, extras)
            case Verb.DELETE:
                return DeleteCard(ledger.card)
            case Verb.TOKEN:
                return IssueToken(ledger.card, ref, ("one_time", "true") in extras)
            case Verb.CAPTURE:
                return Capture(ledger.card, named, amount, ref, extras=extras)
            case Verb.VOID:
                return Void(ledger.card, named, ref, extras=extras)
            case Verb.READ:
                return ReadCard(ledger.card)
            case Verb.LIST:
                return ReadTransactions(ledger.card)
            case Verb.INFO:
                return ReadCard(ledger.card, View.INFO, named)
            case Verb.CUSTOMER:
                opened = dict(ledger.opened_by.extras) if ledger.opened_by is not None else {}
                # A card without a customer is nobody's: whoever asks is to be refused.
                return ReadCard(ledger.card, View.CUSTOMER, opened.get("customer_id", "nobody"))
        by_token = made is not None and isinstance(made.command, IssueToken)
        token = named if by_token else None
        kind = KINDS[step.verb]
        return Transact(kind, ledger.card, amount or 0, currency, ref, token, extras=extras)

    def _ref(self, step: Step) -> str:
        if step.ref:
            first = self.made[step.ref].command
            return str(getattr(first, "ref", ""))
        members = dict(step.extras)
        if "ref_digits" in members:
            return f"{members['ref_digits']}{int.from_bytes(self.prefix.encode())}"
        return f"{self.prefix}.{members.get('ref_tail', step.name)}"

    def _timed(self, command: Command, card: str) -> Command:
        period = self._periods.get(card)
        if period is None or isinstance(command, PrepareCard):
            return command
        phase = self.clock.phase(period)
        return command if phase is command.phase else replace(command, phase=phase)

    def _as_answered(self, command: Command, card: str) -> Command:
        """The command as it is judged: if its answer came in another phase, nobody can tell."""
        timed = self._timed(command, card)
        if isinstance(command, PrepareCard) or timed is command:
            return command
        return replace(command, phase=Phase.EDGE)

    def remember(self, step: Step, command: Command, card: str, outcome: Outcome) -> None:
        """Let the step's label name what it made."""
        made_id = None
        if isinstance(outcome, Accepted):
            record = outcome.record
            if isinstance(record, TransactionRecord):
                made_id = record.id
            elif isinstance(record, TokenRecord):
                made_id = record.value
        if step.name:
            self.made[step.name] = Made(command, card, made_id)


def shown_by(run: Run, program: Program) -> Finding | None:
    """The first violation when the program runs apart from the run and every step is read back."""
    return next(iter(_run_apart(run, program).findings.values()), None)


def _run_apart(run: Run, program: Program) -> Run:
    apart = run.isolated_copy()
    with suppress(Violated):
        run_program(apart, program, reading=Reading.EAGER)
    return apart


def replayer(run: Run, rule: str) -> Attempt:
    """Returns what runs a program with the dialect known now, apart from the run.

    It reads every step back, and returns the violation of `rule` that the program shows, if any.
    """
    apart = run.isolated_copy()

    def attempt(program: Program) -> Finding | None:
        return _run_apart(apart, program).finding_of(rule)

    return attempt


def run_program(
    run: Run, program: Program, *, unread: int = 0, reading: Reading = Reading.USUAL
) -> Session:
    """Run a sequential program on fresh cards; Violated if the target breaks a rule.

    The first `unread` steps are not read back.
    """
    session = Session(run, reading=reading)
    for number, step in enumerate(program.prefix):
        session.perform(step, unread=number < unread)
    session.finish()
    return session
