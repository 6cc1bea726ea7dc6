"""Faults that let ill-formed optional and nested members in, and make the best of them.

Overrides the intake; knows nothing of how the suite looks for these.
"""

from collections.abc import Iterator
from typing import Any

from sandbox.clock import parse
from sandbox.document import Operation
from sandbox.faults.registry import fault
from sandbox.intake import Intake

_CREATE, _ACTIVATE = "aid_cards_post", "aid_cards_cardid_activate_post"
_BATCH = "aid_cards_batch_post"


def _is_unreadable(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parse(value)
    except ValueError:
        return True
    return False


def _member(body: Any, name: str) -> Any:
    """A member of a body; None if there is none, or the body is no object."""
    return body.get(name) if isinstance(body, dict) else None


def _is_castable(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, str) and value.isdecimal())


def _formats(body: Any) -> Iterator[dict[str, Any]]:
    """Every object called `format` in a body."""
    for name, value in body.items() if isinstance(body, dict) else ():
        if name == "format" and isinstance(value, dict):
            yield value
        if name != "metadata":
            yield from _formats(value)


@fault(
    "unreadable_end_is_no_end",
    breaks="SHAPE-4",
    summary="a card whose expires_at cannot be read is made, without an end",
)
class UnreadableEndIsNoEnd(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        if operation.id == _CREATE and _is_unreadable(_member(body, "expires_at")):
            del body["expires_at"]
        super().validate(operation, body)


@fault(
    "unreadable_start_of_activation",
    breaks="SHAPE-4",
    summary="an active_from that cannot be read means now, on activation",
)
class UnreadableStartOfActivation(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        if operation.id == _ACTIVATE and _is_unreadable(_member(body, "active_from")):
            del body["active_from"]
        super().validate(operation, body)


@fault(
    "month_13_is_january",
    breaks="SHAPE-4",
    summary="a month above 12 is counted on into the next year",
)
class MonthThirteenIsJanuary(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        for name in ("active_from", "expires_at"):
            text = body.get(name) if isinstance(body, dict) else None
            if isinstance(text, str) and text[4:7] == "-13" and text[:4].isdigit():
                body[name] = f"{int(text[:4]) + 1}-01{text[7:]}"
        super().validate(operation, body)


@fault(
    "format_members_by_truth",
    breaks="SHAPE-4",
    summary="any text in a boolean member of a format is true",
)
class FormatMembersByTruth(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        for wanted in _formats(body):
            for name in ("numbers", "symbols", "characters", "barcode"):
                if isinstance(wanted.get(name), str):
                    wanted[name] = bool(wanted[name])
        super().validate(operation, body)


@fault(
    "format_length_is_cast",
    breaks="SHAPE-4",
    summary="a length of a format that is written as a text is taken as the number",
)
class FormatLengthIsCast(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        for wanted in _formats(body):
            if isinstance(wanted.get("length"), str) and wanted["length"].isdigit():
                wanted["length"] = int(wanted["length"])
        super().validate(operation, body)


@fault(
    "life_with_card_is_cast",
    breaks="SHAPE-4",
    summary="the expires_in of a token that is made with its card is cast to an integer",
)
class LifeWithCardIsCast(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        generator = _member(body, "card_token") if operation.id == _CREATE else None
        if isinstance(generator, dict) and _is_castable(generator.get("expires_in")):
            generator["expires_in"] = int(float(generator["expires_in"]))
        super().validate(operation, body)


@fault(
    "batch_type_is_gift_card",
    breaks="SHAPE-4",
    summary="a type that is not known makes a gift card, in a batch",
)
class BatchTypeIsGiftCard(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        entries = _member(body, "cards") if operation.id == _BATCH else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("type"), str):
                is_known = entry["type"] in ("gift_card", "credit_note")
                entry["type"] = entry["type"] if is_known else "gift_card"
        super().validate(operation, body)


@fault(
    "long_ids_are_cut_in_batches",
    breaks="SHAPE-4",
    summary="a card_id over 255 characters is cut, in a batch",
)
class LongIdsAreCutInBatches(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        entries = _member(body, "cards") if operation.id == _BATCH else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("card_id"), str):
                entry["card_id"] = entry["card_id"][:255]
        super().validate(operation, body)


@fault(
    "long_origins_are_cut",
    breaks="SHAPE-4",
    summary="an originated_by over 255 characters is cut, when a card is made",
)
class LongOriginsAreCut(Intake):
    def validate(self, operation: Operation, body: Any) -> None:
        if operation.id == _CREATE and isinstance(body, dict):
            origin = body.get("originated_by")
            if isinstance(origin, str):
                body["originated_by"] = origin[:255]
        super().validate(operation, body)
