"""Puts existing ids, amounts and currencies into generated requests, so that they pass validation.

A generator knows the schema, but no card that exists and no amount that matters, so nearly all of
its requests would be refused before they reach the payment logic. This module keeps what is
generated where that is of interest (types, options, missing members) and replaces ids, ref_ids,
amounts and currencies, sometimes by ids that do not exist. It never keeps a generated card_id,
which could be somebody's card. It sends nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tallystick.drivers.fuzz.request import FuzzRequest
from tallystick.ledger.state import Ledger
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.fuzz.constraints import has_type
from tallystick.profiles.wallet.fuzz.driver import MISSING, Fuzz

JSON = Any

LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class Rates:
    """Probabilities of what makes a request invalid or unusual, each from 0 to 1."""

    raw: float = 0.12
    """Keep the generated body as it is, except for its ids."""
    drop: float = 0.08
    """Leave out a member that the request needs."""
    missing: float = 0.12
    """Name a card, token or transaction that does not exist."""
    generated: float = 0.25
    """Keep a generated amount, currency, date or PIN format."""
    unknown: float = 0.3
    """Keep a member that the document does not know."""


class LiveIds:
    """Fills requests with the ids of one fuzz session; `random` decides where."""

    def __init__(self, fuzz: Fuzz, random: Random, rates: Rates | None = None) -> None:
        self.fuzz = fuzz
        self.random = random
        self.rates = rates or Rates()

    def fill(self, operation: str, query: Mapping[str, JSON], body: JSON) -> FuzzRequest:
        """A request with this query and body, in which ids that exist replace generated ones."""
        path = {name: self._path(operation, name) for name in op.ROUTES[operation].ids}
        if isinstance(body, dict) and operation in MINIMAL_BODIES:
            body = self._body(operation, body, path)
        self._follow_new_card(operation, body)
        return FuzzRequest(operation, path, query, body)

    # Names ----------------------------------------------------------------------------------------

    def fresh(self, letter: str) -> str:
        """An id or ref_id that no request has used before."""
        return self.fuzz.cards.fresh(letter)

    def happens(self, rate: float) -> bool:
        """True with this probability."""
        return self.random.random() < rate

    def card(self) -> str:
        """The label of a card: mostly A, which has the holds, else B."""
        labels = [label for label in self.fuzz.ledgers if label in ("A", "B")]
        return labels[0] if not self.happens(0.2) else labels[-1]

    def ledger(self) -> Ledger:
        """The ledger of the card that has the holds."""
        return self.fuzz.cards.ledger("A")

    def _path(self, operation: str, name: str) -> str:
        is_missing = self.happens(self.rates.missing)
        if name == "transaction_id":
            return self._transaction(is_missing)
        if name == "customer_id":
            return self.fresh(MISSING) if is_missing else self.fuzz.cards.customer
        if is_missing:
            return self.fresh(MISSING)
        if operation in SPARE_CARDS and not self.happens(0.1):
            spare = self.fuzz.cards.spares.get(SPARE_CARDS[operation], SPARE_CARDS[operation])
            is_followed = spare in self.fuzz.ledgers
            return self.fuzz.cards.ledger(spare).card if is_followed else self.fresh(MISSING)
        if operation in SPOILING:
            return self.fresh(MISSING)
        # Only card A belongs to the customer.
        is_customers = operation == op.READ_CUSTOMER_CARD
        return self.fuzz.cards.ledger("A" if is_customers else self.card()).card

    def _transaction(self, is_missing: bool) -> str:
        entries = self.fuzz.cards.transactions("A")
        names = list(entries)
        live = [name for name in names if entries[name].is_open]  # only these can be captured
        if is_missing or not names:
            return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        return self.random.choice(live if live and not self.happens(0.15) else names)

    def _follow_new_card(self, operation: str, body: JSON) -> None:
        """Keep a ledger of the card that a request may create."""
        card_id = body.get("card_id") if isinstance(body, dict) else None
        if operation == op.PREPARE_CARDS and isinstance(body, dict):
            cards = body.get("cards")
            first = cards[0] if isinstance(cards, list) and len(cards) == 1 else None
            card_id = first.get("card_id") if isinstance(first, dict) else None
        if (
            operation in CREATING
            and isinstance(card_id, str)
            and card_id not in self.fuzz.cards.index().cards
        ):
            self.fuzz.cards.follow(card_id)

    # Bodies ---------------------------------------------------------------------------------------

    def _body(self, operation: str, generated: dict[str, JSON], path: dict[str, str]) -> JSON:
        base = MINIMAL_BODIES[operation](self)
        documented = self.fuzz.constraints.bodies[operation].members
        if self.happens(self.rates.raw):
            return {name: self._value(name, value, base) for name, value in generated.items()}
        body = dict(base)
        for name, value in generated.items():
            if name in documented or self.happens(self.rates.unknown):
                body[name] = self._value(name, value, base)
        if operation == op.TRANSACT and "card_id" in body and "token" in body:
            # A contract of its own sends both (TX-6); here it would hide all other mistakes.
            del body["token" if isinstance(generated.get("token"), str) else "card_id"]
        for name in ("active_from", "expires_at", "pin", "card_token", "format"):
            is_extra = name in body and has_type(body[name], TYPES[name]) and name not in base
            if is_extra and not self.happens(self.rates.generated):
                del body[name]
        if base and self.happens(self.rates.drop):
            body.pop(self.random.choice(sorted(base)), None)
        return body

    def _value(self, name: str, value: JSON, base: Mapping[str, JSON]) -> JSON:
        """The value to send: one that exists, if the generated one has the right type."""
        if name == "cards" and isinstance(value, list):
            return [self._batch_entry(entry) for entry in value[:3]]
        if name in ("card_id", "token", "customer_id", "ref_id") and isinstance(value, str):
            return self._id(name, value, base)
        if (
            name == "amount"
            and isinstance(value, int)
            and not isinstance(value, bool)
            and value >= 0
        ):
            return value if self.happens(self.rates.generated) else self._amount(base)
        if (
            name == "currency"
            and value in self.fuzz.run.profile.traits.currencies
            and "currency" in base
        ):
            return value if self.happens(self.rates.generated) else base["currency"]
        return value

    def _batch_entry(self, entry: JSON) -> JSON:
        if isinstance(entry, dict) and isinstance(entry.get("card_id"), str):
            made = {"card_id": self.fresh("-Q")}
            return {**entry, "card_id": self._id("card_id", entry["card_id"], made)}
        return entry

    def _id(self, name: str, value: str, base: Mapping[str, JSON]) -> str:
        if len(value.strip()) > LONGEST_ID:
            return self.fresh("-x") + "y" * LONGEST_ID  # too long as well, but unique
        if name == "ref_id":
            tail = value[:LONGEST_ID] if self.happens(self.rates.generated) else ""
            return f"{base.get('ref_id', self.fresh('.'))}{tail}"
        # The id of a card to be created is never one that counts as missing.
        is_new = str(base.get(name, "")).startswith(
            (f"{self.fuzz.cards.prefix}-N", f"{self.fuzz.cards.prefix}-Q")
        )
        if name in base and (is_new or name not in NAMED or not self.happens(self.rates.missing)):
            return str(base[name])
        return self.fresh(f"-{MISSING}" if name in NAMED else "-other")

    def _amount(self, base: Mapping[str, JSON]) -> int:
        figures = [1, 2, 10, int(self.ledger().available) + 1, int(self.ledger().balance)]
        open_holds = [
            int(entry.remaining) for entry in self.ledger().entries.values() if entry.is_open
        ]
        figures += [part for rest in open_holds for part in (rest, rest + 1, rest // 2)]
        return (
            self.random.choice(figures)
            if "currency" not in base
            else self.random.choice(figures[:5])
        )


# The least that each request needs to be accepted ----------------------------------------------


def _transact(ids: LiveIds) -> dict[str, JSON]:
    card = ids.card()
    ledger, tokens = ids.fuzz.cards.ledger(card), ids.fuzz.cards.tokens(card)
    token = next((value for value, token in tokens.items() if not token.one_time), None)
    named: dict[str, JSON] = {"card_id": ledger.card}
    if token is not None and ids.happens(0.3):
        named = {"token": token}
    type_ = ids.random.choice(["drawdown", "drawdown", "fund"])
    hold = {"pending": True} if type_ == "drawdown" and ids.happens(0.5) else {}
    return {
        "ref_id": ids.fresh("."),
        **named,
        "amount": ids.random.choice([1, 7, 100]),
        "currency": ledger.currency or "NOK",
        "type": type_,
        **hold,
    }


def _capture(ids: LiveIds) -> dict[str, JSON]:
    base = {"ref_id": ids.fresh(".")}
    return base if ids.happens(0.3) else {**base, "amount": ids.random.choice([1, 2, 10])}


def _create_card(ids: LiveIds) -> dict[str, JSON]:
    return {"card_id": ids.fresh("-N"), "amount": 500, "currency": "NOK"}


def _prepare_cards(ids: LiveIds) -> dict[str, JSON]:
    return {"cards": [{"card_id": ids.fresh("-Q"), "type": "gift_card"}]}


def _read_by_token(ids: LiveIds) -> dict[str, JSON]:
    return {"token": next(iter(ids.fuzz.cards.tokens("A")), ids.fresh(MISSING))}


def _get_access_token(ids: LiveIds) -> dict[str, JSON]:
    address = ids.fuzz.target.address
    audience = f"{address.url}/accounts/{address.account}"
    return {"grant_type": "client_credentials", "audience": audience}


MINIMAL_BODIES: dict[str, Callable[[LiveIds], dict[str, JSON]]] = {
    op.TRANSACT: _transact,
    op.CAPTURE: _capture,
    op.VOID: lambda ids: {"ref_id": ids.fresh(".")},
    op.ISSUE_TOKEN: lambda ids: {"ref_id": ids.fresh("."), "expires_in": 3600},
    op.CREATE_CARD: _create_card,
    op.PREPARE_CARDS: _prepare_cards,
    op.ACTIVATE_CARD: lambda ids: {"amount": 300, "currency": "NOK"},
    op.ROTATE_PIN: lambda ids: {"pin": {"format": {"length": 4}}},
    op.READ_BY_TOKEN: _read_by_token,
    op.GET_ACCESS_TOKEN: _get_access_token,
}

NAMED = {"card_id", "token"}
"""Members that name a card: rule MISSING_ID_RULES when it does not exist."""
CREATING = {op.CREATE_CARD, op.PREPARE_CARDS}
SPARE_CARDS = {op.ACTIVATE_CARD: "P", op.DELETE_CARD: "S", op.ROTATE_PIN: "B"}
"""Operations that need a card in another state, or change a card for all later requests."""
SPOILING = {op.DELETE_CARD, op.ROTATE_PIN}
"""Never on cards A and B by chance: a deleted card is lost, and a PIN is asked for ever after."""
TYPES = {
    "active_from": "string",
    "expires_at": "string",
    "pin": "object",
    "card_token": "object",
    "format": "object",
}
"""Optional members that change what the card can do, and their JSON types."""
