"""What an accepted command does to the ledger; whether it is legal is decided before (`step`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tallystick.ledger import state as books
from tallystick.ledger.lifecycle import TRANSITIONS, Move, move_of_capture
from tallystick.ledger.persistent import Map
from tallystick.ledger.preconditions import Write
from tallystick.ledger.records import entry_of
from tallystick.ledger.references import request_of
from tallystick.ledger.state import (
    CAPTURED_USE,
    EMPTY_USE,
    REFUSED_USE,
    VOIDED_USE,
    CardStatus,
    Entry,
    LastWrite,
    Ledger,
    Token,
    Use,
    unanswered_id,
)
from tallystick.ledger.vocabulary import (
    ActivateCard,
    Capture,
    DeleteCard,
    IssueToken,
    Kind,
    OpenCard,
    Payment,
    PrepareCard,
    Transact,
    Void,
)

Successors = tuple[Ledger, ...]


def apply(ledger: Ledger, command: Write, shown: str | None) -> Successors:
    """What the ledger may be after the command was accepted; `shown` is the answered id or value.

    More than one only where a card_id is used again after its card was deleted.
    """
    match command:
        case OpenCard() | ActivateCard():
            return _opened(ledger, command)
        case PrepareCard():
            return _prepared(ledger)
        case DeleteCard():
            return (ledger.changed(card_status=CardStatus.DELETED),)
        case IssueToken():
            value = shown if shown is not None else unanswered_id("token", command.ref)
            token = Token(command.one_time, command.ref)
            spent_refs = ledger.spent_refs.set(command.ref, True)
            return (ledger.changed(tokens=ledger.tokens.set(value, token), spent_refs=spent_refs),)
        case _:
            entry_id = shown if shown is not None else unanswered_id(command.kind, command.ref)
            return (book(ledger, command, entry_of(ledger, command), entry_id),)


def refused(ledger: Ledger, command: Write) -> Ledger:
    """The ledger after a refusal: the same money; the ref_id may be used up (question 5)."""
    spent_refs = ledger.spent_refs
    tokens = ledger.tokens
    if isinstance(command, Transact | Capture | Void | IssueToken):
        spent_refs = spent_refs.set(command.ref, True)
    if isinstance(command, Transact):
        tokens = _with_use(ledger, command.token, REFUSED_USE)
    if (
        spent_refs is ledger.spent_refs
        and tokens is ledger.tokens
        and ledger.last_write is LastWrite.REFUSED
    ):
        return ledger
    return ledger.changed(spent_refs=spent_refs, tokens=tokens, last_write=LastWrite.REFUSED)


def _opened(ledger: Ledger, command: OpenCard | ActivateCard) -> Successors:
    if isinstance(command, ActivateCard):
        if ledger.card_status is CardStatus.INACTIVE:
            return (books.book_opening(ledger, command),)
        return (ledger.changed(last_write=LastWrite.REACTIVATED),)
    if ledger.card_status is CardStatus.ABSENT:
        return (books.book_opening(ledger, command),)
    again = ledger.changed(last_write=LastWrite.RECREATED)
    if ledger.card_status is CardStatus.DELETED:
        return (books.book_opening(books.afresh(ledger), command), again)
    return (again,)


def _prepared(ledger: Ledger) -> Successors:
    if ledger.card_status is CardStatus.ABSENT:
        return (ledger.changed(card_status=CardStatus.INACTIVE),)
    again = ledger.changed(last_write=LastWrite.RECREATED)
    if ledger.card_status is CardStatus.DELETED:
        return (books.afresh(ledger).changed(card_status=CardStatus.INACTIVE), again)
    return (again,)


def book(ledger: Ledger, command: Payment, entry: Entry, entry_id: str) -> Ledger:
    """The ledger after a payment made the entry."""
    if isinstance(command, Transact) and ledger.card_status is CardStatus.INACTIVE:
        ledger = ledger.changed(currency=command.currency)
    after = BOOKINGS[command.kind](ledger, entry_id, entry)
    use = Use(request_of(command), entry_id)
    refs = ledger.refs.set(command.ref, (*ledger.refs.get(command.ref, ()), use))
    if isinstance(command, Transact):
        tokens = _with_use(after, command.token, command.kind if command.amount else EMPTY_USE)
        return after.changed(refs=refs, tokens=tokens)
    if entry.amount and ledger.tokens:
        closing = CAPTURED_USE if command.kind is Kind.CAPTURE else VOIDED_USE
        return after.changed(refs=refs, tokens=_settled(after, command.parent, closing))
    return after.changed(refs=refs)


def _settled(ledger: Ledger, hold: str, closing: str) -> Map[str, Token]:
    """The tokens after money of a hold was captured or released: one of them may have made it."""
    uses = ledger.refs[ledger.entries[hold].ref or ""]
    named = next(str(use.request[1]) for use in uses if use.entry == hold)
    return _with_use(ledger, named, closing)


def _capture(ledger: Ledger, entry_id: str, entry: Entry) -> Ledger:
    parent = ledger.entries[entry.parent or ""]
    if entry.amount == 0:  # it moves nothing, so the hold stands where it stood
        return books.book_capture(ledger, entry_id, entry, parent.state)
    move = move_of_capture(entry.amount, parent.remaining)
    return books.book_capture(ledger, entry_id, entry, TRANSITIONS[parent.state][move])


def _void(ledger: Ledger, entry_id: str, entry: Entry) -> Ledger:
    parent = ledger.entries[entry.parent or ""]
    return books.book_void(ledger, entry_id, entry, TRANSITIONS[parent.state][Move.VOID])


BOOKINGS: dict[Kind, Callable[[Ledger, str, Entry], Ledger]] = {
    Kind.DRAWDOWN: books.book_draw,
    Kind.HOLD: books.book_hold,
    Kind.FUND: books.book_fund,
    Kind.CAPTURE: _capture,
    Kind.VOID: _void,
}


def _with_use(ledger: Ledger, value: str | None, use: str) -> Map[str, Token]:
    token = None if value is None else ledger.tokens.get(value)
    if value is None or token is None or not token.one_time or use in token.used:
        return ledger.tokens
    return ledger.tokens.set(value, replace(token, used=token.used | {str(use)}))
