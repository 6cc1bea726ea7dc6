"""Faults as bug reports of shops, gateways and libraries tell of them; the docstrings name these.

Overrides methods of every part; knows nothing of how the suite looks for these.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.answers import Answers, Json
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.clock import SECOND, Clock, parse, stamp
from sandbox.document import Operation
from sandbox.faults.registry import fault, part_of
from sandbox.intake import Intake
from sandbox.lists import CardQuery, Lists, Page
from sandbox.orders import Order, Orders, Settlement
from sandbox.records import Card, Transaction
from sandbox.service import Call, Service

_LARGEST_BATCH = 25
_LONGEST_TIMER_MS = 2**31 - 1
_BARE_WORD = re.compile(rb":\s*-?(?:NaN|Infinity)")
_METHODS = {"toString", "constructor", "valueOf", "hasOwnProperty"}
_UNTYPED = "untyped "
_DEAR = 100_000

# --- money ----------------------------------------------------------------------------------


@fault(
    "captures_in_floating_units",
    breaks="CAP-1",
    summary="a capture is taken from a number of units, so that 29 cents are 28.99... and cut",
)
class CapturesInFloatingUnits(Bank):
    """As in Automattic/woocommerce-payments #91 and BasedHardware/omi #10158."""

    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        super().post_capture(card, hold, int(amount / 100 * 100), finishes)


@fault(
    "dear_holds_give_more",
    breaks="CAP-2",
    summary="captures of a large hold may exceed it by a thousandth",
)
class DearHoldsGiveMore(Bank):
    """As in angelleye/paypal-woocommerce #487 (up to 115 %) and killbill/killbill #333."""

    def capture_limit(self, hold: Transaction) -> int:
        more = hold.amount // 1000 if hold.amount >= _DEAR else 0
        return super().capture_limit(hold) + more


@fault(
    "words_for_no_number_are_0",
    breaks="SHAPE-4",
    summary="NaN and Infinity, which are no JSON, are read as 0",
)
class WordsForNoNumberAreZero(Intake):
    def parse(self, raw: bytes) -> Any:
        return super().parse(_BARE_WORD.sub(b": 0", raw))


# --- ref_ids --------------------------------------------------------------------------------


@fault(
    "settlement_refs_ignore_case",
    breaks="CAP-4",
    summary="ref_ids of captures and voids that differ in case only are the same",
)
class SettlementRefsIgnoreCase(Bank):
    """As in woocommerce/woocommerce #11357: one table has another collation than the next."""

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        if found is None and isinstance(order, Settlement):
            refs = {record.ref_id.lower(): record for record in self.store.records(card)}
            return refs.get(order.ref_id.lower())
        return found


