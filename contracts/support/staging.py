"""A stage: cards that steps have set up, and single requests around them that no step spells.

The session keeps the ledgers and the direct driver sends the requests; a stage joins the two into
one story, so that a report shows all of it. It knows no chapter: what an answer means is for the
contract to say, what a card has to show is for the oracle.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from contracts.support.clients import base_of
from tallystick.driven import Judged
from tallystick.drivers.direct import Direct, requiring_answers
from tallystick.drivers.resolver import CUSTOMER_TAIL, Resolver
from tallystick.drivers.sequential import Session
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    CardLabel,
    Command,
    EntryId,
    OpenCard,
    Outcome,
    Payment,
    PrepareCard,
    ReadCard,
    RefId,
)
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.wire import card_record
from tallystick.program import Step, Verb, parse_step
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import NOT_JSON, Answer, Target


def _everything(which: str, year: int) -> dict[str, object]:
    return {
        "name": which,
        "metadata": {"order": which},
        CUSTOMER_TAIL: f"customer-{which}",
        "originated_by": which,
        "expires_at": f"{year}-01-01T00:00:00Z",
    }


FIRST, SECOND = _everything("First", 2090), _everything("Second", 2091)
"""All that a card may carry, and the same in other words."""


class Stage:
    """A session and a direct driver that tell one story."""

    def __init__(self, run: Run, *lines: str, resolver: Resolver | None = None) -> None:
        """Run the steps first; `resolver` brings the cards that they may name."""
        self.run = run
        self.session = Session(run, resolver=resolver)
        self.story = self.session.story
        self.direct = Direct(run, story=self.story)
        self._count = 0
        self.perform(*lines)

    def another(self) -> Stage:
        """A stage with the same cards, for a story of its own that begins as this one did."""
        return self._going_on(self.session.resolver)

    def branch(self) -> Stage:
        """As `another`, but what is made and learnt there stays there, also when it is repeated."""
        return self._going_on(self.session.resolver.fork())

    def _going_on(self, resolver: Resolver) -> Stage:
        other = Stage(self.run, resolver=resolver.with_prefix(self.run.next_program()))
        other.story.begin_as(self.story)
        return other

    @property
    def base(self) -> str:
        """The path of the account's wallets."""
        return base_of(self.direct.target)

    # Doing ----------------------------------------------------------------------------------------

    def perform(self, *lines: str, unread: bool = False) -> Outcome | None:
        """Run steps; the oracle judges every answer. The outcome of the last one.

        Raises Unanswered if an answer is missing, as everything does that sends requests here.
        """
        outcome = None
        for line in lines:
            step = parse_step(line)
            self.story.note(line)
            with requiring_answers(self.story):
                outcome = self.session.perform(step, unread=unread)
        return outcome

    def send(
        self,
        request: Request,
        *,
        target: Target | None = None,
        headers: Mapping[str, str] | None = None,
        authorized: bool = True,
        shaped: bool = True,
    ) -> Answer:
        """Send one request; what the answer means is for the caller to say."""
        answer = self.direct.send(
            request, target=target, headers=headers, authorized=authorized, shaped=shaped
        )
        self.run.clock.hear(answer)
        return answer

    def offered(self, *requests: Request) -> Iterator[Request]:
        """The requests whose operations the target has; the test goes without the others."""
        for request in requests:
            if self.has(request.operation):
                yield request

    def has(self, operation: str) -> bool:
        """Whether the target has an operation; if not, that the test goes without it is noted."""
        return self.direct.has(operation)

    def do(
        self, card: str, command: Command, *, name: str = "", target: Target | None = None
    ) -> Outcome:
        """Ask for a command, perhaps as another client; the oracle judges the answer."""
        answer = self.send(wire.encode(command, self._account), target=target)
        return self.take(card, command, answer, name=name)

    def take(self, card: str, command: Command, answer: Answer, *, name: str = "") -> Outcome:
        """Let the oracle judge an answer as that of the command; a creation makes the card known.

        `name` is the label under which steps can name what was made.
        """
        label = CardLabel(card)
        session = self.session
        if isinstance(command, OpenCard | PrepareCard) and label not in session.ledgers:
            session.ledgers.follow(label, CardId(command.card))
            session.resolver.bind(card, command, label)
        outcome = self.run.profile.outcome(command, answer)
        self._remember(label, command, answer, outcome)
        session.judge(card, command, outcome)
        if name:
            session.resolver.bind(name, command, label, outcome)
        return outcome

    def pays(
        self, name: str, card: str, command: Payment, target: Target, rules: tuple[str, ...]
    ) -> None:
        """Ask for a payment as another client, who by `rules` is let in; the oracle judges it."""
        answer = self.send(wire.encode(command, self._account), target=target)
        self.direct.expect(rules, not is_refused(answer), f"{command.kind} let in", "a refusal")
        self.take(card, command, answer, name=name)

    # Looking --------------------------------------------------------------------------------------

    def read_back(self, rule: str | None = None, *, only: str = "", lists: bool = True) -> None:
        """Read every card, or `only` one, and its transactions unless `lists` is False.

        Raises Violated if they differ from the ledger: by `rule`, which counts as checked, or by
        the oracle's own.
        """
        verbs = [Verb.READ]
        if lists and self.has(op.LIST_TRANSACTIONS):
            verbs.append(Verb.LIST)
        for label in [only] if only else list(self.session.ledgers):
            for verb in verbs:
                command, _ = self.session.resolver.resolve(Step(verb, on=label))
                answer = self.send(wire.encode(command, self._account))
                outcome = self.run.profile.outcome(command, answer)
                self._remember(CardLabel(label), command, answer, outcome)
                self.agrees(label, command, outcome, rule)
        if rule is not None:
            self.run.count_checked(rule)

    def shows(self, label: str, item: Any, rule: str | None = None) -> None:
        """Check a card as some view showed it, as if it were the card's details.

        Raises Violated if it differs from the ledger: by `rule`, or by the oracle's own.
        """
        command = ReadCard(self.card_id(label))
        self.agrees(label, command, Accepted(card_record(item)), rule)

    def agrees(self, label: str, command: Command, outcome: Outcome, rule: str | None) -> None:
        """Check an outcome. Raises Violated if the ledger forbids it, by `rule` or the oracle's."""
        violation = self.session.ledgers.contradiction(CardLabel(label), command, outcome)
        if violation is not None:
            self.direct.violate(rule or violation.rule, violation.expected, violation.actual)
        self.session.judge(label, command, outcome)

    def _remember(
        self, card: CardLabel, command: Command, answer: Answer, outcome: Outcome
    ) -> None:
        """Keep with the answer what the ledgers are before it, for what shows a violation."""
        before = self.session.ledgers.up_to_date(card)
        self.story.judge(answer, Judged(before, command, outcome))

    def finish(self) -> None:
        """Read every card and list once more, as a session does at its end."""
        with requiring_answers(self.story):
            self.session.finish()

    # Names ----------------------------------------------------------------------------------------

    def card_id(self, label: str) -> CardId:
        """The card_id behind a label; NotSupported if the target cannot make such a card."""
        self._require(label)
        return self.session.ledger(label).card

    def entry_id(self, label: str) -> EntryId:
        """The server's id of a transaction; skips the test if it was not made."""
        return EntryId(self._made_id(label))

    def token(self, label: str) -> str:
        """The value of a token; skips the test if it was not made."""
        return self._made_id(label)

    def _made_id(self, label: str) -> str:
        self._require(label)
        bound = self.session.resolver.bindings.get(label)
        made = None if bound is None else bound.id
        if made is None:
            pytest.skip(f"{label} was not made")
        return made

    def require(self, *operations: str) -> None:
        """NotSupported if the target lacks one of the operations."""
        for operation in operations:
            self.run.target.support.require(operation)

    def _require(self, label: str) -> None:
        operation = self.session.resolver.lost.get(label)
        if operation is not None:
            self.require(operation)

    def fresh(self, what: str) -> str:
        """A text that was never used before."""
        self._count += 1
        return f"{self.session.resolver.prefix}.{what}{self._count}"

    def fresh_card(self, what: str = "c") -> CardId:
        """A card_id that was never used before."""
        return CardId(self.fresh(what))

    def fresh_ref(self, what: str = "x") -> RefId:
        """A ref_id that was never used before."""
        return RefId(self.fresh(what))

    @property
    def _account(self) -> str:
        return self.run.target.address.account


