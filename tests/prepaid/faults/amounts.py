"""Faults in amounts: finer than the currency, rounded, through floats, in the wrong digits.

Overrides the reading and showing of amounts; knows nothing of how the suite looks for them.
"""

import math
import re
import struct
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

from tests.prepaid.bank import Bank
from tests.prepaid.calls import Call
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault
from tests.prepaid.inputs import Inputs
from tests.prepaid.money import Money
from tests.prepaid.policy import DIGITS
from tests.prepaid.records import Account, Hold, Order
from tests.prepaid.views import Views

LONGEST = 15


@fault(
    "finer_rounded",
    breaks="SHAPE-4",
    summary="an amount finer than its currency is taken, and rounded to the nearest",
)
class FinerRounded(Money):
    def judge_fineness(self, text: str, currency: str, field: str) -> None:
        if len(text) > LONGEST:
            super().judge_fineness(text, currency, field)

    def minor(self, text: str, currency: str) -> int:
        scaled = Decimal(text).scaleb(self.digits(currency))
        return int(scaled.quantize(Decimal(1), ROUND_HALF_EVEN))


@fault(
    "finer_cut",
    breaks="SHAPE-4",
    summary="an amount finer than its currency is taken, and its further digits are cut",
)
class FinerCut(Money):
    def judge_fineness(self, text: str, currency: str, field: str) -> None:
        if len(text) > LONGEST:
            super().judge_fineness(text, currency, field)


@fault(
    "finer_rounded_up",
    breaks="SHAPE-4",
    summary="an amount finer than its currency is taken, and rounded up",
)
class FinerRoundedUp(FinerRounded):
    def minor(self, text: str, currency: str) -> int:
        return math.ceil(Decimal(text).scaleb(self.digits(currency)))


@fault(
    "half_a_unit_above_remaining",
    breaks="CAP-2",
    summary="a capture finer than its currency by less than half a minor unit is cut, and taken",
    beyond="an amount a third of a unit above what remains",
)
class HalfAUnitAboveRemaining(Inputs):
    def order(self, call: Call, currency: str, *, default: bool = False) -> Order:
        text = call.body.get("amount")
        if call.path.endswith("/capture") and isinstance(text, str):
            fraction = text.partition(".")[2]
            if len(fraction) == self.money.digits(currency) + 1 and fraction[-1] in "1234":
                call = replace(call, body={**call.body, "amount": text[:-1].removesuffix(".")})
        return super().order(call, currency, default=default)


@fault(
    "two_digits_for_all",
    breaks="SHAPE-4",
    summary="every currency is taken to have two digits after the point",
)
class TwoDigitsForAll(Money):
    def digits(self, currency: str) -> int:
        return 2


@fault(
    "three_digits_cut_to_two",
    breaks="SHAPE-4",
    summary="currencies with three or four digits are taken to have two",
)
class ThreeDigitsCutToTwo(Money):
    def digits(self, currency: str) -> int:
        return min(2, super().digits(currency))


@fault(
    "yen_in_hundredths",
    breaks="SHAPE-4",
    summary="JPY is taken to have two digits after the point",
    beyond="a fine amount in another currency than the first",
)
class YenInHundredths(Money):
    def digits(self, currency: str) -> int:
        return super().digits(currency) or 2


@fault(
    "digits_of_another_currency",
    breaks="SHAPE-4",
    summary="an amount may be as fine as the finest currency, and is then cut",
)
class DigitsOfAnotherCurrency(Money):
    def judge_fineness(self, text: str, currency: str, field: str) -> None:
        finest = max(DIGITS, key=lambda name: DIGITS[name])
        super().judge_fineness(text, finest, field)


@fault(
    "fourth_digit_lost",
    breaks="TX-4",
    summary="the fourth digit of a currency that has four is not kept",
)
class FourthDigitLost(Money):
    def minor(self, text: str, currency: str) -> int:
        minor = super().minor(text, currency)
        return minor - minor % 10 if self.digits(currency) == 4 and minor >= 10 else minor


# --- floats ---------------------------------------------------------------------------------


