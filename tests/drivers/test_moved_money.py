"""What payments move, against the ledger, with random states and operations."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from tallystick.checker import Operation
from tallystick.checker.search import Search
from tallystick.documents.questions import questions
from tallystick.drivers.concurrent import (
    independence,
    last_on_hold,
    lost_money,
    moved_money,
    unnamed,
)
from tallystick.drivers.concurrent.independence import Independence, Op, TaggedCommand
from tallystick.drivers.concurrent.moved_money import SIGNS, Moved
from tallystick.drivers.concurrent.order import judge_history
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.state import UNANSWERED, Ledger, Use
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    EntryId,
    HoldRecord,
    Kind,
    Outcome,
    Payment,
    ReadCard,
    RefId,
    Refund,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)
from tests.checker.test_detours import by_every_way
from tests.drivers.test_order import (
    BUDGET,
    CARD,
    HOLD,
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
    for _ in range(4_000):
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
    assert min(moved[kind, "Accepted"] for kind in SIGNS) > 10, moved
    assert min(moved[kind, "Unknown"] for kind in SIGNS if kind is not Kind.VOID) > 10, moved


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


def test_a_hold_of_a_repeated_ref_id_may_lock_another_amount_than_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server answers the second request with the hold of the first one, which was lost."""
    monkeypatch.setattr(Search, "_finds_an_order", by_every_way)
    known = ledger().dialect.narrow("ref.other_body.hold", ["replay"])
    assert known is not None
    start = ledger().changed(dialect=known)
    first, second = (Transact(Kind.HOLD, CARD, amount, "NOK", RefId("r")) for amount in (60, 40))
    replayed = TransactionRecord("h2", "r", 60, "NOK", "pending_capture")
    story = Story().add("h2 = hold A 60", first, Unknown("lost"))
    story.add("h2 = hold A 40", second, Accepted(replayed), 5, 10)
    story.add("v = void h2", Void(CARD, "h2", "v"), Unknown("lost"), 20)
    story.read(1000, 340, 21, 22).read(1000, 400, 30, 40)
    assert judge_history(story.operations, {CARD: (start,)}, budget=BUDGET).violation is None
    spent = start.changed(refs=start.refs.set("r", (Use(("hold",), "lost hold"),)))
    assert Independence.of(story.operations[1:3], [spent]).moves(story.operations[2]) is None


@pytest.mark.parametrize("shown", ["released", "original"])
def test_a_void_says_what_it_released_only_where_its_record_shows_that(shown: str) -> None:
    known = ledger().dialect.narrow("void.amount", [shown])
    assert known is not None
    amount = {"released": 400, "original": 600}[shown]
    story = Story().capture(200, "c1").void("v1", amount).read(800, 800)
    start = ledger().changed(dialect=known)
    void = story.operations[1]
    said = {"released": (0, -400), "original": None}[shown]
    assert Independence.of(story.operations, [start]).moves(void) == said
    assert Independence.of(story.operations, [ledger(), start]).moves(void) is None
    assert judge_history(story.operations, {CARD: (start,)}, budget=BUDGET).violation is None


def test_what_is_no_whole_number_and_a_void_of_a_part_say_nothing() -> None:
    """What a group adds is whole, and what a void of a part leaves is not what its hold locked."""
    record = TransactionRecord("h", "r1", 60, "NOK", "pending_capture", None)
    story = Story().add(
        "h = hold A 60", Transact(Kind.HOLD, CARD, 60, "NOK", "r1"), Accepted(record)
    )
    half = Transact(Kind.DRAWDOWN, CARD, Decimal("0.5"), "NOK", "d1")
    story.add("d1 = draw A 1", half, Unknown("lost"))
    story.add("v1 = void h", Void(CARD, "h", "v1", amount=20), Unknown("lost"))
    said = Independence.of(story.operations, [ledger()])
    assert [said.moves(op) for op in story.operations] == [(0, 60), None, None]


def test_with_a_refund_nothing_is_said_of_what_payments_move() -> None:
    story = Story().capture(200, "c1").draw(10, "d1")
    payments = list(story.operations)
    known = Moved(payments, [ledger()], ())
    assert [known.by(op) for op in payments] == [(-200, -200), (-10, 0)]
    refund = Refund(CARD, EntryId(HOLD), 200, RefId("b"))
    story.add("b = refund c1 200", refund, Unknown("lost"))
    known = Moved(story.operations, [ledger()], ())
    assert [known.by(op) for op in payments] == [None, None]


def test_a_capture_that_is_answered_with_its_hold_says_no_amount() -> None:
    shown = HoldRecord(EntryId(HOLD), "NOK", amount=600)
    asked = TaggedCommand("a step", Capture(CARD, EntryId(HOLD), None, RefId("c")))
    capture = Operation("1", CARD, asked, Accepted(shown), 0, 1)
    assert Independence.of([capture], [ledger()]).moves(capture) is None


@dataclass(frozen=True)
class GiveBack:
    """A payment that no hint knows: it gives back what was captured of a hold, and more."""

    card: str
    paid_by: str
    amount: int
    ref: RefId
    kind: str = "bonus"


def test_with_a_payment_that_is_not_known_no_hint_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lost_money, independence, last_on_hold, unnamed, moved_money):
        if hasattr(module, "Payment"):
            monkeypatch.setattr(module, "Payment", Payment | GiveBack)
    give_back: Any = GiveBack(CARD, HOLD, 200, RefId("b"))
    command = TaggedCommand("a step", give_back)
    outcomes = (Unknown("lost"), Refused(400), Accepted(TransactionRecord("b", "b", 200, "NOK")))
    for outcome in outcomes:
        back = Operation("9", CARD, command, outcome, 0, 100)
        story = Story().capture(200, "c1").draw(10, "d1", "lost").void("v1", 400, "lost")
        story.read(1000, 400)
        known = [op for op in story.operations if not isinstance(op.command.command, ReadCard)]
        about = Independence.of([*story.operations, back], [ledger()])
        assert about.hints.totals is None
        assert not any(map(about.moves, [*known, back]))
        assert not about.unnamed
        assert not about.last_on_hold
        assert about.changes(back)
        for op in story.operations:
            assert about.interferes(op, back)
            assert about.interferes(back, op)
            assert about.hinders(op, back)
            assert about.hinders(back, op)
            others = [one for one in (*story.operations, back) if one is not op]
            assert list(about.enablers(ledger(), op, others)) == others
    assert Independence.of(story.operations, [ledger()]).hints.totals is not None
