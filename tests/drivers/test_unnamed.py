"""Payments whose records nobody looks at again: which they are, and that the ledger needs no more.

The whole ledger and the one without these records are led through the same random requests, with
the answers of this ledger and with wrong ones: they permit the same, and show the same money.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from tallystick.drivers.concurrent.independence import Independence, TaggedCommand
from tallystick.drivers.concurrent.unnamed import unnamed_in
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardRecord,
    HoldRecord,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Refused,
    Void,
)
from tests.bench.money import as_operation_of_the_ledger, opening_ledger
from tests.checker.simulation import REFUSED, UNKNOWN, Operation, Wallet

LEDGER = opening_ledger("0", 20)
FUND = (("fund", 1, 8), 8)
HOLD = (("hold", 2, 8), 8)
CAPTURE = (("capture", 3, 2, 2), 2)


def operations(*rows):
    """One after the other; each row is a command and its outcome."""
    return [
        as_operation_of_the_ledger(Operation(0, 0, *row, 2 * n, 2 * n + 1))
        for n, row in enumerate(rows)
    ]


def with_command(operation, command, outcome=None):
    outcome = operation.outcome if outcome is None else outcome
    return replace(operation, command=TaggedCommand("a step", command), outcome=outcome)


def found(*operations, ledgers=(LEDGER,), reused=()):
    return set(unnamed_in(operations, ledgers, reused))


def test_accepted_payments_that_nobody_names_are_found():
    assert found(*operations(FUND, HOLD, CAPTURE)) == {"ref-1", "ref-3"}
    assert found(*operations(FUND, HOLD)) == {"ref-1", "ref-2"}
    assert found(*operations((("fund", 1, 8), UNKNOWN), (("draw", 2, 80), REFUSED))) == set()


def test_what_a_read_of_a_hold_may_depend_on_is_no_such_payment():
    first, *others = operations(HOLD, CAPTURE, FUND)
    read = with_command(first, ReadHold(LEDGER.card, "id 2"))
    assert found(first, *others, read) == {"ref-1"}


def test_a_list_may_look_at_every_record():
    first, *others = operations(FUND, HOLD, CAPTURE)
    assert found(first, *others, with_command(first, ReadTransactions(LEDGER.card))) == set()


def test_repeated_ref_ids_and_ids_are_remembered():
    first, second = operations(FUND, (("fund", 2, 4), 4))
    assert found(first, second, reused=["ref-1"]) == {"ref-2"}
    assert found(first, replace(second, outcome=first.outcome)) == set()
    after = LEDGER.changed(refs=LEDGER.refs.set("ref-1", ()))
    assert found(first, second, ledgers=[LEDGER, after]) == {"ref-2"}


def test_unusual_ref_ids_are_remembered():
    (first,) = operations(FUND)
    assert found(with_command(first, replace(first.command.command, ref="r" * 70))) == set()


def some_history(rng):
    """Requests on one card, and answers that are right in this order, except a few."""
    wallet = Wallet(20)
    holds = []
    rows = []
    for ref in range(1, rng.randint(4, 16)):
        kind = rng.choice(["fund", "draw", "hold", "capture", "void", "read"])
        command = (kind,) if kind == "read" else (kind, ref, rng.choice([2, 4, 6]))
        if kind in ("capture", "void"):
            hold = rng.choice(holds) if holds else 0
            command = ("void", ref, hold) if kind == "void" else (*command, hold)
        outcome = wallet.perform(command)
        if kind == "hold":
            holds.append(ref)
        rows.append((command, UNKNOWN if rng.random() < 0.1 else outcome))
    return [spoiled(rng, op, LEDGER) for op in operations(*rows)]


def spoiled(rng, operation, ledger):
    """The operation, perhaps with another ref_id, id, outcome or request."""
    command, record = operation.command.command, getattr(operation.outcome, "record", None)
    dice = rng.random()
    if dice < 0.05:
        return replace(operation, outcome=Refused(400))
    if dice < 0.1 and hasattr(command, "ref"):
        again = replace(command, ref=f"ref-{rng.randint(1, 15)}")
        return with_command(operation, again)
    if dice < 0.15 and hasattr(record, "ref"):
        made = replace(record, id=f"id {rng.randint(1, 15)}")
        return replace(operation, outcome=Accepted(made))
    if dice < 0.2 and isinstance(command, Capture | Void):
        shown = HoldRecord(command.parent, amount=rng.choice([2, 4, 6]), currency="NOK")
        return with_command(operation, ReadHold(ledger.card, command.parent), Accepted(shown))
    if dice < 0.25 and isinstance(command, ReadCard):
        shown = CardRecord("0", "NOK", balance=20, available=20)
        return replace(operation, outcome=Accepted(shown))
    return operation


@pytest.mark.parametrize("seed", range(4))
def test_the_ledger_permits_the_same_without_their_records(seed):
    rng = random.Random(seed)
    seen = Counter()
    for _ in range(400):
        history = some_history(rng)
        known = Independence.of(history, [LEDGER])
        remembers = replace(known, unnamed=frozenset())
        whole, short = [remembers.start(LEDGER)], [known.start(LEDGER)]
        for op in history if rng.random() < 0.5 else rng.sample(history, len(history)):
            afters = [remembers.transition(one, op.command, op.outcome) for one in whole]
            shorter = [known.transition(one, op.command, op.outcome) for one in short]
            assert list(map(len, afters)) == list(map(len, shorter)), op
            next_whole = [one for after in afters for one in after]
            next_short = [one for after in shorter for one in after]
            assert list(map(figures, next_whole)) == list(map(figures, next_short))
            if next_whole:  # an impossible answer is left out of the order
                whole, short = next_whole, next_short
            seen["possible" if next_whole else "impossible"] += 1
        seen["shorter"] += len(short[0].refs) < len(whole[0].refs)
    assert min(seen.values()) > 300, seen


def figures(ledger):
    return (ledger.balance, ledger.available, ledger.total, ledger.largest, ledger.held_original)
