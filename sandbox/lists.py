"""Pages of cards, the cards of a customer, the transactions of a card.

Knows order, cursors and filters; changes nothing.
"""

from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.policy import Policy
from sandbox.records import Card, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.store import Store

_COMPARISONS = {"at least": ">=", "equal": "=", "above": ">", "at most": "<="}
_AVAILABLE = "funds - drawn - held"


@dataclass(frozen=True, slots=True)
class CardQuery:
    """Which cards of an account are asked for; `available` filters by what they have left."""

    limit: int
    cursor: str | None
    include_deleted: bool
    available: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some cards, and where the next page starts if there is one."""

    cards: list[Card]
    starting_after: str | None


class Lists:
    """Reads more than one thing at once."""

    def __init__(self, store: Store, clock: Clock, policy: Policy) -> None:
        self.store = store
        self.clock = clock
        self.policy = policy

    def page(self, account: str, query: CardQuery) -> Page:
        conditions = ["1"] if query.include_deleted else ["deleted = 0"]
        values: list[object] = []
        if query.available is not None:
            conditions.append(f"{_AVAILABLE} {_COMPARISONS[self.policy.available_filter]} ?")
            # Beyond what the database counts nothing is available either.
            values.append(min(query.available, 2**63 - 1))
        with self.store.transaction():
            if not self.start(account, query.cursor, conditions, values):
                return Page([], None)
            found = self.store.cards(
                account, self.where(conditions), tuple(values), query.limit + 1
            )
        return self.cut(found, query.limit)

    def cut(self, found: list[Card], limit: int) -> Page:
        """One card more than asked for was read: if it is there, so is another page."""
        cards = found[:limit]
        if len(found) > limit or (cards and self.policy.cursor_on_last):
            return Page(cards, cards[-1].id)
        return Page(cards, None)

    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[object]
    ) -> bool:
        """Narrow the conditions to what follows the cursor; False for a page of nothing.

        A cursor is the id of a card, ours or the caller's: a bare array brings no other.
        """
        if cursor is None:
            return True
        card = self.store.card_by_id(account, cursor) or self.store.card(account, cursor)
        if card is None:
            if self.policy.unknown_cursor == "empty":
                return False
            raise Refusal(Cause.NO_CURSOR)
        conditions.append(f"seq {'>' if self.policy.cards_order == 'oldest' else '<'} ?")
        values.append(card.seq)
        return True

    def where(self, conditions: list[str]) -> str:
        order = "ASC" if self.policy.cards_order == "oldest" else "DESC"
        return f"{' AND '.join(conditions)} ORDER BY seq {order}"

    def transactions(self, card: Card) -> list[Transaction]:
        order = "ASC" if self.policy.transactions_order == "oldest" else "DESC"
        return self.store.records(card, order)

    # --- customers --------------------------------------------------------------------------

    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        """The cards that are active for a customer: expiry is judged here, by our clock."""
        conditions = ["customer_id = ?"]
        values: list[object] = [customer_id]
        with self.store.transaction():
            if self.policy.unknown_customer and not self.store.cards(
                account, "customer_id = ?", (customer_id,), 1
            ):
                raise Refusal(Cause.NO_CUSTOMER)
            if not self.start(account, cursor, conditions, values):
                return []
            found = self.store.cards(account, self.where(conditions), tuple(values), -1)
        return [card for card in found if self.is_listed(card)][:limit]

    def is_listed(self, card: Card) -> bool:
        if card.deleted or card.inactive:
            return False
        if not self.policy.lists_expired and self.clock.has_ended(card.expires_at):
            return False
        return self.policy.lists_empty or card.balance > 0

    def customer_card(self, account: str, customer_id: str, card_id: str) -> Card:
        card = self.store.card(account, card_id)
        if card is None or (card.deleted and not self.policy.deleted_readable):
            raise Refusal(Cause.NO_CARD)
        if card.customer_id != customer_id:
            raise Refusal(Cause.FOREIGN_CUSTOMER)
        return card
