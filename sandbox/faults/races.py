"""Faults that only concurrent requests show: check and change are two steps instead of one.

Each request runs in a thread of its own, and waits between check and change while other requests
are in progress. So every client that races meets the window, not only one with luck. A request
that is alone waits a few milliseconds and is answered correctly.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.access import Caller
from sandbox.app import App, Message, Reply
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.faults.registry import fault, part_of
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Refusal
from sandbox.tokens import Tokens

Override = TypeVar("Override", bound=type)

# Requests that are sent together arrive well within this time.
OTHERS_WAIT_S = 0.004
# Long enough for all of them to pass their checks.
WINDOW_S = 0.015


class Traffic:
    """How many requests are being carried out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def __enter__(self) -> None:
        with self._lock:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1

    def pause(self) -> None:
        """The open window between a check and what it was for."""
        patience = time.monotonic() + OTHERS_WAIT_S
        while self._count < 2:
            if time.monotonic() > patience:
                return
            time.sleep(0.0005)
        time.sleep(WINDOW_S)


TRAFFIC = Traffic()
pause = TRAFFIC.pause


class ThreadedApp(App):
    async def reply(self, message: Message) -> Reply:
        return await asyncio.to_thread(self.counted, message)

    def counted(self, message: Message) -> Reply:
        with TRAFFIC:
            return self.answer(message)


def race(name: str, *, breaks: str, summary: str) -> Callable[[Override], Override]:
    """Register a fault whose requests run in threads."""

    def register(override: Override) -> Override:
        fault(name, breaks=breaks, summary=summary)(override)
        part_of(name)(ThreadedApp)
        return override

    return register


# --- create ---------------------------------------------------------------------------------


class StaleCheck(Bank):
    """Judges an order in one transaction and posts it in another."""

    operations: tuple[str, ...] = ()

    def create(self, order: Order) -> Transaction:
        if order.operation not in self.operations:
            return super().create(order)
        with self.store.transaction():
            card, token = self.payer(order)
            sound = self.first(card, order) is None and not self.refusal_of(card, token, order)
        if not sound:
            return super().create(order)
        pause()
        with self.store.transaction():
            card, token = self.payer(order)
            return self.replayed(card, order) or self.post_stale(card, token, order)

    def post_stale(self, card: Card, token: Token | None, order: Order) -> Transaction:
        return self.post(card, token, order)


@race(
    "race_drawdown",
    breaks="CONC-1",
    summary="drawdowns at the same moment are checked against the same money",
)
class RaceDrawdown(StaleCheck):
    operations = ("drawdown",)


@race("race_hold", breaks="CONC-1", summary="holds at the same moment lock the same money")
class RaceHold(StaleCheck):
    operations = ("hold",)


@race("race_token_twice", breaks="CONC-1", summary="a one-time token pays twice at the same moment")
class RaceTokenTwice(StaleCheck):
    operations = ("drawdown", "hold")

    def post_stale(self, card: Card, token: Token | None, order: Order) -> Transaction:
        self.check_available(card, order.amount)
        return self.post(card, token, order)


@race(
    "race_by_token",
    breaks="CONC-1",
    summary="a payment by token does not wait for one by card_id, and is checked against old money",
)
class RaceByToken(StaleCheck):
    """As a lock whose key is what the request names: a token, or the card_id."""

    operations = ("drawdown", "hold")

    def create(self, order: Order) -> Transaction:
        return super().create(order) if order.token is not None else Bank.create(self, order)


class StaleReference(Bank):
    """Looks for a repeated `ref_id` in one transaction and carries out the order in another."""

    operations: tuple[str, ...] = ()

    def create(self, order: Order) -> Transaction:
        if order.operation not in self.operations:
            return super().create(order)
        with self.store.transaction():
            card, _ = self.payer(order)
            first = self.replayed(card, order)
        if first is not None:
            return first
        pause()
        with self.store.transaction():
            card, token = self.payer(order)
            self.judge(card, token, order)
            return self.post(card, token, order)

    def settle(self, order: Settlement) -> Transaction:
        if order.operation not in self.operations:
            return super().settle(order)
        with self.store.transaction():
            _, card = self.hold(order)
            first = self.replayed(card, order)
        if first is not None:
            return first
        pause()
        with self.store.transaction():
            hold, card = self.hold(order)
            refusal = self.settle_refusal_of(card, hold, order)
            if refusal is not None:
                raise refusal
            return self.post_settlement(card, hold, order)


