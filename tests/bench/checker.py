"""How long the checker takes, and how much memory, on long histories of a wallet.

It generates histories of 8 clients over 10 cards with overlapping calls, by running the model at a
random moment inside each interval, and judges each in a process of its own so that the peak of the
memory is its own too. The model is a stand-in with a ledger's habits: its state grows by one record
with every accepted command, and every command carries a `ref_id` that works once.
"""

from __future__ import annotations

import heapq
import json
import random
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, replace

from tallystick.frontier import Budget, Hints
from tallystick.history import History, Operation
from tallystick.ledger.persistent import Map
from tallystick.linearizability import check

CARDS = 10
CLIENTS = 8
FUNDED = 50_000
SIZES = (10_000, 30_000, 100_000)
UNKNOWN, OK, REFUSED = "unknown", "ok", "refused"

# --- The stand-in for the ledger. To measure another one, swap `step`, `START` and `HINTS`. -------


@dataclass(frozen=True, slots=True)
class Card:
    """The state of one card."""

    available: int
    reserved: int
    holds: Map  # ref_id -> remaining
    records: Map  # ref_id -> (kind, amount)


START = Card(FUNDED, 0, Map(), Map())
KINDS = {"read": 40, "draw": 15, "hold": 15, "capture": 12, "void": 6, "fund": 12}


def apply(card: Card, command: tuple) -> Card | None:
    """The card after the command, or None if it is refused."""
    kind, ref, amount, hold = command
    if ref in card.records or amount < 0:
        return None
    available, reserved, holds = card.available, card.reserved, card.holds
    if kind == "fund":
        available += amount
    elif kind in ("draw", "hold"):
        if amount > available:
            return None
        available -= amount
        if kind == "hold":
            reserved += amount
            holds = holds.set(ref, amount)
    else:
        remaining = holds.get(hold)
        if remaining is None or (kind == "capture" and amount > remaining):
            return None
        if kind == "void":
            available, reserved = available + remaining, reserved - remaining
            holds = holds.without(hold)
        else:
            reserved -= amount
            left = remaining - amount
            holds = holds.set(hold, left) if left else holds.without(hold)
    return Card(available, reserved, holds, card.records.set(ref, (kind, amount)))


def seen(card: Card) -> tuple[int, int]:
    """What a read of the card answers."""
    return card.available + card.reserved, card.available


def step(card: Card, command: tuple, outcome: object) -> object:
    """The checker's view of the model."""
    if command[0] == "read":
        return (card,) if outcome in (UNKNOWN, seen(card)) else None
    after = apply(card, command)
    if outcome == UNKNOWN:
        return (card,) if after is None else (card, after)
    if outcome == OK:
        return () if after is None else (after,)
    return (card,) if after is None else ()


def changes(operation: Operation) -> bool:
    """Reads and refusals change nothing."""
    return operation.command[0] != "read" and operation.outcome != REFUSED


def interferes(earlier: Operation, later: Operation) -> bool:
    """Accepted commands meet in one hold, in one ref_id, or where one frees the other's money."""
    if not (changes(earlier) and changes(later)):
        return True
    (kind, ref, _, hold), (other, other_ref, _, other_hold) = earlier.command, later.command
    if ref == other_ref or {hold or ref} & {other_hold or other_ref}:
        return True
    return kind in ("fund", "void") and other in ("draw", "hold")


HINTS = {"hinted": Hints(changes, interferes), "bare": Hints()}

# --- The histories --------------------------------------------------------------------------------


def simulated(size: int, lost: float, arrives: float, seed: int = 1) -> History:
    """Clients that call, wait and call again; of the lost requests some never arrived."""
    rng = random.Random(f"{size} {lost} {seed}")
    cards, open_holds = [START] * CARDS, [[] for _ in range(CARDS)]
    turns = [(rng.randrange(1000), client) for client in range(CLIENTS)]
    waiting: list = []  # (moment of effect, number, client, card, command, called, returned)
    operations: list[Operation] = []
    while len(operations) < size:
        if not waiting or (turns and turns[0][0] <= waiting[0][0]):
            called, client = heapq.heappop(turns)
            card = rng.randrange(CARDS)
            moment = called + rng.randrange(200, 3000)
            command = drawn(rng, called * 10 + client, open_holds[card])
            heapq.heappush(waiting, (moment, client, card, command, called))
            continue
        moment, client, card, command, called = heapq.heappop(waiting)
        returned = moment + rng.randrange(200, 3000)
        heapq.heappush(turns, (returned + rng.randrange(1, 500), client))
        is_lost = rng.random() < lost
        if is_lost and rng.random() >= arrives:
            outcome = UNKNOWN
        else:
            outcome, cards[card] = answered(cards[card], command)
            if outcome == OK and command[0] == "hold" and not is_lost:
                open_holds[card].append((command[1], command[2]))
        if is_lost:
            operations.append(Operation(client, card, command, UNKNOWN, called))
        else:
            operations.append(Operation(client, card, command, outcome, called, returned))
    return History.of(operations)


