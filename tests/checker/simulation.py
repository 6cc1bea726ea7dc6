"""Histories of clients that lose answers, made by simulating a server of wallets in virtual time.

The server performs each request at one moment between its call and its answer, so every history is
legal, except where a `Fault` is planted. How hard a history is to judge depends on `Conditions`:
how many answers are lost, how many lost requests take effect all the same and how late, how many
amounts are equal, and how many reads show the money.

A command is a tuple: ("read",), ("capture", ref, amount, hold), ("void", ref, hold), or ("fund",
ref, amount), and so for "draw" and "hold". A read shows the balance and what is available. An
accepted payment answers with the money that it moved. It knows neither the checker nor the ledger.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from tallystick.checker import History, Operation

UNKNOWN, REFUSED = "unknown", "refused"
Command = tuple[Any, ...]
ODD = 7
"""What the fund of a fault adds. All other amounts are even: nothing else explains its traces."""


class Fault(Enum):
    """What the server does wrong, once."""

    NONE = "legal"
    LOST_UPDATE = "lost update"
    """A fund is accepted, and another request overwrites it."""
    DOUBLE_CAPTURE = "double capture"
    """A capture is accepted though its hold has not so much left; it moves no money."""
    STALE_READ = "stale read"
    """A read shows the money as it was before a fund that was accepted earlier."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the clients of one history do, and what they lose."""

    size: int
    clients: int = 8
    cards: int = 10
    opening: int = 5_000
    """What every card starts with."""
    lost: float = 0.005
    """The share of the answers that are lost."""
    arrives: float = 0.5
    """The share of the requests without an answer that take effect all the same."""
    late_ns: int = 1_000_000
    """How long after the client gave up these take effect, on average."""
    reads: float = 0.17
    """The share of the reads."""
    amounts: tuple[int, ...] = tuple(range(2, 22, 2))
    """The fewer different amounts, the more sums are equal, and the more orders are possible."""
    fault: Fault = Fault.NONE
    fault_at: float = 0.98
    """The fault happens at the first request after this share of them that allows it."""


@dataclass(slots=True)
class Wallet:
    """One card of the server."""

    available: int
    holds: dict[int, int] = field(default_factory=dict)
    """What each open hold still locks."""
    before: tuple[int, int] | None = None
    """What a read would have shown before the fund that a stale read leaves out."""
    accepted_ns: int = 0
    """When that fund was answered."""

    def shown(self) -> tuple[int, int]:
        """What a read shows: the balance, and what is available."""
        return (self.available + sum(self.holds.values()), self.available)

    def perform(self, command: Command) -> Any:
        """The outcome: what a read shows, REFUSED, or how much money the payment moved."""
        kind, *rest = command
        if kind == "read":
            return self.shown()
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


@dataclass(frozen=True, slots=True)
class _Request:
    client: int
    card: int
    command: Command
    called_ns: int
    returned_ns: int | None


class _Server:
    """The wallets, and the fault that happens once."""

    def __init__(self, conditions: Conditions) -> None:
        self._cards = [Wallet(conditions.opening) for _ in range(conditions.cards)]
        self._fault = conditions.fault
        self.waits_for_odd = conditions.fault in (Fault.LOST_UPDATE, Fault.STALE_READ)
        """Whether the fault needs a fund of an odd amount that was not called yet."""

    def perform(self, request: _Request, *, may_fail: bool) -> Any:
        wallet = self._cards[request.card]
        if may_fail and request.returned_ns is not None and self._fault is not Fault.NONE:
            outcome = self._failed(request, wallet)
            if outcome is not None:
                self._fault = Fault.NONE
                return outcome
        return wallet.perform(request.command)

    def _failed(self, request: _Request, wallet: Wallet) -> Any:
        """The outcome of the fault; None if this request does not allow it."""
        kind = request.command[0]
        if self._fault is Fault.LOST_UPDATE:
            return request.command[2] if request.command[2:] == (ODD,) else None
        if self._fault is Fault.DOUBLE_CAPTURE:
            if kind != "capture" or wallet.holds.get(request.command[3], 0) >= request.command[2]:
                return None
            return request.command[2]
        if kind == "read" and wallet.before is not None:
            return wallet.before if request.called_ns > wallet.accepted_ns else None
        if request.command[2:] == (ODD,):
            wallet.before = wallet.shown()
            assert request.returned_ns is not None
            wallet.accepted_ns = request.returned_ns
        return None


