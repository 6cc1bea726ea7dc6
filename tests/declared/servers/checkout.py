"""An API in the shape of Adyen's: captures and cancels are queued, and done a little later."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.declared.servers.http import JSON, Answered, Api, Refuse

KEY = "test_AQE1"
DELAY_S = 0.004
LAG_S = 0.05
MOST = 10**12


def refusal(status: int, code: str, message: str) -> Refuse:
    return Refuse(status, {"errorCode": code, "message": message})


@dataclass
class Paid:
    """A payment."""

    id: str
    value: int
    currency: str
    captured: int = 0
    cancelled: int = 0

    @property
    def left(self) -> int:
        return self.value - self.captured - self.cancelled


@dataclass
class Change:
    """A capture or a cancel."""

    id: str
    payment: Paid
    value: int | None
    """None: a cancel."""
    fitted: bool = False
    """Whether it was possible when it was received."""
    status: str = "received"


class Checkout(Api):
    """The payments of one merchant."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "over_capture_succeeds": ("CAP-2", "a capture of more than is left succeeds"),
        "failed_takes_rest": ("BAL-6", "a capture that fails takes what is left"),
        "repeated_is_queued": ("REF-1", "a request that is sent again is also done again"),
        "checked_when_received": ("CONC-1", "a capture is checked when it comes, not when done"),
        "captured_is_cancelled": ("VOID-3", "a cancel of what is captured gives it back"),
        "done_before_booked": ("CAP-1", "a capture is done a while before the payment shows it"),
    }

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.payments: dict[str, Paid] = {}
        self.changes: dict[str, Change] = {}
        self.keys: dict[str, tuple[object, Answered]] = {}
        self.queue: list[tuple[float, Callable[[], None]]] = []
        one = r"/payments/(\w+)"
        self.routes = {
            "POST /payments": self.pay,
            f"POST {one}/captures": self.receive_capture,
            f"POST {one}/cancels": self.receive_cancel,
            f"GET {one}": lambda name, _: (200, self.shown(self.payment(name))),
            f"GET {one}/changes/(\\w+)": self.read,
        }

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        if headers.get("X-API-Key") != KEY:
            raise refusal(401, "000", "HTTP Status Response - Unauthorized")
        self.work()
        call = self.route(self.routes, f"{method} {path}")
        if call is None:
            raise refusal(404, "404", "Not found")
        if not isinstance(body, dict):
            raise refusal(400, "702", "Unexpected input")
        key = headers.get("Idempotency-Key") if method == "POST" else None
        known = self.keys.get(key or "")
        if known is not None:
            if known[0] != (path, body):
                raise refusal(422, "704", "The key was used for another request")
            self.repeat(known[1][1])
            return known[1]
        answered: Answered = call(body)
        if key:
            self.keys[key] = ((path, body), answered)
        return answered

    def repeat(self, shown: JSON) -> None:
        change = self.changes.get(shown["pspReference"])
        if change is not None and self.fault == "repeated_is_queued":
            self.later(DELAY_S, lambda: self.do(change))

    def pay(self, body: JSON) -> Answered:
        value, currency = self.money(body)
        paid = Paid(uuid.uuid4().hex[:16].upper(), value, currency)
        self.payments[paid.id] = paid
        return 200, self.shown(paid)

    def receive_capture(self, name: str, body: JSON) -> Answered:
        paid = self.payment(name)
        value, currency = self.money(body)
        if currency != paid.currency:
            raise refusal(422, "139", "Currency differs")
        return self.receive(paid, value)

    def receive_cancel(self, name: str, _: JSON) -> Answered:
        return self.receive(self.payment(name), None)

    def receive(self, paid: Paid, value: int | None) -> Answered:
        change = Change(uuid.uuid4().hex[:16].upper(), paid, value)
        change.fitted = self.fits(change)
        self.changes[change.id] = change
        self.later(DELAY_S, lambda: self.do(change))
        return 201, self.spelled(change)

    def read(self, name: str, change_id: str, _: JSON) -> Answered:
        paid, change = self.payment(name), self.changes.get(change_id)
        if change is None or change.payment is not paid:
            raise refusal(404, "167", "Original pspReference required")
        return 200, self.spelled(change)

    # The queue ------------------------------------------------------------------------------------

    def later(self, delay_s: float, job: Callable[[], None]) -> None:
        self.queue.append((time.monotonic() + delay_s, job))

    def work(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        due = [job for at, job in self.queue if at <= now]
        self.queue = [(at, job) for at, job in self.queue if at > now]
        for job in due:
            job()

    def fits(self, change: Change) -> bool:
        left = change.payment.left
        if change.value is None:
            gives_back = self.fault == "captured_is_cancelled" and not change.payment.cancelled
            return left > 0 or gives_back
        return change.value <= left or (self.fault == "over_capture_succeeds" and left > 0)

    def do(self, change: Change) -> None:
        is_good = change.fitted if self.fault == "checked_when_received" else self.fits(change)
        change.status = "success" if is_good else "failed"
        if is_good and self.fault == "done_before_booked":
            self.later(LAG_S, lambda: self.book(change))
        elif is_good:
            self.book(change)
        elif self.fault == "failed_takes_rest" and change.value is not None:
            change.payment.captured += change.payment.left

    @staticmethod
    def book(change: Change) -> None:
        paid = change.payment
        if change.value is not None:
            paid.captured += change.value
        elif paid.left > 0:
            paid.cancelled += paid.left
        else:
            paid.captured, paid.cancelled = 0, paid.value

    # What is shown --------------------------------------------------------------------------------

    def payment(self, name: str) -> Paid:
        if name not in self.payments:
            raise refusal(404, "167", "Original pspReference required")
        return self.payments[name]

    @staticmethod
    def money(body: JSON) -> tuple[int, str]:
        given = body.get("amount")
        if not isinstance(given, dict) or given.get("currency") not in ("EUR", "USD"):
            raise refusal(422, "138", "Currency is not supported")
        value = given.get("value")
        if type(value) is not int or not 0 < value < MOST:
            raise refusal(422, "137", "Invalid amount specified")
        return value, given["currency"]

    @staticmethod
    def shown(paid: Paid) -> JSON:
        status = "cancelled" if paid.cancelled else "authorised" if paid.left else "captured"
        figures = {"amount": paid.value, "captured": paid.captured, "cancelled": paid.cancelled}
        spelled = {
            name: {"value": value, "currency": paid.currency} for name, value in figures.items()
        }
        return {"pspReference": paid.id, "status": status, **spelled}

    @staticmethod
    def spelled(change: Change) -> JSON:
        paid = change.payment
        body = {"pspReference": change.id, "paymentPspReference": paid.id, "status": change.status}
        if change.value is None:
            return body
        return {**body, "amount": {"value": change.value, "currency": paid.currency}}
