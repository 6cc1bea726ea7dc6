"""From a request of any form to the command of the ledger that it asks for.

`wire.encode` writes requests from commands; this module reads a request back, whoever wrote it. It
also says whether a server has to accept the request, because a server may refuse what the
documentation leaves open (unknown members, nulls, 1.0 for 1). It does not judge and sends nothing.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.drivers.fuzz.request import FuzzRequest
from tallystick.ledger.members import as_text
from tallystick.ledger.ordinary import is_ordinary_metadata, is_ordinary_text
from tallystick.ledger.vocabulary import (
    ActivateCard,
    Capture,
    CardId,
    Command,
    DeleteCard,
    EntryId,
    Extras,
    IssueToken,
    Kind,
    OpenCard,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    RefId,
    Transact,
    View,
    Void,
)
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.wire import CARD_EXTRAS, TRANSACTION_EXTRAS, TYPE_OF_KIND, extras_of

JSON = Any

LARGEST_EXACT_FLOAT = 2**53
"""A number with a fraction part above this has lost the integer that was written."""
LONGEST_TOKEN_LIFE_S = 31_536_000
"""The longest life of a token in any sample; no bound is documented (question 48)."""
DATES = ("active_from", "expires_at")


@dataclass(frozen=True, slots=True)
class IdIndex:
    """From the ids and tokens that a request may name to the label of the card they belong to."""

    cards: Mapping[str, str]
    transactions: Mapping[str, str]
    tokens: Mapping[str, str]
    ids: Mapping[str, CardId]
    """The other way: from the label of a card to its card_id."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The card that a request concerns, by its label, and the command it asks for.

    `command` is None if the effect of an acceptance is not clear (a new expiry date, two names for
    one card). `is_ordinary` says that the request holds nothing beside the command that a server
    may refuse: it has to accept the request if it has to accept the command.
    """

    card: str
    command: Command | None = None
    is_ordinary: bool = True


def interpret(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    """What a request asks of a card in the index; None if it concerns no card of it.

    Takes the index as it is before the request is sent.
    """
    reader = READERS.get(request.operation)
    found = None if reader is None else reader(request, index)
    has_more = request.query or request.headers or request.content or request.text_may_change
    if found is None or not has_more:
        return found
    # A query, header or spelling that the document does not know may be refused, or ignored.
    return Interpretation(found.card, found.command, is_ordinary=False)


TOKEN_MEMBERS = {"expires_in", "expires_after_transaction"}
"""What a request for a token has to hold, beside its ref_id."""


class BodyReader:
    """Reads the members of a body one by one, and notes what a server may refuse in them."""

    def __init__(self, body: JSON) -> None:
        is_object = isinstance(body, dict)
        self.left: dict[str, JSON] = dict(body) if is_object else {}
        """The members that were not read yet."""
        self.is_ordinary = is_object
        self.is_exact = is_object
        """Whether the members say exactly one amount."""

    def take(self, name: str, default: JSON = None) -> JSON:
        """A member's value; null counts as absent, but a server may refuse it (question 55)."""
        if name not in self.left:
            return default
        value = self.left.pop(name)
        if value is None:
            self.is_ordinary = False
            return default
        return value

    def amount(self) -> int | None:
        """The amount in minor units; None if it is absent or no integer."""
        value = self.take("amount")
        if isinstance(value, float) and value.is_integer():
            self.is_ordinary = False  # 1.0 for 1: a server may refuse it (question 12)
            self.is_exact = self.is_exact and abs(value) <= LARGEST_EXACT_FLOAT
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def extras(self, names: tuple[str, ...]) -> Extras:
        """Those of the optional members that the answer has to show again as they were sent."""
        sent = {
            name: value
            for name in names
            if name not in DATES and (value := self.take(name)) is not None
        }
        if not all(map(is_ordinary, sent.values())):
            self.is_ordinary = False
        return extras_of({name: value for name, value in sent.items() if is_comparable(value)})

    def interpretation(self, card: str, command: Command) -> Interpretation:
        """The command on the card with this label, after every member of it was read."""
        # A date changes what the card can do; chapter TIME judges what servers make of dates.
        has_dates = any(self.left.get(name) is not None for name in DATES)
        is_clear = self.is_exact and not has_dates
        return Interpretation(
            card, command if is_clear else None, self.is_ordinary and not self.left
        )


