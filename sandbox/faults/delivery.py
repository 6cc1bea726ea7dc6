"""Faults between the commit and the answer: lost answers, late effects, forgotten references.

A fault that is not permanent fails every n-th request: counted, never random. Overrides methods of
the bank and the replies; knows nothing of how the suite looks for these.
"""

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from sandbox.app import App, Message, Reply
from sandbox.bank import Bank
from sandbox.faults.registry import fault, part_of
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal

_LATE_S = 0.08
_GONE_S = 0.005
_UNEXPECTED: dict[str, Any] = {"error": {"code": "UNEXPECTED", "message": "Something went wrong"}}


class Failure(Exception):
    """Raised after a commit: the answer becomes a 500."""


class Every(Bank):
    """Does something on every n-th accepted request of some operations."""

    every = 7
    operations: tuple[str, ...] = ("drawdown", "hold", "fund")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._numbers = itertools.count(1)

    def is_due(self, order: Order | Settlement) -> bool:
        return order.operation in self.operations and next(self._numbers) % self.every == 0

    def forget(self, record: Transaction) -> None:
        """Leave the record and drop the index that repeats are found by."""
        self.store.execute(
            "UPDATE transactions SET operation = 'forgotten' WHERE seq = ?", (record.seq,)
        )


# --- committed, and answered as if not ------------------------------------------------------


@fault(
    "now_and_then_500", breaks="SHAPE-2", summary="every 20th transaction is answered 500, undone"
)
class NowAndThen500(Every):
    every = 20

    def create(self, order: Order) -> Transaction:
        if self.is_due(order):
            raise Failure("connection pool exhausted")
        return super().create(order)


@fault(
    "commits_then_500", breaks="SHAPE-2", summary="every 7th create is carried out and answered 500"
)
class CommitsThen500(Every):
    def create(self, order: Order) -> Transaction:
        record = super().create(order)
        if self.is_due(order):
            raise Failure("publishing the event failed")
        return record


@fault("capture_done_answered_500", breaks="SHAPE-2", summary="captures are done and answered 500")
class CaptureDoneAnswered500(Bank):
    def capture(self, order: Settlement) -> Transaction:
        super().capture(order)
        raise Failure("publishing the event failed")


@fault("void_done_answered_404", breaks="BAL-6", summary="a void is done and answered 404")
class VoidDoneAnswered404(Bank):
    def void(self, order: Settlement) -> Transaction:
        super().void(order)
        return super().void(replace(order, transaction_id="00000000-0000-4000-8000-000000000000"))


@fault(
    "retry_after_500_executes_again",
    breaks="DELIV-4",
    summary="every 5th create is done and answered 500, and its ref_id is not remembered",
)
class RetryAfter500ExecutesAgain(Every):
    every = 5

    def create(self, order: Order) -> Transaction:
        record = super().create(order)
        if self.is_due(order):
            self.forget(record)
            raise Failure("storing the reference failed")
        return record


@fault(
    "capture_after_500_executes_again",
    breaks="DELIV-4",
    summary="every 3rd capture is done and answered 500, and its ref_id is not remembered",
)
class CaptureAfter500ExecutesAgain(Every):
    every = 3
    operations = ("capture",)

    def capture(self, order: Settlement) -> Transaction:
        record = super().capture(order)
        if self.is_due(order):
            self.forget(record)
            raise Failure("storing the reference failed")
        return record


@fault(
    "busy_then_executes_again",
    breaks="DELIV-4",
    summary="every 6th create is answered 503 with Retry-After, done, and done again by the retry",
)
class BusyThenExecutesAgain(Every):
    every = 6

    def create(self, order: Order) -> Transaction:
        record = super().create(order)
        if self.is_due(order):
            self.forget(record)
            raise Failure("busy")
        return record


@part_of("busy_then_executes_again")
class AnswersBusy(App):
    def answer(self, message: Message) -> Reply:
        reply = super().answer(message)
        return Reply(503, _UNEXPECTED, (("Retry-After", "0"),)) if reply.status == 500 else reply


# --- the answer does not arrive -------------------------------------------------------------


