"""What a deletion leaves behind (question 33), and batches that are made in part (question 40).

Overrides of cards, the bank and the service.
"""

import uuid
from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.answers import Answers
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued, opening_record
from sandbox.dialects.registry import dialect, part_of
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.service import Call, Service

_33 = "question 33: a deleted card"


class KeepsBooks(Service):
    def list_transactions(self, call: Call) -> Any:
        with self.store.transaction():
            card = self.store.card(call.caller.account, call.path["card_id"])
            if card is None:
                raise Refusal(Cause.NO_CARD)
            return self.answers.transactions(self.lists.transactions(card))


@dialect(
    "deleted_books_kept",
    permitted=_33 + "; its transactions can be listed, the card itself is gone",
    summary="the transactions of a deleted card can be listed",
)
class DeletedBooksKept(KeepsBooks):
    pass


@dialect(
    "deleted_repeats_replayed",
    permitted=_33 + '; "safely retrying" (S3) has no end',
    summary="a repeat of what was made before the deletion is answered after it",
)
class DeletedRepeatsReplayed(Bank):
    def create(self, order: Order) -> Transaction:
        with self.store.transaction():
            card = self.named(order)
            first = self.replayed(card, order) if card is not None and card.deleted else None
        return first or super().create(order)

    def named(self, order: Order) -> Card | None:
        if order.card_id is not None:
            return self.store.card(order.account, order.card_id)
        token = self.store.token(order.account, order.token or "")
        return None if token is None else self.store.card_by_seq(token.card)

    def settle(self, order: Settlement) -> Transaction:
        with self.store.transaction():
            hold = self.store.record(order.account, order.transaction_id)
            card = None if hold is None else self.store.card_by_seq(hold.card)
            first = self.replayed(card, order) if card is not None and card.deleted else None
        return first or super().settle(order)


@dialect(
    "deleted_owner_forgotten",
    permitted=_33 + "; personal data may have to go, and no member that is lost is required (T24)",
    summary="a deleted card shows no customer, name, origin and metadata any more",
)
class DeletedOwnerForgotten(Answers):
    def properties(self, card: Card) -> dict[str, Any]:
        if card.deleted:
            card = replace(card, customer_id=None, name=None, originated_by=None, metadata=None)
        return super().properties(card)


@dialect(
    "deleted_name_forgotten",
    permitted=_33 + "; an owner without a name says nothing of a person",
    summary="a deleted card shows its customer_id, but neither name, origin nor metadata",
)
class DeletedNameForgotten(Answers):
    def properties(self, card: Card) -> dict[str, Any]:
        if card.deleted:
            card = replace(card, name=None, originated_by=None, metadata=None)
        return super().properties(card)


@dialect(
    "deleted_status_stays",
    permitted="question 37: no page lists a status `deleted`",
    summary="a deleted card shows the status that it had",
)
class DeletedStatusStays(Answers):
    def status(self, card: Card) -> str:
        return super().status(replace(card, deleted=0))


@dialect(
    "delete_forfeits",
    permitted=_33 + " with a balance",
    summary="deleting a card takes its money off it; the answer shows an empty card",
)
class DeleteForfeits(Cards):
    def release_holds(self, card: Card) -> None:
        super().release_holds(card)
        left = self.store.card_by_seq(card.seq)
        if left.available:
            self.store.move(left, drawn=left.available)


@dialect(
    "delete_books_voids",
    permitted=_33 + ' with open holds; "voided: the amount locked by pending Transaction is'
    ' unlocked" (S3)',
    summary="deleting a card voids its holds, and the list of the deleted card shows the voids",
    delete_holds=True,
    deleted_holds_live=False,
)
class DeleteBooksVoids(Cards):
    def release_holds(self, card: Card) -> None:
        holds = self.store.open_holds(card)
        super().release_holds(card)
        for hold in holds:
            self.store.add_record(self.void_of(card, hold))

    def void_of(self, card: Card, hold: Transaction) -> Transaction:
        return replace(
            opening_record(card, self.clock.now()),
            ref_id=f"deletion-{uuid.uuid4()}",
            operation="void",
            type="voided",
            amount=hold.remaining,
            parent_id=hold.id,
        )


@part_of("delete_books_voids")
class BooksOfDeleted(KeepsBooks):
    pass


# --- batches ------------------------------------------------------------------------------------


@dialect(
    "batch_in_part",
    permitted="question 40: atomic or partly successful on one bad entry",
    summary="a batch makes the cards that it can, and shows these",
)
class BatchInPart(Cards):
    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        options = body.get("options") or {}
        made: list[Issued] = []
        refused: Refusal | None = None
        with self.store.transaction():
            for entry in body["cards"]:
                try:
                    made.append(self.issue_inactive(caller, entry, options))
                except Refusal as refusal:
                    refused = refusal
        if refused is not None and not made:
            raise refused
        return made


@dialect(
    "batch_without_tokens",
    permitted="`options` of a batch is optional, with pin.format and card_token.format (G)",
    summary="a batch makes a token only where options.card_token asks for one",
)
class BatchWithoutTokens(Cards):
    def batch_token(self, caller: Caller, card: Card, options: dict[str, Any]) -> Token | None:
        return super().batch_token(caller, card, options) if "card_token" in options else None
