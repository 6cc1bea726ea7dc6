"""What the documentation leaves open, as data: one value for each choice of an honest server.

Knows no names of variants (variants.py) and does not carry anything out.
"""

from dataclasses import dataclass
from typing import Literal

DIGITS = {"NOK": 2, "EUR": 2, "USD": 2, "JPY": 0, "KWD": 3, "TND": 3, "CLF": 4}
"""Digits after the point, by currency."""
LONGEST_AMOUNT = 9
"""Digits before the point of an amount in a request."""
LONGEST_TOTAL = 12
"""Digits before the point of what an account has."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of one server."""

    refusals_as_200: bool = False
    """Whether refusals, 401 and 403 excepted, have the status 200 and `ok` false in the body."""
    key_in_body: bool = False
    """Whether the idempotency key is the member `idempotency_key` instead of a header."""
    keeps_refusals: bool = False
    """Whether a key keeps the refusal of an operation that began."""
    key_in_use_refused: bool = False
    """Whether a request is refused while another one with its key is carried out."""
    replay_status: int | None = None
    """Status of a repeated answer to an accepted request; None: that of the first answer."""
    mismatch_status: int = 422
    shortage_status: int = 422
    """Status of the refusal of an amount above what is available, or above what remains."""
    closed_status: int = 409
    stranger_status: int = 404
    """Status of the refusal of a record of another tenant."""
    capture_needs_amount: bool = False
    releases_after_part: bool = True
    """Whether a hold that is captured in part can be released."""
    takes_zero: bool = False
    takes_numbers: bool = False
    """Whether an amount may be a JSON number."""
    takes_trailing_zeros: bool = False
    """Whether an amount may have more digits than its currency if these are zeros."""
    takes_unknown_members: bool = False
    takes_lower_case_currency: bool = False
    cuts_zeros: bool = False
    """Whether answers show 10.5 for 10.50."""
    numeric_ids: bool = False
    more_members: bool = False
    """Whether answers have members that the document does not name."""
    order: Literal["newest first", "oldest first"] = "newest first"


DEFAULT = Policy()
