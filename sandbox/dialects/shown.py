"""What an entity shows where the documentation leaves it open: defaults, statuses, types.

Overrides of the answers, and of what is written down for them.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sandbox.access import Caller
from sandbox.answers import Answers
from sandbox.app import App, Reply
from sandbox.bank import Bank
from sandbox.cards import Cards
from sandbox.clock import SECOND, stamp
from sandbox.dialects.http import mapped
from sandbox.dialects.registry import dialect
from sandbox.intake import Intake
from sandbox.orders import Order, Settlement, packed, unpacked
from sandbox.records import Card, Token, Transaction
from sandbox.service import Call, Service
from sandbox.store import Store

_THREE_YEARS_S = 3 * 365 * 86_400


@dialect(
    "defaults_shown",
    permitted="question 41: a member that was not sent may show anything",
    summary="name, origin, start and metadata have a value when none was sent",
)
class DefaultsShown(Answers):
    def properties(self, card: Card) -> dict[str, Any]:
        shown = super().properties(card)
        defaults = {
            "name": "Gift card",
            "originated_by": "api",
            "metadata": {},
            "active_from": shown["created_at"],
        }
        return shown | {n: v for n, v in defaults.items() if shown[n] is None}

    def transaction(self, record: Transaction) -> dict[str, Any]:
        return {"originated_by": "api", "metadata": {}} | super().transaction(record)


@dialect(
    "cards_end_by_default",
    permitted="question 41: a member that was not sent may show anything",
    summary="a card that is created without an end gets one in three years",
)
class CardsEndByDefault(Cards):
    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        card = super().new_card(caller, body, fingerprint)
        if card.expires_at is not None or fingerprint == "batch":
            return card
        return replace(card, expires_at=stamp(self.clock.now() + _THREE_YEARS_S * SECOND))


@dialect(
    "batch_status_created",
    permitted="S3 2026-06-06 calls a card of a batch `created`; question 37 for the other values",
    summary="statuses are created, unused, partly_used and empty",
)
class OtherStatuses(Answers):
    def status(self, card: Card) -> str:
        if card.inactive and not card.deleted:
            return "created"
        if card.deleted or not card.used:
            return super().status(card)
        if card.held + card.drawn == 0:
            return "unused"
        return "partly_used" if card.available else "empty"


@dialect(
    "inactive_in_euro",
    permitted="question 38: the currency that an inactive card shows",
    summary="a card that waits for activation shows EUR",
)
class InactiveInEuro(Cards):
    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        card = super().new_card(caller, body, fingerprint)
        return replace(card, currency="EUR") if fingerprint == "batch" else card


@dialect(
    "pending_counts_all_holds",
    permitted="question 36: amount_pending as the sum of all records of type pending_capture",
    summary="amount_pending counts finished holds too",
    pending_shows="gross",
    reserved_shows="now",
)
class PendingCountsAllHolds(Store):
    def move(
        self,
        card: Card,
        *,
        funds: int = 0,
        drawn: int = 0,
        captured: int = 0,
        held: int = 0,
        gross: int = 0,
    ) -> None:
        grown = max(gross, 0)
        super().move(card, funds=funds, drawn=drawn, captured=captured, held=held, gross=grown)


@dialect(
    "released_type_drawdown",
    permitted="question 14: a part of the hold has been drawn",
    summary="a hold that is voided after a partial capture becomes drawdown",
    finished_type="follows",
)
class ReleasedTypeDrawdown(Bank):
    def close_hold(self, hold: Transaction, *, captured: int, finishes: bool, becomes: str) -> None:
        final = "drawdown" if hold.captured else becomes
        super().close_hold(hold, captured=captured, finishes=finishes, becomes=final)


@dialect(
    "opening_listed_if_any",
    permitted="question 34: is the opening amount a fund, and with which ref_id",
    summary="an opening amount above 0 is listed as a fund whose ref_id is the card_id",
    opening_listed=True,
)
class OpeningListedIfAny(Cards):
    def list_opening(self, card: Card) -> None:
        if card.opening:
            super().list_opening(card)
            self.store.execute(
                "UPDATE transactions SET ref_id = ?, metadata = ? WHERE card = ?"
                " AND operation = 'opening'",
                (card.card_id, card.metadata, card.seq),
            )


@dialect(
    "creation_shows_little",
    permitted="card_id, amount and currency are the only members that Card requires (T24)",
    summary="the answers to create, activate and delete show what is required, and the secrets",
)
class CreationShowsLittle(Service):
    def create_card(self, call: Call) -> Any:
        return self.little(super().create_card(call))

    def activate_card(self, call: Call) -> Any:
        return self.little(super().activate_card(call))

    def delete_card(self, call: Call) -> Any:
        return self.little(super().delete_card(call))

    def little(self, answer: dict[str, Any]) -> dict[str, Any]:
        shown = ("card_id", "amount", "currency", "pin", "card_token", "id", "created_at")
        return {name: answer[name] for name in shown if name in answer}


@dialect(
    "customers_see_balances",
    permitted='changelog (S3): the list of a customer is "with balance"',
    summary="the cards in the list of a customer have the figures of a card",
)
class CustomersSeeBalances(Answers):
    def customer_card(self, card: Card) -> dict[str, Any]:
        return self.card_read(card) | super().customer_card(card)


@dialect(
    "periods_in_seconds",
    permitted="active_from and expires_at are date-times (W); no page says how exact they are kept",
    summary="active_from and expires_at are kept in UTC and to the second",
)
class PeriodsInSeconds(Intake):
    def normalize(self, body: dict[str, Any]) -> dict[str, Any]:
        body = super().normalize(body)
        for name in ("active_from", "expires_at"):
            if name in body:
                body[name] = _in_seconds(body[name])
        return body


def _in_seconds(text: str) -> str:
    """The moment in UTC without its fraction; what `datetime` does not know stays."""
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
    except (ValueError, OverflowError):
        return text


@dialect(
    "zero_hold_ends",
    permitted="question 8: does a pending transaction of 0 stay open?",
    summary="a hold of 0 is finished at once",
)
class ZeroHoldEnds(Bank):
    def new_record(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().new_record(card, token, order)
        return replace(record, open=record.open and record.amount > 0)


@dialect(
    "own_keys_in_metadata",
    permitted='"The dintero_* namespace for keys is reserved" (S3): for the server',
    summary="the metadata of cards and transactions has a dintero_ key of the server",
)
class OwnKeysInMetadata(Answers):
    def properties(self, card: Card) -> dict[str, Any]:
        shown = super().properties(card)
        return shown | {"metadata": {**(shown["metadata"] or {}), "dintero_card": card.id}}

    def transaction(self, record: Transaction) -> dict[str, Any]:
        shown = super().transaction(record)
        return shown | {"metadata": {**shown.get("metadata", {}), "dintero_id": record.id}}


@dialect(
    "child_merges_metadata",
    permitted="question 22: the metadata of child records merged or separate",
    summary="a capture or void shows the metadata of its hold and its own",
)
class ChildMergesMetadata(Bank):
    def child(self, hold: Transaction, order: Settlement, type_: str, amount: int) -> Transaction:
        record = super().child(hold, order, type_, amount)
        merged = (unpacked(hold.metadata) or {}) | (unpacked(record.metadata) or {})
        return replace(record, metadata=packed(merged) if merged else None)


@dialect(
    "origins_hidden",
    permitted="no member of ImmutableEntity but id is needed to use it, and none is required (S3)",
    summary="no answer shows created_at or created_by",
)
class OriginsHidden(App):
    def encode(self, reply: Reply) -> bytes:
        return super().encode(replace(reply, content=mapped(reply.content, self.without)))

    def without(self, members: dict[str, Any]) -> dict[str, Any]:
        return {n: v for n, v in members.items() if n not in ("created_at", "created_by")}


@dialect(
    "clients_are_one_user",
    permitted="created_by is the id of the user or client that made the resource (S3)",
    summary="created_by is the user to whom all clients of an account belong",
)
class ClientsAreOneUser(Answers):
    def creator(self, client_id: str) -> str | None:
        return None if super().creator(client_id) is None else "1c92f7e1-owner"


@dialect(
    "tokens_show_little",
    permitted="ref_id and expires_in are the only members that Token requires (sample, T24)",
    summary="a token shows its value, ref_id, metadata and expires_in, and a PIN no format",
)
class TokensShowLittle(Answers):
    def token(self, token: Token) -> dict[str, Any]:
        shown = ("ref_id", "expires_in", "metadata", "token")
        return {n: v for n, v in super().token(token).items() if n in shown}

    def masked_token(self, token: Token) -> dict[str, Any]:
        return {n: v for n, v in super().masked_token(token).items() if n != "format"}

    def pin_part(self, card: Card) -> dict[str, Any]:
        return {}
