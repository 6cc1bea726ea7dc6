"""Faults in what time forbids: before active_from, after expires_at, and how a date is read.

Overrides methods of the bank and the clock; knows nothing of how the suite looks for these.
"""

from dataclasses import replace

from sandbox.bank import Bank
from sandbox.clock import SECOND, Clock, parse
from sandbox.faults.registry import fault
from sandbox.orders import Order
from sandbox.records import Card
from sandbox.refusals import Cause, Refusal

_HOUR_S = 3_600


@fault(
    "early_drawdown_allowed", breaks="TIME-1", summary="a drawdown before active_from is accepted"
)
class EarlyDrawdownAllowed(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        early = order.operation == "drawdown"
        super().check_card(replace(card, active_from=None) if early else card, order)


@fault("early_hold_allowed", breaks="TIME-1", summary="a hold before active_from is accepted")
class EarlyHoldAllowed(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        early = order.operation == "hold"
        super().check_card(replace(card, active_from=None) if early else card, order)


@fault("early_fund_refused", breaks="TIME-1", summary="a fund before active_from is refused")
class EarlyFundRefused(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        super().check_card(card, order)
        if not self.clock.has_begun(card.active_from):
            raise Refusal(Cause.NOT_YET_ACTIVE)


@fault(
    "expired_drawdown_allowed", breaks="TIME-2", summary="a drawdown on an expired card is accepted"
)
class ExpiredDrawdownAllowed(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        late = order.operation == "drawdown"
        super().check_card(replace(card, expires_at=None) if late else card, order)


@fault("expired_hold_allowed", breaks="TIME-2", summary="a hold on an expired card is accepted")
class ExpiredHoldAllowed(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        late = order.operation == "hold"
        super().check_card(replace(card, expires_at=None) if late else card, order)


@fault("expired_fund_allowed", breaks="TIME-2", summary="a fund on an expired card is accepted")
class ExpiredFundAllowed(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        late = order.operation == "fund"
        super().check_card(replace(card, expires_at=None) if late else card, order)


@fault("expiry_ignores_offset", breaks="TIME-2", summary="the offset of expires_at is not read")
class ExpiryIgnoresOffset(Clock):
    def has_ended(self, expires_at: str | None) -> bool:
        return super().has_ended(expires_at and _without_offset(expires_at))


@fault("activity_ignores_offset", breaks="TIME-1", summary="the offset of active_from is not read")
class ActivityIgnoresOffset(Clock):
    def has_begun(self, active_from: str | None) -> bool:
        return super().has_begun(active_from and _without_offset(active_from))


@fault("expiry_an_hour_late", breaks="TIME-2", summary="a card expires an hour late")
class ExpiryAnHourLate(Clock):
    def has_ended(self, expires_at: str | None) -> bool:
        return expires_at is not None and parse(expires_at) + _HOUR_S * SECOND < self.now()


@fault("expiry_by_day", breaks="TIME-2", summary="a card is good until the end of its last day")
class ExpiryByDay(Clock):
    def has_ended(self, expires_at: str | None) -> bool:
        day = 24 * _HOUR_S * SECOND
        return expires_at is not None and parse(expires_at) // day < self.now() // day


def _without_offset(text: str) -> str:
    """The local time of a date-time, read as if it were UTC."""
    if text[-1] in "Zz":
        return text
    return text[:-6] + "Z"
