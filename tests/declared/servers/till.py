"""An API in the shape of Square's: payments are completed as a whole, or cancelled, by version."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from tests.declared.servers.http import JSON, Answered, Api, Refuse

TOKEN = "till-token"
MOST = 10**12


def refusal(status: int, code: str) -> Refuse:
    return Refuse(status, {"errors": [{"category": "PAYMENT_ERROR", "code": code}]})


class Till(Api):
    """The payments of one seller."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "completed_twice": ("CAP-5", "a completed payment is completed again"),
        "completes_one_less": ("CAP-1", "a payment is completed with one unit too little"),
        "cancel_keeps_hold": ("VOID-1", "a cancelled payment still shows its amount as approved"),
        "cancelled_is_completed": ("CAP-6", "a cancelled payment is completed"),
        "completed_is_cancelled": ("VOID-3", "a completed payment is cancelled"),
    }

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.payments: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[JSON, str]] = {}
        one = r"/v2/payments/(\w+)"
        self.routes = {
            "POST /v2/payments": self.create,
            f"POST {one}/complete": self.complete,
            f"POST {one}/cancel": self.cancel,
            f"GET {one}": lambda name, _: (200, self.shown(self.find(name))),
        }

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            raise refusal(401, "UNAUTHORIZED")
        call = self.route(self.routes, f"{method} {path}")
        if call is None:
            raise refusal(404, "NOT_FOUND")
        if not isinstance(body, dict):
            raise refusal(400, "BAD_REQUEST")
        answered: Answered = call(body)
        return answered

    def create(self, body: JSON) -> Answered:
        key, money = body.get("idempotency_key"), body.get("amount_money")
        if not isinstance(key, str) or not 0 < len(key) <= 45:
            raise refusal(400, "VALUE_TOO_LONG")
        if key in self.keys:
            if self.keys[key][0] != body:
                raise refusal(400, "IDEMPOTENCY_KEY_REUSED")
            return 200, self.shown(self.payments[self.keys[key][1]])
        if not isinstance(money, dict) or money.get("currency") not in ("USD", "JPY"):
            raise refusal(400, "INVALID_CURRENCY")
        if type(money.get("amount")) is not int or not 0 < money["amount"] < MOST:
            raise refusal(400, "INVALID_VALUE")
        if body.get("autocomplete") is not False or body.get("source_id") != "cnon:card-ok":
            raise refusal(400, "INVALID_CARD")
        name = uuid.uuid4().hex
        kept = {"id": name, "status": "APPROVED", "paid": 0, "version": 1}
        self.payments[name] = {**kept, "amount": money["amount"], "currency": money["currency"]}
        self.keys[key] = body, name
        return 200, self.shown(self.payments[name])

    def change(self, name: str, body: JSON, status: str, *also: str) -> dict[str, Any]:
        payment = self.find(name)
        if payment["status"] not in ("APPROVED", *also):
            raise refusal(400, "INVALID_STATE")
        if type(body.get("version")) is not int:
            raise refusal(400, "EXPECTED_INTEGER")
        if body["version"] != payment["version"]:
            raise refusal(400, "VERSION_MISMATCH")
        payment.update(status=status, version=payment["version"] + 1)
        return payment

    def complete(self, name: str, body: JSON) -> Answered:
        also = {"completed_twice": "COMPLETED", "cancelled_is_completed": "CANCELED"}
        payment = self.change(name, body, "COMPLETED", also.get(self.fault, ""))
        amount = payment["amount"] - (self.fault == "completes_one_less")
        payment["paid"] += amount
        return 200, self.shown(payment)

    def cancel(self, name: str, body: JSON) -> Answered:
        is_open = self.fault == "completed_is_cancelled"
        payment = self.change(name, body, "CANCELED", "COMPLETED" if is_open else "")
        payment["paid"] = 0
        return 200, self.shown(payment)

    def find(self, name: str) -> dict[str, Any]:
        if name not in self.payments:
            raise refusal(404, "NOT_FOUND")
        return self.payments[name]

    def shown(self, payment: dict[str, Any]) -> JSON:
        def money(amount: int) -> JSON:
            return {"amount": amount, "currency": payment["currency"]}

        body = {"id": payment["id"], "status": payment["status"]}
        body |= {"amount_money": money(payment["amount"]), "version": payment["version"]}
        if payment["paid"]:
            body["total_money"] = money(payment["paid"])
        keeps = self.fault == "cancel_keeps_hold" and payment["status"] == "CANCELED"
        if payment["status"] == "APPROVED" or keeps:
            body["approved_money"] = money(payment["amount"])
        return {"payment": body}
