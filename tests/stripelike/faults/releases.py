"""Faults in voids and refunds: what is released, given back, and how often.

Overrides methods of the bank and of payment intents; knows nothing of how the suite looks for them.
"""

from dataclasses import replace

from tests.stripelike.bank import Bank
from tests.stripelike.charges import Charges
from tests.stripelike.faults.registry import fault
from tests.stripelike.intents import CANCELABLE, Intents
from tests.stripelike.records import Charge, Intent

# --- void of a payment intent ---------------------------------------------------------------


@fault(
    "cancel_releases_nothing",
    breaks="VOID-1",
    summary="a canceled payment intent still holds its money",
    mapping="intents",
)
class CancelReleasesNothing(Intents):
    def release(self, intent: Intent) -> None:
        pass


@fault(
    "cancel_takes_the_money",
    breaks="VOID-1",
    summary="a cancel captures the hold instead of releasing it",
    mapping="intents",
)
class CancelTakesTheMoney(Intents):
    def release(self, intent: Intent) -> None:
        if intent.charge is not None:
            self.bank.capture(self.charge_of(intent), None)


@fault(
    "cancel_refused",
    breaks="VOID-1",
    summary="a payment intent on hold cannot be canceled",
    mapping="intents",
)
class CancelRefused(Intents):
    cancelable = ("requires_payment_method", "requires_confirmation")


@fault(
    "canceled_twice",
    breaks="VOID-2",
    summary="a canceled payment intent can be canceled again, which answers 200",
    mapping="intents",
)
class CanceledTwice(Intents):
    cancelable = (*CANCELABLE, "canceled")

    def release(self, intent: Intent) -> None:
        if intent.status != "canceled":
            super().release(intent)


@fault(
    "captured_is_canceled",
    breaks="VOID-3",
    summary="a captured payment intent can be canceled, which gives the money back",
    mapping="intents",
)
class CapturedIsCanceled(Intents):
    cancelable = (*CANCELABLE, "succeeded")

    def release(self, intent: Intent) -> None:
        if intent.status != "succeeded":
            super().release(intent)
            return
        charge = self.charge_of(intent)
        self.store.save(replace(charge, amount_captured=0, released=charge.amount))


@fault(
    "captured_is_canceled_in_name",
    breaks="VOID-3",
    summary="a captured payment intent can be canceled; the money stays captured",
    mapping="intents",
)
class CapturedIsCanceledInName(Intents):
    cancelable = (*CANCELABLE, "succeeded")

    def release(self, intent: Intent) -> None:
        if intent.status != "succeeded":
            super().release(intent)


@fault(
    "partly_captured_is_canceled",
    breaks="VOID-3",
    summary="after a partial capture a payment intent can be canceled",
    mapping="intents",
)
class PartlyCapturedIsCanceled(Intents):
    def check_status(self, intent: Intent, permitted: tuple[str, ...]) -> None:
        if permitted is self.cancelable and self.is_partly_captured(intent):
            return
        super().check_status(intent, permitted)

    def is_partly_captured(self, intent: Intent) -> bool:
        if intent.charge is None:
            return False
        return 0 < self.charge_of(intent).amount_captured < intent.amount

    def release(self, intent: Intent) -> None:
        if not self.is_partly_captured(intent):
            super().release(intent)


# --- void of a charge -----------------------------------------------------------------------


@fault(
    "release_keeps_hold_open",
    breaks="CAP-6",
    summary="a refund of an uncaptured charge is recorded, and the charge can still be captured",
)
class ReleaseKeepsHoldOpen(Bank):
    def post_release(self, charge: Charge, amount: int) -> Charge:
        released = super().post_release(charge, amount)
        self.store.save(replace(charge, open=True))
        return released


