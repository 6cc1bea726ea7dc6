"""What becomes of the money of a hold: hold, capture, release, refund.

Judges a command by the charge alone, and books it. Knows nothing of requests, and of payment
intents only that a charge may belong to one.
"""

from dataclasses import replace

from tests.stripelike.policy import Policy
from tests.stripelike.records import Charge
from tests.stripelike.refusals import Refusal
from tests.stripelike.store import Store


class Bank:
    """Judges and books. Every amount is in minor units."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self.store = store
        self.policy = policy

    # --- hold ---------------------------------------------------------------------------------

    def hold(self, charge: Charge, *, capture: bool) -> Charge:
        """Book a new hold; with `capture` it is captured at once."""
        self.store.save(charge)
        return self.post_capture(charge, charge.amount, final=True) if capture else charge

    # --- capture ------------------------------------------------------------------------------

    def capture(self, charge: Charge, amount: int | None, *, final: bool = True) -> Charge:
        """Capture an amount, or all that remains; a final capture releases the rest.

        Raises:
            Refusal: the hold is over, or has less.
        """
        self.judge_capture(charge, amount)
        return self.post_capture(charge, self.capture_amount(charge, amount), final=final)

    def judge_capture(self, charge: Charge, amount: int | None) -> None:
        self.check_open(charge)
        if self.capture_amount(charge, amount) > self.capture_limit(charge):
            raise self.above("amount_to_capture", "The amount is greater than what is held")

    def check_open(self, charge: Charge) -> None:
        if charge.open:
            return
        if charge.captured:
            raise Refusal(400, "It has already been captured.", code="charge_already_captured")
        raise Refusal(400, "It has already been refunded.", code="charge_already_refunded")

    def capture_amount(self, charge: Charge, amount: int | None) -> int:
        return charge.remaining if amount is None else amount

    def capture_limit(self, charge: Charge) -> int:
        return charge.remaining

    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        rest = charge.remaining - amount
        released = self.released_rest(charge, rest) if final else 0
        return self.store.save(
            replace(
                charge,
                captured=True,
                open=not final and rest > 0,
                amount_captured=charge.amount_captured + amount,
                released=charge.released + released,
            )
        )

    def released_rest(self, charge: Charge, rest: int) -> int:
        """How much of the rest a final capture of a hold releases."""
        return rest

    # --- release ------------------------------------------------------------------------------

    def release(self, charge: Charge, amount: int | None = None) -> Charge:
        """Release an uncaptured hold: all that remains, or a part where the policy permits it.

        Raises:
            Refusal: the hold is over, or has less, or only the whole may be released.
        """
        self.judge_release(charge, amount)
        return self.post_release(charge, charge.remaining if amount is None else amount)

    def judge_release(self, charge: Charge, amount: int | None) -> None:
        self.check_open(charge)
        if amount is not None and amount > charge.remaining:
            raise self.above("amount", "The amount is greater than what is held")
        if amount is not None and amount < charge.remaining and not self.policy.releases_in_part:
            raise Refusal(400, "An uncaptured charge is refunded whole", param="amount")

    def post_release(self, charge: Charge, amount: int) -> Charge:
        rest = charge.remaining - amount
        return self.store.save(replace(charge, released=charge.released + amount, open=rest > 0))

    # --- refund -------------------------------------------------------------------------------

    def refund(self, charge: Charge, amount: int | None) -> Charge:
        """Give back captured money: an amount, or all that is not given back yet.

        Raises:
            Refusal: that much is not left.
        """
        self.judge_refund(charge, amount)
        return self.post_refund(charge, self.refundable(charge) if amount is None else amount)

    def judge_refund(self, charge: Charge, amount: int | None) -> None:
        left = self.refundable(charge)
        if left <= 0:
            raise Refusal(400, "It has already been refunded.", code="charge_already_refunded")
        if amount is not None and amount > left:
            raise self.above("amount", "The amount is greater than what is not refunded yet")

    def refundable(self, charge: Charge) -> int:
        return charge.amount_captured - charge.given_back

    def post_refund(self, charge: Charge, amount: int) -> Charge:
        return self.store.save(replace(charge, given_back=charge.given_back + amount))

    def above(self, param: str, message: str) -> Refusal:
        return Refusal(self.policy.above_status, message, code="amount_too_large", param=param)
