"""Short forms of the requests of a shop: holds in both mappings, captures, voids, reads.

Knows how each step is asked for, not what the answer has to be.
"""

from collections.abc import Callable
from typing import Any, Protocol

from tests.stripelike.accounts import FIRST, Account
from tests.stripelike.client import Answer, Request, Sender

INTENTS = "/v1/payment_intents"
CHARGES = "/v1/charges"
REFUNDS = "/v1/refunds"
METHODS = "/v1/payment_methods"
CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2034",
    "card[cvc]": "123",
}
HOLD_INTENT = {"payment_method": "pm_card_visa", "capture_method": "manual", "confirm": "true"}
HOLD_CHARGE = {"source": "tok_visa", "capture": "false"}


class Shop:
    """Sends the requests of one account."""

    def __init__(self, sender: Sender, account: Account | None = FIRST) -> None:
        self.sender = sender
        self.account = account

    def post(self, path: str, key: str | None = None, /, **params: Any) -> Answer:
        return self.sender.send(self.request(path, key, **params))

    def request(self, path: str, key: str | None = None, /, **params: Any) -> Request:
        """A POST that is not sent yet; a parameter that is None is left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return Request("POST", path, given, key, self.account)

    def get(self, path: str, **params: Any) -> Answer:
        return self.sender.send(Request("GET", path, params, None, self.account))

    # --- payment intents ----------------------------------------------------------------------

    def intent(self, amount: Any = 1000, key: str | None = None, /, **more: Any) -> Answer:
        """A hold by way of a payment intent."""
        params = {"amount": amount, "currency": "usd"} | HOLD_INTENT | more
        return self.post(INTENTS, key, **params)

    def capture_intent(
        self, identifier: str, amount: Any = None, key: str | None = None, **more: Any
    ) -> Answer:
        path = f"{INTENTS}/{identifier}/capture"
        return self.post(path, key, amount_to_capture=amount, **more)

    def cancel(self, identifier: str, key: str | None = None, /, **more: Any) -> Answer:
        return self.post(f"{INTENTS}/{identifier}/cancel", key, **more)

    def read_intent(self, identifier: str) -> Answer:
        return self.get(f"{INTENTS}/{identifier}")

    # --- charges ------------------------------------------------------------------------------

    def charge(self, amount: Any = 1000, key: str | None = None, /, **more: Any) -> Answer:
        """A hold by way of a charge."""
        params = {"amount": amount, "currency": "usd"} | HOLD_CHARGE | more
        return self.post(CHARGES, key, **params)

    def capture_charge(self, identifier: str, amount: Any = None, key: str | None = None) -> Answer:
        return self.post(f"{CHARGES}/{identifier}/capture", key, amount=amount)

    def refund(self, identifier: str, amount: Any = None, key: str | None = None) -> Answer:
        return self.post(REFUNDS, key, charge=identifier, amount=amount)

    def read_charge(self, identifier: str) -> Answer:
        return self.get(f"{CHARGES}/{identifier}")


class Holds(Protocol):
    """One mapping: how a hold is made, captured, voided, read and listed."""

    @property
    def hold(self) -> Callable[..., Answer]: ...

    @property
    def read(self) -> Callable[[str], Answer]: ...

    @property
    def capture(self) -> Callable[..., Answer]: ...

    def void(self, identifier: str, key: str | None = None) -> Answer: ...

    def page(self, **query: Any) -> Answer: ...


class IntentHolds:
    """A hold is a payment intent; a void is its cancel."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.hold = shop.intent
        self.read = shop.read_intent

    def capture(self, identifier: str, amount: Any = None, key: str | None = None) -> Answer:
        return self.shop.capture_intent(identifier, amount, key)

    def void(self, identifier: str, key: str | None = None) -> Answer:
        return self.shop.cancel(identifier, key)

    def page(self, **query: Any) -> Answer:
        return self.shop.get(INTENTS, **query)


class ChargeHolds:
    """A hold is a charge; a void is a refund of all of it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.hold = shop.charge
        self.capture = shop.capture_charge
        self.read = shop.read_charge

    def void(self, identifier: str, key: str | None = None) -> Answer:
        return self.shop.refund(identifier, None, key)

    def page(self, **query: Any) -> Answer:
        return self.shop.get(CHARGES, **query)


MAPPINGS: dict[str, Callable[[Shop], Holds]] = {"intents": IntentHolds, "charges": ChargeHolds}


def figures(answer: Answer) -> tuple[Any, ...]:
    """What an answer shows of the money of a hold, in minor units.

    A payment intent: status, capturable, received. A charge: captured, refunded, and both flags.
    """
    body = answer.body
    if body["object"] == "payment_intent":
        return body["status"], body["amount_capturable"], body["amount_received"]
    return body["amount_captured"], body["amount_refunded"], body["captured"], body["refunded"]
