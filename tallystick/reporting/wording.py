"""Commands and outcomes in a few words, for lists and time lines."""

from __future__ import annotations

from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    CardRecord,
    Command,
    DeleteCard,
    HoldRecord,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    PrepareCard,
    ReadCard,
    Record,
    Refund,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    Void,
)

VERBS = {Kind.DRAWDOWN: "draw", Kind.HOLD: "hold", Kind.FUND: "fund"}
SHORT_ID = 8


def say_command(command: Command) -> str:
    """`capture 600 of 6f0c4a51`."""
    match command:
        case OpenCard(amount=amount, currency=currency):
            return f"open with {amount} {currency}"
        case PrepareCard():
            return "prepare"
        case ActivateCard(amount=amount, currency=currency):
            return f"activate with {amount} {currency}"
        case DeleteCard():
            return "delete"
        case IssueToken(one_time=one_time):
            return "make a one-time token" if one_time else "make a token"
        case Transact(kind=kind, amount=amount, currency=currency):
            return f"{VERBS.get(kind, str(kind))} {amount} {currency}"
        case Capture(amount=amount, parent=parent):
            return f"capture {'all' if amount is None else amount} of {parent[:SHORT_ID]}"
        case Void(parent=parent):
            return f"void {parent[:SHORT_ID]}"
        case Refund(amount=amount, parent=parent):
            return f"refund {'all' if amount is None else amount} of {parent[:SHORT_ID]}"
        case ReadCard(view=view):
            return f"read {view}"
        case _:
            return "list transactions"


def say_outcome(outcome: Outcome) -> str:
    """`accepted: 600, 6f0c4a51`, `refused 403`, `no answer: timed out`."""
    match outcome:
        case Accepted(record=record):
            said = _say_record(record)
            return f"accepted: {said}" if said else "accepted"
        case Refused(status=status):
            return f"refused {status}"
        case _:
            return f"no answer: {outcome.reason}"


def _say_record(record: Record) -> str:
    if isinstance(record, TransactionRecord):
        parts = [record.amount, (record.id or "")[:SHORT_ID]]
        return ", ".join(str(part) for part in parts if part not in (None, ""))
    if isinstance(record, CardRecord):
        figures = {"balance": record.balance, "available": record.available}
        return ", ".join(f"{name} {it}" for name, it in figures.items() if it is not None)
    if isinstance(record, TokenRecord):
        return ""  # its value is a secret
    if isinstance(record, HoldRecord):
        shown = {"captured": record.captured, "remaining": record.remaining}
        return ", ".join(f"{name} {it}" for name, it in shown.items() if it is not None)
    return f"{len(record)} transactions"
