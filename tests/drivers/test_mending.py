"""A program goes on after a wrong member of a record, and after nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from tallystick.documents.questions import open_dialect
from tallystick.drivers.mending import mended
from tallystick.ledger.oracle import judge
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardRecord,
    Command,
    EntryId,
    Extras,
    Kind,
    OpenCard,
    Outcome,
    ReadCard,
    ReadTransactions,
    RefId,
    Refused,
    Transact,
    TransactionRecord,
    Violation,
)

CARD = CardId("c-1")
SENT: Extras = (("metadata", '{"a": 1}'), ("originated_by", "till"))
HOLD = Transact(Kind.HOLD, CARD, 100, "NOK", RefId("r-1"), extras=SENT)
RECORD = TransactionRecord(EntryId("t-1"), RefId("r-1"), 100, "NOK", "pending_capture", None, SENT)
CAPTURE = Capture(CARD, EntryId("t-1"), 40, RefId("r-2"))
CAPTURED = TransactionRecord(
    EntryId("t-2"), RefId("r-2"), 40, "NOK", "drawdown", EntryId("t-1"), ()
)


def after(*steps: tuple[Command, Outcome]) -> Ledger:
    ledger = Ledger(open_dialect(), CARD)
    opened = OpenCard(CARD, 1000, "NOK", (("customer_id", "k-1"),))
    figures = CardRecord(CARD, "NOK", 1000, 1000, 1000, extras=opened.extras)
    for command, outcome in ((opened, Accepted(figures)), *steps):
        result = judge(ledger, command, outcome).result
        assert not isinstance(result, Violation), result
        ledger = result[0]
    return ledger


FRESH = after()
HELD = after((HOLD, Accepted(RECORD)))


def went_on(ledger: Ledger, command: Command, outcome: Outcome) -> tuple[Violation, ...]:
    """What was broken on the way until the answer, mended, is right."""
    broken: list[Violation] = []
    while isinstance(result := judge(ledger, command, outcome).result, Violation):
        broken.append(result)
        better = mended(ledger, command, outcome, result)
        if better is None:
            return (*broken, Violation("stop", "", ""))
        outcome = better
    return tuple(broken)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RECORD, extras=SENT[:1]),
        replace(RECORD, extras=(("metadata", '{"a": "1"}'), SENT[1])),
        replace(RECORD, amount=90),
        replace(RECORD, currency="SEK"),
        replace(RECORD, ref=RefId("other")),
        replace(RECORD, parent=EntryId("t-9")),
    ],
)
def test_one_wrong_member_of_a_record_is_mended(wrong: TransactionRecord) -> None:
    (broken,) = went_on(FRESH, HOLD, Accepted(wrong))
    assert broken.rule == "TX-4"
    listed = (replace(wrong, type="pending_capture"),)
    (again,) = went_on(HELD, ReadTransactions(CARD), Accepted(listed))
    assert again.rule == "BAL-5"


def test_each_wrong_member_is_a_violation() -> None:
    wrong = replace(CAPTURED, amount=100, currency="SEK", parent=None)
    broken = went_on(HELD, CAPTURE, Accepted(wrong))
    assert [each.actual for each in broken] == ["amount 100", "currency SEK", "parent_id None"]


def test_a_member_of_a_card_is_mended_as_it_was_sent() -> None:
    shown = CardRecord(CARD, "NOK", 1000, 1000, 1000)
    (broken,) = went_on(FRESH, ReadCard(CARD), Accepted(shown))
    assert broken.rule == "CARD-2"
    wrong, stop = went_on(FRESH, ReadCard(CARD), Accepted(replace(shown, available=900)))
    assert (wrong.actual, stop.rule) == ("amount_available 900", "stop")


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (HOLD, Accepted(replace(RECORD, id=None))),
        (replace(HOLD, extras=()), Refused(400)),
        (replace(HOLD, amount=1001), Accepted(replace(RECORD, amount=1001))),
        (ReadTransactions(CARD), Accepted(())),
        (ReadTransactions(CARD), Accepted((RECORD, replace(RECORD, id=EntryId("t-7"))))),
    ],
)
def test_ids_and_decisions_end_the_program(command: Command, outcome: Outcome) -> None:
    ledger = HELD if isinstance(command, ReadTransactions) else FRESH
    (broken, stop) = went_on(ledger, command, outcome)
    assert stop.rule == "stop"
    assert broken.rule != "stop"


def test_an_answer_to_an_open_question_is_not_mended() -> None:
    violation = Violation("TX-4", "type", "currency SEK", "type.hold.open")
    wrong = cast(Outcome, Accepted(replace(RECORD, currency="SEK")))
    assert mended(FRESH, HOLD, wrong, violation) is None
