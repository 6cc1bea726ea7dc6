"""What accepted and refused commands do to the ledger.

This module does not know what is legal (see `preconditions`) nor what an answer has to show (see
`oracle`): it books what it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tallystick.ledger.lifecycle import (
    KEPT,
    REFUNDABLE,
    RELEASED,
    TABLES,
    TRANSITIONS,
    State,
    move_of_capture,
    move_of_void,
)
from tallystick.ledger.members import FINAL
from tallystick.ledger.persistent import Map
from tallystick.ledger.state import (
    CAPTURED_USE,
    EMPTY_USE,
    REFUSED_USE,
    VOIDED_USE,
    CardStatus,
    Entry,
    LastWrite,
    Ledger,
    Successors,
    Token,
    Use,
    unanswered_id,
    unrecorded_id,
)
from tallystick.ledger.surcharge import surcharge
from tallystick.ledger.vocabulary import (
    ActivateCard,
    Capture,
    DeleteCard,
    EntryId,
    Extras,
    IssueToken,
    Kind,
    Money,
    OpenCard,
    Payment,
    PrepareCard,
    RefId,
    Refund,
    Settlement,
    Transact,
    Void,
    Write,
)


def apply(ledger: Ledger, command: Write, shown: str | None) -> Successors:
    """Return what the ledger may be after the command was accepted.

    `shown` is the id of the transaction, or the value of the token, that the answer showed; None if
    the answer was lost. More than one ledger is possible only where a card_id is used again after
    its card was deleted: a new card, or still the old one.
    """
    match command:
        case OpenCard():
            return _opened(ledger, command)
        case ActivateCard():
            if ledger.card_status is CardStatus.INACTIVE:
                return (book_opening(ledger, command),)
            return (ledger.changed(last_write=LastWrite.REACTIVATED),)
        case PrepareCard():
            return _prepared(ledger)
        case DeleteCard():
            return (ledger.changed(card_status=CardStatus.DELETED),)
        case IssueToken():
            return (_with_token(ledger, command, shown),)
        case _:
            entry_id = made_up_id(ledger, command) if shown is None else EntryId(shown)
            return tuple(
                after
                for entry in entries_of(ledger, command)
                for after in book(ledger, command, entry, entry_id)
            )


def made_up_id(ledger: Ledger, command: Payment) -> EntryId:
    """Return the id for what a payment makes, if no answer shows one."""
    number = len(ledger.refs.get(command.ref, ()))
    if isinstance(command, Settlement) and not ledger.traits.own_records:
        return unrecorded_id(command.kind, command.ref, number)
    usual = unanswered_id(command.kind, command.ref)
    if number and (not ledger.traits.retries or usual in ledger.entries):
        # Without keys each repetition makes one more; with keys of each path, that for another one.
        return unanswered_id(command.kind, RefId(f"{command.ref} {number}"))
    return usual


def refused(ledger: Ledger, command: Write) -> Ledger:
    """Return the ledger after a refusal: the same money; the ref_id may be used up (question 5)."""
    spent_refs = ledger.spent_refs
    tokens = ledger.tokens
    if isinstance(command, Payment | IssueToken):
        spent_refs = spent_refs.set(command.ref, True)
    if isinstance(command, Transact):
        tokens = _with_use(ledger, command.token, REFUSED_USE)
    hold = command.parent if isinstance(command, Settlement) else None
    same = spent_refs is ledger.spent_refs and tokens is ledger.tokens
    if same and ledger.last_write is LastWrite.REFUSED and ledger.last_hold == hold:
        return ledger
    return ledger.changed(
        spent_refs=spent_refs, tokens=tokens, last_write=LastWrite.REFUSED, last_hold=hold
    )


# Cards --------------------------------------------------------------------------------------------


def _opened(ledger: Ledger, command: OpenCard) -> Successors:
    if ledger.card_status is CardStatus.ABSENT:
        return (book_opening(ledger, command),)
    again = ledger.changed(last_write=LastWrite.RECREATED)
    if ledger.card_status is CardStatus.DELETED:
        return (book_opening(_new_card(ledger), command), again)
    return (again,)


def _prepared(ledger: Ledger) -> Successors:
    if ledger.card_status is CardStatus.ABSENT:
        return (ledger.changed(card_status=CardStatus.INACTIVE),)
    again = ledger.changed(last_write=LastWrite.RECREATED)
    if ledger.card_status is CardStatus.DELETED:
        return (_new_card(ledger).changed(card_status=CardStatus.INACTIVE), again)
    return (again,)


def _new_card(ledger: Ledger) -> Ledger:
    """Return a card without a past under the id of a deleted one.

    The server may still remember the ref_ids of the deleted card, so they count as spent.
    """
    spent_refs = ledger.spent_refs
    for ref in ledger.refs:
        spent_refs = spent_refs.set(ref, True)
    return Ledger(ledger.dialect, ledger.card, spent_refs=spent_refs, traits=ledger.traits)


def book_opening(ledger: Ledger, command: OpenCard | ActivateCard) -> Ledger:
    """Return the ledger of a new or a prepared card once it holds its opening amount."""
    return ledger.changed(
        card_status=CardStatus.ACTIVE,
        currency=command.currency,
        opening=command.amount,
        # A card that is only a name for some holds was never asked to take an amount.
        largest=command.amount if ledger.traits.account else 0,
        opened_by=command,
        last_write=LastWrite.OPENED,
    )


# Payments -----------------------------------------------------------------------------------------

STATE_OF_NEW = {
    Kind.DRAWDOWN: State.DRAWDOWN,
    Kind.HOLD: State.OPEN,
    Kind.FUND: State.FUND,
}


def entries_of(ledger: Ledger, command: Payment, shown: Money | None = None) -> tuple[Entry, ...]:
    """Return the entries that a payment may make when it is accepted; none is booked yet.

    Several only for a refund without an amount by the id of one of several captures: it may give
    back what is left of that capture, or of all. If the answer has `shown` how much, that is one.
    """
    entry = entry_of(ledger, command)
    if not isinstance(command, Refund) or command.amount is not None:
        return (entry,)
    if command.parent == ledger.payment_behind(command.parent):
        return (entry,)
    least, most = left_of_capture(ledger, command.parent)
    amounts = [entry.amount, *([most] if 0 < most != entry.amount else [])]
    if shown is not None:
        amounts = [shown] if 0 < least <= shown <= most else amounts[:1]
    return tuple(entry._replace(amount=amount) for amount in amounts)


def left_of_capture(ledger: Ledger, capture: EntryId) -> tuple[Money, Money]:
    """Return the least and the most that refunds may have left of one capture of a hold.

    Which captures a refund by the id of the hold gave back, a server decides.
    """
    hold = ledger.payment_behind(capture)
    by_hold, by_capture = (_given_back_by(ledger, named) for named in (hold, capture))
    most = min(ledger.entries[capture].amount - by_capture, ledger.entries[hold].refundable)
    return max(0, most - by_hold), max(0, most)


def _given_back_by(ledger: Ledger, named: EntryId) -> Money:
    """Return what the refunds gave back that named this id; not what they released."""
    return sum(
        entry.amount
        for entry in ledger.entries.values()
        if entry.kind is Kind.REFUND and entry.parent == named and not entry.captured
    )


def entry_of(ledger: Ledger, command: Payment) -> Entry:
    """Return the entry that a payment makes when it is accepted; it is not booked yet."""
    ref, extras = command.ref, command.extras
    if isinstance(command, Transact):
        state = STATE_OF_NEW[command.kind]
        return Entry(command.kind, ref, command.amount, state, extras=extras)
    hold = ledger.entries[ledger.payment_behind(command.parent)]
    if isinstance(command, Refund):
        left, original = (
            (hold.remaining, hold.amount) if hold.is_uncaptured else (hold.refundable, 0)
        )
        amount = left if command.amount is None else command.amount
        return Entry(Kind.REFUND, ref, amount, State.REFUND, original, command.parent, extras)
    amount = hold.remaining if command.amount is None else command.amount
    if isinstance(command, Void):
        return Entry(Kind.VOID, ref, amount, State.VOID, hold.amount, command.parent, extras)
    return Entry(Kind.CAPTURE, ref, amount, State.CAPTURE, 0, command.parent, extras)


def book(ledger: Ledger, command: Payment, entry: Entry, entry_id: EntryId) -> Successors:
    """Return what the ledger may be after a payment made the entry under this id.

    Several after a partial capture, while it is open what that does to the rest of its hold.
    """
    question = _question_of_effect(ledger, command, entry)
    if question is None:
        return (_booked(ledger, command, entry, entry_id),)
    dialects = (ledger.dialect.narrow(question, [answer]) for answer in TABLES)
    return tuple(
        _booked(ledger.with_dialect(dialect), command, entry, entry_id)
        for dialect in dialects
        if dialect is not None
    )


def _question_of_effect(ledger: Ledger, command: Payment, entry: Entry) -> str | None:
    """Return the open question that decides what an accepted payment does; None if none does."""
    if not isinstance(command, Capture) or _fate_of_rest(ledger, command.extras) is not None:
        return None
    hold = ledger.entries[command.parent]
    ends = 0 < entry.amount < hold.remaining
    return "capture.rest" if ends else None


def _fate_of_rest(ledger: Ledger, extras: Extras) -> str | None:
    """Return what a partial capture with these members does to the rest; None if that is open."""
    said = dict(extras).get(FINAL)
    if said is not None:
        return RELEASED if said == "true" else KEPT
    return ledger.dialect.answer("capture.rest")


def _booked(ledger: Ledger, command: Payment, entry: Entry, entry_id: EntryId) -> Ledger:
    changes = BOOKINGS[command.kind](ledger, entry_id, entry)
    if command.ref not in ledger.unrecorded:
        use = Use(command.content, entry_id)
        changes["entries"] = changes.get("entries", ledger.entries).set(entry_id, entry)
        uses = (*ledger.refs.get(command.ref, ()), use)
        changes["refs"] = ledger.refs.set(command.ref, uses)
    if isinstance(command, Transact):
        if ledger.card_status is CardStatus.INACTIVE:  # its currency was not decided (question 38)
            changes["currency"] = command.currency
        if command.token is not None:
            used = command.kind if command.amount else EMPTY_USE
            changes["tokens"] = _with_use(ledger, command.token, used)
    elif entry.amount and ledger.tokens and not isinstance(command, Refund):
        closing = CAPTURED_USE if command.kind is Kind.CAPTURE else VOIDED_USE
        changes["tokens"] = _with_closed(ledger, command.parent, closing)
    return ledger.changed(**changes)


Changes = dict[str, Any]
"""The members of a ledger that a payment changes, but for its own record and its ref_id."""


def _book_drawdown(ledger: Ledger, entry_id: EntryId, entry: Entry) -> Changes:
    return {"drawn": ledger.drawn + entry.amount, "last_write": LastWrite.DRAWN}


def _book_hold(ledger: Ledger, entry_id: EntryId, entry: Entry) -> Changes:
    return {
        "held": ledger.held + entry.amount,
        "held_original": ledger.held_original + entry.amount,
        "held_ever": ledger.held_ever + entry.amount,
        "last_write": LastWrite.HELD,
        "last_hold": entry_id,
    }


def _book_fund(ledger: Ledger, entry_id: EntryId, entry: Entry) -> Changes:
    return {
        "funded": ledger.funded + entry.amount,
        "largest": max(ledger.largest, entry.amount),
        "last_write": LastWrite.FUNDED,
    }


def _book_capture(ledger: Ledger, entry_id: EntryId, entry: Entry) -> Changes:
    """Turn locked money of the hold into drawn money."""
    hold_id = entry.parent or EntryId("")
    hold = ledger.entries[hold_id]
    if entry.amount == 0:  # it moves nothing, so the hold locks what it did
        return {
            "entries": ledger.entries.set(hold_id, hold._replace(touched=True)),
            "last_write": LastWrite.CAPTURED_ZERO,
            "last_hold": hold_id,
        }
    over = surcharge(ledger, hold, entry.amount)
    table = TABLES[_fate_of_rest(ledger, entry.extras) or KEPT]
    move = move_of_capture(entry.amount, hold.remaining)
    then = State.CAPTURED if over else table[hold.state][move]
    rest = hold.remaining - entry.amount if then is State.ENDED else 0
    after = hold._replace(
        captured=hold.captured + entry.amount,
        released=hold.released + rest,
        over=hold.over + over,
        state=then,
    )
    return {
        "captured": ledger.captured + entry.amount,
        "held": ledger.held - entry.amount + over - rest,
        "held_original": _held_original(ledger, hold, after),
        "entries": ledger.entries.set(hold_id, after),
        "last_write": WRITE_OF_CAPTURE[then],
        "last_hold": hold_id,
    }


def _book_void(ledger: Ledger, entry_id: EntryId, entry: Entry) -> Changes:
    """Release what the hold still locks, or a part of it; or give captured money back."""
    hold_id = ledger.payment_behind(entry.parent or EntryId(""))
    hold = ledger.entries[hold_id]
    if hold.state in REFUNDABLE or hold.is_refunded:
        after, write = hold._replace(state=State.REFUNDED), LastWrite.REFUNDED
    else:
        then = TRANSITIONS[hold.state][move_of_void(entry.amount, hold.remaining)]
        after = hold._replace(released=hold.released + entry.amount, state=then)
        write = WRITE_OF_VOID.get(then, LastWrite.RELEASED_PART)
    return {
        "held": ledger.held - hold.remaining + after.remaining,
        "held_original": _held_original(ledger, hold, after),
        "entries": ledger.entries.set(hold_id, after),
        "last_write": write,
        "last_hold": hold_id,
    }


def _book_refund(ledger: Ledger, entry_id: EntryId, entry: Entry) -> Changes:
    """Give back what was paid; what the payment is and what it still locks stays as it is.

    Of a hold of which nothing is captured it releases what is locked (`refund.uncaptured`).
    """
    paid_by = ledger.payment_behind(entry.parent or EntryId(""))
    payment = ledger.entries[paid_by]
    if payment.is_uncaptured:
        released = _book_void(ledger, entry_id, entry)
        return released | {"last_write": LastWrite.RELEASED_BY_REFUND}
    after = payment._replace(refunded=payment.refunded + entry.amount)
    return {
        "refunded": ledger.refunded + entry.amount,
        "entries": ledger.entries.set(paid_by, after),
        "last_write": LastWrite.PAID_BACK,
        "last_hold": paid_by,
    }


def _held_original(ledger: Ledger, hold: Entry, after: Entry) -> Money:
    """Return the sum of the original amounts of open holds, once this hold is as it is `after`."""
    return ledger.held_original - (hold.amount if hold.is_open > after.is_open else 0)


WRITE_OF_CAPTURE = {
    State.CAPTURED: LastWrite.CAPTURED_REST,
    State.PARTLY_CAPTURED: LastWrite.CAPTURED_PART,
    State.ENDED: LastWrite.CAPTURED_AND_ENDED,
}
WRITE_OF_VOID = {State.VOIDED: LastWrite.VOIDED, State.RELEASED: LastWrite.RELEASED}


BOOKINGS: dict[Kind, Callable[[Ledger, EntryId, Entry], Changes]] = {
    Kind.DRAWDOWN: _book_drawdown,
    Kind.HOLD: _book_hold,
    Kind.FUND: _book_fund,
    Kind.CAPTURE: _book_capture,
    Kind.VOID: _book_void,
    Kind.REFUND: _book_refund,
}


def adopt(ledger: Ledger, lost: EntryId, seen: EntryId) -> Ledger:
    """Return the ledger with the id `seen` for the entry whose answer was lost, known as `lost`."""
    entry = ledger.entries[lost]
    # The entry has no captures or voids yet: no client can name a hold whose id it never saw.
    entries = ledger.entries.without(lost).set(seen, entry)
    ref = entry.ref or RefId("")
    uses = (use._replace(entry=seen) if use.entry == lost else use for use in ledger.refs[ref])
    return ledger.changed(entries=entries, refs=ledger.refs.set(ref, tuple(uses)))


# Tokens -------------------------------------------------------------------------------------------


def _with_token(ledger: Ledger, command: IssueToken, shown: str | None) -> Ledger:
    unanswered = unanswered_id("token", command.ref)
    # What an answer shows is what a request before it has made, if that answer was lost.
    tokens = ledger.tokens.without(unanswered)
    token = Token(command.one_time, command.ref, command.content)
    return ledger.changed(
        tokens=tokens.set(unanswered if shown is None else shown, token),
        spent_refs=ledger.spent_refs.set(command.ref, True),
    )


def _with_closed(ledger: Ledger, hold: EntryId, closing: str) -> Map[str, Token]:
    """Return the tokens after money of a hold was captured or released: one may have made it."""
    uses = ledger.refs[ledger.entries[hold].ref or RefId("")]
    named = next(str(use.content[1]) for use in uses if use.entry == hold)
    return _with_use(ledger, named, closing)


def _with_use(ledger: Ledger, value: str | None, use: str) -> Map[str, Token]:
    """Return the tokens after a use of one. Only of one-time tokens it matters what they paid."""
    token = None if value is None else ledger.tokens.get(value)
    if value is None or token is None or not token.one_time or use in token.used:
        return ledger.tokens
    return ledger.tokens.set(value, replace(token, used=token.used | {str(use)}))