def _unclear(card: str) -> Interpretation:
    """It concerns the card; the effect of an acceptance is not clear."""
    return Interpretation(card, None, is_ordinary=False)


def is_ordinary(value: JSON) -> bool:
    """Whether every server has to take the value of an optional member."""
    if isinstance(value, dict):
        # JSON escapes what is not ASCII, so the texts are looked at one by one as well.
        texts = [*value, *value.values()]
        return is_ordinary_metadata(json.dumps(value)) and all(map(is_ordinary_text, texts))
    return isinstance(value, str) and is_ordinary_text(value)


def is_comparable(value: JSON) -> bool:
    """Whether a server that accepts the value has to show it again as it was sent."""
    if isinstance(value, dict):
        return all(
            # The vendor keeps this prefix for itself: what becomes of such a key is open.
            is_comparable(name) and not name.startswith("dintero_") and is_comparable(item)
            for name, item in value.items()
        )
    if isinstance(value, list):
        return bool(value) and all(map(is_comparable, value))
    if isinstance(value, int):
        return abs(value) <= LARGEST_EXACT_FLOAT
    # A store may drop control characters, half characters and those that Unicode does not assign.
    return (
        isinstance(value, str)
        and value != ""
        and value == value.strip()
        and not any(unicodedata.category(letter).startswith("C") for letter in value)
    )


# One reader for each operation ------------------------------------------------------------------

Reader = Callable[[FuzzRequest, IdIndex], Interpretation | None]

KIND_OF_TYPE = {TYPE_OF_KIND[kind]: kind for kind in (Kind.DRAWDOWN, Kind.FUND)}


