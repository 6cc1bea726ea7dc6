"""What the concurrent driver knows of refunds that name one payment by several ids."""

from __future__ import annotations

from tallystick.checker import Operation
from tallystick.drivers.concurrent.independence import Independence, TaggedCommand
from tallystick.ledger.vocabulary import Accepted, Capture, Refund, TransactionRecord

CARD = "A"


def test_refunds_by_the_ids_of_a_hold_and_its_capture_depend_on_each_other() -> None:
    story = [
        (Capture(CARD, "h", 60, "c"), TransactionRecord("k", "c", 60, "NOK", parent="h")),
        (Refund(CARD, "h", None, "r"), TransactionRecord("x", "r", 60, "NOK", parent="h")),
        (Refund(CARD, "k", 40, "s"), TransactionRecord("y", "s", 40, "NOK", parent="k")),
        (Refund(CARD, "g", 40, "t"), TransactionRecord("z", "t", 40, "NOK", parent="g")),
    ]
    made = [
        Operation("1", CARD, TaggedCommand("a step", command), Accepted(record), 0, 1)
        for command, record in story
    ]
    _, by_hold, by_capture, of_another = made
    about = Independence.of(made)
    assert about.interferes(by_hold, by_capture)
    assert about.interferes(by_capture, by_hold)
    assert not about.interferes(of_another, by_capture)
