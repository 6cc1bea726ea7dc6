"""Faults of habits: values that a library changes on their way, limits and queries nobody tried.

Overrides methods of every part; knows nothing of how the suite looks for these.
"""

import html
import re
import unicodedata
from dataclasses import replace
from typing import Any

from sandbox.access import Access, Caller
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.document import Operation
from sandbox.faults.registry import fault
from sandbox.intake import Intake
from sandbox.lists import CardQuery, Lists, Page
from sandbox.orders import Order
from sandbox.records import Card, Token, Transaction

_PAGE = 100
_TAG = re.compile("<[^>]*>")

# --- texts ----------------------------------------------------------------------------------


@fault("names_are_escaped", breaks="CARD-2", summary="the name of a card is kept escaped for HTML")
class NamesAreEscaped(Cards):
    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        card = super().new_card(caller, body, fingerprint)
        return replace(card, name=card.name and html.escape(card.name))


@fault("tags_are_stripped", breaks="CARD-2", summary="what looks like a tag in a name is cut out")
class TagsAreStripped(Cards):
    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        card = super().new_card(caller, body, fingerprint)
        return replace(card, name=card.name and _TAG.sub("", card.name))


@fault(
    "names_are_normalized", breaks="CARD-2", summary="the name of a card is kept in the form NFC"
)
class NamesAreNormalized(Cards):
    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        card = super().new_card(caller, body, fingerprint)
        return replace(card, name=card.name and unicodedata.normalize("NFC", card.name))


@fault(
    "origins_end_at_emoji",
    breaks="TX-4",
    summary="originated_by of a payment is cut before its first sign of four bytes",
)
class OriginsEndAtEmoji(Bank):
    """The text of a column of three bytes a sign ends there, without an error."""

    def new_record(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().new_record(card, token, order)
        origin = record.originated_by
        place = next((n for n, sign in enumerate(origin or "") if ord(sign) > 0xFFFF), None)
        return replace(record, originated_by=origin and origin[:place])


@fault(
    "backslashes_are_lost",
    breaks="TX-4",
    summary="a backslash in the metadata of a payment is taken for an escape once more",
)
class BackslashesAreLost(Bank):
    def new_record(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().new_record(card, token, order)
        kept = record.metadata and record.metadata.replace("\\\\", "")
        return replace(record, metadata=kept)


# --- totals and lengths -----------------------------------------------------------------------


@fault(
    "totals_are_doubles",
    breaks="FUND-1",
    summary="what is on a card is summed in floating point, and rounded above 2^53",
)
class TotalsAreDoubles(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "fund":
            exact = card.funds + order.amount
            self.store.move(card, funds=int(float(card.funds) + float(order.amount)) - exact)
        return record


@fault(
    "list_ends_at_hundred",
    breaks="BAL-5",
    summary="the transaction list ends after a hundred records",
)
class ListEndsAtHundred(Lists):
    """The document of this list has no page, and the database behind it has one."""

    def transactions(self, card: Card) -> list[Transaction]:
        return super().transactions(card)[:_PAGE]


# --- cards ------------------------------------------------------------------------------------


@fault(
    "token_funds_the_first_card",
    breaks="FUND-1",
    summary="a fund by token goes to the oldest card of the customer",
)
class TokenFundsTheFirstCard(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if order.operation == "fund" and token is not None and card.customer_id is not None:
            where = "customer_id = ? AND deleted = 0 AND inactive = 0 ORDER BY seq"
            first = self.store.cards(card.account, where, (card.customer_id,), 1)
            return super().post(first[0] if first else card, token, order)
        return super().post(card, token, order)


@fault(
    "batch_resets_cards",
    breaks="CARD-3",
    summary="a batch that names a card which is in use takes its money and makes it wait",
)
class BatchResetsCards(Cards):
    def issue_inactive(
        self, caller: Caller, entry: dict[str, Any], options: dict[str, Any]
    ) -> Issued:
        taken = self.store.card(caller.account, entry["card_id"])
        if taken is None or taken.deleted or taken.inactive:
            return super().issue_inactive(caller, entry, options)
        self.store.execute(
            "UPDATE cards SET inactive = 1, funds = drawn WHERE seq = ?", (taken.seq,)
        )
        return Issued(self.store.card_by_seq(taken.seq), None, None)


@fault(
    "activation_of_zero_waits",
    breaks="CARD-7",
    summary="a card that was activated with the amount 0 waits on, and is activated again",
)
class ActivationOfZeroWaits(Cards):
    """As in odoo/odoo #135393: a card of 0 goes another way than all others."""

    def activate(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Card:
        card = super().activate(caller, card_id, body)
        if body["amount"] == 0:
            with self.store.transaction():
                self.store.execute("UPDATE cards SET inactive = 1 WHERE seq = ?", (card.seq,))
        return card


@fault(
    "deleted_waiting_card_activates",
    breaks="CARD-9",
    summary="activation brings a deleted card of a batch back",
)
class DeletedWaitingCardActivates(Cards):
    def activate(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Card:
        with self.store.transaction():
            card = self.store.card(caller.account, card_id)
            if card is not None and card.deleted and card.inactive:
                self.store.execute("UPDATE cards SET deleted = 0 WHERE seq = ?", (card.seq,))
        return super().activate(caller, card_id, body)


@fault(
    "till_may_rotate_pins",
    breaks="AUTH-7",
    summary="write:wallets:/transactions suffices to give a card a new PIN",
)
class TillMayRotatePins(Access):
    def check_scopes(self, caller: Caller, operation: Operation) -> None:
        if operation.id != "aid_cards_cardid_rotate_pin_post":
            super().check_scopes(caller, operation)


# --- members and queries that nobody tried ----------------------------------------------------


@fault(
    "odd_cursor_crashes",
    breaks="SHAPE-2",
    summary="a quote in starting_after is answered 500",
)
class OddCursorCrashes(Lists):
    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[object]
    ) -> bool:
        if cursor is not None and "'" in cursor:
            raise RuntimeError(f"unrecognized token: {cursor}")
        return super().start(account, cursor, conditions, values)


@fault(
    "huge_filter_crashes",
    breaks="SHAPE-2",
    summary="a filter by an amount above 2^63 is answered 500",
)
class HugeFilterCrashes(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        if query.available is not None and query.available >= 2**63:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return super().page(account, query)


@fault(
    "repeated_parameter_crashes",
    breaks="SHAPE-2",
    summary="a parameter of a query that is given twice is answered 500",
)
class RepeatedParameterCrashes(Intake):
    def query_value(self, parameter: Any, sent: list[str]) -> object:
        if len(sent) > 1:
            raise TypeError("'list' object cannot be interpreted as an integer")
        return super().query_value(parameter, sent)
