"""The preconditions of a command: the reasons for which a server has to, or may, refuse it.

A reason requires the refusal if it names a rule: then an acceptance breaks that rule. Otherwise it
permits the refusal, because the documentation leaves the case open; if it names a question of the
dialect, the server has to keep to its first answer. Without any reason the command has to be
accepted. This module never sees an answer (see `oracle`).
"""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.ledger.counting import has_paid_by_capture, may_refund, zero_may_be_a_part
from tallystick.ledger.dialect import ACCEPT, REFUSE
from tallystick.ledger.effects import left_of_capture
from tallystick.ledger.frequent import is_surely_without_reason
from tallystick.ledger.lifecycle import (
    ILLEGAL_MOVE_RULES,
    REFUNDABLE,
    TRANSITIONS,
    Move,
    State,
    move_of_capture,
    move_of_void,
)
from tallystick.ledger.reasons import (
    RefusalReason,
    amount_reasons,
    extras_reasons,
    period_reasons,
    ref_reasons,
    size_reasons,
)
from tallystick.ledger.state import (
    CAPTURED_USE,
    EMPTY_USE,
    REFUSED_USE,
    VOIDED_USE,
    CardStatus,
    Entry,
    Ledger,
    Token,
)
from tallystick.ledger.surcharge import surcharge
from tallystick.ledger.vocabulary import (
    ActivateCard,
    Capture,
    DeleteCard,
    EntryId,
    IssueToken,
    Kind,
    Money,
    OpenCard,
    Phase,
    PrepareCard,
    Refund,
    Transact,
    Void,
    Write,
)

ACCEPTANCE_RULES: dict[type | Kind, str] = {
    OpenCard: "CARD-1",
    PrepareCard: "CARD-4",
    ActivateCard: "CARD-6",
    DeleteCard: "CARD-8",
    IssueToken: "TOKEN-1",
    Refund: "REFUND-1",
    Kind.DRAWDOWN: "TX-1",
    Kind.HOLD: "TX-5",
    Kind.FUND: "FUND-1",
    Kind.CAPTURE: "CAP-1",
    Kind.VOID: "VOID-1",
}
"""The rule that is broken when a command is refused without any reason."""


def acceptance_rule(ledger: Ledger, command: Write) -> str:
    """Return the id of the rule that promises to accept the command here."""
    if isinstance(command, Transact):
        if command.kind is Kind.FUND and ledger.held:
            return "FUND-2"
        return ACCEPTANCE_RULES[command.kind]
    if isinstance(command, Capture | Void):
        hold = ledger.entries.get(command.parent)
        if hold is not None and hold.state is State.PARTLY_CAPTURED:
            return "VOID-6" if isinstance(command, Void) else "CAP-4"
        return ACCEPTANCE_RULES[command.kind]
    return ACCEPTANCE_RULES[type(command)]


def refusal_reasons(ledger: Ledger, command: Write) -> tuple[RefusalReason, ...]:
    """Return every reason to refuse the command, but for a used ref_id (see `references`).

    A question that the server has answered with *accept* is no reason any more; one that it has
    answered with *refuse* requires the refusal (DIA-1).
    """
    if is_surely_without_reason(ledger, command):
        return ()
    return tuple(_as_answered(ledger, _all_reasons(ledger, command)))


def contradicted_question(ledger: Ledger, command: Write) -> str | None:
    """Return the open question that the server has already answered with *accept*, so that a
    refusal contradicts that answer; None if there is none.

    For a command without `refusal_reasons`.
    """
    return next((reason.question for reason in _all_reasons(ledger, command)), None)


def _all_reasons(ledger: Ledger, command: Write) -> Iterator[RefusalReason]:
    """Return the reasons for a server of which no answer is known yet."""
    match command:
        case OpenCard():
            return _to_open(ledger, command)
        case PrepareCard():
            return _to_prepare(ledger)
        case ActivateCard():
            return _to_activate(ledger, command)
        case DeleteCard():
            return _to_delete(ledger, command)
        case IssueToken():
            return _to_issue(ledger, command)
        case Transact():
            return _to_transact(ledger, command)
        case Capture():
            return _to_capture(ledger, command)
        case Refund():
            return _to_refund(ledger, command)
        case _:
            return _to_void(ledger, command)


def _as_answered(ledger: Ledger, reasons: Iterator[RefusalReason]) -> Iterator[RefusalReason]:
    for reason in reasons:
        if reason.is_required or reason.question is None:
            yield reason
            continue
        possible = ledger.dialect.possible(reason.question)
        if ACCEPT not in possible:
            yield RefusalReason(reason.text, "DIA-1", reason.question)
        elif REFUSE in possible:
            yield reason


# Cards --------------------------------------------------------------------------------------------


