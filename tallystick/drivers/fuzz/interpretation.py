"""What a request of any form asks for: the way back from a request to a command of the ledger.

`wire.encode` makes requests from commands; this module reads them, whoever made them. It says how
sure the reading is, because a server may refuse what the documentation leaves open (unknown
members, nulls, 1.0 for 1) and has to accept the rest. It does not judge and sends nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tallystick.drivers.fuzz.constraints import NOTHING
from tallystick.ledger.vocabulary import (
    ActivateCard,
    Capture,
    Command,
    DeleteCard,
    Extras,
    IssueToken,
    Kind,
    OpenCard,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Transact,
    View,
    Void,
)
from tallystick.wire import extras_of

JSON = Any

EXACT = 2**53
"""Above this a number with a fraction part has lost the integer that was written."""
LONG_LIFE_S = 31_536_000
"""The longest life of a token in any sample; no bound is documented (question 48)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request before it is spelled: the operation, and what is put in each of its places."""

    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, JSON] = field(default_factory=dict)
    body: JSON = NOTHING
    content: bytes | None = None
    """The body as it is written, where that is what is odd about it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_loose: bool = False
    """HTTP itself may refuse it: with any 4xx, in any form, or by closing the connection."""
    is_garbled: bool = False
    """It holds texts that not every store can give back, such as half a character."""


@dataclass(frozen=True, slots=True)
class Known:
    """The cards that are followed: where ids and tokens of a request lead. Values are labels."""

    cards: Mapping[str, str]
    transactions: Mapping[str, str]
    tokens: Mapping[str, str]
    ids: Mapping[str, str]
    """Label to card id."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The card that a request concerns, and what it asks for.

    `command` None: it concerns the card, but what its acceptance would do is not told (an expiry,
    two names for a card). `is_plain`: it says nothing beside the command, so that it may only be
    refused for the command's sake.
    """

    card: str
    command: Command | None = None
    is_plain: bool = True


def understand(sent: Sent, known: Known) -> Meaning | None:
    """What a request asks of a card that is followed; None if it concerns none, or a new one."""
    reader = READERS.get(sent.operation)
    if reader is None:
        return None
    meaning = reader(sent, known)
    if meaning is None or not (sent.query or sent.headers or sent.content or sent.is_garbled):
        return meaning
    return Meaning(meaning.card, meaning.command, is_plain=False)


class Members:
    """The members of a body, read one by one; what is left over makes the request less plain."""

    def __init__(self, body: JSON) -> None:
        self.left: dict[str, JSON] = dict(body) if isinstance(body, dict) else {}
        self.is_plain = isinstance(body, dict)
        self.is_clear = isinstance(body, dict)

    def take(self, name: str, default: JSON = None) -> JSON:
        """A member's value; null counts as absent, and as something a server may refuse."""
        if name not in self.left:
            return default
        value = self.left.pop(name)
        if value is None:
            self.is_plain = False
            return default
        return value

    def amount(self) -> int | None:
        """The amount as an integer, None if there is none."""
        value = self.take("amount")
        if isinstance(value, float) and value.is_integer():
            self.is_plain = False
            self.is_clear = self.is_clear and abs(value) <= EXACT
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def extras(self, *names: str) -> Extras:
        """What an answer has to show again of the members; unusual values may be refused."""
        kept = {name: value for name in names if (value := self.take(name)) is not None}
        if not all(map(is_ordinary, kept.values())):
            self.is_plain = False
        return extras_of({name: value for name, value in kept.items() if is_comparable(value)})

    def meaning(self, card: str, command: Command) -> Meaning:
        """The command with how sure it is, once every member of it was taken."""
        # An expiry changes what the card is good for; what a server makes of it is another chapter.
        dated = any(self.left.get(name) is not None for name in ("active_from", "expires_at"))
        is_plain = self.is_plain and not self.left
        return Meaning(card, command if self.is_clear and not dated else None, is_plain)


def is_ordinary(value: JSON) -> bool:
    """Whether any server takes the value: short plain text, small integers, flat objects."""
    if isinstance(value, dict):
        return len(value) <= 10 and all(
            re.fullmatch(r"(?!dintero_)\w{1,40}", name, re.ASCII)
            and not isinstance(item, dict)
            and is_ordinary(item)
            for name, item in value.items()
        )
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        return abs(value) <= EXACT
    if not isinstance(value, str):
        return False
    plain = value.isascii() and value.isprintable() and value == value.strip()
    return plain and 0 < len(value) <= 64


def is_comparable(value: JSON) -> bool:
    """Whether a server that accepts the value has to show it again as it was sent."""
    if isinstance(value, dict):
        return all(
            is_comparable(name) and not name.startswith("dintero_") and is_comparable(item)
            for name, item in value.items()
        )
    if isinstance(value, list):
        return bool(value) and all(map(is_comparable, value))
    if isinstance(value, int):
        return abs(value) <= EXACT
    # Control characters, half characters and those that do not exist may be lost on the way.
    return (
        isinstance(value, str)
        and value != ""
        and value == value.strip()
        and not any(unicodedata.category(letter).startswith("C") for letter in value)
    )


# One reader for each operation ------------------------------------------------------------------


