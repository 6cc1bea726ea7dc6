"""How long the checker takes on long histories with lost answers whose reads show the money only.

These are the hardest histories: reads show the balance and what is available, and nothing of how it
came about; amounts are small and even, so that many groups of lost payments have one sum; and half
of the lost requests take effect, perhaps long after their client gave up. The ledger judges them,
as the drivers do it. A second table has all clients on one card, where nearly every read is open
together with as many payments as there are clients; there the budget is the usual one. A third is
of streams: the wallets of `tests/checker/cards.py` judge operations while they are made, and what
is settled is forgotten. Each row is a process of its own. Times are processor time; that of a
stream has the making of the operations in it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import replace

from tallystick.checker import Budget, History, Operation, Stream
from tallystick.documents.questions import questions
from tallystick.drivers.concurrent.independence import TaggedCommand
from tallystick.drivers.concurrent.order import judge_history
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.state import CardStatus, Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardRecord,
    Command,
    EntryId,
    Kind,
    Outcome,
    ReadCard,
    RefId,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)
from tests.checker.cards import Card, Model
from tests.checker.simulation import REFUSED, UNKNOWN, Conditions, Fault, operations, simulated

SIZES = (20_000, 40_000, 100_000)
STREAMS = ((100_000, 0.0), (1_000_000, 0.0), (100_000, 0.0005))
LOST = (0.0, 0.005)
CROWDS = ((20_000, 0.0, 2), (20_000, 0.0, 4), (3_000, 0.0, 8), (20_000, 0.0, 8), (100_000, 0.0, 8))
CROWDS += ((3_000, 0.0, 16), (3_000, 0.005, 8), (3_000, 0.02, 8))
BUDGET = Budget(seconds=600.0, transitions=1_000_000_000)
KINDS = {"draw": Kind.DRAWDOWN, "hold": Kind.HOLD, "fund": Kind.FUND}


def as_operation_of_the_ledger(operation: Operation) -> Operation:
    """The same operation in the oracle's words."""
    kind, *rest = operation.command
    command = _command(CardId(str(operation.key)), kind, *rest)
    return Operation(
        operation.client,
        str(operation.key),
        TaggedCommand(" ".join(map(str, operation.command)), command),
        _outcome(operation),
        operation.called_ns,
        operation.returned_ns,
    )


def _command(card: CardId, kind: str, *rest: int) -> Command:
    if kind == "read":
        return ReadCard(card)
    ref, parent = RefId(f"ref-{rest[0]}"), EntryId(f"id {rest[-1]}")
    if kind == "capture":
        return Capture(card, parent, rest[1], ref)
    if kind == "void":
        return Void(card, parent, ref)
    return Transact(KINDS[kind], card, rest[1], "NOK", ref)


def _outcome(operation: Operation) -> Outcome:
    kind, *rest = operation.command
    outcome = operation.outcome
    if outcome == UNKNOWN:
        return Unknown("the answer was lost")
    if outcome == REFUSED:
        return Refused(400)
    if kind == "read":
        balance, available = outcome
        return Accepted(CardRecord(str(operation.key), "NOK", balance=balance, available=available))
    parent = f"id {rest[-1]}" if kind in ("capture", "void") else None
    made = TransactionRecord(f"id {rest[0]}", f"ref-{rest[0]}", outcome, "NOK", parent=parent)
    return Accepted(made)


def opening_ledger(card: str, opening: int) -> Ledger:
    """The ledger of an active card, on a server with one answer to each open question."""
    answers = {name: frozenset(list(q.permitted)[:1]) for name, q in questions().items()}
    return Ledger(Dialect(answers), CardId(card), CardStatus.ACTIVE, "NOK", opening=opening)


def measure(conditions: Conditions, budget: Budget = BUDGET) -> dict:
    """Judge the history in this process."""
    known = [as_operation_of_the_ledger(o) for o in simulated(conditions)]
    cards = [str(card) for card in range(conditions.cards)]
    ledgers = {card: [opening_ledger(card, conditions.opening)] for card in cards}
    began = time.process_time()
    judged = judge_history(History.of(known), ledgers, budget=budget)
    return {
        "verdict": "violates"
        if judged.violation
        else f"undecided {len(judged.undecided)}"
        if judged.undecided
        else "conforms",
        "seconds": time.process_time() - began,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "core": len(judged.illegality.core) if judged.illegality else 0,
        "named": str(judged.violation)[:300] if judged.violation else "",
    }


def measure_stream(conditions: Conditions) -> dict:
    """Judge a stream in this process."""
    model = Model(())
    stream = Stream(model.step, lambda key: Card(conditions.opening), hints=model.hints)
    most = 0
    began = time.process_time()
    for operation in operations(conditions):
        stream.add(operation)
        most = max(most, stream.kept)
    return {
        "verdict": stream.end().verdict.value,
        "seconds": time.process_time() - began,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "kept": most,
    }


def row_of(*case: object) -> dict:
    """What a process of its own measures."""
    command = [sys.executable, "-m", "tests.bench.money", *map(str, case)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    row: dict = json.loads(done.stdout)
    return row


def print_row(size: int, lost: float, fault: Fault, cards: int, clients: int) -> None:
    """Measure a history in a process of its own and print the row."""
    row = row_of(size, lost, fault.value, cards, clients)
    print(
        f"{size:>10} {lost:>6.1%} {cards:>5} {clients:>7} {fault.value:>16} {row['verdict']:>12}"
        f" {row['seconds']:>8.2f} {row['seconds'] / size * 1e6:>8.1f}"
        f" {row['mb']:>5} {row['core']:>5}",
        flush=True,
    )


def main() -> None:
    """Print the tables."""
    print(f"{'operations':>10} {'lost':>6} {'cards':>5} {'clients':>7} {'history':>16}", end="")
    print(f" {'verdict':>12} {'seconds':>8} {'us each':>8} {'MB':>5} {'core':>5}")
    for lost in LOST:
        for fault in Fault:
            for size in SIZES:
                print_row(size, lost, fault, 10, 8)
    for size, lost, clients in CROWDS:
        for fault in Fault:
            print_row(size, lost, fault, 1, clients)
    print(f"{'stream':>10} {'lost':>6} {'verdict':>12} {'seconds':>8} {'us each':>8}", end="")
    print(f" {'MB':>5} {'most kept':>10}")
    for size, lost in STREAMS:
        row = row_of(size, lost)
        print(
            f"{size:>10} {lost:>6.2%} {row['verdict']:>12} {row['seconds']:>8.2f}"
            f" {row['seconds'] / size * 1e6:>8.1f} {row['mb']:>5} {row['kept']:>10}",
            flush=True,
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        size_, lost_, *how_ = sys.argv[1:]
        conditions_ = Conditions(int(size_), lost=float(lost_))
        if how_:
            fault_, cards_, clients_ = Fault(how_[0]), int(how_[1]), int(how_[2])
            conditions_ = replace(conditions_, fault=fault_, cards=cards_, clients=clients_)
            row_ = measure(conditions_, Budget() if cards_ == 1 else BUDGET)
        else:
            row_ = measure_stream(conditions_)
        print(json.dumps(row_))
    else:
        main()
