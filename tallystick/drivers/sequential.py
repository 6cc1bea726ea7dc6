"""The sequential driver: one step at a time; each is judged and read back at once.

A session resolves a step into a command (`resolver`), sends it, judges the answer by every ledger
that is still possible (`possible_ledgers`), and remembers what happened (`story`). It stops when no
ledger is left. It decides nothing about money itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import IntEnum
from typing import NoReturn

from tallystick.driven import Judged
from tallystick.drivers.mending import mended
from tallystick.drivers.possible_ledgers import PossibleLedgers
from tallystick.drivers.reading_back import hold_of, known_holds, lists_of, reads_after
from tallystick.drivers.resolver import Resolver
from tallystick.drivers.story import Story
from tallystick.fingerprint import kind_of
from tallystick.ledger.effects import book_opening
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    CardLabel,
    CardRecord,
    Command,
    OpenCard,
    Outcome,
    PrepareCard,
    Read,
    ReadCard,
    ReadHold,
    Refused,
    Unknown,
    View,
    Violation,
)
from tallystick.program import MAKERS, Program, Step
from tallystick.run import Attempt, Finding, Run, Violated
from tallystick.target import Answer, NotSupported, Target, TargetError
from tallystick.target.api import Unnamed

AT_THE_END = "at the end"


class Reading(IntEnum):
    """When a card is read back, though no step asks for it. Each read costs a request."""

    EAGER = 0
    """After every step that may change something."""
    USUAL = 1
    """As EAGER, but not after a step that makes a card: its answer shows the card already."""
    LAZY = 2
    """As USUAL, but not after a refusal: what it changed shows when the card is read next."""


Send = Callable[[Step, Command, CardLabel], Outcome]
"""Sends what a step asks for, and returns the outcome, judged."""
Proves = Callable[[Outcome], Outcome]
"""What of an outcome counts; a refusal may be for what no ledger knows of."""
Explain = Callable[[Violation, CardLabel | None], Finding]
"""Makes a finding of a violation of the card's ledger; without a card, of the document's shape."""


def _all(outcome: Outcome) -> Outcome:
    return outcome


class Session:
    """Runs the steps of one program on fresh cards."""

    def __init__(
        self,
        run: Run,
        target: Target | None = None,
        *,
        reading: Reading = Reading.USUAL,
        resolver: Resolver | None = None,
        send: Send | None = None,
        explain: Explain | None = None,
    ) -> None:
        """`resolver` brings cards that are there already.

        Other drivers send in their own way (`send`), or know the cause of a violation better
        (`explain`).
        """
        self.run = run
        self.target = target or run.target
        self.reading = reading
        self.resolver = resolver or Resolver(PossibleLedgers(run), run.next_program(), run.clock)
        self.ledgers = self.resolver.ledgers
        self.story = Story()
        self.noted: Finding | None = None
        """The first violation that did not end the program."""
        self._send = send or self._send_once
        self._explain = explain or self.explain

    def ledger(self, card: str) -> Ledger:
        """The likeliest ledger of a card, by its label.

        KeyError if there is none, NotSupported if the target has no operation that makes it.
        """
        if card in self.resolver.lost:
            self.target.support.require(self.resolver.lost[card])
        return self.ledgers.likeliest(CardLabel(card))

    # Running --------------------------------------------------------------------------------------

    def perform(self, step: Step, *, unread: bool = False) -> Outcome | None:
        """Run a step, judge its answer and read the card back.

        Returns the outcome, or None if what the step names is missing. `unread` saves the read, for
        steps that other programs check closely. Raises Violated if the answer or the card breaks a
        rule.
        """
        if self.leaves_out(step) or not self.resolver.can_resolve(step):
            return None
        command, card = self.resolver.resolve(step)
        self.story.add_step(step)
        try:
            outcome = self._performed(step, command, card)
        except NotSupported as missing:  # it is known since this very answer
            self._take_back(step, card, missing.operation)
            return None
        except Unnamed:  # the target made its id, and no answer has shown it
            self.story.steps.pop()
            return None
        if step.name:
            self.resolver.bind(step.name, command, card, outcome)
        reads = isinstance(command, Read)
        unread = unread and not isinstance(outcome, Unknown)  # what is open is best settled at once
        if not (reads or unread or self._spares(command, outcome)):
            self.read_back(card, command, outcome, str(step))
        return outcome

    def _performed(self, step: Step, command: Command, card: CardLabel) -> Outcome:
        if isinstance(command, OpenCard) and not self.ledgers.traits.account:
            # A name for some holds: nothing is sent, so nothing is checked.
            opened = book_opening(self.ledgers.likeliest(card), command)
            self.ledgers.replace(card, (opened,))
            return Accepted(CardRecord(command.card))
        return self._send(step, command, card)

    def read_back(self, card: CardLabel, command: Command, outcome: Outcome, step: str) -> None:
        """Read what a command has changed, if it changed anything. Raises Violated."""
        every = self.reading is Reading.EAGER
        about = hold_of(command, outcome)
        for read in reads_after(self.ledgers.likeliest(card), about, every=every):
            with suppress(Unnamed):
                self.ask(card, self.resolver.timed(read, card), step)

    def leaves_out(self, step: Step) -> bool:
        """Whether the target lacks what the step asks for, or what had to be made before it."""
        operation = self.target.support.lacking(step.verb) or self.resolver.lost_by(step)
        if operation is None:
            return False
        self.run.left_out.note(operation)
        self.resolver.lose(step.name, operation)
        return True

    def _take_back(self, step: Step, card: CardLabel, operation: str) -> None:
        """Forget a step that asked for an operation that is missing: nothing has happened."""
        self.story.steps.pop()
        self.run.left_out.note(operation)
        self.resolver.lose(step.name, operation)
        if step.verb in MAKERS:
            self.resolver.forget(card)

    def _spares(self, command: Command, outcome: Outcome) -> bool:
        """Whether this session leaves out the read after the command."""
        if isinstance(command, OpenCard | PrepareCard | ActivateCard):
            return self.reading >= Reading.USUAL
        return isinstance(outcome, Refused) and self.reading >= Reading.LAZY

    def finish(self) -> None:
        """Read every card and its list once more; Violated, also for a noted one outside tests."""
        self.run.driven.keep(self.story.program)
        for card in list(self.ledgers):
            ledger = self.ledgers.likeliest(card)
            for read in reads_after(ledger, None, every=True):
                # With several cards, a step on one may have changed another.
                if len(self.ledgers) > 1 or self._is_unverified(read, card):
                    self._ask_at_the_end(card, read)
            for read in lists_of(self.ledgers.likeliest(card)):
                with self.run.left_out.noting():
                    self._ask_at_the_end(card, read)
        if self.noted is not None and not self.run.current_test:
            raise Violated(self.noted)  # a test fails by it at its end (see `pytest_plugin`)

    def _is_unverified(self, read: Read, card: CardLabel) -> bool:
        """Whether a step was performed since the last time that this was read."""
        key = read.parent if isinstance(read, ReadHold) else card
        return self.story.verified_at(key) < len(self.story.steps)

    def _ask_at_the_end(self, card: CardLabel, read: Read) -> None:
        with suppress(Unnamed):
            self.ask(card, self.resolver.timed(read, card), AT_THE_END)

    def _send_once(self, step: Step, command: Command, card: CardLabel) -> Outcome:
        return self.ask(card, command, str(step))

    def ask(self, card: CardLabel, command: Command, step: str, proves: Proves = _all) -> Outcome:
        """Send a command and judge its answer; `step` says in words what it belongs to, and
        `proves` what an outcome proves here.

        Raises Violated if the ledger forbids the answer; one that only does not fit the document is
        noted, and raised by `finish`.
        """
        outcome, exchange = self.target.perform(command)
        outcome = proves(outcome)
        if isinstance(exchange.answer, Answer):
            took_s = (exchange.returned_ns - exchange.called_ns) / 1e9
            self.run.clock.hear(exchange.answer, took_s)
        answered = self.resolver.as_answered(command, card)
        judged = Judged(self.ledgers.up_to_date(card), answered, outcome)
        self.story.add_exchange(step, exchange, judged)
        shape_violation = self.run.judge_shape(exchange)
        try:
            # What the ledger says of an answer says more than its shape, so it is recorded first.
            self.judge(card, answered, outcome)
            if isinstance(command, ReadCard) and command.view is View.DETAILS:
                self.story.verify(card)
            elif isinstance(command, ReadHold):
                self.story.verify(command.parent)
        finally:
            if shape_violation is not None:
                self.noted = self.run.note(self._explain(shape_violation, None), self.noted)
        return outcome

    # Judging --------------------------------------------------------------------------------------

    def judge(self, card: str, command: Command, outcome: Outcome) -> None:
        """Judge an outcome by every possible ledger; Violated, or noted if the ledger is known."""
        label = CardLabel(card)
        violation = self.ledgers.judge(label, command, outcome)
        while violation is not None:
            better = mended(self.ledgers.likeliest(label), command, outcome, violation)
            if better is None:
                self.violate(violation, label)
            self.noted = self.run.note(self._explain(violation, label), self.noted)
            outcome = better
            violation = self.ledgers.judge(label, command, outcome)

    def violate(self, violation: Violation, card: CardLabel) -> NoReturn:
        """Record a violation of a card's ledger and raise Violated."""
        raise Violated(self.run.record(self._explain(violation, card)))

    def explain(self, violation: Violation, card: CardLabel | None) -> Finding:
        """The violation with the program that led to it, or with a shorter one that blames better.

        A card that was not read back may have been wrong for some steps, by another rule than the
        one that it breaks in the end. Then the earlier violation is returned.
        """
        violation = self.run.blame(violation)
        self.run.driven.keep(self.story.program)
        attempt = replayer(self.run, violation.rule, kind_of(violation.actual))
        finding = self.story.finding(violation, self.target.meter.requests, attempt)
        if card is None:
            return finding
        try:
            return self._earlier(finding, self._verified_at(card)) or finding
        except BaseException:  # an interrupt too: what was seen must not get lost by it
            self.run.record(finding)
            raise

    def _verified_at(self, card: CardLabel) -> int:
        """How many steps had been performed when all of a card was known to be correct."""
        ledger = self.ledgers.likeliest(card)
        keys = [card] if ledger.traits.account else list(known_holds(ledger))
        return min(map(self.story.verified_at, keys), default=0)

    def _earlier(self, finding: Finding, verified_at: int) -> Finding | None:
        """Run the program again, reading after every step.

        Returns the violation if one shows before the last step, and after `verified_at` steps: up
        to there the card was right.
        """
        steps = len(self.story.steps)
        if self.reading is Reading.EAGER or steps - verified_at < 2:
            return None
        if finding.attempt is None or self.run.met_by(finding) is not None:
            return None
        with suppress(TargetError):
            shown = shown_by(self.run, finding.program)
            if shown is not None and verified_at < len(shown.program.steps) < steps:
                return replace(shown, requests_before=finding.requests_before)
        return None


