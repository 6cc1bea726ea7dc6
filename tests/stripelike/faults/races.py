"""Faults that only concurrent requests show: check and change are two steps instead of one.

Requests run in threads, one at a time but for the open window: there a request lets the others go
on for a while, so that every client that races meets the window. A request that is alone waits a
few milliseconds and is answered correctly.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, TypeVar

from tests.stripelike.app import App, Message
from tests.stripelike.bank import Bank
from tests.stripelike.calls import Reply
from tests.stripelike.charges import Charges
from tests.stripelike.faults.registry import fault, part_of
from tests.stripelike.intents import Intents
from tests.stripelike.keys import Keys, Saved
from tests.stripelike.records import Charge, Intent

Override = TypeVar("Override", bound=type)

OTHERS_WAIT_S = 0.008
"""Requests that are sent together arrive well within this time."""
WINDOW_S = 0.015
"""Long enough for all of them to pass their checks."""


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

    def wait(self) -> None:
        """Let requests that arrive at this moment pass their checks."""
        patience = time.monotonic() + OTHERS_WAIT_S
        while self._count < 2:
            if time.monotonic() > patience:
                return
            time.sleep(0.0005)
        time.sleep(WINDOW_S)


TRAFFIC = Traffic()
ALONE = threading.Lock()
"""Held by the one request that is carried out."""


def pause() -> None:
    """The open window between a check and what it was for: others are carried out meanwhile."""
    ALONE.release()
    try:
        TRAFFIC.wait()
    finally:
        ALONE.acquire()


class ThreadedApp(App):
    """Carries requests out at the same time."""

    async def reply(self, message: Message) -> Reply:
        return await asyncio.to_thread(self.counted, message)

    def counted(self, message: Message) -> Reply:
        with TRAFFIC:
            return self.answer(message)

    def exclusive(self) -> AbstractContextManager[Any]:
        return ALONE


def race(
    name: str, *, breaks: str, summary: str, mapping: str = ""
) -> Callable[[Override], Override]:
    """Register a fault whose requests run in threads."""

    def register(override: Override) -> Override:
        fault(name, breaks=breaks, summary=summary, mapping=mapping)(override)
        part_of(name)(ThreadedApp)
        return override

    return register


# --- captures -------------------------------------------------------------------------------


@race(
    "race_captures",
    breaks="CONC-1",
    summary="two captures at the same moment both answer 200; the last one counts",
)
class RaceCaptures(Bank):
    def judge_capture(self, charge: Charge, amount: int | None) -> None:
        super().judge_capture(charge, amount)
        pause()


@race(
    "race_captures_add_up",
    breaks="CONC-1",
    summary="two captures at the same moment are both taken, together more than was held",
)
class RaceCapturesAddUp(RaceCaptures):
    def post_capture(self, charge: Charge, amount: int, *, final: bool) -> Charge:
        present = self.store.find(Charge, charge.id) or charge
        done = super().post_capture(charge, amount, final=final)
        if not present.captured:
            return done
        return self.store.save(replace(done, amount_captured=present.amount_captured + amount))


@race(
    "race_capture_of_intents",
    breaks="CONC-1",
    summary="a payment intent is checked and captured in two steps; charges are not affected",
    mapping="intents",
)
class RaceCaptureOfIntents(Intents):
    def check_status(self, intent: Intent, permitted: tuple[str, ...]) -> None:
        super().check_status(intent, permitted)
        pause()

    def charge_of(self, intent: Intent) -> Charge:
        charge = super().charge_of(intent)
        return charge if charge.open else replace(charge, open=True, amount_captured=0, released=0)


# --- releases and refunds -------------------------------------------------------------------


@race(
    "race_capture_and_release",
    breaks="CONC-1",
    summary="a capture and a void at the same moment are both accepted",
)
class RaceCaptureAndRelease(Bank):
    def judge_capture(self, charge: Charge, amount: int | None) -> None:
        super().judge_capture(charge, amount)
        pause()

    def judge_release(self, charge: Charge, amount: int | None) -> None:
        super().judge_release(charge, amount)
        pause()


@race(
    "race_releases",
    breaks="CONC-1",
    summary="two refunds of an uncaptured charge at the same moment are both accepted",
    mapping="charges",
)
class RaceReleases(Charges):
    def give_back(self, charge: Charge, amount: int | None) -> int:
        if not charge.open or charge.intent is not None:
            return super().give_back(charge, amount)
        self.bank.judge_release(charge, amount)
        pause()
        return self.bank.post_release(charge, charge.remaining).released


@race(
    "race_refunds",
    breaks="CONC-1",
    summary="refunds at the same moment are checked against the same money",
)
class RaceRefunds(Bank):
    def judge_refund(self, charge: Charge, amount: int | None) -> None:
        super().judge_refund(charge, amount)
        pause()


# --- keys -----------------------------------------------------------------------------------


@race(
    "race_keys",
    breaks="CONC-2",
    summary="two requests with one key at the same moment are both carried out",
)
class RaceKeys(Keys):
    def claim(self, place: Hashable) -> Saved | None:
        saved = self.saved.get(place)
        if saved is None:
            TRAFFIC.wait()
        return saved
