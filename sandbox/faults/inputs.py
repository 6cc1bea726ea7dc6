"""Faults at the edge: what is let in although it is invalid, what crashes, how answers look.

Overrides methods of the intake, the routes and the replies; knows nothing of how the suite finds
them.
"""

import math
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.answers import Answers
from sandbox.app import App, Message, Reply
from sandbox.bank import Bank
from sandbox.cards import Cards
from sandbox.document import Operation, Parameter
from sandbox.faults.registry import fault, part_of
from sandbox.intake import BODY_LIMIT_BYTES, Intake
from sandbox.orders import Order
from sandbox.records import Card, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.routing import Router

# --- bodies that are let in -----------------------------------------------------------------


class Mends(Intake):
    """Turns what is invalid into something valid, and carries on with that."""

    def parse(self, raw: bytes) -> Any:
        body = super().parse(raw)
        return self.mended(body) if isinstance(body, dict) else body

    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


@fault("boolean_amount_accepted", breaks="SHAPE-4", summary="the amount true is 1")
class BooleanAmountAccepted(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        boolean = isinstance(body.get("amount"), bool)
        return body | {"amount": int(body["amount"])} if boolean else body


@fault("text_amount_accepted", breaks="SHAPE-4", summary='the amount "5" is 5')
class TextAmountAccepted(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        amount = body.get("amount")
        number = isinstance(amount, str) and amount.isascii() and amount.isdigit()
        return body | {"amount": int(str(amount))} if number else body


@fault("fraction_amount_cut", breaks="SHAPE-4", summary="the amount 1.5 is 1")
class FractionAmountCut(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        fraction = isinstance(body.get("amount"), float)
        return body | {"amount": math.floor(body["amount"])} if fraction else body


@fault("null_amount_is_zero", breaks="SHAPE-4", summary="the amount null is 0")
class NullAmountIsZero(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        null = "amount" in body and body["amount"] is None
        return body | {"amount": 0} if null else body


@fault("missing_amount_is_zero", breaks="SHAPE-4", summary="a transaction needs no amount")
class MissingAmountIsZero(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        creates = "currency" in body and "ref_id" in body
        return {"amount": 0} | body if creates else body


@fault("negative_amount_accepted", breaks="SHAPE-4", summary="a drawdown of -5 adds 5")
class NegativeAmountAccepted(Intake):
    def judged(self, body: Any) -> Any:
        body = super().judged(body)
        if isinstance(body, dict) and type(body.get("amount")) is int and body["amount"] < 0:
            return body | {"amount": -body["amount"]}
        return body


@part_of("negative_amount_accepted")
class AnswersPositive(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        return super().transaction(replace(record, amount=abs(record.amount)))


@fault("currency_case_ignored", breaks="SHAPE-4", summary='the currency "nok" is NOK')
class CurrencyCaseIgnored(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        text = isinstance(body.get("currency"), str)
        return body | {"currency": body["currency"].upper()} if text else body


@fault("unknown_currency_is_nok", breaks="SHAPE-4", summary="a currency nobody knows is NOK")
class UnknownCurrencyIsNok(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        known = body.get("currency", "NOK") in ("NOK", "SEK", "DKK", "EUR", "USD")
        return body if known else body | {"currency": "NOK"}


@fault("missing_ref_id_made_up", breaks="SHAPE-4", summary="a request without ref_id is given one")
class MissingRefIdMadeUp(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        return body if "card_id" not in body else {"ref_id": str(uuid.uuid4())} | body


@fault("unknown_type_is_drawdown", breaks="SHAPE-4", summary="a type nobody knows is a drawdown")
class UnknownTypeIsDrawdown(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        transaction = "ref_id" in body and "currency" in body
        known = body.get("type", "fund") in ("drawdown", "fund")
        return body | {"type": "drawdown"} if transaction and not known else body


@fault("pending_text_is_true", breaks="SHAPE-4", summary='pending "false" is a hold')
class PendingTextIsTrue(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        text = isinstance(body.get("pending"), str)
        return body | {"pending": bool(body["pending"])} if text else body


@fault("nameless_goes_to_the_last_card", breaks="TX-6", summary="no name is the last card's")
class NamelessGoesToTheLastCard(Mends):
    last = ""

    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        if not {"ref_id", "amount", "currency"} <= body.keys():
            return body
        self.last = str(body.get("card_id", self.last))
        nameless = "token" not in body and "card_id" not in body
        return body | {"card_id": self.last} if nameless and self.last else body


@fault("metadata_list_accepted", breaks="SHAPE-4", summary="metadata may be anything")
class MetadataListAccepted(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        is_invalid = "metadata" in body and not isinstance(body["metadata"], dict)
        return body | {"metadata": {}} if is_invalid else body


@fault("long_ids_cut", breaks="SHAPE-4", summary="a card_id over 255 characters is cut")
class LongIdsCut(Mends):
    def mended(self, body: dict[str, Any]) -> dict[str, Any]:
        long = isinstance(body.get("card_id"), str) and len(body["card_id"]) > 255
        return body | {"card_id": body["card_id"][:255]} if long else body


@fault("limit_unbounded", breaks="READ-7", summary="a limit of 0, or over 100, is accepted")
class LimitUnbounded(Intake):
    def query_value(self, parameter: Parameter, sent: list[str]) -> object:
        if parameter.name == "limit" and sent[0].isascii() and sent[0].isdigit():
            return min(max(int(sent[0]), 1), 1000)
        return super().query_value(parameter, sent)


# --- what crashes ---------------------------------------------------------------------------


@fault("nul_crashes", breaks="SHAPE-2", summary="a NUL character is answered 500")
class NulCrashes(Intake):
    def parse(self, raw: bytes) -> Any:
        if b"\\u0000" in raw:
            raise ValueError("A string literal cannot contain NUL (0x00) characters.")
        return super().parse(raw)


@fault("bad_json_crashes", breaks="SHAPE-2", summary="a body that is not JSON is answered 500")
class BadJsonCrashes(Intake):
    def parse(self, raw: bytes) -> Any:
        try:
            return super().parse(raw)
        except Refusal as refusal:
            raise ValueError("Expecting value") from refusal


@fault("array_body_crashes", breaks="SHAPE-2", summary="a body that is no object is answered 500")
class ArrayBodyCrashes(Intake):
    def parse(self, raw: bytes) -> Any:
        body = super().parse(raw)
        if not isinstance(body, dict):
            raise AttributeError(f"{type(body).__name__!r} object has no attribute 'get'")
        return body


@fault("huge_amount_crashes", breaks="SHAPE-2", summary="an amount above 2^63 is answered 500")
class HugeAmountCrashes(Intake):
    def amount(self, value: int | float) -> int:
        if value >= 2**63:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return super().amount(value)


@fault("total_overflow_crashes", breaks="SHAPE-2", summary="a total above 2^63 is answered 500")
class TotalOverflowCrashes(Bank):
    def check_total(self, card: Card, amount: int) -> None:
        if card.funds + amount >= 2**63:
            raise OverflowError("integer overflow")


@fault("bad_uuid_crashes", breaks="SHAPE-2", summary="a transaction id that is no UUID gives 500")
class BadUuidCrashes(Intake):
    def path_is_valid(self, parameter: Parameter, value: str) -> bool:
        if parameter.name == "transaction_id":
            uuid.UUID(value)
        return super().path_is_valid(parameter, value)


@fault("bad_limit_crashes", breaks="SHAPE-2", summary="a limit that is no number is answered 500")
class BadLimitCrashes(Intake):
    def query_value(self, parameter: Parameter, sent: list[str]) -> object:
        if parameter.name == "limit":
            int(sent[0])
        return super().query_value(parameter, sent)


@fault("big_body_crashes", breaks="SHAPE-2", summary="a body over 1 MiB is answered 500")
class BigBodyCrashes(Intake):
    def body(self, operation: Operation, media_type: str | None, raw: bytes) -> dict[str, Any]:
        if len(raw) > BODY_LIMIT_BYTES:
            raise MemoryError("Request body is too large")
        return super().body(operation, media_type, raw)


@fault("emoji_crashes", breaks="SHAPE-2", summary="a character outside of the BMP is answered 500")
class EmojiCrashes(Intake):
    def body(self, operation: Operation, media_type: str | None, raw: bytes) -> dict[str, Any]:
        body = super().body(operation, media_type, raw)
        if any(ord(c) > 0xFFFF for v in body.values() if isinstance(v, str) for c in v):
            raise UnicodeError("Incorrect string value: '\\xF0\\x9F' for column")
        return body


@fault("unknown_hold_crashes", breaks="SHAPE-2", summary="capture of an unknown id is answered 500")
class UnknownHoldCrashes(Bank):
    def hold(self, order: Any) -> tuple[Transaction, Card]:
        try:
            return super().hold(order)
        except Refusal as refusal:
            raise AttributeError("'NoneType' object has no attribute 'amount'") from refusal


@fault("slash_in_id_lost", breaks="CARD-16", summary="a card whose id holds a slash is unreachable")
class SlashInIdLost(Router):
    """The path is decoded before it is split."""

    def find(self, method: str, raw_path: bytes) -> Any:
        return super().find(method, raw_path.replace(b"%2F", b"/").replace(b"%2f", b"/"))


@fault("plus_in_path_is_space", breaks="READ-2", summary="a + in the id of a path is read as space")
class PlusInPathIsSpace(Intake):
    def path(self, operation: Operation, values: Mapping[str, str]) -> dict[str, str]:
        return super().path(operation, {n: v.replace("+", " ") for n, v in values.items()})


# --- how answers look -----------------------------------------------------------------------


class OtherStatus(Answers):
    """Answers some refusals with a status that the document does not have."""

    code = 0
    causes: tuple[Cause, ...] = ()

    def refusal_status(self, refusal: Refusal) -> int:
        return self.code if refusal.cause in self.causes else super().refusal_status(refusal)


@fault("conflict_is_409", breaks="SHAPE-3", summary="a spent ref_id is answered 409")
class ConflictIs409(OtherStatus):
    code = 409
    causes = (Cause.REF_ID_SPENT, Cause.REF_ID_REPEATED, Cause.CARD_EXISTS)


@fault("insufficient_is_402", breaks="SHAPE-3", summary="too little money is answered 402")
class InsufficientIs402(OtherStatus):
    code = 402
    causes = (Cause.INSUFFICIENT,)


@fault("invalid_is_422", breaks="SHAPE-3", summary="a body that does not fit is answered 422")
class InvalidIs422(OtherStatus):
    code = 422
    causes = (Cause.INVALID,)


@fault("refusal_is_200", breaks="SHAPE-1", summary="too much to capture is an error, answered 200")
class RefusalIs200(OtherStatus):
    code = 200
    causes = (Cause.ABOVE_REMAINING,)


@fault("error_without_message", breaks="SHAPE-5", summary="the Error body has a code only")
class ErrorWithoutMessage(Answers):
    def refusal(self, refusal: Refusal) -> dict[str, Any]:
        return {"error": {"code": refusal.cause.name}}


@fault("error_is_a_string", breaks="SHAPE-5", summary="the Error body is {error: text}")
class ErrorIsAString(Answers):
    def refusal(self, refusal: Refusal) -> dict[str, Any]:
        return {"error": refusal.cause.value.message}


@fault("unknown_card_crashes", breaks="SHAPE-2", summary="an unknown card is answered 500")
class UnknownCardCrashes(Cards):
    def read(self, account: str, card_id: str) -> Card:
        try:
            return super().read(account, card_id)
        except Refusal as refusal:
            raise KeyError(f"SELECT * FROM cards WHERE card_id = '{card_id}'") from refusal


@fault("created_is_201", breaks="SHAPE-3", summary="a created card is answered 201")
class CreatedIs201(App):
    def answer(self, message: Message) -> Reply:
        reply = super().answer(message)
        created = reply.status == 200 and message.raw_path.endswith(b"/wallets/cards")
        return replace(reply, status=201) if created and message.method == "POST" else reply


@fault("transaction_nulls", breaks="SHAPE-1", summary="members without a value are null")
class TransactionNulls(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        return {"parent_id": None, "metadata": None} | super().transaction(record)


@fault("transaction_without_currency", breaks="SHAPE-1", summary="a transaction has no currency")
class TransactionWithoutCurrency(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        answer = super().transaction(record)
        del answer["currency"]
        return answer


@fault("amounts_are_text", breaks="SHAPE-1", summary="balance figures are texts")
class AmountsAreText(Answers):
    def balance(self, card: Card) -> dict[str, Any]:
        return {name: str(value) for name, value in super().balance(card).items()}


@fault("created_at_is_a_number", breaks="SHAPE-1", summary="created_at is seconds since 1970")
class CreatedAtIsANumber(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        return super().transaction(record) | {"created_at": record.created_at // 1_000_000}


@fault("date_without_offset", breaks="SHAPE-9", summary="created_at has no offset from UTC")
class DateWithoutOffset(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        answer = super().transaction(record)
        return answer | {"created_at": answer["created_at"].removesuffix("Z")}


@fault("ids_are_numbers", breaks="SHAPE-9", summary="a transaction's id is no UUID in lists")
class IdsAreNumbers(Answers):
    def transactions(self, records: Any) -> list[dict[str, Any]]:
        return [super(IdsAreNumbers, self).transaction(r) | {"id": f"{r.seq}"} for r in records]


@fault("order_ref_echoed_upper", breaks="TX-4", summary="a ref_id comes back in capitals")
class OrderRefEchoedUpper(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        return super().transaction(record) | {"ref_id": record.ref_id.upper()}


@fault("transaction_loses_metadata", breaks="TX-4", summary="metadata of a drawdown is not kept")
class TransactionLosesMetadata(Bank):
    def new_record(self, card: Card, token: Any, order: Order) -> Transaction:
        return replace(super().new_record(card, token, order), metadata=None)


@fault("transaction_loses_origin", breaks="TX-4", summary="originated_by is not kept")
class TransactionLosesOrigin(Bank):
    def new_record(self, card: Card, token: Any, order: Order) -> Transaction:
        return replace(super().new_record(card, token, order), originated_by=None)
