"""How a record, a page of a list and an error look as JSON.

Knows the documented names, not what may happen to a record.
"""

from collections.abc import Sequence
from typing import Any

from tests.stripelike.policy import Policy
from tests.stripelike.records import Charge, Intent, Method, Record, Refund
from tests.stripelike.store import Store


class Views:
    """Shows records."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self.store = store
        self.policy = policy

    def show(self, record: Record) -> dict[str, Any]:
        """A record as an answer shows it."""
        if isinstance(record, Intent):
            return self.intent(record)
        if isinstance(record, Charge):
            return self.charge(record)
        if isinstance(record, Refund):
            return self.refund(record)
        assert isinstance(record, Method)
        return self.method(record)

    def listed(self, record: Record) -> dict[str, Any]:
        """A record as a list shows it."""
        return self.show(record)

    def page(self, url: str, items: Sequence[Record], *, has_more: bool) -> dict[str, Any]:
        data = [self.listed(item) for item in items]
        return {"object": "list", "url": url, "has_more": has_more, "data": data}

    def common(self, record: Record, name: str) -> dict[str, Any]:
        return {
            "id": record.id,
            "object": name,
            "created": record.created,
            "livemode": False,
            "metadata": dict(record.metadata),
        }

    def charge(self, charge: Charge) -> dict[str, Any]:
        return self.common(charge, "charge") | {
            "amount": charge.amount,
            "amount_captured": self.captured(charge),
            "amount_refunded": self.refunded(charge),
            "captured": charge.captured,
            "currency": charge.currency,
            "description": charge.description,
            "paid": True,
            "payment_intent": charge.intent,
            "payment_method": charge.method,
            "refunded": self.is_refunded(charge),
            "status": "succeeded",
        }

    def captured(self, charge: Charge) -> int:
        return charge.amount_captured

    def refunded(self, charge: Charge) -> int:
        """What the card got back of the amount of a charge, in minor units."""
        if charge.captured and not self.policy.rest_is_refund:
            return charge.given_back
        return charge.given_back + charge.released

    def is_refunded(self, charge: Charge) -> bool:
        """Whether nothing of the charge is held or captured any more."""
        return not charge.open and charge.given_back == charge.amount_captured

    def intent(self, intent: Intent) -> dict[str, Any]:
        charge = self.store.find(Charge, intent.charge or "")
        return self.common(intent, "payment_intent") | {
            "amount": intent.amount,
            "amount_capturable": self.capturable(intent, charge),
            "amount_received": self.received(intent, charge),
            "canceled_at": intent.canceled_at,
            "cancellation_reason": intent.cancellation_reason,
            "capture_method": intent.capture_method,
            "currency": intent.currency,
            "description": intent.description,
            "latest_charge": intent.charge,
            "payment_method": intent.method,
            "status": intent.status,
        }

    def capturable(self, intent: Intent, charge: Charge | None) -> int:
        return charge.remaining if charge else 0

    def received(self, intent: Intent, charge: Charge | None) -> int:
        return charge.amount_captured if charge else 0

    def refund(self, refund: Refund) -> dict[str, Any]:
        shown = self.common(refund, "refund") | {
            "amount": refund.amount,
            "charge": refund.charge,
            "currency": refund.currency,
            "payment_intent": refund.intent,
            "reason": refund.reason,
            "status": "succeeded",
        }
        del shown["livemode"]
        return shown

    def method(self, method: Method) -> dict[str, Any]:
        card = {
            "last4": method.last4,
            "exp_month": method.exp_month,
            "exp_year": method.exp_year,
        }
        return self.common(method, "payment_method") | {"type": "card", "card": card}
