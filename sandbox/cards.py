"""Cards: create one or a batch, activate, rotate the PIN, delete.

Knows cards and their tokens as records; moves no money except the opening amount (bank.py moves
the rest).
"""

import json
import re
import uuid
from dataclasses import dataclass, replace
from typing import Any

from sandbox.access import Caller
from sandbox.clock import Clock, parse
from sandbox.codes import Codes
from sandbox.orders import packed, unpacked
from sandbox.policy import Policy
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.store import Store
from sandbox.tokens import Tokens

# What an inactive card shows: it holds nothing, and the document demands a currency.
UNSET_CURRENCY = "NOK"
BOUNDED_ID = re.compile("[A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True)
class Issued:
    """A card with what is shown only once: its PIN and the token that was made with it."""

    card: Card
    pin: str | None
    token: Token | None


def check_ids(policy: Policy, body: dict[str, Any]) -> None:
    """Refuse ids with unusual signs, where that is the policy."""
    ids = (body.get(name) for name in ("card_id", "customer_id"))
    if not policy.ids_any and not all(BOUNDED_ID.fullmatch(one) for one in ids if one):
        raise Refusal(Cause.ID_SHAPE)


def batched(policy: Policy, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of a batch; one of many cards, or of several types, may be refused."""
    is_mixed = len({entry["type"] for entry in entries}) > 1 and not policy.batch_of_any_types
    if is_mixed or len(entries) > policy.largest_batch:
        raise Refusal(Cause.BATCH)
    return entries


class Cards:
    """Creates cards and changes what is not money about them."""

    def __init__(
        self, store: Store, clock: Clock, policy: Policy, codes: Codes, tokens: Tokens
    ) -> None:
        self.store = store
        self.clock = clock
        self.policy = policy
        self.codes = codes
        self.tokens = tokens

    def read(self, account: str, card_id: str) -> Card:
        card = self.store.card(account, card_id)
        if card is None or (card.deleted and not self.policy.deleted_readable):
            raise Refusal(Cause.NO_CARD)
        return card

    def live(self, account: str, card_id: str) -> Card:
        card = self.store.card(account, card_id)
        if card is None or card.deleted:
            raise Refusal(Cause.NO_CARD)
        return card

    # --- create and batch -------------------------------------------------------------------

    def create(self, caller: Caller, body: dict[str, Any]) -> Issued:
        fingerprint = json.dumps(body, sort_keys=True)
        with self.store.transaction():
            taken = self.store.card(caller.account, body["card_id"])
            if taken is not None:
                return self.repeated(taken, fingerprint) or self.issue(caller, body, fingerprint)
            return self.issue(caller, body, fingerprint)

    def repeated(self, taken: Card, fingerprint: str) -> Issued | None:
        """The answer to a card id that is taken: the same card, a refusal, or None to go on."""
        if taken.deleted and self.policy.reuse_deleted_id:
            return None
        same = taken.fingerprint == fingerprint
        shown = self.policy.repeat_card == "show" or (same and self.policy.repeat_card == "replay")
        if taken.deleted or not shown:
            raise Refusal(Cause.CARD_EXISTS)
        if not same:
            # A caller who cannot repeat the request exactly does not get the card's secrets.
            return Issued(taken, None, None)
        made = [token for token in self.store.tokens(taken) if token.with_card]
        return Issued(taken, taken.pin, made[0] if made else None)

    def issue(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Issued:
        check_ids(self.policy, body)
        self.check_opening(body)
        pin = body.get("pin", {} if self.policy.card_pins else None)
        card = self.new_card(caller, body, fingerprint)
        if pin is not None:
            wanted = pin.get("format")
            card = replace(card, pin=self.codes.pin(wanted), pin_format=packed(wanted))
        card = self.store.add_card(card)
        self.list_opening(card)
        generator = body.get("card_token")
        token = self.tokens.with_card(caller, card, generator) if generator is not None else None
        return Issued(card, card.pin, token)

    def check_opening(self, body: dict[str, Any]) -> None:
        if body["amount"] == 0 and not self.policy.zero_card:
            raise Refusal(Cause.AMOUNT_ZERO)
        if self.policy.any_period:
            return
        starts, ends = body.get("active_from"), body.get("expires_at")
        if ends is not None and (
            self.clock.has_ended(ends) or (starts is not None and parse(starts) >= parse(ends))
        ):
            raise Refusal(Cause.PERIOD)

    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        return Card(
            seq=0,
            account=caller.account,
            card_id=body["card_id"],
            id=str(uuid.uuid4()),
            created_at=self.clock.now(),
            created_by=caller.client_id,
            customer_id=body.get("customer_id"),
            name=body.get("name"),
            type=body.get("type", self.policy.default_type),
            metadata=packed(body.get("metadata")),
            originated_by=body.get("originated_by"),
            active_from=body.get("active_from"),
            expires_at=body.get("expires_at"),
            currency=body["currency"],
            opening=body["amount"],
            funds=body["amount"],
            drawn=0,
            captured=0,
            held=0,
            gross_held=0,
            used=0,
            inactive=0,
            deleted=0,
            pin=None,
            pin_format=None,
            fingerprint=fingerprint,
        )

    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        """All cards of the batch or none."""
        entries, options = batched(self.policy, body["cards"]), body.get("options") or {}
        with self.store.transaction():
            return [self.issue_inactive(caller, entry, options) for entry in entries]

    def issue_inactive(
        self, caller: Caller, entry: dict[str, Any], options: dict[str, Any]
    ) -> Issued:
        taken = self.store.card(caller.account, entry["card_id"])
        if taken is not None and not (taken.deleted and self.policy.reuse_deleted_id):
            if taken.deleted or self.policy.repeat_batch == "refuse":
                raise Refusal(Cause.CARD_EXISTS)
            return Issued(taken, None, None)
        body = {
            "card_id": entry["card_id"],
            "type": entry["type"],
            "amount": 0,
            "currency": UNSET_CURRENCY,
        }
        check_ids(self.policy, body)
        card = replace(self.new_card(caller, body, "batch"), inactive=1)
        if "pin" in options or self.policy.batch_pins:
            wanted = options.get("pin", {}).get("format")
            card = replace(card, pin=self.codes.pin(wanted), pin_format=packed(wanted))
        card = self.store.add_card(card)
        return Issued(card, card.pin, self.batch_token(caller, card, options))

    def batch_token(self, caller: Caller, card: Card, options: dict[str, Any]) -> Token | None:
        wanted = (options.get("card_token") or {}).get("format")
        return self.tokens.with_batch(caller, card, wanted)

    # --- activate ---------------------------------------------------------------------------

    def activate(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Card:
        with self.store.transaction():
            card = self.live(caller.account, card_id)
            fingerprint = "activated " + json.dumps(body, sort_keys=True)
            if card.fingerprint == fingerprint and self.policy.repeat_activation == "replay":
                return card
            self.check_inactive(card)
            check_ids(self.policy, body)
            self.check_opening(body)
            changes = self.activation(card, body) | {"fingerprint": fingerprint}
            self.store.activate(card, changes)
            self.retime(card, body.get("card_token") or {})
            card = self.store.card_by_seq(card.seq)
            self.list_opening(card)
            return card

    def check_inactive(self, card: Card) -> None:
        if not card.inactive:
            raise Refusal(Cause.ALREADY_ACTIVE)

    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        """The columns that activation sets: what was left out stays as it is."""
        kept = {
            name: body.get(name, getattr(card, name))
            for name in ("customer_id", "name", "originated_by", "active_from", "expires_at")
        }
        metadata = packed(body["metadata"]) if "metadata" in body else card.metadata
        return kept | {
            "metadata": metadata,
            "currency": body["currency"],
            "opening": body["amount"],
            "funds": card.funds + body["amount"],
        }

    def retime(self, card: Card, token: dict[str, Any]) -> None:
        """How the card's tokens behave from now on."""
        if "expires_after_transaction" in token:
            self.store.retime_tokens(card, "one_time", int(token["expires_after_transaction"]))
        if "expires_in" in token:
            lifetime_s = self.tokens.lifetime(token["expires_in"])
            self.store.retime_tokens(card, "expires_in", token["expires_in"])
            self.store.retime_tokens(card, "expires_at", self.tokens.end(lifetime_s))

    # --- delete and rotate-pin --------------------------------------------------------------

    def delete(self, account: str, card_id: str) -> Card:
        with self.store.transaction():
            card = self.store.card(account, card_id)
            if card is not None and card.deleted and self.policy.delete_twice:
                return card
            card = self.live(account, card_id)
            self.check_deletable(card)
            self.release_holds(card)
            self.store.mark_deleted(card)
            return self.store.card_by_seq(card.seq)

    def check_deletable(self, card: Card) -> None:
        if card.inactive and not self.policy.delete_inactive:
            raise Refusal(Cause.INACTIVE)
        if not self.policy.delete_holds and self.store.open_holds(card):
            raise Refusal(Cause.OPEN_HOLDS)
        if not self.policy.delete_balance and card.balance:
            raise Refusal(Cause.HAS_BALANCE)

    def release_holds(self, card: Card) -> None:
        if self.policy.deleted_holds_live:
            return
        for hold in self.store.open_holds(card):
            self.store.move(card, held=-hold.remaining, gross=-hold.amount)
            self.store.settle(hold, captured=0, open_=False, type_=hold.type)

    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        with self.store.transaction():
            card = self.live(account, card_id)
            self.store.set_pin(card, self.codes.pin(wanted), packed(wanted))
            card = self.store.card_by_seq(card.seq)
            return Issued(card, card.pin, None)

    # --- the opening amount as a transaction ------------------------------------------------

    def list_opening(self, card: Card) -> None:
        if self.policy.opening_listed:
            self.store.add_record(opening_record(card, self.clock.now()))


def opening_record(card: Card, created_at: int) -> Transaction:
    """The opening amount of a card as an entry of its list."""
    made = str(uuid.uuid4())
    return Transaction(
        seq=0,
        card=card.seq,
        account=card.account,
        id=made,
        ref_id=f"opening-{made}",
        operation="opening",
        type="fund",
        amount=card.opening,
        currency=card.currency,
        parent_id=None,
        metadata=None,
        originated_by=card.originated_by,
        created_at=created_at,
        created_by=card.created_by,
        by_card_id=1,
        token=None,
        captured=0,
        open=0,
        fingerprint="",
    )


def pin_format(card: Card) -> dict[str, Any] | None:
    """The format of a card's PIN: what was asked for, or what the default is."""
    if card.pin is None:
        return None
    return unpacked(card.pin_format) or {"length": len(card.pin)}
