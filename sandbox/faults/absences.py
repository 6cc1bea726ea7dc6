"""Faults about what is missing: unknown cards, routes and tokens, defaults, members not sent.

Overrides methods of every part; knows nothing of how the suite looks for these.
"""

import uuid
from dataclasses import replace
from typing import Any

from starlette.types import Receive, Scope, Send

from sandbox.access import Access, Caller
from sandbox.answers import Answers
from sandbox.app import App, Reply
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.document import Operation
from sandbox.faults.registry import fault, part_of
from sandbox.lists import CardQuery, Lists, Page
from sandbox.orders import Order, Orders, Settlement
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.service import Call, Service
from sandbox.store import Store
from sandbox.tokens import Tokens

# --- cards, tokens and routes that do not exist ---------------------------------------------


@fault(
    "unknown_card_deleted",
    breaks="CARD-12",
    summary="deleting a card that does not exist is answered 200",
)
class UnknownCardDeleted(Cards):
    def delete(self, account: str, card_id: str) -> Card:
        if self.store.card(account, card_id) is not None:
            return super().delete(account, card_id)
        system = Caller("", account, frozenset(), 0)
        body = {"card_id": card_id, "amount": 0, "currency": "NOK"}
        return replace(self.new_card(system, body, ""), deleted=1)


@fault(
    "unknown_card_is_made",
    breaks="TX-7",
    summary="a fund of a card that does not exist makes the card",
)
class UnknownCardIsMade(Service):
    def create_transaction(self, call: Call) -> Any:
        body = call.body
        if body.get("type") == "fund" and "card_id" in body:
            known = self.store.card(call.caller.account, body["card_id"])
            if known is None:
                wanted = {"card_id": body["card_id"], "amount": 0, "currency": body["currency"]}
                self.cards.create(call.caller, wanted)
        return super().create_transaction(call)


@fault(
    "unknown_card_lists_nothing",
    breaks="READ-4",
    summary="the transactions of a card that does not exist are an empty list",
)
class UnknownCardListsNothing(Service):
    def list_transactions(self, call: Call) -> Any:
        known = self.store.card(call.caller.account, call.path["card_id"])
        return super().list_transactions(call) if known else []


@fault(
    "card_id_is_a_pattern",
    breaks="READ-2",
    summary="an underscore in a card_id stands for any character",
)
class CardIdIsAPattern(Store):
    def card(self, account: str, card_id: str) -> Card | None:
        row = self.execute(
            "SELECT * FROM cards WHERE account = ? AND card_id LIKE ? ORDER BY seq LIMIT 1",
            (account, card_id),
        ).fetchone()
        return Card(*row) if row else None


@fault(
    "unknown_token_is_the_last",
    breaks="TOKEN-4",
    summary="a token that nobody made is taken for the one made last",
)
class UnknownTokenIsTheLast(Store):
    def token(self, account: str, value: str) -> Token | None:
        found = super().token(account, value)
        if found is not None:
            return found
        row = self.execute(
            "SELECT * FROM tokens WHERE account = ? ORDER BY seq DESC LIMIT 1", (account,)
        ).fetchone()
        return Token(*row) if row else None


@part_of("unknown_token_is_the_last")
class MakesTokens(Tokens):
    def is_free(self, card: Card, value: str) -> bool:
        # Ask the honest store: for the faulty one no new value would ever be free.
        return Store.token(self.store, card.account, value) is None


@fault("unknown_route_is_200", breaks="SHAPE-7", summary="an unknown route is answered 200")
class UnknownRouteIs200(App):
    def refuse(self, refusal: Refusal) -> Reply:
        if refusal.cause is Cause.NO_ROUTE:
            return Reply(200, {})
        return super().refuse(refusal)


@fault("wrong_method_crashes", breaks="SHAPE-7", summary="a method that is not there gives 500")
class WrongMethodCrashes(Answers):
    def refusal_status(self, refusal: Refusal) -> int:
        return 500 if refusal.cause is Cause.NO_METHOD else super().refusal_status(refusal)


