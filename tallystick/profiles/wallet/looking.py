"""A close look at one operation: does the target lack it, or does it refuse?

The operation is asked for on things that were made just before; then with a body that no
server takes, and without credentials. An operation that exists answers at least one of these in
another way than 404, 405 or 501: it accepts the first, or finds fault with the others. A target may
answer every unknown path and every unknown card alike; then nothing tells them apart, and the
operation counts as missing, which is reported.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from tallystick.ledger.vocabulary import CardId, IssueToken, OpenCard, PrepareCard, RefId
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.operations import label
from tallystick.request import Request
from tallystick.target.answers import Answer, NoAnswer
from tallystick.target.support import NO_SUCH_OPERATION, Asking, Look, Sight

JSON = Any
MISSING_CARD = "no-such-card"
PREFIX = "ts-look-"
"""What the ids begin with that a look makes."""
DENIED = (401, 403)
VALID = 3
"""Valid requests of a look."""


@dataclass(frozen=True, slots=True)
class Things:
    """What a look has made for the operation to act on."""

    card: str
    customer: str
    prepared: str
    """A card that waits for activation; the active one, if the target prepares none."""
    token: str
    """A token of the card; an invented one, if the target gives none."""


class _NoResult(Exception):
    """An answer is missing, or not even a card could be made."""


class Offers:
    """The operations of the Wallet / Cards API, as `target.support` asks about them."""

    heart = op.HEART
    capabilities = tuple(op.CAPABILITIES)
    named = staticmethod(op.named)
    label = staticmethod(op.label)
    of_verb = staticmethod(op.OF_VERBS.get)

    def check(self, ask: Asking, account: str) -> str:
        """A card is made and read."""
        sight = Looking(ask, account)(op.READ_CARD)
        return "" if sight.is_missing is False else sight.reason

    def look(self, ask: Asking, account: str) -> Look:
        """What looks at operations on behalf of an account."""
        return Looking(ask, account)


class Looking:
    """Looks at operations of one account."""

    def __init__(self, ask: Asking, account: str) -> None:
        self._ask = ask
        self._account = account

    def __call__(self, operation: str) -> Sight:
        """Ask for the operation in every way; what was asked is part of the reason."""
        seen: list[int] = []
        try:
            for request in self._requests(operation):
                answer = self._answer(request, operation)
                seen.append(answer.status)
                if answer.status not in NO_SUCH_OPERATION:
                    return Sight(False, f"{label(operation)} is answered {answer.status}")
                last = answer
            if self._refuses_by_itself(operation, request, last):
                return Sight(False, f"{label(operation)} is refused, as a missing card is")
        except _NoResult as none:
            return Sight(None, str(none))
        counts = ", ".join(f"{count} x {status}" for status, count in Counter(seen).items())
        return Sight(True, f"{len(seen)} valid and invalid requests were answered {counts}")

    def _answer(self, request: Request, operation: str = "", *, authorized: bool = True) -> Answer:
        authorized = authorized and operation != op.GET_ACCESS_TOKEN
        answer = self._ask(request, authorized=authorized)
        if isinstance(answer, NoAnswer) or answer.status in (502, 503, 504):
            raise _NoResult("no answer")
        return answer

    # Requests -------------------------------------------------------------------------------------

    def _requests(self, operation: str) -> Iterator[Request]:
        """Valid requests on different things, and invalid ones where it has a body or a limit."""
        for _ in range(VALID):
            yield self._valid(operation, self._made(operation))
        request = self._valid(operation, self._made(operation))
        if request.body is not None:
            yield replace(request, body={})
            yield replace(request, body=[])
        elif operation in (op.LIST_CARDS, op.LIST_CUSTOMER_CARDS):
            yield replace(request, path=f"{request.path.partition('?')[0]}?limit=none")

    def _valid(self, operation: str, things: Things) -> Request:
        ids = {"card_id": things.card, "customer_id": things.customer}
        if operation == op.ACTIVATE_CARD:
            ids["card_id"] = things.prepared
        route = op.ROUTES[operation]
        bodies: dict[str, JSON] = {
            op.PREPARE_CARDS: {"cards": [{"card_id": self._fresh(), "type": "gift_card"}]},
            op.ACTIVATE_CARD: {"amount": 1, "currency": "NOK"},
            op.ROTATE_PIN: {"pin": {"format": {"length": 4}}},
            op.ISSUE_TOKEN: {"ref_id": self._fresh(), "expires_in": 60},
            op.READ_BY_TOKEN: {"token": things.token},
            op.GET_ACCESS_TOKEN: {"grant_type": "client_credentials", "audience": self._account},
        }
        return wire.request(
            operation,
            self._account,
            bodies.get(operation),
            **{name: ids[name] for name in route.ids},
        )

    def _made(self, operation: str) -> Things:
        """Make what the operation needs to be accepted, as far as the target lets us.

        A card in any case: if none can be made, this is no working server of this API.
        """
        card, customer = CardId(self._fresh()), self._fresh()
        made = self._answer(
            wire.encode(OpenCard(card, 100, "NOK", (("customer_id", customer),)), self._account)
        )
        if not 200 <= made.status < 300:
            raise _NoResult(f"a card cannot be made: {made.status}")
        prepared, token = str(card), self._fresh()
        if operation == op.ACTIVATE_CARD:
            other = CardId(self._fresh())
            answer = self._answer(wire.encode(PrepareCard(other), self._account))
            prepared = other if 200 <= answer.status < 300 else prepared
        if operation == op.READ_BY_TOKEN:
            issue = IssueToken(card, RefId(self._fresh()), one_time=False)
            answer = self._answer(wire.encode(issue, self._account))
            record = wire.decode(issue, answer.body)
            token = getattr(record, "value", None) or token
        return Things(card, customer, prepared, token)

    def _fresh(self) -> str:
        return f"{PREFIX}{uuid4().hex[:16]}"

    # Telling apart --------------------------------------------------------------------------------

    def _refuses_by_itself(self, operation: str, request: Request, answer: Answer) -> bool:
        """Whether an operation that always answers 404 is there all the same.

        Without credentials an operation is denied, an unknown path is not found; and it refuses in
        the form in which this API does. Where the target denies both, or neither, the words of the
        refusal decide: those for a missing card, and not those for an unknown path.
        """
        if answer.status != 404 or operation == op.GET_ACCESS_TOKEN:
            return False
        unknown, there_is_none = self._unknown_path(), self._answer(self._missing_card())
        unauthorized = self._answer(request, authorized=False).status
        if unauthorized in DENIED:
            if self._answer(unknown, authorized=False).status not in DENIED:
                return _form(answer) == _form(there_is_none)
        elif self._answer(self._missing_card(), authorized=False).status in DENIED:
            return False  # nobody asked for credentials: the request reached no operation
        return _words(answer) == _words(there_is_none) != _words(self._answer(unknown))

    def _missing_card(self) -> Request:
        return wire.request(op.READ_CARD, self._account, card_id=MISSING_CARD)

    def _unknown_path(self) -> Request:
        known = wire.request(op.LIST_CARDS, self._account)
        path = known.path.rpartition("/")[0]
        return replace(known, operation=op.READ_CARD, path=f"{path}/no-such-resource")


def _form(answer: Answer) -> tuple[str, list[str]]:
    """The content type of a refusal, and the names of its members."""
    return answer.content_type.partition(";")[0], sorted(_members(answer))


def _words(answer: Answer) -> tuple[int, str, str]:
    """What a refusal says, without what names the request."""
    members = _members(answer)
    said = {key: members.get(key) for key in ("code", "message", "title", "type", "status")}
    return answer.status, answer.content_type, json.dumps(said, default=str)


def _members(answer: Answer) -> dict[str, JSON]:
    body = answer.body if isinstance(answer.body, dict) else {}
    error = body.get("error", body)
    return error if isinstance(error, dict) else {}
