"""The oracle: one pure, total, deterministic function that judges an answer against the ledger.

    step(ledger, command, outcome) -> successors | Violation

The observed outcome is an argument, so ids, times and legal alternatives that the server chooses
need no machinery of their own. An unknown outcome has two successors, what happened and what did
not, and later answers tell them apart. This module does not know how the outcome was obtained, nor
which server is judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tallystick.ledger import ledger as books
from tallystick.ledger.figures import judge_card
from tallystick.ledger.ledger import UNSEEN, Entry, Last, Ledger, Standing, Token, Use
from tallystick.ledger.lifecycle import TRANSITIONS, Move, State, move_of_capture
from tallystick.ledger.persistent import Map
from tallystick.ledger.records import RECORD_RULE, entry_of, judge_answer, judge_list, judge_replay
from tallystick.ledger.references import (
    REFUSE,
    REPLAY,
    SEPARATE,
    Reuse,
    find_reuse,
    is_replay_of,
    request_of,
)
from tallystick.ledger.rulings import ACCEPT, Objection, Write, objections, promise
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    CardRecord,
    Command,
    DeleteCard,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    Payment,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    Unknown,
    View,
    Violation,
    Void,
)

Successors = tuple[Ledger, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What `step` found, and the rules it looked at on the way (for counting, not for judging)."""

    result: Successors | Violation
    checked: tuple[str, ...]


def step(ledger: Ledger, command: Command, outcome: Outcome) -> Successors | Violation:
    """The ledgers that explain the outcome of the command, or the rule that it breaks."""
    return judge(ledger, command, outcome).result


def judge(ledger: Ledger, command: Command, outcome: Outcome) -> Judgement:
    """Like `step`, with the rules that were checked."""
    checked: list[str] = []
    if isinstance(command, ReadCard | ReadTransactions):
        result = _judge_read(ledger, command, outcome, checked)
    elif isinstance(command, Transact | Capture | Void):
        result = _judge_payment(ledger, command, outcome, checked)
    else:
        result = _judge_write(ledger, command, outcome, objections(ledger, command), checked)
    return Judgement(result, tuple(checked))


# Reads --------------------------------------------------------------------------------------------


def _judge_read(
    ledger: Ledger, command: ReadCard | ReadTransactions, outcome: Outcome, checked: list[str]
) -> Successors | Violation:
    if isinstance(outcome, Unknown):
        return (ledger,)
    if isinstance(outcome, Refused):
        return _judge_refused_read(ledger, command, outcome, checked)
    if ledger.standing is Standing.ABSENT:
        checked.append("READ-4")
        return Violation("READ-4", "a refusal: there is no such card", "accepted")
    if ledger.standing is Standing.DELETED:
        return _answered(ledger, _read_question(command), ACCEPT, "accepted")
    checked.append("READ-1")
    if isinstance(command, ReadTransactions):
        records = outcome.record
        assert isinstance(records, tuple), "a list is answered with a tuple of records"
        judged = judge_list(ledger, records, checked)
    else:
        assert isinstance(outcome.record, CardRecord), "a card is answered with a card record"
        judged = judge_card(ledger, outcome.record, checked)
    return judged if isinstance(judged, Violation) else (judged,)


def _judge_refused_read(
    ledger: Ledger, command: ReadCard | ReadTransactions, outcome: Refused, checked: list[str]
) -> Successors | Violation:
    if ledger.standing is Standing.ABSENT:
        checked.append("READ-4")
        return (ledger,)
    if ledger.standing is Standing.DELETED:
        return _answered(ledger, _read_question(command), REFUSE, f"refused with {outcome.status}")
    if isinstance(command, ReadCard) and command.view is View.INFO:
        return Violation("TOKEN-3", "the card behind its token", f"refused with {outcome.status}")
    return Violation("READ-1", "the card can be read", f"refused with {outcome.status}")


def _read_question(command: ReadCard | ReadTransactions) -> str:
    if isinstance(command, ReadTransactions):
        return "deleted.transactions"
    return "deleted.info" if command.view is View.INFO else "deleted.read"


