"""Commands to requests and answers to records, for the Wallet / Cards API. Pure.

This module does not send anything (see `target`) and does not judge anything (see `ledger`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from tallystick.ledger.members import as_text
from tallystick.ledger.vocabulary import (
    JSON_MEMBERS,
    ActivateCard,
    Capture,
    CardId,
    CardRecord,
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
    Record,
    RefId,
    Refund,
    TokenRecord,
    Transact,
    TransactionRecord,
    View,
    Void,
)
from tallystick.profiles.wallet import operations as op
from tallystick.request import Request

JSON = Any
T = TypeVar("T")

CURRENCIES = ("NOK", "SEK", "DKK", "EUR", "USD")
"""The currencies that the document lists for a card."""


def encode(command: Command, account: str) -> Request:
    """Return the request that asks for the command, on behalf of the account."""
    return _ENCODERS[type(command)](command, account)


def request(operation: str, account: str, body: JSON = None, **ids: str) -> Request:
    """Return a request to an operation; `ids` are the ids in its path, not yet quoted."""
    route = op.ROUTES[operation]
    names = {name: _segment(text) for name, text in {"account": account, **ids}.items()}
    return Request(operation, route.method, route.path.format_map(names), body)


def decode(command: Command, body: JSON) -> Record:
    """Return the record that an accepting answer shows; `body` is parsed JSON of any shape.

    Members that are absent or of a wrong type are None.
    """
    match command:
        case Transact() | Capture() | Void() | Refund():
            return transaction_record(body)
        case ReadTransactions():
            items = body if isinstance(body, list) else []
            return tuple(transaction_record(item) for item in items)
        case IssueToken():
            token = _members(_members(body).get("token"))
            return TokenRecord(_text(token.get("value")), _id(RefId, _members(body), "ref_id"))
        case PrepareCard(card=card):
            return card_record(_find(_members(body).get("cards"), card))
        case _:
            return card_record(body)


def transaction_record(body: JSON) -> TransactionRecord:
    """Return a transaction as an answer shows it; whatever is not as documented is None."""
    members = _members(body)
    return TransactionRecord(
        id=_id(EntryId, members, "id"),
        ref=_id(RefId, members, "ref_id"),
        amount=_integer(members.get("amount")),
        currency=_text(members.get("currency")),
        type=_text(members.get("type")),
        parent=_id(EntryId, members, "parent_id"),
        extras=_extras(members, TRANSACTION_EXTRAS),
    )


def card_record(body: JSON) -> CardRecord:
    """Return a card as an answer shows it; whatever is not as documented is None."""
    members = _members(body)
    return CardRecord(
        card=_id(CardId, members, "card_id"),
        currency=_text(members.get("currency")),
        amount=_integer(members.get("amount")),
        balance=_integer(members.get("amount_balance")),
        available=_integer(members.get("amount_available")),
        funds=_integer(members.get("amount_funds")),
        drawdown=_integer(members.get("amount_drawdown")),
        pending=_integer(members.get("amount_pending")),
        reserved=_integer(members.get("amount_reserved")),
        status=_text(members.get("status")),
        extras=_extras(members, CARD_EXTRAS),
        has_pin=bool(members.get("pin")),
    )


TRANSACTION_EXTRAS = ("metadata", "originated_by")
"""Optional members of a transaction that its answers show again."""
CARD_EXTRAS = (
    "active_from",
    "customer_id",
    "expires_at",
    "metadata",
    "name",
    "originated_by",
    "type",
)
"""Optional members of a card that its answers show again."""


def extras_of(members: Mapping[str, JSON]) -> Extras:
    """Return members of a request in the form in which a command carries them."""
    return _extras(members, tuple(sorted(members)))


def _extras(members: Mapping[str, JSON], names: tuple[str, ...]) -> Extras:
    return tuple(
        (name, as_text(value)) for name in names if (value := members.get(name)) is not None
    )


def _body(extras: Extras) -> dict[str, JSON]:
    return {name: json.loads(text) if name in JSON_MEMBERS else text for name, text in extras}


def _open(command: OpenCard, account: str) -> Request:
    body = {"card_id": command.card, "amount": command.amount, "currency": command.currency}
    return request(op.CREATE_CARD, account, body | _body(command.extras))


def _prepare(command: PrepareCard, account: str) -> Request:
    body = {"cards": [{"card_id": command.card, "type": "gift_card"}]}
    return request(op.PREPARE_CARDS, account, body)


def _activate(command: ActivateCard, account: str) -> Request:
    body = {"amount": command.amount, "currency": command.currency, **_body(command.extras)}
    return request(op.ACTIVATE_CARD, account, body, card_id=command.card)


def _delete(command: DeleteCard, account: str) -> Request:
    return request(op.DELETE_CARD, account, card_id=command.card)


def _issue(command: IssueToken, account: str) -> Request:
    body = {
        "ref_id": command.ref,
        "expires_in": command.expires_in,
        "expires_after_transaction": command.one_time,
    }
    return request(op.ISSUE_TOKEN, account, body, card_id=command.card)


TYPE_OF_KIND = {Kind.DRAWDOWN: "drawdown", Kind.HOLD: "drawdown", Kind.FUND: "fund"}
"""What `type` says; a hold is a drawdown that is `pending`."""


def _transact(command: Transact, account: str) -> Request:
    named = {"card_id": command.card} if command.token is None else {"token": command.token}
    body = {
        "ref_id": command.ref,
        **named,
        "amount": command.amount,
        "currency": command.currency,
        "type": TYPE_OF_KIND[command.kind],
        **_body(command.extras),
    }
    if command.kind is Kind.HOLD:
        body["pending"] = True
    return request(op.TRANSACT, account, body)


def _capture(command: Capture, account: str) -> Request:
    body = {"ref_id": command.ref, **_body(command.extras)}
    if command.amount is not None:
        body["amount"] = command.amount
    return request(op.CAPTURE, account, body, transaction_id=command.parent)


def _void(command: Void, account: str) -> Request:
    body = {"ref_id": command.ref, **_body(command.extras)}
    return request(op.VOID, account, body, transaction_id=command.parent)


def _read(command: ReadCard, account: str) -> Request:
    card, handle = command.card, command.handle or ""
    if command.view is View.INFO:
        return request(op.READ_BY_TOKEN, account, {"token": command.handle})
    if command.view is View.CUSTOMER:
        return request(op.READ_CUSTOMER_CARD, account, customer_id=handle, card_id=card)
    return request(op.READ_CARD, account, card_id=card)


def _read_transactions(command: ReadTransactions, account: str) -> Request:
    return request(op.LIST_TRANSACTIONS, account, card_id=command.card)


_ENCODERS: dict[type, Callable[[Any, str], Request]] = {
    OpenCard: _open,
    PrepareCard: _prepare,
    ActivateCard: _activate,
    DeleteCard: _delete,
    IssueToken: _issue,
    Transact: _transact,
    Capture: _capture,
    Void: _void,
    ReadCard: _read,
    ReadTransactions: _read_transactions,
}


def _segment(text: str) -> str:
    """Return the text as one segment of a path; an id is any text, with `/` too (CARD-16)."""
    if text in (".", ".."):
        return text.replace(".", "%2E")  # else the HTTP client would resolve it against the path
    return quote(text, safe="")


def _find(items: JSON, card: str) -> JSON:
    if not isinstance(items, list):
        return None
    return next((item for item in items if _members(item).get("card_id") == card), None)


def _members(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _id(kind: Callable[[str], T], members: Mapping[str, JSON], name: str) -> T | None:
    """Return an id of one of the types of the vocabulary."""
    text = members.get(name)
    return kind(text) if isinstance(text, str) else None


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: JSON) -> int | None:
    """Return an integer member, else None; for JSON Schema 5.0 is an integer too, True is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None
