"""The money: drawdowns, holds, funds, captures and voids, each one unit of work.

Every operation goes the same way inside one database transaction: find the card, answer a repeated
`ref_id`, judge, post. Knows cards, holds and tokens as records; knows no HTTP and no JSON shapes.
"""

import re
import uuid

from sandbox.clock import Clock
from sandbox.orders import Order, Settlement
from sandbox.policy import COUNTABLE, Policy
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.store import Store

CREATIONS = ("drawdown", "hold", "fund", "opening")
BOUNDED_REF = re.compile("[A-Za-z0-9_.:-]{1,255}")
ALL_OPERATIONS = (*CREATIONS, "capture", "void")


class Bank:
    """Moves money, or refuses and moves nothing."""

    def __init__(self, store: Store, clock: Clock, policy: Policy) -> None:
        self.store = store
        self.clock = clock
        self.policy = policy

    # --- create -----------------------------------------------------------------------------

    def create(self, order: Order) -> Transaction:
        with self.store.transaction():
            card, token = self.payer(order)
            first = self.replayed(card, order)
            if first is not None:
                return first
            refusal = self.refusal_of(card, token, order)
            if refusal is None:
                return self.post(card, token, order)
            self.after_refusal(card, token, order)
        raise refusal

    def payer(self, order: Order) -> tuple[Card, Token | None]:
        """The card that an order names, by its id or by a token."""
        if order.token is None:
            assert order.card_id is not None
            return self.card(order.account, order.card_id), None
        token = self.store.token(order.account, order.token)
        if token is None:
            raise Refusal(Cause.NO_TOKEN)
        card = self.store.card_by_seq(token.card)
        if card.deleted:
            raise Refusal(Cause.NO_TOKEN)
        return card, token

    def card(self, account: str, card_id: str) -> Card:
        card = self.store.card(account, card_id)
        if card is None or card.deleted:
            raise Refusal(Cause.NO_CARD)
        return card

    def refusal_of(self, card: Card, token: Token | None, order: Order) -> Refusal | None:
        try:
            self.judge(card, token, order)
        except Refusal as refusal:
            return refusal
        return None

    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        self.check_ref(card, order)
        if token is not None:
            self.check_token(token, order)
        self.check_card(card, order)
        self.check_currency(card, order)
        self.check_zero(order)
        if order.operation == "fund":
            self.check_total(card, order.amount)
        else:
            self.check_available(card, order.amount)

    def check_token(self, token: Token, order: Order) -> None:
        if order.operation == "fund" and not self.policy.fund_by_token:
            raise Refusal(Cause.TOKEN_FUNDS)
        if self.token_has_ended(token):
            raise Refusal(Cause.TOKEN_EXPIRED)
        if token.one_time and token.used:
            raise Refusal(Cause.TOKEN_USED)

    def token_has_ended(self, token: Token) -> bool:
        return token.expires_at < self.clock.now()

    def check_card(self, card: Card, order: Order) -> None:
        if card.inactive and not (order.operation == "fund" and self.policy.fund_inactive):
            raise Refusal(Cause.INACTIVE)
        if self.clock.has_ended(card.expires_at):
            raise Refusal(Cause.EXPIRED)
        if order.operation != "fund" and not self.clock.has_begun(card.active_from):
            raise Refusal(Cause.NOT_YET_ACTIVE)

    def check_currency(self, card: Card, order: Order) -> None:
        if card.currency != order.currency:
            raise Refusal(Cause.WRONG_CURRENCY)

    def check_zero(self, order: Order) -> None:
        if order.amount == 0 and not getattr(self.policy, f"zero_{order.operation}"):
            raise Refusal(Cause.AMOUNT_ZERO)

    def check_available(self, card: Card, amount: int) -> None:
        if amount > card.available:
            raise Refusal(Cause.INSUFFICIENT)

    def check_total(self, card: Card, amount: int) -> None:
        if card.funds + amount > min(COUNTABLE, self.policy.largest_amount):
            raise Refusal(Cause.AMOUNT_TOO_LARGE)

    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        match order.operation:
            case "fund":
                self.store.move(card, funds=order.amount)
            case "hold":
                self.store.move(card, held=order.amount, gross=order.amount)
            case _:
                self.store.move(card, drawn=order.amount)
        if order.operation != "fund":
            self.store.mark_used(card)
        if token is not None and self.ends_token(order):
            self.store.spend_token(token.seq)
        return self.store.add_record(self.new_record(card, token, order))

    def ends_token(self, order: Order) -> bool:
        if order.operation == "fund":
            return self.policy.fund_ends_token
        return order.operation == "drawdown" or self.policy.one_time_ends == "transaction"

    def new_record(self, card: Card, token: Token | None, order: Order) -> Transaction:
        return Transaction(
            seq=0,
            card=card.seq,
            account=card.account,
            id=str(uuid.uuid4()),
            ref_id=order.ref_id,
            operation=order.operation,
            type="pending_capture" if order.operation == "hold" else order.operation,
            amount=order.amount,
            currency=order.currency,
            parent_id=None,
            metadata=order.metadata,
            originated_by=order.originated_by,
            created_at=self.clock.now(),
            created_by=order.client_id,
            by_card_id=order.token is None,
            token=token.seq if token else None,
            captured=0,
            open=order.operation == "hold",
            fingerprint=order.fingerprint,
        )

    def after_refusal(self, card: Card, token: Token | None, order: Order) -> None:
        """What a refused order leaves behind: nothing, unless the policy says so."""
        if self.policy.refused_ref == "spent":
            self.store.spend_ref(card, order.operation, order.ref_id)
        if self.policy.refusal_ends_token and token is not None:
            self.store.spend_token(token.seq)

    # --- ref_id -----------------------------------------------------------------------------

    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        """The first answer to a `ref_id` that was used before, or a refusal, or nothing."""
        first = self.first(card, order)
        if first is None:
            return None
        if first.fingerprint == order.fingerprint:
            if order.operation in self.policy.repeats_refused:
                raise Refusal(Cause.REF_ID_REPEATED)
            return first
        same_operation = first.operation == order.operation
        answer = self.policy.repeat_other if same_operation else self.policy.repeat_across
        if answer == "refuse":
            raise Refusal(Cause.REF_ID_SPENT)
        return first

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return self.store.record_by_ref(card, order.ref_id, self.ref_space(order.operation))

    def ref_space(self, operation: str) -> tuple[str, ...]:
        """The operations that share their ref_ids with this one."""
        if self.policy.ref_scope == "card":
            return ALL_OPERATIONS
        return CREATIONS if operation in CREATIONS else (operation,)

    def check_ref(self, card: Card, order: Order | Settlement) -> None:
        if not (self.policy.ref_any or BOUNDED_REF.fullmatch(order.ref_id)):
            raise Refusal(Cause.REF_ID_SHAPE)
        if self.policy.refused_ref == "spent" and self.store.ref_is_spent(
            card, order.ref_id, self.ref_space(order.operation)
        ):
            raise Refusal(Cause.REF_ID_SPENT)

    # --- capture and void -------------------------------------------------------------------

    def capture(self, order: Settlement) -> Transaction:
        return self.settle(order)

    def void(self, order: Settlement) -> Transaction:
        return self.settle(order)

    def settle(self, order: Settlement) -> Transaction:
        with self.store.transaction():
            hold, card = self.hold(order)
            first = self.replayed(card, order)
            if first is not None:
                return first
            refusal = self.settle_refusal_of(card, hold, order)
            if refusal is None:
                return self.post_settlement(card, hold, order)
            if self.policy.refused_ref == "spent":
                self.store.spend_ref(card, order.operation, order.ref_id)
        raise refusal

    def hold(self, order: Settlement) -> tuple[Transaction, Card]:
        hold = self.store.record(order.account, order.transaction_id)
        if hold is None:
            raise Refusal(Cause.NO_TRANSACTION)
        card = self.store.card_by_seq(hold.card)
        if card.deleted and not self.policy.deleted_holds_live:
            raise Refusal(Cause.NO_TRANSACTION)
        return hold, card

    def settle_refusal_of(self, card: Card, hold: Transaction, order: Settlement) -> Refusal | None:
        try:
            self.check_ref(card, order)
            if order.operation == "capture":
                self.judge_capture(card, hold, order)
            else:
                self.judge_void(card, hold, order)
        except Refusal as refusal:
            return refusal
        return None

    def judge_capture(self, card: Card, hold: Transaction, order: Settlement) -> None:
        self.check_till(hold, order)
        self.check_open(hold)
        if not self.policy.capture_expired and self.clock.has_ended(card.expires_at):
            raise Refusal(Cause.EXPIRED)
        if order.amount is None and hold.captured and self.policy.default_capture == "refuse":
            raise Refusal(Cause.PARTLY_CAPTURED)
        if order.amount == 0 and not self.policy.zero_capture:
            raise Refusal(Cause.AMOUNT_ZERO)
        self.check_remaining(hold, order)

    def check_remaining(self, hold: Transaction, order: Settlement) -> None:
        if self.capture_amount(hold, order) > self.capture_limit(hold):
            raise Refusal(Cause.ABOVE_REMAINING)

    def judge_void(self, card: Card, hold: Transaction, order: Settlement) -> None:
        self.check_till(hold, order)
        self.check_open(hold)
        if not self.policy.void_expired and self.clock.has_ended(card.expires_at):
            raise Refusal(Cause.EXPIRED)
        if hold.captured and not self.policy.void_after_capture:
            raise Refusal(Cause.PARTLY_CAPTURED)

    def check_till(self, hold: Transaction, order: Settlement) -> None:
        if hold.by_card_id and not order.names_cards and not self.policy.till_finishes_any:
            raise Refusal(Cause.FOREIGN_HOLD)

    def check_open(self, hold: Transaction) -> None:
        if not hold.open:
            raise Refusal(Cause.NOT_OPEN)

    def capture_amount(self, hold: Transaction, order: Settlement) -> int:
        return hold.remaining if order.amount is None else order.amount

    def capture_limit(self, hold: Transaction) -> int:
        return hold.remaining

    def post_settlement(self, card: Card, hold: Transaction, order: Settlement) -> Transaction:
        if order.operation == "capture":
            amount = self.capture_amount(hold, order)
            self.post_capture(card, hold, amount, finishes=self.finishes(hold, order, amount))
            return self.store.add_record(self.child(hold, order, "drawdown", amount))
        released = self.release_amount(hold)
        self.post_void(card, hold, released)
        shown = released if self.policy.void_amount == "released" else hold.amount
        return self.store.add_record(self.child(hold, order, "voided", shown))

    def finishes(self, hold: Transaction, order: Settlement, amount: int) -> bool:
        """Is nothing left to capture? A hold of 0 ends by a capture of all of it, which is 0."""
        return amount >= hold.remaining and (amount > 0 or order.amount is None)

    def release_amount(self, hold: Transaction) -> int:
        return hold.remaining

    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        unlocked = min(amount, hold.remaining)
        ended = hold.amount if finishes else 0
        self.store.move(card, drawn=amount, captured=amount, held=-unlocked, gross=-ended)
        self.close_hold(hold, captured=amount, finishes=finishes, becomes="drawdown")
        if hold.token is not None and self.policy.one_time_ends == "drawn":
            self.store.spend_token(hold.token)

    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        self.store.move(card, held=-released, gross=-hold.amount)
        self.close_hold(hold, captured=0, finishes=True, becomes="voided")

    def close_hold(self, hold: Transaction, *, captured: int, finishes: bool, becomes: str) -> None:
        follows = finishes and self.policy.finished_type == "follows"
        self.store.settle(
            hold,
            captured=captured,
            open_=not finishes,
            type_=becomes if follows else hold.type,
        )

    def child(self, hold: Transaction, order: Settlement, type_: str, amount: int) -> Transaction:
        """The record of a capture or a void."""
        inherits = self.policy.child_inherits
        return Transaction(
            seq=0,
            card=hold.card,
            account=hold.account,
            id=str(uuid.uuid4()),
            ref_id=order.ref_id,
            operation=order.operation,
            type=type_,
            amount=amount,
            currency=hold.currency,
            parent_id=hold.id,
            metadata=order.metadata or (hold.metadata if inherits else None),
            originated_by=hold.originated_by if inherits else None,
            created_at=self.clock.now(),
            created_by=order.client_id,
            by_card_id=hold.by_card_id,
            token=None,
            captured=0,
            open=0,
            fingerprint=order.fingerprint,
        )
