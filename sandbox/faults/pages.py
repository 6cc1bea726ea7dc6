"""Faults of lists whose cards change while a client goes from page to page.

Overrides the lists; knows nothing of how the suite looks for these.
"""

from sandbox.faults.registry import fault
from sandbox.lists import CardQuery, Lists, Page
from sandbox.records import Card

_LAST_CHANGE = "coalesce((SELECT max(seq) FROM transactions WHERE card = cards.seq), 0)"
_KEY = f"({_LAST_CHANGE} * 1000000 + seq)"


@fault(
    "deletion_shifts_pages",
    breaks="READ-11",
    summary="a cursor is the number of cards before it, so that a deletion shifts the pages",
)
class DeletionShiftsPages(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        cursor = query.cursor or ""
        if cursor.startswith("at-") and cursor[3:].isdigit():
            begin = int(cursor[3:])
        elif query.cursor is not None:
            card = self.store.card_by_id(account, cursor) or self.store.card(account, cursor)
            if card is None:
                return super().page(account, query)
            before = self.store.cards(account, "deleted = 0 AND seq <= ?", (card.seq,), -1)
            begin = len(before)
        else:
            begin = 0
        with self.store.transaction():
            found = self.store.cards(account, "deleted = 0 ORDER BY seq", (), -1)
        cards = found[begin : begin + query.limit]
        following = begin + len(cards)
        return Page(cards, f"at-{following}" if following < len(found) else None)


@fault(
    "paid_cards_move",
    breaks="READ-11",
    summary="cards are listed by their last payment, the latest one first",
)
class PaidCardsMove(Lists):
    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[object]
    ) -> bool:
        begins = super().start(account, cursor, conditions, values)
        if begins and cursor is not None:
            seq = values.pop()
            conditions[-1] = f"{_KEY} < (SELECT {_KEY} FROM cards WHERE seq = ?)"
            values.append(seq)
        return begins

    def where(self, conditions: list[str]) -> str:
        return f"{' AND '.join(conditions)} ORDER BY {_KEY} DESC"


@fault(
    "hidden_cards_fill_pages",
    breaks="CARD-10",
    summary="deleted cards count in the page of a customer's list that does not show them",
)
class HiddenCardsFillPages(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        conditions = ["customer_id = ?"]
        values: list[object] = [customer_id]
        with self.store.transaction():
            if not self.start(account, cursor, conditions, values):
                return []
            found = self.store.cards(account, self.where(conditions), tuple(values), limit)
        return [card for card in found if self.is_listed(card)]
