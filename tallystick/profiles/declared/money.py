"""Money on the wire: minor integers, decimal texts or decimal numbers; exact both ways. Pure.

An amount of the ledger is in the smallest unit of its currency: an int, or a Decimal where it is
finer. This module does not know which member holds an amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from tallystick.profiles.declared.expressions import MOST_DIGITS, exact

FORMS = ("minor-integer", "minor-string", "decimal-string", "decimal-number")
USUAL_DIGITS = 2
_EXACT = Context(prec=200)


class Unsayable(ValueError):
    """An amount that this API cannot be asked for exactly."""


@dataclass(frozen=True, slots=True)
class Money:
    """How an API writes amounts and currencies."""

    form: str = "minor-integer"
    digits: Mapping[str, int] = field(default_factory=dict)
    """Digits after the point by currency of ours, where they are not the usual two."""
    currencies: Mapping[str, str | int] = field(default_factory=lambda: {"EUR": "EUR"})
    """By currency of ours, such as USD: what the API writes, such as usd or 840."""
    least: int = 0

    @property
    def is_decimal(self) -> bool:
        """Whether an amount between two minor units can be written."""
        return self.form.startswith("decimal")

    def digits_of(self, currency: str) -> int:
        """How many digits after the point a currency of ours has."""
        return self.digits.get(currency, USUAL_DIGITS)

    def write(self, amount: int | Decimal, currency: str) -> Any:
        """Return what the request says; Unsayable if the form cannot say it exactly."""
        if not self.is_decimal:
            if isinstance(amount, Decimal) and amount != amount.to_integral_value():
                raise Unsayable(f"{amount} is finer than an integer")
            return str(int(amount)) if self.form == "minor-string" else int(amount)
        number = _EXACT.scaleb(Decimal(amount), -self.digits_of(currency))
        if self.form == "decimal-string":
            return _plain(number, self.digits_of(currency))
        if number == number.to_integral_value():
            return int(number)
        if len(number.normalize(_EXACT).as_tuple().digits) > MOST_DIGITS:
            raise Unsayable(f"{number} has more digits than a JSON number keeps")
        return float(number)

    def read(self, value: Any, currency: str) -> int | Decimal | None:
        """Return an amount of an answer in minor units; None if it is absent or no number.

        A text where an integer has to be, or the reverse, is the document's business (SHAPE).
        """
        number = exact(value)
        if number is None:
            return None
        minor = _EXACT.scaleb(number, self.digits_of(currency)) if self.is_decimal else number
        return int(minor) if minor == minor.to_integral_value() else minor

    def write_currency(self, currency: str) -> str | int:
        """Return what the API writes for a currency; an unknown one as it is."""
        return self.currencies.get(currency, currency)

    def read_currency(self, text: str | None) -> str | None:
        """Return our name for what the API writes; an unknown one as it is."""
        if text is None:
            return None
        ours = (name for name, theirs in self.currencies.items() if str(theirs) == text)
        return next(ours, text)


def _plain(number: Decimal, digits: int) -> str:
    """A number without exponent, with all digits of its currency and no zeros beyond them."""
    shown = number.normalize(_EXACT)
    exponent = shown.as_tuple().exponent
    assert isinstance(exponent, int), "a number"
    return f"{shown:.{max(digits, -exponent)}f}"
