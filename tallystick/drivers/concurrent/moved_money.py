"""What payments move: how much each adds to the balance, and to the money that holds lock.

A read shows the money, so it says which sum of payments comes before it. To use that, the checker
has to know what each payment adds where it is booked, whatever else it does (`Totals.moves`). It
says nothing where it is not sure. `tests/drivers/test_moved_money.py` checks it against the ledger,
with random states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

from tallystick.checker import Operation, Vector
from tallystick.drivers.concurrent.lost_money import is_payment_without_token
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.lifecycle import RELEASED
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    Kind,
    Money,
    Outcome,
    Payment,
    Refund,
    Refused,
    Transact,
    TransactionRecord,
    Void,
)

Op = Operation[Any, Outcome]
SIGNS = {
    Kind.FUND: (1, 0),
    Kind.DRAWDOWN: (-1, 0),
    Kind.HOLD: (0, 1),
    Kind.CAPTURE: (-1, -1),
    Kind.VOID: (0, -1),
}
"""What one unit of a payment adds to the balance, and to the money that holds lock."""


class Moved:
    """What the payments of one history add that were not refused.

    Asked for each payment by itself, because few reads overlap with others, and only these ask.
    """

    def __init__(
        self, part: Sequence[Op], ledgers: Sequence[Ledger], reused_refs: Collection[str]
    ) -> None:
        """`part` are the operations of one active card, `ledgers` those that were possible before,
        `reused_refs` the ref_ids that several requests carry."""
        self._part = part
        # A refund may change what others move.
        gives_back = Refund in {type(op.command.command) for op in part}
        self._is_sure = not gives_back and not any(map(_may_capture_otherwise, ledgers))
        self._used = {ref for ledger in ledgers for ref in ledger.refs} | set(reused_refs)
        self._shows_released = all(_shows_released(ledger.dialect) for ledger in ledgers)

    def by(self, op: Op) -> Vector | None:
        """What this one adds; None if that is not sure."""
        command = op.command.command
        if not self._is_sure or not is_payment_without_token(command):
            return None
        if isinstance(op.outcome, Refused) or command.ref in self._used:
            return None
        amount = _amount_of(command, op.outcome, self._shows_released)
        if amount is None and isinstance(command, Void) and command.amount is None:
            amount = self._untouched.get(command.parent)
        if amount is None or amount != int(amount):
            return None
        balance, held = SIGNS[command.kind]
        return (balance * int(amount), held * int(amount))

    @cached_property
    def _untouched(self) -> dict[str, Money]:
        return _untouched(self._part, self._used)


def _may_capture_otherwise(ledger: Ledger) -> bool:
    """Whether a capture may move other money than its amount out of its hold."""
    released = ledger.dialect.allows("capture.rest", RELEASED)
    return released or bool(ledger.traits.says_rest or ledger.traits.over_capture)


def _shows_released(dialect: Dialect) -> bool:
    """Whether the record of a void shows what it released, and not what the hold was made with."""
    return dialect.answer("void.amount") == "released"


def _amount_of(command: Payment, outcome: Outcome, shows_released: bool) -> Money | None:
    """What a payment moves, as it was asked for or answered; None if neither says it."""
    if not isinstance(command, Void) and command.amount is not None:
        return command.amount
    if isinstance(command, Transact) or not isinstance(outcome, Accepted):
        return None
    record = outcome.record
    if not isinstance(record, TransactionRecord):
        return None  # it is its hold, which shows another amount
    says = isinstance(command, Capture) or (shows_released and command.amount is None)
    return record.amount if says else None


def _untouched(part: Sequence[Op], used: Collection[str]) -> dict[str, Money]:
    """The holds that one request names, by their ids, and what they lock until then.

    Not those of a ref_id that was used before: the answer may show the hold of the first request,
    and that may lock another amount.
    """
    named = Counter(getattr(op.command.command, "parent", None) for op in part)
    made: list[tuple[str, Transact]] = [
        (getattr(op.outcome.record, "id", None) or "", op.command.command)
        for op in part
        if isinstance(op.command.command, Transact) and isinstance(op.outcome, Accepted)
    ]
    times = Counter(id_ for id_, _ in made)
    return {
        id_: command.amount
        for id_, command in made
        if times[id_] == 1 and named[id_] == 1
        if command.kind is Kind.HOLD and command.ref not in used
    }
