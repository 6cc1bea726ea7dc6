"""The fuzz driver: sends requests of any form and judges their answers by the ledgers of its cards.

`interpretation` says which command a request asks for, `constraints` which requests the document
forbids. So a refusal changes nothing, an acceptance moves exactly what the request says, and what
is forbidden is refused. An answer that is missing proves nothing: `Unanswered` is raised, and the
session can say less of its cards from then on, so the caller repeats the request in a new session.
This module does not know where requests come from.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from tallystick.drivers.direct import Unanswered
from tallystick.drivers.fuzz.request import NO_BODY, FuzzRequest
from tallystick.ledger.effects import refused
from tallystick.ledger.state import CardStatus, LastWrite, Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    CardLabel,
    Command,
    DeleteCard,
    Outcome,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Refused,
    TokenRecord,
    TransactionRecord,
    Unknown,
    Write,
)
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.fuzz.cards import LONGEST_NOTE, Cards
from tallystick.profiles.wallet.fuzz.constraints import Constraints
from tallystick.profiles.wallet.fuzz.interpretation import IdIndex, Interpretation, interpret
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import Answer, Exchange, NoAnswer, basic_header
from tallystick.target.control import is_missing, proves_nothing

JSON = Any

MISSING = "nobody"
"""Part of every id that this session invents for a card, token or customer that does not exist."""
READ_AFTER = 6
"""How many refusals a card gets before it is read back: requests are expensive, so one reading
covers several refusals. An acceptance weighs as much as two: its own answer was judged already."""
ACCEPTANCE_WEIGHT = 2
READ_TRIES = 5
"""How often a read is sent until it is answered; a read changes nothing, so it can be repeated."""


class Fuzz:
    """Sends requests of any form and judges the answers; `lines` are steps that make its cards."""

    def __init__(self, run: Run, lines: Iterable[str] = ()) -> None:
        self.run = run
        self.cards = Cards(run, lines)
        self.target = self.cards.session.target
        self.ledgers = self.cards.ledgers
        self.constraints = Constraints(run.shape.requests)
        self.unread: dict[str, int] = {}
        """By card label: the weight of the answers since the card was read, see READ_AFTER."""
        self.recent: deque[FuzzRequest] = deque(maxlen=READ_AFTER)
        """The latest requests, among them the one that a finding is about."""

    # Requests -------------------------------------------------------------------------------------

    def ask(self, request: FuzzRequest) -> Answer | NoAnswer:
        """Send a request; judge its answer by the document and by the ledger of its card.

        Raises Unanswered if the answer is missing, unless HTTP may refuse the request: then closing
        the connection is a refusal too, and NoAnswer is returned.
        """
        self.recent.append(request)
        index = self.cards.index()
        found = interpret(request, index)
        by_token = request.operation == op.READ_BY_TOKEN
        if found is not None and by_token and found.card in self.cards.with_pin:
            # Whether reading by token needs the PIN of the card is open (question 50).
            found = replace(found, is_ordinary=False)
        exchange = self._exchange(request)
        answer = exchange.answer
        if is_missing(answer) or proves_nothing(exchange):
            self._note_pin(request, index)
            self._judge_unknown(request, found, exchange)
        elif isinstance(answer, Answer):
            if answer.status == 200:
                self._note_pin(request, index)
            self.judge_answer(request, found, answer)
        return answer

    def send(self, request: FuzzRequest) -> Answer:
        """Send a request and judge only the form of its answer; Unanswered if it is missing."""
        exchange = self._exchange(request)
        answer = exchange.answer
        if isinstance(answer, NoAnswer) or is_missing(answer) or proves_nothing(exchange):
            # The caller knows what the request asks for, the session does not.
            for label in list(self.ledgers):
                self.cards.unfollow(label)
            raise Unanswered(exchange)
        return answer

    def _note_pin(self, request: FuzzRequest, index: IdIndex) -> None:
        body = request.body if isinstance(request.body, dict) else {}
        card_id = request.path.get("card_id", body.get("card_id"))
        sets_pin = "pin" in body or request.operation == op.ROTATE_PIN
        if isinstance(card_id, str) and sets_pin:
            self.cards.with_pin.add(index.cards.get(card_id, card_id))

    def _exchange(self, request: FuzzRequest) -> Exchange:
        """Send a request and judge the form of its answer, if there is one."""
        http, content = http_of(request, self.target.address.account)
        gets_access = request.operation == op.GET_ACCESS_TOKEN
        client = self.target.client
        access = basic_header(client.client_id, client.secret) if gets_access else {}
        headers = {**request.headers, **access}
        exchange = self.target.send(
            http, headers=headers, content=content, authorized=not gets_access
        )
        self.cards.story.add_exchange("", exchange)
        answer = exchange.answer
        shown = request.body if request.content is None else request.content[:LONGEST_NOTE]
        self.cards.note(f"{describe(http, shown, request.headers)} -> {_came(answer)}")
        is_refusal = isinstance(answer, Answer) and 400 <= answer.status < 500
        if not (request.http_may_refuse and is_refusal):
            self._judge_form(exchange)
        return exchange

    def _judge_form(self, exchange: Exchange) -> None:
        violation = self.run.judge_shape(exchange)
        if violation is not None:
            self.cards.violate(violation.rule, violation.expected, violation.actual)

    # Judging --------------------------------------------------------------------------------------

    def judge_answer(
        self, request: FuzzRequest, found: Interpretation | None, answer: Answer
    ) -> None:
        """Judge an answer by the constraints of the document, then by what the request asks for."""
        accepted = 200 <= answer.status < 300
        forbidden = self.constraints.forbids(request.operation, request.body)
        if forbidden is not None:
            self.run.count_checked("SHAPE-4")
            if accepted:
                self.cards.violate("SHAPE-4", f"a refusal: {forbidden}", "accepted")
        if found is None:
            self._judge_missing_id(request, accepted)
        elif found.command is None or forbidden is not None:
            self._judge_unclear(found.card, None, accepted)
        elif not found.is_ordinary and not accepted:
            self._judge_unclear(found.card, found.command, accepted)
        else:
            outcome = self._outcome(request, found.command, answer)
            self._judge_command(found.card, found.command, outcome)

    def _judge_unknown(
        self, request: FuzzRequest, found: Interpretation | None, exchange: Exchange
    ) -> None:
        """Keep the ledgers that are possible after a request without an answer."""
        if found is not None:
            forbidden = self.constraints.forbids(request.operation, request.body)
            if found.command is None or forbidden is not None:
                self.cards.unfollow(found.card)  # it may have moved any amount
            else:
                outcome = Unknown(_came(exchange.answer))
                self._judge_command(found.card, found.command, outcome)
        if not (request.http_may_refuse and isinstance(exchange.answer, NoAnswer)):
            raise Unanswered(exchange)

    def _judge_missing_id(self, request: FuzzRequest, accepted: bool) -> None:
        """Judge a request that may name a card or token which does not exist."""
        body = request.body if isinstance(request.body, dict) else {}
        ids = (*request.path.values(), body.get("card_id"), body.get("token"))
        rule = MISSING_ID_RULES.get(request.operation)
        if rule is None or not any(isinstance(id_, str) and MISSING in id_ for id_ in ids):
            return
        self.run.count_checked(rule)
        if accepted:
            self.cards.violate(rule, "a refusal: what it names does not exist", "accepted")

    def _judge_command(self, card: str, command: Command, outcome: Outcome) -> None:
        """Judge a request that asks for exactly one command."""
        self.cards.session.judge(card, command, outcome)
        if isinstance(command, ReadCard):
            if not isinstance(outcome, Unknown):
                self.unread.pop(card, None)
        elif isinstance(outcome, Refused):
            self._count_unread(card, 1)
        elif isinstance(outcome, Accepted) and isinstance(command, DeleteCard):
            self.unread.pop(card, None)  # whether a deleted card can be read is open
        elif not isinstance(command, ReadTransactions):
            is_unknown = isinstance(outcome, Unknown)
            self._count_unread(card, READ_AFTER if is_unknown else ACCEPTANCE_WEIGHT)

    def _outcome(
        self, request: FuzzRequest, command: Command, answer: Answer | NoAnswer
    ) -> Outcome:
        """What the answer proves about the command."""
        outcome = self.run.profile.outcome(command, answer)
        records = (TransactionRecord, TokenRecord)
        if not request.text_may_change or not isinstance(outcome, Accepted):
            return outcome
        if isinstance(outcome.record, records):
            # Only the money is judged: how such a text comes back is up to the store.
            return Accepted(replace(outcome.record, ref=getattr(command, "ref", None)))
        return outcome

    def _judge_unclear(self, card: str, command: Command | None, accepted: bool) -> None:
        """Judge a request that a server may refuse for its form, or whose effect is not clear."""
        if accepted:
            # It may have moved any amount: the ledger would blame the server for what we asked.
            self.cards.unfollow(card)
        elif not isinstance(command, ReadCard | ReadTransactions | ReadHold):
            possible = self.ledgers.of(CardLabel(card))
            after = tuple(_after_refusal(ledger, command) for ledger in possible)
            self.ledgers.replace(CardLabel(card), after)
            self._count_unread(card, 1)

    def _count_unread(self, card: str, weight: int) -> None:
        if self.cards.ledger(card).card_status is CardStatus.ABSENT:
            # Looking for one of the cards whose creation was refused is enough: the latest.
            for other in [label for label in self.unread if not self._is_there(label)]:
                del self.unread[other]
        self.unread[card] = self.unread.get(card, 0) + weight
        if self.unread[card] >= READ_AFTER:
            self.read_back(card)

    def _is_there(self, card: str) -> bool:
        return card in self.ledgers and self.cards.ledger(card).card_status is not CardStatus.ABSENT

    def read_back(self, card: str) -> None:
        """Read a card, if the session follows it, and judge what it shows by its ledger.

        Raises Unanswered if the read is not answered in READ_TRIES tries.
        """
        if card not in self.ledgers:
            self.unread.pop(card, None)
            return
        command = ReadCard(self.ledgers.card_id(CardLabel(card)))
        for _ in range(READ_TRIES):
            outcome, exchange = self.target.perform(command)
            self.cards.story.add_exchange("", exchange)
            self.cards.note(f"{describe(exchange.request, NO_BODY)} -> {_came(exchange.answer)}")
            is_answered = not is_missing(exchange.answer)
            if is_answered:
                self.unread.pop(card, None)
                # What the ledger says of an answer says more than its form, so it comes first.
                self.cards.session.judge(card, command, outcome)
            self._judge_form(exchange)
            if is_answered:
                return
        raise Unanswered(exchange)

    def settle(self) -> None:
        """Read every card that had an answer to a write since it was last read."""
        for card in list(self.unread):
            self.read_back(card)


def http_of(request: FuzzRequest, account: str) -> tuple[Request, bytes | None]:
    """The request as HTTP, and its body as bytes where those are not the JSON of `body`."""
    body = request.body
    is_bytes = isinstance(body, bytes) or request.content is not None
    json_body = None if is_bytes or body is NO_BODY else body
    http = wire.request(request.operation, account, json_body, **request.path)
    if request.query:
        http = replace(http, path=f"{http.path}?{urlencode(request.query, doseq=True)}")
    if is_bytes:
        return http, request.content or body
    # To the target None means that there is no body, so the JSON null is spelled here.
    return http, b"null" if body is None else None


def _after_refusal(ledger: Ledger, command: Write | None) -> Ledger:
    """The ledger after a refused request; `command` None: what it asked for is not clear."""
    if command is None:
        return ledger.changed(last_write=LastWrite.REFUSED)
    return refused(ledger, command)


MISSING_ID_RULES = {
    op.TRANSACT: "TX-7",
    op.READ_BY_TOKEN: "TOKEN-4",
    op.READ_CARD: "READ-4",
    op.LIST_TRANSACTIONS: "READ-4",
    op.ACTIVATE_CARD: "CARD-12",
    op.DELETE_CARD: "CARD-12",
    op.ROTATE_PIN: "CARD-12",
    op.ISSUE_TOKEN: "CARD-12",
}
"""The rule that demands a refusal when a request names a card or token that does not exist."""


def _came(answer: Answer | NoAnswer) -> str:
    return str(answer.status) if isinstance(answer, Answer) else answer.reason


def describe(request: Request, body: JSON, headers: Mapping[str, str] | None = None) -> str:
    """A request in one line."""
    words = [request.method, request.path]
    if body is not NO_BODY:
        words.append(repr(body)[2:-1] if isinstance(body, bytes) else json.dumps(body))
    words += [f"({name}: {value})" for name, value in (headers or {}).items()]
    return " ".join(words)
