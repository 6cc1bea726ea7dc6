"""The target's own clock; rules about time are judged by it, never by ours alone.

The target shows its time in two places: the `Date` header of every answer, which a gateway may
write, and in what it has just made, if the API shows when that was. A third clock is ours. Where
they disagree nobody knows by which one the target decides, so this module names a phase (before,
within or after a card's period) only if all of them give the same one. Else it says that it is too
close to tell. It does not know the rules.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tallystick.ledger.vocabulary import Phase
from tallystick.target import Answer

UNSURE_S = 2.0
"""How exactly the target's time is known: a Date is cut to whole seconds, and answers travel."""
AGREE_S = 5.0
"""How far the clocks may be apart, or one go back, until nothing is judged by them; nearer ones are
asked both."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
"""A time outside of these is no time: some servers show year 1 for what they do not know."""


@dataclass(frozen=True, slots=True)
class Period:
    """When a card may be used, in seconds since the epoch; None: no bound."""

    active_from: float | None = None
    expires_at: float | None = None


class Clock:
    """Estimates the target's clock from its answers; before the first of them, it is ours."""

    def __init__(self, made_at: str = "") -> None:
        """`made_at`: the member of an answer that says when something was made; empty: none."""
        self._made_at = made_at
        self._header_ahead_s: float | None = None
        self._created_ahead_s: float | None = None
        self._last_date = ""
        self._stepped_back_s = 0.0
        self._has_heard = False

    def hear(self, answer: Answer, took_s: float = 0.0) -> None:
        """Take an answer that has just arrived, so many seconds after its request was sent."""
        self._has_heard = True
        if answer.date and answer.date != self._last_date:
            self._last_date = answer.date
            self._hear_header(answer.date, took_s)
        if isinstance(answer.body, dict) and 200 <= answer.status < 300:
            self._hear_created(answer.body.get(self._made_at))

    def _hear_header(self, date: str, took_s: float) -> None:
        try:
            shown = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError, OverflowError):
            return  # a text that is no date says nothing
        before_s = self._header_ahead_s
        self._header_ahead_s = _later(before_s, shown)
        if before_s is not None and EARLIEST <= shown <= LATEST:
            # The Date is at least that of the moment at which the request was sent.
            behind_s = before_s - (shown - time.time() + took_s)
            self._stepped_back_s = max(self._stepped_back_s, behind_s)

    def _hear_created(self, created_at: Any) -> None:
        """Take a creation time, which may be that of something that was made long ago."""
        if not isinstance(created_at, str):
            return
        try:
            shown = datetime.fromisoformat(created_at.upper())
        except ValueError:
            return
        if shown.tzinfo is None:
            return
        self._created_ahead_s = _later(self._created_ahead_s, shown.timestamp())

    @property
    def disagreement(self) -> str:
        """Why nothing can be judged by time, in words; empty where the clocks agree."""
        clocks = self._clocks()
        if not clocks:
            made_at = f" nor a {self._made_at}" if self._made_at else ""
            return f"the target shows no Date{made_at} that is a time"
        if self._stepped_back_s > AGREE_S:
            return f"the target's Date has gone back by {self._stepped_back_s:.0f} s"
        if max(clocks.values()) - min(clocks.values()) <= AGREE_S:
            return ""
        shown = ", ".join(f"{name} {ahead_s:+.0f} s" for name, ahead_s in clocks.items())
        return f"the target's clocks disagree with each other or with ours: {shown}"

    def now(self) -> float:
        """The target's time in seconds since the epoch, give or take UNSURE_S.

        Where the clocks disagree it is ours, which can at least be written as a date-time.
        """
        clocks = self._clocks()
        return time.time() + (0.0 if self.disagreement else next(iter(clocks.values())))

    def phase(self, period: Period) -> Phase:
        """Where now lies in the period; EDGE where the clocks give different answers."""
        if period == Period():
            return Phase.WITHIN
        if self._stepped_back_s > AGREE_S:
            return Phase.EDGE  # nobody knows where it is now
        now = time.time()
        phases = {_phase_at(now + ahead_s, period) for ahead_s in self._clocks().values()}
        return phases.pop() if len(phases) == 1 else Phase.EDGE

    def _clocks(self) -> dict[str, float]:
        """The clocks that may be the one by which the target decides, in seconds ahead of ours.

        A clock of the target needs a witness: its other clock, or ours. If its two clocks agree,
        ours does not count, because then it is ours that may be wrong.
        """
        made_at = self._made_at or "made at"
        shown = {made_at: self._created_ahead_s, "Date": self._header_ahead_s}
        known = {name: ahead_s for name, ahead_s in shown.items() if ahead_s is not None}
        if not known:
            return {} if self._has_heard else {"ours": 0.0}
        if len(known) == 2 and abs(known["Date"] - known[made_at]) <= AGREE_S:
            return known
        if len(known) == 1 and abs(next(iter(known.values()))) <= AGREE_S:
            return known
        return known | {"ours": 0.0}

    @staticmethod
    def text(moment: float, offset: str = "Z") -> str:
        """A moment as RFC 3339 in whole seconds, in UTC or at an offset such as +05:00."""
        zone = datetime.strptime(offset, "%z").tzinfo
        return datetime.fromtimestamp(int(moment), zone).isoformat().replace("+00:00", "Z")


def _later(ahead_s: float | None, shown: float) -> float | None:
    """The larger of two estimates: an answer that was slow, or is about the past, shows less."""
    if not EARLIEST <= shown <= LATEST:
        return ahead_s
    heard = shown - time.time()
    return heard if ahead_s is None else max(ahead_s, heard)


def _phase_at(now: float, period: Period) -> Phase:
    for edge in (period.active_from, period.expires_at):
        if edge is not None and abs(now - edge) <= UNSURE_S:
            return Phase.EDGE
    if period.expires_at is not None and now > period.expires_at:
        return Phase.AFTER
    if period.active_from is not None and now < period.active_from:
        return Phase.BEFORE
    return Phase.WITHIN
