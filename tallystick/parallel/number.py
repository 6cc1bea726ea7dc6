"""How many workers a run needs (`-n auto`): by how long the target takes for an answer.

Where an answer takes long, a process does nothing but wait; where it takes no time, the processors
are what is scarce. It does not start workers.
"""

from __future__ import annotations

import os

MOST = 8
"""With more workers, a gate is not faster: its longest contract sends an eighth of its requests."""
WAIT_S = 0.0125
"""A worker is worth its start for so long a wait for each answer: eight of them for 100 ms."""
MOST_QUICK = 4
"""The most workers where it is the processors that are scarce; the target needs some too."""


def number_of_workers(latency_s: float, processors: int) -> int:
    """The number for a target that answers within so many seconds; 0: no workers."""
    waiting = round(latency_s / WAIT_S)
    quick = min(processors, MOST_QUICK)
    number = max(min(waiting, MOST), quick)
    return number if number > 1 else 0


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
