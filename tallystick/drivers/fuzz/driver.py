"""The fuzz driver: requests of any form, on cards whose ledgers are kept all the while.

`interpretation` reads back what a request means; `constraints` knows what the document forbids. So
a refusal has to change nothing, an acceptance has to move exactly what the request states, and
what is forbidden has to be refused. This module does not know where requests come from.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from tallystick.drivers.fuzz.constraints import NOTHING, Demands
from tallystick.drivers.fuzz.interpretation import Known, Meaning, Sent, understand
from tallystick.drivers.sequential import Session
from tallystick.ledger.effects import refused
from tallystick.ledger.state import CardStatus, LastWrite, Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    CardLabel,
    Command,
    DeleteCard,
    Outcome,
    ReadCard,
    ReadTransactions,
    Refused,
    TokenRecord,
    TransactionRecord,
    Unknown,
    Violation,
)
from tallystick.program import Program, parse_step
from tallystick.run import Finding, Run, Violated
from tallystick.target import Answer, NoAnswer, outcome_of
from tallystick.wire import Request

JSON = Any

GET_TOKEN = "aid_auths_oauth_token_post"
INFO = "aid_cards_token_post"
ROTATE = "aid_cards_cardid_rotate_pin_post"
NOBODY = "nobody"
"""In every id that the session made up and nobody made."""
LONGEST_NOTE = 300
MOST_NOTES = 12
UNREAD = 6
"""Refusals on a card until it is read: one reading for several, because requests are dear. An
acceptance counts as much as two of them: its answer has been held to the ledger already."""


class Fuzz:
    """Sends requests of any form and follows what they do to the cards of its session."""

    def __init__(self, run: Run, lines: Iterable[str] = ()) -> None:
        self.run = run
        self.session = Session(run, explain=self._explain)
        self.target = self.session.target
        self.ledgers = self.session.ledgers
        self.story = self.session.story
        self.demands = Demands(run.shape.document)
        self.owed: dict[str, int] = {}
        self.setting: list[str] = []
        self.notes: list[str] = []
        self.spares: dict[str, str] = {}
        """What a card is for (P to be activated, S to be deleted), and its label."""
        self.pinned: set[str] = set()
        self.suspects: deque[Sent] = deque(maxlen=UNREAD)
        self._numbers = count(1)
        for line in lines:
            self.prepare(line)

    def prepare(self, line: str) -> None:
        """Run a step of a program, so that there is something to be named by requests."""
        self.setting.append(line)
        self.session.perform(parse_step(line), unread=True)

    @property
    def prefix(self) -> str:
        """What every id begins with that is made here."""
        return self.session.resolver.prefix

    def ledger(self, card: str) -> Ledger:
        """The likeliest ledger of a card, by its label. KeyError if it is not followed."""
        return self.session.ledger(card)

    def label(self, letter: str) -> str:
        """A label for a step that was never used."""
        return f"{letter}{next(self._numbers)}x"

    def provide(self, kind: str, line: str) -> None:
        """Make a card for a purpose; `line` is what follows the label of the step."""
        label = self.spares[kind] = self.label(kind)
        self.prepare(f"{label} = {line}")

    def spare(self, kind: str, status: CardStatus = CardStatus.ACTIVE) -> Ledger | None:
        """The ledger of the latest card for a purpose, if it stands so."""
        label = self.spares.get(kind, "")
        return self.ledger(label) if self.stands(label, status) else None

    def fresh(self, letter: str) -> str:
        """A name that was never used."""
        return f"{self.prefix}{letter}{next(self._numbers)}"

    def adopt(self, card_id: str) -> None:
        """Follow a card that is about to be made under this id."""
        self.ledgers.follow(CardLabel(card_id), CardId(card_id))

    def forget(self, label: str) -> None:
        """Follow a card no longer, because nobody can say what happened to it."""
        self.session.resolver.forget(CardLabel(label))
        self.owed.pop(label, None)

    def stands(self, label: str, status: CardStatus = CardStatus.ACTIVE) -> bool:
        """Whether a card is followed and stands so."""
        return label in self.ledgers and self.ledger(label).card_status is status

    def known(self) -> Known:
        """Where the ids and tokens of a request lead."""
        ledgers = {label: self.ledgers.likeliest(label) for label in self.ledgers}
        return Known(
            cards={ledger.card: label for label, ledger in ledgers.items()},
            transactions={id_: label for label, led in ledgers.items() for id_ in led.entries},
            tokens={value: label for label, led in ledgers.items() for value in led.tokens},
            ids={label: ledger.card for label, ledger in ledgers.items()},
        )

    # Requests -------------------------------------------------------------------------------------

    def ask(self, sent: Sent) -> Answer | NoAnswer:
        """Send a request, hold the answer to the document and the card to its ledger."""
        self.suspects.append(sent)
        known = self.known()
        meaning = understand(sent, known)
        if meaning is not None and sent.operation == INFO and meaning.card in self.pinned:
            # Whether a look-up needs the PIN that the card has is open (question 50).
            meaning = replace(meaning, is_plain=False)
        answer = self.send(sent)
        if isinstance(answer, Answer) and answer.status == 200:
            self._remember_pin(sent, known)
        self.judge_answer(sent, meaning, answer)
        return answer

    def _remember_pin(self, sent: Sent, known: Known) -> None:
        body = sent.body if isinstance(sent.body, dict) else {}
        named = sent.path.get("card_id", body.get("card_id"))
        if isinstance(named, str) and ("pin" in body or sent.operation == ROTATE):
            self.pinned.add(known.cards.get(named, named))

    def send(self, sent: Sent) -> Answer | NoAnswer:
        """Send a request and judge the shape of its answer."""
        request, content = self.spell(sent)
        grants = sent.operation == GET_TOKEN
        headers = {**sent.headers, **(self._basic() if grants else {})}
        exchange = self.target.send(
            request, headers=headers, content=content, authorized=not grants
        )
        self.story.add_exchange("", exchange)
        answer = exchange.answer
        came = str(answer.status) if isinstance(answer, Answer) else answer.reason
        shown = sent.body if sent.content is None else sent.content[:LONGEST_NOTE]
        self._note_down(f"{describe(request, shown, sent.headers)} -> {came}")
        passed = isinstance(answer, Answer) and sent.is_loose and 400 <= answer.status < 500
        if isinstance(answer, Answer) and not passed:
            self.run.count_checked("SHAPE-1")
            odd = self.run.shape.judge(
                request.operation, answer.status, answer.content_type, answer.body
            )
            if odd is not None:
                self.violate(odd.rule, odd.expected, odd.actual)
        return answer

    def _note_down(self, line: str) -> None:
        if len(line) > LONGEST_NOTE:
            line = f"{line[: LONGEST_NOTE // 2]} ... {line[-LONGEST_NOTE // 2 :]}"
        self.notes.append(line)

    def _basic(self) -> dict[str, str]:
        """What Get Token is asked with instead of a token."""
        client = self.target.client
        pair = f"{client.client_id}:{client.secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def spell(self, sent: Sent) -> tuple[Request, bytes | None]:
        """The request with its ids in place, and the body as bytes where it is not JSON."""
        operation = self.run.shape.operations[sent.operation]
        account = self.target.address.account
        names = {"aid": account, "oid": account, **sent.path}
        segments = [
            quote(names[part[1:-1]], safe="") if part.startswith("{") else part
            for part in operation.path.split("/")
        ]
        path = "/".join(segments)
        if sent.query:
            path += "?" + urlencode(sent.query, doseq=True)
        body = sent.body
        if isinstance(body, bytes) or sent.content is not None:
            return Request(sent.operation, operation.method, path), sent.content or body
        content = b"null" if body is None else None
        return Request(
            sent.operation, operation.method, path, None if body is NOTHING else body
        ), content

    # Judging --------------------------------------------------------------------------------------

    def judge_answer(self, sent: Sent, meaning: Meaning | None, answer: Answer | NoAnswer) -> None:
        """Hold an answer to what the request may have and what it means."""
        accepted = isinstance(answer, Answer) and 200 <= answer.status < 300
        reason = self.demands.forbids(sent.operation, sent.body)
        if reason is not None:
            self.run.count_checked("SHAPE-4")
            if accepted:
                self.violate("SHAPE-4", f"a refusal: {reason}", "accepted")
        if meaning is None:
            self._judge_stranger(sent, accepted)
            return
        card, command = meaning.card, meaning.command
        if command is None or reason is not None:
            self._judge_vague(card, None, answer, accepted)
        elif not meaning.is_plain and isinstance(answer, Answer) and not accepted:
            self._judge_vague(card, command, answer, accepted)
        else:
            self._judge_told(card, command, _outcome(sent, command, answer))

    def _judge_stranger(self, sent: Sent, accepted: bool) -> None:
        """A request on what nobody made."""
        body = sent.body if isinstance(sent.body, dict) else {}
        named = (*sent.path.values(), body.get("card_id"), body.get("token"))
        rule = STRANGERS.get(sent.operation)
        if rule is None or not any(isinstance(n, str) and NOBODY in n for n in named):
            return
        self.run.count_checked(rule)
        if accepted:
            self.violate(rule, "a refusal: nobody made what it names", "accepted")

    def _judge_told(self, card: str, command: Command, outcome: Outcome) -> None:
        """A request that says exactly what it wants."""
        self.session.judge(card, command, outcome)
        if isinstance(command, ReadCard):
            self.owed.pop(card, None)
        elif isinstance(outcome, Refused):
            self._owe(card, 1)
        elif isinstance(outcome, Accepted) and isinstance(command, DeleteCard):
            self.owed.pop(card, None)
        elif not isinstance(command, ReadTransactions):
            self._owe(card, UNREAD if isinstance(outcome, Unknown) else UNREAD // 3)

    def _judge_vague(
        self, card: str, command: Command | None, answer: Answer | NoAnswer, accepted: bool
    ) -> None:
        """A request that may be refused for its form, or whose effect is not told."""
        if accepted or isinstance(answer, NoAnswer):
            self.forget(card)
        elif not isinstance(command, ReadCard | ReadTransactions):
            label = CardLabel(card)
            after = tuple(
                ledger.changed(last_write=LastWrite.REFUSED)
                if command is None
                else refused(ledger, command)
                for ledger in self.ledgers.of(label)
            )
            self.ledgers.replace(label, after)
            self._owe(card, 1)

    def _owe(self, card: str, weight: int) -> None:
        if self.ledger(card).card_status is CardStatus.ABSENT:
            # Of the cards that were refused one is looked for; there is no need to miss them all.
            for other in [name for name in self.owed if not self._is_there(name)]:
                del self.owed[other]
        self.owed[card] = self.owed.get(card, 0) + weight
        if self.owed[card] >= UNREAD:
            self.read_back(card)

    def _is_there(self, card: str) -> bool:
        return card in self.ledgers and self.ledger(card).card_status is not CardStatus.ABSENT

    def read_back(self, card: str) -> None:
        """Read a card and hold what it shows to its ledger."""
        self.owed.pop(card, None)
        if card not in self.ledgers:
            return
        command = ReadCard(self.ledger(card).card)
        outcome, exchange = self.target.perform(command)
        self.story.add_exchange("", exchange)
        came = exchange.answer
        status = came.status if isinstance(came, Answer) else came.reason
        self._note_down(f"{describe(exchange.request, NOTHING)} -> {status}")
        self.session.judge(card, command, outcome)

    def settle(self) -> None:
        """Read every card that was refused something since it was read."""
        for card in list(self.owed):
            self.read_back(card)

    def violate(self, rule: str, expected: str, actual: str) -> NoReturn:
        """Record a violation that no ledger can tell."""
        violation = Violation(rule, expected, actual)
        raise Violated(self.run.record(self._explain(violation, None)))

    def _explain(self, violation: Violation, card: CardLabel | None) -> Finding:
        """A finding in words, whatever card it is about: no program spells these requests."""
        notes = (*self.setting, *self.notes[-MOST_NOTES:])
        return Finding(
            self.run.blame(violation),
            Program(),
            tuple(self.story.events[-MOST_NOTES:]),
            self.target.meter.requests,
            notes=notes,
        )


def _outcome(sent: Sent, command: Command, answer: Answer | NoAnswer) -> Outcome:
    outcome = outcome_of(command, answer)
    records = (TransactionRecord, TokenRecord)
    if sent.is_garbled and isinstance(outcome, Accepted) and isinstance(outcome.record, records):
        # The money counts; how the text comes back is left to whoever stores it.
        return Accepted(replace(outcome.record, ref=getattr(command, "ref", None)))
    return outcome


STRANGERS = {
    "aid_cards_transactions_post": "TX-7",
    "aid_cards_token_post": "TOKEN-4",
    "aid_cards_cardid_get": "READ-4",
    "aid_cards_cardid_transactions_tid_get": "READ-4",
    "aid_cards_cardid_activate_post": "CARD-12",
    "aid_cards_cardid_delete": "CARD-12",
    "aid_cards_cardid_rotate_pin_post": "CARD-12",
    "aid_cards_cardid_token_post": "CARD-12",
}
"""The rule by which a request is refused on a card or token that does not exist."""


def describe(request: Request, body: JSON, headers: Mapping[str, str] | None = None) -> str:
    """A request in one line."""
    words = [request.method, request.path]
    if body is not NOTHING:
        words.append(repr(body)[2:-1] if isinstance(body, bytes) else json.dumps(body))
    words += [f"({name}: {value})" for name, value in (headers or {}).items()]
    return " ".join(words)
