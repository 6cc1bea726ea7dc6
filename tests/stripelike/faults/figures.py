"""Faults in what an answer shows: figures, flags, and what a hold was made with.

Overrides views and operations; the money behind them is right, unless a summary says otherwise.
"""

import time
from dataclasses import replace
from typing import Any

from tests.stripelike.app import App
from tests.stripelike.bank import Bank
from tests.stripelike.calls import Reply
from tests.stripelike.faults.registry import fault
from tests.stripelike.forms import Forms, Params
from tests.stripelike.records import Charge, Intent, Record
from tests.stripelike.refusals import Refusal
from tests.stripelike.views import Views

# --- figures --------------------------------------------------------------------------------


@fault(
    "capturable_stays",
    breaks="BAL-2",
    summary="amount_capturable does not change when the hold is captured or released",
    mapping="intents",
)
class CapturableStays(Views):
    def capturable(self, intent: Intent, charge: Charge | None) -> int:
        return charge.amount if charge and intent.capture_method == "manual" else 0


@fault(
    "capturable_is_rest",
    breaks="BAL-2",
    summary="after a partial capture amount_capturable shows the rest, though it is released",
    mapping="intents",
)
class CapturableIsRest(Views):
    def capturable(self, intent: Intent, charge: Charge | None) -> int:
        if charge and charge.captured:
            return charge.amount - charge.amount_captured
        return super().capturable(intent, charge)


@fault(
    "received_is_amount",
    breaks="BAL-1",
    summary="after a partial capture amount_received shows the amount of the hold",
    mapping="intents",
)
class ReceivedIsAmount(Views):
    def received(self, intent: Intent, charge: Charge | None) -> int:
        return charge.amount if charge and charge.captured else 0


@fault(
    "received_before_capture",
    breaks="TX-5",
    summary="amount_received counts what is only held",
    mapping="intents",
)
class ReceivedBeforeCapture(Views):
    def received(self, intent: Intent, charge: Charge | None) -> int:
        return super().received(intent, charge) + (charge.remaining if charge else 0)


@fault(
    "captured_is_amount",
    breaks="BAL-1",
    summary="amount_captured of a charge shows the amount of the hold after a partial capture",
    mapping="charges",
)
class CapturedIsAmount(Views):
    def captured(self, charge: Charge) -> int:
        return charge.amount if charge.captured else 0


@fault(
    "captured_less_refunds",
    breaks="REFUND-1",
    summary="amount_captured shrinks when captured money is refunded",
    mapping="charges",
)
class CapturedLessRefunds(Views):
    def captured(self, charge: Charge) -> int:
        return charge.amount_captured - charge.given_back


@fault(
    "refunded_is_last_refund",
    breaks="BAL-4",
    summary="amount_refunded does not count what a void released",
    mapping="charges",
)
class RefundedIsLastRefund(Views):
    def refunded(self, charge: Charge) -> int:
        return super().refunded(charge) if charge.captured else charge.given_back


@fault(
    "refunded_is_negative",
    breaks="BAL-3",
    summary="amount_refunded has the wrong sign",
    mapping="charges",
)
class RefundedIsNegative(Views):
    def refunded(self, charge: Charge) -> int:
        return -super().refunded(charge)


@fault(
    "refunded_flag_at_first_refund",
    breaks="BAL-4",
    summary="refunded is true as soon as any part is refunded",
    mapping="charges",
    beyond="refunds of a part",
)
class RefundedFlagAtFirstRefund(Views):
    def is_refunded(self, charge: Charge) -> bool:
        return super().is_refunded(charge) or charge.given_back > 0


# --- what a hold was made with --------------------------------------------------------------


@fault(
    "hold_is_captured",
    breaks="TX-5",
    summary="capture=false is a text that is true, so that a charge is captured at once",
    mapping="charges",
)
class HoldIsCaptured(Forms):
    def flag(self, params: Params, name: str, default: bool) -> bool:
        value = super().flag(params, name, default)
        return bool(params.get(name, default)) if name == "capture" else value


@fault("hold_of_less", breaks="TX-5", summary="a hold locks one unit less than it says")
class HoldOfLess(Bank):
    def hold(self, charge: Charge, *, capture: bool) -> Charge:
        if not capture:
            charge = replace(charge, amount=charge.amount - 1)
        return super().hold(charge, capture=capture)


@fault(
    "currency_is_always_usd",
    breaks="TX-4",
    summary="the currency of a request is lost; every answer says usd",
)
class CurrencyIsAlwaysUsd(Forms):
    def currency(self, params: Params) -> str:
        super().currency(params)
        return "usd"


@fault("metadata_is_lost", breaks="TX-4", summary="the metadata of a hold is not kept")
class MetadataIsLost(Forms):
    def metadata(self, params: Params) -> dict[str, str]:
        super().metadata(params)
        return {}


@fault(
    "capture_clears_metadata",
    breaks="TX-4",
    summary="a capture clears the metadata of the charge",
    mapping="charges",
)
class CaptureClearsMetadata(Bank):
    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        return super().post_capture(replace(charge, metadata={}), amount, final=final)


@fault(
    "amount_becomes_captured",
    breaks="TX-4",
    summary="a partial capture overwrites the amount of the charge with what was captured",
    mapping="charges",
)
class AmountBecomesCaptured(Bank):
    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        return super().post_capture(replace(charge, amount=amount), amount, final=final)


@fault(
    "created_moves",
    breaks="READ-8",
    summary="created is the time of the answer, not that of the hold",
    beyond="the time of creation",
)
class CreatedMoves(Views):
    def common(self, record: Record, name: str) -> dict[str, Any]:
        return super().common(record, name) | {"created": time.time_ns()}


# --- form of answers ------------------------------------------------------------------------


@fault("amounts_are_texts", breaks="SHAPE-1", summary="amounts are texts instead of integers")
class AmountsAreTexts(Views):
    def show(self, record: Record) -> dict[str, Any]:
        shown = super().show(record)
        return shown | {k: str(v) for k, v in shown.items() if k.startswith("amount")}


@fault(
    "refusal_with_200",
    breaks="CAP-2",
    summary="refusals of 400 have the status 200 and a body with the error",
)
class RefusalWith200(App):
    def refused(self, refusal: Refusal) -> Reply:
        reply = super().refused(refusal)
        return replace(reply, status=200) if reply.status == 400 else reply


@fault("refusal_without_body", breaks="SHAPE-5", summary="refusals have the body {} without error")
class RefusalWithoutBody(App):
    def refused(self, refusal: Refusal) -> Reply:
        return replace(super().refused(refusal), body={})


@fault("refusal_is_text", breaks="SHAPE-5", summary="refusals are a JSON text, not an object")
class RefusalIsText(App):
    def refused(self, refusal: Refusal) -> Reply:
        return replace(super().refused(refusal), body=str(refusal))
