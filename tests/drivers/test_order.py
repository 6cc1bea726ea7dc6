"""Histories written by hand: which have an order, and what is said of those that have none."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import pytest

from tallystick.checker import Budget, Hints, History, Operation, check
from tallystick.documents.questions import questions
from tallystick.drivers.concurrent.independence import Independence, Op, TaggedCommand
from tallystick.drivers.concurrent.order import judge_history
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.oracle import step
from tallystick.ledger.state import UNANSWERED, CardStatus, Entry, Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardRecord,
    Command,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    Payment,
    ReadCard,
    Refund,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.program import parse_step
from tests.sampling import some

CARD = "card-1"
HOLD = "00000000-0000-4000-8000-00000000000a"
BUDGET = Budget(seconds=10)


def ledger() -> Ledger:
    """A card of 1000 with a hold of 600."""
    state = Ledger(dialect_of(Wallet()), CARD)
    opened = CardRecord(CARD, "NOK", balance=1000, available=1000)
    made = TransactionRecord(HOLD, "h", 600, "NOK", "pending_capture")
    for command, record in (
        (OpenCard(CARD, 1000, "NOK"), opened),
        (Transact(Kind.HOLD, CARD, 600, "NOK", "h"), made),
    ):
        after = step(state, command, Accepted(record))
        assert isinstance(after, tuple)
        state = after[0]
    return state


class Story:
    """Collects operations; all of a story are open at the same time unless times are given."""

    def __init__(self) -> None:
        self.operations: list[Op] = []
        self._ids = count(1)

    def add(
        self, line: str, command: Command, outcome: Outcome, begins: int = 0, ends: int = 100
    ) -> Story:
        client = str(len(self.operations) + 1)
        known = None if isinstance(outcome, Unknown) else ends
        asked = TaggedCommand(parse_step(line), command)
        self.operations.append(Operation(client, CARD, asked, outcome, begins, known))
        return self

    def capture(self, amount: int, ref: str, outcome: str = "ok", id: str = "") -> Story:
        shown = self._record(ref, amount, "drawdown", id, HOLD)
        command = Capture(CARD, HOLD, amount, ref)
        return self.add(f"{ref} = capture h {amount}", command, came(outcome, shown))

    def void(self, ref: str, amount: int, outcome: str = "ok") -> Story:
        shown = self._record(ref, amount, "voided", "", HOLD)
        return self.add(f"{ref} = void h", Void(CARD, HOLD, ref), came(outcome, shown))

    def draw(self, amount: int, ref: str, outcome: str = "ok", id: str = "") -> Story:
        shown = self._record(ref, amount, "drawdown", id, None)
        command = Transact(Kind.DRAWDOWN, CARD, amount, "NOK", ref)
        return self.add(f"{ref} = draw A {amount}", command, came(outcome, shown))

    def read(self, balance: int, available: int, begins: int = 200, ends: int = 300) -> Story:
        shown = CardRecord(CARD, "NOK", balance=balance, available=available)
        return self.add("read A", ReadCard(CARD), Accepted(shown), begins, ends)

    def _record(
        self, ref: str, amount: int, type_: str, id: str, parent: str | None
    ) -> TransactionRecord:
        made = id or f"00000000-0000-4000-8000-{next(self._ids):012}"
        return TransactionRecord(made, ref, amount, "NOK", type_, parent)


def came(outcome: str, record: TransactionRecord) -> Outcome:
    if outcome == "ok":
        return Accepted(record)
    return Refused(400) if outcome == "refused" else Unknown(outcome)


LEGAL = {
    "one of two captures": Story().capture(600, "c1").capture(600, "c2", "refused"),
    "two captures that fit": Story().capture(300, "c1").capture(300, "c2").read(400, 400),
    "a capture before the void": Story().capture(200, "c1").void("v1", 400).read(800, 800),
    "a lost capture that was done": Story().capture(200, "c1", "lost").read(800, 400),
    "a lost capture that was not done": Story().capture(200, "c1", "lost").read(1000, 400),
    "a lost capture that is done late": Story()
    .capture(200, "c1", "lost")
    .read(1000, 400)
    .read(800, 400, 400, 500),
    "one ref_id, one replay": Story()
    .draw(100, "d", id=HOLD.replace("a", "b"))
    .draw(100, "d", id=HOLD.replace("a", "b"))
    .read(900, 300),
    "one ref_id, one refusal": Story().draw(100, "d").draw(100, "d", "refused").read(900, 300),
}

ILLEGAL = {
    "both captures of all": ("CONC-1", Story().capture(600, "c1").capture(600, "c2")),
    "capture and void": ("CONC-1", Story().capture(600, "c1").void("v1", 600)),
    "both are refused": (
        "CONC-1",
        Story().capture(600, "c1", "refused").capture(600, "c2", "refused"),
    ),
    "a lost update": ("CONC-1", Story().draw(100, "d1").draw(50, "d2").read(900, 300)),
    "two effects of one ref_id": ("CONC-2", Story().draw(100, "d").draw(100, "d")),
    "drawn twice, shown once": (
        "CONC-2",
        Story()
        .draw(100, "d", id=HOLD.replace("a", "b"))
        .draw(100, "d", id=HOLD.replace("a", "b"))
        .read(800, 200),
    ),
    "a lost capture that is taken back": (
        "CONC-1",
        Story().capture(200, "c1", "lost").read(800, 400).read(1000, 400, 400, 500),
    ),
}


@pytest.mark.parametrize("name", LEGAL)
def test_a_history_with_an_order_is_no_violation(name: str) -> None:
    judged = judge_history(LEGAL[name].operations, {CARD: (ledger(),)}, budget=BUDGET)
    assert judged.violation is None
    assert not judged.undecided


@pytest.mark.parametrize("name", ILLEGAL)
def test_a_history_without_an_order_breaks_its_rule(name: str) -> None:
    rule, story = ILLEGAL[name]
    judged = judge_history(story.operations, {CARD: (ledger(),)}, budget=BUDGET)
    assert judged.violation is not None
    assert judged.violation.rule == rule
    assert judged.illegality is not None


def test_a_violation_names_the_requests_and_the_rule_behind_it() -> None:
    story = Story().capture(600, "c1").capture(600, "c2").read(1000, 400, 0, 50)
    violation = judge_history(story.operations, {CARD: (ledger(),)}, budget=BUDGET).violation
    assert violation is not None
    assert "`c1 = capture h 600` accepted: 600" in violation.actual
    assert "`c2 = capture h 600` accepted: 600" in violation.actual
    assert "CAP-5 expects a refusal" in violation.actual
    assert "read" not in violation.actual


def test_the_loser_of_a_race_may_be_refused_by_a_server_that_replays() -> None:
    story = LEGAL["one ref_id, one refusal"]
    known = ledger().dialect.narrow("ref.same.drawdown", ["replay"])
    start = ledger().changed(dialect=known)
    assert judge_history(story.operations, {CARD: (start,)}, budget=BUDGET).violation is None


def test_a_refusal_that_lost_a_race_may_have_used_its_token_up() -> None:
    issued = step(ledger(), IssueToken(CARD, "k", one_time=True), Accepted(TokenRecord("t", "k")))
    assert isinstance(issued, tuple)

    def by_token(ref: str) -> Transact:
        return Transact(Kind.DRAWDOWN, CARD, 10, "NOK", ref, "t")

    winner = Transact(Kind.DRAWDOWN, CARD, 10, "NOK", "d")
    story = Story().add("d = draw A 10", winner, Unknown("lost"))
    story.add("d = draw t 10", by_token("d"), Refused(400))
    story.add("e = draw t 10", by_token("e"), Refused(400), 200, 300)
    assert judge_history(story.operations, {CARD: issued}, budget=BUDGET).violation is None


def test_one_possible_ledger_is_enough() -> None:
    story = Story().capture(600, "c1")
    absent = Ledger(dialect_of(Wallet()), CARD)
    judged = judge_history(story.operations, {CARD: (absent, ledger())}, budget=BUDGET)
    assert judged.violation is None


def test_a_spent_budget_is_undecided() -> None:
    story = ILLEGAL["both captures of all"][1]
    judged = judge_history(story.operations, {CARD: (ledger(),)}, budget=Budget(transitions=1))
    assert judged.undecided == (CARD,)
    assert judged.violation is None


@pytest.mark.parametrize("story", [*LEGAL.values(), *(s for _, s in ILLEGAL.values())])
def test_hints_change_no_verdict(story: Story) -> None:
    start = ledger()

    def legal(state: Ledger, asked: TaggedCommand, outcome: Outcome) -> object:
        return step(state, asked.command, outcome)

    verdicts = [
        check(History.of(story.operations), legal, lambda _: start, hints=hints).verdict
        for hints in (Independence.of(story.operations).hints, Hints())
    ]
    assert verdicts[0] is verdicts[1]


# The hints ----------------------------------------------------------------------------------------

REFS = [*(f"r{number}" for number in range(10)), "r" * 70, "s" * 70]
KINDS = [Kind.DRAWDOWN, Kind.HOLD, Kind.FUND, Kind.CAPTURE, Kind.VOID, Kind.REFUND]


def wallet_with_holds(rng: random.Random) -> Ledger:
    """A ledger of a random past under a random dialect, as the checker pins it."""
    dialect = Dialect(
        {name: frozenset([rng.choice(list(q.permitted))]) for name, q in questions().items()}
    )
    if rng.random() < 0.1:
        return Ledger(dialect, CARD, CardStatus.INACTIVE, "NOK")
    amount = rng.choice([0, 50, 200, 1_000_000])
    state = Ledger(dialect, CARD, CardStatus.ACTIVE, "NOK", opening=amount)
    for _ in range(rng.randrange(10)):
        op = some_operation(rng, state)
        after = Independence.of([op]).transition(state, op.command, op.outcome)
        state = rng.choice([state, *after])
    return state


def may_be_refunded(entry: Entry) -> bool:
    """Whether a server may take a refund by its id."""
    return entry.refundable > 0 or entry.kind is Kind.CAPTURE


def some_operation(rng: random.Random, state: Ledger) -> Op:
    """A payment that may be legal here or not, and what may be answered to it."""
    ref = rng.choice(REFS)
    kind = rng.choice(KINDS)
    # Nobody can name a hold whose answer was lost.
    entries = [entry for entry in state.entries.items() if not entry[0].startswith(UNANSWERED)]
    wanted = {Kind.REFUND: may_be_refunded}.get(kind, lambda entry: entry.is_open)
    parent = rng.choice([*(id for id, entry in entries if wanted(entry)), "id of r1"])
    amount = rng.choice([0, 1, 10, 40, 50, 60, 200, 1_000_001])
    command: Payment = Transact(kind, CARD, amount, rng.choice(["NOK"] * 9 + ["SEK"]), ref)
    if kind is Kind.CAPTURE:
        command = Capture(CARD, parent, rng.choice([None, amount]), ref)
    elif kind is Kind.VOID:
        command = Void(CARD, parent, ref)
    elif kind is Kind.REFUND:
        command = Refund(CARD, parent, rng.choice([None, amount]), ref)
    held = state.entries.get(parent)
    if kind is Kind.VOID or getattr(command, "amount", 0) is None:
        left = 0 if held is None else held.refundable if kind is Kind.REFUND else held.remaining
        amount = 0 if held is None else rng.choice([held.amount, left, 0])
    made = state.refs.get(ref, ())
    record = TransactionRecord(
        rng.choice([f"id of {ref}", *(use.entry for use in made)]),
        ref,
        amount,
        "NOK",
        parent=None if isinstance(command, Transact) else parent,
    )
    outcome = rng.choice([Accepted(record), Refused(400), Unknown("lost")])
    return Operation("1", CARD, TaggedCommand("a step", command), outcome, 0, 1)


@pytest.mark.parametrize("seed", some(range(3), 1))
def test_what_is_known_of_the_order_is_true_of_the_ledger(seed: int) -> None:
    """A wrong hint makes the search too narrow: an honest server would be accused."""
    rng = random.Random(seed)
    apart: Counter[tuple[Kind, str, Kind, str]] = Counter()
    for _ in range(8_000):
        past = wallet_with_holds(rng)
        one, two = some_operation(rng, past), some_operation(rng, past)
        reused = frozenset(rng.sample(REFS, 6))
        about = Independence.of([one, two], [past])
        said = {"frees": about.frees, "captured": about.captured}
        known = Independence(reused, about.lost_refs, **said)
        state = known.start(past)
        assert known.changes(one) or reached(known, state, one) <= {state}
        both = reached(known, state, one, two)
        if both and not known.interferes(one, two):
            swapped = reached(known, state, two, one)
            assert all(any(permits_all_of(s, b) for s in swapped) for b in both), (one, two)
            apart[kind_and_outcome(one) + kind_and_outcome(two)] += 1
    assert len(apart) > 90  # kinds of pairs, of 324


def test_what_does_not_hinder_an_operation_can_come_after_it() -> None:
    rng = random.Random(1)
    sizes: Counter[int] = Counter()
    for _ in range(10_000):
        past = wallet_with_holds(rng)
        later, *before = (some_operation(rng, past) for _ in range(rng.choice([2, 3, 4])))
        known = Independence.of([later, *before])
        state = known.start(past)
        first = had_effect(known, state, later)
        if any(known.hinders(op, later) for op in before) or not first:
            continue
        ends = {e for s in reached(known, state, *before) for e in had_effect(known, s, later)}
        if ends:
            orders = list(itertools.permutations(before))
            others = {e for s in first for order in orders for e in reached(known, s, *order)}
            assert all(any(permits_all_of(o, end) for o in others) for end in ends), (before, later)
            sizes[len(before)] += 1
    assert sizes[1] > 150
    assert sizes[3] > 15


def test_lost_payments_that_only_add_add_what_is_said_and_help_where_it_is_needed() -> None:
    rng = random.Random(3)
    added = same = helped = 0
    for _ in range(6_000):
        past = wallet_with_holds(rng)
        lost, later = some_operation(rng, past), some_operation(rng, past)
        lost = replace(lost, outcome=Unknown("lost"))
        if rng.random() < 0.3:
            figures = [past.balance, past.available]
            moved = getattr(lost.command.command, "amount", None) or 0
            shown = [one + rng.choice([0, moved, -moved]) for one in figures]
            record = CardRecord(CARD, "NOK", balance=shown[0], available=shown[1])
            read = TaggedCommand("a read", ReadCard(CARD))
            later = Operation("2", CARD, read, Accepted(record), 0, 1)
        known = Independence.of([lost, later], [past])
        state = known.start(past)
        totals = known.hints.totals
        vector = None if totals is None else totals.adds(lost)
        if totals is None or vector is None:
            continue
        more = totals.shifted(state, vector)
        assert reached(known, state, lost) <= {state, more}
        added += reached(known, state, lost) != {state}
        if more.available < 0:
            continue  # no order leads there
        without, with_ = had_effect(known, state, later), had_effect(known, more, later)
        if without and with_:
            assert with_ == {totals.shifted(after, vector) for after in without}, (lost, later)
            same += 1
        if with_ and not without:
            needs = totals.needs(state, later)
            assert needs is not None
            assert needs(vector) if callable(needs) else needs == vector, (lost, later)
            helped += 1
    assert min(added, same, helped) > 30, (added, same, helped)


def test_what_cannot_add_up_to_a_read_never_comes_before_it() -> None:
    rng = random.Random(2)
    left_out = explained = 0
    for _ in range(3_000):
        past = wallet_with_holds(rng)
        others = [some_operation(rng, past) for _ in range(2)]
        # As often as not one request is made by two clients, each with an answer of its own.
        others.append(rng.choice([some_operation(rng, past), asked_again(rng, others[0])]))
        known = Independence.of(others)
        state = known.start(past)
        orders = [o for size in (1, 2, 3) for o in itertools.permutations(others, size)]
        after = had_effects(known, state, rng.choice(orders))
        shown = Accepted(a_view(rng, rng.choice([past, *after])))
        read = Operation("1", CARD, TaggedCommand("read", ReadCard(CARD)), shown, 0, 1)
        enablers = {id(op) for op in known.enablers(state, read, others)}
        left_out += len(others) - len(enablers)
        for order in orders:
            explains = bool(reached(known, had_effects(known, state, order), read))
            assert not explains or all(id(op) in enablers for op in order), (order, read)
            explained += explains
    assert left_out > 500
    assert explained > 500


def asked_again(rng: random.Random, op: Op) -> Op:
    """The same request of another client, answered the same, refused, or not at all."""
    return replace(op, client="2", outcome=rng.choice([op.outcome, Refused(400), Unknown("lost")]))


def had_effects(known: Independence, state: Ledger, operations: Iterable[Op]) -> set[Ledger]:
    states = {state}
    for op in operations:
        states = {after for s in states for after in had_effect(known, s, op)}
    return states


def a_view(rng: random.Random, state: Ledger) -> CardRecord:
    """What a read may show here, or a little before or after."""
    off = rng.choice([0, 0, 10, 50, -10])
    balance = state.balance - off
    return CardRecord(
        CARD,
        "NOK",
        balance=balance,
        available=balance - state.held,
        funds=rng.choice([state.total, state.funded]),
        drawdown=state.drawn + state.captured + off,
    )


def had_effect(known: Independence, state: Ledger, op: Op) -> set[Ledger]:
    """What comes of it; a lost operation without an effect may as well come later, or never."""
    ends = reached(known, state, op)
    return ends - {state} if isinstance(op.outcome, Unknown) else ends


def reached(known: Independence, state: Ledger | Iterable[Ledger], *operations: Op) -> set[Ledger]:
    states = {state} if isinstance(state, Ledger) else set(state)
    for op in operations:
        states = {after for s in states for after in known.transition(s, op.command, op.outcome)}
    return states


def permits_all_of(state: Ledger, other: Ledger) -> bool:
    """A ref_id that was in a refused request permits more than a new one: taken or not."""
    spent_refs = state.spent_refs
    for ref in other.spent_refs:
        spent_refs = spent_refs.set(ref, True)
    return spent_refs == state.spent_refs and state.changed(spent_refs=other.spent_refs) == other


def kind_and_outcome(op: Op) -> tuple[Kind, str]:
    command = op.command.command
    assert isinstance(command, Payment)
    return command.kind, type(op.outcome).__name__
