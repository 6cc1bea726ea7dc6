"""What is taken: stricter and looser forms of input than the default, all of them permitted.

Overrides of the intake, and of how ids are found.
"""

import json
import re
import unicodedata
from typing import Any

from sandbox.app import App, Reply
from sandbox.dialects.registry import dialect, part_of
from sandbox.document import Operation
from sandbox.intake import Intake
from sandbox.records import Card
from sandbox.refusals import Cause, Refusal
from sandbox.store import Store

_TRIMMED = ("card_id", "customer_id", "originated_by")
_MOST_KEYS, _LONGEST_KEY, _LONGEST_TEXT = 50, 40, 500
_SMALL_BYTES = 4_000
_MARKUP = re.compile(rb"(?i)</?[a-z]|\bdrop table\b")
_MOST_CARDS = 10_000
_CONTROL = re.compile(r"\\u00[01]|\\[bfnrt]")
_LONGEST_REF, _LONGEST_NAME = 36, 40
_HALF = re.compile("[\ud800-\udfff]")
_APART = 0x10_0000
_SET_APART = re.compile(r"\\udbf[67]\\ud[c-f][0-9a-f]{2}")


@dialect(
    "ids_trimmed",
    permitted="question 55: leading or trailing space in ids: 400 or trimmed",
    summary="spaces at the ends of ids and origins are cut off",
)
class IdsTrimmed(Intake):
    def path(self, operation: Operation, values: Any) -> dict[str, str]:
        trimmed = {n: v.strip(" ") if n in _TRIMMED else v for n, v in values.items()}
        return super().path(operation, trimmed)

    def parse(self, raw: bytes) -> Any:
        body = super().parse(raw)
        if isinstance(body, dict):
            entries = body.get("cards")
            for one in (body, *(entries if isinstance(entries, list) else ())):
                trim(one)
        return body


def trim(entity: Any) -> None:
    """Cut the spaces off the ids of an object of a body."""
    if isinstance(entity, dict):
        for name in _TRIMMED:
            if isinstance(entity.get(name), str):
                entity[name] = entity[name].strip(" ")


@dialect(
    "ids_in_one_form",
    permitted="no page says which signs make two ids (question 55); Unicode takes the forms of a"
    " text that differ in how an accent is written for one text",
    summary="a card_id is taken, and found, by its text, however its accents are written",
)
class IdsInOneForm(Store):
    def card(self, account: str, card_id: str) -> Card | None:
        found = super().card(account, card_id)
        if found is not None or card_id.isascii():
            return found
        text = unicodedata.normalize("NFC", card_id)
        for card in self.cards(account, "deleted = 0", (), _MOST_CARDS):
            if unicodedata.normalize("NFC", card.card_id) == text:
                return card
        return None


@dialect(
    "nulls_are_absent",
    permitted="question 55: null values anywhere",
    summary="a member that is null counts as not sent",
)
class NullsAreAbsent(Intake):
    def parse(self, raw: bytes) -> Any:
        return without_nulls(super().parse(raw))


def without_nulls(value: Any) -> Any:
    """A body without the members that are null; metadata stays as it is."""
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: one if name == "metadata" else without_nulls(one)
        for name, one in value.items()
        if one is not None
    }


@dialect(
    "doubled_keys_refused",
    permitted="question 56: malformed JSON; RFC 8259: the names within an object should be unique",
    summary="a body with the same key twice is refused",
)
class DoubledKeysRefused(Intake):
    def parse(self, raw: bytes) -> Any:
        found = super().parse(raw)
        json.loads(raw, object_pairs_hook=_unique)
        return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Refusal(Cause.NOT_JSON, "A key comes twice")
    return found


@dialect(
    "half_pairs_kept",
    permitted="RFC 8259, section 8.2: JSON can spell half of a surrogate pair; what happens then"
    " is open; programs whose texts are UTF-16 keep it",
    summary="half of a surrogate pair in a text comes back as it was sent, as an escape",
)
class HalfPairsTaken(Intake):
    def parse(self, raw: bytes) -> Any:
        # SQLite holds no such text: a half waits in the last plane, which is for private use.
        try:
            text = json.dumps(json.loads(raw), ensure_ascii=False)
        except (ValueError, RecursionError):
            return super().parse(raw)
        halves = _HALF.search(text)
        apart = _HALF.sub(lambda half: chr(_APART + ord(half[0])), text)
        return super().parse(apart.encode() if halves else raw)