def drawn(rng: random.Random, ref: int, holds: list) -> tuple:
    """The next command: captures and voids name a hold, mostly one that is open."""
    kind = rng.choices(list(KINDS), KINDS.values())[0]
    amount = rng.randrange(1, 5000)
    if kind not in ("capture", "void"):
        return (kind, ref, amount, None)
    if not holds:
        return ("fund", ref, amount, None)
    at = rng.randrange(len(holds))
    hold, held = holds[at] if rng.random() < 0.5 else holds.pop(at)
    return (kind, ref, rng.randrange(1, held + 1) if kind == "capture" else 0, hold)


def answered(card: Card, command: tuple) -> tuple[object, Card]:
    """What an honest server answers, and the card after it."""
    if command[0] == "read":
        return seen(card), card
    after = apply(card, command)
    return (REFUSED, card) if after is None else (OK, after)


def spoiled(history: History, how: str) -> History:
    """The history with one answer near the end that no order explains."""
    operations = list(history)
    late = range(len(operations) * 98 // 100, len(operations))
    for n in late:
        o = operations[n]
        if how == "capture" and o.command[0] == "capture" and o.outcome == REFUSED:
            operations[n] = replace(o, outcome=OK)
            break
        if how == "read" and o.command[0] == "read" and o.answered:
            balance, available = o.outcome
            operations[n] = replace(o, outcome=(balance + 1, available))
            break
    return History.of(operations)


# --- The measurement ------------------------------------------------------------------------------

CASES = [
    (lost, arrives, how)
    for lost, arrives in ((0.0, 1.0), (0.005, 1.0), (0.005, 0.5))
    for how in ("legal", "capture", "read")
]


def measure(size: int, lost: float, arrives: float, how: str, hints: str) -> dict:
    """Judge one history in this process."""
    history = simulated(size, lost, arrives)
    if how != "legal":
        history = spoiled(history, how)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    began = time.perf_counter()
    judgement = check(history, step, lambda key: START, hints=HINTS[hints], budget=Budget())
    return {
        "verdict": judgement.verdict.value,
        "seconds": time.perf_counter() - began,
        "steps": judgement.steps / size,
        "history_mb": before,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "core": [len(i.core) for i in judgement.illegalities],
    }


def main() -> None:
    """Print the table: `hinted` is what the suite uses, `bare` the checker without any hints."""
    heads = ("operations", "lost", "arrived", "history", "hints", "verdict")
    print(("{:>10} {:>6} {:>7} {:>8} {:>7} {:>10}").format(*heads), end="")
    print(f"{'seconds':>9} {'us/op':>7} {'steps/op':>9} {'MB':>5} {'core':>5}")
    for hints in HINTS:
        for lost, arrives, how in CASES:
            for size in SIZES:
                case = [str(x) for x in (size, lost, arrives, how, hints)]
                command = [sys.executable, "-m", "tests.bench.checker", *case]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                row = json.loads(done.stdout)
                print(
                    f"{size:>10} {lost:>6.1%} {arrives:>7.0%} {how:>8} {hints:>7}"
                    f" {row['verdict']:>10} {row['seconds']:>8.2f}"
                    f" {row['seconds'] / size * 1e6:>7.1f} {row['steps']:>9.3f} {row['mb']:>5}"
                    f" {','.join(map(str, row['core'])):>5}",
                    flush=True,
                )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        size_, lost_, arrives_, how_, hints_ = sys.argv[1:]
        print(json.dumps(measure(int(size_), float(lost_), float(arrives_), how_, hints_)))
    else:
        main()