def simulated(conditions: Conditions, seed: int = 1) -> History[Any, Any]:
    """The history that these clients see."""
    return History.of(operations(conditions, seed))


def operations(conditions: Conditions, seed: int = 1) -> Iterator[Operation[Any, Any]]:
    """The operations of the history in the order of their calls.

    They are made while they are read, so that a stream may be as long as one likes.
    """
    ready: dict[int, Operation[Any, Any]] = {}
    first = 1
    for number, operation in _Simulation(conditions, seed).run():
        ready[number] = operation
        while first in ready:
            yield ready.pop(first)
            first += 1


class _Simulation:
    """The clients and the server, on one clock."""

    def __init__(self, conditions: Conditions, seed: int) -> None:
        self._conditions = conditions
        self._rng = rng = random.Random(
            f"{replace(conditions, fault=Fault.NONE, fault_at=1.0)} {seed}"
        )
        self._server = _Server(conditions)
        self._known: list[list[tuple[int, int]]] = [[] for _ in range(conditions.cards)]
        self._turns = [(rng.randrange(1000), client) for client in range(conditions.clients)]
        heapq.heapify(self._turns)
        self._arriving: list[tuple[int, int, _Request]] = []  # by the moment of the effect
        self._called = 0

    def run(self) -> Iterator[tuple[int, Operation[Any, Any]]]:
        """The operations with their numbers, each when it takes effect; a lost one when called."""
        size = self._conditions.size
        while self._called < size or self._arriving:
            if self._called < size and not self._is_due():
                yield from self._call()
                continue
            _, number, request = heapq.heappop(self._arriving)
            outcome = self._server.perform(request, may_fail=self._may_fail())
            if request.returned_ns is not None:
                yield number, _operation(request, outcome)
                if request.command[0] == "hold" and outcome != REFUSED:
                    self._known[request.card].append(request.command[1:])

    def _is_due(self) -> bool:
        return bool(self._arriving) and self._arriving[0][0] < self._turns[0][0]

    def _may_fail(self) -> bool:
        return self._called >= self._conditions.size * self._conditions.fault_at

    def _call(self) -> Iterator[tuple[int, Operation[Any, Any]]]:
        """The next client calls; if its answer gets lost, that is all it sees of it."""
        rng, conditions = self._rng, self._conditions
        called, client = heapq.heappop(self._turns)
        self._called = number = self._called + 1
        card = rng.randrange(conditions.cards)
        command = _drawn(rng, number, conditions, self._known[card])
        moment = called + rng.randrange(200, 3000)
        returned = moment + rng.randrange(200, 3000)
        heapq.heappush(self._turns, (returned + rng.randrange(1, 500), client))
        if rng.random() >= conditions.lost:
            if self._may_fail() and self._server.waits_for_odd:
                self._server.waits_for_odd = False
                command = ("fund", number, ODD)
            request = _Request(client, card, command, called, returned)
            heapq.heappush(self._arriving, (moment, number, request))
            return
        request = _Request(client, card, command, called, None)
        yield number, _operation(request, UNKNOWN)
        if rng.random() < conditions.arrives:
            late = returned + int(rng.expovariate(1 / conditions.late_ns))
            heapq.heappush(self._arriving, (late, number, request))


def _operation(request: _Request, outcome: Any) -> Operation[Any, Any]:
    return Operation(
        request.client,
        request.card,
        request.command,
        outcome,
        request.called_ns,
        request.returned_ns,
    )


def _drawn(
    rng: random.Random,
    ref: int,
    conditions: Conditions,
    known: list[tuple[int, int]],
) -> Command:
    """The next command on a card whose clients know these holds."""
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