def body_of(answer: Answer) -> Any:
    """The body of an accepting answer; None if there is none."""
    if answer.status == 200 and answer.body is not NOT_JSON:
        return answer.body
    return None


def pin_of(body: object) -> object:
    """The PIN that an answer shows, as that to the creation of a card does; None if none is."""
    part = body.get("pin") if isinstance(body, dict) else None
    code = part.get("pin") if isinstance(part, dict) else None
    return code.get("value") if isinstance(code, dict) else None


def may_want_pin(stage: Stage, label: str, answer: Answer) -> bool:
    """Whether a look-up without a PIN is perhaps refused for that: a server may give a card one
    unasked, and demand it (question 50).
    """
    return is_refused(answer) and stage.session.ledger(label).has_pin


def is_refused(answer: Answer) -> bool:
    """Whether the answer is a refusal, which proves that nothing happened."""
    return 400 <= answer.status < 500


def texts_in(value: Any) -> set[str]:
    """Every text in a JSON value, names of members left aside."""
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for part in inner for text in texts_in(part)}


def spelled(members: Mapping[str, object], tail: str = "") -> str:
    """Members of a creation as they follow `with`; `{}` becomes something of one's own."""
    texts = {
        name: value.format(tail) if isinstance(value, str) else json.dumps(value)
        for name, value in members.items()
    }
    return f"with {json.dumps(texts)}"
