"""Faults in what becomes of a hold: partial captures, the last one, voids, finished holds.

Overrides methods of the bank; knows nothing of how the suite looks for these.
"""

from dataclasses import replace

from sandbox.bank import Bank
from sandbox.faults.registry import fault
from sandbox.orders import Settlement
from sandbox.records import Card, Transaction
from sandbox.refusals import Cause, Refusal

# --- how much a capture takes ---------------------------------------------------------------


@fault(
    "capture_checks_original",
    breaks="CAP-2",
    summary="a capture is checked against the original amount instead of what remains",
)
class CaptureChecksOriginal(Bank):
    def capture_limit(self, hold: Transaction) -> int:
        return hold.amount


@fault(
    "default_capture_takes_original",
    breaks="CAP-3",
    summary="capture without amount after a partial capture takes the original amount again",
)
class DefaultCaptureTakesOriginal(Bank):
    def capture_amount(self, hold: Transaction, order: Settlement) -> int:
        return hold.amount if order.amount is None else order.amount

    def check_remaining(self, hold: Transaction, order: Settlement) -> None:
        if order.amount is not None:
            super().check_remaining(hold, order)


@fault(
    "zero_capture_takes_everything",
    breaks="CAP-9",
    summary="amount 0 is falsy, so a capture of 0 takes all that remains",
)
class ZeroCaptureTakesEverything(Bank):
    def capture_amount(self, hold: Transaction, order: Settlement) -> int:
        return order.amount or hold.remaining


@fault(
    "capture_one_too_much",
    breaks="CAP-2",
    summary="a capture of one unit more than remains is accepted",
)
class CaptureOneTooMuch(Bank):
    def capture_limit(self, hold: Transaction) -> int:
        return hold.remaining + 1


@fault(
    "capture_of_exact_rest_refused",
    breaks="CAP-4",
    summary="after a partial capture, exactly what remains cannot be captured",
)
class CaptureOfExactRestRefused(Bank):
    def capture_limit(self, hold: Transaction) -> int:
        return hold.remaining - 1 if hold.captured else hold.remaining


@fault(
    "capture_above_is_cut",
    breaks="CAP-2",
    summary="a capture above what remains takes what remains instead of being refused",
)
class CaptureAboveIsCut(Bank):
    def capture_amount(self, hold: Transaction, order: Settlement) -> int:
        return min(super().capture_amount(hold, order), hold.remaining)


@fault(
    "capture_unlimited",
    breaks="CAP-2",
    summary="the amount of a capture is not checked at all",
)
class CaptureUnlimited(Bank):
    def check_remaining(self, hold: Transaction, order: Settlement) -> None:
        pass


# --- what a capture leaves ------------------------------------------------------------------


@fault(
    "partial_capture_releases_rest",
    breaks="CAP-4",
    summary="a partial capture gives the rest of the hold back",
)
class PartialCaptureReleasesRest(Bank):
    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        self.store.move(card, drawn=amount, held=-hold.remaining, gross=-hold.amount)
        self.close_hold(hold, captured=amount, finishes=True, becomes="drawdown")


@fault(
    "capture_leaves_hold_reserved",
    breaks="CAP-1",
    summary="a capture draws the money and leaves it reserved as well",
)
class CaptureLeavesHoldReserved(Bank):
    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        self.store.move(card, drawn=amount)
        self.close_hold(hold, captured=amount, finishes=finishes, becomes="drawdown")


@fault(
    "capture_works_once",
    breaks="CAP-4",
    summary="after a partial capture the rest stays locked and can never be captured",
)
class CaptureWorksOnce(Bank):
    def judge_capture(self, card: Card, hold: Transaction, order: Settlement) -> None:
        super().judge_capture(card, hold, order)
        if hold.captured:
            raise Refusal(Cause.NOT_OPEN)


@fault(
    "capture_unlocks_without_drawing",
    breaks="CAP-1",
    summary="a capture releases the lock and draws nothing",
)
class CaptureUnlocksWithoutDrawing(Bank):
    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        super().post_capture(card, hold, amount, finishes)
        self.store.move(card, drawn=-amount)


@fault(
    "full_capture_stays_open",
    breaks="VOID-3",
    summary="a fully captured hold stays open, so that a capture of nothing or a void is accepted",
)
class FullCaptureStaysOpen(Bank):
    def finishes(self, hold: Transaction, order: Settlement, amount: int) -> bool:
        return False


@fault(
    "capture_restores_snapshot",
    breaks="BAL-1",
    summary="a capture writes back what the card was funded with when the hold was made",
)
class CaptureRestoresSnapshot(Bank):
    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        super().post_capture(card, hold, amount, finishes)
        since = [r for r in self.store.records(card) if r.seq > hold.seq and r.type == "fund"]
        self.store.move(card, funds=-sum(record.amount for record in since))


# --- what may be captured -------------------------------------------------------------------


