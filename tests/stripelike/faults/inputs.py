"""Faults in what is taken as input: amounts, currencies, missing members.

Overrides the reading of forms; knows nothing of how the suite looks for them.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from tests.stripelike.bank import Bank
from tests.stripelike.faults.registry import fault
from tests.stripelike.forms import Forms, Params
from tests.stripelike.policy import LEAST_AMOUNT
from tests.stripelike.records import Charge
from tests.stripelike.refusals import Refusal


@fault("no_greatest_amount", breaks="SHAPE-4", summary="amounts above 99999999 are accepted")
class NoGreatestAmount(Forms):
    def check_bounds(self, amount: int) -> None:
        super().check_bounds(min(amount, LEAST_AMOUNT))


@fault("no_least_amount", breaks="SHAPE-4", summary="amounts from 1 to 49 are accepted")
class NoLeastAmount(Forms):
    def check_bounds(self, amount: int) -> None:
        super().check_bounds(max(amount, LEAST_AMOUNT))


@fault("least_amount_refused", breaks="TX-5", summary="an amount of exactly 50 is refused")
class LeastAmountRefused(Forms):
    def check_bounds(self, amount: int) -> None:
        super().check_bounds(amount - 1 if amount == LEAST_AMOUNT else amount)


@fault(
    "large_amount_wraps",
    breaks="TX-5",
    summary="amounts of 2**24 and more lose their last digits, as 32-bit floats do",
)
class LargeAmountWraps(Bank):
    def hold(self, charge: Charge, *, capture: bool) -> Charge:
        kept = charge.amount if charge.amount < 2**24 else charge.amount // 16 * 16
        return super().hold(replace(charge, amount=kept), capture=capture)


class SignedHold(Forms):
    """Takes holds of amounts that are written in one more form, unchecked."""

    form = ""

    def hold_amount(self, params: Params) -> int:
        text = str(params.get("amount"))
        return int(text) if re.fullmatch(self.form, text) else super().hold_amount(params)


@fault("zero_hold_accepted", breaks="SHAPE-4", summary="a hold of 0 is accepted")
class ZeroHoldAccepted(SignedHold):
    form = "0"


@fault("negative_hold_accepted", breaks="SHAPE-4", summary="a hold of less than 0 is accepted")
class NegativeHoldAccepted(SignedHold):
    form = "-[1-9][0-9]{0,9}"


@fault(
    "zero_capture_takes_everything",
    breaks="CAP-9",
    summary="amount 0 is falsy, so that a capture of 0 takes the whole hold",
)
class ZeroCaptureTakesEverything(Forms):
    def capture_amount(self, params: Params, name: str) -> int | None:
        if params.get(name) == "0":
            return None
        return super().capture_amount(params, name)


@fault(
    "negative_capture_accepted",
    breaks="SHAPE-4",
    summary="a capture of a negative amount is accepted",
)
class NegativeCaptureAccepted(Forms):
    def capture_amount(self, params: Params, name: str) -> int | None:
        text = str(params.get(name))
        if text.startswith("-") and text[1:].isdigit():
            return int(text)
        return super().capture_amount(params, name)


@fault(
    "negative_refund_accepted",
    breaks="SHAPE-4",
    summary="a refund of a negative amount is accepted and takes money",
)
class NegativeRefundAccepted(Forms):
    def positive(self, params: Params, name: str) -> int | None:
        text = str(params.get(name))
        is_refund = "charge" in params or "payment_intent" in params
        if is_refund and re.fullmatch("-[1-9][0-9]{0,9}", text):
            return int(text)
        return super().positive(params, name)


class Lenient(Forms):
    """Takes numbers that are no integers."""

    def integer(self, name: str, text: str) -> int:
        try:
            return super().integer(name, text)
        except Refusal:
            try:
                return self.rounded(Decimal(text))
            except (InvalidOperation, ValueError, OverflowError):
                pass
            raise

    def rounded(self, number: Decimal) -> int:
        raise NotImplementedError


@fault(
    "fraction_is_cut",
    breaks="SHAPE-4",
    summary="an amount with a fraction of a minor unit is accepted, and cut",
)
class FractionIsCut(Lenient):
    def rounded(self, number: Decimal) -> int:
        return int(number)


@fault(
    "fraction_is_major_units",
    breaks="SHAPE-4",
    summary="an amount with a point is taken as major units: 100.5 is 10050",
)
class FractionIsMajorUnits(Lenient):
    def rounded(self, number: Decimal) -> int:
        return int(number * 100)


@fault(
    "any_currency_accepted",
    breaks="SHAPE-4",
    summary="any three letters are accepted as a currency",
)
class AnyCurrencyAccepted(Forms):
    def currency(self, params: Params) -> str:
        value = self.required(params, "currency")
        return value if len(value) == 3 and value.isalpha() else super().currency(params)


@fault(
    "missing_amount_crashes",
    breaks="SHAPE-2",
    summary="a hold without an amount is answered with a 500",
)
class MissingAmountCrashes(Forms):
    def hold_amount(self, params: Params) -> int:
        if not params["amount"]:
            raise KeyError("amount")
        return super().hold_amount(params)


@fault(
    "unknown_parameters_ignored",
    breaks="SHAPE-4",
    summary="a misspelled amount_to_capture is ignored, and the default is captured",
    beyond="a misspelled parameter",
)
class UnknownParametersIgnored(Forms):
    def allow(self, params: Params, names: Iterable[str]) -> None:
        pass
