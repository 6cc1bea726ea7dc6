"""Faults in captures: too much, too little, too often, or booked wrongly.

Overrides the judging and booking of captures; knows nothing of how the suite looks for them.
"""

from dataclasses import replace

from tests.prepaid.bank import Bank
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault
from tests.prepaid.records import Account, Hold, Kind, Movement, Order


@fault("capture_unlimited", breaks="CAP-2", summary="a capture may take more than remains")
class CaptureUnlimited(Bank):
    def capture_limit(self, hold: Hold) -> int:
        return 10**15


@fault(
    "capture_up_to_original",
    breaks="CAP-2",
    summary="each capture is compared with the first amount of the hold, not with what remains",
)
class CaptureUpToOriginal(Bank):
    def capture_limit(self, hold: Hold) -> int:
        return hold.amount


@fault(
    "capture_forgets_releases",
    breaks="CAP-2",
    summary="a capture may take what is not captured yet, also where that was released",
)
class CaptureForgetsReleases(Bank):
    def capture_limit(self, hold: Hold) -> int:
        return hold.amount - hold.captured


@fault(
    "capture_one_unit_above",
    breaks="CAP-2",
    summary="a capture may take one minor unit more than remains",
)
class CaptureOneUnitAbove(Bank):
    def capture_limit(self, hold: Hold) -> int:
        return hold.remaining + 1


@fault(
    "capture_not_of_the_whole",
    breaks="CAP-1",
    summary="a capture of exactly what remains is refused if the amount is given",
)
class CaptureNotOfTheWhole(Bank):
    def capture(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        if order.amount == hold.remaining:
            raise self.shortage("amount_exceeds_remaining", "Less than that remains")
        return super().capture(session, account, hold, order)


@fault(
    "capture_clipped",
    breaks="CAP-2",
    summary="a capture of more than remains is taken, and cut to what remains",
)
class CaptureClipped(Bank):
    def capture_amount(self, hold: Hold, amount: int | None) -> int:
        return min(super().capture_amount(hold, amount), hold.remaining)


@fault(
    "capture_after_release",
    breaks="CAP-6",
    summary="a hold that was released whole can be captured with an amount",
)
class CaptureAfterRelease(Bank):
    def judge_capture(self, hold: Hold, amount: int) -> None:
        if hold.open or hold.captured or amount > hold.amount:
            super().judge_capture(hold, amount)


@fault(
    "capture_after_all_is_captured",
    breaks="CAP-5",
    summary="a hold that is captured whole can be captured again up to its first amount",
)
class CaptureAfterAllIsCaptured(Bank):
    def judge_capture(self, hold: Hold, amount: int) -> None:
        if hold.captured < hold.amount or amount > hold.amount:
            super().judge_capture(hold, amount)


@fault(
    "capture_default_is_original",
    breaks="CAP-3",
    summary="a capture without an amount takes the first amount of the hold, also after a part",
)
class CaptureDefaultIsOriginal(Bank):
    def capture(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        if order.amount is None and hold.open:
            return self.post_capture(session, account, hold, order, hold.amount)
        return super().capture(session, account, hold, order)


@fault(
    "capture_default_is_too_much",
    breaks="CAP-3",
    summary="a capture without an amount is refused after a part: it asks for the first amount",
)
class CaptureDefaultIsTooMuch(Bank):
    def capture_amount(self, hold: Hold, amount: int | None) -> int:
        return hold.amount if amount is None else amount


@fault(
    "capture_default_forgets_releases",
    breaks="CAP-3",
    summary="a capture without an amount takes what was released before as well",
)
class CaptureDefaultForgetsReleases(Bank):
    def capture(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        if order.amount is None and hold.open:
            taken = hold.amount - hold.captured
            return self.post_capture(session, account, hold, order, taken)
        return super().capture(session, account, hold, order)


@fault(
    "capture_releases_rest",
    breaks="CAP-4",
    summary="a partial capture makes the rest available, and closes the hold",
)
class CaptureReleasesRest(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        rest = hold.remaining - amount
        self.book(session, account, held=-hold.remaining, available=rest)
        self.save(session, replace(hold, captured=hold.captured + amount, released=rest))
        return self.record(session, account, "capture", order, amount, hold.id)


@fault(
    "capture_closes_hold",
    breaks="CAP-4",
    summary="a partial capture closes the hold, and the rest stays locked for ever",
)
class CaptureClosesHold(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_capture(session, account, hold, order, amount)
        captured = hold.captured + amount
        self.store.save_hold(session, replace(hold, captured=captured, open=False))
        return done


@fault(
    "capture_loses_rest",
    breaks="BAL-1",
    summary="a partial capture takes the whole of the hold out of the account",
)
class CaptureLosesRest(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        self.book(session, account, held=-hold.remaining)
        self.save(session, replace(hold, captured=hold.captured + amount))
        return self.record(session, account, "capture", order, amount, hold.id)


@fault(
    "capture_draws_twice",
    breaks="CAP-1",
    summary="a capture takes its amount out of what is held and out of what is available",
)
class CaptureDrawsTwice(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_capture(session, account, hold, order, amount)
        held = account.held - amount
        self.book(session, replace(account, held=held), available=-min(amount, account.available))
        return done


@fault(
    "capture_draws_nothing",
    breaks="CAP-1",
    summary="a capture closes the hold but gives its amount back to the account",
)
class CaptureDrawsNothing(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_capture(session, account, hold, order, amount)
        self.book(session, replace(account, held=account.held - amount), available=amount)
        return done


@fault(
    "capture_leaves_held",
    breaks="BAL-2",
    summary="a capture is paid out of what is available; what is held stays held",
)
class CaptureLeavesHeld(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_capture(session, account, hold, order, amount)
        self.book(session, account, available=-min(amount, account.available))
        return done


@fault(
    "capture_takes_last_unit",
    breaks="CAP-1",
    summary="a capture that leaves one minor unit takes that too",
)
class CaptureTakesLastUnit(Bank):
    def capture_amount(self, hold: Hold, amount: int | None) -> int:
        return (
            hold.remaining if amount == hold.remaining - 1 else super().capture_amount(hold, amount)
        )


@fault(
    "third_capture_refused",
    breaks="CAP-4",
    summary="a hold takes two captures; the third one is refused",
)
class ThirdCaptureRefused(Bank):
    def capture(self, session: Session, account: Account, hold: Hold, order: Order) -> Movement:
        count = "SELECT count(*) FROM movements WHERE hold = ? AND kind = ?"
        if session.rows(count, hold.id, "capture")[0][0] >= 2:
            raise self.closed()
        return super().capture(session, account, hold, order)


@fault(
    "capture_records_remaining",
    breaks="CAP-8",
    summary="the record of a capture states what remained instead of what was captured",
)
class CaptureRecordsRemaining(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        self.book(session, account, held=-amount)
        self.save(session, replace(hold, captured=hold.captured + amount))
        return self.record(session, account, "capture", order, hold.remaining, hold.id)


@fault(
    "capture_not_linked",
    breaks="CAP-8",
    summary="the record of a capture does not name its hold",
)
class CaptureNotLinked(Bank):
    def record(
        self,
        session: Session,
        account: Account,
        kind: Kind,
        order: Order,
        amount: int,
        hold: str | None = None,
    ) -> Movement:
        linked = None if kind == "capture" else hold
        return super().record(session, account, kind, order, amount, linked)
