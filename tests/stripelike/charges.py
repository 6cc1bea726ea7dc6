"""The operations on charges and refunds: a hold is a charge made with `capture=false`.

Reads requests and asks the bank. Knows nothing of HTTP.
"""

from tests.stripelike.access import Access
from tests.stripelike.bank import Bank
from tests.stripelike.calls import Call
from tests.stripelike.cards import Cards
from tests.stripelike.forms import Forms
from tests.stripelike.records import Charge, Intent, Refund
from tests.stripelike.refusals import Refusal, invalid
from tests.stripelike.store import Store

_CREATE = ("amount", "currency", "source", "capture", "description", "metadata")
_REFUND = ("charge", "payment_intent", "amount", "reason", "metadata")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


class Charges:
    """Create, read, capture and refund charges."""

    def __init__(
        self, store: Store, access: Access, forms: Forms, bank: Bank, cards: Cards
    ) -> None:
        self.store = store
        self.access = access
        self.forms = forms
        self.bank = bank
        self.cards = cards

    def create(self, call: Call) -> Charge:
        """A new charge, captured unless `capture` is false."""
        self.forms.allow(call.params, _CREATE)
        charge = Charge(
            id=self.store.new_id("ch"),
            account=call.account,
            created=self.store.now(),
            metadata=self.forms.metadata(call.params),
            amount=self.forms.hold_amount(call.params),
            currency=self.forms.currency(call.params),
            description=self.forms.text(call.params, "description"),
            method=self.forms.required(call.params, "source"),
        )
        capture = self.forms.flag(call.params, "capture", True)
        if not self.cards.pays(call.account, charge.method or "", "source"):
            raise self.cards.declined()
        return self.bank.hold(charge, capture=capture)

    def retrieve(self, call: Call) -> Charge:
        self.forms.allow(call.params, ())
        return self.access.read(call.account, Charge, call.target)

    def capture(self, call: Call) -> Charge:
        """Capture a charge; a charge of a payment intent is captured by way of the intent."""
        self.forms.allow(call.params, ("amount",))
        amount = self.forms.capture_amount(call.params, "amount")
        charge = self.access.change(call.account, Charge, call.target, "charge")
        if charge.intent is not None:
            raise Refusal(400, "Capture the PaymentIntent of this charge instead", param="charge")
        return self.bank.capture(charge, amount)

    def refund(self, call: Call) -> Refund:
        """Release an uncaptured charge, or give back captured money."""
        self.forms.allow(call.params, _REFUND)
        amount = self.forms.positive(call.params, "amount")
        reason = self.forms.choice(call.params, "reason", _REASONS)
        metadata = self.forms.metadata(call.params)
        charge = self.refunded_charge(call)
        return self.store.save(
            Refund(
                id=self.store.new_id("re"),
                account=call.account,
                created=self.store.now(),
                metadata=metadata,
                amount=self.give_back(charge, amount),
                currency=charge.currency,
                charge=charge.id,
                intent=charge.intent,
                reason=reason,
            )
        )

    def refunded_charge(self, call: Call) -> Charge:
        """The charge that a refund names, by itself or by its payment intent."""
        charge = self.forms.text(call.params, "charge")
        intent = self.forms.text(call.params, "payment_intent")
        if (charge is None) == (intent is None):
            message = "Name exactly one of charge and payment_intent"
            raise invalid("charge", "parameter_missing", message)
        if intent is not None:
            record = self.access.change(call.account, Intent, intent, "payment_intent")
            if record.charge is None:
                raise Refusal(400, "The PaymentIntent has no charge", param="payment_intent")
            charge = record.charge
        return self.access.change(call.account, Charge, charge or "", "charge")

    def give_back(self, charge: Charge, amount: int | None) -> int:
        """Release or refund; returns how much."""
        if charge.open and charge.intent is not None:
            raise Refusal(400, "Cancel the PaymentIntent of this charge instead", param="charge")
        if charge.open:
            return self.bank.release(charge, amount).released - charge.released
        return self.bank.refund(charge, amount).given_back - charge.given_back
