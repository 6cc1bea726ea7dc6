"""Faults in deposits, payments and holds: overdrafts, wrong figures, wrong records.

Overrides the judging and booking of these; knows nothing of how the suite looks for them.
"""

from dataclasses import replace

from tests.prepaid.bank import Bank, amount_of
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault
from tests.prepaid.inputs import Inputs
from tests.prepaid.records import Account, Hold, Kind, Movement, Order
from tests.prepaid.refusals import Refusal


@fault(
    "payment_ignores_holds",
    breaks="TX-2",
    summary="a payment is compared with the total, so it may spend what is held",
)
class PaymentIgnoresHolds(Bank):
    def judge_payment(self, account: Account, amount: int) -> None:
        super().judge_payment(replace(account, available=account.total), amount)


@fault(
    "hold_ignores_holds",
    breaks="TX-2",
    summary="a hold is compared with the total, so money can be held twice",
)
class HoldIgnoresHolds(Bank):
    def judge_hold(self, account: Account, amount: int) -> None:
        super().judge_hold(replace(account, available=account.total), amount)


@fault("payment_unlimited", breaks="TX-2", summary="a payment may be more than is available")
class PaymentUnlimited(Bank):
    def judge_payment(self, account: Account, amount: int) -> None:
        return


@fault("hold_unlimited", breaks="TX-2", summary="a hold may be more than is available")
class HoldUnlimited(Bank):
    def judge_hold(self, account: Account, amount: int) -> None:
        return


@fault(
    "payment_one_unit_above",
    breaks="TX-2",
    summary="a payment may be one minor unit more than is available",
)
class PaymentOneUnitAbove(Bank):
    def judge_payment(self, account: Account, amount: int) -> None:
        super().judge_payment(account, amount - 1)


@fault(
    "payment_not_of_the_whole",
    breaks="TX-1",
    summary="a payment of exactly what is available is refused",
)
class PaymentNotOfTheWhole(Bank):
    def judge_payment(self, account: Account, amount: int) -> None:
        super().judge_payment(account, amount + 1)


@fault(
    "payment_clipped",
    breaks="TX-2",
    summary="a payment above what is available is taken, and cut to what is available",
)
class PaymentClipped(Bank):
    def pay(self, session: Session, account: Account, order: Order) -> Movement:
        if account.available:
            amount = min(amount_of(order), account.available)
            return self.post_payment(session, account, replace(order, amount=amount))
        return super().pay(session, account, order)


@fault(
    "payment_does_not_draw",
    breaks="TX-1",
    summary="a payment is recorded, and nothing is taken",
)
class PaymentDoesNotDraw(Bank):
    def post_payment(self, session: Session, account: Account, order: Order) -> Movement:
        return self.record(session, account, "payment", order, amount_of(order))


@fault("hold_draws", breaks="TX-5", summary="a hold takes its amount out of the total")
class HoldDraws(Bank):
    def post_hold(self, session: Session, account: Account, order: Order) -> Hold:
        made = super().post_hold(session, account, order)
        self.book(session, account, available=-amount_of(order))
        return made


@fault(
    "hold_locks_nothing",
    breaks="TX-5",
    summary="a hold counts as held, and stays available",
)
class HoldLocksNothing(Bank):
    def post_hold(self, session: Session, account: Account, order: Order) -> Hold:
        made = super().post_hold(session, account, order)
        self.book(session, account, held=amount_of(order))
        return made


@fault(
    "hold_replaces_hold",
    breaks="BAL-2",
    summary="a second hold replaces the figure of the first one instead of adding to it",
)
class HoldReplacesHold(Bank):
    def post_hold(self, session: Session, account: Account, order: Order) -> Hold:
        made = super().post_hold(session, account, order)
        amount = amount_of(order)
        available = account.total - amount
        self.store.save_account(session, replace(account, available=available, held=amount))
        return made


@fault("deposit_twice", breaks="FUND-1", summary="a deposit is added twice")
class DepositTwice(Bank):
    def post_deposit(self, session: Session, account: Account, order: Order) -> Movement:
        done = super().post_deposit(session, account, order)
        self.book(session, account, available=2 * amount_of(order))
        return done


@fault(
    "deposit_refused_while_held",
    breaks="FUND-2",
    summary="a deposit is refused while money is held",
)
class DepositRefusedWhileHeld(Bank):
    def judge_deposit(self, account: Account, amount: int) -> None:
        super().judge_deposit(account, amount)
        if account.held:
            raise self.closed()


@fault(
    "deposit_frees_holds",
    breaks="BAL-2",
    summary="a deposit computes what is available anew, and forgets what is held",
)
class DepositFreesHolds(Bank):
    def post_deposit(self, session: Session, account: Account, order: Order) -> Movement:
        done = super().post_deposit(session, account, order)
        self.book(session, account, available=account.held + amount_of(order))
        return done


