"""Bodies of answers within bounds: how they are unpacked, and what JSON is taken from them.

A server decides how large its answer is; that must not decide how much memory or time this process
needs. What is beyond a bound raises `Excess`. Knows no HTTP and no rule.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any, NoReturn

LARGEST = 16 * 1024 * 1024
"""Bytes of one answer, on the wire and unpacked. A list of 100 cards needs some 50 kB."""
MOST_VALUES = 500_000
"""Values of one JSON text: each may need a hundred bytes of memory."""
DEEPEST = 100
"""Levels of objects and lists in one JSON text."""
LONGEST_NUMBER = 1000
"""Digits of one number. The suite itself sends amounts of 401 digits."""
SAMPLE = 60

_SMALL = 64 * 1024
_DIGITS = re.compile(rb"[0-9]{%d}" % (LONGEST_NUMBER + 1))
_OPENING = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', re.DOTALL)


class Excess(ValueError):
    """An answer beyond a bound: what it exceeds, in words, with a short sample of it."""


class Depths:
    """The deepest JSON that was sent: a server may give back what it took, however deep."""

    def __init__(self) -> None:
        self.deepest = DEEPEST

    def note(self, content: bytes) -> None:
        """Take a body that is being sent."""
        if _openings(content) > DEEPEST:
            self.deepest = max(self.deepest, 2 * _depth(content, len(content)))


def unpacked(content: bytes, encoding: str) -> bytes:
    """The content without its Content-Encoding; Excess, or ValueError if that makes no sense."""
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        if name in ("gzip", "x-gzip", "deflate"):
            content = _inflated(content)
        elif name not in ("", "identity"):
            raise ValueError(f"Content-Encoding {name[:SAMPLE]!r} was not asked for")
    return content


def parsed(content: bytes, depths: Depths) -> Any:
    """The JSON value of a body; ValueError if it is none, Excess if it is beyond a bound."""
    if _openings(content) > DEEPEST or len(content) > _SMALL:
        _check_size(content, depths)
    long_numbers = _DIGITS.search(content) is not None
    text = content.decode(json.detect_encoding(content), "surrogatepass")
    try:
        return (_CAREFUL if long_numbers else _PLAIN).decode(text.removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("nested too deep") from None


def shown(content: bytes) -> str:
    """A short sample of bytes in plain signs, for a report."""
    text = content[:SAMPLE].decode("ascii", "backslashreplace")
    return repr(text) + ("..." if len(content) > SAMPLE else "")


def _inflated(content: bytes) -> bytes:
    """Gzip or zlib or raw deflate, up to the bound."""
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        unpacker = zlib.decompressobj(window)
        try:
            whole = unpacker.decompress(content, LARGEST + 1)
        except zlib.error:
            continue
        if len(whole) > LARGEST:
            raise Excess(f"more than {LARGEST:,} bytes once unpacked, such as {shown(whole)}")
        if not unpacker.eof:
            raise ValueError("the compressed body is cut off")
        return whole
    raise ValueError("the body is not compressed as its Content-Encoding says")


def _openings(content: bytes) -> int:
    return content.count(b"[") + content.count(b"{")


def _check_size(content: bytes, depths: Depths) -> None:
    if _openings(content) + content.count(b",") > MOST_VALUES:
        raise Excess(f"JSON of more than {MOST_VALUES:,} values, such as {shown(content)}")
    depth = _depth(content, depths.deepest)
    if depth > depths.deepest:
        raise Excess(f"JSON nested more than {depths.deepest:,} deep, such as {shown(content)}")
    if depth > DEEPEST:  # our own metadata, given back: right, and more than can be read
        raise ValueError("nested too deep")


def _depth(content: bytes, most: int) -> int:
    """The levels of a JSON text; nothing is looked at beyond `most` of them."""
    depth = deepest = 0
    for match in _OPENING.finditer(content.decode("utf-8", "replace")):
        sign = match[0]
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > most:
                break
        elif sign in "]}":
            depth -= 1
    return deepest


def _int(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise Excess(f"a number of {len(digits):,} digits, {digits[:SAMPLE]}...")
    return int(digits)


def _float(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise Excess(f"a number of {len(text):,} digits, {text[:SAMPLE]}...")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Excess(f"a number that is too large, {text[:SAMPLE]}")
    return number


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_PLAIN = json.JSONDecoder(parse_float=_float, parse_constant=_no_number)
_CAREFUL = json.JSONDecoder(parse_int=_int, parse_float=_float, parse_constant=_no_number)