@fault("refusals_are_plain_text", breaks="SHAPE-6", summary="refusals are sent as text/plain")
class RefusalsArePlainText(App):
    async def send(self, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        async def renamed(message: Any) -> None:
            if message["type"] == "http.response.start" and reply.status >= 400:
                others = [one for one in message["headers"] if one[0] != b"content-type"]
                message["headers"] = [*others, (b"content-type", b"text/plain")]
            await send(message)

        await super().send(reply, scope, receive, renamed)


@fault("wrong_token_is_400", breaks="AUTH-9", summary="an invalid access token is answered 400")
class WrongTokenIs400(Answers):
    def refusal_status(self, refusal: Refusal) -> int:
        return 400 if refusal.cause is Cause.UNAUTHENTICATED else super().refusal_status(refusal)


@fault(
    "all_scopes_demanded",
    breaks="AUTH-10",
    summary="a caller needs all scopes that an operation lists instead of one",
)
class AllScopesDemanded(Access):
    def check_scopes(self, caller: Caller, operation: Operation) -> None:
        wanted = {one for one in operation.scopes if one.count(":") == 1 and "user" not in one}
        if not wanted <= caller.scopes:
            raise Refusal(Cause.SCOPE_MISSING)


# --- what is taken when nothing is said -----------------------------------------------------


@fault("type_defaults_to_fund", breaks="TX-9", summary="a transaction without type is a fund")
class TypeDefaultsToFund(Orders):
    def operation(self, body: dict[str, Any]) -> str:
        is_drawdown = "type" not in body and not body.get("pending")
        return "fund" if is_drawdown else super().operation(body)


@fault("pending_is_default", breaks="TX-9", summary="a transaction without pending is a hold")
class PendingIsDefault(Orders):
    def operation(self, body: dict[str, Any]) -> str:
        return super().operation({"pending": body.get("type") != "fund"} | body)


@fault(
    "activation_sets_an_end",
    breaks="CARD-6",
    summary="an activation without expires_at sets one",
)
class ActivationSetsAnEnd(Cards):
    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        return super().activation(card, {"expires_at": "2020-01-01T00:00:00Z"} | body)


@fault("danish_cards_refused", breaks="CARD-1", summary="a card cannot be created in DKK")
class DanishCardsRefused(Cards):
    def issue(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Issued:
        if body["currency"] == "DKK":
            raise Refusal(Cause.WRONG_CURRENCY)
        return super().issue(caller, body, fingerprint)


@fault(
    "caller_sets_created_by",
    breaks="SHAPE-8",
    summary="created_by of a card is what the caller says",
)
class CallerSetsCreatedBy(Cards):
    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        card = super().new_card(caller, body, fingerprint)
        return replace(card, created_by=body.get("created_by", card.created_by))


@fault(
    "caller_sets_balance",
    breaks="SHAPE-8",
    summary="amount_balance in the body of a new card is put on it",
)
class CallerSetsBalance(Cards):
    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        card = super().new_card(caller, body, fingerprint)
        wanted = body.get("amount_balance", card.funds)
        return replace(card, funds=min(int(wanted), self.policy.largest_amount))


# --- ids, and what never changes ------------------------------------------------------------


@fault(
    "ids_come_from_ref_ids",
    breaks="TX-8",
    summary="transactions with the same ref_id on different cards have the same id",
)
class IdsComeFromRefIds(Bank):
    def new_record(self, card: Card, token: Token | None, order: Order) -> Transaction:
        id_ = str(uuid.uuid5(uuid.NAMESPACE_OID, order.ref_id.encode().hex()))
        return replace(super().new_record(card, token, order), id=id_)


@fault("created_at_is_now", breaks="READ-8", summary="created_at of a card is the time of the read")
class CreatedAtIsNow(Answers):
    def properties(self, card: Card) -> dict[str, Any]:
        return super().properties(replace(card, created_at=self.clock.now()))


@fault("created_by_is_the_account", breaks="READ-8", summary="created_by in lists is the account")
class CreatedByIsTheAccount(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        return [replace(r, created_by=card.account) for r in super().transactions(card)]


@fault(
    "pages_by_offset",
    breaks="READ-6",
    summary="the newest cards come first and a cursor counts from there, so that pages shift",
)
class PagesByOffset(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        offset = int(query.cursor or 0) if (query.cursor or "0").isdecimal() else 0
        whole = super().page(account, replace(query, limit=1_000_000, cursor=None))
        end = offset + query.limit
        cards = whole.cards[::-1][offset:end]
        return Page(cards, str(end) if end < len(whole.cards) else None)


@fault("fund_loses_metadata", breaks="FUND-4", summary="a fund does not keep its metadata")
class FundLosesMetadata(Bank):
    def new_record(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().new_record(card, token, order)
        return replace(record, metadata=None) if order.operation == "fund" else record


@fault("fund_record_is_drawdown", breaks="FUND-4", summary="a fund has type drawdown")
class FundRecordIsDrawdown(Answers):
    def transaction(self, record: Transaction) -> dict[str, Any]:
        shown = "drawdown" if record.operation == "fund" else record.type
        return super().transaction(replace(record, type=shown))


@fault("token_has_no_value", breaks="TOKEN-1", summary="the answer to a new token has no value")
class TokenHasNoValue(Answers):
    def token(self, token: Token) -> dict[str, Any]:
        return {name: value for name, value in super().token(token).items() if name != "token"}


@fault("token_loses_metadata", breaks="TOKEN-10", summary="a new token does not show its metadata")
class TokenLosesMetadata(Answers):
    def token(self, token: Token) -> dict[str, Any]:
        return super().token(replace(token, metadata=None))


@fault(
    "figures_below_zero",
    breaks="BAL-3",
    summary="amount_available leaves holds out twice and falls below 0",
)
class FiguresBelowZero(Answers):
    def balance(self, card: Card) -> dict[str, Any]:
        return super().balance(card) | {"amount_available": card.available - card.held}


@fault(
    "capture_ref_free_on_other_hold",
    breaks="REF-3",
    summary="a ref_id that captured one hold captures another of the same card as well",
)
class CaptureRefFreeOnOtherHold(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().first(card, order)
        if first is None or not isinstance(order, Settlement) or first.operation != "capture":
            return first
        return first if first.parent_id == order.transaction_id else None


@fault(
    "fully_captured_again",
    breaks="CAP-5",
    summary="a fully captured hold can be captured once more",
)
class FullyCapturedAgain(Bank):
    def judge_capture(self, card: Card, hold: Transaction, order: Settlement) -> None:
        full = hold.operation == "hold" and hold.amount and hold.captured == hold.amount
        renewed = replace(hold, open=1, captured=0) if full else hold
        super().judge_capture(card, renewed, order)

    def capture_amount(self, hold: Transaction, order: Settlement) -> int:
        if order.amount is None and hold.captured == hold.amount:
            return hold.amount
        return super().capture_amount(hold, order)


# --- not the same server twice --------------------------------------------------------------


@fault(
    "repeats_refused_now_and_then",
    breaks="DIA-1",
    summary="every third repeated ref_id is refused, the others are answered as at first",
)
class RepeatsRefusedNowAndThen(Bank):
    repeats = 0

    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().replayed(card, order)
        if first is not None:
            self.repeats += 1
            if self.repeats % 3 == 0:
                raise Refusal(Cause.REF_ID_REPEATED)
        return first


@fault(
    "zero_refused_on_busy_cards",
    breaks="DIA-1",
    summary="amount 0 is accepted on a fresh card and refused on one with two transactions",
)
class ZeroRefusedOnBusyCards(Bank):
    def check_currency(self, card: Card, order: Order) -> None:
        super().check_currency(card, order)
        if order.amount == 0 and len(self.store.records(card)) >= 2:
            raise Refusal(Cause.AMOUNT_ZERO)


@fault(
    "finished_type_depends_on_parts",
    breaks="DIA-1",
    summary="a hold that is captured in one go changes its type, one captured in parts does not",
)
class FinishedTypeDependsOnParts(Bank):
    def close_hold(self, hold: Transaction, *, captured: int, finishes: bool, becomes: str) -> None:
        whole = finishes and becomes == "drawdown" and not hold.captured
        changed = replace(hold, type=becomes) if whole else hold
        super().close_hold(changed, captured=captured, finishes=finishes, becomes=becomes)
