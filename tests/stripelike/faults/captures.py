"""Faults in what may be captured, how much, and what a capture books.

Overrides methods of the bank and of payment intents; knows nothing of how the suite looks for them.
"""

from dataclasses import replace

from tests.stripelike.bank import Bank
from tests.stripelike.calls import Call
from tests.stripelike.charges import Charges
from tests.stripelike.faults.registry import fault, part_of
from tests.stripelike.intents import Intents
from tests.stripelike.records import Charge, Intent
from tests.stripelike.refusals import Refusal

# --- how much -------------------------------------------------------------------------------


@fault("capture_unlimited", breaks="CAP-2", summary="the amount of a capture is not checked at all")
class CaptureUnlimited(Bank):
    def judge_capture(self, charge: Charge, amount: int | None) -> None:
        self.check_open(charge)


@fault("capture_one_too_much", breaks="CAP-2", summary="a capture of one unit too much is accepted")
class CaptureOneTooMuch(Bank):
    def capture_limit(self, charge: Charge) -> int:
        return charge.remaining + 1


@fault(
    "capture_above_is_cut",
    breaks="CAP-2",
    summary="a capture above the hold takes the whole hold instead of being refused",
)
class CaptureAboveIsCut(Bank):
    def capture_amount(self, charge: Charge, amount: int | None) -> int:
        return min(super().capture_amount(charge, amount), charge.remaining)


@fault(
    "capture_of_exact_amount_refused",
    breaks="CAP-1",
    summary="a capture that names exactly the amount of the hold is refused",
)
class CaptureOfExactAmountRefused(Bank):
    def judge_capture(self, charge: Charge, amount: int | None) -> None:
        super().judge_capture(charge, amount)
        if amount is not None and amount >= charge.remaining:
            raise self.above("amount_to_capture", "The amount is greater than what is held")


@fault(
    "default_capture_takes_nothing",
    breaks="CAP-3",
    summary="a capture without an amount ends the hold and takes nothing",
)
class DefaultCaptureTakesNothing(Bank):
    def capture_amount(self, charge: Charge, amount: int | None) -> int:
        return amount or 0


@fault(
    "capture_takes_whole_hold",
    breaks="CAP-1",
    summary="the amount of a capture is ignored: all of the hold is taken",
)
class CaptureTakesWholeHold(Bank):
    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        return super().post_capture(charge, charge.remaining, final=final)


@fault(
    "capture_takes_nothing",
    breaks="CAP-1",
    summary="a capture ends the hold and takes no money",
)
class CaptureTakesNothing(Bank):
    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        return super().post_capture(charge, 0, final=final)


@fault(
    "capture_one_too_little",
    breaks="CAP-1",
    summary="a partial capture takes one unit less than it says",
)
class CaptureOneTooLittle(Bank):
    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        part = amount < charge.remaining
        return super().post_capture(charge, amount - 1 if part else amount, final=final)


# --- what is left ---------------------------------------------------------------------------


@fault(
    "rest_stays_held",
    breaks="CAP-4",
    summary="a partial capture does not release the rest; it stays held for good",
    mapping="charges",
)
class RestStaysHeld(Bank):
    def released_rest(self, charge: Charge, rest: int) -> int:
        return 0


@fault(
    "rest_can_be_captured",
    breaks="CAP-5",
    summary="after a partial capture the rest can be captured as well",
)
class RestCanBeCaptured(Bank):
    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        return super().post_capture(charge, amount, final=False)


@fault(
    "rest_released_one_short",
    breaks="CAP-4",
    summary="a partial capture releases one unit less than the rest",
    mapping="charges",
)
class RestReleasedOneShort(Bank):
    def released_rest(self, charge: Charge, rest: int) -> int:
        return max(rest - 1, 0)


@fault(
    "rest_releases_whole_hold",
    breaks="CAP-4",
    summary="a partial capture releases the amount of the whole hold",
    mapping="charges",
)
class RestReleasesWholeHold(Bank):
    def released_rest(self, charge: Charge, rest: int) -> int:
        return charge.amount if rest else 0


# --- what may be captured -------------------------------------------------------------------


class CapturesAgain(Bank):
    """Lets captures of one kind of finished hold through."""

    def finished(self, charge: Charge) -> bool:
        raise NotImplementedError

    def judge_capture(self, charge: Charge, amount: int | None) -> None:
        if self.finished(charge):
            charge = replace(charge, open=True, amount_captured=0, released=0)
        super().judge_capture(charge, amount)

    def capture_amount(self, charge: Charge, amount: int | None) -> int:
        whole = charge.amount if self.finished(charge) else charge.remaining
        return whole if amount is None else amount

    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        if not self.finished(charge):
            return super().post_capture(charge, amount, final=final)
        taken = charge.amount_captured + amount
        return self.store.save(replace(charge, captured=True, amount_captured=taken))


