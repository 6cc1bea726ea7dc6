"""What the ledger says of one answer, beside what the server showed.

It words what the oracle works with, and judges nothing: a violation is recorded elsewhere, and may
be about something that is not compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tallystick.driven import Judged
from tallystick.ledger.preconditions import refusal_reasons
from tallystick.ledger.references import is_reuse
from tallystick.ledger.state import CardStatus, Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardRecord,
    Command,
    EntryId,
    HoldRecord,
    Money,
    Payment,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Record,
    Refused,
    Transact,
    TransactionRecord,
)

ACCEPTED, REFUSED, EITHER = "accepted", "refused", "accepted or refused"


class Compared(NamedTuple):
    """One thing that an answer shows, such as `available`, `400`, `1000`."""

    name: str
    ledger: str
    """Empty: the ledger does not say."""
    server: str
    differs: bool


def compare(judged: Judged | None) -> tuple[Compared, ...]:
    """The answer itself, then the figures that it shows. Nothing if no ledger judged it."""
    if judged is None or not judged.ledgers:
        return ()
    return (_answer(judged), *_figures(judged))


def _answer(judged: Judged) -> Compared:
    kind, why = _due(judged.ledgers[0], judged.command)
    came, shown = _came(judged)
    # With several possible ledgers, one of them may permit what the likeliest forbids.
    is_sure = len(judged.ledgers) == 1 and kind in (ACCEPTED, REFUSED)
    return Compared("answer", why or kind, shown, is_sure and came not in ("", kind))


def _came(judged: Judged) -> tuple[str, str]:
    """`accepted`, `refused` or nothing, and the same in words."""
    outcome = judged.outcome
    if isinstance(outcome, Accepted):
        return ACCEPTED, ACCEPTED
    if isinstance(outcome, Refused):
        return REFUSED, f"refused with {outcome.status}"
    return "", f"no answer: {outcome.reason}"


def _due(ledger: Ledger, command: Command) -> tuple[str, str]:
    """What the ledger says before the answer: `accepted`, `refused`, either; and why."""
    if isinstance(command, ReadCard | ReadTransactions | ReadHold):
        is_there = ledger.card_status in (CardStatus.ACTIVE, CardStatus.INACTIVE)
        return (ACCEPTED if is_there else "", "")
    if isinstance(command, Payment) and is_reuse(ledger, command):
        return "", "no second effect: the id was used before"
    reasons = refusal_reasons(ledger, command)
    required = next((reason for reason in reasons if reason.is_required), None)
    if required is not None:
        return REFUSED, f"refused: {required.text}"
    return (EITHER, f"{EITHER}: {reasons[0].text}") if reasons else (ACCEPTED, "")


def _figures(judged: Judged) -> Iterator[Compared]:
    if not isinstance(judged.outcome, Accepted):
        return
    for name, shown, due in _shown(judged.command, judged.outcome.record):
        said = sorted({figure for each in judged.ledgers if (figure := due(each)) is not None})
        words = " or ".join(map(str, said))
        yield Compared(name, words, str(shown), bool(said) and shown not in said)


Due = Callable[[Ledger], Money | None]


def _shown(command: Command, record: Record) -> Iterator[tuple[str, Money, Due]]:
    """The figures that an answer shows, each with what the ledger says of it."""
    found: list[tuple[str, Money | None, Due]] = []
    if isinstance(command, ReadCard) and isinstance(record, CardRecord):
        found.append(("balance", record.balance, lambda ledger: ledger.balance))
        found.append(("available", record.available, lambda ledger: ledger.available))
    elif isinstance(command, ReadHold) and isinstance(record, HoldRecord):
        hold = command.parent
        found.append(("captured", record.captured, lambda ledger: _captured(ledger, hold)))
        found.append(("remaining", record.remaining, lambda ledger: _remaining(ledger, hold)))
    elif isinstance(record, HoldRecord):
        found.append(("captured", record.captured, _unknown))
        found.append(("remaining", record.remaining, _unknown))
    elif isinstance(record, TransactionRecord):
        found.append(("amount", record.amount, lambda ledger: _amount(ledger, command)))
    elif isinstance(record, tuple):
        found.append(("transactions", len(record), _unknown))
    yield from ((name, shown, due) for name, shown, due in found if shown is not None)


def _unknown(_: Ledger) -> Money | None:
    return None


def _captured(ledger: Ledger, hold: EntryId) -> Money | None:
    entry = ledger.entries.get(hold)
    return None if entry is None else entry.captured


def _remaining(ledger: Ledger, hold: EntryId) -> Money | None:
    entry = ledger.entries.get(hold)
    return None if entry is None else entry.remaining


def _amount(ledger: Ledger, command: Command) -> Money | None:
    """The amount of the record of a payment; None for a void, whose record is not documented."""
    if isinstance(command, Capture) and command.amount is None:
        return _remaining(ledger, command.parent) or None
    return command.amount if isinstance(command, Transact | Capture) else None