@fault(
    "capture_after_void",
    breaks="CAP-6",
    summary="a voided hold can still be captured",
)
class CaptureAfterVoid(Bank):
    """A void releases the lock and never changes the state of the transaction."""

    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        self.store.move(card, held=-released, gross=-hold.amount)

    def judge_void(self, card: Card, hold: Transaction, order: Settlement) -> None:
        super().judge_void(card, hold, order)
        if self.was_voided(card, hold):
            raise Refusal(Cause.NOT_OPEN)

    def post_capture(self, card: Card, hold: Transaction, amount: int, finishes: bool) -> None:
        if self.was_voided(card, hold):
            self.store.move(card, held=min(amount, hold.remaining))
        super().post_capture(card, hold, amount, finishes)

    def was_voided(self, card: Card, hold: Transaction) -> bool:
        return any(
            record.operation == "void" and record.parent_id == hold.id
            for record in self.store.records(card)
        )


class CapturesOther(Bank):
    """Lets captures of one more kind of record through, once each."""

    captured = ""

    def check_open(self, hold: Transaction) -> None:
        if hold.operation != self.captured:
            super().check_open(hold)

    def judge_void(self, card: Card, hold: Transaction, order: Settlement) -> None:
        Bank.check_open(self, hold)
        super().judge_void(card, hold, order)

    def capture_limit(self, hold: Transaction) -> int:
        return hold.amount - hold.captured

    def capture_amount(self, hold: Transaction, order: Settlement) -> int:
        return self.capture_limit(hold) if order.amount is None else order.amount


@fault(
    "capture_of_drawdown",
    breaks="CAP-7",
    summary="a plain drawdown can be captured, which draws it again",
)
class CaptureOfDrawdown(CapturesOther):
    captured = "drawdown"


@fault(
    "capture_of_capture",
    breaks="CAP-7",
    summary="the record of a capture can itself be captured",
)
class CaptureOfCapture(CapturesOther):
    captured = "capture"


@fault(
    "capture_of_fund",
    breaks="CAP-7",
    summary="a fund can be captured, which draws what it added",
)
class CaptureOfFund(CapturesOther):
    captured = "fund"


@fault(
    "capture_of_void",
    breaks="CAP-7",
    summary="the record of a void can be captured",
)
class CaptureOfVoid(CapturesOther):
    captured = "void"


# --- void -----------------------------------------------------------------------------------


@fault(
    "void_releases_nothing", breaks="VOID-1", summary="a void closes the hold and unlocks nothing"
)
class VoidReleasesNothing(Bank):
    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        self.close_hold(hold, captured=0, finishes=True, becomes="voided")


@fault(
    "void_gives_back_original",
    breaks="VOID-6",
    summary="a void after a partial capture unlocks the original amount",
)
class VoidGivesBackOriginal(Bank):
    def release_amount(self, hold: Transaction) -> int:
        return hold.amount


@fault(
    "void_refunds_captures",
    breaks="VOID-6",
    summary="a void after a partial capture also gives back what was captured",
)
class VoidRefundsCaptures(Bank):
    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        super().post_void(card, hold, released)
        self.store.move(card, drawn=-hold.captured)


@fault(
    "void_takes_the_money",
    breaks="VOID-1",
    summary="a void draws what was held instead of releasing it",
)
class VoidTakesTheMoney(Bank):
    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        super().post_void(card, hold, released)
        self.store.move(card, drawn=released)


@fault(
    "void_twice", breaks="VOID-2", summary="a voided hold can be voided again, and unlocks again"
)
class VoidTwice(Bank):
    def judge_void(self, card: Card, hold: Transaction, order: Settlement) -> None:
        was_voided = any(
            record.operation == "void" and record.parent_id == hold.id
            for record in self.store.records(card)
        )
        super().judge_void(card, replace(hold, open=1) if was_voided else hold, order)

    def release_amount(self, hold: Transaction) -> int:
        return hold.amount - hold.captured


@fault(
    "void_of_captured",
    breaks="VOID-3",
    summary="a fully captured hold can be voided, which gives the money back",
)
class VoidOfCaptured(Bank):
    def judge_void(self, card: Card, hold: Transaction, order: Settlement) -> None:
        full = hold.operation == "hold" and hold.amount and hold.captured >= hold.amount
        super().judge_void(card, replace(hold, open=1) if full else hold, order)

    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        if hold.open:
            super().post_void(card, hold, released)
        else:
            self.store.move(card, drawn=-hold.captured)


class VoidsOther(Bank):
    """Lets voids of one more kind of record through: the money comes back."""

    voided = ""

    def judge_void(self, card: Card, hold: Transaction, order: Settlement) -> None:
        other = hold.operation == self.voided
        super().judge_void(card, replace(hold, open=1) if other else hold, order)

    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        if hold.operation == self.voided:
            self.store.move(card, drawn=-hold.amount)
        else:
            super().post_void(card, hold, released)


@fault("void_of_drawdown", breaks="VOID-4", summary="a plain drawdown can be voided")
class VoidOfDrawdown(VoidsOther):
    voided = "drawdown"


@fault("void_of_capture", breaks="VOID-4", summary="the record of a capture can be voided")
class VoidOfCapture(VoidsOther):
    voided = "capture"


@fault(
    "void_after_capture_strands_rest",
    breaks="VOID-6",
    summary="a void after a partial capture is accepted and leaves the rest locked",
)
class VoidAfterCaptureStrandsRest(Bank):
    def release_amount(self, hold: Transaction) -> int:
        return 0 if hold.captured else hold.remaining