@fault(
    "deposit_to_held",
    breaks="FUND-2",
    summary="a deposit while money is held is added to what is held",
)
class DepositToHeld(Bank):
    def post_deposit(self, session: Session, account: Account, order: Order) -> Movement:
        done = super().post_deposit(session, account, order)
        if account.held:
            self.book(session, account, held=amount_of(order))
        return done


@fault(
    "payment_of_another_account",
    breaks="BAL-7",
    summary="a payment is taken from the newest account of the currency, if that has enough",
)
class PaymentOfAnotherAccount(Bank):
    def post_payment(self, session: Session, account: Account, order: Order) -> Movement:
        newest = session.rows(
            "SELECT id FROM accounts WHERE tenant = ? AND currency = ? AND available >= ?"
            " ORDER BY created_at DESC LIMIT 1",
            *(account.tenant, account.currency, amount_of(order)),
        )
        payer = self.store.lock_account(session, newest[0][0]) if newest else None
        self.book(session, payer or account, available=-amount_of(order))
        return self.record(session, account, "payment", order, amount_of(order))


# --- currency -------------------------------------------------------------------------------


@fault(
    "currency_not_compared",
    breaks="TX-3",
    summary="a movement in another currency is taken as one in that of the account",
)
class CurrencyNotCompared(Inputs):
    def judge_currency(self, asked: str, currency: str) -> None:
        return


@fault(
    "currency_compared_by_digits",
    breaks="TX-3",
    summary="a movement in another currency is taken if that has as many digits",
)
class CurrencyComparedByDigits(Inputs):
    def judge_currency(self, asked: str, currency: str) -> None:
        if self.money.digits(asked) != self.money.digits(currency):
            super().judge_currency(asked, currency)


# --- records --------------------------------------------------------------------------------


@fault(
    "deposit_recorded_as_payment",
    breaks="FUND-4",
    summary="a deposit has a record of the type payment",
)
class DepositRecordedAsPayment(Bank):
    def post_deposit(self, session: Session, account: Account, order: Order) -> Movement:
        self.book(session, account, available=amount_of(order))
        return self.record(session, account, "payment", order, amount_of(order))


@fault("metadata_lost", breaks="TX-4", summary="metadata is not kept")
class MetadataLost(Bank):
    def record(
        self,
        session: Session,
        account: Account,
        kind: Kind,
        order: Order,
        amount: int,
        hold: str | None = None,
    ) -> Movement:
        bare = replace(order, metadata={})
        return super().record(session, account, kind, bare, amount, hold)


@fault("key_not_recorded", breaks="TX-4", summary="records do not state their idempotency key")
class KeyNotRecorded(Bank):
    def record(
        self,
        session: Session,
        account: Account,
        kind: Kind,
        order: Order,
        amount: int,
        hold: str | None = None,
    ) -> Movement:
        bare = replace(order, key=None)
        return super().record(session, account, kind, bare, amount, hold)


# --- refusals that move money ---------------------------------------------------------------


@fault(
    "refused_payment_draws",
    breaks="BAL-6",
    summary="a refused payment takes what is available",
)
class RefusedPaymentDraws(Bank):
    def pay(self, session: Session, account: Account, order: Order) -> Movement:
        try:
            return super().pay(session, account, order)
        except Refusal:
            self.book(session, account, available=-account.available)
            session.keep()
            raise


@fault(
    "refused_hold_locks",
    breaks="BAL-6",
    summary="a refused hold locks what is available",
)
class RefusedHoldLocks(Bank):
    def hold(self, session: Session, account: Account, order: Order) -> Hold:
        try:
            return super().hold(session, account, order)
        except Refusal:
            rest = account.available
            self.book(session, account, available=-rest, held=rest)
            session.keep()
            raise


@fault(
    "refused_capture_captures",
    breaks="BAL-6",
    summary="a refused capture of an open hold takes what remains",
)
class RefusedCaptureCaptures(Bank):
    def capture(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        try:
            return super().capture(session, account, hold, order)
        except Refusal:
            if hold.open:
                self.post_capture(session, account, hold, order, hold.remaining)
                session.keep()
            raise


@fault(
    "refused_capture_releases",
    breaks="BAL-6",
    summary="a refused capture of an open hold releases it",
)
class RefusedCaptureReleases(Bank):
    def capture(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        try:
            return super().capture(session, account, hold, order)
        except Refusal:
            if hold.open:
                self.post_release(session, account, hold, order, hold.remaining)
                session.keep()
            raise


@fault(
    "refused_release_closes",
    breaks="BAL-6",
    summary="a refused release of an open hold closes it",
)
class RefusedReleaseCloses(Bank):
    def release(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        try:
            return super().release(session, account, hold, order)
        except Refusal:
            self.store.save_hold(session, replace(hold, open=False))
            session.keep()
            raise


@fault(
    "refused_payment_has_record",
    breaks="BAL-5",
    summary="a refused payment has a record in the list",
)
class RefusedPaymentHasRecord(Bank):
    def pay(self, session: Session, account: Account, order: Order) -> Movement:
        try:
            return super().pay(session, account, order)
        except Refusal:
            self.record(session, account, "payment", order, amount_of(order))
            session.keep()
            raise
