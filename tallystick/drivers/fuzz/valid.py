"""The plainest request to each operation, and the small changes that contracts make to it.

A request from here is accepted by every server; what a change makes of it is for the contract to
say. It sends nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tallystick.drivers.fuzz.driver import Fuzz
from tallystick.drivers.fuzz.interpretation import Sent
from tallystick.ledger.state import CardStatus

JSON = Any

CREATE = "aid_cards_post"
ACTIVATE = "aid_cards_cardid_activate_post"
ROTATE = "aid_cards_cardid_rotate_pin_post"
TOKEN = "aid_cards_cardid_token_post"
INFO = "aid_cards_token_post"
TRANSACT = "aid_cards_transactions_post"
CAPTURE = "aid_cards_cardid_transactions_capture_post"
VOID = "aid_cards_cardid_transactions_void_post"
LIST = "aid_cards_get"


def valid(fuzz: Fuzz, operation: str) -> Sent:
    """A request to the operation that every server has to accept."""
    card, ref = fuzz.ledger("A").card, fuzz.fresh(".")
    match operation:
        case "aid_cards_post":
            made = fuzz.fresh("-I")
            fuzz.adopt(made)
            body = {"card_id": made, "amount": 500, "currency": "NOK"}
            return Sent(operation, body=body)
        case "aid_cards_cardid_activate_post":
            prepared = fuzz.spare("P", CardStatus.INACTIVE)
            path = {"card_id": prepared.card if prepared is not None else card}
            return Sent(operation, path, body={"amount": 300, "currency": "NOK"})
        case "aid_cards_cardid_rotate_pin_post":
            path = {"card_id": fuzz.ledger("B").card}
            return Sent(operation, path, body={"pin": {"format": {"length": 4}}})
        case "aid_cards_cardid_token_post":
            return Sent(operation, {"card_id": card}, body={"ref_id": ref, "expires_in": 3600})
        case "aid_cards_token_post":
            return Sent(operation, body={"token": next(iter(fuzz.ledger("A").tokens), "")})
        case "aid_cards_transactions_post":
            body = {"ref_id": ref, "card_id": card, "amount": 10, "currency": "NOK"}
            return Sent(operation, body=body)
    entries = fuzz.ledger("A").entries
    hold = max(entries, key=lambda name: entries[name].remaining)
    part = {"amount": 10} if operation == CAPTURE else {}
    return Sent(operation, {"transaction_id": hold}, body={"ref_id": ref, **part})


def changed(sent: Sent, **more: JSON) -> Sent:
    """The request with some members of the body replaced."""
    return replace(sent, body={**sent.body, **more})


def without(sent: Sent, name: str) -> Sent:
    """The request without a member of the body."""
    return replace(sent, body={key: value for key, value in sent.body.items() if key != name})


def written(sent: Sent, content: bytes, **more: Any) -> Sent:
    """The request with the body in these bytes."""
    return replace(sent, content=content, **more)


def garbled(sent: Sent) -> Sent:
    """The request, said to hold texts that not every store can give back."""
    return replace(sent, is_garbled=True)


def loose(sent: Sent) -> Sent:
    """The request, said to be one that HTTP itself may refuse."""
    return replace(sent, is_loose=True)