# Programs -----------------------------------------------------------------------------------------


def run_program(
    run: Run, program: Program, *, unread: int = 0, reading: Reading = Reading.USUAL
) -> Session:
    """Run a sequential program on fresh cards; the first `unread` steps are not read back.

    Returns the session. Raises Violated if the target breaks a rule.
    """
    session = Session(run, reading=reading)
    for number, step in enumerate(program.prefix):
        session.perform(step, unread=number < unread)
    session.finish()
    return session


def shown_by(run: Run, program: Program) -> Finding | None:
    """Run a program apart from the run, reading after every step; its first violation, or None."""
    return next(iter(_run_apart(run, program).findings.values()), None)


def shown_one_by_one(run: Run, program: Program) -> tuple[tuple[str, str], ...]:
    """What a program breaks if its steps are run one after another, with every answer.

    Returns rules, each with the kind of the violation (see `fingerprint`).
    """
    steps = tuple(replace(step, delivery=None) for step in program.steps)
    found = _run_apart(run, Program(steps)).findings.values()
    return tuple((finding.violation.rule, finding.cause.kind) for finding in found)


def replayer(run: Run, rule: str, kind: str = "") -> Attempt:
    """Returns what runs a program with the dialect known now, apart from the run.

    It reads every step back, and returns the violation of `rule` that the program shows, if any,
    and of several one of this kind.
    """
    known = run.isolated_copy()

    def attempt(program: Program) -> Finding | None:
        return _run_apart(known, program).finding_of(rule, kind)

    return attempt


def _run_apart(run: Run, program: Program) -> Run:
    apart = run.isolated_copy()
    with suppress(Violated):
        run_program(apart, program, reading=Reading.EAGER)
    return apart