def _to_open(ledger: Ledger, command: OpenCard) -> Iterator[RefusalReason]:
    if ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the id belonged to a deleted card")
    elif ledger.card_status is not CardStatus.ABSENT:
        yield RefusalReason("the card exists", question=_create_question(ledger, command))
    content = _content_reasons(ledger, command, "zero.open")
    yield from content if ledger.card_status is CardStatus.ABSENT else _unquestioned(content)


def _create_question(ledger: Ledger, command: OpenCard) -> str | None:
    """Return the question that a second create puts; None for a card of a batch, where any answer
    is permitted each time."""
    if not isinstance(ledger.opened_by, OpenCard):
        return None
    return "create.same" if ledger.opened_by == command else "create.other_body"


def _to_prepare(ledger: Ledger) -> Iterator[RefusalReason]:
    if ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the id belonged to a deleted card")
    elif ledger.card_status is CardStatus.INACTIVE:
        yield RefusalReason("the card exists", question="batch.same")
    elif ledger.card_status is CardStatus.ACTIVE:
        yield RefusalReason("the card exists and is active")


def _to_activate(ledger: Ledger, command: ActivateCard) -> Iterator[RefusalReason]:
    content = _content_reasons(ledger, command, "zero.activate")
    if ledger.card_status is CardStatus.INACTIVE:
        if command.currency != ledger.currency:
            # Whether the currency is chosen at activation, or before, is open (question 39).
            yield RefusalReason("another currency than the prepared card showed")
        yield from content
        return
    if ledger.card_status is CardStatus.ACTIVE and ledger.opened_by == command:
        # An activation carries no ref_id, so a retry can only be recognised by its content; to
        # answer it as before does no harm. Once the card was used, no answer is held.
        question = None if ledger.entries else "activate.again"
        yield RefusalReason("the card is active already", question=question)
    else:
        yield RefusalReason(f"the card is {ledger.card_status}, not inactive", rule="CARD-7")
    yield from _unquestioned(content)


def _content_reasons(
    ledger: Ledger, command: OpenCard | ActivateCard, zero: str
) -> Iterator[RefusalReason]:
    yield from amount_reasons(ledger, command.amount, zero)
    yield from period_reasons(command)
    yield from extras_reasons(command.extras, ledger.traits.reserved_metadata)


def _unquestioned(reasons: Iterator[RefusalReason]) -> Iterator[RefusalReason]:
    """Return the reasons as ones that the server may decide each time anew.

    A server that answers a repeat with the first card may never look at what the repeat carries.
    """
    return (RefusalReason(reason.text) for reason in reasons)


def _to_delete(ledger: Ledger, command: DeleteCard) -> Iterator[RefusalReason]:
    if ledger.card_status is CardStatus.ABSENT:
        yield RefusalReason("there is no such card", rule="CARD-12")
    elif ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("it is deleted already", question="delete.again")
    elif ledger.card_status is CardStatus.INACTIVE:
        yield RefusalReason("it is inactive", question="delete.inactive")
    if ledger.held:
        yield RefusalReason("holds are open", question="delete.with_holds")
    elif any(entry.is_open for entry in ledger.entries.values()):
        yield RefusalReason("holds of 0 are open")
    if command.phase in (Phase.AFTER, Phase.EDGE):
        yield RefusalReason("the card has expired")
    if ledger.balance > ledger.held:
        yield RefusalReason("money is on it", question="delete.with_balance")


# Tokens and payments ------------------------------------------------------------------------------


def _to_issue(ledger: Ledger, command: IssueToken) -> Iterator[RefusalReason]:
    if ledger.card_status in (CardStatus.ABSENT, CardStatus.DELETED):
        yield RefusalReason(f"the card is {ledger.card_status}", rule="CARD-9")
    elif ledger.card_status is CardStatus.INACTIVE:
        yield RefusalReason("it is inactive", question="token.on_inactive")
    if command.phase is not Phase.WITHIN:
        yield RefusalReason("the card is not in its active period")  # question 31 leaves it open
    if command.ref in ledger.refs:
        yield RefusalReason("the ref_id made a transaction")  # one space or two: question 4
    yield from ref_reasons(ledger, command.ref)


