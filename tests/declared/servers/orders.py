"""An API in the shape of Klarna's: orders of a region, ids in links, answers without a body."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any, ClassVar

from tests.declared.servers.http import JSON, Answered, Api, Refuse

MERCHANT, SECRET = "merchant", "merchant-secret"
BASIC = "Basic " + base64.b64encode(f"{MERCHANT}:{SECRET}".encode()).decode()
VERSION = "2026-11-01"
MOST = 10**12


def refusal(status: int, code: str) -> Refuse:
    return Refuse(status, {"error_code": code, "error_messages": [code.lower()]})


class Orders(Api):
    """The orders of one merchant, in two regions."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "captures_one_more": ("CAP-2", "a capture of one unit more than remains is accepted"),
        "release_keeps_rest": ("VOID-6", "a release leaves the amount authorized"),
        "key_is_ignored": ("REF-1", "a capture with a used key is done again"),
        "refused_is_captured": ("BAL-6", "a capture that is refused takes what remains"),
        "released_is_captured": ("CAP-6", "an order that was released is captured"),
        "read_is_stale": ("CAP-1", "an order shows all of its captures but the last one"),
    }

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.tokens: dict[str, dict[str, Any]] = {}
        self.orders: dict[tuple[str, str], dict[str, Any]] = {}
        self.done: dict[tuple[str, str], Answered] = {}
        one = r"/(eu|na)/orders/([\w-]+)"
        self.routes = {
            "POST /sessions": self.session,
            r"POST /authorizations/([\w-]+)/order": self.place,
            f"POST {one}/captures": self.capture,
            f"POST {one}/release-remaining-authorization": self.release,
            f"GET {one}": lambda region, name, _: (200, self.shown(self.find(region, name))),
        }

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        if headers.get("Authorization") != BASIC:
            raise refusal(401, "UNAUTHORIZED")
        if headers.get("Api-Version") != VERSION:
            raise refusal(400, "NO_SUCH_VERSION")
        call = self.route(self.routes, f"{method} {path}")
        if call is None:
            raise refusal(404, "NOT_FOUND")
        if not isinstance(body, dict):
            raise refusal(400, "BAD_VALUE")
        key = headers.get("Orders-Idempotency-Key") if method == "POST" else None
        if key and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key):
            raise refusal(400, "BAD_IDEMPOTENCY_KEY")
        if key and self.fault == "key_is_ignored" and path.endswith("/captures"):
            key = None
        if key and (path, key) in self.done:
            return self.done[path, key]
        answered: Answered = call(body)
        if key:
            self.done[path, key] = answered
        return answered

    def session(self, body: JSON) -> Answered:
        amount = self.amount(body.get("purchase_amount"))
        if body.get("purchase_currency") not in ("EUR", "SEK", "USD"):
            raise refusal(400, "BAD_VALUE")
        token = str(uuid.uuid4())
        kept = {"amount": amount, "currency": body["purchase_currency"]}
        region = "na" if kept["currency"] == "USD" else "eu"
        self.tokens[token] = {**kept, "region": region}
        return 200, {"session": {"authorization_token": token, "region": region}}

    def place(self, token: str, body: JSON) -> Answered:
        if token not in self.tokens:
            raise refusal(404, "NO_SUCH_TOKEN")
        order = {**self.tokens.pop(token), "id": str(uuid.uuid4()), "events": []}
        self.orders[order["region"], order["id"]] = order
        return 201, None, {"Location": f"https://api.test/{order['region']}/orders/{order['id']}"}

    def capture(self, region: str, name: str, body: JSON) -> Answered:
        order = self.find(region, name)
        amount, remains = self.amount(body.get("captured_amount")), self.remains(order)
        is_released = self.fault == "released_is_captured" and not remains
        if amount > remains + (self.fault == "captures_one_more") and not is_released:
            if self.fault == "refused_is_captured" and remains:
                self.add(order, "CAPTURE", remains)
            raise refusal(403, "CAPTURE_NOT_ALLOWED")
        made = self.add(order, "CAPTURE", amount)
        path = f"/{region}/orders/{name}/captures/{made}"
        return 201, None, {"Location": f"https://api.test{path}", "Capture-Id": made}

    def release(self, region: str, name: str, _: JSON) -> Answered:
        order = self.find(region, name)
        remains = self.remains(order)
        if not remains:
            raise refusal(403, "NOTHING_TO_RELEASE")
        self.add(order, "RELEASE", 0 if self.fault == "release_keeps_rest" else remains)
        return 204, None

    @staticmethod
    def add(order: dict[str, Any], kind: str, amount: int) -> str:
        order["events"].append({"type": kind, "id": str(uuid.uuid4()), "amount": amount})
        return str(order["events"][-1]["id"])

    @staticmethod
    def remains(order: dict[str, Any]) -> int:
        return int(order["amount"] - sum(each["amount"] for each in order["events"]))

    def find(self, region: str, name: str) -> dict[str, Any]:
        if (region, name) not in self.orders:
            raise refusal(404, "NO_SUCH_ORDER")
        return self.orders[region, name]

    def shown(self, order: dict[str, Any]) -> JSON:
        events, remains = order["events"], self.remains(order)
        if self.fault == "read_is_stale" and events:
            events, remains = events[:-1], remains + events[-1]["amount"]
        kinds = [each["type"] for each in events]
        ended = "CAPTURED" if "CAPTURE" in kinds else "CANCELLED"
        open_ = "PART_CAPTURED" if "CAPTURE" in kinds else "AUTHORIZED"
        return {
            "order_id": order["id"],
            "status": open_ if remains else ended,
            "purchase_currency": order["currency"],
            "order_amount": order["amount"],
            "remaining_authorized_amount": remains,
            "events": events,
        }

    @staticmethod
    def amount(given: JSON) -> int:
        if type(given) is not int or not 0 < given < MOST:
            raise refusal(400, "BAD_VALUE")
        return given
