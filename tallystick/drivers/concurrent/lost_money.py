"""Lost payments of which only the money matters: what they add, and what an answer lacks of it.

If nobody can name what a lost payment made, and no read shows more than the balance and what is
available, then such payments with one sum are as good as each other. `Independence` says so to the
checker. `tests/drivers/test_order.py` checks it against the ledger, with random states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

from tallystick.checker import Needs, Operation, Vector
from tallystick.ledger.state import CardStatus, Ledger
from tallystick.ledger.vocabulary import (
    Capture,
    CardRecord,
    Command,
    Kind,
    Outcome,
    Payment,
    Phase,
    ReadCard,
    ReadHold,
    Refund,
    Refused,
    Settlement,
    Transact,
    View,
    Void,
)

Op = Operation[Any, Outcome]
KNOWN_PAYMENTS = (Transact, Capture, Void, Refund)
"""Payments of which it was asked what can be said of a history with them. With any other one in it
nothing is said of what its payments add, since that one may lock money, or give it back."""


def without_trace(
    ledger: Ledger, command: Payment, after: Ledger, vector: Vector | None = None
) -> Ledger:
    """The ledger after a lost payment: its money and what became of its hold, but no record of it,
    so that all lost payments with the same effect lead to the same ledger.

    With a `vector` that is all it adds, and what became of its hold does not matter.
    """
    if after.refs is ledger.refs:
        return ledger  # it was refused
    if vector is not None:
        return shifted(ledger, vector)
    entries = ledger.entries
    if not isinstance(command, Transact):
        entries = entries.set(command.parent, after.entries[command.parent])
    return ledger.changed(
        funded=ledger.funded + after.balance - ledger.balance,
        held=after.held,
        entries=entries,
        tokens=after.tokens,
    )


def shifted(ledger: Ledger, vector: Vector) -> Ledger:
    """The ledger with so much more on the card, and so much more that holds lock."""
    more, held = vector
    return ledger.changed(funded=ledger.funded + more, held=ledger.held + held)


def needs(ledger: Ledger, operation: Op) -> Needs:
    """What the ledger lacks of the money that makes an operation possible. See `Totals.needs`."""
    command, outcome = operation.command.command, operation.outcome
    if isinstance(command, ReadHold | Settlement):
        return None  # a hold's own figures decide
    if isinstance(command, ReadCard):
        shown = getattr(outcome, "record", None)
        if not isinstance(shown, CardRecord) or shown.balance is None or shown.available is None:
            return None
        more = shown.balance - ledger.balance
        held = shown.balance - shown.available - ledger.held
        # What only adds is whole, so a part of the smallest unit stays missing.
        return (int(more), int(held)) if (more, held) == (int(more), int(held)) else None
    if isinstance(command, Transact) and command.kind is not Kind.FUND:
        amount, available = command.amount, ledger.available
        if isinstance(outcome, Refused):
            return lambda vector: available + vector[0] - vector[1] < amount
        return lambda vector: available + vector[0] - vector[1] >= amount
    return lambda vector: True


def shows_no_more_than_money(op: Op) -> bool:
    """Whether it is a payment, or a read that shows no more of the card than its money."""
    command = op.command.command
    if not isinstance(command, ReadCard):
        return looks_at_no_list(command)
    record = getattr(op.outcome, "record", None)
    return looks_at_no_list(command) and (
        not isinstance(record, CardRecord)
        or (record.amount, record.funds, record.drawdown, record.pending, record.reserved)
        == (None, None, None, None, None)
    )


def looks_at_no_list(command: Command) -> bool:
    """Whether it is a payment, or a read of the card or of a hold itself, at an ordinary time."""
    if isinstance(command, ReadCard):
        return command.view is View.DETAILS and command.phase is Phase.WITHIN
    if isinstance(command, ReadHold) or is_payment_without_token(command):
        return command.phase is Phase.WITHIN
    return False


def currency_of(ledgers: Sequence[Ledger]) -> str | None:
    """The currency of the active card that all these ledgers are of; None if there is none."""
    found = {
        ledger.currency
        if ledger.card_status is CardStatus.ACTIVE
        and ledger.traits.account
        and ledger.traits.own_records
        and ledger.traits.retries
        else None
        for ledger in ledgers
    }
    return found.pop() if len(found) == 1 else None


def is_payment_without_token(command: Command) -> TypeGuard[Payment]:
    """Whether it is a payment that names the card itself, and of which the effects are known."""
    return isinstance(command, KNOWN_PAYMENTS) and getattr(command, "token", None) is None
