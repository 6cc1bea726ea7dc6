"""Tells an outage of the target from a fault in one kind of request, and waits until it is over.

A 502 may come from a server that is being restarted or from a fault in what was asked for. The
control request (`control`) decides: if it fails too, everything fails, and nothing is learned from
the answers of that time. If it is answered, what the request got is the target's answer to it.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tallystick.target.answers import Answer, NoAnswer
from tallystick.target.errors import TargetError, TargetGone
from tallystick.target.pace import REAL_TIME, Time

ENOUGH = 3
"""How many 5xx of one kind (operation and status) are followed by a control request that is
answered; after that, such a 5xx counts as the target's answer at once."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
SHORT_S = 0.5
MOST = 20
"""Outages of one run that were not short: if there are more, requests may be what causes them."""

Control = Callable[[], Answer | NoAnswer]


@dataclass(frozen=True, slots=True)
class Outage:
    """A time when the target answered nobody."""

    seconds: float
    """How long it was waited for."""
    reason: str
    """What came in place of answers."""
    met_by: str
    """The operation whose request met it first."""
    began: float = 0.0
    """When, by the clock of `Time`."""


class Outages:
    """The outages of a run; shared by all its connections."""

    def __init__(self, url: str, bound_s: float, time: Time = REAL_TIME) -> None:
        self.bound_s = bound_s
        """How long one outage may last, in seconds."""
        self.in_run = False
        """Whether the target has worked before: at the start there is nothing to lose yet."""
        self.seen: list[Outage] = []
        self.seconds_left: Callable[[], float] = lambda: math.inf
        """How long the run may last still."""
        self.on_wait: Callable[[str], None] = lambda said: None
        """Called with a line where a run waits at its start, when that is not short."""
        self._url = url
        self._time = time
        self._ended = float("-inf")
        self._answered: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def begin_run(self, bound_s: float) -> None:
        """The target works; from now on an outage may last so long."""
        self.bound_s = bound_s
        self.in_run = True

    def is_outage(
        self, operation: str, failure: Answer | NoAnswer, called: float, control: Control
    ) -> bool:
        """Whether a failure belongs to an outage; if so, it is over when this returns.

        `called` is when the request was sent, by the clock of `Time`. TargetGone if the outage
        does not end within the bound, TargetError at once if waiting cannot help.
        """
        kind = (operation, failure.status)
        if isinstance(failure, NoAnswer) and failure.is_final:
            raise TargetError(f"{self._url} cannot be reached: {failure.remedy}")
        with self._lock:
            if called <= self._ended:
                return True  # another thread has met it, and waited
            if isinstance(failure, Answer) and self._answered[kind] >= ENOUGH:
                return False
            began = self._time.now()
            if is_alive(control()):
                self._answered[kind] += 1
                return False
            self._wait(operation, began, said_of(failure), lambda: said_unless_alive(control()))
            return True

    def wait_for(self, operation: str, reason: str, once: Callable[[], str]) -> None:
        """Repeat `once` until it returns an empty text; at the bound TargetGone with the last."""
        self._wait(operation, self._time.now(), reason, once)

    def _wait(self, operation: str, began: float, reason: str, once: Callable[[], str]) -> None:
        if sum(outage.seconds >= SHORT_S for outage in self.seen) >= MOST:
            raise TargetGone(
                f"{self._url} was unreachable again and again, {MOST + 1} times, at last after "
                f"{operation} ({reason}): look into its log"
            )
        pause_s = FIRST_PAUSE_S
        said = reason
        is_said = False
        while said:
            waited_s = self._time.now() - began
            if waited_s >= SHORT_S and not (is_said or self.in_run):
                is_said = True
                self.on_wait(
                    f"{self._url} does not answer ({said}): waiting, {self.bound_s:.0f} s at most"
                )
            self._check_bound(waited_s, reason)
            self._time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            said = once()
            reason = said or reason
        self._ended = self._time.now()
        self.seen.append(Outage(self._ended - began, reason, operation, began))

    def _check_bound(self, waited_s: float, reason: str) -> None:
        """Raise TargetGone if the outage has lasted too long, for itself or for the run."""
        if waited_s >= self.bound_s:
            why = "is it still running? (--wait says how long to wait)"
        elif self.in_run and self.seconds_left() <= 0:
            why = "the budget is spent (--budget)"
        else:
            return
        raise TargetGone(f"{self._url} was unreachable for {waited_s:.0f} s ({reason}): {why}")


def is_failure(answer: Answer | NoAnswer) -> bool:
    """Whether an answer may come from an outage: a 5xx, or none."""
    return isinstance(answer, NoAnswer) or answer.status >= 500


def is_alive(answer: Answer | NoAnswer) -> bool:
    """Whether an answer to the control request shows that the target works."""
    return isinstance(answer, Answer) and answer.status < 500


def said_of(answer: Answer | NoAnswer) -> str:
    """An answer in a few words."""
    if isinstance(answer, NoAnswer):
        return answer.remedy or answer.reason
    return f"status {answer.status}"


def said_unless_alive(answer: Answer | NoAnswer) -> str:
    """Nothing if the target works, else what is wrong with it."""
    return "" if is_alive(answer) else said_of(answer)
