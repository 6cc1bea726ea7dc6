"""Faults in what time forbids: before active_from, after expires_at, and how a date is read.

Overrides methods of the bank, the cards and the clock; knows nothing of how the suite looks for
these.
"""

from dataclasses import replace
from typing import Any

from sandbox.bank import Bank
from sandbox.cards import Cards
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


@fault(
    "early_hold_by_token_allowed",
    breaks="TIME-1",
    summary="a hold by token does not ask whether the card is active yet",
)
class EarlyHoldByTokenAllowed(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        unasked = order.operation == "hold" and order.token is not None
        super().check_card(replace(card, active_from=None) if unasked else card, order)


@fault(
    "expired_nothing_allowed",
    breaks="TIME-2",
    summary="what moves no money is not asked whether the card has expired",
)
class ExpiredNothingAllowed(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        super().check_card(card if order.amount else replace(card, expires_at=None), order)


@fault(
    "activation_ignores_offset",
    breaks="TIME-1",
    summary="an activation reads active_from without its offset from UTC",
)
class ActivationIgnoresOffset(Cards):
    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        columns = super().activation(card, body)
        start = columns["active_from"]
        if isinstance(start, str) and start[-6] in "+-":
            columns["active_from"] = f"{start[:-6]}Z"
        return columns


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


# --- how an offset is read ------------------------------------------------------------------


@fault("offset_sign_is_turned", breaks="TIME-2", summary="+02:00 in expires_at is read as -02:00")
class OffsetSignIsTurned(Clock):
    def has_ended(self, expires_at: str | None) -> bool:
        return super().has_ended(expires_at and expires_at[:-6] + _turned(expires_at[-6:]))


@fault(
    "half_hours_of_offset_lost",
    breaks="TIME-2",
    summary="of the offset of expires_at the hours are read and the minutes are not",
)
class HalfHoursOfOffsetLost(Clock):
    """As in darrenjrobinson/JWTDetails #3, where India is five hours ahead, not five and a half."""

    def has_ended(self, expires_at: str | None) -> bool:
        whole = expires_at if not expires_at or expires_at[-1] in "Zz" else expires_at[:-2] + "00"
        return super().has_ended(whole)


@fault(
    "fraction_is_no_end",
    breaks="TIME-2",
    summary="an expires_at with a fraction of a second is stored and not understood",
)
class FractionIsNoEnd(Clock):
    def has_ended(self, expires_at: str | None) -> bool:
        return super().has_ended(None if expires_at and "." in expires_at else expires_at)


@fault(
    "small_letters_are_no_end",
    breaks="TIME-2",
    summary="an expires_at with a small t or z is stored and not understood",
)
class SmallLettersAreNoEnd(Clock):
    def has_ended(self, expires_at: str | None) -> bool:
        return super().has_ended(
            None if expires_at and expires_at.upper() != expires_at else expires_at
        )


@fault(
    "activation_loses_the_offset",
    breaks="TIME-2",
    summary="activation stores expires_at without its offset, as a time of UTC",
)
class ActivationLosesTheOffset(Bank):
    """As in django-oauth/django-oauth-toolkit #1291: one path to a date applies another zone."""

    def check_card(self, card: Card, order: Order) -> None:
        if card.fingerprint.startswith("activated") and card.expires_at is not None:
            card = replace(card, expires_at=_without_offset(card.expires_at))
        super().check_card(card, order)


def _turned(tail: str) -> str:
    return tail.translate(str.maketrans("+-", "-+")) if tail[0] in "+-" else tail
