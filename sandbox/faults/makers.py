"""Faults in who made a thing, in what a card is after a change, and in bounds that no page states.

Most come from bug reports of other systems, which the docstrings name. Overrides the bank, the
cards, the lists and the answers; knows nothing of how the suite looks for these.
"""

import uuid
from dataclasses import replace
from typing import Any

from sandbox.answers import Answers
from sandbox.bank import Bank
from sandbox.cards import Cards
from sandbox.faults.registry import fault
from sandbox.lists import CardQuery, Lists, Page
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.service import Call, Service

_CAPTURES = 20

# --- who made it ----------------------------------------------------------------------------


@fault(
    "child_is_made_by_its_parent",
    breaks="READ-12",
    summary="a capture or void has the created_by of its hold, whoever sent it",
)
class ChildIsMadeByItsParent(Bank):
    """As in formancehq/ledger #227: what is copied from the parent goes into the child."""

    def child(self, hold: Transaction, order: Settlement, type_: str, amount: int) -> Transaction:
        record = super().child(hold, order, type_, amount)
        return replace(record, created_by=hold.created_by)


@fault(
    "payments_are_made_by_the_first",
    breaks="READ-8",
    summary="the list shows the created_by of the first transaction of a card on all of them",
)
class PaymentsAreMadeByTheFirst(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        records = super().transactions(card)
        return [replace(record, created_by=records[0].created_by) for record in records]


@fault(
    "reader_is_the_maker",
    breaks="READ-8",
    summary="created_by in the transactions of a card is the client that reads them",
)
class ReaderIsTheMaker(Service):
    def list_transactions(self, call: Call) -> Any:
        shown = super().list_transactions(call)
        return [record | {"created_by": call.caller.client_id} for record in shown]


@fault(
    "activation_makes_another_card",
    breaks="READ-8",
    summary="a card gets a new id when it is activated",
)
class ActivationMakesAnotherCard(Cards):
    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        return super().activation(card, body) | {"id": str(uuid.uuid4())}


@fault(
    "activation_ends_the_pin",
    breaks="CARD-11",
    summary="a card has no PIN any more once it is activated, so that any will do",
)
class ActivationEndsThePin(Cards):
    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        return super().activation(card, body) | {"pin": None}


# --- what is there no more ------------------------------------------------------------------


@fault(
    "deleted_card_loses_name",
    breaks="CARD-2",
    summary="a deleted card is listed without its name",
)
class DeletedCardLosesName(Answers):
    def properties(self, card: Card) -> dict[str, Any]:
        return super().properties(replace(card, name=None) if card.deleted else card)


@fault(
    "deleted_card_loses_metadata",
    breaks="CARD-2",
    summary="a deleted card is listed without its metadata",
)
class DeletedCardLosesMetadata(Answers):
    """As in blnkfinance/blnk #57: an update of the row writes back what it had not read."""

    def properties(self, card: Card) -> dict[str, Any]:
        return super().properties(replace(card, metadata=None) if card.deleted else card)


@fault(
    "delete_takes_empty_siblings",
    breaks="FUND-1",
    summary="with a card the other cards of its customer go that have nothing",
)
class DeleteTakesEmptySiblings(Cards):
    def delete(self, account: str, card_id: str) -> Card:
        deleted = super().delete(account, card_id)
        with self.store.transaction():
            found = self.store.cards(account, "customer_id = ?", (deleted.customer_id,), -1)
            for card in found:
                if not card.balance:
                    self.store.mark_deleted(card)
        return deleted


# --- bounds ---------------------------------------------------------------------------------


@fault(
    "captures_end_at_twenty",
    breaks="CAP-4",
    summary="the twenty-first capture of a hold is refused",
)
class CapturesEndAtTwenty(Bank):
    def judge_capture(self, card: Card, hold: Transaction, order: Settlement) -> None:
        super().judge_capture(card, hold, order)
        children = [r for r in self.store.records(card) if r.parent_id == hold.id]
        if len(children) >= _CAPTURES:
            raise Refusal(Cause.NOT_OPEN)


@fault(
    "filter_ends_at_activated",
    breaks="READ-10",
    summary="with the filter by amount, the list ends before the first card that was activated",
)
class FilterEndsAtActivated(Lists):
    """As in hashicorp/boundary #3720: a row that the filter cannot judge is taken for the end."""

    def page(self, account: str, query: CardQuery) -> Page:
        page = super().page(account, query)
        if query.available is None:
            return page
        ends = [n for n, card in enumerate(page.cards) if card.fingerprint.startswith("activated")]
        return Page(page.cards[: ends[0]], None) if ends else page


@fault(
    "conflict_frees_its_ref",
    breaks="REF-1",
    summary="a ref_id that was refused for another body is free again",
)
class ConflictFreesItsRef(Bank):
    """As in KeeperHub #2372: the key is released on a failure, whichever request failed."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.freed: set[str] = set()

    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = self.first(card, order)
        try:
            return super().replayed(card, order)
        except Refusal:
            assert first is not None, "only a ref_id that was used is refused"
            self.freed.add(first.id)
            raise

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        return None if found is None or found.id in self.freed else found
