"""How long answers took, as small pictures: a row for each operation, all on one scale.

The scale is logarithmic: a bar twice as far to the right took ten times as long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.reporting.response_times import LatencyEntry, step_ms

WIDTH, HEIGHT = 240, 30


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One operation. `bars`: x, y, width and height of each; positions are in pixels."""

    operation: str
    answers: int
    p50_ms: float
    p99_ms: float
    bars: tuple[tuple[float, float, float, float], ...]
    p50_x: float
    p99_x: float


@dataclass(frozen=True, slots=True)
class LatencyFigure:
    """All operations, the busiest first, and the marks of their common scale."""

    rows: tuple[LatencyRow, ...]
    marks: tuple[tuple[float, str], ...]
    """Powers of ten: where they are, and what they are called."""


def latency_rows(latency: Mapping[str, LatencyEntry]) -> LatencyFigure:
    """The picture."""
    steps = [int(step) for entry in latency.values() for step in entry["steps"]]
    if not steps:
        return LatencyFigure((), ())
    first, last = min(steps) - 1, max(steps)
    scale = WIDTH / max(1, last - first)
    rows = [_row(name, entry, first, scale) for name, entry in latency.items()]
    low, high = step_ms(first), step_ms(last)
    marks = [
        (_x(10.0**power, first, scale), f"{10.0**power:g} ms")
        for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    ]
    return LatencyFigure(tuple(sorted(rows, key=lambda row: -row.answers)), tuple(marks))


def _row(name: str, entry: LatencyEntry, first: int, scale: float) -> LatencyRow:
    counts = {int(step): count for step, count in entry["steps"].items()}
    most = max(counts.values())
    bars = []
    for step, count in counts.items():
        height = max(1.5, (HEIGHT - 2) * count / most)
        x = (step - 1 - first) * scale
        bars.append((round(x, 1), round(HEIGHT - height, 1), round(scale, 2), round(height, 1)))
    return LatencyRow(
        name,
        entry["answers"],
        entry["p50_ms"],
        entry["p99_ms"],
        tuple(bars),
        _x(entry["p50_ms"], first, scale),
        _x(entry["p99_ms"], first, scale),
    )


def _x(ms: float, first: int, scale: float) -> float:
    return round((8 * math.log2(ms * 1000) - first) * scale, 1)
