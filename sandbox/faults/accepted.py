"""Faults with what is accepted though it is unusual: the rules that hang on it fail.

Overrides every part that looks at such a value; knows nothing of how the suite looks for these.
"""

from typing import Any

from sandbox.access import Caller
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.clock import SECOND, Clock, parse
from sandbox.faults.registry import fault
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Transaction
from sandbox.tokens import Tokens

_INT32 = 2**31


@fault(
    "blank_ref_is_no_ref",
    breaks="REF-1",
    summary="a ref_id that is empty or blank is accepted and not remembered",
)
class BlankRefIsNoRef(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return super().first(card, order) if order.ref_id.strip() else None


@fault(
    "ref_id_0_is_no_ref",
    breaks="REF-1",
    summary="the ref_ids 0 and null are accepted and not remembered",
)
class RefIdZeroIsNoRef(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return super().first(card, order) if order.ref_id not in ("0", "null") else None


@fault(
    "refs_beyond_ascii_forgotten",
    breaks="REF-1",
    summary="a ref_id with other signs than ASCII is not found again",
)
class RefsBeyondAsciiForgotten(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return super().first(card, order) if order.ref_id.isascii() else None


@fault(
    "long_life_overflows",
    breaks="TOKEN-3",
    summary="a token of more than 68 years has ended at once",
)
class LongLifeOverflows(Tokens):
    def end(self, lifetime_s: int) -> int:
        return super().end((lifetime_s + _INT32) % 2**32 - _INT32)


@fault(
    "ends_after_2038_are_past",
    breaks="TX-1",
    summary="a card that ends after January 2038 has ended",
)
class EndsAfter2038ArePast(Clock):
    def has_ended(self, expires_at: str | None) -> bool:
        if expires_at is not None and parse(expires_at) // SECOND in range(_INT32, _INT32 + 10**9):
            return True
        return super().has_ended(expires_at)


@fault(
    "starts_before_1970_are_unset",
    breaks="TX-1",
    summary="a card that became active before 1970 never does",
)
class StartsBefore1970AreUnset(Clock):
    def has_begun(self, active_from: str | None) -> bool:
        if active_from is not None and parse(active_from) < 0:
            return False
        return super().has_begun(active_from)


@fault(
    "unusual_ids_made_again",
    breaks="CARD-3",
    summary="a card whose id has a quote or a sign beyond ASCII is made anew by a second create",
)
class UnusualIdsMadeAgain(Cards):
    def create(self, caller: Caller, body: dict[str, Any]) -> Issued:
        card_id = str(body["card_id"])
        if card_id.isascii() and "'" not in card_id:
            return super().create(caller, body)
        with self.store.transaction():
            return self.issue(caller, body, "")
