"""What cannot be decided ends within its budget, whatever the check is doing at that moment.

Time is counted in instructions of Python, so that a test means the same on every machine: the clock
of the budget shows how many were executed in the checker and its callers.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from tallystick.checker import (
    Budget,
    History,
    Operation,
    Stream,
    Verdict,
    budget,
    check,
    linearizability,
    stream,
    totals,
)
from tests.checker.cards import Card, Model
from tests.checker.models import UNKNOWN
from tests.checker.simulation import Conditions, Fault, simulated

PER_SECOND = 1_000_000


class Instructions:
    """A clock that counts instructions while it runs."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Instructions:
        self._before = sys.gettrace()  # such as that of coverage, which goes on afterwards
        sys.settrace(self._called)
        return self

    def __exit__(self, *raised: object) -> None:
        sys.settrace(self._before)

    def monotonic(self) -> float:
        return self.count / PER_SECOND

    def _called(self, frame, event, arg):
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._executed

    def _executed(self, frame, event, arg):
        self.count += 1
        return self._executed


@pytest.fixture
def clock(monkeypatch):
    instructions = Instructions()
    for module in (budget, linearizability, stream):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=instructions.monotonic))
    return instructions


def lost(*commands):
    return [Operation(n, 0, command, UNKNOWN, n) for n, command in enumerate(commands)]


def read(*shown, at=10**6):
    return Operation("r", 0, ("read",), shown, at, at + 1)


def paid(kind, ref, amount):
    return (kind, ref, amount)


def many_equal(size=1500):
    """Many lost payments of few amounts, and reads that none of them explains."""
    made = lost(*(paid(("fund", "draw", "hold")[n % 3], n, 2 + 2 * (n % 4)) for n in range(size)))
    return [*made, read(5001, 4001), read(5003, 4003, at=10**6 + 2)]


def many_different(size=1500):
    made = lost(*(paid(("fund", "draw", "hold")[n % 3], n, 2 * n * n + 2) for n in range(size)))
    return [*made, read(5001, 4001), read(5003, 4003, at=10**6 + 2)]


def refused_for_nothing(size=600):
    """A refusal that many sums of lost payments might explain, and a read that contradicts it."""
    made = lost(*(paid(("fund", "draw")[n % 2], n, 2 * n * n + 2) for n in range(size)))
    refused = [
        Operation("r", 0, paid("draw", 9000 + n, 5000), "refused", 10**5 + 2 * n, 10**5 + 2 * n + 1)
        for n in range(50)
    ]
    return [*made, *refused, read(5001, 5001)]


def debts_without_end(size=400):
    """Reads of which each needs other lost payments, and the last one those of all others."""
    made = lost(*(paid("fund", n, 2 + 2 * (n % 40)) for n in range(size)))
    balance, reads = 5000, []
    for n in range(60):
        balance += 1234
        reads.append(read(balance, balance, at=10**6 + 2 * n))
    return [*made, *reads]


def crowded(size=400):
    """Many clients at once, of which the answers contradict each other."""
    conditions = Conditions(
        size,
        clients=32,
        cards=1,
        opening=40,
        lost=0.1,
        late_ns=10**6,
        amounts=(2, 4),
        fault=Fault.LOST_UPDATE,
        fault_at=0.5,
    )
    return list(simulated(conditions))


HISTORIES = [many_equal, many_different, refused_for_nothing, debts_without_end, crowded]
MARGIN = 0.25
"""From one look at the clock to the next."""
TO_NUMBER = 0.0004
"""To number an operation, which is done before there is anything to judge."""


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("history", HISTORIES, ids=lambda h: h.__name__)
def test_a_check_ends_close_to_its_budget(history, seconds, clock):
    operations = History.of(history())
    model = Model(operations)
    allowed = Budget(seconds=seconds, transitions=10**9)
    with clock:
        result = check(
            operations, model.step, lambda key: Card(5000), hints=model.hints, budget=allowed
        )
    assert result.verdict is Verdict.UNDECIDED
    assert clock.monotonic() < seconds + TO_NUMBER * len(operations) + MARGIN


def test_an_explanation_ends_close_to_its_budget(clock):
    conditions = Conditions(
        1000, clients=2, cards=1, lost=0.0, fault=Fault.STALE_READ, fault_at=0.9
    )
    operations = simulated(conditions)
    model = Model(operations)
    allowed = Budget(seconds=4.0, explain_transitions=10**9)
    with clock:
        result = check(
            operations,
            model.step,
            lambda key: Card(conditions.opening),
            hints=model.hints,
            budget=allowed,
        )
    assert result.verdict is Verdict.VIOLATES
    assert 4.0 < clock.monotonic() < 4.0 + TO_NUMBER * len(operations) + MARGIN


@pytest.mark.parametrize("history", HISTORIES, ids=lambda h: h.__name__)
def test_a_block_of_a_stream_ends_close_to_its_budget(history, clock, monkeypatch):
    monkeypatch.setattr(totals, "MOST_SUMS", 200)  # to add one is bounded apart
    model = Model(())
    allowed = Budget(seconds=0.2, transitions=10**9, configurations=4000)
    judged = Stream(
        model.step, lambda key: Card(5000), hints=model.hints, budget=allowed, block=100
    )
    longest = 0.0
    with clock:
        for operation in [*History.of(history()), None]:
            before = clock.monotonic()
            if operation is None:
                judged.end()
            else:
                judged.add(operation)
            longest = max(longest, clock.monotonic() - before)
    # One frontier that is exact, then two, of which one is followed with several efforts.
    assert longest < (0.2 + MARGIN) * (2 + len(stream.FOLLOWING))
