"""Faults in what a drawdown, a hold or a fund may do, and in the records that are kept of it.

Overrides methods of the bank and of the answers; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.answers import Answers
from sandbox.bank import Bank
from sandbox.faults.registry import fault, part_of
from sandbox.intake import Intake
from sandbox.orders import Order, Orders, Settlement
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal

# --- what is available ----------------------------------------------------------------------


@fault(
    "drawdown_ignores_holds",
    breaks="TX-2",
    summary="a drawdown is checked against the balance, not against what is available",
)
class DrawdownIgnoresHolds(Bank):
    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        super().judge(
            replace(card, held=0) if order.operation == "drawdown" else card, token, order
        )


@fault(
    "hold_ignores_holds",
    breaks="TX-2",
    summary="a hold is checked against the balance, so that the same money is held twice",
)
class HoldIgnoresHolds(Bank):
    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        super().judge(replace(card, held=0) if order.operation == "hold" else card, token, order)


@fault(
    "drawdown_one_too_much",
    breaks="TX-2",
    summary="a drawdown of one unit more than is available is accepted",
)
class DrawdownOneTooMuch(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        super().check_available(card, amount - 1)


@fault(
    "last_unit_cannot_be_drawn",
    breaks="TX-1",
    summary="a drawdown of exactly what is available is refused",
)
class LastUnitCannotBeDrawn(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        super().check_available(card, amount + 1 if amount else amount)


@fault("hold_unchecked", breaks="TX-2", summary="a hold is accepted without looking at the card")
class HoldUnchecked(Bank):
    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        richer = replace(card, funds=card.funds + order.amount)
        super().judge(richer if order.operation == "hold" else card, token, order)


@fault(
    "drawdown_takes_what_is_there",
    breaks="TX-2",
    summary="a drawdown above what is available draws all there is and is answered as asked",
)
class DrawdownTakesWhatIsThere(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        pass

    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, replace(order, amount=min(order.amount, card.available)))
        return replace(record, amount=order.amount)


@fault("currency_ignored", breaks="TX-3", summary="a transaction in another currency is accepted")
class CurrencyIgnored(Bank):
    def check_currency(self, card: Card, order: Order) -> None:
        pass


# --- what is posted -------------------------------------------------------------------------


@fault(
    "hold_locks_nothing", breaks="TX-5", summary="a pending drawdown is recorded and locks nothing"
)
class HoldLocksNothing(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "hold":
            self.store.move(card, held=-order.amount)
        return record

    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        super().post_capture(card, hold, amount, finishes)
        self.store.move(card, held=min(amount, hold.remaining))

    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        super().post_void(card, hold, released)
        self.store.move(card, held=released)


@fault("pending_ignored", breaks="TX-5", summary="a pending drawdown is drawn at once")
class PendingIgnored(Orders):
    def operation(self, body: dict[str, Any]) -> str:
        return "fund" if body.get("type") == "fund" else "drawdown"


@fault("zero_hold_locks_all", breaks="TX-5", summary="a hold of 0 locks all that is available")
class ZeroHoldLocksAll(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if order.operation == "hold" and not order.amount:
            order = replace(order, amount=card.available)
        return super().post(card, token, order)


@fault("fund_counts_twice", breaks="FUND-1", summary="a fund adds twice its amount")
class FundCountsTwice(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if order.operation == "fund":
            self.store.move(card, funds=order.amount)
        return super().post(card, token, order)


@fault(
    "fund_while_held_is_locked",
    breaks="FUND-2",
    summary="a fund while a hold is open is added to what is locked",
)
class FundWhileHeldIsLocked(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if order.operation == "fund" and card.held:
            self.store.move(card, held=order.amount)
        return super().post(card, token, order)


@fault("fund_while_held_refused", breaks="FUND-2", summary="a fund is refused while a hold is open")
class FundWhileHeldRefused(Bank):
    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        if order.operation == "fund" and self.store.open_holds(card):
            raise Refusal(Cause.OPEN_HOLDS)
        super().judge(card, token, order)


@fault(
    "pending_fund_accepted", breaks="FUND-3", summary="a pending fund is accepted, and locks money"
)
class PendingFundAccepted(Intake):
    def judged(self, body: Any) -> Any:
        if isinstance(body, dict) and body.get("type") == "fund":
            return {name: value for name, value in body.items() if name != "pending"}
        return body


@part_of("pending_fund_accepted")
class PendingFundIsAHold(Orders):
    def operation(self, body: dict[str, Any]) -> str:
        return "hold" if body.get("pending") else super().operation(body)


@fault(
    "refusal_keeps_the_lock",
    breaks="BAL-6",
    summary="a hold refused for its currency was locked first and is not unlocked",
)
class RefusalKeepsTheLock(Bank):
    def after_refusal(self, card: Card, token: Token | None, order: Order) -> None:
        super().after_refusal(card, token, order)
        if order.operation == "hold" and order.currency != card.currency:
            self.store.move(card, held=min(order.amount, card.available))


@fault(
    "refused_drawdown_empties_card",
    breaks="BAL-6",
    summary="a drawdown above what is available is refused after it drew what there was",
)
class RefusedDrawdownEmptiesCard(Bank):
    def after_refusal(self, card: Card, token: Token | None, order: Order) -> None:
        super().after_refusal(card, token, order)
        if order.operation == "drawdown" and order.amount > card.available:
            self.store.move(card, drawn=card.available)


# --- what is recorded -----------------------------------------------------------------------


class ChildRecord(Bank):
    """Changes the record that a capture or a void makes."""

    def child(self, hold: Transaction, order: Settlement, type_: str, amount: int) -> Transaction:
        return self.changed(super().child(hold, order, type_, amount), hold)

    def changed(self, record: Transaction, hold: Transaction) -> Transaction:
        raise NotImplementedError


@fault(
    "capture_record_shows_original",
    breaks="CAP-8",
    summary="the record of a partial capture shows the amount of the hold",
)
class CaptureRecordShowsOriginal(ChildRecord):
    def changed(self, record: Transaction, hold: Transaction) -> Transaction:
        return replace(record, amount=hold.amount) if record.operation == "capture" else record


@fault(
    "capture_record_without_parent", breaks="CAP-8", summary="a capture does not name its parent"
)
class CaptureRecordWithoutParent(ChildRecord):
    def changed(self, record: Transaction, hold: Transaction) -> Transaction:
        return replace(record, parent_id=None) if record.operation == "capture" else record


@fault("void_record_without_parent", breaks="VOID-5", summary="a void does not name its parent")
class VoidRecordWithoutParent(ChildRecord):
    def changed(self, record: Transaction, hold: Transaction) -> Transaction:
        return replace(record, parent_id=None) if record.operation == "void" else record


@fault(
    "second_capture_names_first",
    breaks="CAP-8",
    summary="a later capture names the capture before it as its parent",
)
class SecondCaptureNamesFirst(ChildRecord):
    def changed(self, record: Transaction, hold: Transaction) -> Transaction:
        card = self.store.card_by_seq(hold.card)
        earlier = [r.id for r in self.store.records(card) if r.parent_id == hold.id]
        return replace(record, parent_id=earlier[-1]) if earlier else record


@fault("void_record_is_drawdown", breaks="VOID-5", summary="the record of a void has type drawdown")
class VoidRecordIsDrawdown(ChildRecord):
    def changed(self, record: Transaction, hold: Transaction) -> Transaction:
        return replace(record, type="drawdown")


@fault(
    "capture_record_is_pending",
    breaks="CAP-8",
    summary="the record of a capture has type pending_capture",
)
class CaptureRecordIsPending(ChildRecord):
    def changed(self, record: Transaction, hold: Transaction) -> Transaction:
        return replace(record, type="pending_capture") if record.type == "drawdown" else record


@fault(
    "child_currency_is_nok",
    breaks="CAP-8",
    summary="the record of a capture or void is in NOK, whatever the card is in",
)
class ChildCurrencyIsNok(ChildRecord):
    def changed(self, record: Transaction, hold: Transaction) -> Transaction:
        return replace(record, currency="NOK")


@fault("hold_record_is_drawdown", breaks="TX-4", summary="a pending drawdown has type drawdown")
class HoldRecordIsDrawdown(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        shown = "drawdown" if record.operation == "hold" else record.type
        return super().transaction(replace(record, type=shown))


# --- the balance figures --------------------------------------------------------------------


class Figures(Answers):
    """Changes the balance figures of every view of a card."""

    def balance(self, card: Card) -> dict[str, Any]:
        return super().balance(card) | self.changed(card)

    def changed(self, card: Card) -> dict[str, Any]:
        raise NotImplementedError


@fault("balance_excludes_holds", breaks="BAL-1", summary="amount_balance leaves out what is locked")
class BalanceExcludesHolds(Figures):
    def changed(self, card: Card) -> dict[str, Any]:
        return {"amount_balance": card.available}


@fault(
    "available_includes_holds", breaks="BAL-2", summary="amount_available includes what is locked"
)
class AvailableIncludesHolds(Figures):
    def changed(self, card: Card) -> dict[str, Any]:
        return {"amount_available": card.balance}


@fault("drawdown_figure_is_held", breaks="BAL-4", summary="amount_drawdown shows what is held")
class DrawdownFigureIsHeld(Figures):
    def changed(self, card: Card) -> dict[str, Any]:
        return {"amount_drawdown": card.held}


@fault(
    "funds_figure_falls",
    breaks="BAL-4",
    summary="amount_funds falls with every drawdown instead of staying what was put on",
)
class FundsFigureFalls(Figures):
    def changed(self, card: Card) -> dict[str, Any]:
        return {"amount_funds": card.balance}


@fault(
    "reserved_figure_counts_drawn",
    breaks="BAL-4",
    summary="amount_reserved still counts what has been drawn",
)
class ReservedFigureCountsDrawn(Figures):
    def changed(self, card: Card) -> dict[str, Any]:
        return {"amount_reserved": card.held + card.drawn}
