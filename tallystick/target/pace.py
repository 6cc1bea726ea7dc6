"""How fast requests are sent, and where the time comes from.

A meter counts the requests of a run and keeps them to a rate; it knows neither requests nor
answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Time:
    """Where the time comes from: a monotonic clock in seconds, and a way to let it pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


REAL_TIME = Time()


class Slots(Protocol):
    """Gives each request of a run its number and its moment; in one process or in several."""

    @property
    def requests(self) -> int:
        """How many requests have got theirs."""
        ...

    def take(self, now: float, interval_s: float) -> tuple[int, float]:
        """The number of the next request, and when it may be sent: `interval_s` after the last."""
        ...


class OwnSlots:
    """The slots of a run in one process. Thread-safe."""

    def __init__(self) -> None:
        self.requests = 0
        self._next = 0.0
        self._lock = threading.Lock()

    def take(self, now: float, interval_s: float) -> tuple[int, float]:
        """See `Slots`."""
        with self._lock:
            self.requests += 1
            moment = max(self._next, now)
            self._next = moment + interval_s
            return self.requests, moment


class Meter:
    """Counts requests and holds them to a rate; shared by all connections of a run."""

    def __init__(
        self, rate: float | None = None, time: Time = REAL_TIME, slots: Slots | None = None
    ) -> None:
        self._interval_s = 1.0 / rate if rate else 0.0
        self._time = time
        self._slots = slots or OwnSlots()

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._slots.requests

    def apart(self) -> Meter:
        """Another count, at the same rate."""
        other = Meter(time=self._time)
        other._interval_s = self._interval_s
        return other

    def take(self) -> int:
        """Wait for the next slot and return the number of the request."""
        now = self._time.now()
        number, moment = self._slots.take(now, self._interval_s)
        if self._interval_s and moment > now:
            self._time.sleep(moment - now)
        return number