def _transact(sent: Sent, known: Known) -> Meaning | None:
    members = Members(sent.body)
    token, card_id = members.take("token"), members.take("card_id")
    label = known.tokens.get(token) if isinstance(token, str) else None
    named = known.cards.get(card_id) if isinstance(card_id, str) else None
    if token is not None and card_id is not None:
        either = named or label
        return None if either is None else Meaning(either, None, is_plain=False)
    card = named or label
    if card is None:
        return None
    ref, amount, currency = members.take("ref_id"), members.amount(), members.take("currency")
    type_, pending = members.take("type", "drawdown"), members.take("pending", False)
    kind = KINDS.get(str(type_))
    if not isinstance(ref, str) or amount is None or kind is None:
        return Meaning(card, None, is_plain=False)
    if pending is True:
        # "Only supported when creating a drawdown": refused, or a plain fund (FUND-3).
        members.is_plain = members.is_plain and kind is Kind.DRAWDOWN
        kind = Kind.HOLD if kind is Kind.DRAWDOWN else kind
    extras = members.extras("metadata", "originated_by")
    command = Transact(kind, known.ids[card], amount, str(currency), ref, token, extras=extras)
    return members.meaning(card, command)


KINDS = {"drawdown": Kind.DRAWDOWN, "fund": Kind.FUND}


def _capture(sent: Sent, known: Known) -> Meaning | None:
    parent = sent.path["transaction_id"]
    card = known.transactions.get(parent)
    if card is None:
        return None
    members = Members(sent.body)
    ref, amount = members.take("ref_id"), members.amount()
    if not isinstance(ref, str):
        return Meaning(card, None, is_plain=False)
    extras = members.extras("metadata")
    return members.meaning(card, Capture(known.ids[card], parent, amount, ref, extras=extras))


def _void(sent: Sent, known: Known) -> Meaning | None:
    parent = sent.path["transaction_id"]
    card = known.transactions.get(parent)
    if card is None:
        return None
    members = Members(sent.body)
    ref = members.take("ref_id")
    if not isinstance(ref, str):
        return Meaning(card, None, is_plain=False)
    extras = members.extras("metadata")
    return members.meaning(card, Void(known.ids[card], parent, ref, extras=extras))


def _issue(sent: Sent, known: Known) -> Meaning | None:
    card = known.cards.get(sent.path["card_id"])
    if card is None:
        return None
    members = Members(sent.body)
    ref, life = members.take("ref_id"), members.take("expires_in")
    one_time = members.take("expires_after_transaction", True)
    if not isinstance(ref, str) or not isinstance(life, int) or not isinstance(one_time, bool):
        return Meaning(card, None, is_plain=False)
    members.is_plain = members.is_plain and life <= LONG_LIFE_S
    members.extras("metadata")
    return members.meaning(card, IssueToken(known.ids[card], ref, one_time, life))


def _open(sent: Sent, known: Known) -> Meaning | None:
    members = Members(sent.body)
    card_id, amount, currency = members.take("card_id"), members.amount(), members.take("currency")
    card = known.cards.get(card_id) if isinstance(card_id, str) else None
    if card is None or amount is None or not isinstance(currency, str):
        return None
    extras = members.extras("customer_id", "metadata", "name", "originated_by", "type")
    return members.meaning(card, OpenCard(known.ids[card], amount, currency, extras))


def _prepare(sent: Sent, known: Known) -> Meaning | None:
    members = Members(sent.body)
    cards = members.take("cards")
    entry = Members(cards[0] if isinstance(cards, list) and len(cards) == 1 else None)
    card_id, type_ = entry.take("card_id"), entry.take("type")
    card = known.cards.get(card_id) if isinstance(card_id, str) else None
    if card is None or type_ not in ("gift_card", "credit_note"):
        return None
    members.is_plain = members.is_plain and entry.is_plain and not entry.left
    return members.meaning(card, PrepareCard(known.ids[card]))


def _activate(sent: Sent, known: Known) -> Meaning | None:
    card = known.cards.get(sent.path["card_id"])
    if card is None:
        return None
    members = Members(sent.body)
    amount, currency = members.amount(), members.take("currency")
    if amount is None or not isinstance(currency, str):
        return Meaning(card, None, is_plain=False)
    extras = members.extras("customer_id", "metadata", "name", "originated_by")
    return members.meaning(card, ActivateCard(known.ids[card], amount, currency, extras))


def _info(sent: Sent, known: Known) -> Meaning | None:
    members = Members(sent.body)
    token = members.take("token")
    card = known.tokens.get(token) if isinstance(token, str) else None
    if card is None:
        return None
    return members.meaning(card, ReadCard(known.ids[card], View.INFO, token))


def _on_card(make: Callable[[str, Sent], Command]) -> Callable[[Sent, Known], Meaning | None]:
    def read(sent: Sent, known: Known) -> Meaning | None:
        card = known.cards.get(sent.path["card_id"])
        return None if card is None else Meaning(card, make(known.ids[card], sent))

    return read


READERS: dict[str, Callable[[Sent, Known], Meaning | None]] = {
    "aid_cards_transactions_post": _transact,
    "aid_cards_cardid_transactions_capture_post": _capture,
    "aid_cards_cardid_transactions_void_post": _void,
    "aid_cards_cardid_token_post": _issue,
    "aid_cards_post": _open,
    "aid_cards_batch_post": _prepare,
    "aid_cards_cardid_activate_post": _activate,
    "aid_cards_token_post": _info,
    "aid_cards_cardid_get": _on_card(lambda card, sent: ReadCard(card)),
    "aid_cards_cardid_delete": _on_card(lambda card, sent: DeleteCard(card)),
    "aid_cards_cardid_transactions_tid_get": _on_card(lambda card, sent: ReadTransactions(card)),
    "aid_customers_cid_card_cid_get": _on_card(
        lambda card, sent: ReadCard(card, View.CUSTOMER, sent.path["customer_id"])
    ),
}
