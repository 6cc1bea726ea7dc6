"""What any server has to take: the one definition of *ordinary*, with its numbers.

The documentation states no upper bound for amounts and none for texts, so a server may refuse what
is large, long or strange; what it accepts has to be exact all the same. What is ordinary it has to
accept. Only this module, and documents that a test compares with it, state the numbers.
"""

from __future__ import annotations

import json
import re

ORDINARY_AMOUNT = 1_000_000
"""In the smallest unit of the currency, for a single amount and for all that is on a card (question
12; the documentation's own example is 50000)."""
ORDINARY_LENGTH = 36
"""Characters of a ref_id (question 6) or a name (question 41); a UUID has 36."""
ORDINARY_METADATA_LENGTH = 500
"""Characters of metadata as JSON."""

REF_CHARACTERS = re.compile("[A-Za-z0-9_.:-]+")
"""Which characters a ref_id may have is not documented either (question 6)."""
_MARKUP = re.compile(r"[<>\"`\\;%{}$|]")
"""Signs of markup and of commands, which a filter in front of a server may take for an attack."""
_METADATA_KEY = re.compile(r"\w+(-\w+)*")


def is_ordinary_ref(ref: str) -> bool:
    """Whether every server has to take the text as a ref_id."""
    return len(ref) <= ORDINARY_LENGTH and REF_CHARACTERS.fullmatch(ref) is not None


def is_ordinary_text(text: str) -> bool:
    """Whether every server has to take the text as a name; it may trim spaces at the ends."""
    fits = 0 < len(text) <= ORDINARY_LENGTH and text == text.strip()
    return fits and text.isascii() and text.isprintable() and not _MARKUP.search(text)


def is_ordinary_metadata(text: str) -> bool:
    """Whether every server has to take the JSON as metadata: an object of words to strings."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        return False
    flat = isinstance(members, dict) and all(
        _METADATA_KEY.fullmatch(key) and _is_plain(value) for key, value in members.items()
    )
    return flat and len(text) <= ORDINARY_METADATA_LENGTH and text.isascii()


def _is_plain(value: object) -> bool:
    """Whether it is a text without markup, control signs, and spaces at its ends."""
    is_line = isinstance(value, str) and value.isprintable() and value == value.strip()
    return is_line and not _MARKUP.search(str(value))