def _answered(ledger: Ledger, question: str, answer: str, shown: str) -> Successors | Violation:
    """The ledger after the server answered an open question, or how it contradicts itself."""
    narrowed = ledger.dialect.narrow(question, [answer])
    if narrowed is None:
        possible = " or ".join(sorted(ledger.dialect.possible(question)))
        return Violation("DIA-1", f"{question}: {possible}", shown, question)
    return (ledger if narrowed is ledger.dialect else replace(ledger, dialect=narrowed),)


# Writes -------------------------------------------------------------------------------------------


def _judge_write(
    ledger: Ledger,
    command: Write,
    outcome: Outcome,
    against: tuple[Objection, ...],
    checked: list[str],
) -> Successors | Violation:
    """Judge a write whose ref_id, if it has one, is fresh."""
    firm = next((objection for objection in against if objection.is_firm), None)
    if isinstance(outcome, Unknown):
        happened = () if firm else (_apply(ledger, command, None),)
        return (*happened, ledger)
    if isinstance(outcome, Refused):
        return _judge_refusal(ledger, command, outcome, against, checked)
    if firm is not None:
        checked.append(firm.rule or "")
        return Violation(
            firm.rule or "", f"a refusal: {firm.reason}", "accepted", question=firm.question
        )
    checked.append(promise(ledger, command))
    dialect = ledger.dialect
    for objection in against:
        if objection.question is not None:
            # A soft objection with this question stands only while "accept" is possible.
            dialect = dialect.narrow(objection.question, [ACCEPT]) or dialect
    if dialect is not ledger.dialect:
        ledger = replace(ledger, dialect=dialect)
    return _judge_acceptance(ledger, command, outcome, checked)


def _judge_refusal(
    ledger: Ledger,
    command: Write,
    outcome: Refused,
    against: tuple[Objection, ...],
    checked: list[str],
) -> Successors | Violation:
    after = _refused(ledger, command)
    if not against:
        rule = promise(ledger, command)
        checked.append(rule)
        return Violation(rule, "accepted", f"refused with {outcome.status}")
    checked += [objection.rule for objection in against if objection.rule]
    if len(against) == 1 and not against[0].is_firm and against[0].question is not None:
        # The only reason there is must be the server's reason: it has answered the question.
        return _answered(after, against[0].question, REFUSE, f"refused with {outcome.status}")
    return (after,)


def _refused(ledger: Ledger, command: Write) -> Ledger:
    """The ledger after a refusal: the same money; the ref_id may be used up (FACTS 5)."""
    burnt = ledger.burnt
    tokens = ledger.tokens
    if isinstance(command, Transact | Capture | Void):
        burnt = burnt.set(command.ref, True)
    if isinstance(command, Transact):
        tokens = _with_use(ledger, command.token, "refused")
    if burnt is ledger.burnt and tokens is ledger.tokens and ledger.last is Last.REFUSED:
        return ledger
    return replace(ledger, burnt=burnt, tokens=tokens, last=Last.REFUSED)


def _judge_acceptance(
    ledger: Ledger, command: Write, outcome: Accepted, checked: list[str]
) -> Successors | Violation:
    record = outcome.record
    if isinstance(command, Transact | Capture | Void):
        assert isinstance(record, TransactionRecord), "a payment is answered with its record"
        checked.append(RECORD_RULE[command.kind])
        dialect = judge_answer(ledger, command, entry_of(ledger, command), record)
        if isinstance(dialect, Violation):
            return dialect
        ledger = ledger if dialect is ledger.dialect else replace(ledger, dialect=dialect)
        return (_apply(ledger, command, record.id),)
    if isinstance(command, IssueToken):
        assert isinstance(record, TokenRecord), "a token is answered with a token record"
        checked.append("TOKEN-1")
        if not record.value:
            return Violation("TOKEN-1", "the value of the new token", "no value")
        return (_apply(ledger, command, record.value),)
    after = _apply(ledger, command, None)
    if isinstance(record, CardRecord) and not isinstance(command, DeleteCard):
        checked.append("CARD-2")
        if record.balance is None and record.available is None:
            return (after,)  # read-only figures may be left out of the answer that creates a card
        judged = judge_card(after, record, checked)
        return judged if isinstance(judged, Violation) else (judged,)
    return (after,)


# Payments: the ref_id comes first --------------------------------------------------------------


