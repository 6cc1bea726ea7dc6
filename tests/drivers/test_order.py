"""Histories written by hand: which have an order, and what is said of those that have none."""

from __future__ import annotations

from itertools import count

import pytest

from tallystick.dialect import open_dialect
from tallystick.drivers.order import HINTS, Asked, Op, judge_history
from tallystick.history import History, Operation
from tallystick.ledger.ledger import Ledger
from tallystick.ledger.step import step
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardRecord,
    Command,
    Kind,
    OpenCard,
    Outcome,
    ReadCard,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)
from tallystick.linearizability import Budget, Hints, check
from tallystick.program import parse_step

CARD = "card-1"
HOLD = "00000000-0000-4000-8000-00000000000a"
BUDGET = Budget(seconds=10)


def ledger() -> Ledger:
    """A card of 1000 with a hold of 600."""
    state = Ledger(open_dialect(), CARD)
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
    """Collects operations; all of a story are open at the same time unless told otherwise."""

    def __init__(self) -> None:
        self.operations: list[Op] = []
        self._ids = count(1)

    def add(
        self, line: str, command: Command, outcome: Outcome, begins: int = 0, ends: int = 100
    ) -> Story:
        client = str(len(self.operations) + 1)
        known = None if isinstance(outcome, Unknown) else ends
        asked = Asked(parse_step(line), command)
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
    "nobody wins": (
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


def test_one_possible_ledger_is_enough() -> None:
    story = Story().capture(600, "c1")
    absent = Ledger(open_dialect(), CARD)
    judged = judge_history(story.operations, {CARD: (absent, ledger())}, budget=BUDGET)
    assert judged.violation is None


def test_a_spent_budget_is_undecided() -> None:
    story = ILLEGAL["both captures of all"][1]
    judged = judge_history(story.operations, {CARD: (ledger(),)}, budget=Budget(steps=1))
    assert judged.undecided == (CARD,)
    assert judged.violation is None


@pytest.mark.parametrize("story", [*LEGAL.values(), *(s for _, s in ILLEGAL.values())])
def test_hints_change_no_verdict(story: Story) -> None:
    start = ledger()

    def legal(state: Ledger, asked: Asked, outcome: Outcome) -> object:
        return step(state, asked.command, outcome)

    verdicts = [
        check(History.of(story.operations), legal, lambda _: start, hints=hints).verdict
        for hints in (HINTS, Hints())
    ]
    assert verdicts[0] is verdicts[1]
