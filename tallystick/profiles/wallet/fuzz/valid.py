"""A valid request for each operation with a body, and small changes that contracts make to it.

Every server has to accept what `valid` makes; whether it has to accept a changed request is for the
contract to say. This module sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tallystick.drivers.fuzz.request import FuzzRequest
from tallystick.ledger.state import CardStatus
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.fuzz.driver import Fuzz

JSON = Any


def valid(fuzz: Fuzz, operation: str) -> FuzzRequest:
    """A request that every server has to accept, on the cards of a session of `CardSet`."""
    return VALID[operation](fuzz, fuzz.cards.fresh("."))


def _create_card(fuzz: Fuzz, ref: str) -> FuzzRequest:
    card_id = fuzz.cards.fresh("-I")
    fuzz.cards.follow(card_id)
    body = {"card_id": card_id, "amount": 500, "currency": "NOK"}
    return FuzzRequest(op.CREATE_CARD, body=body)


def _activate_card(fuzz: Fuzz, ref: str) -> FuzzRequest:
    prepared = fuzz.cards.spare("P", CardStatus.INACTIVE) or fuzz.cards.ledger("A")
    body = {"amount": 300, "currency": "NOK"}
    return FuzzRequest(op.ACTIVATE_CARD, {"card_id": prepared.card}, body=body)


def _rotate_pin(fuzz: Fuzz, ref: str) -> FuzzRequest:
    path = {"card_id": fuzz.cards.ledger("B").card}
    return FuzzRequest(op.ROTATE_PIN, path, body={"pin": {"format": {"length": 4}}})


def _issue_token(fuzz: Fuzz, ref: str) -> FuzzRequest:
    path = {"card_id": fuzz.cards.ledger("A").card}
    return FuzzRequest(op.ISSUE_TOKEN, path, body={"ref_id": ref, "expires_in": 3600})


def _read_by_token(fuzz: Fuzz, ref: str) -> FuzzRequest:
    fuzz.target.support.require(op.ISSUE_TOKEN)
    token = next(iter(fuzz.cards.tokens("A")))
    return FuzzRequest(op.READ_BY_TOKEN, body={"token": token})


def _transact(fuzz: Fuzz, ref: str) -> FuzzRequest:
    body = {"ref_id": ref, "card_id": fuzz.cards.ledger("A").card, "amount": 10, "currency": "NOK"}
    return FuzzRequest(op.TRANSACT, body=body)


def _capture(fuzz: Fuzz, ref: str) -> FuzzRequest:
    path = {"transaction_id": _largest_hold(fuzz)}
    return FuzzRequest(op.CAPTURE, path, body={"ref_id": ref, "amount": 10})


def _void(fuzz: Fuzz, ref: str) -> FuzzRequest:
    return FuzzRequest(op.VOID, {"transaction_id": _largest_hold(fuzz)}, body={"ref_id": ref})


def _largest_hold(fuzz: Fuzz) -> str:
    transactions = fuzz.cards.transactions("A")
    return max(transactions, key=lambda id_: transactions[id_].remaining)


VALID: dict[str, Callable[[Fuzz, str], FuzzRequest]] = {
    op.CREATE_CARD: _create_card,
    op.ACTIVATE_CARD: _activate_card,
    op.ROTATE_PIN: _rotate_pin,
    op.ISSUE_TOKEN: _issue_token,
    op.READ_BY_TOKEN: _read_by_token,
    op.TRANSACT: _transact,
    op.CAPTURE: _capture,
    op.VOID: _void,
}
"""By operationId: a function of the session and a fresh ref_id."""


def changed(request: FuzzRequest, **members: JSON) -> FuzzRequest:
    """The request with these members in its body."""
    return replace(request, body={**request.body, **members})


def without(request: FuzzRequest, name: str) -> FuzzRequest:
    """The request without a member of the body."""
    return replace(request, body={key: value for key, value in request.body.items() if key != name})


def with_body(request: FuzzRequest, body: JSON, **more: Any) -> FuzzRequest:
    """The request with another body and nothing else that was set; bytes are sent as they are."""
    return FuzzRequest(request.operation, request.path, body=body, **more)


def written(request: FuzzRequest, content: bytes, **more: Any) -> FuzzRequest:
    """The request with its body in these bytes, which mean the same."""
    return replace(request, content=content, **more)


def with_unstable_text(request: FuzzRequest) -> FuzzRequest:
    """The request, marked as holding texts that not every store can give back."""
    return replace(request, text_may_change=True)
