"""Faults of refused requests that leave something behind, because the write came before the check.

Overrides methods of cards, tokens and the bank; knows nothing of how the suite looks for these.
"""

from typing import Any

from sandbox.access import Caller
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.faults.registry import fault
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Transaction
from sandbox.refusals import Cause, Refusal

_WITHOUT = {"metadata", "card_token", "pin"}


@fault(
    "refused_batch_stays",
    breaks="BAL-6",
    summary="a batch that is refused for one card has made those before it",
)
class RefusedBatchStays(Cards):
    """As in mevdschee/php-crud-api #744: one row fails, and those before it are committed."""

    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        options = body.get("options") or {}
        issued = []
        for entry in body["cards"]:
            with self.store.transaction():
                issued.append(self.issue_inactive(caller, entry, options))
        return issued


@fault(
    "refused_card_stays",
    breaks="BAL-6",
    summary="a card whose token or PIN cannot be made is refused after it was stored",
)
class RefusedCardStays(Cards):
    """As in BrainWise-DEV/POSNext #197: a helper commits, and the outer request fails later."""

    def create(self, caller: Caller, body: dict[str, Any]) -> Issued:
        try:
            return super().create(caller, body)
        except Refusal as refusal:
            if refusal.cause is Cause.FORMAT:
                super().create(caller, {k: v for k, v in body.items() if k not in _WITHOUT})
            raise


@fault(
    "refused_rotation_takes_the_pin",
    breaks="CARD-11",
    summary="a new PIN that is refused for its format has replaced the old one",
)
class RefusedRotationTakesThePin(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        try:
            return super().rotate_pin(account, card_id, wanted)
        except Refusal as refusal:
            if refusal.cause is Cause.FORMAT:
                super().rotate_pin(account, card_id, None)
            raise


@fault(
    "refused_deletion_releases",
    breaks="BAL-6",
    summary="a deletion that is refused for an open hold has released the hold",
)
class RefusedDeletionReleases(Cards):
    def check_deletable(self, card: Card) -> None:
        try:
            super().check_deletable(card)
        except Refusal:
            self.release_holds(card)
            self.store.execute("COMMIT")
            self.store.execute("BEGIN IMMEDIATE")
            raise


@fault(
    "repeat_replaces_metadata",
    breaks="REF-2",
    summary="a ref_id with another body is refused, and its metadata replaces the first one's",
)
class RepeatReplacesMetadata(Bank):
    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        try:
            return super().replayed(card, order)
        except Refusal:
            first = self.first(card, order)
            if first is not None and order.metadata is not None:
                self.store.execute(
                    "UPDATE transactions SET metadata = ? WHERE seq = ?",
                    (order.metadata, first.seq),
                )
                self.store.execute("COMMIT")
                self.store.execute("BEGIN IMMEDIATE")
            raise


@fault(
    "refused_capture_names_itself",
    breaks="BAL-5",
    summary="a capture that is refused for its amount stays in the list of transactions",
)
class RefusedCaptureNamesItself(Bank):
    """As in getlago/lago-api #3703: what failed stays in the wallet as if it had been settled."""

    def check_remaining(self, hold: Transaction, order: Settlement) -> None:
        try:
            super().check_remaining(hold, order)
        except Refusal:
            amount = self.capture_amount(hold, order)
            self.store.add_record(self.child(hold, order, "drawdown", amount))
            raise
