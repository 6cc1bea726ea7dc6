"""Faults that need a particular state, attribute or size before they show.

Overrides methods of every part; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.answers import Answers
from sandbox.bank import Bank
from sandbox.faults.registry import fault
from sandbox.intake import Intake
from sandbox.lists import Lists
from sandbox.orders import Order, Orders, Settlement, unpacked
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.store import Store

_INT32 = 2**31
_SUMMED_HOLDS = 3
_DEEP_CAPTURE = 3
_BUSY_CARD = 20

# --- the size of an amount ------------------------------------------------------------------


@fault(
    "amount_wraps_at_31_bits", breaks="CARD-1", summary="amounts from 2^31 on lose their upper bits"
)
class AmountWrapsAt31Bits(Intake):
    def amount(self, value: int | float) -> int:
        return super().amount(value) % _INT32


@fault("amount_through_float", breaks="CARD-1", summary="amounts above 2^53 are rounded")
class AmountThroughFloat(Intake):
    def amount(self, value: int | float) -> int:
        return min(int(float(super().amount(value))), self.policy.largest_amount)


@fault("balance_rounded_at_single", breaks="BAL-1", summary="balances above 2^24 are rounded to 2")
class BalanceRoundedAtSingle(Answers):
    def balance(self, card: Card) -> dict[str, Any]:
        return {
            name: value - value % 2 if value > 2**24 else value
            for name, value in super().balance(card).items()
        }


@fault("large_drawdown_unchecked", breaks="TX-2", summary="drawdowns from 2^31 on are not checked")
class LargeDrawdownUnchecked(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        if amount < _INT32:
            super().check_available(card, amount)


@fault(
    "hold_of_everything_locks_nothing",
    breaks="TX-5",
    summary="a hold of all there is locks nothing",
)
class HoldOfEverythingLocksNothing(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        everything = order.operation == "hold" and 0 < order.amount == card.available
        record = super().post(card, token, order)
        if everything:
            self.store.move(card, held=-order.amount)
        return record


@fault("fund_of_empty_card_lost", breaks="FUND-1", summary="a fund of a card with 0 left is lost")
class FundOfEmptyCardLost(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if order.operation == "fund" and card.used and card.available == 0:
            return self.store.add_record(self.new_record(card, token, order))
        return super().post(card, token, order)


# --- many of something ----------------------------------------------------------------------


@fault(
    "third_capture_unchecked", breaks="CAP-2", summary="the third partial capture is not checked"
)
class ThirdCaptureUnchecked(Bank):
    def check_remaining(self, hold: Transaction, order: Settlement) -> None:
        if len(self.captures(hold)) < _DEEP_CAPTURE - 1:
            super().check_remaining(hold, order)
        elif self.capture_amount(hold, order) > hold.amount:
            raise Refusal(Cause.ABOVE_REMAINING)

    def captures(self, hold: Transaction) -> list[Transaction]:
        records = self.store.records(self.store.card_by_seq(hold.card))
        return [record for record in records if record.parent_id == hold.id]


@fault(
    "void_forgets_earlier_captures",
    breaks="VOID-6",
    summary="after two partial captures a void unlocks what the first one took as well",
)
class VoidForgetsEarlierCaptures(ThirdCaptureUnchecked):
    def check_remaining(self, hold: Transaction, order: Settlement) -> None:
        Bank.check_remaining(self, hold, order)

    def release_amount(self, hold: Transaction) -> int:
        captures = self.captures(hold)
        return hold.amount - captures[-1].amount if captures else hold.remaining


@fault("two_holds_void_all", breaks="VOID-1", summary="a void unlocks every open hold of the card")
class TwoHoldsVoidAll(Bank):
    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        super().post_void(card, hold, released)
        self.store.move(card, held=released - card.held)


@fault("second_hold_replaces_first", breaks="TX-5", summary="only the latest hold is locked")
class SecondHoldReplacesFirst(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "hold" and card.held:
            self.store.move(card, held=-card.held)
        return record


@fault(
    "fourth_hold_not_counted", breaks="TX-2", summary="from the fourth open hold on none is counted"
)
class FourthHoldNotCounted(Bank):
    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        counted = sum(hold.remaining for hold in self.store.open_holds(card)[:_SUMMED_HOLDS])
        super().judge(replace(card, held=counted), token, order)


@fault(
    "capture_with_two_holds_takes_the_other",
    breaks="CAP-2",
    summary="with two open holds a capture is checked against the sum of both",
)
class CaptureWithTwoHoldsTakesTheOther(Bank):
    def capture_limit(self, hold: Transaction) -> int:
        holds = self.store.open_holds(self.store.card_by_seq(hold.card))
        return sum(one.remaining for one in holds)


@fault(
    "busy_card_draws_freely", breaks="TX-2", summary="after 20 transactions funds are not checked"
)
class BusyCardDrawsFreely(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        if len(self.store.records(card)) < _BUSY_CARD:
            super().check_available(card, amount)


@fault(
    "busy_card_shows_old_balance",
    breaks="FUND-1",
    summary="after 12 transactions a fund is not shown",
)
class BusyCardShowsOldBalance(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "fund" and len(self.store.records(card)) > 12:
            self.store.move(card, funds=-order.amount)
        return record


@fault("transactions_listed_by_amount", breaks="BAL-5", summary="equal amounts are listed once")
class TransactionsListedByAmount(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        by_key = {(r.type, r.amount, r.parent_id): r for r in super().transactions(card)}
        return list(by_key.values())


@fault(
    "fund_after_capture_undone", breaks="FUND-2", summary="a fund after a partial capture is halved"
)
class FundAfterCaptureUndone(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        partly = any(hold.captured for hold in self.store.open_holds(card))
        record = super().post(card, token, order)
        if order.operation == "fund" and partly:
            self.store.move(card, funds=-(order.amount // 2))
        return record


@fault(
    "drawdown_closes_hold", breaks="CAP-4", summary="a drawdown of a hold's amount closes that hold"
)
class DrawdownClosesHold(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if order.operation == "drawdown":
            for hold in self.store.open_holds(card):
                if 0 < hold.remaining == order.amount:
                    self.post_void(card, hold, hold.remaining)
                    break
        return super().post(card, token, order)


# --- a particular attribute -----------------------------------------------------------------


@fault("euro_hold_locks_nothing", breaks="TX-5", summary="holds in EUR lock nothing")
class EuroHoldLocksNothing(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "hold" and order.currency == "EUR":
            self.store.move(card, held=-order.amount)
        return record


@fault(
    "krona_capture_rounds", breaks="CAP-1", summary="captures in SEK are rounded to whole kronor"
)
class KronaCaptureRounds(Bank):
    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        super().post_capture(card, hold, amount, finishes)
        if card.currency == "SEK":
            self.store.move(card, drawn=-(amount % 100))


@fault("dollar_fund_in_cents", breaks="FUND-1", summary="funds in USD add a hundredth")
class DollarFundInCents(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "fund" and order.currency == "USD":
            self.store.move(card, funds=order.amount // 100 - order.amount)
        return record


@fault("danish_void_forgotten", breaks="VOID-1", summary="voids on cards in DKK unlock nothing")
class DanishVoidForgotten(Bank):
    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        super().post_void(card, hold, released)
        if card.currency == "DKK":
            self.store.move(card, held=released)


@fault("order_id_is_the_reference", breaks="TX-4", summary="metadata.order_id replaces the ref_id")
class OrderIdIsTheReference(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        wanted = (unpacked(order.metadata) or {}).get("order_id")
        if wanted is not None:
            for record in self.store.records(card):
                same = (unpacked(record.metadata) or {}).get("order_id") == wanted
                if same and record.operation == order.operation:
                    return replace(record, fingerprint=order.fingerprint)
        return super().first(card, order)


@fault("metadata_skips_the_check", breaks="TX-2", summary="a drawdown with metadata is not checked")
class MetadataSkipsTheCheck(Bank):
    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        trusted = order.operation == "drawdown" and order.metadata not in (None, "{}")
        richer = replace(card, funds=card.funds + order.amount)
        super().judge(richer if trusted else card, token, order)


@fault("origin_skips_the_hold", breaks="TX-5", summary="a hold with originated_by is drawn at once")
class OriginSkipsTheHold(Orders):
    def operation(self, body: dict[str, Any]) -> str:
        operation = super().operation(body)
        return "drawdown" if operation == "hold" and body.get("originated_by") else operation


@fault("long_origin_lost", breaks="TX-4", summary="originated_by over 100 characters is cut")
class LongOriginLost(Bank):
    def new_record(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().new_record(card, token, order)
        return replace(record, originated_by=(record.originated_by or "")[:100] or None)


@fault("capture_metadata_lost", breaks="CAP-8", summary="the metadata of a capture is its parent's")
class CaptureMetadataLost(Bank):
    def child(self, hold: Transaction, order: Settlement, type_: str, amount: int) -> Transaction:
        return replace(super().child(hold, order, type_, amount), metadata=hold.metadata)


@fault("credit_note_is_never_empty", breaks="TX-2", summary="a credit note can be overdrawn")
class CreditNoteIsNeverEmpty(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        if card.type != "credit_note":
            super().check_available(card, amount)


@fault(
    "customer_cards_share_holds", breaks="BAL-7", summary="a hold locks on all cards of a customer"
)
class CustomerCardsShareHolds(Store):
    def move(self, card: Card, *, held: int = 0, **totals: int) -> None:
        super().move(card, held=held, **totals)
        if held and card.customer_id:
            self.execute(
                "UPDATE cards SET held = held + ? WHERE account = ? AND customer_id = ?"
                " AND seq <> ?",
                (held, card.account, card.customer_id, card.seq),
            )


@fault(
    "long_card_id_moves_nothing", breaks="FUND-1", summary="a fund of a card with a long id is lost"
)
class LongCardIdMovesNothing(Store):
    def move(self, card: Card, *, funds: int = 0, **totals: int) -> None:
        lost = len(card.card_id) > 128
        super().move(card, funds=0 if lost else funds, **totals)


@fault("hold_by_token_not_locked", breaks="TX-5", summary="a hold made by token locks nothing")
class HoldByTokenNotLocked(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if token is not None and order.operation == "hold":
            self.store.move(card, held=-order.amount)
        return record


@fault("numeric_card_id_leading_zeros", breaks="READ-4", summary="card 007 is card 7")
class NumericCardIdLeadingZeros(Store):
    def card(self, account: str, card_id: str) -> Card | None:
        found = super().card(account, card_id)
        if found is None and card_id.isascii() and card_id.isdigit():
            return super().card(account, card_id.lstrip("0"))
        return found


@fault("activated_card_funds_twice", breaks="FUND-1", summary="an activated card's fund adds twice")
class ActivatedCardFundsTwice(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "fund" and card.fingerprint.startswith("activated"):
            self.store.move(card, funds=order.amount)
        return record


@fault(
    "early_card_funds_later", breaks="FUND-1", summary="a fund before active_from is not counted"
)
class EarlyCardFundsLater(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "fund" and not self.clock.has_begun(card.active_from):
            self.store.move(card, funds=-order.amount)
        return record


@fault(
    "expired_void_closes_only", breaks="VOID-1", summary="a void on an expired card unlocks nothing"
)
class ExpiredVoidClosesOnly(Bank):
    def release_amount(self, hold: Transaction) -> int:
        card = self.store.card_by_seq(hold.card)
        return 0 if self.clock.has_ended(card.expires_at) else hold.remaining


@fault("refused_capture_counts", breaks="BAL-6", summary="a refused capture is counted as captured")
class RefusedCaptureCounts(Bank):
    def settle(self, order: Settlement) -> Transaction:
        try:
            return super().settle(order)
        except Refusal as refusal:
            if refusal.cause is Cause.ABOVE_REMAINING:
                with self.store.transaction():
                    hold, _ = self.hold(order)
                    self.store.settle(hold, captured=hold.remaining, open_=False, type_=hold.type)
            raise


@fault(
    "void_ref_frees_itself", breaks="REF-1", summary="the ref_id of a hold is free after its void"
)
class VoidRefFreesItself(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().first(card, order)
        if first is None or first.operation != "hold" or order.operation != "hold":
            return first
        children = [r for r in self.store.records(card) if r.parent_id == first.id]
        return None if any(child.operation == "void" for child in children) else first


FALSY = ("", "0", 0, False, None)


@fault("falsy_metadata_dropped", breaks="TX-4", summary='metadata values such as "0" are dropped')
class FalsyMetadataDropped(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        answer = super().transaction(record)
        if "metadata" in answer:
            answer["metadata"] = {k: v for k, v in answer["metadata"].items() if v not in FALSY}
        return answer
