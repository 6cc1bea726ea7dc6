"""Histories of honest servers of any dialect: whatever overlaps or is lost, there is an order.

The servers are the simulated ones, written without the oracle. A request is done at some moment
between its call and its return; a lost one at its time, later, or never.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tallystick.checker import Budget, Hints, History, Operation, Verdict, check
from tallystick.drivers.concurrent.independence import Independence, Op, TaggedCommand
from tallystick.drivers.concurrent.order import judge_history
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    CardRecord,
    Command,
    Outcome,
    ReadCard,
    ReadTransactions,
    Refused,
    Unknown,
)
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tests.ledger.programs import Commands
from tests.ledger.simulator import HonestServer
from tests.ledger.watching import Watcher, any_answers, any_habits, drive
from tests.sampling import some

CARD = "A"
PAST = 8
SERVERS = 500
FEW = 50
BUDGET = Budget(transitions=500_000)
LOST = Unknown("lost")
BETWEEN_NS = 10
LONGEST_NS = 35
"""So that a request overlaps with some three before it and three after it."""


class Race:
    """Clients of one simulated server, from a past that the oracle has followed."""

    def __init__(self, rng: random.Random, size: int) -> None:
        self.rng = rng
        self.server = HonestServer(any_answers(rng), any_habits(rng))
        watcher = Watcher(dialect_of(Wallet()))
        drive(rng, self.server, watcher, PAST)
        self.starts: tuple[Ledger, ...] = watcher.possible
        self.commands = Commands(rng, self.server)
        self.commands.look(self.server.perform(ReadTransactions(CARD)))
        self.late: list[Command] = []
        self.operations = [self._operation(number) for number in range(size)]

    def _operation(self, number: int) -> Op:
        rng, done_ns = self.rng, number * BETWEEN_NS
        reads = rng.random() < 0.4
        command = self._read() if reads else self.commands.next_write()
        if self.late and rng.random() < 0.3:
            self.server.perform(self.late.pop())
        called_ns = done_ns - rng.randrange(LONGEST_NS)
        tagged = TaggedCommand(str(command), command)
        if not reads and rng.random() < 0.15:
            self._lose(command)
            return Operation(str(number), CARD, tagged, LOST, called_ns, None)
        outcome = self.server.perform(command)
        self.commands.look(outcome)
        returned_ns = done_ns + rng.randrange(LONGEST_NS)
        return Operation(str(number), CARD, tagged, outcome, called_ns, returned_ns)

    def _read(self) -> Command:
        return ReadTransactions(CARD) if self.rng.random() < 0.2 else ReadCard(CARD)

    def _lose(self, command: Command) -> None:
        fate = self.rng.choice(["done", "late", "never"])
        if fate == "done":
            self.server.perform(command)
        elif fate == "late":
            self.late.append(command)


def races(seed: int, size: int, servers: int = SERVERS) -> Iterator[Race]:
    rng = random.Random(seed)
    for _ in range(servers):
        yield Race(rng, size)


def test_the_history_of_an_honest_server_has_an_order() -> None:
    for number, race in enumerate(races(0, 25)):
        judged = judge_history(race.operations, {CARD: race.starts}, budget=BUDGET)
        assert judged.violation is None, (number, judged.violation)
        assert not judged.undecided, number


@pytest.mark.parametrize("seed", some(range(1, 4), 1))
def test_what_is_known_of_the_order_changes_no_verdict(seed: int) -> None:
    verdicts: Counter[Verdict] = Counter()
    for race in races(seed, 6, FEW):
        operations = list(race.operations)
        place = race.rng.randrange(len(operations))
        operations[place] = answered_otherwise(race.rng, operations[place])
        known = Independence.of(operations)
        start = known.start(race.starts[0])
        with_hints = verdict_on(operations, known, start, known.hints)
        without = verdict_on(operations, known, start, Hints())
        assert with_hints is without, operations
        verdicts[without] += 1
    assert verdicts[Verdict.VIOLATES] > FEW / 10
    assert verdicts[Verdict.CONFORMS] > FEW / 10


def verdict_on(operations: list[Op], known: Independence, start: Ledger, hints: Hints) -> Verdict:
    history = History.of(operations)
    return check(history, known.transition, lambda _: start, hints=hints, budget=BUDGET).verdict


def answered_otherwise(rng: random.Random, operation: Op) -> Op:
    """The operation with another answer, which may be a lie."""
    return replace(operation, outcome=_other(rng, operation.outcome))


def _other(rng: random.Random, outcome: Outcome) -> Outcome:
    record = outcome.record if isinstance(outcome, Accepted) else None
    if isinstance(record, CardRecord) and record.balance is not None:
        off = rng.choice([1, -1, 3, 10])
        return Accepted(replace(record, balance=record.balance + off))
    return Refused(400) if record is not None else outcome
