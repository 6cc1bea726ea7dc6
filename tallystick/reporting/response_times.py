"""How long answers took, by operation: counted as they come, in steps of about a tenth.

A hunt has millions of exchanges, so none is kept. Times are of exchanges that were answered.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypedDict

PER_OCTAVE = 8
"""Steps between a time and twice that time."""


class LatencyEntry(TypedDict):
    """One operation. `steps` counts answers by step: step n ends at 2**(n / 8) microseconds."""

    answers: int
    p50_ms: float
    p99_ms: float
    steps: dict[str, int]


class ResponseTimes:
    """Counts exchanges; thread-safe."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[int]] = {}
        self._lock = threading.Lock()

    def note(self, operation: str, nanoseconds: int) -> None:
        """Count an answer to an operation, and how long it took."""
        with self._lock:
            self._counts.setdefault(operation, Counter())[_step(nanoseconds)] += 1

    def add(self, latency: Mapping[str, LatencyEntry]) -> None:
        """Count the answers of another run."""
        with self._lock:
            for operation, entry in latency.items():
                counts = self._counts.setdefault(operation, Counter())
                counts.update({int(step): count for step, count in entry["steps"].items()})

    def entries(self) -> dict[str, LatencyEntry]:
        """What came out, by operation in the order of their names."""
        with self._lock:
            return {name: _entry(self._counts[name]) for name in sorted(self._counts)}


def merged_latency(runs: Iterable[Mapping[str, LatencyEntry]]) -> dict[str, LatencyEntry]:
    """The answers of several runs together."""
    times = ResponseTimes()
    for latency in runs:
        times.add(latency)
    return times.entries()


def step_ms(step: int) -> float:
    """Where a step ends, in milliseconds."""
    return float(2 ** (step / PER_OCTAVE) / 1000)


def _step(nanoseconds: int) -> int:
    return math.ceil(PER_OCTAVE * math.log2(max(nanoseconds, 1000) / 1000))


def _entry(counts: Counter[int]) -> LatencyEntry:
    return LatencyEntry(
        answers=counts.total(),
        p50_ms=_percentile(counts, 50),
        p99_ms=_percentile(counts, 99),
        steps={str(step): counts[step] for step in sorted(counts)},
    )


def _percentile(counts: Counter[int], percent: int) -> float:
    """The end of the step in which so many percent of the answers have come."""
    seen, due = 0, math.ceil(counts.total() * percent / 100)
    for step in sorted(counts):
        seen += counts[step]
        if seen >= due:
            return float(f"{step_ms(step):.3g}")
    return 0.0