@fault(
    "captured_twice",
    breaks="CAP-5",
    summary="what was captured can be captured again, and is taken again",
)
class CapturedTwice(CapturesAgain):
    def finished(self, charge: Charge) -> bool:
        return charge.captured and not charge.open


@part_of("captured_twice")
class CapturedIntentIsCapturable(Intents):
    capturable = ("requires_capture", "succeeded")


@fault(
    "captured_again_for_nothing",
    breaks="CAP-5",
    summary="a capture of a captured payment intent answers 200 and takes nothing",
    mapping="intents",
)
class CapturedAgainForNothing(Intents):
    def capture(self, call: Call) -> Intent:
        intent = self.access.change(call.account, Intent, call.target, "intent")
        return intent if intent.status == "succeeded" else super().capture(call)


@fault(
    "released_is_captured",
    breaks="CAP-6",
    summary="an uncaptured charge that was refunded can still be captured",
    mapping="charges",
)
class ReleasedIsCaptured(CapturesAgain):
    def finished(self, charge: Charge) -> bool:
        return not charge.captured and not charge.open


@fault(
    "canceled_is_captured",
    breaks="CAP-6",
    summary="a canceled payment intent can still be captured",
    mapping="intents",
)
class CanceledIsCaptured(Intents):
    capturable = ("requires_capture", "canceled")


@part_of("canceled_is_captured")
class CanceledChargeIsCaptured(CapturesAgain):
    def finished(self, charge: Charge) -> bool:
        return charge.intent is not None and not charge.captured and not charge.open


@fault(
    "unconfirmed_is_captured",
    breaks="CAP-7",
    summary="a payment intent that was never confirmed can be captured",
    mapping="intents",
    beyond="a payment intent without a hold",
)
class UnconfirmedIsCaptured(Intents):
    capturable = ("requires_capture", "requires_confirmation")

    def charge_of(self, intent: Intent) -> Charge:
        if intent.charge is None:
            intent = self.confirm(intent)
        return super().charge_of(intent)


@fault(
    "sale_is_captured",
    breaks="CAP-7",
    summary="a charge that was captured at once can be captured, and is taken again",
    mapping="charges",
)
class SaleIsCaptured(CapturesAgain):
    def finished(self, charge: Charge) -> bool:
        return not charge.open and charge.amount_captured == charge.amount


@fault(
    "charge_of_intent_captured",
    breaks="CAP-7",
    summary="the charge of a payment intent is captured by itself; the intent stays capturable",
    beyond="one client that uses both mappings",
)
class ChargeOfIntentCaptured(Charges):
    def capture(self, call: Call) -> Charge:
        charge = self.access.change(call.account, Charge, call.target, "charge")
        if charge.intent is None:
            return super().capture(call)
        return self.bank.capture(charge, self.forms.capture_amount(call.params, "amount"))


@fault(
    "refused_capture_releases",
    breaks="BAL-6",
    summary="a capture above the hold is refused, and the hold is released",
)
class RefusedCaptureReleases(Bank):
    def judge_capture(self, charge: Charge, amount: int | None) -> None:
        try:
            super().judge_capture(charge, amount)
        except Refusal:
            if charge.open:
                self.post_release(charge, charge.remaining)
            raise


@fault(
    "refused_capture_takes_all",
    breaks="BAL-6",
    summary="a capture above the hold is refused, and the hold is captured",
)
class RefusedCaptureTakesAll(Bank):
    def judge_capture(self, charge: Charge, amount: int | None) -> None:
        try:
            super().judge_capture(charge, amount)
        except Refusal:
            if charge.open:
                self.post_capture(charge, charge.remaining, final=True)
            raise


@fault(
    "capture_shrinks_other_hold",
    breaks="BAL-7",
    summary="a capture is also taken from the newest other hold of the account",
)
class CaptureShrinksOtherHold(Bank):
    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        for other in self.store.all(Charge):
            if other.open and other.account == charge.account and other.id != charge.id:
                least = min(amount, other.remaining - 1)
                self.store.save(replace(other, released=other.released + least))
                break
        return super().post_capture(charge, amount, final=final)


@fault(
    "canceled_at_capture",
    breaks="CAP-1",
    summary="a partial capture of a payment intent shows the status canceled",
    mapping="intents",
    beyond="the status of a closed hold",
)
class CanceledAtCapture(Intents):
    def status_after_capture(self, charge: Charge) -> str:
        return "canceled" if charge.released else super().status_after_capture(charge)


@fault(
    "status_stays_after_capture",
    breaks="CAP-1",
    summary="a captured payment intent still shows requires_capture",
    mapping="intents",
)
class StatusStaysAfterCapture(Intents):
    def status_after_capture(self, charge: Charge) -> str:
        return "requires_capture"
