"""Faults in `ref_id`: repeats that execute again, or that are taken for another request.

Overrides how the bank answers repeats; knows nothing of how the suite looks for these.
"""

import unicodedata
import uuid
from dataclasses import replace

from sandbox.bank import Bank
from sandbox.clock import SECOND
from sandbox.faults.registry import fault
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Token, Transaction

# Two seconds are what a client waits before it tries again.
INDEXED_S = 0.25
REMEMBERED_S = 2
REMEMBERED_PER_CARD = 10
STORED_LENGTH = 64


class Forgets(Bank):
    """Does not recognise a repeated `ref_id` of some operations."""

    operations: tuple[str, ...] = ()

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return None if order.operation in self.operations else super().first(card, order)


@fault("ref_create_twice", breaks="REF-1", summary="a repeated create executes twice")
class RefCreateTwice(Forgets):
    operations = ("drawdown", "hold", "fund")


@fault("ref_hold_twice", breaks="REF-1", summary="a repeated pending drawdown executes twice")
class RefHoldTwice(Forgets):
    operations = ("hold",)


@fault("ref_fund_twice", breaks="REF-1", summary="a repeated fund executes twice")
class RefFundTwice(Forgets):
    operations = ("fund",)


@fault("ref_capture_twice", breaks="REF-1", summary="a repeated capture executes twice")
class RefCaptureTwice(Forgets):
    operations = ("capture",)


@fault("ref_void_twice", breaks="REF-1", summary="a repeated void executes twice")
class RefVoidTwice(Bank):
    """The retry of a void is recognised, and carried out as if it were the first."""

    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().replayed(card, order)
        if first is None or order.operation != "void":
            return first
        parent = self.store.record(card.account, first.parent_id or "")
        assert isinstance(order, Settlement)
        assert parent is not None
        self.store.move(card, held=-first.amount)
        return self.store.add_record(self.child(parent, order, "voided", first.amount))


@fault(
    "ref_other_body_executes",
    breaks="REF-2",
    summary="a ref_id with another body executes as a new transaction",
)
class RefOtherBodyExecutes(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().first(card, order)
        return first if first and first.fingerprint == order.fingerprint else None


@fault(
    "ref_global",
    breaks="REF-4",
    summary="a ref_id used on another card answers with the transaction of that card",
)
class RefGlobal(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        own = super().first(card, order)
        if own is not None:
            return own
        row = self.store.execute(
            "SELECT id FROM transactions WHERE account = ? AND ref_id = ? AND operation = ?",
            (card.account, order.ref_id, order.operation),
        ).fetchone()
        other = self.store.record(card.account, row[0]) if row else None
        return replace(other, fingerprint=order.fingerprint) if other else None


@fault(
    "ref_replay_has_new_id", breaks="REF-6", summary="the answer to a repeat has an id of its own"
)
class RefReplayHasNewId(Bank):
    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().replayed(card, order)
        return replace(first, id=str(uuid.uuid4())) if first else None


@fault(
    "ref_replay_echoes_request",
    breaks="REF-6",
    summary="a repeat with another amount is answered 200 with the amount that was not moved",
)
class RefReplayEchoesRequest(Bank):
    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = self.first(card, order)
        same_kind = first is not None and first.operation == order.operation
        if not same_kind or first is None or first.fingerprint == order.fingerprint:
            return super().replayed(card, order)
        return first if order.amount is None else replace(first, amount=order.amount)


@fault(
    "ref_refused_then_phantom",
    breaks="BAL-5",
    summary="a retry after a refusal is answered 200 although nothing is done",
)
class RefRefusedThenPhantom(Bank):
    def after_refusal(self, card: Card, token: Token | None, order: Order) -> None:
        super().after_refusal(card, token, order)
        self.store.spend_ref(card, order.operation, order.ref_id)

    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if self.store.ref_is_spent(card, order.ref_id, (order.operation,)):
            return self.new_record(card, token, order)
        return super().post(card, token, order)


@fault(
    "ref_forgotten_after_ten",
    breaks="REF-5",
    summary="only the last ten transactions of a card are searched for a ref_id",
)
class RefForgottenAfterTen(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().first(card, order)
        latest = {record.id for record in self.store.records(card)[-REMEMBERED_PER_CARD:]}
        return first if first and first.id in latest else None


@fault(
    "ref_forgotten_late",
    breaks="DELIV-3",
    summary="a ref_id is remembered for two seconds; a later retry executes again",
)
class RefForgottenLate(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().first(card, order)
        if first and first.created_at + REMEMBERED_S * SECOND < self.clock.now():
            return None
        return first


@fault(
    "ref_remembered_late",
    breaks="DELIV-2",
    summary="ref_ids are indexed a moment later; a copy right behind its request executes too",
)
class RefRememberedLate(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().first(card, order)
        if first and first.created_at + INDEXED_S * SECOND > self.clock.now():
            return None
        return first


class LooksAlike(Bank):
    """Takes different ref_ids for one another."""

    def key(self, ref_id: str) -> str:
        raise NotImplementedError

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        space = self.ref_space(order.operation)
        for record in self.store.records(card):
            if record.operation in space and self.key(record.ref_id) == self.key(order.ref_id):
                return record
        return None


@fault("ref_case_ignored", breaks="TX-1", summary="ref_ids that differ in case are the same")
class RefCaseIgnored(LooksAlike):
    def key(self, ref_id: str) -> str:
        return ref_id.casefold()


@fault(
    "ref_cut_at_64",
    breaks="TX-1",
    summary="ref_ids with the same first 64 characters are the same",
)
class RefCutAt64(LooksAlike):
    def key(self, ref_id: str) -> str:
        return ref_id[:STORED_LENGTH]


@fault(
    "ref_unicode_normalized",
    breaks="TX-1",
    summary="ref_ids that differ only in the composition of a character are the same",
)
class RefUnicodeNormalized(LooksAlike):
    def key(self, ref_id: str) -> str:
        return unicodedata.normalize("NFKC", ref_id)


@fault(
    "ref_long_not_found",
    breaks="REF-1",
    summary="a ref_id over 64 characters is stored cut and never found again",
)
class RefLongNotFound(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return None if len(order.ref_id) > STORED_LENGTH else super().first(card, order)


@fault(
    "ref_ids_are_members_of_an_object",
    breaks="REF-1",
    summary="the ref_id __proto__ is never remembered, as in an object that serves as a map",
)
class RefIdsAreMembersOfAnObject(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return None if order.ref_id == "__proto__" else super().first(card, order)
