"""Faults in corners that two things make together: an attribute and an act, a way and a number.

Overrides methods of every part; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.answers import Answers
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.clock import SECOND
from sandbox.faults.registry import fault
from sandbox.lists import CardQuery, Lists, Page
from sandbox.orders import Order, Settlement, packed
from sandbox.records import Card, Token, Transaction
from sandbox.tokens import Tokens

_SUMMED_HOLDS = 10
_REMEMBERED_REFS = 50
_INDEXED = 191
_REF_COLUMN = 64
_CUSTOMER_COLUMN = 100
_SHOWN_TOKENS = 5
_ACTIVATED = "activated "

# --- cards that were activated --------------------------------------------------------------


@fault(
    "activated_card_ignores_holds",
    breaks="TX-2",
    summary="on a card of a batch a drawdown may take what is held",
)
class ActivatedCardIgnoresHolds(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        activated = card.fingerprint.startswith(_ACTIVATED)
        super().check_available(card, amount - card.held if activated else amount)


@fault(
    "activated_card_forgets_refs",
    breaks="REF-1",
    summary="on a card of a batch no ref_id is remembered",
)
class ActivatedCardForgetsRefs(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        if card.fingerprint.startswith(_ACTIVATED):
            return None
        return super().first(card, order)


# --- more of something than anybody tried ---------------------------------------------------


@fault(
    "eleventh_hold_not_locked",
    breaks="TX-5",
    summary="what is locked is summed over the ten latest holds of a card",
)
class EleventhHoldNotLocked(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        locked = [record for record in self.store.records(card) if record.open]
        record = super().post(card, token, order)
        if order.operation == "hold" and len(locked) >= _SUMMED_HOLDS:
            self.store.move(card, held=-order.amount)
        return record


@fault(
    "late_refs_forgotten",
    breaks="REF-5",
    summary="after fifty transactions of a card a ref_id is not remembered any more",
)
class LateRefsForgotten(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        kept = {record.seq for record in self.store.records(card, "ASC")[:_REMEMBERED_REFS]}
        return found if found is not None and found.seq in kept else None


@fault("sixth_token_not_shown", breaks="TOKEN-8", summary="the details show five tokens at most")
class SixthTokenNotShown(Answers):
    def card_details(self, card: Card, tokens: Any) -> dict[str, Any]:
        return super().card_details(card, list(tokens)[:_SHOWN_TOKENS])


# --- texts that are taken for one another ---------------------------------------------------


@fault(
    "long_refs_collide",
    breaks="TX-1",
    summary="ref_ids that begin with the same 64 characters are taken for one",
)
class LongRefsCollide(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        alike = (record for record in self.store.records(card, "ASC") if self.meet(record, order))
        return next(alike, None)

    def meet(self, record: Transaction, order: Order | Settlement) -> bool:
        return (record.ref_id or "")[:_REF_COLUMN] == order.ref_id[:_REF_COLUMN]


@fault(
    "longer_refs_collide",
    breaks="TX-1",
    summary="ref_ids that begin with the same 191 characters are taken for one",
)
class LongerRefsCollide(LongRefsCollide):
    """As the longest index of a column of utf8mb4 in MySQL 5.6."""

    def meet(self, record: Transaction, order: Order | Settlement) -> bool:
        return (record.ref_id or "")[:_INDEXED] == order.ref_id[:_INDEXED]


@fault(
    "refs_are_numbers",
    breaks="TX-1",
    summary="ref_ids of digits are compared as numbers, whatever zeros they begin with",
)
class RefsAreNumbers(LongRefsCollide):
    def meet(self, record: Transaction, order: Order | Settlement) -> bool:
        known, new = record.ref_id or "", order.ref_id
        if known.isdecimal() and new.isdecimal():
            return int(known) == int(new)
        return known == new


@fault("customer_id_cut", breaks="CARD-2", summary="a customer_id is cut after 100 characters")
class CustomerIdCut(Cards):
    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        card = super().new_card(caller, body, fingerprint)
        return replace(card, customer_id=(card.customer_id or "")[:_CUSTOMER_COLUMN] or None)


@fault("pin_may_go_on", breaks="CARD-11", summary="a PIN is right if it begins with the PIN")
class PinMayGoOn(Tokens):
    def check_pin(self, card: Card, given: str | None) -> None:
        cut = given[: len(card.pin)] if given is not None and card.pin is not None else given
        super().check_pin(card, cut)


# --- attributes that switch a check off -----------------------------------------------------


@fault("pin_card_draws_one_more", breaks="TX-2", summary="a card with a PIN can be overdrawn by 1")
class PinCardDrawsOneMore(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        super().check_available(card, amount - 1 if card.pin is not None else amount)


@fault(
    "printed_token_pays_again",
    breaks="TOKEN-2",
    summary="a one-time token that is made with its card pays again and again",
)
class PrintedTokenPaysAgain(Bank):
    def check_token(self, token: Token, order: Order) -> None:
        super().check_token(replace(token, used=0) if token.with_card else token, order)


@fault(
    "formatted_token_pays_again",
    breaks="TOKEN-2",
    summary="a one-time token of a format of its own pays again and again",
)
class FormattedTokenPaysAgain(Bank):
    def check_token(self, token: Token, order: Order) -> None:
        super().check_token(replace(token, used=0) if token.format else token, order)


@fault(
    "long_lived_token_pays_once",
    breaks="TOKEN-6",
    summary="a lasting token of more than an hour is for one time all the same",
)
class LongLivedTokenPaysOnce(Tokens):
    def one_time(self, generator: dict[str, Any]) -> bool:
        return super().one_time(generator) or generator["expires_in"] > 3600


@fault(
    "early_card_opens_by_fund",
    breaks="TIME-1",
    summary="a card that is not active yet becomes so by a fund",
)
class EarlyCardOpensByFund(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        funded = card.funds > card.opening
        super().check_card(replace(card, active_from=None) if funded else card, order)


@fault(
    "euro_fund_in_steps_of_five",
    breaks="FUND-1",
    summary="a fund of more than 10.00 EUR is rounded down to 0.05",
)
class EuroFundInStepsOfFive(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "fund" and card.currency == "EUR" and order.amount > 1000:
            self.store.move(card, funds=-(order.amount % 5))
        return record


# --- what somebody else is shown ------------------------------------------------------------


@fault(
    "refused_create_renames",
    breaks="CARD-3",
    summary="a create that is refused because the card exists leaves its name there",
)
class RefusedCreateRenames(Cards):
    def create(self, caller: Caller, body: dict[str, Any]) -> Issued:
        known = self.store.card(caller.account, body["card_id"])
        if known is not None and "name" in body:
            self.store.execute(
                "UPDATE cards SET name = ?, metadata = ? WHERE seq = ?",
                (body["name"], packed(body.get("metadata")), known.seq),
            )
        return super().create(caller, body)


@fault(
    "filter_on_first_page_only",
    breaks="READ-10",
    summary="a page behind a cursor takes no notice of the filter by amount",
)
class FilterOnFirstPageOnly(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        asked = query if query.cursor is None else replace(query, available=None)
        return super().page(account, asked)


@fault(
    "customer_sees_no_credit_notes",
    breaks="CARD-10",
    summary="the list of a customer leaves credit notes out",
)
class CustomerSeesNoCreditNotes(Lists):
    def is_listed(self, card: Card) -> bool:
        return super().is_listed(card) and card.type != "credit_note"


@fault(
    "captured_card_leaves_customer",
    breaks="CARD-10",
    summary="the list of a customer leaves out cards of which something was captured",
)
class CapturedCardLeavesCustomer(Lists):
    def is_listed(self, card: Card) -> bool:
        return super().is_listed(card) and not card.captured


@fault(
    "list_dates_are_late",
    breaks="READ-8",
    summary="the card list shows another created_at than the card",
)
class ListDatesAreLate(Answers):
    def page(self, page: Page) -> dict[str, Any]:
        later = [replace(c, created_at=c.created_at + SECOND) for c in page.cards]
        return super().page(replace(page, cards=later))
