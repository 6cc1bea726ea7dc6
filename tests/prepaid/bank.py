"""What becomes of money: deposit, payment, hold, capture, release.

Judges an order by the account and the hold that it is for, and books it. Both are locked by
whoever calls. Knows nothing of requests. Most faults override this.
"""

from dataclasses import replace

from tests.prepaid.database import Session
from tests.prepaid.money import Money
from tests.prepaid.policy import LONGEST_TOTAL, Policy
from tests.prepaid.records import Account, Hold, Kind, Movement, Order
from tests.prepaid.refusals import Refusal, malformed
from tests.prepaid.store import Store


class Bank:
    """Judges and books. Every amount is in minor units."""

    def __init__(self, store: Store, money: Money, policy: Policy) -> None:
        self.store = store
        self.money = money
        self.policy = policy

    # --- deposit ------------------------------------------------------------------------------

    def deposit(self, session: Session, account: Account, order: Order) -> Movement:
        """Add money.

        Raises:
            Refusal: the account would have more than an account may have.
        """
        self.judge_deposit(account, amount_of(order))
        return self.post_deposit(session, account, order)

    def judge_deposit(self, account: Account, amount: int) -> None:
        most = 10 ** (LONGEST_TOTAL + self.money.digits(account.currency))
        if account.total + amount >= most:
            message = "The account would have more than it may have"
            raise Refusal(422, "balance_limit", message, field="amount")

    def post_deposit(self, session: Session, account: Account, order: Order) -> Movement:
        self.book(session, account, available=amount_of(order))
        return self.record(session, account, "deposit", order, amount_of(order))

    # --- payment ------------------------------------------------------------------------------

    def pay(self, session: Session, account: Account, order: Order) -> Movement:
        """Spend what is available, at once.

        Raises:
            Refusal: that much is not available.
        """
        self.judge_payment(account, amount_of(order))
        return self.post_payment(session, account, order)

    def judge_payment(self, account: Account, amount: int) -> None:
        if amount > self.spendable(account):
            raise self.shortage("insufficient_funds", "That much is not available")

    def spendable(self, account: Account) -> int:
        return account.available

    def post_payment(self, session: Session, account: Account, order: Order) -> Movement:
        self.book(session, account, available=-amount_of(order))
        return self.record(session, account, "payment", order, amount_of(order))

    # --- hold ---------------------------------------------------------------------------------

    def hold(self, session: Session, account: Account, order: Order) -> Hold:
        """Set money aside that is available.

        Raises:
            Refusal: that much is not available.
        """
        self.judge_hold(account, amount_of(order))
        return self.post_hold(session, account, order)

    def judge_hold(self, account: Account, amount: int) -> None:
        if amount > self.spendable(account):
            raise self.shortage("insufficient_funds", "That much is not available")

    def post_hold(self, session: Session, account: Account, order: Order) -> Hold:
        amount = amount_of(order)
        self.book(session, account, available=-amount, held=amount)
        identifier = self.store.new_id("hld")
        movement = self.record(session, account, "hold", order, amount, identifier)
        return self.store.add_hold(
            session,
            Hold(
                id=identifier,
                account=account.id,
                tenant=account.tenant,
                currency=account.currency,
                transaction=movement.id,
                created_at=movement.created_at,
                amount=amount,
                open=amount > 0,
                metadata=order.metadata,
            ),
        )

    # --- capture ------------------------------------------------------------------------------

    def capture(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        """Spend an amount of what a hold set aside, or all that remains; the rest stays held.

        Raises:
            Refusal: the hold is closed, or less than that remains.
        """
        if order.amount is None and self.policy.capture_needs_amount:
            raise malformed("amount is missing", "amount")
        amount = self.capture_amount(hold, order.amount)
        self.judge_capture(hold, amount)
        return self.post_capture(session, account, hold, order, amount)

    def capture_amount(self, hold: Hold, amount: int | None) -> int:
        return hold.remaining if amount is None else amount

    def judge_capture(self, hold: Hold, amount: int) -> None:
        self.judge_open(hold)
        if amount > self.capture_limit(hold):
            raise self.shortage("amount_exceeds_remaining", "Less than that remains")

    def judge_open(self, hold: Hold) -> None:
        if not hold.open:
            raise self.closed()

    def capture_limit(self, hold: Hold) -> int:
        return hold.remaining

    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        self.book(session, account, held=-amount)
        self.save(session, replace(hold, captured=hold.captured + amount))
        return self.record(session, account, "capture", order, amount, hold.id)

    # --- release ------------------------------------------------------------------------------

    def release(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        """Make an amount of what a hold set aside available again, or all that remains.

        Raises:
            Refusal: the hold is closed, or less than that remains.
        """
        amount = self.release_amount(hold, order.amount)
        self.judge_release(hold, amount)
        return self.post_release(session, account, hold, order, amount)

    def release_amount(self, hold: Hold, amount: int | None) -> int:
        return hold.remaining if amount is None else amount

    def judge_release(self, hold: Hold, amount: int) -> None:
        self.judge_open(hold)
        if hold.captured and not self.policy.releases_after_part:
            raise self.closed()
        if amount > self.release_limit(hold):
            raise self.shortage("amount_exceeds_remaining", "Less than that remains")

    def release_limit(self, hold: Hold) -> int:
        return hold.remaining

    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        self.book(session, account, available=amount, held=-amount)
        self.save(session, replace(hold, released=hold.released + amount))
        return self.record(session, account, "release", order, amount, hold.id)

    # --- books --------------------------------------------------------------------------------

    def book(
        self, session: Session, account: Account, *, available: int = 0, held: int = 0
    ) -> None:
        """Change the figures of an account by these amounts."""
        self.store.save_account(
            session,
            replace(account, available=account.available + available, held=account.held + held),
        )

    def save(self, session: Session, hold: Hold) -> Hold:
        """Save a changed hold; one of which nothing remains is closed."""
        return self.store.save_hold(session, replace(hold, open=hold.remaining > 0))

    def record(
        self,
        session: Session,
        account: Account,
        kind: Kind,
        order: Order,
        amount: int,
        hold: str | None = None,
    ) -> Movement:
        """Add the record of a movement."""
        return self.store.add_movement(
            session,
            Movement(
                id=self.store.new_id("txn"),
                kind=kind,
                account=account.id,
                tenant=account.tenant,
                currency=account.currency,
                amount=amount,
                created_at=self.store.now(),
                hold=hold,
                key=order.key,
                metadata=order.metadata,
            ),
        )

    # --- refusals -----------------------------------------------------------------------------

    def shortage(self, code: str, message: str) -> Refusal:
        return Refusal(self.policy.shortage_status, code, message, field="amount")

    def closed(self) -> Refusal:
        return Refusal(self.policy.closed_status, "hold_closed", "The hold is closed")


def amount_of(order: Order) -> int:
    """The amount of an order that has to have one."""
    assert order.amount is not None
    return order.amount
