"""How long the checker takes, and how much memory, on long histories of a wallet.

It generates histories of 8 clients over 10 cards with overlapping calls, by running the model at a
random moment inside each interval, and judges each in a process of its own so that the peak of the
memory is its own too. The model is a stand-in with a ledger's habits: its state grows by one record
with every accepted command, and every command carries a `ref_id` that works once. The histories are
judged by the ledger itself, as the drivers do it, and by the stand-in, which costs next to nothing
and so shows what the checker adds.

The ratio is the time of the checker over that of a walk: one call of the same transition for each
operation, in the order of the calls, which is the least that any checker can do. It hardly depends
on the machine, so ratios of two versions can be compared. Times are processor time.
"""

from __future__ import annotations

import heapq
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tallystick.checker import Budget, Hints, History, Key, Operation, Transition, check
from tallystick.documents.questions import questions
from tallystick.drivers.concurrent.independence import Independence, TaggedCommand
from tallystick.drivers.concurrent.order import judge_history
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.persistent import Map
from tallystick.ledger.state import CardStatus, Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardRecord,
    Command,
    Kind,
    Outcome,
    ReadCard,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)

CARDS = 10
CLIENTS = 8
FUNDED = 50_000
SIZES = (10_000, 30_000, 100_000)
UNKNOWN, REFUSED = "unknown", "refused"

# --- A stand-in for the ledger, so that the checker can be measured without it --------------------


@dataclass(frozen=True, slots=True)
class Card:
    """The state of one card."""

    available: int
    reserved: int
    funds: int  # ever put on it
    holds: Map  # ref_id -> remaining
    records: Map  # ref_id -> (kind, amount)


START = Card(FUNDED, 0, FUNDED, Map(), Map())
KINDS = {"read": 40, "draw": 15, "hold": 15, "capture": 12, "void": 6, "fund": 12}


def apply(card: Card, command: tuple) -> Card | None:
    """The card after the command, or None if it is refused."""
    kind, ref, amount, hold = command
    if ref in card.records or amount < 0:
        return None
    available, reserved, holds = card.available, card.reserved, card.holds
    funds = card.funds + (amount if kind == "fund" else 0)
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
    return Card(available, reserved, funds, holds, card.records.set(ref, (kind, amount)))


def seen(card: Card) -> tuple[int, int, int]:
    """What a read of the card answers: the balance, what is available, and what was put on it."""
    return card.available + card.reserved, card.available, card.funds


def step(card: Card, command: tuple, outcome: object) -> object:
    """The checker's view of the model."""
    if command[0] == "read":
        return (card,) if outcome in (UNKNOWN, seen(card)) else None
    after = apply(card, command)
    if outcome == UNKNOWN:
        return (card,) if after is None else (card, after)
    if after is None:
        return (card,) if outcome == REFUSED else ()
    return (after,) if outcome == moved(command, card, after) else ()


def moved(command: tuple, before: Card, after: Card) -> int:
    """The amount that an accepting answer shows: of a void, what it released."""
    return command[2] if command[0] != "void" else before.reserved - after.reserved


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


# --- The judges -----------------------------------------------------------------------------------


Judge = Callable[[], tuple[str, list[int]]]
"""Judges a history; returns the verdict and the size of each core."""
Walk = Callable[[], None]


def by_stand_in(hints: Hints) -> Callable[[History], tuple[Judge, Walk]]:
    """The checker with the stand-in as its transition."""

    def prepare(history: History) -> tuple[Judge, Walk]:
        def judge() -> tuple[str, list[int]]:
            result = check(history, step, lambda key: START, hints=hints)
            return result.verdict.value, [len(i.core) for i in result.illegalities]

        return judge, lambda: walk(history, step, lambda key: START)

    return prepare


def walk(history: History, transition: Transition, initial: Callable[[Key], object]) -> None:
    """Call the transition once for each operation; what is impossible leaves the state as it is."""
    states: dict[Key, object] = {}
    for o in history:
        state = states[o.key] if o.key in states else initial(o.key)
        after = transition(state, o.command, o.outcome)
        states[o.key] = after[0] if isinstance(after, tuple) and after else state


def by_ledger(history: History) -> tuple[Judge, Walk]:
    """The whole way: the oracle as the transition, with the hints that the drivers give."""
    dialect = Dialect({n: frozenset(list(q.permitted)[:1]) for n, q in questions().items()})
    start = Ledger(dialect, "", CardStatus.ACTIVE, "NOK", opening=FUNDED)
    cards = {str(key): [start.changed(card=str(key))] for key in range(CARDS)}
    operations = [as_operation_of_the_ledger(o) for o in history]
    known = Independence.of(operations)

    def judge() -> tuple[str, list[int]]:
        judged = judge_history(operations, cards, budget=Budget())
        if judged.illegality is not None:
            return "violates", [len(judged.illegality.core)]
        return "undecided" if judged.undecided else "conforms", []

    return judge, lambda: walk(
        History.of(operations), known.transition, lambda key: known.start(cards[str(key)][0])
    )


