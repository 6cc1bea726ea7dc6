"""Whether a masked code hides its value. It sends nothing."""

from __future__ import annotations

from itertools import zip_longest

FEWEST_HIDDEN = 8
"""Of 36 signs: what hides fewer can be tried out. The example of the page hides 25 (T24)."""


def is_hidden(value: str, code: str) -> bool:
    """Whether a masked code leaves enough of a value open, wherever it begins."""
    hidden: int = sum(one != other for one, other in zip_longest(value, code))
    return hidden >= FEWEST_HIDDEN
