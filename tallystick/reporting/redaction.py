"""Keeps secrets out of artefacts: access tokens, client secrets, PINs, token values and barcodes.

A value is masked where it stands under the name of a secret, and it is remembered, so that the same
value is masked wherever a server repeats it later (an error message, metadata, another member). It
knows the names that the API gives to secrets, and nothing else of the API.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

JSON = Any

# A salt for each process: a four-digit PIN or a sixteen-digit token could be found again by trying
# all of them against an unsalted digest.
_SALT = secrets.token_bytes(16)

PIN = "[pin]"
SECRET = "[secret]"
BARCODE = "[barcode]"

_BY_NAME = {
    "access_token": "token",
    "refresh_token": "token",
    "id_token": "token",
    "token": "token",
    "card_token": "token",
    "pin": "pin",
    "barcode_128": "barcode",
    "client_secret": "secret",
    "secret": "secret",
    "password": "secret",
}
_VALUE_OF = {"token": "token", "card_token": "token", "pin": "pin"}
"""Members whose own member `value` is the secret."""
_HEADERS = "headers"
_HEADER_NAMES = frozenset({"authorization", "proxy-authorization", "x-api-key"})
"""Headers with credentials. Elsewhere `authorization` is an ordinary member, often an id."""
_SCHEME = re.compile(r"(?i)\s*(?:bearer|basic|digest|token)\s+\S")

_WORD = re.compile(r"[^\s\"'`(){}\[\]<>,;=&?/\\]+")
_CREDENTIAL = re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{8,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*")
# Members of JSON (or of Python's own notation) inside a text, whole or cut off in the middle.
_NAMED = rf"([\"'])({'|'.join(_BY_NAME)})\1"
_CODE = r"""(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\d+)"""
_MEMBER = re.compile(rf"{_NAMED}\s*:\s*{_CODE}")
_HEADER = re.compile(
    rf"([\"'])(authorization)\1\s*:\s*(?=[\"']\s*(?:bearer|basic|digest|token)\s+\S){_CODE}",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")
_TRIM = ".:!|*"
SHORT = 4  # shorter secrets are masked by name only: they would blot out ordinary words
CACHED, CACHED_LENGTH = 10_000, 100  # texts known to be clean, and the longest of them
LONG = 8  # a part of a secret from this length on is a secret itself


class Redactor:
    """Masks secrets, and remembers those it has met. Not thread-safe: its owner holds a lock."""

    def __init__(
        self, known: Iterable[str] = (), ids: frozenset[str] = frozenset(), *, salt: bytes = _SALT
    ) -> None:
        """`known` are secrets; `ids` the members that are none here, whatever they are called."""
        self._salt = salt
        self._ids = ids
        self._masks: dict[str, str] = {}
        self._split: dict[str, dict[str, str]] = {}
        self._clean: set[str] = set()
        self._least = SHORT
        for secret in known:
            self.learn(secret)

    def learn(self, secret: str, kind: str = "secret") -> str:
        """Mask this value from now on; the mask that stands for it."""
        mask = self._masks.get(secret)
        if mask is not None:
            return mask
        mask = self._mask_for(secret, kind)
        if len(secret.strip()) < self._least:
            return mask
        self._clean.clear()
        for spelled in dict.fromkeys((secret, _quoted(secret))):
            self._remember(spelled, mask)
        return mask

    def _remember(self, secret: str, mask: str) -> None:
        self._masks[secret] = mask
        words = list(_words(secret))
        self._masks.update((word, mask) for word in words if len(word) >= LONG)
        if secret not in words:
            # Text is searched word by word; what is not one word is found by its longest one.
            longest = max(words, key=len, default="")
            self._split.setdefault(longest, {})[secret] = mask

    def request(self, body: JSON) -> JSON:
        """The body of a request without its secrets; a new value."""
        # A client makes up codes of its own (a fuzzer's "null", a PIN that is wrong on purpose):
        # remembering the short ones would blot out ordinary words.
        self._least = LONG
        try:
            return self.answer(body)
        finally:
            self._least = SHORT

    def answer(self, body: JSON) -> JSON:
        """The body of an answer without its secrets; a new value."""
        before = len(self._masks)
        clean = self._walk(body, "", "")
        # A secret may have been repeated in front of the place that gave it away.
        return clean if len(self._masks) == before else self._walk(clean, "", "")

    def text(self, text: str) -> str:
        """Free text without the secrets that are known by now, and without bearer credentials."""
        if text in self._clean:
            return text
        if text in self._masks:
            return self._masks[text]
        clean = self._scrubbed(text)
        if clean == text and len(text) <= CACHED_LENGTH:
            if len(self._clean) >= CACHED:
                self._clean.clear()
            self._clean.add(text)
        return clean

    def _scrubbed(self, text: str) -> str:
        if "eyJ" in text or " " in text:
            text = _CREDENTIAL.sub(SECRET, text)
        if "://" in text:
            text = _USER_INFO.sub("", text)
        if ":" in text:
            text = _MEMBER.sub(self._without_value, text)
            text = _HEADER.sub(rf"\1\2\1: {SECRET}", text)
        if self._masks:
            for word in {*_words(text), ""}:  # "": secrets that have no word in them
                for secret, mask in self._split.get(word, {}).items():
                    text = text.replace(secret, mask)
                if word in self._masks:
                    text = text.replace(word, self._masks[word])
        return text

    def _without_value(self, member: re.Match[str]) -> str:
        is_id = member[2] in self._ids
        return member[0] if is_id else f"{member[1]}{member[2]}{member[1]}: {SECRET}"

    def _walk(self, value: JSON, kind: str, inner: str) -> JSON:
        """`kind` says what secret a plain value here is, `inner` what its member `value` is."""
        if isinstance(value, str):
            if kind:
                return self._masked(value, kind)
            return value if value in self._clean else self.text(value)
        if isinstance(value, dict):
            return {self._masks.get(n, n): self._member(n, v, inner) for n, v in value.items()}
        if isinstance(value, list):
            return [self._walk(item, kind, inner) for item in value]
        if kind and value is not None and not isinstance(value, bool):
            return self._masked(str(value), kind)
        return value

    def _member(self, name: str, value: JSON, inner: str) -> JSON:
        if name in self._ids or _is_ordinary(name):
            return value if value.__class__ in _NEVER_SECRET else self._walk(value, "", "")
        kind = _kind(name, value, inner)
        if not kind and value.__class__ in _NEVER_SECRET:
            return value
        return self._walk(value, kind, _HEADERS if name == _HEADERS else _VALUE_OF.get(name, ""))

    def _masked(self, text: str, kind: str) -> str:
        return text if not text or _MASK.fullmatch(text) else self.learn(text, kind)

    def _mask_for(self, secret: str, kind: str) -> str:
        if kind == "token":
            value = secret.encode(errors="surrogatepass")  # a server may send anything
            return f"[token {hashlib.sha256(self._salt + value).hexdigest()[:8]}]"
        return {"pin": PIN, "barcode": BARCODE}.get(kind, SECRET)


_NEVER_SECRET = (int, bool, float, type(None))  # unless they stand under the name of one
_MASK = re.compile(r"\[(?:pin|secret|barcode|token [0-9a-f]{8})\]")


def _kind(name: str, value: JSON, inner: str) -> str:
    """What secret a member is; empty: none."""
    if name.lower() in _HEADER_NAMES and (
        inner == _HEADERS or (isinstance(value, str) and _SCHEME.match(value))
    ):
        return "secret"
    return inner if name == "value" and inner != _HEADERS else _BY_NAME.get(name, "")


@lru_cache(maxsize=1024)
def _is_ordinary(name: str) -> bool:
    """Whether a member is no secret wherever it stands, nor what is within it."""
    named = {*_BY_NAME, *_VALUE_OF, _HEADERS, "value"}
    return name not in named and name.lower() not in _HEADER_NAMES


def _quoted(secret: str) -> str:
    """A secret as the query of a URL has it, which a server may show again in a link."""
    return quote_plus(secret, errors="surrogatepass")


def _words(text: str) -> Iterator[str]:
    """The words of a text, without the punctuation around them, and the parts around colons."""
    for word in _WORD.findall(text):
        bare = word.strip(_TRIM)
        yield bare or word
        if ":" in bare:
            yield from bare.split(":")