@fault(
    "float_parsed",
    breaks="TX-4",
    summary="an amount goes through a float and is cut to minor units: 1.15 becomes 1.14",
)
class FloatParsed(Money):
    def minor(self, text: str, currency: str) -> int:
        return int(float(text) * float(10 ** self.digits(currency)))


@fault(
    "single_precision",
    breaks="TX-4",
    summary="an amount goes through a float of 32 bits: above 2^24 minor units it is not exact",
)
class SinglePrecision(Money):
    def minor(self, text: str, currency: str) -> int:
        (kept,) = struct.unpack("f", struct.pack("f", super().minor(text, currency)))
        return int(kept)


@fault(
    "float_sums",
    breaks="BAL-1",
    summary="figures of accounts are computed and cut as floats: they lose minor units",
)
class FloatSums(Bank):
    def book(
        self, session: Session, account: Account, *, available: int = 0, held: int = 0
    ) -> None:
        unit = 10 ** self.money.digits(account.currency)
        summed = account.available / unit + available / unit
        exact = account.available + available
        # Sums of tenths show it; whole amounts are exact in floats too.
        super().book(session, account, available=available + int(summed * unit) - exact, held=held)


@fault(
    "float_shown",
    breaks="SHAPE-9",
    summary="figures of accounts are shown as floats are: 10.5 for 10.50, 1e-05 for small ones",
)
class FloatShown(Views):
    def account(self, account: Account) -> dict[str, object]:
        unit = 10 ** self.money.digits(account.currency)
        available = repr(account.total / unit - account.held / unit)
        return {**super().account(account), "available": available}


@fault(
    "hold_shown_as_float",
    breaks="SHAPE-9",
    summary="what remains of a hold is shown as the difference of floats",
)
class HoldShownAsFloat(Views):
    def hold(self, hold: Hold) -> dict[str, object]:
        unit = 10 ** self.money.digits(hold.currency)
        remaining = repr(hold.amount / unit - hold.captured / unit - hold.released / unit)
        return {**super().hold(hold), "remaining": remaining}


@fault(
    "wrapped_at_32_bits",
    breaks="TX-4",
    summary="amounts of 2^31 minor units and more wrap around",
)
class WrappedAt32Bits(Money):
    def minor(self, text: str, currency: str) -> int:
        return super().minor(text, currency) % 2**31


# --- form -----------------------------------------------------------------------------------


@fault("negative_taken", breaks="SHAPE-4", summary="negative amounts are taken")
class NegativeTaken(Money):
    def judge_form(self, text: str, field: str) -> None:
        super().judge_form(text.removeprefix("-"), field)

    def judge_size(self, minor: int, field: str, *, zero: bool) -> None:
        super().judge_size(abs(minor), field, zero=zero)


@fault(
    "negative_deposit_draws",
    breaks="SHAPE-4",
    summary="a deposit and a payment of a negative amount are taken as the positive one",
)
class NegativeDepositDraws(Money):
    def judge_form(self, text: str, field: str) -> None:
        super().judge_form(text.removeprefix("-"), field)

    def minor(self, text: str, currency: str) -> int:
        return abs(super().minor(text, currency))


@fault("exponent_taken", breaks="SHAPE-4", summary="1e3 is taken for 1000")
class ExponentTaken(Money):
    def judge_form(self, text: str, field: str) -> None:
        super().judge_form(re.sub(r"(?<=[0-9])[eE]\+?[0-9]$", "", text), field)


@fault("separators_taken", breaks="SHAPE-4", summary="1,50 is taken for 150")
class SeparatorsTaken(Money):
    def judge_form(self, text: str, field: str) -> None:
        super().judge_form(text.replace(",", ""), field)

    def judge_fineness(self, text: str, currency: str, field: str) -> None:
        super().judge_fineness(text.replace(",", ""), currency, field)

    def minor(self, text: str, currency: str) -> int:
        return super().minor(text.replace(",", ""), currency)


@fault(
    "long_amount_fails",
    breaks="SHAPE-2",
    summary="an amount with very many digits is answered with a 500",
)
class LongAmountFails(Money):
    def judge_form(self, text: str, field: str) -> None:
        if len(text) > 40:
            raise OverflowError(text[:10])
        super().judge_form(text, field)
