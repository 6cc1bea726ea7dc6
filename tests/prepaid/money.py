"""Amounts: decimal strings on the wire, integers of minor units inside. Never floats.

Knows the digits of each currency, not what an amount is for.
"""

import re
from decimal import Decimal

from tests.prepaid.policy import DIGITS, LONGEST_AMOUNT, Policy
from tests.prepaid.refusals import Refusal

_FORM = re.compile(rf"(?:0|[1-9][0-9]{{0,{LONGEST_AMOUNT - 1}}})(?:\.[0-9]+)?", re.ASCII)


class Money:
    """Reads and shows amounts."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def digits(self, currency: str) -> int:
        """How many digits an amount has after the point."""
        return DIGITS[currency]

    def read(self, text: str, currency: str, field: str, *, zero: bool = False) -> int:
        """The minor units of an amount above 0; with `zero`, or where the policy says so, of 0 too.

        Raises:
            Refusal: 422, not a decimal of the documented form, finer than the currency, or 0.
        """
        self.judge_form(text, field)
        self.judge_fineness(text, currency, field)
        minor = self.minor(text, currency)
        self.judge_size(minor, field, zero=zero or self.policy.takes_zero)
        return minor

    def judge_form(self, text: str, field: str) -> None:
        if not _FORM.fullmatch(text):
            raise self.invalid("The amount is not a decimal number such as 10.50", field)

    def judge_fineness(self, text: str, currency: str, field: str) -> None:
        digits = self.digits(currency)
        fraction = text.partition(".")[2]
        if self.policy.takes_trailing_zeros:
            fraction = fraction.rstrip("0")
        if len(fraction) > digits:
            raise self.invalid(f"{currency} has {digits} digits after the point", field)

    def minor(self, text: str, currency: str) -> int:
        return int(Decimal(text).scaleb(self.digits(currency)))

    def judge_size(self, minor: int, field: str, *, zero: bool) -> None:
        if minor < 0 or (minor == 0 and not zero):
            raise self.invalid("The amount is not above 0", field)

    def show(self, minor: int, currency: str) -> str:
        """An amount with all the digits of its currency, unless the policy cuts zeros."""
        digits = self.digits(currency)
        text = format(Decimal(minor).scaleb(-digits), f".{digits}f")
        if self.policy.cuts_zeros and "." in text:
            return text.rstrip("0").rstrip(".")
        return text

    def invalid(self, message: str, field: str) -> Refusal:
        return Refusal(422, "invalid_amount", message, field=field)