def _to_transact(ledger: Ledger, command: Transact) -> Iterator[RefusalReason]:
    fund = command.kind is Kind.FUND
    yield from _card_reasons(ledger, command)
    if command.phase is Phase.AFTER:
        yield RefusalReason("the card has expired", rule="TIME-2")
    if command.phase is Phase.BEFORE and not fund:
        yield RefusalReason("the card is not active yet", rule="TIME-1")
    if command.phase is Phase.EDGE:
        yield RefusalReason("the moment is too close to an edge of the card's period")
    if command.currency != ledger.currency and ledger.traits.account:
        # What a card shows before its activation need not be its currency yet (question 38).
        active = ledger.card_status is CardStatus.ACTIVE
        yield RefusalReason("another currency than the card's", rule="TX-3" if active else None)
    if ledger.traits.account and not fund and command.amount > ledger.available:
        yield RefusalReason(f"only {ledger.available} is available", rule="TX-2")
    yield from amount_reasons(ledger, command.amount, f"zero.{command.kind}")
    yield from _token_reasons(ledger, command)
    yield from ref_reasons(ledger, command.ref)
    yield from extras_reasons(command.extras, ledger.traits.reserved_metadata)


def _card_reasons(ledger: Ledger, command: Transact) -> Iterator[RefusalReason]:
    if ledger.card_status is CardStatus.ABSENT:
        yield RefusalReason("there is no such card", rule="TX-7")
    elif ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the card is deleted", rule="CARD-9")
    elif ledger.card_status is CardStatus.INACTIVE:
        if command.kind is Kind.FUND:
            yield RefusalReason("the card is inactive", question="fund.inactive")
        else:
            yield RefusalReason("the card is inactive", rule="CARD-5")


def _token_reasons(ledger: Ledger, command: Transact) -> Iterator[RefusalReason]:
    if command.token is None:
        return
    token = ledger.tokens.get(command.token)
    if token is None:
        yield RefusalReason("the token is not one of this card", rule="TOKEN-4")
        return
    if command.kind is Kind.FUND:
        yield RefusalReason("funding by token", question="fund.by_token")
        if token.one_time and token.used:
            # A fund is no payment: it may need none that the token has left (question 24).
            yield RefusalReason("the one-time token was used before")
    elif token.one_time:
        yield from _use_reasons(ledger, token)


def _use_reasons(ledger: Ledger, token: Token) -> Iterator[RefusalReason]:
    used = token.used
    if Kind.DRAWDOWN in used:
        yield RefusalReason("the one-time token has paid already", rule="TOKEN-2")
    if has_paid_by_capture(ledger, used):
        yield RefusalReason("what the one-time token held has been captured", rule="TOKEN-2")
    if used & {CAPTURED_USE, VOIDED_USE, EMPTY_USE, REFUSED_USE}:
        # A capture may use it up, a void may give it back, a refusal may use it up or not, each
        # for reasons of its own (question 47): the server may decide each time anew.
        yield RefusalReason("what the one-time token was used for has ended since")
    if VOIDED_USE in used:
        used -= {Kind.HOLD}
    for use in sorted(used & {Kind.HOLD, Kind.FUND}):
        yield RefusalReason(f"the one-time token was used: {use}", question=f"token.used_by.{use}")


def _to_capture(ledger: Ledger, command: Capture) -> Iterator[RefusalReason]:
    state, remaining = _hold(ledger, command.parent)
    move = move_of_capture(command.amount, remaining)
    hold = ledger.entries.get(command.parent)
    if hold is not None and surcharge(ledger, hold, command.amount):
        yield RefusalReason("it takes more than was held")  # a server may permit it
    elif move not in TRANSITIONS[state]:
        nothing = command.amount == 0 and state in (*REFUNDABLE, State.REFUNDED)
        rule = None if nothing else ILLEGAL_MOVE_RULES[state][0]
        yield RefusalReason(f"{move} of {state} ({remaining} remains)", rule=rule)
    elif remaining == 0:
        yield RefusalReason("nothing is left to capture")
    elif command.amount is None and state is State.PARTLY_CAPTURED:
        yield RefusalReason("a default after a part", question="capture.default_after_part")
    elif command.amount is None and zero_may_be_a_part(ledger, hold, "capture.default_after_part"):
        yield RefusalReason("a default after a capture of 0")
    elif command.amount is None and ledger.dialect.is_permitted("capture.default", REFUSE):
        yield RefusalReason("it has no amount", question="capture.default")
    if command.amount == 0:
        yield RefusalReason("the amount is 0", question="zero.capture" if remaining else None)
    yield from size_reasons(ledger, remaining if command.amount is None else command.amount)
    yield from _closing_reasons(ledger, command)


