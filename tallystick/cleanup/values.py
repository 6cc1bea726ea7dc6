"""What a clean-up is given, and what it says at its end. Values: they send nothing.

A clean-up puts away what a run made on the target. A refusal in it is no finding.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tallystick.target import Exchange, NoAnswer

JSON = Any

CONNECTIONS = 12
"""How many requests of a clean-up are under way at once, at least."""
CONNECTIONS_EACH = 3
"""The same for each process of the run: the target has answered as many at once before."""
REFUSED = "the target did not accept their clean-up"


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """What of the run stays on the target after the clean-up."""

    cards: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    reason: str = ""

    def __bool__(self) -> bool:
        return bool(self.cards or self.holds)

    def __str__(self) -> str:
        return left_text(len(self.cards), len(self.holds), self.reason)


def left_text(cards: int, holds: int, reason: str) -> str:
    """What stays on the target, in words."""
    why = f" ({reason})" if reason else ""
    return f"{_count(cards, 'card')} and {_count(holds, 'open hold')} stay on the target{why}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def left_open(cards: Iterable[str], holds: Iterable[str], reason: str) -> LeftOpen:
    """What stays, in order; without a reason for it, the target refused."""
    left = LeftOpen(tuple(sorted(cards)), tuple(sorted(holds)), reason)
    return LeftOpen(left.cards, left.holds, REFUSED) if left and not reason else left


@dataclass(slots=True)
class Bound:
    """When a clean-up ends, done or not, and how many of its requests are under way at once."""

    deadline: float
    connections: int = CONNECTIONS

    @classmethod
    def of(cls, seconds: float, workers: int = 1) -> Bound:
        """A bound so many seconds from now, after a run of so many processes."""
        return cls(time.monotonic() + seconds, max(CONNECTIONS, CONNECTIONS_EACH * workers))

    def cut(self) -> None:
        """End the clean-up with the requests that are under way."""
        self.deadline = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.deadline


@dataclass(frozen=True, slots=True)
class Seen:
    """One exchange as far as it matters here; `status` None: no answer came."""

    operation: str
    path: str
    body: JSON
    status: int | None
    answer: JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those of the answer; empty where it was read from a journal."""

    @classmethod
    def of(cls, exchange: Exchange) -> Seen:
        """What matters of an exchange."""
        request, answer = exchange.request, exchange.answer
        asked = (request.operation, request.path, request.body)
        if isinstance(answer, NoAnswer):
            return cls(*asked, None, None)
        return cls(*asked, answer.status, answer.body, answer.headers)

    @property
    def is_refused(self) -> bool:
        """Whether an answer proves that nothing was done."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def is_accepted(self) -> bool:
        """Whether an answer proves that it was done."""
        return self.status is not None and 200 <= self.status < 300