@race(
    "race_ref_drawdown",
    breaks="CONC-2",
    summary="a drawdown sent twice at the same moment executes twice",
)
class RaceRefDrawdown(StaleReference):
    operations = ("drawdown",)


@race("race_ref_hold", breaks="CONC-2", summary="a hold sent twice at the same moment locks twice")
class RaceRefHold(StaleReference):
    operations = ("hold",)


@race("race_ref_fund", breaks="CONC-2", summary="a fund sent twice at the same moment adds twice")
class RaceRefFund(StaleReference):
    operations = ("fund",)


@race(
    "race_ref_capture",
    breaks="CONC-2",
    summary="a capture sent twice at the same moment draws twice",
)
class RaceRefCapture(StaleReference):
    operations = ("capture",)


@race(
    "race_ref_token",
    breaks="CONC-2",
    summary="a token asked for twice at the same moment is two tokens",
)
class RaceRefToken(Tokens):
    def create(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Token:
        with self.store.transaction():
            card = self.store.card(caller.account, card_id)
            first = None if card is None else self.store.token_by_ref(card, body["ref_id"])
        if card is None or card.deleted or first is not None:
            return super().create(caller, card_id, body)
        pause()
        with self.store.transaction():
            prints = self.fingerprint(body)
            return self.add(caller, card, body, body["ref_id"], prints, with_card=False)


# --- capture and void -----------------------------------------------------------------------


class StaleHold(Bank):
    """Judges a settlement in one transaction and posts it, as judged, in another."""

    operations: tuple[str, ...] = ()

    def settle(self, order: Settlement) -> Transaction:
        if order.operation not in self.operations:
            return super().settle(order)
        with self.store.transaction():
            hold, card = self.hold(order)
            fresh = self.first(card, order) is None
            sound = fresh and self.settle_refusal_of(card, hold, order) is None
        if not sound:
            return super().settle(order)
        pause()
        with self.store.transaction():
            return self.replayed(card, order) or self.post_late(card, hold, order)

    def post_late(self, card: Card, hold: Transaction, order: Settlement) -> Transaction:
        return self.post_settlement(card, hold, order)


@race(
    "race_capture",
    breaks="CONC-1",
    summary="captures at the same moment are checked against the same remainder",
)
class RaceCapture(StaleHold):
    operations = ("capture",)


@race(
    "race_capture_void",
    breaks="CONC-1",
    summary="a capture and a void at the same moment both succeed",
)
class RaceCaptureVoid(StaleHold):
    operations = ("capture", "void")

    def post_late(self, card: Card, hold: Transaction, order: Settlement) -> Transaction:
        """Two of a kind are noticed, one of each is not."""
        now, card = self.hold(order)
        children = [r for r in self.store.records(card) if r.parent_id == hold.id]
        of_a_kind = [r for r in children if r.operation == order.operation and r.seq > 0]
        if of_a_kind and not now.open:
            refusal = self.settle_refusal_of(card, now, order)
            if refusal is not None:
                raise refusal
        return self.post_settlement(card, hold if not now.open else now, order)


@race("race_void_twice", breaks="CONC-1", summary="voids at the same moment release twice")
class RaceVoidTwice(StaleHold):
    operations = ("void",)


@race(
    "race_void_releases_stale",
    breaks="CONC-1",
    summary="a void releases what was held before a capture beside it",
)
class RaceVoidReleasesStale(StaleHold):
    operations = ("void",)

    def post_late(self, card: Card, hold: Transaction, order: Settlement) -> Transaction:
        now, card = self.hold(order)
        refusal = self.settle_refusal_of(card, now, order)
        if refusal is not None:
            raise refusal
        return self.post_settlement(card, hold, order)


@race(
    "race_torn_capture",
    breaks="CONC-1",
    summary="between two steps of a capture its money is on the card twice",
)
class RaceTornCapture(Bank):
    """Unlocks in one transaction and draws in another; a reader may come between."""

    def settle(self, order: Settlement) -> Transaction:
        if order.operation != "capture":
            return super().settle(order)
        with self.store.transaction():
            hold, card = self.hold(order)
            drawn_before = card.drawn
            record = self.replayed(card, order)
            if record is not None:
                return record
            refusal = self.settle_refusal_of(card, hold, order)
            if refusal is not None:
                raise refusal
            record = self.post_settlement(card, hold, order)
            late = self.store.card_by_seq(card.seq).drawn - drawn_before
            self.store.move(card, drawn=-late)
        pause()
        with self.store.transaction():
            self.store.move(card, drawn=late)
        return record


# --- totals and cards -----------------------------------------------------------------------


@race(
    "race_lost_update",
    breaks="CONC-1",
    summary="changes at the same moment overwrite each other's totals",
)
class RaceLostUpdate(StaleCheck):
    """Reads the totals, adds in memory, and writes back what it has read, plus its own change."""

    operations = ("drawdown", "hold", "fund")

    def create(self, order: Order) -> Transaction:
        with self.store.transaction():
            read, _ = self.payer(order)
        self._read.card = read
        return super().create(order)

    def post_stale(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if order.operation != "fund":
            self.check_available(card, order.amount)
        read: Card = self._read.card
        self.store.execute(
            "UPDATE cards SET funds = ?, drawn = ?, held = ?, gross_held = ? WHERE seq = ?",
            (read.funds, read.drawn, read.held, read.gross_held, card.seq),
        )
        return self.post(card, token, order)

    _read = threading.local()


@race(
    "race_create_card",
    breaks="CONC-1",
    summary="a card_id sent twice at the same moment makes two cards",
)
class RaceCreateCard(Cards):
    def create(self, caller: Caller, body: dict[str, Any]) -> Issued:
        with self.store.transaction():
            taken = self.store.card(caller.account, body["card_id"])
        if taken is not None:
            return super().create(caller, body)
        pause()
        with self.store.transaction():
            return self.issue(caller, body, "")


@race(
    "race_activate",
    breaks="CONC-1",
    summary="an activation sent twice at the same moment loads twice",
)
class RaceActivate(Cards):
    _judged = threading.local()

    def activate(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Card:
        with self.store.transaction():
            self._judged.inactive = bool(self.live(caller.account, card_id).inactive)
        pause()
        return super().activate(caller, card_id, body)

    def check_inactive(self, card: Card) -> None:
        if not self._judged.inactive:
            super().check_inactive(card)


@race("race_delete", breaks="CONC-1", summary="a card is deleted while a hold is being made on it")
class RaceDelete(Cards):
    _judged = threading.local()

    def delete(self, account: str, card_id: str) -> Card:
        with self.store.transaction():
            card = self.live(account, card_id)
            self.check_deletable(card)
        pause()
        self._judged.passed = True
        try:
            return super().delete(account, card_id)
        finally:
            self._judged.passed = False

    def check_deletable(self, card: Card) -> None:
        if not getattr(self._judged, "passed", False):
            super().check_deletable(card)

    def release_holds(self, card: Card) -> None:
        pass


@race(
    "race_dirty_read",
    breaks="CONC-1",
    summary="a drawdown that will be refused can be seen while it is judged",
)
class RaceDirtyRead(Bank):
    """Draws first, looks at the balance after, and takes the drawdown back."""

    def create(self, order: Order) -> Transaction:
        try:
            return super().create(order)
        except Refusal:
            if order.operation != "drawdown":
                raise
            with self.store.transaction():
                card, _ = self.payer(order)
                seen = min(order.amount, card.available)
                self.store.move(card, drawn=seen)
            pause()
            with self.store.transaction():
                self.store.move(card, drawn=-seen)
            raise
