"""Faults in releases: money that is freed twice, not at all, or after the hold is closed.

Overrides the judging and booking of releases; knows nothing of how the suite looks for them.
"""

from dataclasses import replace

from tests.prepaid.bank import Bank
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault
from tests.prepaid.records import Account, Hold, Kind, Movement, Order


@fault(
    "release_frees_twice",
    breaks="VOID-1",
    summary="a partial release makes twice its amount available",
)
class ReleaseFreesTwice(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        extra = amount if amount < hold.remaining else 0
        done = super().post_release(session, account, hold, order, amount)
        self.book(session, account, available=amount + extra, held=-amount)
        return done


@fault(
    "release_of_part_frees_all",
    breaks="VOID-1",
    summary="a partial release makes all that remains available, and leaves the hold open",
)
class ReleaseOfPartFreesAll(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_release(session, account, hold, order, amount)
        self.book(session, account, available=hold.remaining, held=-hold.remaining)
        return done


@fault(
    "release_frees_original",
    breaks="VOID-6",
    summary="the release of the rest after captures makes the first amount available",
)
class ReleaseFreesOriginal(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_release(session, account, hold, order, amount)
        if order.amount is None:
            freed = hold.amount - hold.released
            self.book(session, account, available=freed, held=-amount)
        return done


@fault(
    "release_forgets_parts",
    breaks="VOID-1",
    summary="the release of the rest frees again what was released in parts before",
)
class ReleaseForgetsParts(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_release(session, account, hold, order, amount)
        if order.amount is None:
            freed = hold.amount - hold.captured
            self.book(session, account, available=freed, held=-amount)
        return done


@fault(
    "release_unlimited",
    breaks="VOID-1",
    summary="a release may free more than remains",
)
class ReleaseUnlimited(Bank):
    def release_limit(self, hold: Hold) -> int:
        return 10**15


@fault(
    "release_up_to_original",
    breaks="VOID-6",
    summary="a release is compared with the first amount, so that captured money comes back",
)
class ReleaseUpToOriginal(Bank):
    def release_limit(self, hold: Hold) -> int:
        return hold.amount


@fault(
    "release_again",
    breaks="VOID-2",
    summary="a hold that was released can be released again, and frees its amount once more",
)
class ReleaseAgain(Bank):
    def release_amount(self, hold: Hold, amount: int | None) -> int:
        return hold.amount if self.was_released(hold) else super().release_amount(hold, amount)

    def judge_release(self, hold: Hold, amount: int) -> None:
        if not self.was_released(hold):
            super().judge_release(hold, amount)

    def was_released(self, hold: Hold) -> bool:
        return not hold.open and hold.captured == 0


@fault(
    "release_again_does_nothing",
    breaks="VOID-2",
    summary="a hold that was released can be released again, which moves nothing",
)
class ReleaseAgainDoesNothing(ReleaseAgain):
    def release_amount(self, hold: Hold, amount: int | None) -> int:
        return 0 if self.was_released(hold) else Bank.release_amount(self, hold, amount)


@fault(
    "release_of_captured",
    breaks="VOID-3",
    summary="a hold that is captured whole can be released, and its money comes back",
)
class ReleaseOfCaptured(Bank):
    def release_amount(self, hold: Hold, amount: int | None) -> int:
        return hold.amount if self.was_captured(hold) else super().release_amount(hold, amount)

    def judge_release(self, hold: Hold, amount: int) -> None:
        if not self.was_captured(hold):
            super().judge_release(hold, amount)

    def was_captured(self, hold: Hold) -> bool:
        return hold.captured == hold.amount


@fault(
    "release_keeps_held",
    breaks="VOID-1",
    summary="a release closes the hold, and its money stays held",
)
class ReleaseKeepsHeld(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_release(session, account, hold, order, amount)
        self.store.save_account(session, account)
        return done


@fault(
    "release_is_a_deposit",
    breaks="VOID-1",
    summary="a release adds to what is available and leaves what is held, so the total grows",
)
class ReleaseIsADeposit(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_release(session, account, hold, order, amount)
        self.book(session, account, available=amount)
        return done


@fault(
    "release_loses_money",
    breaks="VOID-1",
    summary="a release takes its amount out of what is held, and nobody gets it",
)
class ReleaseLosesMoney(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_release(session, account, hold, order, amount)
        self.book(session, account, held=-amount)
        return done


@fault(
    "release_of_part_closes_hold",
    breaks="CAP-4",
    summary="a partial release closes the hold, and the rest stays locked for ever",
)
class ReleaseOfPartClosesHold(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_release(session, account, hold, order, amount)
        released = hold.released + amount
        self.store.save_hold(session, replace(hold, released=released, open=False))
        return done


@fault(
    "release_is_a_capture",
    breaks="VOID-1",
    summary="a release after a capture takes the rest out of the account, as a capture would",
)
class ReleaseIsACapture(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        if not hold.captured:
            return super().post_release(session, account, hold, order, amount)
        return self.post_capture(session, account, hold, order, amount)


@fault(
    "release_undoes_captures",
    breaks="VOID-6",
    summary="a release after a capture gives the captured money back as well",
)
class ReleaseUndoesCaptures(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        done = super().post_release(session, account, hold, order, amount)
        self.book(session, account, available=amount + hold.captured, held=-amount)
        return done


@fault(
    "release_has_no_record",
    breaks="BAL-5",
    summary="a release is answered with a record that is not kept",
)
class ReleaseHasNoRecord(Bank):
    def record(
        self,
        session: Session,
        account: Account,
        kind: Kind,
        order: Order,
        amount: int,
        hold: str | None = None,
    ) -> Movement:
        made = super().record(session, account, kind, order, amount, hold)
        if kind == "release":
            session.run("DELETE FROM movements WHERE id = ?", made.id)
        return made
