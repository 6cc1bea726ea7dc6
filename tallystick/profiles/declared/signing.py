"""Signs requests as a profile file says: a keyed digest of a text that is made of the request.

It knows the words of the file (docs/profiles.md, "Signed requests"), and no API.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from secrets import token_hex
from typing import Any

from tallystick.profiles.declared.templates import filled, names_in
from tallystick.target.proof import Outgoing

JSON = Any

ALGORITHMS = {"hmac-sha256": "sha256", "hmac-sha512": "sha512"}
SPELLINGS = ("hex", "base64")
KEYS = ("text", "hex", "base64")
TIMES = ("seconds", "milliseconds", "iso", "iso-milliseconds", "http-date")
DIGESTS = tuple(f"{name} {spelling}" for name in ("sha256", "sha512") for spelling in SPELLINGS)

OF_THE_REQUEST = ("method", "path", "query", "resource", "url", "host", "body", "digest")
"""What the signed text may use of the request; `resource` is the path with its query."""
OF_THE_MOMENT = ("timestamp", "nonce")
PER_REQUEST = ("signature", *OF_THE_MOMENT, "digest")
"""The variables of credentials that are computed for each request."""
COVERED = {
    "method": ("method",),
    "path": ("path", "resource", "url"),
    "query": ("query", "resource", "url"),
    "body": ("body", "digest"),
}
"""The parts of a request, by the variables that cover each."""


@dataclass(frozen=True, slots=True)
class Signature:
    """How requests are signed."""

    of: str
    """The text that is signed, with variables."""
    key: str = "$client_secret"
    algorithm: str = "hmac-sha256"
    spelled: str = "hex"
    key_spelled: str = "text"
    """How the key that was given is written; what it means is the key."""
    timestamp: str = "seconds"
    digest: str = "sha256 hex"

    @property
    def covers(self) -> frozenset[str]:
        """The parts of a request that the signature covers, see `COVERED`."""
        used = names_in(self.of)
        return frozenset(part for part, names in COVERED.items() if used & set(names))

    def is_key(self, key: str) -> bool:
        """Whether a key is written as the file says."""
        try:
            self._bytes_of(key)
        except (ValueError, binascii.Error):
            return False
        return True

    def moment(self) -> dict[str, str]:
        """The time and a new nonce, as a request shows them."""
        return {"timestamp": written_time(self.timestamp, time.time()), "nonce": token_hex(16)}

    def digest_of(self, content: bytes | None) -> str:
        """The digest of a body; without one, that of the empty text."""
        name, spelling = self.digest.split(" ")
        return _spelled(hashlib.new(name, content or b"").digest(), spelling)

    def of_request(
        self,
        sent: Outgoing,
        known: Mapping[str, JSON],
        key: str,
        change: Callable[[str], str] | None = None,
    ) -> str:
        """The signature. With `change` it is made with another key, which is no key at all."""
        path, _, query = sent.resource.partition("?")
        variables = {
            **known,
            "method": sent.method,
            "path": path,
            "query": query,
            "resource": sent.resource,
            "url": sent.url,
            "host": sent.host,
            "body": (sent.content or b"").decode("utf-8", "surrogateescape"),
            "digest": self.digest_of(sent.content),
        }
        text = str(filled(self.of, variables)).encode("utf-8", "surrogateescape")
        secret = self._bytes_of(key) if change is None else _other(change(key))
        made = hmac.new(secret, text, ALGORITHMS[self.algorithm]).digest()
        return _spelled(made, self.spelled)

    def _bytes_of(self, key: str) -> bytes:
        if self.key_spelled == "hex":
            return bytes.fromhex(key)
        return b64decode(key, validate=True) if self.key_spelled == "base64" else key.encode()


def written_time(form: str, at: float) -> str:
    """A time, in seconds since 1970, in one of the forms of `TIMES`."""
    instant = datetime.fromtimestamp(at, UTC)
    match form:
        case "seconds":
            return str(int(at))
        case "milliseconds":
            return str(int(at * 1000))
        case "http-date":
            return format_datetime(instant, usegmt=True)
        case _:
            precision = "milliseconds" if form == "iso-milliseconds" else "seconds"
            return instant.isoformat(timespec=precision).replace("+00:00", "Z")


def _other(text: str) -> bytes:
    """A key that no way to read the right one gives: base64 may be the same without its end."""
    return hashlib.sha256(text.encode()).digest()


def _spelled(raw: bytes, spelling: str) -> str:
    return raw.hex() if spelling == "hex" else b64encode(raw).decode()
