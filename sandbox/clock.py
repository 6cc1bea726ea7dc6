"""Time as the server sees it: microseconds since 1970 inside, RFC 3339 outside.

The arithmetic is done by hand because a date-time of the API may name the year 0000 or a leap
second, and neither fits a `datetime`. Knows nothing of cards.
"""

import re
import time
from email.utils import formatdate

SECOND = 1_000_000
DAY = 86_400

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)


class Clock:
    """Where every part of the server gets the time from."""

    def now(self) -> int:
        return time.time_ns() // 1000

    def date_header(self) -> str:
        return formatdate(self.now() // SECOND, usegmt=True)

    def has_begun(self, active_from: str | None) -> bool:
        return active_from is None or parse(active_from) <= self.now()

    def has_ended(self, expires_at: str | None) -> bool:
        return expires_at is not None and parse(expires_at) < self.now()


def parse(text: str) -> int:
    """Microseconds since 1970 of a date-time that the API document has let through."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, offset_hour, offset_minute = match.groups()[6:]
    seconds = _days(year, month, day) * DAY + hour * 3600 + minute * 60 + second
    if sign:
        offset = int(offset_hour) * 3600 + int(offset_minute) * 60
        seconds -= offset if sign == "+" else -offset
    return seconds * SECOND + int((fraction or "0").ljust(6, "0")[:6])


def stamp(microseconds: int) -> str:
    """A moment of this server as the API prints it."""
    seconds, rest = divmod(microseconds, SECOND)
    clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{clock}.{rest // 1000:03d}Z"


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant's days_from_civil)."""
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return (
        era * 146_097
        + year_of_era * 365
        + year_of_era // 4
        - year_of_era // 100
        + (day_of_year - 719_468)
    )