def as_operation_of_the_ledger(o: Operation) -> Operation:
    """The same operation in the oracle's words."""
    kind, number, amount, parent = o.command
    card, ref, hold = str(o.key), f"ref-{number}", f"id {parent}"
    command: Command
    if kind == "read":
        command = ReadCard(card)
    elif kind == "capture":
        command = Capture(card, hold, amount, ref)
    elif kind == "void":
        command = Void(card, hold, ref)
    else:
        command = Transact(TRANSACT[kind], card, amount, "NOK", ref)
    outcome: Outcome
    if o.outcome == UNKNOWN:
        outcome = Unknown("the answer was lost")
    elif o.outcome == REFUSED:
        outcome = Refused(400)
    elif kind == "read":
        balance, available, funds = o.outcome
        outcome = Accepted(
            CardRecord(
                card,
                "NOK",
                balance=balance,
                available=available,
                funds=funds,
                drawdown=funds - balance,
                reserved=balance - available,
            )
        )
    else:
        outcome = Accepted(
            TransactionRecord(
                f"id {number}", ref, o.outcome, "NOK", parent=hold if parent else None
            )
        )
    return Operation(
        o.client, card, TaggedCommand(kind, command), outcome, o.called_ns, o.returned_ns
    )


TRANSACT = {"draw": Kind.DRAWDOWN, "hold": Kind.HOLD, "fund": Kind.FUND}
JUDGES = {
    "ledger": by_ledger,
    "hinted": by_stand_in(Hints(changes, interferes)),
    "bare": by_stand_in(Hints()),
}

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
            if outcome != REFUSED and command[0] == "hold" and not is_lost:
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
    return (REFUSED, card) if after is None else (moved(command, card, after), after)


def spoiled(history: History, how: str) -> History:
    """The history with one answer near the end that no order explains."""
    operations = list(history)
    late = range(len(operations) * 98 // 100, len(operations))
    for n in late:
        o = operations[n]
        if how == "capture" and o.command[0] == "capture" and o.outcome == REFUSED:
            operations[n] = replace(o, outcome=o.command[2])
            break
        if how == "read" and o.command[0] == "read" and o.answered:
            balance, *others = o.outcome
            operations[n] = replace(o, outcome=(balance + 1, *others))
            break
    return History.of(operations)


# --- The measurement ------------------------------------------------------------------------------

CASES = [
    (lost, arrives, how)
    for lost, arrives in ((0.0, 1.0), (0.005, 1.0), (0.005, 0.5))
    for how in ("legal", "capture", "read")
]


def measure(judge: str, size: int, lost: float, arrives: float, how: str) -> dict:
    """Judge one history in this process."""
    history = simulated(size, lost, arrives)
    if how != "legal":
        history = spoiled(history, how)
    judge_it, walk_it = JUDGES[judge](history)
    began = time.process_time()
    verdict, cores = judge_it()
    judged = time.process_time()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    walking = time.process_time()
    walk_it()
    return {
        "verdict": verdict,
        "seconds": judged - began,
        "ratio": (judged - began) / (time.process_time() - walking),
        "mb": megabytes,
        "cores": cores,
    }


def main() -> None:
    """Print the table. Judges: the ledger itself; the stand-in with hints; and without any."""
    print(f"{'judge':>7} {'operations':>10} {'lost':>6} {'arrived':>8} {'history':>8}", end="")
    print(f" {'verdict':>10} {'seconds':>8} {'us each':>8} {'ratio':>6} {'MB':>5} {'core':>5}")
    for judge in JUDGES:
        for lost, arrives, how in CASES:
            for size in SIZES:
                case = [str(x) for x in (judge, size, lost, arrives, how)]
                command = [sys.executable, "-m", "tests.bench.checker", *case]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                row = json.loads(done.stdout)
                print(
                    f"{judge:>7} {size:>10} {lost:>6.1%} {arrives:>8.0%} {how:>8}"
                    f" {row['verdict']:>10} {row['seconds']:>8.2f}"
                    f" {row['seconds'] / size * 1e6:>8.1f} {row['ratio']:>6.1f} {row['mb']:>5}"
                    f" {','.join(map(str, row['cores'])):>5}",
                    flush=True,
                )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        judge_, size_, lost_, arrives_, how_ = sys.argv[1:]
        print(json.dumps(measure(judge_, int(size_), float(lost_), float(arrives_), how_)))
    else:
        main()