class DropsAnswer(App):
    """Ends the connection after some transactions instead of answering."""

    async def send(self, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        if reply.status != 500:
            await super().send(reply, scope, receive, send)
            return
        # A body that is shorter than announced makes the server close the connection.
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


@fault(
    "dropped_answer_executes_again",
    breaks="DELIV-1",
    summary="every 6th create is done, its answer is cut off, and a retry is done again",
)
class DroppedAnswerExecutesAgain(RetryAfter500ExecutesAgain):
    every = 6


part_of("dropped_answer_executes_again")(DropsAnswer)


@fault(
    "client_gone_forgets_ref",
    breaks="DELIV-1",
    summary="the ref_id of a client that hangs up before the answer is not remembered",
)
class ClientGoneForgetsRef(App):
    async def deliver(self, reply: Reply, message: Message, request: Request, send: Send) -> None:
        if message.method == "POST" and "/transactions" in request.url.path:
            await asyncio.sleep(_GONE_S)
            if await request.is_disconnected() and reply.status == 200:
                self.service.store.execute(
                    "UPDATE transactions SET operation = 'forgotten' WHERE id = ?",
                    (reply.content["id"],),
                )
        await super().deliver(reply, message, request, send)


# --- acknowledged, and not done, or done later, or done twice -------------------------------


@fault("acknowledged_not_done", breaks="FUND-1", summary="every 9th fund is answered 200 and lost")
class AcknowledgedNotDone(Every):
    every = 9
    operations = ("fund",)

    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if self.is_due(order):
            return self.new_record(card, token, order)
        return super().post(card, token, order)


@fault(
    "failed_request_burns_ref",
    breaks="DELIV-4",
    summary="every 8th create is answered 500, undone; its retry is answered 200, undone too",
)
class FailedRequestBurnsRef(Every):
    every = 8

    def create(self, order: Order) -> Transaction:
        with self.store.transaction():
            card, token = self.payer(order)
            if self.store.ref_is_spent(card, order.ref_id, (order.operation,)):
                return self.new_record(card, token, order)
        if self.is_due(order):
            with self.store.transaction():
                self.store.spend_ref(card, order.operation, order.ref_id)
            raise Failure("deadlock detected")
        return super().create(order)


@fault("queue_delivers_twice", breaks="TX-1", summary="every 10th drawdown is drawn twice")
class QueueDeliversTwice(Every):
    every = 10
    operations = ("drawdown",)

    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if self.is_due(order) and card.available >= 2 * order.amount:
            self.store.move(card, drawn=order.amount)
        return record


class Later(Bank):
    """Leaves a part of the work to a thread that comes after the answer."""

    def later(self, work: Callable[[Card, int], None], card: Card, amount: int) -> None:
        def run() -> None:
            # The server may have been stopped in between: the work is lost, as it would be.
            with suppress(sqlite3.ProgrammingError):
                work(card, amount)

        timer = threading.Timer(_LATE_S, run)
        timer.daemon = True
        timer.start()


@fault("void_unlocks_later", breaks="READ-1", summary="a void is answered before it has unlocked")
class VoidUnlocksLater(Later):
    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        super().post_void(card, hold, released)
        self.store.move(card, held=released)
        self.later(self.unlock, card, released)

    def unlock(self, card: Card, released: int) -> None:
        with self.store.transaction():
            self.store.move(card, held=-released)


@fault("fund_arrives_later", breaks="READ-1", summary="a fund is answered before it can be drawn")
class FundArrivesLater(Later):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if order.operation == "fund":
            self.store.move(card, funds=-order.amount)
            self.later(self.arrive, card, order.amount)
        return record

    def arrive(self, card: Card, amount: int) -> None:
        with self.store.transaction():
            self.store.move(card, funds=amount)


@fault(
    "refusal_after_effect",
    breaks="BAL-6",
    summary="every 12th drawdown is drawn and then refused",
)
class RefusalAfterEffect(Every):
    every = 12
    operations = ("drawdown",)

    def create(self, order: Order) -> Transaction:
        record = super().create(order)
        if self.is_due(order):
            raise Refusal(Cause.INSUFFICIENT)
        return record