def _to_void(ledger: Ledger, command: Void) -> Iterator[RefusalReason]:
    state, remaining = _hold(ledger, command.parent)
    move = move_of_void(command.amount, remaining)
    hold = ledger.entries.get(command.parent)
    if hold is not None and state in REFUNDABLE and may_refund(ledger):
        yield from _to_refund_by_void(hold)
    elif state is State.REFUNDED and ledger.traits.part_of_void:
        yield RefusalReason("it is refunded")  # perhaps only a part of it was
    elif Move.VOID not in TRANSITIONS[state]:
        yield RefusalReason(f"void of {state}", rule=ILLEGAL_MOVE_RULES[state][1])
    elif move is Move.VOID_MORE:
        yield RefusalReason(f"{move} ({remaining} remains)", rule="VOID-1")
    elif remaining == 0:
        yield RefusalReason("nothing is left to release")
    elif state is State.PARTLY_CAPTURED:
        yield RefusalReason("a part is captured", question="void.after_part")
    elif zero_may_be_a_part(ledger, hold, "void.after_part"):
        yield RefusalReason("a capture of 0 is recorded")
    if command.amount == 0:
        yield RefusalReason("the amount is 0")
    yield from size_reasons(ledger, command.amount)
    yield from _closing_reasons(ledger, command)


def _to_refund_by_void(hold: Entry) -> Iterator[RefusalReason]:
    """Return the reasons to refuse a void that would give back what was captured."""
    if hold.refundable == 0:
        yield RefusalReason("all that was paid is given back", rule="REFUND-2")
    elif hold.refunded:
        yield RefusalReason("a part of what was paid is given back")
    else:
        yield RefusalReason(f"void of {hold.state}", question="void.captured")


def _to_refund(ledger: Ledger, command: Refund) -> Iterator[RefusalReason]:
    """Only bounds are demanded: when a server takes a refund, beside that, is its own business."""
    payment = ledger.entries.get(ledger.payment_behind(command.parent))
    paid = 0 if payment is None else payment.paid
    left = 0 if payment is None else payment.refundable
    asked = left if command.amount is None else command.amount
    yield from _to_refund_by_capture(ledger, command)
    if payment is not None and payment.is_uncaptured:
        yield from _to_release_by_refund(payment, command.amount)
    elif payment is None or paid == 0:
        is_empty = payment is not None and payment.kind is Kind.HOLD and payment.amount == 0
        yield RefusalReason("nothing was paid by it", rule=None if is_empty else "REFUND-3")
    elif asked > left or left == 0:
        yield RefusalReason(f"only {left} is left of what was paid", rule="REFUND-2")
    elif payment.is_refunded:
        yield RefusalReason("a void has given it back")
    elif payment.is_open or payment.kind is Kind.DRAWDOWN:
        yield RefusalReason("it is no hold that has come to its end")
    if payment is not None and command.amount is None and payment.refunded:
        yield RefusalReason("it has no amount, and a part was given back")
    if asked == 0 and command.amount is not None:
        yield RefusalReason("the amount is 0")
    if command.phase is not Phase.WITHIN:
        yield RefusalReason("the card is not in its active period")
    if ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the card is deleted")
    yield from size_reasons(ledger, command.amount)
    yield from ref_reasons(ledger, command.ref)
    yield from extras_reasons(command.extras, ledger.traits.reserved_metadata)


def _to_refund_by_capture(ledger: Ledger, command: Refund) -> Iterator[RefusalReason]:
    """Return the reasons to refuse a refund that names a capture's own record, not its hold."""
    if command.parent == ledger.payment_behind(command.parent):
        return
    yield RefusalReason("it names a capture, not the hold", question="refund.by_capture")
    least, _ = left_of_capture(ledger, command.parent)
    if least < (command.amount or 1):
        yield RefusalReason("it may be more than is left of this capture")


def _to_release_by_refund(hold: Entry, amount: Money | None) -> Iterator[RefusalReason]:
    """Return the reasons to refuse the refund of a hold of which nothing is captured."""
    yield RefusalReason("nothing is captured of it", question="refund.uncaptured")
    if amount is not None and amount > hold.remaining:
        yield RefusalReason(f"only {hold.remaining} is locked", rule="REFUND-2")
    elif amount is not None and amount < hold.remaining:
        yield RefusalReason("it is a part of what is locked")


def _closing_reasons(ledger: Ledger, command: Capture | Void) -> Iterator[RefusalReason]:
    """Return what capture and void share: the reasons that lie in the card around the hold."""
    if command.phase is Phase.AFTER:
        yield RefusalReason("the card has expired", question=f"{command.kind}.expired")
    if command.phase is Phase.EDGE:
        yield RefusalReason("the moment is too close to an edge of the card's period")
    if ledger.card_status is CardStatus.DELETED:
        yield RefusalReason("the card is deleted", question=f"{command.kind}.deleted")
    yield from ref_reasons(ledger, command.ref)
    yield from extras_reasons(command.extras, ledger.traits.reserved_metadata)


def _hold(ledger: Ledger, entry_id: EntryId) -> tuple[State, Money]:
    """Return the state of the entry and what it still locks; there may be no such entry."""
    entry = ledger.entries.get(entry_id)
    return (State.MISSING, 0) if entry is None else (entry.state, entry.remaining)
