"""Faults of lists with a filter, of cursors that fit it no more, and of cards that take a place.

Most come from bug reports of other systems, which the docstrings name. Overrides the lists; knows
nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.cards import Cards, Issued
from sandbox.faults.registry import fault, part_of
from sandbox.lists import CardQuery, Lists, Page
from sandbox.records import Card

_LAST_CHANGE = "coalesce((SELECT max(seq) FROM transactions WHERE card = cards.seq), 0)"
_CAP = 50

# --- the card list --------------------------------------------------------------------------


@fault(
    "filter_after_limit",
    breaks="READ-10",
    summary="a page is cut before the filter by amount, and ends the list if one does not fit",
)
class FilterAfterLimit(Lists):
    """As in hashicorp/boundary #3720: the end of a list is judged by what the filter took away."""

    def page(self, account: str, query: CardQuery) -> Page:
        page = super().page(account, replace(query, available=None))
        wanted = query.available
        if wanted is None:
            return page
        kept = [card for card in page.cards if card.available >= wanted]
        return Page(kept, kept[-1].id if len(kept) == query.limit else None)


@fault(
    "filter_forgets_deleted",
    breaks="READ-10",
    summary="with the filter by amount, include_deleted has no effect",
)
class FilterForgetsDeleted(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        asked = query.include_deleted and query.available is None
        return super().page(account, replace(query, include_deleted=asked))


@fault(
    "deleted_cards_cut_pages",
    breaks="READ-5",
    summary="deleted cards are taken off a page after it was cut, and an empty page ends the list",
)
class DeletedCardsCutPages(Lists):
    """As in CDCgov/prime-reportstream #4315: hidden rows are filtered out of the fetched page."""

    def page(self, account: str, query: CardQuery) -> Page:
        page = super().page(account, replace(query, include_deleted=True))
        kept = [card for card in page.cards if query.include_deleted or not card.deleted]
        return Page(kept, page.starting_after if kept else None)


@fault(
    "cursor_outside_filter_ends",
    breaks="READ-11",
    summary="a cursor is looked for among the cards that fit the filter; one that paid ends it",
)
class CursorOutsideFilterEnds(Lists):
    """As in deptyped/prisma-extension-pagination #35: the cursor's row does not match any more."""

    def page(self, account: str, query: CardQuery) -> Page:
        if query.cursor is not None and query.available is not None:
            card = self.store.card_by_id(account, query.cursor)
            if card is not None and card.available < query.available:
                return Page([], None)
        return super().page(account, query)


@fault(
    "batch_is_one_moment",
    breaks="READ-5",
    summary="cards of a batch share their created_at, and a cursor goes on after that moment",
)
class BatchIsOneMoment(Cards):
    """As in leapmux/leapmux #287: a cursor is a created_at, and nothing breaks a tie."""

    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        issued = super().batch(caller, body)
        with self.store.transaction():
            for one in issued:
                self.store.execute(
                    "UPDATE cards SET created_at = ? WHERE seq = ?",
                    (issued[0].card.created_at, one.card.seq),
                )
        return issued


@part_of("batch_is_one_moment")
class StartsAfterTheMoment(Lists):
    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[object]
    ) -> bool:
        begins = super().start(account, cursor, conditions, values)
        if begins and cursor is not None:
            conditions[-1] = "created_at > (SELECT created_at FROM cards WHERE seq = ?)"
        return begins


@fault(
    "activated_cards_move",
    breaks="READ-11",
    summary="activation writes a card anew, at the end of the card list",
)
class ActivatedCardsMove(Cards):
    def activate(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Card:
        card = super().activate(caller, card_id, body)
        with self.store.transaction():
            last = self.store.execute("SELECT max(seq) + 1 FROM cards").fetchone()[0]
            self.store.execute("UPDATE cards SET seq = ? WHERE seq = ?", (last, card.seq))
            for table in ("tokens", "transactions", "spent_refs"):
                self.store.execute(f"UPDATE {table} SET card = ? WHERE card = ?", (last, card.seq))
        return self.store.card_by_seq(last)


@fault(
    "flag_on_first_page_only",
    breaks="CARD-8",
    summary="behind a cursor include_deleted is not read",
)
class FlagOnFirstPageOnly(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        asked = query.include_deleted and query.cursor is None
        return super().page(account, replace(query, include_deleted=asked))


@fault(
    "flag_switches_filter_off",
    breaks="READ-10",
    summary="with include_deleted the filter by amount holds for deleted cards only",
)
class FlagSwitchesFilterOff(Lists):
    """A missing bracket: `deleted = 0 OR deleted = 1 AND available >= ?`."""

    def page(self, account: str, query: CardQuery) -> Page:
        asked = None if query.include_deleted else query.available
        return super().page(account, replace(query, available=asked))


@fault(
    "filter_without_funds",
    breaks="READ-10",
    summary="the filter by amount leaves out what was funded later",
)
class FilterWithoutFunds(Lists):
    def where(self, conditions: list[str]) -> str:
        return super().where([one.replace("funds -", "opening -") for one in conditions])


@fault(
    "filter_with_whole_holds",
    breaks="READ-10",
    summary="the filter by amount counts a hold whole until all of it is captured",
)
class FilterWithWholeHolds(Lists):
    def where(self, conditions: list[str]) -> str:
        return super().where([one.replace("- held", "- gross_held") for one in conditions])


@fault(
    "waiting_cards_not_listed",
    breaks="READ-5",
    summary="cards that wait for activation are not in the card list",
)
class WaitingCardsNotListed(Lists):
    def where(self, conditions: list[str]) -> str:
        return super().where([*conditions, "inactive = 0"])


@fault(
    "large_pages_are_capped",
    breaks="READ-5",
    summary="a page has 50 cards at most, and one that was asked for more is the last",
)
class LargePagesAreCapped(Lists):
    """As in ohdearquant/khive #2910: a page cut to a cap does not tell that there is more."""

    def page(self, account: str, query: CardQuery) -> Page:
        page = super().page(account, query)
        return page if len(page.cards) <= _CAP else Page(page.cards[:_CAP], None)


# --- the cards of a customer ----------------------------------------------------------------


@fault(
    "expired_cards_fill_pages",
    breaks="CARD-10",
    summary="expired cards count in the page of a customer's list that does not show them",
)
class ExpiredCardsFillPages(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        conditions = ["customer_id = ?", "deleted = 0", "inactive = 0"]
        values: list[object] = [customer_id]
        with self.store.transaction():
            if not self.start(account, cursor, conditions, values):
                return []
            found = self.store.cards(account, self.where(conditions), tuple(values), limit)
        return [card for card in found if self.is_listed(card)]


@fault(
    "customer_list_by_payment",
    breaks="READ-11",
    summary="a customer's cards are listed by their last payment, and so is what follows a cursor",
)
class CustomerListByPayment(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        everything = super().of_customer(account, customer_id, 1000, None)
        order = f"customer_id = ? ORDER BY {_LAST_CHANGE}, seq"
        with self.store.transaction():
            ordered = self.store.cards(account, order, (customer_id,), -1)
        listed = {card.seq for card in everything}
        cards = [card for card in ordered if card.seq in listed]
        places = [
            number for number, card in enumerate(cards, 1) if cursor in (card.id, card.card_id)
        ]
        return cards[places[0] if places else 0 :][:limit]


@fault(
    "customer_of_activation_unread",
    breaks="CARD-10",
    summary="the list of a customer leaves out cards whose activation gave them to the customer",
)
class CustomerOfActivationUnread(Lists):
    def is_listed(self, card: Card) -> bool:
        return super().is_listed(card) and not card.fingerprint.startswith("activated")
