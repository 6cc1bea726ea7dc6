"""How deep each contract goes, so that all of them fit into the budget.

Beyond a gate, depth is what a budget buys. Every contract has to run at the depth of a gate, which
is kept in reserve; each may go deeper for a part of what is left over. Where too little is left, it
runs at the depth of a gate. It knows times and numbers, and nothing of contracts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from tallystick.run import Intensity

GATE_REQUESTS = 8_000
"""Requests of a whole gate, in round numbers."""
WAITS_S = 15.0
"""What a gate waits at least, for cards and tokens to expire."""
CAREFUL = 1.5
"""The reserve is so many times what it seems to be: the last contracts send most requests."""
FEW = 100
"""With fewer requests behind it, the speed of the target is taken for this:"""
SLOW_S = 0.01
"""Seconds for a request."""
PART = 0.25
"""The part of what is left over that one contract may take."""
LEAST_S, LEAST_REQUESTS = 5.0, 1_000
"""What has to be left over for a contract to go deeper at all: some do not look at the time."""
LATE = 0.05
"""The share of the budget after which a contract that goes on is cut off."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How deep a contract goes, and until when it may go on beyond the depth of a gate."""

    intensity: Intensity
    until: float = math.inf


class DepthPlan:
    """The depths of one run. Times are those of `clock`, in seconds."""

    def __init__(
        self,
        intensity: Intensity,
        budget_s: float | None,
        tests: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        began: float | None = None,
        begun: Iterator[int] | None = None,
    ) -> None:
        """`began` is when the run began, `begun` counts its contracts, where others run some."""
        self.shallow = 0
        """How many contracts were left at the depth of a gate, though more was asked for."""
        self._intensity = intensity
        self._budget_s = budget_s
        self._tests = tests
        self._begun = 0
        self._numbers = begun or count(1)
        self._clock = clock
        self._began = clock() if began is None else began

    def begin(self, requests: int, *, is_deep: bool = False) -> Depth:
        """The depth of the next contract, after so many requests; `is_deep`: it takes all."""
        self._begun = next(self._numbers)
        if self._budget_s is None or self._intensity is Intensity.GATE or is_deep:
            return Depth(self._intensity)
        now = self._clock()
        spent = now - self._began
        request_s = spent / requests if requests >= FEW else SLOW_S
        left_over = self._budget_s - spent - self._reserve_s(request_s)
        if left_over < LEAST_S + LEAST_REQUESTS * request_s:
            self.shallow += 1
            return Depth(Intensity.GATE)
        return Depth(self._intensity, now + PART * left_over)

    def _reserve_s(self, request_s: float) -> float:
        """What the contracts that are still to run need at the depth of a gate."""
        share = 1 - (self._begun - 1) / max(self._tests, 1)
        return share * CAREFUL * (GATE_REQUESTS * request_s + WAITS_S)

    def is_too_late(self) -> bool:
        """Whether the budget has been spent for so long that whatever runs is cut off."""
        if self._budget_s is None:
            return False
        return self._clock() - self._began > self._budget_s * (1 + LATE)
