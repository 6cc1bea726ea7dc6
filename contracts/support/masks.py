"""Whether a masked code hides its value. It sends nothing."""

from __future__ import annotations

from itertools import zip_longest

FEWEST_HIDDEN = 8
"""What hides fewer signs can be tried out, but a short code may show half of its signs. The example
of the page hides 25 of 36 (T24)."""


def is_hidden(value: str, code: str) -> bool:
    """Whether a masked code leaves enough of a value open, wherever it begins."""
    hidden: int = sum(one != other for one, other in zip_longest(value, code))
    return hidden >= min(FEWEST_HIDDEN, len(value) // 2)
