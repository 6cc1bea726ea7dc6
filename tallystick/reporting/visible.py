r"""Shows what a target sent as visible text: one place escapes what a terminal or page acts on.

Control characters, line breaks, bidirectional controls, invisible characters and lone surrogates
become escapes in the form of JSON (`\u001b`), so that a body that is copied from a report is still
the same body. Text without such characters stays as it is, and so does text that was escaped.
"""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

_HIDDEN = (
    "\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_UNSAFE = re.compile(f"[{_HIDDEN}]")
_UNSAFE_IN_LINES = re.compile(f"(?!\n)[{_HIDDEN}]")
LONGEST = 2_000
"""So many characters of one message are shown; the journal has all of it."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text on one line, without anything that acts on what shows it."""
    return _UNSAFE.sub(_escaped, text)


def visible_lines(text: str) -> str:
    """The same for a text that has lines of its own making, such as indented JSON."""
    return text if isinstance(text, Markup) else _UNSAFE_IN_LINES.sub(_escaped, text)


def visible_all(value: Any) -> Any:
    """The same for every text in a value of JSON, names of members included."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(str(name)): visible_all(member) for name, member in value.items()}
    if isinstance(value, list):
        return [visible_all(item) for item in value]
    return value


def brief(text: str, longest: int = LONGEST) -> str:
    """The text on one line, or its beginning and how much more there is."""
    if len(text) <= longest:
        return visible(text)
    return f"{visible(text[:longest])} ... {len(text) - longest:,} more characters"


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000  # a pair of surrogates, as JSON has it
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