@part_of("half_pairs_kept")
class HalfPairsShown(App):
    def encode(self, reply: Reply) -> bytes:
        text = super().encode(reply).decode()
        return _SET_APART.sub(lambda pair: f"\\u{_half(pair[0]):04x}", text).encode()


def _half(pair: str) -> int:
    return ord(json.loads(f'"{pair}"')) - _APART


@dialect(
    "metadata_bounded",
    permitted="question 55: size and depth of metadata; the bounds are those of Stripe",
    summary="metadata has 50 keys of 40 characters at most, with texts of 500",
)
class MetadataBounded(Intake):
    def check_members(self, operation: Operation, body: dict[str, Any]) -> None:
        super().check_members(operation, body)
        metadata = body.get("metadata") or {}
        fits = len(metadata) <= _MOST_KEYS and all(
            len(key) <= _LONGEST_KEY
            and len(value if isinstance(value, str) else "") <= _LONGEST_TEXT
            for key, value in metadata.items()
        )
        flat = not any(isinstance(value, dict | list) for value in metadata.values())
        if not (fits and flat):
            raise Refusal(Cause.INVALID, "The metadata is too large or too deep")


@dialect(
    "texts_short",
    permitted="questions 6 and 41: no bound of a ref_id or a name is documented",
    summary="a ref_id has 36 characters at most, a name 40 printable ones",
)
class TextsShort(Intake):
    def check_members(self, operation: Operation, body: dict[str, Any]) -> None:
        super().check_members(operation, body)
        if not 1 <= len(body.get("ref_id", "x")) <= _LONGEST_REF:
            raise Refusal(Cause.REF_ID_SHAPE)
        name = body.get("name", "x")
        if not (1 <= len(name) <= _LONGEST_NAME and name.isprintable()):
            raise Refusal(Cause.INVALID, "The name is too long")


@dialect(
    "queries_strict",
    permitted="question 53 asks it of members; no page speaks of unknown parameters",
    summary="an unknown parameter of the query is refused",
)
class QueriesStrict(Intake):
    def query(self, operation: Operation, raw: bytes) -> dict[str, Any]:
        found = super().query(operation, raw)
        names = {pair.partition(b"=")[0].decode("ascii", "replace") for pair in raw.split(b"&")}
        if names - found.keys() - {""}:
            raise Refusal(Cause.INVALID, "The query has a parameter that is not known")
        return found


@dialect(
    "filter_not_numbers",
    permitted="question 43: the type of the amount_available filter",
    summary="the amount_available filter takes no number",
)
class FilterNotNumbers(Intake):
    def query(self, operation: Operation, raw: bytes) -> dict[str, Any]:
        found = super().query(operation, raw)
        if found.get("amount_available") is not None:
            raise Refusal(Cause.INVALID, "amount_available is true or false")
        return found


@dialect(
    "uuids_as_shown",
    permitted="question 57: a transaction_id that is not as the server wrote it",
    summary="an id in capital letters names nothing",
)
class UuidsAsShown(Intake):
    def path(self, operation: Operation, values: Any) -> dict[str, str]:
        found = super().path(operation, values)
        if "transaction_id" in values and values["transaction_id"] != found["transaction_id"]:
            raise Refusal(Cause.NO_TRANSACTION)
        return found


@dialect(
    "rare_signs_refused",
    permitted="questions 6, 41 and 55: which characters a text may have",
    summary="a text with signs beyond the first plane of Unicode, or control signs, is refused",
)
class RareSignsRefused(Intake):
    def parse(self, raw: bytes) -> Any:
        body = super().parse(raw)
        text = json.dumps(body, ensure_ascii=False)
        if any(sign > "\uffff" for sign in text) or _CONTROL.search(text):
            raise Refusal(Cause.INVALID, "The body has a sign that is not stored")
        return body


@dialect(
    "markup_refused",
    permitted="questions 6, 41 and 55: which characters a text may have",
    summary="a firewall in front refuses bodies with what looks like a tag or a command of SQL",
)
class MarkupRefused(Intake):
    def parse(self, raw: bytes) -> Any:
        if _MARKUP.search(raw):
            raise Refusal(Cause.INVALID, "The request was blocked")
        return super().parse(raw)


@dialect(
    "bodies_small",
    permitted="question 56: a body over a limit",
    summary="a body has 4,000 bytes at most",
)
class BodiesSmall(Intake):
    def body(self, operation: Operation, media_type: str | None, raw: bytes) -> dict[str, Any]:
        if len(raw) > _SMALL_BYTES:
            raise Refusal(Cause.BODY_TOO_LARGE)
        return super().body(operation, media_type, raw)
