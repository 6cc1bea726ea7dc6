"""Builds requests that no command of the ledger covers: lists, PINs, tokens with a format.

Each function takes the path of an account's wallets (`clients.base_of`), so that a contract can
send it to another account. This module sends nothing and does not know what an answer means.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from tallystick.request import Request

DIGITS = {"numbers": True, "symbols": False, "characters": False}
"""A format of digits only, as the guides print it (G:loyalty/wallet-create-gift-card)."""


def open_card(base: str, card_id: str, amount: int = 100, **members: Any) -> Request:
    """Create a card with all that a creation can carry."""
    body = {"card_id": card_id, "amount": amount, "currency": "NOK", **members}
    return Request("aid_cards_post", "POST", f"{base}/cards", body)


def batch(base: str, cards: list[dict[str, Any]], **options: Any) -> Request:
    """Create cards that wait for activation; `cards` are their card_id and type."""
    body = {"cards": cards, **({"options": options} if options else {})}
    return Request("aid_cards_batch_post", "POST", f"{base}/cards/batch", body)


def activate(base: str, card_id: str, amount: int = 100, **members: Any) -> Request:
    """Activate a card."""
    body = {"amount": amount, "currency": "NOK", **members}
    path = f"{_card(base, card_id)}/activate"
    return Request("aid_cards_cardid_activate_post", "POST", path, body)


def read_card(base: str, card_id: str, **query: Any) -> Request:
    """The details of a card."""
    path = f"{_card(base, card_id)}{_query(query)}"
    return Request("aid_cards_cardid_get", "GET", path)


def delete_card(base: str, card_id: str) -> Request:
    """Delete a card."""
    return Request("aid_cards_cardid_delete", "DELETE", _card(base, card_id))


def rotate_pin(base: str, card_id: str, **format_: Any) -> Request:
    """Give a card a new PIN; without a format the server chooses one."""
    body = {"pin": {"format": format_} if format_ else {}}
    path = f"{_card(base, card_id)}/rotate-pin"
    return Request("aid_cards_cardid_rotate_pin_post", "POST", path, body)


def issue_token(base: str, card_id: str, ref_id: str, **members: Any) -> Request:
    """Make a token for a card, with the documented default for what is left out."""
    body = {"ref_id": ref_id, "expires_in": 3600, **members}
    return Request("aid_cards_cardid_token_post", "POST", f"{_card(base, card_id)}/tokens", body)


def list_transactions(base: str, card_id: str) -> Request:
    """The transactions of a card."""
    path = f"{_card(base, card_id)}/transactions"
    return Request("aid_cards_cardid_transactions_tid_get", "GET", path)


def list_cards(base: str, **query: Any) -> Request:
    """One page of the account's cards."""
    return Request("aid_cards_get", "GET", f"{base}/cards{_query(query)}")


def customer_cards(base: str, customer_id: str, **query: Any) -> Request:
    """One page of a customer's cards."""
    path = f"{base}/customers/{quote(customer_id, safe='')}/cards{_query(query)}"
    return Request("aid_customers_cid_cards_get", "GET", path)


def customer_card(base: str, customer_id: str, card_id: str) -> Request:
    """A card as its customer sees it."""
    path = f"{base}/customers/{quote(customer_id, safe='')}/cards/{quote(card_id, safe='')}"
    return Request("aid_customers_cid_card_cid_get", "GET", path)


def info(base: str, token: str, **members: Any) -> Request:
    """Look a card up by its token, with its PIN if one is given."""
    return Request("aid_cards_token_post", "POST", f"{base}/info", {"token": token, **members})


def transact(base: str, ref_id: str, amount: int = 1, **members: Any) -> Request:
    """A drawdown by default; `members` name the card and what else it is."""
    body = {"ref_id": ref_id, "amount": amount, "currency": "NOK", **members}
    return Request("aid_cards_transactions_post", "POST", f"{base}/transactions", body)


def capture(base: str, transaction_id: str, ref_id: str, **members: Any) -> Request:
    """Capture a hold."""
    path = f"{base}/transactions/{quote(transaction_id, safe='')}/capture"
    body = {"ref_id": ref_id, **members}
    return Request("aid_cards_cardid_transactions_capture_post", "POST", path, body)


def void(base: str, transaction_id: str, ref_id: str) -> Request:
    """Void a hold."""
    path = f"{base}/transactions/{quote(transaction_id, safe='')}/void"
    return Request("aid_cards_cardid_transactions_void_post", "POST", path, {"ref_id": ref_id})


def get_token(account: str, audience: str) -> Request:
    """Get Token by client credentials; the credentials travel in a header."""
    body = {"grant_type": "client_credentials", "audience": audience}
    path = f"/accounts/{quote(account, safe='')}/auth/token"
    return Request("aid_auths_oauth_token_post", "POST", path, body)


def _card(base: str, card_id: str) -> str:
    return f"{base}/cards/{quote(card_id, safe='')}"


def _query(query: dict[str, Any]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""
