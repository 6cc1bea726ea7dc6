"""Token and PIN values made to a format, and how they are shown masked. It knows no card."""

import secrets
import uuid
from typing import Any

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SYMBOLS = "@#$%"
DEFAULT_LENGTH = 36

UUID_FORMAT = {"length": 36, "prefix": "DINCARD:", "numbers": True, "characters": True}
PIN_FORMAT = {"length": 4, "symbols": False, "numbers": True, "characters": False}


def complete(format: dict[str, Any]) -> dict[str, Any]:
    """The format with the documented defaults; letters, which have none, stay out."""
    defaults = {"length": DEFAULT_LENGTH, "symbols": True, "numbers": True, "characters": False}
    return defaults | format


def token_value(format: dict[str, Any] | None) -> str:
    """Without a format a UUID, as documented."""
    return f"DINCARD:{uuid.uuid4()}" if format is None else _draw(complete(format))


def pin_value(format: dict[str, Any] | None) -> str:
    """Without a format four digits."""
    return _draw(PIN_FORMAT if format is None else complete(format))


def is_empty(format: dict[str, Any]) -> bool:
    """Whether a format leaves no character to draw from."""
    return not _alphabet(complete(format))


def mask(value: str) -> str:
    """Keeps the prefix and a few last characters, and the dashes of a UUID."""
    head, colon, code = value.rpartition(":")
    shown = min(5, len(code) // 6)
    hidden = code[: len(code) - shown]
    stars = "".join("-" if sign == "-" else "*" for sign in hidden)
    return head + colon + stars + code[len(hidden) :]


def _draw(format: dict[str, Any]) -> str:
    signs = _alphabet(format)
    code = "".join(secrets.choice(signs) for _ in range(format["length"]))
    return format.get("prefix", "") + code


def _alphabet(format: dict[str, Any]) -> str:
    classes = (("symbols", SYMBOLS), ("numbers", DIGITS), ("characters", LETTERS))
    return "".join(signs for name, signs in classes if format[name])
