"""What has to wait does not hold up the rest: it is prepared early, and looked at late.

A test that is marked `prepares` sets something up, in a fixture of the session, and runs early. The
tests that are marked `waits` use the fixture, and run late: little is left to wait for then. What
has to happen in between, at a time of its own, is a `Visit`: it is made before whichever test
begins when it is due. This module does not know what is prepared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tallystick.drivers.direct import Unanswered
from tallystick.run import Run, Violated
from tallystick.target import NotSupported

MARGIN_S = 0.5
"""A visit begins at least so long before it would be too late: its requests take time."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Requests to send between two moments of `time.monotonic`; later they would prove nothing.

    `pay` sends them, and returns the visit that follows, if there is one.
    """

    opens: float
    closes: float
    pay: Callable[[], Visit | None]


@dataclass(slots=True)
class Appointment:
    """Visits, one after the other: all are made in time, or they prove nothing."""

    run: Run
    next: Visit | None
    again: Callable[[], Visit] | None = None
    """Begins anew, and returns the first visit of that, if one was missed while tests run."""
    is_missed: bool = False
    lost: Unanswered | None = None
    """The answer that was missing, if that is why it is missed."""
    ended: BaseException | None = None
    """What a visit met, for the test that the visits belong to."""

    def keep(self) -> None:
        """Make the next visit if it is due; begin anew, or give up, if it is too late."""
        now = time.monotonic()
        if self.next is None or now < self.next.opens:
            return
        visit, self.next = self.next, None
        pay = visit.pay if now <= visit.closes - MARGIN_S else self.again
        if pay is None:
            self.is_missed = True
            return
        try:
            with self.run.tolerating_gateway_errors() as errors:
                self.next = pay()
        except Violated as found:
            self.ended = found
        except NotSupported:
            self.is_missed = True
        except Unanswered as lost:
            self.lost = lost
        if errors:
            self.lost = Unanswered(errors[0])
        if self.lost is not None:
            self.next, self.is_missed = None, True

    def is_kept(self) -> bool:
        """Make the visits that are left, each at its time; whether all were made in time.

        Nothing begins anew from now on: who asks has to wait for it. Raises what a visit met.
        """
        self.again = None
        while self.next is not None:
            time.sleep(max(0.0, self.next.opens - time.monotonic()))
            self.keep()
        if self.ended is not None:
            raise self.ended
        return not self.is_missed

    def has_to_be_kept(self, too_slow: str) -> None:
        """The same for visits that are not made between other tests.

        Unanswered if an answer was missing, so that the test is repeated; else, if a visit came
        too late, the test is left undecided with this reason.
        """
        if self.is_kept():
            return
        if self.lost is not None:
            raise self.lost
        self.run.leave_undecided(f"{self.run.current_test}: {too_slow}")
        pytest.skip(too_slow)


@dataclass(slots=True)
class Appointments:
    """The appointments of a session."""

    _all: list[Appointment] = field(default_factory=list)

    def add(self, appointment: Appointment) -> Appointment:
        """Keep this one too while other tests run."""
        self._all.append(appointment)
        return appointment

    def keep(self) -> None:
        """Make the visits that are due now."""
        for appointment in self._all:
            appointment.keep()


APPOINTMENTS = pytest.StashKey[Appointments]()
