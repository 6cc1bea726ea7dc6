"""The operations on payment intents: a hold is one with `capture_method=manual`, confirmed.

Reads requests, keeps the status, and asks the bank for the money. Knows nothing of HTTP.
"""

from dataclasses import replace

from tests.stripelike.access import Access
from tests.stripelike.bank import Bank
from tests.stripelike.calls import Call
from tests.stripelike.cards import Cards
from tests.stripelike.forms import Forms
from tests.stripelike.policy import Policy
from tests.stripelike.records import Charge, Intent
from tests.stripelike.refusals import Refusal, invalid
from tests.stripelike.store import Store

_CREATE = (
    *("amount", "currency", "payment_method", "payment_method_types", "capture_method"),
    *("confirm", "description", "metadata"),
)
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_capture")


class Intents:
    """Create, read, capture and cancel payment intents."""

    def __init__(
        self,
        store: Store,
        access: Access,
        forms: Forms,
        bank: Bank,
        cards: Cards,
        policy: Policy,
    ) -> None:
        self.store = store
        self.access = access
        self.forms = forms
        self.bank = bank
        self.cards = cards
        self.policy = policy

    # --- create -------------------------------------------------------------------------------

    def create(self, call: Call) -> Intent:
        """A new payment intent; with `confirm` its card is charged or put on hold at once."""
        intent = self.ordered(call)
        confirm = self.forms.flag(call.params, "confirm", False)
        if intent.method is None and confirm:
            raise invalid("payment_method", "parameter_missing", "There is no payment method")
        if intent.method is None:
            return self.store.save(replace(intent, status="requires_payment_method"))
        pays = self.cards.pays(call.account, intent.method, "payment_method")
        if not confirm:
            return self.store.save(intent)
        if pays:
            return self.confirm(intent)
        self.store.save(replace(intent, status="requires_payment_method", method=None))
        raise self.cards.declined()

    def ordered(self, call: Call) -> Intent:
        """The intent that a request asks for, not confirmed yet."""
        self.forms.allow(call.params, _CREATE)
        method = self.forms.choice(call.params, "capture_method", ("automatic", "manual"))
        return Intent(
            id=self.store.new_id("pi"),
            account=call.account,
            created=self.store.now(),
            metadata=self.forms.metadata(call.params),
            amount=self.forms.hold_amount(call.params),
            currency=self.forms.currency(call.params),
            capture_method=method or "automatic",
            status="requires_confirmation",
            description=self.forms.text(call.params, "description"),
            method=self.forms.text(call.params, "payment_method"),
        )

    def confirm(self, intent: Intent) -> Intent:
        """Charge or hold the card of an intent."""
        charge = Charge(
            id=self.store.new_id("ch"),
            account=intent.account,
            created=intent.created,
            metadata=intent.metadata,
            amount=intent.amount,
            currency=intent.currency,
            description=intent.description,
            method=intent.method,
            intent=intent.id,
        )
        at_once = intent.capture_method == "automatic"
        self.bank.hold(charge, capture=at_once)
        status = "succeeded" if at_once else "requires_capture"
        return self.store.save(replace(intent, status=status, charge=charge.id))

    # --- read ---------------------------------------------------------------------------------

    def retrieve(self, call: Call) -> Intent:
        self.forms.allow(call.params, ())
        return self.access.read(call.account, Intent, call.target)

    # --- capture ------------------------------------------------------------------------------

    def capture(self, call: Call) -> Intent:
        """Capture an intent that is on hold: an amount, or all that is capturable."""
        self.forms.allow(call.params, ("amount_to_capture", "final_capture"))
        amount = self.forms.capture_amount(call.params, "amount_to_capture")
        final = self.forms.flag(call.params, "final_capture", True)
        intent = self.access.change(call.account, Intent, call.target, "intent")
        self.check_status(intent, self.capturable)
        if not final and not self.policy.multicapture:
            raise Refusal(400, "Multicapture is not available", param="final_capture")
        charge = self.bank.capture(self.charge_of(intent), amount, final=final)
        return self.store.save(replace(intent, status=self.status_after_capture(charge)))

    capturable: tuple[str, ...] = ("requires_capture",)

    def status_after_capture(self, charge: Charge) -> str:
        return "requires_capture" if charge.open else "succeeded"

    # --- cancel -------------------------------------------------------------------------------

    def cancel(self, call: Call) -> Intent:
        """Cancel an intent: what is still capturable is released."""
        self.forms.allow(call.params, ("cancellation_reason",))
        reason = self.forms.choice(call.params, "cancellation_reason", _REASONS)
        intent = self.access.change(call.account, Intent, call.target, "intent")
        self.check_status(intent, self.cancelable)
        self.release(intent)
        return self.store.save(
            replace(
                intent,
                status="canceled",
                canceled_at=self.store.now(),
                cancellation_reason=reason,
            )
        )

    cancelable: tuple[str, ...] = CANCELABLE

    def release(self, intent: Intent) -> None:
        """Release what an intent holds, if it holds anything."""
        if intent.charge is not None:
            self.bank.release(self.charge_of(intent))

    # --- both ---------------------------------------------------------------------------------

    def check_status(self, intent: Intent, permitted: tuple[str, ...]) -> None:
        if intent.status not in permitted:
            message = f"This PaymentIntent has a status of {intent.status}."
            raise Refusal(400, message, code="payment_intent_unexpected_state")

    def charge_of(self, intent: Intent) -> Charge:
        charge = self.store.find(Charge, intent.charge or "")
        assert charge is not None, f"{intent.id} has no charge"
        return charge
