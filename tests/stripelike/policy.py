"""What the documentation leaves open, as data: one value for each choice of an honest server.

Knows no names of variants (variants.py) and does not carry anything out.
"""

from dataclasses import dataclass
from typing import Literal

LEAST_AMOUNT = 50
GREATEST_AMOUNT = 99_999_999
CURRENCIES = ("usd", "eur", "jpy")
"""All of them have the same least amount; other currencies have others."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of one server. Amounts are in minor units."""

    multicapture: bool = False
    """Whether `final_capture=false` is taken, and then keeps the rest of a hold."""
    releases_in_part: bool = False
    """Whether a refund of a part of an uncaptured charge is taken."""
    rest_is_refund: bool = True
    """Whether `amount_refunded` counts what a partial capture releases."""
    least_capture: int = 1
    keeps_key_of: Literal["executed", "all", "accepted"] = "executed"
    """Which first answers an idempotency key keeps: refused form input excepted, all, 2xx only."""
    key_scope: Literal["account", "path"] = "account"
    mismatch_status: int = 400
    above_status: int = 400
    """Status of the refusal of an amount above what is left."""
    upper_case_currency: bool = False
    threads: bool = False
    """Whether requests overlap; a second one with a key that is in use is then answered 409."""


DEFAULT = Policy()
