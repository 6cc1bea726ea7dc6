"""Answers to reads against the ledger: what may be refused, and what has to be shown.

This module does not know the figures of a card nor its records (see `figures` and `records`).
"""

from __future__ import annotations

from tallystick.ledger.figures import judge_card, judge_members
from tallystick.ledger.preconditions import ACCEPT, REFUSE
from tallystick.ledger.records import judge_list
from tallystick.ledger.state import CardStatus, LastWrite, Ledger
from tallystick.ledger.vocabulary import (
    CardRecord,
    Outcome,
    Phase,
    ReadCard,
    ReadTransactions,
    Record,
    Refused,
    Unknown,
    View,
    Violation,
)

Successors = tuple[Ledger, ...]


def judge_read(
    ledger: Ledger, command: ReadCard | ReadTransactions, outcome: Outcome, checked: list[str]
) -> Successors | Violation:
    """Hold what a read showed, or that it was refused, to the ledger."""
    if isinstance(outcome, Unknown):
        return (ledger,)
    stranger = _misnamed(ledger, command)
    if stranger is not None:
        checked.append(stranger)
        refused = isinstance(outcome, Refused)
        return (ledger,) if refused else Violation(stranger, "a refusal: no such card", "accepted")
    if isinstance(outcome, Refused):
        return _judge_refused_read(ledger, command, outcome)
    if ledger.card_status is CardStatus.DELETED:
        return _answered_deleted(_informed(ledger, outcome.record), command, ACCEPT, "accepted")
    checked.append("READ-1")
    if isinstance(command, ReadTransactions):
        records = outcome.record
        assert isinstance(records, tuple), "a list is answered with a tuple of records"
        judged = judge_list(ledger, records, checked)
        return judged if isinstance(judged, Violation) else (judged,)
    assert isinstance(outcome.record, CardRecord), "a card is answered with a card record"
    judged = judge_card(ledger, outcome.record, checked, command.phase)
    if isinstance(judged, Violation):
        return judged
    lost = None
    if command.view is View.DETAILS:
        lost = judge_members(ledger, outcome.record, checked)
    if lost is not None:
        return lost
    return (
        judged
        if judged.last_write is LastWrite.READ
        else judged.changed(last_write=LastWrite.READ),
    )


def _misnamed(ledger: Ledger, command: ReadCard | ReadTransactions) -> str | None:
    """The rule by which a read has to be refused, if what it names is not there."""
    if ledger.card_status is CardStatus.ABSENT:
        return "READ-4"
    if isinstance(command, ReadTransactions) or command.view is View.DETAILS:
        return None
    if command.view is View.INFO:
        return None if command.handle in ledger.tokens else "TOKEN-4"
    opened = ledger.opened_by
    customer = None if opened is None else dict(opened.extras).get("customer_id")
    return None if command.handle == customer else "CARD-10"


def _judge_refused_read(
    ledger: Ledger, command: ReadCard | ReadTransactions, outcome: Refused
) -> Successors | Violation:
    shown = f"refused with {outcome.status}"
    plain = isinstance(command, ReadTransactions) or command.view is View.DETAILS
    if command.phase in (Phase.AFTER, Phase.EDGE) or not (plain or command.phase is Phase.WITHIN):
        return (ledger,)  # whether an expired card can be read is open (question 31)
    if ledger.card_status is CardStatus.DELETED:
        return _answered_deleted(ledger, command, REFUSE, shown)
    if plain:
        return Violation("READ-1", "the card can be read", shown)
    if _may_hide(ledger, command):
        return (ledger,)
    info = isinstance(command, ReadCard) and command.view is View.INFO
    return Violation("TOKEN-3" if info else "CARD-10", "the card behind it", shown)


def _may_hide(ledger: Ledger, command: ReadCard | ReadTransactions) -> bool:
    """Whether a view other than the card's own may leave the card out."""
    if isinstance(command, ReadCard) and command.view is View.CUSTOMER:
        # "active for a customer": an empty card need not count as one (question 44).
        return ledger.card_status is CardStatus.INACTIVE or ledger.balance == 0
    has_pin = ledger.opened_by is not None and "pin" in dict(ledger.opened_by.extras)
    # Info without the PIN of a card that has one, and of a card that cannot be used (26, 50, 51).
    return has_pin or ledger.card_status is CardStatus.INACTIVE


def _informed(ledger: Ledger, record: Record) -> Ledger:
    """A deleted card need not show what it was, but ids of lost answers may be in its list."""
    judged = judge_list(ledger, record, []) if isinstance(record, tuple) else ledger
    return ledger if isinstance(judged, Violation) else judged


def _answered_deleted(
    ledger: Ledger, command: ReadCard | ReadTransactions, answer: str, shown: str
) -> Successors | Violation:
    if isinstance(command, ReadCard) and command.view is View.CUSTOMER:
        return (
            ledger,
        )  # shows the cards "active for a customer": whether a deleted one is, is open
    return answered(ledger, _read_question(command), answer, shown)


def _read_question(command: ReadCard | ReadTransactions) -> str:
    if isinstance(command, ReadTransactions):
        return "deleted.transactions"
    return "deleted.info" if command.view is View.INFO else "deleted.read"


def answered(
    ledger: Ledger, question: str, answer: str | frozenset[str], shown: str
) -> Successors | Violation:
    """The ledger after the server answered an open question, or how it contradicts itself."""
    answers = [answer] if isinstance(answer, str) else answer
    narrowed = ledger.dialect.narrow(question, answers)
    if narrowed is None:
        possible = " or ".join(sorted(ledger.dialect.possible(question)))
        return Violation("DIA-1", f"{question}: {possible}", shown, question)
    return (ledger if narrowed is ledger.dialect else ledger.changed(dialect=narrowed),)