def _transact(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    members = BodyReader(request.body)
    token, card_id = members.take("token"), members.take("card_id")
    by_token = index.tokens.get(token) if isinstance(token, str) else None
    by_id = index.cards.get(card_id) if isinstance(card_id, str) else None
    card = by_id or by_token
    if card is None:
        return None
    if token is not None and card_id is not None:
        return _unclear(card)  # which of the two pays is open (TX-6)
    ref, amount, currency = members.take("ref_id"), members.amount(), members.take("currency")
    type_, pending = members.take("type", "drawdown"), members.take("pending", False)
    kind = KIND_OF_TYPE.get(str(type_))
    if not isinstance(ref, str) or amount is None or kind is None:
        return _unclear(card)
    if pending is True:
        # "Only supported when creating a drawdown": a server refuses it, or makes a fund (FUND-3).
        members.is_ordinary = members.is_ordinary and kind is Kind.DRAWDOWN
        kind = Kind.HOLD if kind is Kind.DRAWDOWN else kind
    extras = members.extras(TRANSACTION_EXTRAS)
    command = Transact(
        kind, index.ids[card], amount, str(currency), RefId(ref), token, extras=extras
    )
    return members.interpretation(card, command)


def _capture(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    hold = request.path["transaction_id"]
    card = index.transactions.get(hold)
    if card is None:
        return None
    members = BodyReader(request.body)
    ref, amount = members.take("ref_id"), members.amount()
    if not isinstance(ref, str):
        return _unclear(card)
    extras = members.extras(("metadata",))
    command = Capture(index.ids[card], EntryId(hold), amount, RefId(ref), extras=extras)
    return members.interpretation(card, command)


def _void(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    hold = request.path["transaction_id"]
    card = index.transactions.get(hold)
    if card is None:
        return None
    members = BodyReader(request.body)
    ref = members.take("ref_id")
    if not isinstance(ref, str):
        return _unclear(card)
    extras = members.extras(("metadata",))
    command = Void(index.ids[card], EntryId(hold), RefId(ref), extras=extras)
    return members.interpretation(card, command)


def _issue_token(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    card = index.cards.get(request.path["card_id"])
    if card is None:
        return None
    members = BodyReader(request.body)
    ref = members.take("ref_id")
    # A repeat is one of the whole body. What the suite itself sends is all in the command.
    sent = () if members.left.keys() == TOKEN_MEMBERS else (("sent", as_text(members.left)),)
    life_s = members.take("expires_in")
    one_time = members.take("expires_after_transaction", True)
    if not isinstance(ref, str) or not isinstance(life_s, int) or not isinstance(one_time, bool):
        return _unclear(card)
    members.is_ordinary = members.is_ordinary and life_s <= LONGEST_TOKEN_LIFE_S
    members.extras(("metadata",))
    command = IssueToken(index.ids[card], RefId(ref), one_time, life_s, extras=sent)
    return members.interpretation(card, command)


def _create_card(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    members = BodyReader(request.body)
    card_id, amount, currency = members.take("card_id"), members.amount(), members.take("currency")
    card = index.cards.get(card_id) if isinstance(card_id, str) else None
    # Without an amount there is no card to follow: the session put its id into the index only in
    # case that it is made.
    if card is None or amount is None or not isinstance(currency, str):
        return None
    extras = members.extras(CARD_EXTRAS)
    return members.interpretation(card, OpenCard(index.ids[card], amount, currency, extras))


def _prepare_cards(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    members = BodyReader(request.body)
    cards = members.take("cards")
    entry = BodyReader(cards[0] if isinstance(cards, list) and len(cards) == 1 else None)
    card_id, type_ = entry.take("card_id"), entry.take("type")
    card = index.cards.get(card_id) if isinstance(card_id, str) else None
    if card is None or type_ not in ("gift_card", "credit_note"):
        return None
    members.is_ordinary = members.is_ordinary and entry.is_ordinary and not entry.left
    return members.interpretation(card, PrepareCard(index.ids[card]))


def _activate_card(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    card = index.cards.get(request.path["card_id"])
    if card is None:
        return None
    members = BodyReader(request.body)
    amount, currency = members.amount(), members.take("currency")
    if amount is None or not isinstance(currency, str):
        return _unclear(card)
    # The type was given when the card was prepared; a second one counts as an unknown member.
    extras = members.extras(tuple(name for name in CARD_EXTRAS if name != "type"))
    return members.interpretation(card, ActivateCard(index.ids[card], amount, currency, extras))


def _read_by_token(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
    members = BodyReader(request.body)
    token = members.take("token")
    card = index.tokens.get(token) if isinstance(token, str) else None
    if card is None:
        return None
    return members.interpretation(card, ReadCard(index.ids[card], View.INFO, token))


def _on_card(make: Callable[[CardId, FuzzRequest], Command]) -> Reader:
    """A reader of requests that say everything in their path."""

    def read(request: FuzzRequest, index: IdIndex) -> Interpretation | None:
        card = index.cards.get(request.path["card_id"])
        return None if card is None else Interpretation(card, make(index.ids[card], request))

    return read


def _customer_view(card_id: CardId, request: FuzzRequest) -> Command:
    return ReadCard(card_id, View.CUSTOMER, request.path["customer_id"])


READERS: dict[str, Reader] = {
    op.TRANSACT: _transact,
    op.CAPTURE: _capture,
    op.VOID: _void,
    op.ISSUE_TOKEN: _issue_token,
    op.CREATE_CARD: _create_card,
    op.PREPARE_CARDS: _prepare_cards,
    op.ACTIVATE_CARD: _activate_card,
    op.READ_BY_TOKEN: _read_by_token,
    op.READ_CARD: _on_card(lambda card, request: ReadCard(card)),
    op.DELETE_CARD: _on_card(lambda card, request: DeleteCard(card)),
    op.LIST_TRANSACTIONS: _on_card(lambda card, request: ReadTransactions(card)),
    op.READ_CUSTOMER_CARD: _on_card(_customer_view),
}
"""By operationId. A rotated PIN, the lists of cards and Get Token move no money: no reader."""
