"""Guesses what the members of requests and answers mean, by their names. Only guesses.

A name is compared in small letters with `_`, so that `amountCaptured` is `amount_captured`. An
object with an amount and a currency is one amount: what it means is said by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

JSON = Any
DEEPEST = 4

SENT = {
    "$amount": (
        *("amount", "amount_to_capture", "capture_amount", "captured_amount", "value"),
        *("amount_minor", "amount_money", "order_amount", "purchase_amount", "precise_amount"),
        *("opening_amount", "initial_amount", "opening_balance", "initial_balance"),
    ),
    "$currency": ("currency", "currency_code", "asset", "purchase_currency"),
    "$hold": (
        "hold_id",
        "hold",
        "charge",
        "authorization_id",
        "payment_id",
        "payment_intent",
        "authorization_token",
        "preceding_related_transaction_token",
    ),
    "$card": (
        "card_id",
        "card_token",
        "account_id",
        "wallet_id",
        "account",
        "wallet",
        "source_account",
    ),
}
"""By variable: the members of a request that look like it."""
REFS = ("idempotency_key", "ref_id", "reference", "request_id", "external_id", "client_reference")
CONSTANTS: dict[str, JSON] = {
    "capture": False,
    "pending": True,
    "inflight": True,
    "auto_capture": False,
    "autocomplete": False,
    "capture_method": "manual",
    "capture_mode": "manual",
}
"""Members of a request that make a hold of a payment."""
FINALS = ("final_capture", "is_final", "is_final_capture", "final")
"""Members of a capture that say whether it is the last one."""
SHOWN = {
    "id": ("id", "uuid", "token", "hold_id", "authorization_id", "transaction_id", "order_id"),
    "currency": ("currency", "currency_code", "asset", "purchase_currency"),
    "amount": (
        *("amount", "authorized_amount", "amount_authorized", "original_amount", "order_amount"),
        "amount_money",
    ),
    "captured": (
        *("captured", "amount_captured", "captured_amount", "amount_received", "captured_money"),
        *("cleared", "cleared_amount", "settled", "settled_amount", "total_captured_amount"),
    ),
    "remaining": (
        *("remaining", "amount_capturable", "remaining_amount", "capturable_amount"),
        *("amount_remaining", "remaining_authorized_amount", "outstanding", "outstanding_amount"),
    ),
    "released": (
        "released",
        "amount_released",
        "released_amount",
        "voided_amount",
        "reversed",
        "reversed_amount",
        "amount_reversed",
    ),
    "balance": ("balance", "total", "amount_balance", "total_balance", "ledger_balance"),
    "available": ("available", "amount_available", "available_balance", "available_amount"),
    "pending": ("pending", "held", "reserved", "held_amount", "held_balance", "pending_balance"),
    "ref": ("idempotency_key", "ref_id", "reference"),
    "parent": ("parent_id", "hold_id", "authorization_id", "payment_id"),
}
"""By figure: the members of an answer that look like it."""


def snake(name: str) -> str:
    """Return a name in small letters with `_` between its words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


def named(members: Iterable[str], words: Iterable[str]) -> str | None:
    """Return the member that one of the words names, best first."""
    known = {snake(member): member for member in members}
    return next((known[word] for word in words if word in known), None)


def properties(document: Mapping[str, JSON], schema: JSON) -> dict[str, JSON]:
    """Return the members of a schema, with those of the schemas that it is made of."""
    schema = resolved(document, schema)
    found = dict(schema.get("properties") or {})
    for kind in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(kind) or ():
            found = {**properties(document, part), **found}
    return found


def resolved(document: Mapping[str, JSON], node: JSON) -> dict[str, JSON]:
    """Return a part of a document in place of a reference to it; empty if there is none."""
    for _ in range(20):
        if not isinstance(node, dict) or "$ref" not in node:
            break
        found: JSON = document
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, dict) else {}
        node = found
    return node if isinstance(node, dict) else {}


def amount_in(members: Mapping[str, JSON]) -> tuple[str, str] | None:
    """Return the members of an object that are its amount and its currency; None if it has not."""
    amount = named(members, SENT["$amount"])
    currency = named(members, SENT["$currency"])
    return None if amount is None or currency is None or len(members) > 4 else (amount, currency)


def figures_in(document: Mapping[str, JSON], schema: JSON) -> dict[str, tuple[str, JSON]]:
    """Return the path and the schema of each member of an answer by its name, outermost first.

    An amount with its currency counts under the name of its object, and its currency too.
    """
    found: dict[str, tuple[str, JSON]] = {}
    for name, path, inner in sorted(_leaves(document, schema, ()), key=lambda each: len(each[1])):
        found.setdefault(name, (".".join(path), inner))
    return found


Leaf = tuple[str, tuple[str, ...], JSON]


def _leaves(document: Mapping[str, JSON], schema: JSON, path: tuple[str, ...]) -> Iterator[Leaf]:
    for name, given in properties(document, schema).items():
        here, inner = (*path, name), properties(document, given)
        money = amount_in(inner)
        if money is not None:
            yield name, (*here, money[0]), resolved(document, inner[money[0]])
            yield "currency", (*here, money[1]), resolved(document, inner[money[1]])
        elif inner and len(here) < DEEPEST:
            yield from _leaves(document, given, here)
        else:
            yield name, here, resolved(document, given)
