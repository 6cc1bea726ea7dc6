"""Faults that only concurrent requests show: check and change are in two transactions.

Between the two nothing is locked, and a request lets the others go on for a while, so that every
client that races meets the window. A request that is alone waits a few milliseconds and is answered
correctly. What is written is then either computed from the records that were checked, so that
another change is lost; or from fresh records that are not checked again, so that both add up.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tests.prepaid.access import Access
from tests.prepaid.app import App, Message
from tests.prepaid.bank import Bank
from tests.prepaid.calls import Reply
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault, part_of
from tests.prepaid.keys import Keys
from tests.prepaid.records import Account, Hold, Movement, Order
from tests.prepaid.store import Store

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


class CountedApp(App):
    """Counts the requests that it carries out."""

    def answer(self, message: Message) -> Reply:
        with TRAFFIC:
            return super().answer(message)


def race(name: str, *, breaks: str = "CONC-1", summary: str) -> Callable[[Override], Override]:
    """Register a fault that looks at how many requests are being carried out."""

    def register(override: Override) -> Override:
        fault(name, breaks=breaks, summary=summary)(override)
        part_of(name)(CountedApp)
        return override

    return register


def fresh_account(store: Store, session: Session, account: Account) -> Account:
    """The account as it is now, locked."""
    return store.lock_account(session, account.id) or account


def fresh_hold(store: Store, session: Session, hold: Hold) -> Hold:
    """The hold as it is now, locked."""
    return store.lock_hold(session, hold.id) or hold


# --- captures and releases ------------------------------------------------------------------


@race(
    "race_captures",
    summary="captures at the same moment are all answered 201; the last one counts",
)
class RaceCaptures(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        session.keep(TRAFFIC.wait)
        return super().post_capture(session, account, hold, order, amount)


@race(
    "race_captures_add_up",
    summary="captures at the same moment are all taken, together more than was held",
)
class RaceCapturesAddUp(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        session.keep(TRAFFIC.wait)
        hold = fresh_hold(self.store, session, hold)
        account = fresh_account(self.store, session, account)
        return super().post_capture(session, account, hold, order, amount)


@race(
    "race_releases",
    summary="releases at the same moment are all answered 201; the last one counts",
)
class RaceReleases(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        session.keep(TRAFFIC.wait)
        return super().post_release(session, account, hold, order, amount)


@race(
    "race_releases_add_up",
    summary="a release at the same moment as another, or as a capture, frees the same money again",
)
class RaceReleasesAddUp(Bank):
    def post_release(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        session.keep(TRAFFIC.wait)
        hold = fresh_hold(self.store, session, hold)
        account = fresh_account(self.store, session, account)
        return super().post_release(session, account, hold, order, amount)


@race(
    "race_captures_of_two_holds",
    summary="captures of two holds of an account at the same moment: one leaves its money held",
)
class RaceCapturesOfTwoHolds(Bank):
    def post_capture(
        self, session: Session, account: Account, hold: Hold, order: Order, amount: int
    ) -> Movement:
        session.keep(TRAFFIC.wait)
        hold = fresh_hold(self.store, session, hold)
        # The hold is judged again; the account is the one from before.
        self.judge_capture(hold, amount)
        return super().post_capture(session, account, hold, order, amount)


# --- deposits, payments, holds --------------------------------------------------------------


@race(
    "race_payments",
    summary="payments at the same moment are all answered 201; the last one counts",
)
class RacePayments(Bank):
    def post_payment(self, session: Session, account: Account, order: Order) -> Movement:
        session.keep(TRAFFIC.wait)
        return super().post_payment(session, account, order)


@race(
    "race_payments_add_up",
    summary="payments at the same moment are all taken, together more than is available",
)
class RacePaymentsAddUp(Bank):
    def post_payment(self, session: Session, account: Account, order: Order) -> Movement:
        session.keep(TRAFFIC.wait)
        return super().post_payment(session, fresh_account(self.store, session, account), order)


@race(
    "race_holds",
    summary="holds at the same moment are all answered 201; the last one counts",
)
class RaceHolds(Bank):
    def post_hold(self, session: Session, account: Account, order: Order) -> Hold:
        session.keep(TRAFFIC.wait)
        return super().post_hold(session, account, order)


@race(
    "race_holds_add_up",
    summary="holds at the same moment are all taken, together more than is available",
)
class RaceHoldsAddUp(Bank):
    def post_hold(self, session: Session, account: Account, order: Order) -> Hold:
        session.keep(TRAFFIC.wait)
        return super().post_hold(session, fresh_account(self.store, session, account), order)


@race("race_deposits", summary="of deposits at the same moment only the last one counts")
class RaceDeposits(Bank):
    def post_deposit(self, session: Session, account: Account, order: Order) -> Movement:
        session.keep(TRAFFIC.wait)
        return super().post_deposit(session, account, order)


# --- reads and keys -------------------------------------------------------------------------


@race(
    "race_figures_of_two_moments",
    summary="a read takes what is available, and a little later what is held",
)
class RaceFiguresOfTwoMoments(Access):
    def read_account(self, session: Session, tenant: str, identifier: str) -> Account:
        first = super().read_account(session, tenant, identifier)
        TRAFFIC.wait()
        second = super().read_account(session, tenant, identifier)
        return replace(first, held=second.held)


@race(
    "race_keys",
    breaks="CONC-2",
    summary="requests with one key at the same moment are all carried out",
)
class RaceKeys(Keys):
    def claim(self, session: Session, place: str, request: str) -> bool:
        if self.saved(session, place) is not None:
            return False
        session.keep(TRAFFIC.wait)
        super().claim(session, place, request)
        return True
