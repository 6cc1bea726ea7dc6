"""What payments move, against the ledger, with random states and operations."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from tallystick.checker import Operation
from tallystick.documents.questions import questions
from tallystick.drivers.concurrent.independence import Independence, Op, TaggedCommand
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.state import UNANSWERED, Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    EntryId,
    Kind,
    Outcome,
    Payment,
    RefId,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)
from tests.drivers.test_order import (
    CARD,
    KINDS,
    Story,
    had_effect,
    kind_and_outcome,
    ledger,
    some_operation,
    wallet_with_holds,
)


def test_payments_move_the_money_that_is_said_wherever_they_are_booked() -> None:
    rng = random.Random(4)
    moved: Counter[tuple[Kind, str]] = Counter()
    for _ in range(1_500):
        pasts = [wallet_with_holds(rng) for _ in range(4)]
        past = max(pasts, key=lambda ledger: (ledger.held > 0, rng.random()))
        ops = [some_operation(rng, past) for _ in range(2)]
        ops += [use for hold in past.entries if (use := use_of_hold(rng, past, hold))]
        rng.shuffle(ops)
        known = Independence.of(ops, [past])
        totals = known.hints.totals
        if totals is None:
            continue
        states = {known.start(past)}
        for op in ops:
            after = {state: had_effect(known, state, op) for state in states}
            vector = totals.moves(op)
            if vector is not None:
                for state, ends in after.items():
                    more = {(e.balance - state.balance, e.held - state.held) for e in ends}
                    assert more <= {vector}, (op, past)
                    moved[kind_and_outcome(op)] += bool(more) and any(vector)
            states = {end for ends in after.values() for end in ends}
    # What a lost void released is known only of a hold that was made in this history: see below.
    assert min(moved[kind, "Accepted"] for kind in KINDS) > 10, moved
    assert min(moved[kind, "Unknown"] for kind in KINDS if kind is not Kind.VOID) > 10, moved


def use_of_hold(rng: random.Random, state: Ledger, hold: EntryId) -> Op | None:
    """A capture or a void that may be legal; None if nobody can name the hold."""
    entry = state.entries[hold]
    if not entry.is_open or hold.startswith(UNANSWERED):
        return None
    ref = RefId(f"use of {hold}".replace(" ", "-"))
    amount = rng.choice([None, 1, entry.remaining])
    voids = rng.random() < 0.5
    command = Void(CARD, hold, ref) if voids else Capture(CARD, hold, amount, ref)
    moves = entry.remaining if voids or amount is None else amount
    shown = rng.choice([moves, entry.amount]) if voids else moves
    record = TransactionRecord(EntryId(f"id of {ref}"), ref, shown, "NOK", parent=hold)
    outcome = rng.choice([Accepted(record), Unknown("lost")])
    return Operation("1", CARD, TaggedCommand("a step", command), outcome, 0, 1)


def test_a_hold_that_one_request_names_says_what_its_void_releases() -> None:
    record = TransactionRecord("h", "r1", 60, "NOK", "pending_capture", None)
    held = Transact(Kind.HOLD, CARD, 60, "NOK", "r1")
    other = Transact(Kind.HOLD, CARD, 60, "NOK", "r3")
    voids = [Void(CARD, "h", "r2"), Void(CARD, "h", "r4")]

    def op(command: Payment, outcome: Outcome) -> Op:
        return Operation("1", CARD, TaggedCommand("a step", command), outcome, 0, 1)

    made, lost = op(held, Accepted(record)), [op(void, Unknown("lost")) for void in voids]
    said = Independence.of([made, lost[0]], [ledger()])
    assert said.moves(lost[0]) == (0, -60)
    assert said.moves(op(held, Refused(400))) == (0, 0)
    twice = [op(other, Accepted(record)), made, lost[0]]
    for part in ([made, *lost], twice, [lost[0]]):
        assert Independence.of(part, [ledger()]).moves(lost[0]) is None


def test_nothing_is_said_of_payments_where_a_capture_may_move_more_than_its_amount() -> None:
    one = {name: ledger().dialect.possible(name) for name in questions()}
    both = Dialect({**one, "capture.rest": frozenset({"kept", "released"})})
    released = ledger().changed(dialect=both)
    over = ledger().changed(traits=replace(ledger().traits, over_capture=15))
    for past in (released, over):
        story = Story().capture(200, "c1").draw(10, "d1")
        about = Independence.of(story.operations, [past])
        assert [about.moves(op) for op in story.operations] == [None, None]
