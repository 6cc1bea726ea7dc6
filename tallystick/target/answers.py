"""What came back from the target, or that nothing did. Values only: it opens no connection.

What an answer proves is said by the profile (`api`), and judged by the `ledger`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from tallystick.request import Request
from tallystick.target.unusual import Unusual

LONGEST_WAIT_S = 30.0  # of one Retry-After

NOT_JSON = object()
"""Stands for a body that is not JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is parsed JSON or NOT_JSON; `date` is the Date header.

    Its repr leaves the body out: that may hold tokens, and tracebacks show reprs.
    """

    status: int
    content_type: str
    body: Any = field(repr=False)
    date: str = ""
    retry_after: str = ""
    allow: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """All headers, names in small letters; empty where an answer was read from a journal."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing that can be trusted came back; the request may or may not have been processed."""

    reason: str
    status: int = 0
    """The status of the answer that broke off; 0 if none came."""
    excess: str = ""
    """The bound that the answer broke, with a sample: the server's doing, not the network's."""
    was_sent: bool = True
    """False if there was no connection to send it on, so that nothing was processed."""
    on_purpose: bool = False
    """Whether a driver broke the delivery."""
    remedy: str = ""
    """What is wrong with the connection and what to do about it."""
    is_final: bool = False
    """Whether waiting does not help."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it, with monotonic times in nanoseconds."""

    number: int
    request: Request
    answer: Answer | NoAnswer
    called_ns: int
    returned_ns: int
    busy: int = 0
    """How often the target answered before this that it was too busy."""
    unusual: Unusual | None = field(default=None, repr=False)
    """What the request carried in place of the usual; None: nothing."""


Observer = Callable[[Exchange], None]


def wait_asked_for(answer: Answer | NoAnswer) -> float | None:
    """Seconds to wait before the same request is sent again; None: the answer stands."""
    if isinstance(answer, NoAnswer) or answer.status not in (429, 503):
        return None
    if answer.status == 503 and not answer.retry_after:
        return None
    try:
        asked = float(answer.retry_after or 1)
    except ValueError:
        asked = _seconds_until(answer.retry_after, answer.date)
    if asked != asked:  # not a number
        asked = 1.0
    return min(max(asked, 0.05), LONGEST_WAIT_S)


def _seconds_until(date: str, now: str) -> float:
    """From one HTTP date to another, both by the target's clock; 1 if they are none."""
    try:
        return (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return 1.0
