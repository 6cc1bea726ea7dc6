"""Lists in other orders, with other cursors and shorter pages (questions 42 to 44).

Overrides of the lists.
"""

from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.cards import Cards, Issued
from sandbox.dialects.registry import dialect
from sandbox.lists import CardQuery, Lists, Page
from sandbox.records import Card, Transaction
from sandbox.refusals import Cause, Refusal

WHOLE_LIST = 1_000_000
"""A limit beyond all cards that one run makes."""


@dialect(
    "lists_by_id",
    permitted="question 42: the order of every list",
    summary="lists are in the order of the ids that the server made",
)
class ListsById(Lists):
    def where(self, conditions: list[str]) -> str:
        return f"{' AND '.join(conditions)} ORDER BY id ASC"

    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[object]
    ) -> bool:
        known = len(conditions)
        if not super().start(account, cursor, conditions, values):
            return False
        if len(conditions) > known:
            conditions[-1] = "id > ?"
            values[-1] = self.store.card_by_seq(int(str(values[-1]))).id
        return True

    def transactions(self, card: Card) -> list[Transaction]:
        return sorted(super().transactions(card), key=lambda record: record.id)


@dialect(
    "cursor_is_card_id",
    permitted='question 42; "an object ID that defines your place in the list" (T24) names no kind',
    summary="the cursor of the card list is a card_id",
)
class CursorIsCardId(Lists):
    def cut(self, found: list[Card], limit: int) -> Page:
        page = super().cut(found, limit)
        if page.starting_after is None:
            return page
        return replace(page, starting_after=page.cards[-1].card_id)


@dialect(
    "pages_short",
    permitted="question 42; `limit` is a maximum (P:cards/get-cards), as in DynamoDB and others",
    summary="a page is filtered after it was cut: it may be short and still have a cursor",
)
class PagesShort(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        whole = super().page(account, replace(query, include_deleted=True))
        return replace(
            whole, cards=[c for c in whole.cards if query.include_deleted or not c.deleted]
        )


@dialect(
    "filter_leaves_out_ended",
    permitted="question 43: what the filter compares; nothing is available on a card after its end",
    summary="the amount_available filter shows no card that has come to its end",
)
class FilterLeavesOutEnded(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        if query.available is None:
            return super().page(account, query)
        whole = super().page(account, replace(query, limit=WHOLE_LIST)).cards
        found = [card for card in whole if not self.clock.has_ended(card.expires_at)]
        return self.cut(found[: query.limit + 1], query.limit)


@dialect(
    "customer_sees_listed",
    permitted='question 44: which cards are "active for a customer"',
    summary="a customer reads only the cards that are in the list of the customer",
)
class CustomerSeesListed(Lists):
    def customer_card(self, account: str, customer_id: str, card_id: str) -> Card:
        card = super().customer_card(account, customer_id, card_id)
        if not self.is_listed(card):
            raise Refusal(Cause.FOREIGN_CUSTOMER)
        return card


@dialect(
    "unknown_cursor_first_page",
    permitted="question 42: an unknown cursor",
    summary="a cursor that names nothing gives the first page",
)
class UnknownCursorFirstPage(Lists):
    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[object]
    ) -> bool:
        try:
            return super().start(account, cursor, conditions, values)
        except Refusal:
            return True


@dialect(
    "deleted_cursor_refused",
    permitted="question 42: the cursor of a deleted card",
    summary="a cursor that names a deleted card is refused, unless deleted cards are asked for",
)
class DeletedCursorRefused(Lists):
    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[object]
    ) -> bool:
        if cursor is not None and "deleted = 0" in conditions:
            card = self.store.card_by_id(account, cursor) or self.store.card(account, cursor)
            if card is not None and card.deleted:
                raise Refusal(Cause.NO_CURSOR)
        return super().start(account, cursor, conditions, values)


@dialect(
    "batch_reversed",
    permitted="question 42: the order of every list",
    summary="the answer to a batch shows its last card first",
)
class BatchReversed(Cards):
    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        return super().batch(caller, body)[::-1]


@dialect(
    "customers_see_active",
    permitted='question 44: which cards are "active for a customer"',
    summary="a card is in the list of its customer from active_from on",
)
class CustomersSeeActive(Lists):
    def is_listed(self, card: Card) -> bool:
        return super().is_listed(card) and self.clock.has_begun(card.active_from)
