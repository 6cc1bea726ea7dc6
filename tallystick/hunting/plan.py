"""Which run of a hunt comes next: its seed, its target, its budget. It starts nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tallystick.hunting.request import Request
from tallystick.hunting.round import Ended, Round

LEAST_S = 2.0
"""A run of less is not begun."""
LAST = 1.5
"""What is left of the budget is one run, if it is at most so many times as long as one."""
MOST_FAILURES = 3
"""A target on which so many runs in a row could not start is left out from then on."""
DRAWN = "--drawn"
"""Only the contracts whose inputs the seed decides: for all runs but the first on a target."""
CANNOT_START = 4


@dataclass(slots=True)
class Plan:
    """The runs of a hunt, one after the other. `clock` gives seconds."""

    request: Request
    workers: int
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    begun: int = 0
    lacking: list[str] = field(default_factory=list)
    """Targets that were left out, each with the reason."""
    _running: Counter[str] = field(default_factory=Counter)
    _runs: Counter[str] = field(default_factory=Counter)
    _failures: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def targets(self) -> list[str]:
        """Those that are still tried."""
        return [name for name in self.request.targets if self._failures[name] < MOST_FAILURES]

    def next(self) -> Round | None:
        """The next run, on the target with the fewest at the moment; None if there is none."""
        left_s = self.request.budget_s - (self.clock() - self.began)
        if left_s < LEAST_S or not self.targets:
            return None
        target = min(self.targets, key=lambda name: (self._running[name], self._runs[name]))
        budget_s = left_s if left_s <= LAST * self.request.round_s else self.request.round_s
        index, of = self.request.shard
        seed = (self.request.seed + index - 1 + of * self.begun) % 2**63
        round_ = Round(self.begun, seed, target, budget_s, self._arguments(target))
        self.begun += 1
        self._running[target] += 1
        self._runs[target] += 1
        return round_

    def _arguments(self, target: str) -> tuple[str, ...]:
        request = self.request
        words = list(request.arguments)
        if request.rate is not None:
            sharing = -(-self.workers // len(request.targets))
            words.append(f"--rate={request.rate / sharing:.4f}")
        if self._runs[target] and not request.selection:
            words.append(DRAWN)
        return (*words, *request.selection)

    def end(self, round_: Round, ended: Ended) -> None:
        """Note how a run ended."""
        target = round_.target
        self._running[target] -= 1
        if ended.status != CANNOT_START:
            self._failures[target] = 0
            return
        self._failures[target] += 1
        if self._failures[target] == MOST_FAILURES:
            self.lacking.append(f"{target or 'the embedded sandbox'} was left out: {ended.said}")
