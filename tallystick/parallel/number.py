"""How many workers a run needs (`-n auto`): by how long the target takes for an answer.

Where an answer takes long, a process does nothing but wait; where it takes no time, the processors
are what is scarce. It does not start workers.
"""

from __future__ import annotations

import os
from dataclasses import replace

from tallystick.connect import connect
from tallystick.settings import Settings
from tallystick.target import Exchange, Meter, Observer, Target

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


class EarlyTarget:
    """A target that is connected before the run begins, to see how long its answers take."""

    def __init__(self, settings: Settings) -> None:
        """TargetError if it cannot be connected."""
        assert settings.address is not None, "an embedded server is not asked"
        assert settings.clients is not None, "a named target comes with clients"
        self._exchanges: list[Exchange] = []
        self._target = connect(
            settings.address,
            settings.clients.main,
            settings.profile,
            network=settings.network,
            meter=Meter(settings.rate),
            observer=self._exchanges.append,
            not_supported=settings.not_supported,
        )

    @property
    def latency_s(self) -> float:
        """How long its fastest answer took, in seconds."""
        return min((each.returned_ns - each.called_ns) / 1e9 for each in self._exchanges)

    def close(self) -> None:
        """There is no run."""
        self._target.close()

    def hand_over(self, meter: Meter, observer: Observer) -> Target:
        """The target, for the run: its requests are counted and seen as those of the run."""
        for exchange in self._exchanges:
            observer(replace(exchange, number=meter.take()))
        self._target.meter, self._target.observer = meter, observer
        return self._target
