"""Which reads show what a step did: the card, or where there is no card the holds by themselves.

It says what to ask for, from what the ledger knows; it sends nothing and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tallystick.ledger.state import Ledger, is_unanswered
from tallystick.ledger.vocabulary import (
    Accepted,
    Command,
    EntryId,
    HoldRecord,
    Kind,
    Outcome,
    Read,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Settlement,
    Transact,
    TransactionRecord,
)


def hold_of(command: Command, outcome: Outcome) -> EntryId | None:
    """Return the hold that a command was about, or made; None if it was about none."""
    if isinstance(command, Settlement):
        return command.parent
    is_hold = isinstance(command, Transact) and command.kind is Kind.HOLD
    record = outcome.record if isinstance(outcome, Accepted) else None
    return record.id if is_hold and isinstance(record, HoldRecord | TransactionRecord) else None


def known_holds(ledger: Ledger) -> Iterator[EntryId]:
    """Return the holds that can be named, in the order in which they were made."""
    for entry_id, entry in ledger.entries.items():
        if entry.kind is Kind.HOLD and not is_unanswered(entry_id):
            yield entry_id


def reads_after(ledger: Ledger, about: EntryId | None, *, every: bool) -> tuple[Read, ...]:
    """Return the reads after a step that was about this hold.

    `every`: also of holds that it was not about; they come first, because the last read is the one
    that clears the step.
    """
    if ledger.traits.account:
        return (ReadCard(ledger.card),)
    behind = None if about is None else ledger.payment_behind(about)
    own = [hold for hold in known_holds(ledger) if hold == behind]
    others = [hold for hold in known_holds(ledger) if hold != behind] if every else []
    return tuple(ReadHold(ledger.card, hold) for hold in [*others, *own])


def lists_of(ledger: Ledger) -> tuple[Read, ...]:
    """Return the reads that show a card's transactions one by one, in addition to its figures."""
    traits = ledger.traits
    lists: tuple[Read, ...] = (ReadTransactions(ledger.card),) if traits.lists else ()
    holds = known_holds(ledger) if traits.account and traits.reads_hold else ()
    return (*lists, *(ReadHold(ledger.card, hold) for hold in holds))


def reads_at_the_end(ledger: Ledger, made: Iterable[EntryId]) -> tuple[Read, ...]:
    """Return all reads of a card after concurrent clients, which `made` these holds."""
    traits, card = ledger.traits, ledger.card
    reads: list[Read] = [ReadCard(card)] if traits.account else []
    if traits.lists and traits.account:
        reads.append(ReadTransactions(card))
    if traits.reads_hold:
        holds = dict.fromkeys([*known_holds(ledger), *made])
        reads += [ReadHold(card, hold) for hold in holds]
    return tuple(reads)
