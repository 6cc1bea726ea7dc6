"""The target's own clock, estimated from its Date headers; time rules are judged by it alone.

A Date header is cut to whole seconds, and the answer has travelled, so the clock is known to about
two seconds. It does not know the rules: it says before, within, after, or too close to an edge.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from tallystick.ledger.vocabulary import Phase

UNSURE_S = 2.0
"""How far the estimate may be off, in seconds; so near an edge nothing is decided."""


@dataclass(frozen=True, slots=True)
class Period:
    """When a card may be used, in seconds since the epoch; None: no bound."""

    active_from: float | None = None
    expires_at: float | None = None


class Clock:
    """Estimates the target's clock; before the first Date header, it is our own."""

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self._heard = ""

    def hear(self, date: str) -> None:
        """Adjust the estimate by a Date header; a text that is no date changes nothing."""
        if not date or date == self._heard:
            return
        self._heard = date
        try:
            self._ahead_s = parsedate_to_datetime(date).timestamp() - int(time.time())
        except (TypeError, ValueError):
            return

    def now(self) -> float:
        """The target's time in seconds since the epoch, give or take UNSURE_S."""
        return time.time() + self._ahead_s

    @staticmethod
    def text(moment: float, offset: str = "Z") -> str:
        """A moment as RFC 3339 in whole seconds, in UTC or at an offset such as +05:00."""
        zone = datetime.strptime(offset, "%z").tzinfo
        return datetime.fromtimestamp(int(moment), zone).isoformat().replace("+00:00", "Z")

    def phase(self, period: Period) -> Phase:
        """Whether now is before, within or after the period, or too near one of its ends."""
        now = self.now()
        for edge in (period.active_from, period.expires_at):
            if edge is not None and abs(now - edge) <= UNSURE_S:
                return Phase.EDGE
        if period.expires_at is not None and now > period.expires_at:
            return Phase.AFTER
        if period.active_from is not None and now < period.active_from:
            return Phase.BEFORE
        return Phase.WITHIN