@fault(
    "released_twice",
    breaks="VOID-2",
    summary="an uncaptured charge can be refunded again and again",
    mapping="charges",
)
class ReleasedTwice(Bank):
    def judge_refund(self, charge: Charge, amount: int | None) -> None:
        if charge.captured or charge.intent is not None:
            super().judge_refund(charge, amount)

    def refundable(self, charge: Charge) -> int:
        is_other = charge.captured or charge.intent is not None
        return super().refundable(charge) if is_other else charge.amount


@fault(
    "release_of_part_releases_all",
    breaks="VOID-1",
    summary="a refund of a part of an uncaptured charge releases all of it",
    mapping="charges",
    beyond="refunds of a part",
)
class ReleaseOfPartReleasesAll(Bank):
    def judge_release(self, charge: Charge, amount: int | None) -> None:
        super().judge_release(charge, None)

    def post_release(self, charge: Charge, amount: int) -> Charge:
        return super().post_release(charge, charge.remaining)


@fault(
    "release_above_accepted",
    breaks="VOID-1",
    summary="a refund of more than an uncaptured charge holds is accepted",
    mapping="charges",
    beyond="refunds of a part",
)
class ReleaseAboveAccepted(Bank):
    def judge_release(self, charge: Charge, amount: int | None) -> None:
        super().judge_release(charge, None if amount and amount > charge.remaining else amount)


@fault(
    "release_captures_first",
    breaks="VOID-1",
    summary="a refund of an uncaptured charge captures it and then gives the money back",
)
class ReleaseCapturesFirst(Bank):
    def post_release(self, charge: Charge, amount: int) -> Charge:
        captured = self.post_capture(charge, amount, final=True)
        self.store.save(replace(captured, given_back=amount))
        return replace(captured, released=amount)


# --- refund of what was captured ------------------------------------------------------------


@fault(
    "refund_above_captured",
    breaks="REFUND-2",
    summary="more can be refunded than was captured, up to the amount of the hold",
)
class RefundAboveCaptured(Bank):
    def refundable(self, charge: Charge) -> int:
        return charge.amount - charge.given_back if charge.captured else 0


@fault(
    "refunds_do_not_add_up",
    breaks="REFUND-2",
    summary="each refund is checked against all that was captured, whatever was refunded before",
)
class RefundsDoNotAddUp(Bank):
    def refundable(self, charge: Charge) -> int:
        return charge.amount_captured


@fault(
    "refund_default_gives_all_again",
    breaks="REFUND-1",
    summary="a refund without an amount, after one of a part, gives all of it back",
    mapping="charges",
)
class RefundDefaultGivesAllAgain(Bank):
    def post_refund(self, charge: Charge, amount: int) -> Charge:
        rest = amount == self.refundable(charge)
        return super().post_refund(charge, charge.amount_captured if rest else amount)


@fault(
    "refund_booked_elsewhere",
    breaks="BAL-7",
    summary="a refund is booked on the newest captured charge of the account",
    mapping="charges",
)
class RefundBookedElsewhere(Bank):
    def post_refund(self, charge: Charge, amount: int) -> Charge:
        for other in self.store.all(Charge):
            if other.captured and other.account == charge.account:
                self.store.save(replace(other, given_back=other.given_back + amount))
                break
        return replace(charge, given_back=charge.given_back + amount)


@fault(
    "refund_of_held_intent",
    breaks="BAL-6",
    summary="a refund of a payment intent on hold is refused, and the hold is released",
    beyond="one client that uses both mappings",
)
class RefundOfHeldIntent(Charges):
    def give_back(self, charge: Charge, amount: int | None) -> int:
        if charge.open and charge.intent is not None:
            self.bank.release(charge)
            charge = replace(charge, open=True)
        return super().give_back(charge, amount)


@fault(
    "refund_of_canceled_intent",
    breaks="REFUND-3",
    summary="a payment intent that was canceled is refunded, though nothing was captured",
    mapping="intents",
)
class RefundOfCanceledIntent(Charges):
    def give_back(self, charge: Charge, amount: int | None) -> int:
        if charge.intent is not None and not charge.open and not charge.captured:
            return charge.amount if amount is None else amount
        return super().give_back(charge, amount)
