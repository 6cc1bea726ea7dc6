"""An API in the shape of Worldpay's and Mollie's: links lead on, and a release is done later."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.declared.servers.http import JSON, Answered, Api, Refuse

TOKEN = "test_kd83hs"
HOST = "https://api.psp.test"
DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3}
MOST = 10**12
DELAY_S = 0.004


def refusal(status: int, title: str) -> Refuse:
    return Refuse(status, {"status": status, "title": title, "_links": {}})


@dataclass
class Payment:
    """A payment, its links, and its captures."""

    amount: int
    currency: str
    id: str = field(default_factory=lambda: f"tr_{secrets.token_hex(5)}")
    settle: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    cancel: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    captures: dict[str, int] = field(default_factory=dict)
    released: int = 0
    releases_at: float | None = None

    @property
    def captured(self) -> int:
        return sum(self.captures.values())

    @property
    def left(self) -> int:
        return self.amount - self.captured - self.released


class Links(Api):
    """The payments of one merchant."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "captures_beyond": ("CAP-2", "each capture is compared with the whole amount"),
        "rounds_half_cents": ("TX-4", "an amount is kept in tenths of the least unit of EUR"),
        "yen_has_cents": ("TX-4", "an amount in JPY is shown as hundredths"),
        "release_is_lost": ("VOID-1", "a release is answered with 202 and never done"),
        "release_gives_back": ("VOID-6", "a release gives captured money back"),
        "link_is_of_another": ("CAP-1", "a link to capture leads to the newest payment"),
        "last_keeps_rest": ("CAP-4", "a capture that says it is the last one keeps the rest"),
        "key_is_per_path": ("REF-3", "a key that was used for another path is new"),
    }

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.payments: dict[str, Payment] = {}
        self.keys: dict[object, tuple[object, Answered]] = {}
        self.routes = {
            "POST /payments": self.pay,
            r"GET /payments/(\w+)": lambda name, _: (200, self.shown(self.payment(name))),
            r"POST /settlements/([\w-]+)": self.capture,
            r"POST /cancellations/([\w-]+)": self.release,
        }

    def admit(self, method: str, resource: str, headers: Any, raw: bytes) -> None:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            raise refusal(401, "Unauthorized")

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        self.work()
        call = self.route(self.routes, f"{method} {path}")
        if call is None:
            raise refusal(404, "Not found")
        if not isinstance(body, dict):
            raise refusal(400, "Bad request")
        key = headers.get("Idempotency-Key") if method == "POST" else None
        if key is None:
            answered: Answered = call(body)
            return answered
        place = (key, path) if self.fault == "key_is_per_path" else key
        if place in self.keys:
            asked, first = self.keys[place]
            if asked != (path, body):
                raise refusal(422, "The key was used for another request")
            return first
        self.keys[place] = (path, body), call(body)
        return self.keys[place][1]

    # What is done ---------------------------------------------------------------------------------

    def pay(self, body: JSON) -> Answered:
        amount, currency = self.money(body)
        payment = Payment(amount, currency)
        self.payments[payment.id] = payment
        return 201, self.shown(payment)

    def capture(self, link: str, body: JSON) -> Answered:
        payment = self.linked("settle", link)
        if self.fault == "link_is_of_another":
            payment = list(self.payments.values())[-1]
        amount, currency = payment.left, payment.currency
        if body.get("amount") is not None:
            amount, currency = self.money(body)
        is_last = body.get("final", False)
        if currency != payment.currency or not isinstance(is_last, bool):
            raise refusal(422, "Another currency, or `final` is no boolean")
        if payment.releases_at is not None:
            raise refusal(422, "The payment is being released")
        most = payment.amount if self.fault == "captures_beyond" else payment.left
        if payment.left <= 0 or amount > most:
            raise refusal(422, "The amount is higher than what is left")
        name = f"cpt_{secrets.token_hex(5)}"
        payment.captures[name] = amount
        if is_last and self.fault != "last_keeps_rest":
            payment.released += max(payment.left, 0)
        shown = {"id": name, "paymentId": payment.id, "amount": self.spelled(payment, amount)}
        return 201, shown

    def release(self, link: str, _: JSON) -> Answered:
        payment = self.linked("cancel", link)
        if payment.left <= 0 or payment.releases_at is not None:
            raise refusal(422, "Nothing is left to release")
        payment.releases_at = time.monotonic() + DELAY_S
        return 202, {"status": "releasing"}

    def work(self) -> None:
        """Release what is due."""
        now = time.monotonic()
        for payment in self.payments.values():
            if payment.releases_at is None or payment.releases_at > now:
                continue
            payment.releases_at = None
            if self.fault == "release_gives_back":
                payment.captures.clear()
            if self.fault != "release_is_lost":
                payment.released += max(payment.left, 0)

    # What is shown --------------------------------------------------------------------------------

    def payment(self, name: str) -> Payment:
        if name not in self.payments:
            raise refusal(404, "No such payment")
        return self.payments[name]

    def linked(self, what: str, link: str) -> Payment:
        for payment in self.payments.values():
            if getattr(payment, what) == link:
                return payment
        raise refusal(404, "No such link")

    def money(self, body: JSON) -> tuple[int, str]:
        given = body.get("amount")
        currency = given.get("currency") if isinstance(given, dict) else None
        if not isinstance(given, dict) or currency not in DIGITS:
            raise refusal(422, "The amount is missing, or its currency is unknown")
        digits, value = DIGITS[currency], given.get("value")
        form = r"\d{1,16}" + (rf"\.\d{{{digits}}}" if digits else "")
        if not isinstance(value, str) or not re.fullmatch(form, value, re.ASCII):
            raise refusal(422, "The value has not the digits of its currency")
        amount = int(value.replace(".", ""))
        if not 0 < amount < MOST:
            raise refusal(422, "The value is too small or too large")
        if self.fault == "rounds_half_cents" and currency == "EUR":
            amount = max(amount // 10 * 10, 1)
        return amount, currency

    def spelled(self, payment: Payment, amount: int) -> JSON:
        digits = DIGITS[payment.currency]
        if self.fault == "yen_has_cents" and payment.currency == "JPY":
            digits = 2
        whole, part = divmod(amount, 10**digits)
        value = f"{whole}.{part:0{digits}}" if digits else f"{whole}"
        return {"currency": payment.currency, "value": value}

    def shown(self, payment: Payment) -> JSON:
        if payment.left > 0:
            status = "authorized" if payment.releases_at is None else "releasing"
        else:
            status = "paid" if payment.captured else "canceled"
        links = {"self": f"{HOST}/payments/{payment.id}"}
        if payment.left > 0:
            links["settle"] = f"{HOST}/settlements/{payment.settle}"
            links["cancel"] = f"{HOST}/cancellations/{payment.cancel}"
        shown = {
            "id": payment.id,
            "status": status,
            "amount": self.spelled(payment, payment.amount),
            "amountRemaining": self.spelled(payment, payment.left),
            "_links": {name: {"href": link} for name, link in links.items()},
        }
        if payment.captures:
            shown["amountCaptured"] = self.spelled(payment, payment.captured)
        return shown
