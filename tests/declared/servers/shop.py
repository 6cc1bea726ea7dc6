"""An API in the shape of PayPal's: orders are approved and authorized, captures may be final."""

from __future__ import annotations

import base64
import re
import uuid
from decimal import Decimal
from typing import Any, ClassVar

from tests.declared.servers.http import JSON, Answered, Api, Refuse

MOST_OF_IT = Decimal("1.15")
"""Of what was authorized, all captures together."""
DIGITS = {"EUR": 2, "USD": 2, "JPY": 0}
BASIC = "Basic " + base64.b64encode(b"shop:shop-secret").decode()


def refusal(status: int, name: str) -> Refuse:
    return Refuse(status, {"name": name, "message": name.replace("_", " ").capitalize()})


class Shop(Api):
    """The orders and authorizations of one shop."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "final_is_ignored": ("CAP-4", "a final capture releases nothing"),
        "captures_do_not_add_up": ("CAP-2", "a capture is checked against the whole amount"),
        "captured_is_voided": ("VOID-3", "a void of what was captured is accepted"),
        "key_is_ignored": ("REF-1", "a capture that is sent again is done again"),
        "refunds_do_not_add_up": ("REFUND-2", "a refund is checked against the whole capture"),
        "refund_of_a_part_is_of_all": ("REFUND-1", "a refund of a part gives all of it back"),
        "refund_shows_the_capture": ("REFUND-4", "a refund is answered with all of its capture"),
        "refund_again": ("REF-1", "a refund that is sent again is done again"),
    }

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.orders: dict[str, dict[str, Any]] = {}
        self.auths: dict[str, dict[str, Any]] = {}
        self.done: dict[tuple[str, str], Answered] = {}
        self.captures: dict[str, dict[str, Any]] = {}
        self.tokens: set[str] = set()
        orders, payments = "POST /v2/checkout/orders", "/v2/payments/authorizations/([^/]+)"
        self.routes = {
            orders: self.create,
            f"{orders}/([^/]+)/approve": self.approve,
            f"{orders}/([^/]+)/authorize": self.authorize,
            f"POST {payments}/capture": self.capture,
            f"POST {payments}/void": self.void,
            "POST /v2/payments/captures/([^/]+)/refund": self.refund,
            f"GET {payments}": lambda name, _: (200, self.shown(self.find(self.auths, name))),
        }

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        given = headers.get("Authorization") or ""
        if path == "/v1/oauth2/token":
            return self.token(given, body)
        if given.removeprefix("Bearer ") not in self.tokens:
            raise refusal(401, "AUTHENTICATION_FAILURE")
        call = self.route(self.routes, f"{method} {path}")
        if call is None:
            raise refusal(404, "RESOURCE_NOT_FOUND")
        if not isinstance(body, dict):
            raise refusal(400, "INVALID_REQUEST")
        key = headers.get("Shop-Request-Id") if method == "POST" else None
        if key and self.fault == "key_is_ignored" and path.endswith("/capture"):
            key = None
        if key and self.fault == "refund_again" and path.endswith("/refund"):
            key = None
        if key and (path, key) in self.done:
            return self.done[path, key]
        answered: Answered = call(body)
        if key:
            self.done[path, key] = answered
        return answered

    def token(self, given: str, body: JSON) -> Answered:
        if given != BASIC or body.get("grant_type") != "client_credentials":
            raise refusal(401, "INVALID_CLIENT")
        token = uuid.uuid4().hex
        self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 900}

    def create(self, body: JSON) -> Answered:
        amount, code = self.money(body.get("amount"))
        order = {"id": f"O-{uuid.uuid4().hex[:12]}", "status": "CREATED"}
        self.orders[order["id"]] = {**order, "amount": amount, "code": code}
        return 201, order

    def approve(self, name: str, _: JSON) -> Answered:
        order = self.find(self.orders, name)
        if order["status"] not in ("CREATED", "APPROVED"):
            raise refusal(422, "ORDER_ALREADY_AUTHORIZED")
        order["status"] = "APPROVED"
        return 200, {"id": name, "status": "APPROVED"}

    def authorize(self, name: str, _: JSON) -> Answered:
        order = self.find(self.orders, name)
        if order["status"] != "APPROVED":
            raise refusal(422, "ORDER_NOT_APPROVED")
        order["status"] = "COMPLETED"
        auth = {"id": f"A-{uuid.uuid4().hex[:12]}", "status": "CREATED", "captures": []}
        self.auths[auth["id"]] = {
            **auth,
            "amount": order["amount"],
            "code": order["code"],
            "refunded": Decimal(0),
        }
        return 201, self.shown(self.auths[auth["id"]])

    def capture(self, name: str, body: JSON) -> Answered:
        auth = self.find(self.auths, name)
        left = auth["amount"] - sum(auth["captures"])
        amount, code = self.money(body["amount"]) if "amount" in body else (left, auth["code"])
        if auth["status"] in ("VOIDED", "CAPTURED"):
            raise refusal(422, f"AUTHORIZATION_{auth['status']}")
        if code != auth["code"]:
            raise refusal(422, "CURRENCY_MISMATCH")
        before = 0 if self.fault == "captures_do_not_add_up" else sum(auth["captures"])
        if before + amount > auth["amount"] * MOST_OF_IT:
            raise refusal(422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
        auth["captures"].append(amount)
        is_final = body.get("final_capture") is True and self.fault != "final_is_ignored"
        auth["status"] = "CAPTURED" if amount >= left or is_final else "PARTIALLY_CAPTURED"
        made = {"id": f"C-{uuid.uuid4().hex[:12]}", "status": "COMPLETED", "authorization": name}
        self.captures[made["id"]] = {"amount": amount, "refunds": [], "auth": auth}
        return 201, {**made, "amount": self.spelled(amount, code)}

    def void(self, name: str, _: JSON) -> Answered:
        auth = self.find(self.auths, name)
        wrong = ("VOIDED",) if self.fault == "captured_is_voided" else ("VOIDED", "CAPTURED")
        if auth["status"] in wrong:
            raise refusal(422, f"AUTHORIZATION_{auth['status']}")
        auth["status"] = "VOIDED"
        return 204, None

    def refund(self, name: str, body: JSON) -> Answered:
        capture = self.find(self.captures, name)
        code, refunds = capture["auth"]["code"], capture["refunds"]
        back = 0 if self.fault == "refunds_do_not_add_up" else sum(refunds)
        left = capture["amount"] - back
        amount, given = self.money(body["amount"]) if "amount" in body else (left, code)
        if given != code:
            raise refusal(422, "CURRENCY_MISMATCH")
        if left == 0:
            raise refusal(422, "CAPTURE_FULLY_REFUNDED")
        if amount > left:
            raise refusal(422, "REFUND_AMOUNT_EXCEEDED")
        refunds.append(left if self.fault == "refund_of_a_part_is_of_all" else amount)
        capture["auth"]["refunded"] += refunds[-1]
        made = {"id": f"R-{uuid.uuid4().hex[:12]}", "status": "COMPLETED", "capture": name}
        shown = capture["amount"] if self.fault == "refund_shows_the_capture" else amount
        return 201, {**made, "amount": self.spelled(shown, code)}

    def shown(self, auth: dict[str, Any]) -> JSON:
        spelled = [self.spelled(each, auth["code"]) for each in auth["captures"]]
        return {
            "id": auth["id"],
            "status": auth["status"],
            "amount": self.spelled(auth["amount"], auth["code"]),
            "captures": [{"amount": each} for each in spelled],
            "captured_amount": self.spelled(sum(auth["captures"], Decimal(0)), auth["code"]),
            "refunded_amount": self.spelled(auth["refunded"], auth["code"]),
        }

    @staticmethod
    def money(given: JSON) -> tuple[Decimal, str]:
        if not isinstance(given, dict):
            raise refusal(400, "INVALID_REQUEST")
        code, text = (given.get(name) for name in ("currency_code", "value"))
        if code not in DIGITS:
            raise refusal(422, "CURRENCY_NOT_SUPPORTED")
        if not isinstance(text, str) or not re.fullmatch(r"\d{1,12}(\.\d+)?", text):
            raise refusal(400, "INVALID_REQUEST")
        if len(text.partition(".")[2]) > DIGITS[code]:
            raise refusal(422, "DECIMAL_PRECISION")
        if Decimal(text) <= 0:
            raise refusal(422, "CANNOT_BE_ZERO_OR_NEGATIVE")
        return Decimal(text), code

    @staticmethod
    def spelled(amount: Decimal, code: str) -> JSON:
        return {"currency_code": code, "value": f"{amount:.{DIGITS[code]}f}"}

    @staticmethod
    def find(table: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
        if name not in table:
            raise refusal(404, "RESOURCE_NOT_FOUND")
        return table[name]
