"""Lost captures and voids that nothing looks at any more: which they are, and that it is true."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tallystick.checker import Budget
from tallystick.drivers.concurrent.independence import TaggedCommand
from tallystick.drivers.concurrent.last_on_hold import last_on_their_holds
from tallystick.drivers.concurrent.order import judge_history
from tallystick.ledger.vocabulary import IssueToken, ReadHold, RefId
from tests.bench.money import as_operation_of_the_ledger, opening_ledger
from tests.checker.cards import Card, Model
from tests.checker.models import is_legal_by_definition
from tests.checker.simulation import UNKNOWN, Conditions, Fault, Operation, simulated
from tests.checker.test_simulation import small

LEDGER = opening_ledger("0", 20)


def operations(*rows):
    """Each row is a command, its outcome, and when it was called and returned."""
    return [
        as_operation_of_the_ledger(Operation(number, 0, *row)) for number, row in enumerate(rows)
    ]


HOLD = (("hold", 1, 8), 8, 0, 1)
PART = (("capture", 2, 2, 1), 2, 2, 3)
VOID = (("void", 3, 1), UNKNOWN, 4)
CAPTURE = (("capture", 3, 4, 1), UNKNOWN, 4)


def found(*rows, ledgers=(LEDGER,), reused=()):
    return last_on_their_holds(operations(*rows), ledgers, reused)


def test_a_lost_void_releases_what_the_captures_before_left():
    assert found(HOLD, PART, VOID) == {"ref-3": (0, -6)}
    assert found(HOLD, VOID) == {"ref-3": (0, -8)}


def test_a_lost_capture_takes_its_amount():
    assert found(HOLD, PART, CAPTURE) == {"ref-3": (-4, -4)}


LATER = (("capture", 4, 2, 1), 2, 5, 6)
REFUSED = (("capture", 2, 20, 1), "refused", 2, 3)
UNSURE = {
    "another request on the hold comes later": [HOLD, VOID, LATER],
    "another request on the hold overlaps": [HOLD, (("capture", 2, 2, 1), 2, 2, 5), VOID],
    "another one is lost too": [HOLD, (("capture", 2, 2, 1), UNKNOWN, 2), VOID],
    "the hold is voided already": [HOLD, (("void", 2, 1), 8, 2, 3), CAPTURE],
    "it captures more than is left": [HOLD, PART, (("capture", 3, 8, 1), UNKNOWN, 4)],
    "nothing is left": [HOLD, (("capture", 2, 8, 1), 8, 2, 3), VOID],
    "the hold is not known": [VOID],
    "it captures a part of the smallest unit": [HOLD, (("capture", 3, 2.5, 1), UNKNOWN, 4)],
    "what is left is no whole number": [HOLD, (("capture", 2, 2.5, 1), 2.5, 2, 3), VOID],
}


@pytest.mark.parametrize("name", UNSURE)
def test_nothing_is_said_where(name):
    assert found(*UNSURE[name]) == {}


def test_a_refusal_before_changes_nothing():
    assert found(HOLD, REFUSED, VOID) == {"ref-3": (0, -8)}


def test_a_read_of_the_hold_before_is_no_reason_and_a_later_one_is():
    def read(called, returned):
        first = operations(HOLD)[0]
        command = TaggedCommand("read", ReadHold(LEDGER.card, "id 1"))
        return replace(first, command=command, called_ns=called, returned_ns=returned)

    known = operations(HOLD, VOID)
    assert last_on_their_holds([*known, read(2, 3)], [LEDGER], ()) == {"ref-3": (0, -8)}
    assert last_on_their_holds([*known, read(5, 6)], [LEDGER], ()) == {}


def test_nothing_is_said_of_repeated_ref_ids_or_with_tokens():
    spent = LEDGER.changed(spent_refs=LEDGER.spent_refs.set(RefId("ref-2"), True))
    assert found(HOLD, PART, VOID, ledgers=[spent]) == {}
    assert found(HOLD, PART, VOID, reused=["ref-3"]) == {}
    token = replace(
        operations(HOLD)[0], command=TaggedCommand("token", IssueToken(LEDGER.card, RefId("t")))
    )
    assert last_on_their_holds([token, *operations(HOLD, VOID)], [LEDGER], ()) == {}


def test_the_ledger_judges_small_histories_as_the_definition_does():
    seen = Counter()
    for seed in range(250):
        conditions = small(seed)
        history = simulated(conditions, seed)
        model = Model(())
        model.initial = Card(conditions.opening)
        legal = is_legal_by_definition(model, history)
        judged = judge_history(
            map(as_operation_of_the_ledger, history),
            {"0": [opening_ledger("0", conditions.opening)]},
            budget=Budget(),
        )
        assert (judged.violation is None, judged.undecided) == (legal, ()), seed
        seen[legal] += 1
    assert min(seen.values()) > 25


def test_many_of_the_lost_captures_and_voids_of_a_long_history_are_last():
    conditions = Conditions(4000, cards=1, lost=0.05, fault=Fault.NONE)
    part = list(map(as_operation_of_the_ledger, simulated(conditions)))
    lost = [op for op in part if op.returned_ns is None and hasattr(op.command.command, "parent")]
    assert len(last_on_their_holds(part, [LEDGER], ())) > len(lost) / 3
