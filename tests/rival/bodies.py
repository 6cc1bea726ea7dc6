"""What a request may say: each body as a frozen dataclass whose fields carry their own check.

It knows the shape of requests and nothing of cards: what can be done is decided elsewhere. Members
that are not listed are refused, the read-only ones of the API document among them.
"""

# The calls in the defaults below only describe a field.
# ruff: noqa: RUF009

import json
import math
import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tests.rival import codes
from tests.rival.entries import Refusal

MOST_BYTES = 1 << 20
MOST_DEPTH = 32
MOST_SECONDS = 10**9
MOST_CARDS_IN_BATCH = 100
MOST_LETTERS = 255
CURRENCIES = ("NOK", "SEK", "DKK", "EUR", "USD")
CARD_TYPES = ("gift_card", "credit_note")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Check = Callable[[str, Any], Any]
Body = TypeVar("Body")


def invalid(name: str, problem: str) -> Refusal:
    """The refusal of a malformed request."""
    return Refusal(400, "INVALID", f"{name}: {problem}")


# --- from bytes to a body -----------------------------------------------------------------------


def read(kind: type[Body], content_type: str, raw: bytes) -> Body:
    """A body of the kind from what was sent."""
    media, _, parameters = content_type.partition(";")
    if media.strip().lower() != "application/json":
        raise invalid("Content-Type", "application/json is needed")
    charset = parameters.strip().lower().replace('"', "")
    if charset.startswith("charset=") and charset != "charset=utf-8":
        raise invalid("Content-Type", "only utf-8 is read")
    return build(kind, "body", _parse(raw))


def build(kind: type[Body], where: str, value: Any) -> Body:
    """A body of the kind from a JSON object, every member checked."""
    if not isinstance(value, dict):
        raise invalid(where, "an object is needed")
    known = {part.name: part for part in fields(kind)}
    for name in value:
        if name not in known:
            raise invalid(where, "an unknown member")
    for name, part in known.items():
        if part.default is MISSING and name not in value:
            raise invalid(name, "is missing")
    return kind(**{name: known[name].metadata["check"](name, value[name]) for name in value})


def _parse(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_object
        )
    except (ValueError, RecursionError):
        raise invalid("body", "not valid JSON") from None
    # Only an escape can bring in half a surrogate pair or a NUL: no text, and trouble downstream.
    if "\\u" in text:
        _check_text(value)
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member is given twice")
    return made


