"""Requests to a server of Stripe's shape, and what is read out of its answers.

Knows how a hold is made, captured, voided and read in both mappings; judges nothing.
"""

from __future__ import annotations

from typing import Any

import httpx

from tests.targets.process import KEY

INTENTS = "/v1/payment_intents"
CHARGES = "/v1/charges"
CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2040",
    "card[cvc]": "123",
}


class Asking:
    """A client of one server."""

    def __init__(self, url: str, api_key: str = KEY) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}"},
            trust_env=False,
            timeout=30,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: Any) -> httpx.Response:
        """A GET with this query."""
        return self._http.get(path, params=query)

    def post(
        self, path: str, form: dict[str, Any] | None = None, key: str | None = None
    ) -> httpx.Response:
        """A POST of a form, under an Idempotency-Key if one is given."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._http.post(path, data=form, headers=headers)

    def raw(self, path: str, body: bytes) -> httpx.Response:
        """A POST of these bytes as a form."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._http.post(path, content=body, headers=headers)


class Intents(Asking):
    """Holds as payment intents."""

    def method(self, number: str = CARD["card[number]"]) -> str:
        """The id of a new payment method."""
        made = self.post("/v1/payment_methods", CARD | {"card[number]": number})
        return str(made.json()["id"])

    def hold(self, key: str | None = None, **changes: Any) -> httpx.Response:
        """A hold of 1000 usd, with these members changed, or left out where they are None."""
        form = {"amount": 1000, "currency": "usd", "payment_method": "pm_card_visa"}
        form |= {"capture_method": "manual", "confirm": "true"} | changes
        return self.post(INTENTS, {n: v for n, v in form.items() if v is not None}, key)

    def held(self) -> str:
        """The id of a new hold of 1000 usd."""
        return str(self.hold().json()["id"])

    def capture(self, intent: str, amount: Any = None, key: str | None = None) -> httpx.Response:
        """A capture of all, or of this amount."""
        form = {} if amount is None else {"amount_to_capture": amount}
        return self.post(f"{INTENTS}/{intent}/capture", form, key)

    def void(self, intent: str, **form: Any) -> httpx.Response:
        """A cancel."""
        return self.post(f"{INTENTS}/{intent}/cancel", form)

    def read(self, intent: str) -> dict[str, Any]:
        """The intent."""
        return dict(self.get(f"{INTENTS}/{intent}").json())

    def money(self, intent: str) -> tuple[str, bool, int]:
        """Its status; of its charge, whether it is captured and what was given back."""
        shown = self.read(intent)
        charge = shown["charges"]["data"][0]
        return shown["status"], charge["captured"], charge["amount_refunded"]


class Charges(Asking):
    """Holds as charges."""

    def hold(self, key: str | None = None, **changes: Any) -> httpx.Response:
        """A hold of 1000 usd, with these members changed."""
        form = {"amount": 1000, "currency": "usd", "source": "tok_visa", "capture": "false"}
        return self.post(CHARGES, form | changes, key)

    def held(self) -> str:
        """The id of a new hold of 1000 usd."""
        return str(self.hold().json()["id"])

    def capture(self, charge: str, amount: Any = None, key: str | None = None) -> httpx.Response:
        """A capture of all, or of this amount."""
        form = {} if amount is None else {"amount": amount}
        return self.post(f"{CHARGES}/{charge}/capture", form, key)

    def void(self, charge: str, key: str | None = None, **form: Any) -> httpx.Response:
        """A refund, of all unless an amount is given."""
        return self.post("/v1/refunds", {"charge": charge} | form, key)

    def money(self, charge: str) -> tuple[bool, Any, int]:
        """Whether it is captured, what was captured, and what was given back."""
        shown = self.get(f"{CHARGES}/{charge}").json()
        return shown["captured"], shown["amount_captured"], shown["amount_refunded"]
