"""How long the answers of a server took, by operation. It reads exchanges and judges nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tallystick.reporting.journal import Record


@dataclass(frozen=True, slots=True)
class Latency:
    """The answers of one operation: how many there were, and how long they took, in ms."""

    answers: int
    p50_ms: float
    p99_ms: float


def latency_of(records: Iterable[Record]) -> dict[str, Latency]:
    """The latency of each operation, by its operationId; requests without an answer are left out.

    Time from the call to the return, as the client saw it, so it includes the network.
    """
    took: defaultdict[str, list[int]] = defaultdict(list)
    for record in records:
        if record.status is not None:
            took[record.operation].append(record.returned_ns - record.called_ns)
    return {operation: _latency(sorted(times)) for operation, times in sorted(took.items())}


def _latency(times_ns: Sequence[int]) -> Latency:
    return Latency(len(times_ns), _quantile_ms(times_ns, 50), _quantile_ms(times_ns, 99))


def _quantile_ms(sorted_ns: Sequence[int], percent: int) -> float:
    """The smallest time that so many percent of the answers did not exceed (nearest rank)."""
    rank = -(-len(sorted_ns) * percent // 100)
    return round(sorted_ns[rank - 1] / 1e6, 3)
