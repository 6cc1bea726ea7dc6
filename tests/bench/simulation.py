"""Histories of clients that lose answers, made by a simulation of a wallet in virtual time.

The server is honest: it performs each request at one moment, so every history is legal until
`spoiled` changes an answer. What makes a history hard to judge is a parameter of `Conditions`: how
many answers are lost, how many lost requests are performed all the same and how late, how many
amounts are equal, and how seldom a read shows the money.

A command is a tuple: ("read",), ("capture", ref, amount, hold), ("void", ref, hold), or ("fund",
ref, amount), and so for "draw" and "hold". It knows neither the checker nor the ledger.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field, replace
from typing import Any

from tallystick.checker import History, Operation

UNKNOWN, REFUSED = "unknown", "refused"
Command = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the clients of one history do, and what they lose."""

    size: int
    clients: int = 8
    cards: int = 10
    funded: int = 5_000
    """What every card starts with."""
    lost: float = 0.005
    """The share of the answers that are lost."""
    arrives: float = 0.5
    """The share of the requests without an answer that are performed all the same."""
    late_ns: int = 1_000_000
    """How long after the client gave up, in the mean, these are performed."""
    reads: float = 0.17
    """The share of the reads."""
    amounts: tuple[int, ...] = tuple(range(2, 22, 2))


@dataclass(slots=True)
class Wallet:
    """One card of the server."""

    available: int
    holds: dict[int, int] = field(default_factory=dict)
    """What each open hold still locks."""

    def perform(self, command: Command) -> Any:
        """The outcome: what a read shows, REFUSED, or how much money an accepted command moved."""
        kind, *rest = command
        if kind == "read":
            return (self.available + sum(self.holds.values()), self.available)
        ref, amount = rest[:2]
        if kind == "fund":
            self.available += amount
        elif kind in ("draw", "hold"):
            if amount > self.available:
                return REFUSED
            self.available -= amount
            if kind == "hold":
                self.holds[ref] = amount
        else:
            return self._end(kind, *rest)
        return amount

    def _end(self, kind: str, ref: int, *rest: int) -> Any:
        hold = rest[-1]
        if hold not in self.holds or (kind == "capture" and rest[0] > self.holds[hold]):
            return REFUSED
        if kind == "void":
            released = self.holds.pop(hold)
            self.available += released
            return released
        self.holds[hold] -= rest[0]
        if not self.holds[hold]:
            del self.holds[hold]
        return rest[0]


def simulated(conditions: Conditions, seed: int = 1) -> History[Any, Any]:
    """The history that these clients see."""
    rng = random.Random(f"{conditions} {seed}")
    cards = [Wallet(conditions.funded) for _ in range(conditions.cards)]
    known: list[list[tuple[int, int]]] = [[] for _ in cards]  # holds that a client may name
    turns = [(rng.randrange(1000), client) for client in range(conditions.clients)]
    arriving: list[tuple[Any, ...]] = []  # (moment of the effect, number, card, command, answer)
    operations: list[Operation[Any, Any]] = []
    started = 0
    while (turns and started < conditions.size) or arriving:
        if started >= conditions.size or (arriving and arriving[0][0] < turns[0][0]):
            _, _, card, command, answer = heapq.heappop(arriving)
            outcome = cards[card].perform(command)
            if answer is not None:
                client, called, returned = answer
                operations.append(Operation(client, card, command, outcome, called, returned))
                if command[0] == "hold" and outcome != REFUSED:
                    known[card].append(command[1:])
            continue
        called, client = heapq.heappop(turns)
        started += 1
        card = rng.randrange(conditions.cards)
        command = _drawn(rng, started, conditions, known[card])
        moment = called + rng.randrange(200, 3000)
        returned = moment + rng.randrange(200, 3000)
        heapq.heappush(turns, (returned + rng.randrange(1, 500), client))
        if rng.random() >= conditions.lost:
            heapq.heappush(arriving, (moment, started, card, command, (client, called, returned)))
            continue
        operations.append(Operation(client, card, command, UNKNOWN, called))
        if rng.random() < conditions.arrives:
            late = returned + int(rng.expovariate(1 / conditions.late_ns))
            heapq.heappush(arriving, (late, started, card, command, None))
    return History.of(operations)


def _drawn(
    rng: random.Random, ref: int, conditions: Conditions, known: list[tuple[int, int]]
) -> Command:
    if rng.random() < conditions.reads:
        return ("read",)
    kind = rng.choices(("fund", "draw", "hold", "capture", "void"), (30, 22, 22, 16, 10))[0]
    amount = rng.choice(conditions.amounts)
    if kind not in ("capture", "void"):
        return (kind, ref, amount)
    if not known:
        return ("fund", ref, amount)
    at = rng.randrange(len(known))
    hold, held = known[at] if rng.random() < 0.3 else known.pop(at)
    if kind == "void":
        return ("void", ref, hold)
    return ("capture", ref, rng.choice([a for a in conditions.amounts if a <= held]), hold)


def spoiled(history: History[Any, Any], how: str, at: float = 0.98) -> History[Any, Any]:
    """The history with one answer after the share `at` of it that was not given.

    `how`: a refused "capture" is accepted; a "read" shows an amount of 1 too much, or with "read 2"
    of 2.
    """
    operations = list(history)
    for n in range(int(len(operations) * at), len(operations)):
        o = operations[n]
        if how == "capture" and o.command[0] == "capture" and o.outcome == REFUSED:
            operations[n] = replace(o, outcome=o.command[2])
            break
        if how.startswith("read") and o.command[0] == "read" and o.answered:
            more = int(how[5:] or 1)
            operations[n] = replace(o, outcome=(o.outcome[0] + more, o.outcome[1] + more))
            break
    return History.of(operations)
