"""How fast requests are sent, and where the time comes from.

A meter counts the requests of a run and keeps them to a rate; it knows neither requests nor
answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Time:
    """Where the time comes from: a monotonic clock in seconds, and a way to let it pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


REAL_TIME = Time()


class Meter:
    """Counts requests and holds them to a rate; shared by all connections of a run."""

    def __init__(self, rate: float | None = None, time: Time = REAL_TIME) -> None:
        self.requests = 0
        self._interval_s = 1.0 / rate if rate else 0.0
        self._next = 0.0
        self._time = time
        self._lock = threading.Lock()

    def apart(self) -> Meter:
        """Another count, at the same rate."""
        other = Meter(time=self._time)
        other._interval_s = self._interval_s
        return other

    def take(self) -> int:
        """Wait for the next slot and return the number of the request."""
        with self._lock:
            self.requests += 1
            number = self.requests
            now = self._time.now()
            wait = self._next - now if self._interval_s else 0.0
            self._next = max(self._next, now) + self._interval_s
        if wait > 0:
            self._time.sleep(wait)
        return number
