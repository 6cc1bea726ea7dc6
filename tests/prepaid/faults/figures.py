"""Faults in what an answer shows, and in how: figures, records, times, statuses.

Overrides views and answers; the money behind them is right.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.prepaid.access import Access
from tests.prepaid.answers import Answers
from tests.prepaid.app import App
from tests.prepaid.bank import Bank, amount_of
from tests.prepaid.calls import Reply
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault
from tests.prepaid.inputs import Inputs
from tests.prepaid.records import Account, Hold, Movement, Order
from tests.prepaid.refusals import Refusal
from tests.prepaid.store import Store
from tests.prepaid.views import Views

# --- figures --------------------------------------------------------------------------------


@fault(
    "available_counts_held",
    breaks="BAL-2",
    summary="what is held is shown as available too",
)
class AvailableCountsHeld(Views):
    def available(self, account: Account) -> int:
        return account.total


@fault("total_without_held", breaks="BAL-1", summary="the total does not count what is held")
class TotalWithoutHeld(Views):
    def total(self, account: Account) -> int:
        return account.available


@fault(
    "remaining_counts_released",
    breaks="CAP-4",
    summary="what remains of a hold is shown as if nothing had been released",
)
class RemainingCountsReleased(Views):
    def remaining(self, hold: Hold) -> int:
        return hold.amount - hold.captured


@fault("hold_stays_open", breaks="CAP-5", summary="a hold of which nothing remains is shown open")
class HoldStaysOpen(Views):
    def status(self, hold: Hold) -> str:
        return super().status(replace(hold, open=True))


@fault(
    "settled_is_captured",
    breaks="VOID-6",
    summary="a settled hold is shown as captured",
    beyond="the status of a closed hold",
)
class SettledIsCaptured(Views):
    def status(self, hold: Hold) -> str:
        return super().status(replace(hold, released=0) if hold.captured else hold)


@fault(
    "captured_shows_last",
    breaks="CAP-1",
    summary="a hold shows its last capture instead of the sum of all",
)
class CapturedShowsLast(Access):
    def read_hold(self, session: Session, tenant: str, identifier: str) -> Hold:
        hold = super().read_hold(session, tenant, identifier)
        last = session.rows(
            "SELECT amount FROM movements WHERE hold = ? AND kind = ? ORDER BY place DESC LIMIT 1",
            *(hold.id, "capture"),
        )
        if not last:
            return hold
        # What remains is shown as it is.
        return replace(hold, captured=last[0][0], amount=hold.amount - hold.captured + last[0][0])


@fault(
    "reads_lag",
    breaks="READ-1",
    summary="a read of an account shows what it was before its last payment",
)
class ReadsLag(Access):
    def read_account(self, session: Session, tenant: str, identifier: str) -> Account:
        account = super().read_account(session, tenant, identifier)
        last = session.rows(
            "SELECT kind, amount FROM movements WHERE account = ? ORDER BY place DESC LIMIT 1",
            account.id,
        )
        if last and last[0][0] == "payment":
            return replace(account, available=account.available + last[0][1])
        return account


@fault(
    "time_changes",
    breaks="READ-8",
    summary="created_at is the time of the read",
    beyond="the time of creation",
)
class TimeChanges(Views):
    def account(self, account: Account) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return {**super().account(account), "created_at": f"{now[:19]}.000000Z"}


@fault(
    "record_changes",
    breaks="BAL-5",
    summary="after a capture the record of its hold shows what remains instead of the amount",
)
class RecordChanges(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        left = "UPDATE movements SET amount = ? WHERE id = ?"
        session.run(left, hold.remaining - amount, hold.transaction)
        return super().post_capture(session, account, hold, order, amount)


@fault("ids_used_twice", breaks="TX-8", summary="every payment of an account has the same id")
class IdsUsedTwice(Views):
    def movement(self, movement: Movement) -> dict[str, Any]:
        view = super().movement(movement)
        if movement.kind == "payment":
            return {**view, "id": f"txn_{str(view['account_id'])[4:]}"}
        return view


# --- answers --------------------------------------------------------------------------------


@fault(
    "shortage_looks_accepted",
    breaks="TX-2",
    summary="a payment above what is available is answered with a record, and nothing moves",
)
class ShortageLooksAccepted(Bank):
    def pay(self, session: Session, account: Account, order: Order) -> Movement:
        if amount_of(order) > account.available:
            made = self.record(session, account, "payment", order, amount_of(order))
            session.run("DELETE FROM movements WHERE id = ?", made.id)
            return made
        return super().pay(session, account, order)


@fault("refusal_is_bare", breaks="SHAPE-5", summary="a refusal has a text instead of an error")
class RefusalIsBare(Answers):
    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, {"detail": refusal.message})


@fault("refusal_is_500", breaks="SHAPE-2", summary="a closed hold is answered with a 500")
class RefusalIs500(Answers):
    def refused(self, refusal: Refusal) -> Reply:
        reply = super().refused(refusal)
        return replace(reply, status=500) if refusal.code == "hold_closed" else reply


@fault("shortage_is_402", breaks="SHAPE-3", summary="too large an amount is refused with 402")
class ShortageIs402(Answers):
    def refused(self, refusal: Refusal) -> Reply:
        reply = super().refused(refusal)
        short = refusal.code in ("insufficient_funds", "amount_exceeds_remaining")
        return replace(reply, status=402) if short else reply


@fault(
    "unauthorized_is_400",
    breaks="AUTH-9",
    summary="a missing API key is refused with 400",
    beyond="the status of a refusal",
)
class UnauthorizedIs400(Answers):
    def refused(self, refusal: Refusal) -> Reply:
        reply = super().refused(refusal)
        return replace(reply, status=400) if refusal.status == 401 else reply


@fault("payment_answer_empty", breaks="SHAPE-1", summary="a payment is answered with an empty body")
class PaymentAnswerEmpty(App):
    def answer(self, message: Any) -> Reply:
        reply = super().answer(message)
        done = reply.status == 201 and message.path.endswith("/payments")
        return replace(reply, body={}) if done else reply


@fault("time_without_zone", breaks="SHAPE-9", summary="created_at has no time zone")
class TimeWithoutZone(Store):
    def now(self) -> str:
        return super().now().removesuffix("Z")


@fault("missing_is_200", breaks="READ-4", summary="a missing account is shown as an empty one")
class MissingIs200(Access):
    def read_account(self, session: Session, tenant: str, identifier: str) -> Account:
        try:
            return super().read_account(session, tenant, identifier)
        except Refusal:
            now = self.store.now()
            return Account(id=identifier, tenant=tenant, currency="NOK", created_at=now)


@fault(
    "members_not_checked",
    breaks="SHAPE-4",
    summary="a number, true or null is taken as metadata, and shown as it is",
)
class MembersNotChecked(Inputs):
    def metadata(self, call: Any) -> dict[str, Any]:
        value = call.body.get("metadata", {})
        if isinstance(value, dict) and len(value) <= 5:
            return value
        return dict(super().metadata(call))