def _judge_payment(
    ledger: Ledger, command: Payment, outcome: Outcome, checked: list[str]
) -> Successors | Violation:
    against = objections(ledger, command)
    reuse = find_reuse(ledger, command)
    if reuse is None:
        return _judge_write(ledger, command, outcome, against, checked)
    checked.append(reuse.rule)
    if isinstance(outcome, Accepted):
        return _judge_accepted_reuse(ledger, command, outcome, reuse, against, checked)
    if isinstance(outcome, Refused):
        if against:
            return (_refused(ledger, command),)  # refused, perhaps for another reason
        after = replace(ledger, last=Last.REPEATED)
        return _answered(after, reuse.question, REFUSE, f"refused with {outcome.status}")
    if ledger.dialect.allows(reuse.question, SEPARATE):
        return _judge_write(ledger, command, outcome, against, checked)
    return (ledger,)


def _judge_accepted_reuse(
    ledger: Ledger,
    command: Payment,
    outcome: Accepted,
    reuse: Reuse,
    against: tuple[Objection, ...],
    checked: list[str],
) -> Successors | Violation:
    record = outcome.record
    assert isinstance(record, TransactionRecord), "a payment is answered with its record"
    if is_replay_of(reuse.entry, command, record):
        return _judge_replayed(ledger, command, record, reuse, checked)
    if not ledger.dialect.allows(reuse.question, SEPARATE):
        permitted = " or ".join(sorted(ledger.dialect.possible(reuse.question)))
        return Violation(
            reuse.rule, f"one effect for one ref_id: {permitted}", f"a second record {record.id}"
        )
    answered = _answered(ledger, reuse.question, SEPARATE, "a separate effect")
    assert not isinstance(answered, Violation), "the dialect allows it"
    return _judge_write(answered[0], command, outcome, against, checked)


def _judge_replayed(
    ledger: Ledger, command: Payment, record: TransactionRecord, reuse: Reuse, checked: list[str]
) -> Successors | Violation:
    checked.append("REF-6")
    answered = _answered(ledger, reuse.question, REPLAY, "the first record again")
    if isinstance(answered, Violation):
        return answered
    after, entry = answered[0], reuse.entry
    if entry.startswith(UNSEEN) and record.id is not None:
        after, entry = books.adopt(after, entry, record.id), record.id
    dialect = judge_replay(after, command, entry, record)
    if isinstance(dialect, Violation):
        return dialect
    return (replace(after, dialect=dialect, last=Last.REPEATED),)


# Effects ------------------------------------------------------------------------------------------


def _apply(ledger: Ledger, command: Write, shown: str | None) -> Ledger:
    """The ledger after the command took effect; `shown` is the id or value that was answered."""
    match command:
        case OpenCard() | ActivateCard():
            first = ledger.standing in (Standing.ABSENT, Standing.INACTIVE, Standing.DELETED)
            return books.book_opening(ledger, command) if first else ledger
        case PrepareCard():
            first = ledger.standing is not Standing.ACTIVE
            return replace(ledger, standing=Standing.INACTIVE) if first else ledger
        case DeleteCard():
            return replace(ledger, standing=Standing.DELETED)
        case IssueToken():
            value = shown if shown is not None else UNSEEN + command.ref
            return replace(ledger, tokens=ledger.tokens.set(value, Token(command.one_time)))
        case _:
            return _apply_payment(ledger, command, shown)


def _apply_payment(ledger: Ledger, command: Payment, shown: str | None) -> Ledger:
    entry = entry_of(ledger, command)
    entry_id = shown if shown is not None else UNSEEN + command.ref
    after = BOOKINGS[command.kind](ledger, entry_id, entry)
    use = Use(request_of(command), entry_id)
    refs = ledger.refs.set(command.ref, (*ledger.refs.get(command.ref, ()), use))
    tokens = after.tokens
    if isinstance(command, Transact):
        tokens = _with_use(after, command.token, command.kind)
    return replace(after, refs=refs, tokens=tokens)


def _capture(ledger: Ledger, entry_id: str, entry: Entry) -> Ledger:
    parent = ledger.entries[entry.parent or ""]
    move = move_of_capture(entry.amount, parent.remaining)
    # A capture of 0 after the last money is gone changes no state.
    then = TRANSITIONS[parent.state].get(move, parent.state)
    return books.book_capture(ledger, entry_id, entry, then)


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


__all__ = ["Judgement", "State", "Successors", "judge", "step"]
