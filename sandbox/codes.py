"""How card tokens and PINs look: generated in a format, masked when shown again.

Knows the members of a Format; knows nothing of cards or of the database.
"""

import secrets
import string
import uuid
from typing import Any

from sandbox.barcode import data_uri
from sandbox.refusals import Cause, Refusal

TOKEN_PREFIX = "DINCARD:"
PIN_LENGTH = 6
# The length of a UUID: the documented default.
DEFAULT_LENGTH = 36
LONGEST_CODE = 255
# Without the asterisk, which masks a code that is shown again.
_SYMBOLS = "@#$%&+=?!"
_SHOWN_OF_MASKED = 5


class Codes:
    """Makes the values of tokens and PINs."""

    def token(self, wanted: dict[str, Any] | None) -> str:
        if not wanted:
            return f"{TOKEN_PREFIX}{uuid.uuid4()}"
        return str(wanted.get("prefix", "")) + self.random(wanted, DEFAULT_LENGTH)

    def pin(self, wanted: dict[str, Any] | None) -> str:
        if not wanted:
            return self.random({"symbols": False, "characters": False}, PIN_LENGTH)
        return str(wanted.get("prefix", "")) + self.random(wanted, DEFAULT_LENGTH)

    def random(self, wanted: dict[str, Any], default_length: int) -> str:
        length = int(wanted.get("length", default_length))
        alphabet = self.alphabet(wanted)
        if not alphabet or length > LONGEST_CODE or len(wanted.get("prefix", "")) > LONGEST_CODE:
            raise Refusal(Cause.FORMAT)
        return "".join(self.choice(alphabet) for _ in range(length))

    def choice(self, alphabet: str) -> str:
        return secrets.choice(alphabet)

    def alphabet(self, wanted: dict[str, Any]) -> str:
        classes = (
            ("symbols", _SYMBOLS),
            ("numbers", string.digits),
            ("characters", string.ascii_letters),
        )
        return "".join(letters for name, letters in classes if wanted.get(name, True))

    def shown(self, value: str, wanted: dict[str, Any] | None) -> dict[str, str]:
        """A code in the one answer that carries it."""
        if wanted and wanted.get("barcode"):
            return {"value": value, "barcode_128": data_uri(value)}
        return {"value": value}


def masked(value: str, prefix: str) -> str:
    """A code in later answers: the prefix, the dashes, and the last few characters."""
    code = value.removeprefix(prefix)
    shown = min(_SHOWN_OF_MASKED, len(code) // 4)
    hidden = code[: len(code) - shown]
    return prefix + "".join("-" if c == "-" else "*" for c in hidden) + code[len(hidden) :]
