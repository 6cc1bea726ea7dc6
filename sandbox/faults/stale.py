"""Faults of copies that are kept too long: cached views, and rows that are written back whole.

Overrides methods of every part; knows nothing of how the suite looks for these.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sandbox.access import Caller
from sandbox.bank import Bank
from sandbox.cards import Cards
from sandbox.faults.races import pause, race
from sandbox.faults.registry import fault, part_of
from sandbox.lists import CardQuery, Lists, Page
from sandbox.orders import Order
from sandbox.records import Card, Token, Transaction
from sandbox.store import Store
from sandbox.tokens import Tokens

_OTHERS = 40

Kept = TypeVar("Kept")

_CACHES: WeakKeyDictionary[Store, dict[object, Any]] = WeakKeyDictionary()


def _cached(store: Store, key: object, made: Callable[[], Kept]) -> Kept:
    cache = _CACHES.setdefault(store, {})
    if key not in cache:
        cache[key] = made()
    value: Kept = cache[key]
    return value


class ForgetsOnCreate(Bank):
    """Only a create makes the caches forget; captures and voids do not come this way."""

    def create(self, order: Order) -> Transaction:
        _CACHES.pop(self.store, None)
        return super().create(order)


# --- caches ---------------------------------------------------------------------------------


@fault(
    "settlements_missing_in_cache",
    breaks="BAL-5",
    summary="a list of transactions is cached until the next create: captures and voids are late",
)
class CachedTransactions(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        found = super().transactions
        return _cached(self.store, ("transactions", card.seq), lambda: found(card))


@fault(
    "look_up_is_cached",
    breaks="TOKEN-3",
    summary="what info shows is cached by token until the next create",
)
class CachedLookUp(Tokens):
    def look_up(self, caller: Caller, body: dict[str, Any]) -> Card:
        found = super().look_up
        return _cached(self.store, body["token"], lambda: found(caller, body))


@fault(
    "customer_view_is_cached",
    breaks="CARD-10",
    summary="a card as its customer sees it is cached until the next create",
)
class CachedCustomerView(Lists):
    def customer_card(self, account: str, customer_id: str, card_id: str) -> Card:
        found = super().customer_card
        key = (account, customer_id, card_id)
        return _cached(self.store, key, lambda: found(account, customer_id, card_id))


@fault(
    "card_list_is_cached",
    breaks="READ-1",
    summary="a page of the card list is cached until the next create",
)
class CachedCardList(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        found = super().page
        return _cached(self.store, (account, query), lambda: found(account, query))


for _name in (
    "settlements_missing_in_cache",
    "look_up_is_cached",
    "customer_view_is_cached",
    "card_list_is_cached",
):
    part_of(_name)(ForgetsOnCreate)

# --- rows that are written back whole ---------------------------------------------------------


def _write_back(store: Store, card: Card) -> None:
    """Save the totals as they were read: what others moved in between is lost."""
    with store.transaction():
        store.execute(
            "UPDATE cards SET funds = ?, drawn = ?, captured = ?, held = ?, gross_held = ?"
            " WHERE seq = ?",
            (card.funds, card.drawn, card.captured, card.held, card.gross_held, card.seq),
        )


@race(
    "race_look_up_writes_back",
    breaks="CONC-1",
    summary="info saves the card with the time of the look-up, and undoes a payment beside it",
)
class LookUpWritesBack(Tokens):
    """As in balderdashy/waterline-docs #80: save() writes back every column that it once read."""

    def look_up(self, caller: Caller, body: dict[str, Any]) -> Card:
        card = super().look_up(caller, body)
        pause()
        _write_back(self.store, card)
        return card


@race(
    "race_token_writes_back",
    breaks="CONC-1",
    summary="a new token saves its card with it, and undoes a payment beside it",
)
class TokenWritesBack(Tokens):
    def create(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Token:
        before = self.store.card(caller.account, card_id)
        pause()
        token = super().create(caller, card_id, body)
        if before is not None:
            _write_back(self.store, before)
        return token


# --- what is remembered of what was not there -----------------------------------------------


@fault(
    "empty_customer_list_is_kept",
    breaks="READ-1",
    summary="that a customer has no cards is remembered after the first card was made",
)
class EmptyCustomerListIsKept(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        found = super().of_customer
        empty = _CACHES.setdefault(self.store, {})
        if (account, customer_id) in empty:
            return []
        cards = found(account, customer_id, limit, cursor)
        if not cards and cursor is None:
            empty[account, customer_id] = True
        return cards


@fault(
    "details_keep_their_tokens",
    breaks="TOKEN-8",
    summary="the tokens that a card shows are cached when they are first read",
)
class DetailsKeepTheirTokens(Store):
    def tokens(self, card: Card) -> list[Token]:
        found = super().tokens
        return _cached(self, ("tokens", card.seq), lambda: found(card))


@fault(
    "customer_view_misses_the_end",
    breaks="READ-1",
    summary="a capture of all that remains is the one write after which the view stays as it was",
)
class CustomerViewMissesTheEnd(Lists):
    def customer_card(self, account: str, customer_id: str, card_id: str) -> Card:
        found = super().customer_card
        key = ("view", account, customer_id, card_id)
        return _cached(self.store, key, lambda: found(account, customer_id, card_id))


@part_of("customer_view_misses_the_end")
class ForgetsButAtTheEnd(Bank):
    def create(self, order: Order) -> Transaction:
        _CACHES.pop(self.store, None)
        return super().create(order)

    def close_hold(self, hold: Transaction, *, captured: int, finishes: bool, becomes: str) -> None:
        super().close_hold(hold, captured=captured, finishes=finishes, becomes=becomes)
        if not (captured and finishes):
            _CACHES.pop(self.store, None)


@fault(
    "deleted_cards_come_back",
    breaks="READ-8",
    summary="a deleted card can be read again after 40 others were made, from an old copy",
)
class DeletedCardsComeBack(Cards):
    def read(self, account: str, card_id: str) -> Card:
        card = self.store.card(account, card_id)
        newest = self.store.execute("SELECT max(seq) FROM cards").fetchone()
        if card is not None and card.deleted and newest[0] > card.seq + _OTHERS:
            return card
        return super().read(account, card_id)