@fault(
    "equal_funds_are_one",
    breaks="TX-8",
    summary="a fund that asks for the same as one a second before counts as its repeat",
)
class EqualFundsAreOne(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        if found is None and order.operation == "fund":
            recent = self.clock.now() - SECOND
            for record in self.store.records(card):
                if record.fingerprint == order.fingerprint and record.created_at > recent:
                    return record
        return found


@fault(
    "untyped_refs_are_not_unique",
    breaks="REF-1",
    summary="a ref_id is unique with its type, and a type that is absent is equal to none",
)
class UntypedRefsAreNotUnique(Orders):
    """As in h2database/h2database #4214 and subsquid/squid-sdk #183: nulls in a unique index."""

    def order(self, caller: Caller, body: dict[str, Any]) -> Order:
        order = super().order(caller, body)
        return order if "type" in body else replace(order, fingerprint=_UNTYPED + order.fingerprint)


@part_of("untyped_refs_are_not_unique")
class LooksForTypedRefs(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return None if order.fingerprint.startswith(_UNTYPED) else super().first(card, order)


@fault(
    "members_in_order_are_the_request",
    breaks="REF-1",
    summary="a repeat whose metadata has its members in another order is executed again",
)
class MembersInOrderAreTheRequest(Orders):
    """As in formancehq/wallets #109: the key of a request is a hash of how it was written."""

    def fingerprint(self, operation: str, money: dict[str, Any], rest: dict[str, Any]) -> str:
        return operation + json.dumps(money | rest)


@part_of("members_in_order_are_the_request")
class LooksForTheSameText(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        if found is None or found.fingerprint == order.fingerprint:
            return found
        return None if sorted(found.fingerprint) == sorted(order.fingerprint) else found


@fault(
    "released_hold_is_made_again",
    breaks="REF-1",
    summary="the ref_id of a hold that was captured in part and voided makes another hold",
)
class ReleasedHoldIsMadeAgain(Bank):
    """As in Automattic/woocommerce-payments #9033: what was cancelled is looked for no more."""

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        if found is None or found.operation != "hold" or found.open:
            return found
        return None if 0 < found.captured < found.amount else found


# --- cards and tokens -----------------------------------------------------------------------


@fault(
    "captured_hold_frees_its_token",
    breaks="TOKEN-2",
    summary="a one-time token is locked with what it holds, and pays again once that is captured",
)
class CapturedHoldFreesItsToken(Bank):
    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        super().post_capture(card, hold, amount, finishes)
        if hold.token is not None:
            self.store.execute("UPDATE tokens SET used = 0 WHERE seq = ?", (hold.token,))


@fault(
    "batches_end_at_25",
    breaks="CARD-4",
    summary="of a batch, the cards after the twenty-fifth are not made",
)
class BatchesEndAt25(Cards):
    """As in boto/boto #1714: what a batch write did not process is dropped."""

    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        return super().batch(caller, {**body, "cards": body["cards"][:_LARGEST_BATCH]})


@fault(
    "customer_sees_tokens_of_all_cards",
    breaks="CARD-10",
    summary="a card as its customer sees it lists the tokens of all cards of the customer",
)
class CustomerSeesTokensOfAllCards(Service):
    def read_customer_card(self, call: Call) -> Any:
        shown = super().read_customer_card(call)
        whose = (call.path["customer_id"],)
        cards = self.store.cards(call.caller.account, "customer_id = ?", whose, -1)
        tokens = [token for card in cards for token in self.store.tokens(card)]
        return {**shown, **self.answers.token_list(tokens)}


# --- metadata -------------------------------------------------------------------------------


@fault(
    "metadata_overrides_members",
    breaks="TX-4",
    summary="members of metadata that are called like those of a transaction are shown as these",
)
class MetadataOverridesMembers(Answers):
    def transaction(self, record: Transaction) -> Json:
        shown = super().transaction(record)
        sent: Mapping[str, Any] = shown.get("metadata") or {}
        return shown | {name: value for name, value in sent.items() if name in shown}


@fault(
    "names_of_methods_are_lost",
    breaks="CARD-2",
    summary="members of metadata are lost that are called like methods of every object",
)
class NamesOfMethodsAreLost(Intake):
    """As in langfuse/langfuse #17685."""

    def normalize(self, body: dict[str, Any]) -> dict[str, Any]:
        if "metadata" in body:
            kept = {k: value for k, value in body["metadata"].items() if k not in _METHODS}
            body = {**body, "metadata": kept}
        return super().normalize(body)


@fault(
    "metadata_numbers_have_six_digits",
    breaks="CARD-2",
    summary="numbers in metadata are rounded to six digits after the point",
)
class MetadataNumbersHaveSixDigits(Intake):
    def normalize(self, body: dict[str, Any]) -> dict[str, Any]:
        if "metadata" in body:
            sent = body["metadata"].items()
            kept = {k: round(v, 6) if isinstance(v, float) else v for k, v in sent}
            body = {**body, "metadata": kept}
        return super().normalize(body)


# --- time -----------------------------------------------------------------------------------


@fault(
    "summers_are_an_hour_early",
    breaks="CARD-2",
    summary="moments in summer are shown as an hour before, by the hours of today",
)
class SummersAreAnHourEarly(Answers):
    """As in pretix/pretix #296: an end in summer time, of a card that was made in winter."""

    def properties(self, card: Card) -> Json:
        shown = super().properties(card)
        for name in ("active_from", "expires_at"):
            moment = shown[name]
            if moment is not None and "04" <= moment[5:7] <= "09":
                shown[name] = stamp(parse(moment) - 3600 * SECOND)
        return shown


@fault(
    "start_in_a_month_is_now",
    breaks="TIME-1",
    summary="a card that becomes active in more than 24.8 days is active at once",
)
class StartInAMonthIsNow(Clock):
    """As in keycloak/keycloak-js #107: a timer counts milliseconds in 32 bits."""

    def has_begun(self, active_from: str | None) -> bool:
        if super().has_begun(active_from):
            return True
        left_ms = (parse(active_from or "") - self.now()) * 1000 // SECOND
        return left_ms > _LONGEST_TIMER_MS


# --- lists ----------------------------------------------------------------------------------


@fault(
    "a_flag_is_true_if_it_is_there",
    breaks="CARD-8",
    summary="include_deleted=false shows deleted cards too",
)
class AFlagIsTrueIfItIsThere(Intake):
    """As in datacite/datacite #1435 and pglombardo/PasswordPusher #117."""

    def query(self, operation: Operation, raw: bytes) -> dict[str, Any]:
        found = super().query(operation, raw)
        return {**found, "include_deleted": True} if b"include_deleted=" in raw else found


@fault(
    "full_last_page_leads_back",
    breaks="READ-3",
    summary="a last page that is full has the cursor that led to it",
)
class FullLastPageLeadsBack(Lists):
    """As in benjamin658/typeorm-cursor-pagination #14."""

    def page(self, account: str, query: CardQuery) -> Page:
        page = super().page(account, query)
        if page.starting_after is None and len(page.cards) == query.limit:
            return Page(page.cards, query.cursor)
        return page
