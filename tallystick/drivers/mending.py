"""Lets a program go on after a record that shows one wrong member.

The answer is judged once more with that member as it should be, so that a harmless fault, such as a
text that was cut, hides no other one. What the card shows next says whether money moved wrongly.
Figures of cards, ids and decisions are never mended: after those the ledger is not known any more.
It records nothing.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    CardRecord,
    Command,
    Extras,
    Kind,
    Money,
    OpenCard,
    Outcome,
    Payment,
    Record,
    RefId,
    Transact,
    TransactionRecord,
    Violation,
    exact,
)

WORDED = {"amount ": "amount", "ref_id ": "ref", "currency ": "currency", "parent_id ": "parent"}
"""How a violation begins that is about this field of a record (`ledger/records.py`)."""


def mended(
    ledger: Ledger, command: Command, outcome: Outcome, violation: Violation
) -> Outcome | None:
    """The outcome with the member that the violation names as the ledger has it.

    None if the violation is about something else.
    """
    if not isinstance(outcome, Accepted) or violation.question is not None:
        return None
    member, record = violation.actual.partition(" ")[0], outcome.record
    changed: Record | None = None
    if isinstance(record, CardRecord):
        sent = _sent_with_card(ledger, command)
        changed = replace(record, extras=_with(record.extras, sent, member))
    elif isinstance(record, TransactionRecord) and isinstance(command, Payment):
        parent = None if isinstance(command, Transact) else command.parent
        currency = command.currency if isinstance(command, Transact) else ledger.currency
        amount = _amount_in(violation.expected, record.amount)
        right = TransactionRecord(
            record.id, command.ref, amount, currency, None, parent, command.extras
        )
        changed = _like(record, right, member)
    elif isinstance(record, tuple):
        changed = tuple(_listed(ledger, each, member) for each in record)
    return None if changed is None or changed == record else replace(outcome, record=changed)


def _listed(ledger: Ledger, record: TransactionRecord, member: str) -> TransactionRecord:
    entry = None if record.id is None else ledger.entries.get(record.id)
    if entry is None:
        return record
    ref = RefId(entry.ref) if entry.ref else record.ref
    currency, parent = ledger.currency, entry.parent
    amount = record.amount if entry.kind is Kind.VOID else entry.amount
    right = TransactionRecord(record.id, ref, amount, currency, None, parent, entry.extras)
    return _like(record, right, member)


def _like(record: TransactionRecord, right: TransactionRecord, member: str) -> TransactionRecord:
    """The record with one member of the other one."""
    field = WORDED.get(f"{member} ")
    if field is not None:
        return replace(record, **{field: getattr(right, field)})
    return replace(record, extras=_with(record.extras, right.extras, member))


def _amount_in(expected: str, shown: Money | None) -> Money | None:
    """The amount that a record has to show, as the violation says it."""
    member, _, text = expected.partition(" ")
    return exact(Decimal(text)) if member == "amount" else shown


def _with(shown: Extras, sent: Extras, member: str) -> Extras:
    """What is shown, with a member as it was sent; the same if it was not sent."""
    as_sent = {name: text for name, text in sent if name == member}
    return tuple({**dict(shown), **as_sent}.items()) if as_sent else shown


def _sent_with_card(ledger: Ledger, command: Command) -> Extras:
    if isinstance(command, OpenCard | ActivateCard):
        return command.extras
    return () if ledger.opened_by is None else ledger.opened_by.extras
