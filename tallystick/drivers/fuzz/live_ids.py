"""Live names for generated requests, so that they reach the logic behind the door.

A generator of schemas knows no card that exists and no amount that matters. The feeder keeps what
is generated where it may matter (types, options, missing members) and puts ids, references, amounts
and currencies of followed cards in their place, now and then ones that do not exist. Ids of cards
are never taken as they are generated: they could be somebody's. It sends nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tallystick.drivers.fuzz.constraints import has_type
from tallystick.drivers.fuzz.driver import NOBODY, Fuzz
from tallystick.drivers.fuzz.interpretation import Sent
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import CURRENCIES

JSON = Any

LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class Odds:
    """How often the feeder leaves a generated request alone."""

    raw: float = 0.12
    """Of the body: as it was generated, ids aside."""
    drop: float = 0.08
    """Of one member that the request needs: left out."""
    foreign: float = 0.12
    """Of an id: one that does not exist."""
    generated: float = 0.25
    """Of an amount, a currency, a date or a generator: the generated one."""
    unknown: float = 0.3
    """Of a member that no document knows: kept."""


class Feeder:
    """Feeds requests with the names of one fuzz session."""

    def __init__(self, fuzz: Fuzz, random: Random, odds: Odds | None = None) -> None:
        self.fuzz = fuzz
        self.random = random
        self.odds = odds or Odds()

    def feed(self, operation: str, query: Mapping[str, JSON], body: JSON) -> Sent:
        """A generated query and body as a request that names what is there."""
        path = {name: self._path(operation, name) for name in PLACES.get(operation, ())}
        if isinstance(body, dict) and operation in BASES:
            body = self._body(operation, body, path)
        self._adopt(operation, body)
        return Sent(operation, path, query, body)

    # Names ----------------------------------------------------------------------------------------

    def fresh(self, letter: str) -> str:
        """A name that was never used."""
        return self.fuzz.fresh(letter)

    def is_rare(self, odds: float) -> bool:
        """Whether it happens this time."""
        return self.random.random() < odds

    def card(self) -> str:
        """The label of a card: mostly the first, which has the holds."""
        labels = [label for label in self.fuzz.ledgers if label in ("A", "B")]
        return labels[0] if not self.is_rare(0.2) else labels[-1]

    def ledger(self) -> Ledger:
        """The ledger of the card that has the holds."""
        return self.fuzz.ledger("A")

    def _path(self, operation: str, name: str) -> str:
        foreign = self.is_rare(self.odds.foreign)
        if name == "transaction_id":
            return self._transaction(foreign)
        if name == "customer_id":
            return self.fresh(NOBODY) if foreign else f"{self.fuzz.prefix}-customer"
        if foreign:
            return self.fresh(NOBODY)
        if operation in ON_SPARE and not self.is_rare(0.1):
            spare = self.fuzz.spares.get(ON_SPARE[operation], ON_SPARE[operation])
            known = spare in self.fuzz.ledgers
            return self.fuzz.ledger(spare).card if known else self.fresh(NOBODY)
        if operation in SPOILERS:
            return self.fresh(NOBODY)
        return self.fuzz.ledger("A" if "customers" in operation else self.card()).card

    def _transaction(self, foreign: bool) -> str:
        entries = self.ledger().entries
        names = list(entries)
        live = [name for name in names if entries[name].is_open]
        if foreign or not names:
            return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        return self.random.choice(live if live and not self.is_rare(0.15) else names)

    def _adopt(self, operation: str, body: JSON) -> None:
        """Follow the card that a request may make."""
        card_id = body.get("card_id") if isinstance(body, dict) else None
        if operation == "aid_cards_batch_post" and isinstance(body, dict):
            cards = body.get("cards")
            first = cards[0] if isinstance(cards, list) and len(cards) == 1 else None
            card_id = first.get("card_id") if isinstance(first, dict) else None
        if (
            operation in MAKERS
            and isinstance(card_id, str)
            and card_id not in self.fuzz.known().cards
        ):
            self.fuzz.adopt(card_id)

    # Bodies ---------------------------------------------------------------------------------------

    def _body(self, operation: str, generated: dict[str, JSON], path: dict[str, str]) -> JSON:
        base = BASES[operation](self)
        known = self.fuzz.demands.bodies[operation].members
        if self.is_rare(self.odds.raw):
            return {name: self._value(name, value, base) for name, value in generated.items()}
        body = dict(base)
        for name, value in generated.items():
            if name in known or self.is_rare(self.odds.unknown):
                body[name] = self._value(name, value, base)
        if operation == "aid_cards_transactions_post" and "card_id" in body and "token" in body:
            # Both at once is a question of its own (contracts, chapter SHAPE).
            del body["token" if isinstance(generated.get("token"), str) else "card_id"]
        for name in ("active_from", "expires_at", "pin", "card_token", "format"):
            is_extra = name in body and has_type(body[name], TYPES[name]) and name not in base
            if is_extra and not self.is_rare(self.odds.generated):
                del body[name]
        if base and self.is_rare(self.odds.drop):
            body.pop(self.random.choice(sorted(base)), None)
        return body

    def _value(self, name: str, value: JSON, base: Mapping[str, JSON]) -> JSON:
        """What stands for a generated value: one that the server knows, if the type is right."""
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
            return value if self.is_rare(self.odds.generated) else self._amount(base)
        if name == "currency" and value in CURRENCIES and "currency" in base:
            return value if self.is_rare(self.odds.generated) else base["currency"]
        return value

    def _batch_entry(self, entry: JSON) -> JSON:
        if isinstance(entry, dict) and isinstance(entry.get("card_id"), str):
            made = {"card_id": self.fresh("-Q")}
            return {**entry, "card_id": self._id("card_id", entry["card_id"], made)}
        return entry

    def _id(self, name: str, value: str, base: Mapping[str, JSON]) -> str:
        if len(value.strip()) > LONGEST_ID:
            return self.fresh("-x") + "y" * LONGEST_ID  # too long is too long, by whatever name
        if name == "ref_id":
            tail = value[:LONGEST_ID] if self.is_rare(self.odds.generated) else ""
            return f"{base.get('ref_id', self.fresh('.'))}{tail}"
        # A name that is about to be given away must never be one that nobody has.
        made = str(base.get(name, "")).startswith(
            (f"{self.fuzz.prefix}-N", f"{self.fuzz.prefix}-Q")
        )
        if name in base and (made or name not in NAMED or not self.is_rare(self.odds.foreign)):
            return str(base[name])
        return self.fresh(f"-{NOBODY}" if name in NAMED else "-other")

    def _amount(self, base: Mapping[str, JSON]) -> int:
        figures = [1, 2, 10, self.ledger().available + 1, self.ledger().balance]
        open_holds = [entry.remaining for entry in self.ledger().entries.values() if entry.is_open]
        figures += [part for rest in open_holds for part in (rest, rest + 1, rest // 2)]
        return (
            self.random.choice(figures)
            if "currency" not in base
            else self.random.choice(figures[:5])
        )


# What each request needs to be accepted ----------------------------------------------------------


def _transaction(feeder: Feeder) -> dict[str, JSON]:
    ledger = feeder.fuzz.ledger(feeder.card())
    token = next((value for value, token in ledger.tokens.items() if not token.one_time), None)
    named = {"card_id": ledger.card}
    if token is not None and feeder.is_rare(0.3):
        named = {"token": token}
    type_ = feeder.random.choice(["drawdown", "drawdown", "fund"])
    hold = {"pending": True} if type_ == "drawdown" and feeder.is_rare(0.5) else {}
    return {
        "ref_id": feeder.fresh("."),
        **named,
        "amount": feeder.random.choice([1, 7, 100]),
        "currency": ledger.currency or "NOK",
        "type": type_,
        **hold,
    }


def _capture(feeder: Feeder) -> dict[str, JSON]:
    base = {"ref_id": feeder.fresh(".")}
    return base if feeder.is_rare(0.3) else {**base, "amount": feeder.random.choice([1, 2, 10])}


def _open(feeder: Feeder) -> dict[str, JSON]:
    return {"card_id": feeder.fresh("-N"), "amount": 500, "currency": "NOK"}


def _prepare(feeder: Feeder) -> dict[str, JSON]:
    return {"cards": [{"card_id": feeder.fresh("-Q"), "type": "gift_card"}]}


def _info(feeder: Feeder) -> dict[str, JSON]:
    return {"token": next(iter(feeder.ledger().tokens), feeder.fresh(NOBODY))}


def _grant(feeder: Feeder) -> dict[str, JSON]:
    address = feeder.fuzz.target.address
    audience = f"{address.url}/accounts/{address.account}"
    return {"grant_type": "client_credentials", "audience": audience}


BASES: dict[str, Callable[[Feeder], dict[str, JSON]]] = {
    "aid_cards_transactions_post": _transaction,
    "aid_cards_cardid_transactions_capture_post": _capture,
    "aid_cards_cardid_transactions_void_post": lambda feeder: {"ref_id": feeder.fresh(".")},
    "aid_cards_cardid_token_post": lambda feeder: {"ref_id": feeder.fresh("."), "expires_in": 3600},
    "aid_cards_post": _open,
    "aid_cards_batch_post": _prepare,
    "aid_cards_cardid_activate_post": lambda feeder: {"amount": 300, "currency": "NOK"},
    "aid_cards_cardid_rotate_pin_post": lambda feeder: {"pin": {"format": {"length": 4}}},
    "aid_cards_token_post": _info,
    "aid_auths_oauth_token_post": _grant,
}

PLACES = {
    "aid_cards_cardid_get": ("card_id",),
    "aid_cards_cardid_delete": ("card_id",),
    "aid_cards_cardid_activate_post": ("card_id",),
    "aid_cards_cardid_rotate_pin_post": ("card_id",),
    "aid_cards_cardid_token_post": ("card_id",),
    "aid_cards_cardid_transactions_tid_get": ("card_id",),
    "aid_customers_cid_cards_get": ("customer_id",),
    "aid_customers_cid_card_cid_get": ("customer_id", "card_id"),
    "aid_cards_cardid_transactions_capture_post": ("transaction_id",),
    "aid_cards_cardid_transactions_void_post": ("transaction_id",),
}
NAMED = {"card_id", "token"}
MAKERS = {"aid_cards_post", "aid_cards_batch_post"}
ON_SPARE = {
    "aid_cards_cardid_activate_post": "P",
    "aid_cards_cardid_delete": "S",
    "aid_cards_cardid_rotate_pin_post": "B",
}
"""What takes a card of another kind, or one that may be spoilt."""
SPOILERS = {"aid_cards_cardid_delete", "aid_cards_cardid_rotate_pin_post"}
"""A deletion, and a PIN that every look-up has to give then: never on the first cards."""
TYPES = {
    "active_from": "string",
    "expires_at": "string",
    "pin": "object",
    "card_token": "object",
    "format": "object",
}