def _check_text(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise invalid("body", "half a surrogate pair") from None
    if "\\u0000" in text.replace("\\\\", ""):
        raise invalid("body", "a NUL character")


# --- checks of single values --------------------------------------------------------------------


def text(name: str, value: Any) -> str:
    """Any string."""
    if not isinstance(value, str):
        raise invalid(name, "a string is needed")
    return value


def reference(name: str, value: Any) -> str:
    """A `ref_id`."""
    if not 1 <= len(text(name, value)) <= MOST_LETTERS:
        raise invalid(name, f"1 to {MOST_LETTERS} characters")
    return value


def trimmed(name: str, value: Any) -> str:
    """An id of the caller."""
    reference(name, value)
    return trimmed_or_empty(name, value)


def trimmed_or_empty(name: str, value: Any) -> str:
    """A short text with no space at either end."""
    if len(text(name, value)) > MOST_LETTERS:
        raise invalid(name, f"at most {MOST_LETTERS} characters")
    if value != value.strip() or value != value.strip("\ufeff"):
        raise invalid(name, "a space at an end")
    if "\0" in value:
        raise invalid(name, "a NUL character")
    return value


def integer(low: int, high: int | None = None) -> Check:
    """A check for integers in a range."""

    def check(name: str, value: Any) -> int:
        # True is an int to Python, and 1.0 is none to this server.
        if type(value) is not int:
            raise invalid(name, "an integer is needed")
        if value < low or (high is not None and value > high):
            raise invalid(name, "out of range")
        return value

    return check


def boolean(name: str, value: Any) -> bool:
    """A truth value."""
    if not isinstance(value, bool):
        raise invalid(name, "true or false")
    return value


def one_of(*values: str) -> Check:
    """A check for one of some words."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise invalid(name, "one of " + ", ".join(values))
        return value

    return check


def moment(name: str, value: Any) -> int:
    """An RFC 3339 time as microseconds since 1970."""
    if not _DATE_TIME.fullmatch(text(name, value)):
        raise invalid(name, "an RFC 3339 date-time is needed")
    try:
        parsed = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(name, "no such time") from None
    return (parsed - EPOCH) // _MICROSECOND


def uuid(name: str, value: str) -> str:
    """A uuid in its usual form, in small letters."""
    if not _UUID.fullmatch(value):
        raise invalid(name, "a uuid is needed")
    return value.lower()


def metadata(name: str, value: Any) -> dict[str, Any]:
    """Free data without reserved keys."""
    if not isinstance(value, dict):
        raise invalid(name, "an object is needed")
    if any(key.startswith("dintero_") for key in value):
        raise invalid(name, "keys that start with dintero_ are reserved")
    if _depth(value) > MOST_DEPTH:
        raise invalid(name, "too deep")
    return value


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        inner = []
        for part in level:
            if isinstance(part, dict):
                inner.extend(part.values())
            elif isinstance(part, list):
                inner.extend(part)
        level = inner
    return depth


def _format(shortest: int) -> Check:
    def check(name: str, value: Any) -> dict[str, Any]:
        build(Format, name, value)
        if value.get("length", shortest) < shortest:
            raise invalid(name, f"at least {shortest} characters")
        if codes.is_empty(value):
            raise invalid(name, "no kind of character is left")
        return value

    return check


def part(kind: type[Body]) -> Check:
    """A check for an object inside the body."""
    return lambda name, value: build(kind, name, value)


def _several(kind: type[Body], most: int) -> Check:
    def check(name: str, value: Any) -> tuple[Body, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise invalid(name, f"1 to {most} elements are needed")
        return tuple(build(kind, name, element) for element in value)

    return check


def _need(check: Check) -> Any:
    return field(metadata={"check": check})


def _may(check: Check, default: Any = None) -> Any:
    return field(default=default, metadata={"check": check})


# --- the bodies ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grant:
    grant_type: str = _need(one_of("client_credentials"))
    audience: str = _need(text)


@dataclass(frozen=True, slots=True)
class Format:
    length: int = _may(integer(1, MOST_LETTERS))
    prefix: str = _may(trimmed_or_empty)
    symbols: bool = _may(boolean)
    numbers: bool = _may(boolean)
    characters: bool = _may(boolean)
    barcode: bool = _may(boolean)


@dataclass(frozen=True, slots=True)
class Pin:
    format: dict[str, Any] | None = _may(_format(4))


@dataclass(frozen=True, slots=True)
class PinRotation:
    pin: Pin = _need(part(Pin))


@dataclass(frozen=True, slots=True)
class Token:
    """The token that is made with a card."""

    expires_in: int = _need(integer(1, MOST_SECONDS))
    expires_after_transaction: bool = _may(boolean, True)
    format: dict[str, Any] | None = _may(_format(1))


@dataclass(frozen=True, slots=True)
class TokenOrder:
    ref_id: str = _need(reference)
    expires_in: int = _need(integer(1, MOST_SECONDS))
    expires_after_transaction: bool = _may(boolean, True)
    format: dict[str, Any] | None = _may(_format(1))
    metadata: dict[str, Any] | None = _may(metadata)


@dataclass(frozen=True, slots=True)
class CardOrder:
    card_id: str = _need(trimmed)
    amount: int = _need(integer(0))
    currency: str = _need(one_of(*CURRENCIES))
    customer_id: str | None = _may(trimmed)
    name: str | None = _may(text)
    type: str = _may(one_of(*CARD_TYPES), CARD_TYPES[0])
    metadata: dict[str, Any] | None = _may(metadata)
    active_from: int | None = _may(moment)
    expires_at: int | None = _may(moment)
    originated_by: str | None = _may(trimmed_or_empty)
    pin: Pin | None = _may(part(Pin))
    card_token: Token | None = _may(part(Token))


@dataclass(frozen=True, slots=True)
class BatchCard:
    card_id: str = _need(trimmed)
    type: str = _need(one_of(*CARD_TYPES))


@dataclass(frozen=True, slots=True)
class BatchToken:
    format: dict[str, Any] | None = _may(_format(1))


@dataclass(frozen=True, slots=True)
class BatchOptions:
    pin: Pin = _may(part(Pin), Pin())
    card_token: BatchToken = _may(part(BatchToken), BatchToken())


@dataclass(frozen=True, slots=True)
class Batch:
    cards: tuple[BatchCard, ...] = _need(_several(BatchCard, MOST_CARDS_IN_BATCH))
    options: BatchOptions = _may(part(BatchOptions), BatchOptions())


@dataclass(frozen=True, slots=True)
class TokenBehaviour:
    expires_after_transaction: bool | None = _may(boolean)
    expires_in: int | None = _may(integer(1, MOST_SECONDS))


@dataclass(frozen=True, slots=True)
class Activation:
    amount: int = _need(integer(0))
    currency: str = _need(one_of(*CURRENCIES))
    customer_id: str | None = _may(trimmed)
    name: str | None = _may(text)
    card_token: TokenBehaviour | None = _may(part(TokenBehaviour))
    metadata: dict[str, Any] | None = _may(metadata)
    originated_by: str | None = _may(trimmed_or_empty)
    active_from: int | None = _may(moment)
    expires_at: int | None = _may(moment)


@dataclass(frozen=True, slots=True)
class LookUp:
    token: str = _need(text)
    pin: str | None = _may(text)


@dataclass(frozen=True, slots=True)
class TransactionOrder:
    ref_id: str = _need(reference)
    amount: int = _need(integer(0))
    currency: str = _need(one_of(*CURRENCIES))
    token: str | None = _may(text)
    card_id: str | None = _may(trimmed)
    type: str = _may(one_of("drawdown", "fund"), "drawdown")
    pending: bool = _may(boolean, False)
    metadata: dict[str, Any] | None = _may(metadata)
    originated_by: str | None = _may(trimmed_or_empty)


@dataclass(frozen=True, slots=True)
class Capture:
    ref_id: str = _need(reference)
    amount: int | None = _may(integer(0))
    metadata: dict[str, Any] | None = _may(metadata)


@dataclass(frozen=True, slots=True)
class Void:
    ref_id: str = _need(reference)
    metadata: dict[str, Any] | None = _may(metadata)
