"""Refusals in another order of checks, and for other reasons.

Question 58 leaves the precedence open when several things are wrong; questions 1 and 46 leave open
what a repeat is answered whose card, token or hold is past it.
"""

from typing import Any

from sandbox.access import Caller
from sandbox.app import App, Message
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.dialects.registry import dialect
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.routing import Route

MOST_OF_A_CUSTOMER = 15
"""Cards of one customer. A list has to be longer than a page by default, which is 10 cards."""


@dialect(
    "body_checked_first",
    permitted="question 58: the precedence of 400, 401, 403 and 404",
    summary="the form of a request is judged before its sender",
)
class BodyCheckedFirst(App):
    def serve(self, message: Message) -> Any:
        route = self.router.find(message.method, message.raw_path)
        self.intake.path(route.operation, route.parameters)
        self.intake.query(route.operation, message.query)
        self.body(message, route.operation)
        return super().serve(message)


@dialect(
    "absence_checked_first",
    permitted="question 58: the precedence of 400, 403 and 404",
    summary="a card or transaction that is not there is 404, whatever the body",
)
class AbsenceCheckedFirst(App):
    def serve_as(self, caller: Caller, message: Message, route: Route) -> Any:
        path = self.intake.path(route.operation, route.parameters)
        caller = self.access.authorize(caller, route.operation, path["aid"])
        self.find(caller.account, path)
        return super().serve_as(caller, message, route)

    def find(self, account: str, path: dict[str, str]) -> None:
        store = self.service.store
        if "card_id" in path and store.card(account, path["card_id"]) is None:
            raise Refusal(Cause.NO_CARD)
        hold = path.get("transaction_id")
        if hold is not None and store.record(account, hold) is None:
            raise Refusal(Cause.NO_TRANSACTION)


@dialect(
    "account_checked_last",
    permitted="question 58: right token, other account in the path",
    summary="scopes are judged before the account",
)
class AccountCheckedLast(App):
    def serve_as(self, caller: Caller, message: Message, route: Route) -> Any:
        self.access.check_scopes(caller, route.operation)
        return super().serve_as(caller, message, route)


@dialect(
    "state_before_ref",
    permitted='question 1: "safely retrying" (S3) is kept by a harmless refusal; question 20, T24:'
    ' "No transaction will be allowed on an expired card"',
    summary="a repeat is refused where its card has expired or its token has paid or ended",
)
class StateBeforeRef(Bank):
    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().replayed(card, order)
        if first is not None and isinstance(order, Order):
            if order.token is not None:
                token = self.store.token(order.account, order.token)
                assert token is not None
                self.check_token(token, order)
            self.check_card(card, order)
        return first


@dialect(
    "hold_before_ref",
    permitted='question 1: "safely retrying" (S3) is kept by a harmless refusal; question 19',
    summary="the repeat of a capture or void is refused once its hold is finished",
)
class HoldBeforeRef(Bank):
    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().replayed(card, order)
        if first is not None and isinstance(order, Settlement):
            hold = self.store.record(order.account, order.transaction_id)
            assert hold is not None
            self.check_open(hold)
        return first


@dialect(
    "any_capture_is_a_part",
    permitted="questions 9, 17 and 18: what a capture of 0 is, and what is refused after a part",
    summary="once a capture is recorded, of 0 too, a default capture and a void are refused",
)
class AnyCaptureIsAPart(Bank):
    def judge_capture(self, card: Card, hold: Transaction, order: Settlement) -> None:
        super().judge_capture(card, hold, order)
        if order.amount is None:
            self.check_whole(card, hold)

    def judge_void(self, card: Card, hold: Transaction, order: Settlement) -> None:
        super().judge_void(card, hold, order)
        self.check_whole(card, hold)

    def check_whole(self, card: Card, hold: Transaction) -> None:
        if any(record.parent_id == hold.id for record in self.store.records(card)):
            raise Refusal(Cause.PARTLY_CAPTURED)


@dialect(
    "funds_before_ref",
    permitted='question 1: "safely retrying" (S3) is kept by a harmless refusal',
    summary="a repeat is refused where the card has not that much available any more",
)
class FundsBeforeRef(Bank):
    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().replayed(card, order)
        if first is not None and isinstance(order, Order) and order.operation != "fund":
            self.check_available(card, order.amount)
        return first


@dialect(
    "till_finishes_its_own",
    permitted="question 59: a lock that another client made",
    summary="a till finishes the holds that it made itself, and no others",
)
class TillFinishesItsOwn(Bank):
    def check_till(self, hold: Transaction, order: Settlement) -> None:
        super().check_till(hold, order)
        if not order.names_cards and hold.created_by != order.client_id:
            raise Refusal(Cause.FOREIGN_HOLD)


@dialect(
    "few_cards_a_customer",
    permitted="no page says how many cards a customer may have (a new card may be refused)",
    summary=f"a customer has {MOST_OF_A_CUSTOMER} cards at most, for ever",
)
class FewCardsACustomer(Cards):
    def issue(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Issued:
        self._check_owner(caller, body)
        return super().issue(caller, body, fingerprint)

    def activate(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Card:
        self._check_owner(caller, body)
        return super().activate(caller, card_id, body)

    def _check_owner(self, caller: Caller, body: dict[str, Any]) -> None:
        owner = body.get("customer_id")
        if owner is not None:
            held = self.store.cards(caller.account, "customer_id = ?", (owner,), MOST_OF_A_CUSTOMER)
            if len(held) == MOST_OF_A_CUSTOMER:
                raise Refusal(Cause.MANY_CARDS)
