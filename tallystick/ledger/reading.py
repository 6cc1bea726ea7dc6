"""Answers to reads against the ledger: what may be refused, and what has to be shown.

This module does not know the figures of a card nor its records (see `figures` and `records`).
"""

from __future__ import annotations

from tallystick.ledger.dialect import ACCEPT, REFUSE
from tallystick.ledger.figures import judge_card, judge_members
from tallystick.ledger.holds import judge_hold_read
from tallystick.ledger.records import judge_list
from tallystick.ledger.state import CardStatus, LastWrite, Ledger, Successors, answered
from tallystick.ledger.vocabulary import (
    CardRecord,
    Outcome,
    Phase,
    Read,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Record,
    Refused,
    Unknown,
    View,
    Violation,
)

CardRead = ReadCard | ReadTransactions


def judge_read(
    ledger: Ledger, command: Read, outcome: Outcome, checked: list[str]
) -> Successors | Violation:
    """Judge the answer to a read; the ids of the rules that were checked go into `checked`."""
    if isinstance(command, ReadHold):
        return judge_hold_read(ledger, command, outcome, checked)
    if isinstance(outcome, Unknown):
        return (ledger,)
    rule = _rule_of_missing(ledger, command)
    if rule is not None:
        checked.append(rule)
        refused = isinstance(outcome, Refused)
        return (ledger,) if refused else Violation(rule, "a refusal: no such card", "accepted")
    if isinstance(outcome, Refused):
        return _judge_refused_read(ledger, command, outcome)
    if ledger.card_status is CardStatus.DELETED:
        return _judge_deleted(_with_listed_ids(ledger, outcome.record), command, ACCEPT, "accepted")
    checked.append("READ-1")
    if isinstance(command, ReadTransactions):
        records = outcome.record
        assert isinstance(records, tuple), "a list is answered with a tuple of records"
        judged = judge_list(ledger, records, checked)
        return judged if isinstance(judged, Violation) else (judged,)
    assert isinstance(outcome.record, CardRecord), "a card is answered with a card record"
    return _judge_shown_card(ledger, command, outcome.record, checked)


def _judge_shown_card(
    ledger: Ledger, command: ReadCard, record: CardRecord, checked: list[str]
) -> Successors | Violation:
    judged = judge_card(ledger, record, checked, command.phase)
    if isinstance(judged, Violation):
        return judged
    judged = judged.with_pin(record.has_pin)
    if command.view is not View.DETAILS:
        checked.append("TOKEN-3" if command.view is View.INFO else "CARD-10")
    else:
        missing = judge_members(ledger, record, checked)
        if missing is not None:
            return missing
    if judged.last_write is LastWrite.READ:
        return (judged,)
    return (judged.changed(last_write=LastWrite.READ),)


def _rule_of_missing(ledger: Ledger, command: CardRead) -> str | None:
    """Return the rule by which a read has to be refused because what it names does not exist."""
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
    ledger: Ledger, command: CardRead, outcome: Refused
) -> Successors | Violation:
    shown = f"refused with {outcome.status}"
    by_card_id = isinstance(command, ReadTransactions) or command.view is View.DETAILS
    expired = command.phase in (Phase.AFTER, Phase.EDGE)
    if expired or not (by_card_id or command.phase is Phase.WITHIN):
        return (ledger,)  # whether an expired card can be read is open (question 31)
    if ledger.card_status is CardStatus.DELETED:
        return _judge_deleted(ledger, command, REFUSE, shown)
    if by_card_id:
        return Violation("READ-1", "the card can be read", shown)
    if _may_hide(ledger, command):
        return (ledger,)
    info = isinstance(command, ReadCard) and command.view is View.INFO
    return Violation("TOKEN-3" if info else "CARD-10", "the card behind it", shown)


def _may_hide(ledger: Ledger, command: CardRead) -> bool:
    """Whether the view of a token or of a customer may leave the card out."""
    if isinstance(command, ReadCard) and command.view is View.CUSTOMER:
        # "active for a customer": an empty card need not count as active (question 44).
        return ledger.card_status is CardStatus.INACTIVE or ledger.balance == 0
    asked = ledger.opened_by is not None and "pin" in dict(ledger.opened_by.extras)
    # A token may not show a card with a PIN, nor one that cannot be used (questions 26, 50, 51).
    return asked or ledger.has_pin or ledger.card_status is CardStatus.INACTIVE


def _with_listed_ids(ledger: Ledger, record: Record) -> Ledger:
    """Return the ledger of a deleted card with the ids that its list shows of lost answers.

    A deleted card need not show what it was, so a list that does not fit changes nothing.
    """
    judged = judge_list(ledger, record, []) if isinstance(record, tuple) else ledger
    return ledger if isinstance(judged, Violation) else judged


def _judge_deleted(
    ledger: Ledger, command: CardRead, answer: str, shown: str
) -> Successors | Violation:
    if isinstance(command, ReadTransactions):
        return answered(ledger, "deleted.transactions", [answer], shown)
    if command.view is View.CUSTOMER:
        return (ledger,)  # whether a deleted card is "active for a customer" is open (question 44)
    question = "deleted.info" if command.view is View.INFO else "deleted.read"
    return answered(ledger, question, [answer], shown)
