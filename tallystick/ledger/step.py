"""The oracle: one pure, total, deterministic function that judges an answer against the ledger.

    step(ledger, command, outcome) -> successors | Violation

The observed outcome is an argument, so ids, times and legal alternatives that the server chooses
need no machinery of their own. An unknown outcome has two successors, what happened and what did
not, and later answers tell them apart. This module does not know how the outcome was obtained, nor
which server is judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.ledger import state as books
from tallystick.ledger.effects import apply, book, refused
from tallystick.ledger.figures import judge_card
from tallystick.ledger.preconditions import (
    ACCEPT,
    RefusalReason,
    Write,
    contradicted_question,
    promise,
    refusal_reasons,
)
from tallystick.ledger.reading import answered, judge_read
from tallystick.ledger.records import RECORD_RULE, entry_of, judge_answer, judge_replay
from tallystick.ledger.references import (
    REFUSE,
    REPLAY,
    SEPARATE,
    Reuse,
    find_reuses,
)
from tallystick.ledger.state import (
    UNANSWERED,
    CardStatus,
    LastWrite,
    Ledger,
)
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    CardRecord,
    Command,
    DeleteCard,
    IssueToken,
    OpenCard,
    Outcome,
    Payment,
    Phase,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    Unknown,
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
        result = judge_read(ledger, command, outcome, checked)
    elif isinstance(command, Transact | Capture | Void):
        result = _judge_payment(ledger, command, outcome, checked)
    else:
        result = _judge_write(ledger, command, outcome, refusal_reasons(ledger, command), checked)
    return Judgement(result, tuple(checked))


# Writes -------------------------------------------------------------------------------------------


def _judge_write(
    ledger: Ledger,
    command: Write,
    outcome: Outcome,
    against: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    """Judge a write whose ref_id, if it has one, is fresh."""
    firm = next((reason for reason in against if reason.is_required), None)
    if isinstance(outcome, Unknown):
        happened = () if firm else apply(ledger, command, None)
        return (*happened, *_unchanged(ledger, command, refusable=bool(against)))
    if isinstance(outcome, Refused):
        return _judge_refusal(ledger, command, outcome, against, checked)
    if firm is not None:
        checked.append(firm.rule or "")
        return Violation(
            firm.rule or "", f"a refusal: {firm.text}", "accepted", question=firm.question
        )
    checked.append(promise(ledger, command))
    dialect = ledger.dialect
    for reason in against:
        if reason.question is not None:
            # A soft reason with this question stands only while "accept" is possible.
            dialect = dialect.narrow(reason.question, [ACCEPT]) or dialect
    if dialect is not ledger.dialect:
        ledger = ledger.changed(dialect=dialect)
    return _judge_acceptance(ledger, command, outcome, checked)


def _shown(outcome: Refused) -> str:
    return f"refused with {outcome.status}"


def _judge_refusal(
    ledger: Ledger,
    command: Write,
    outcome: Refused,
    against: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    after = refused(ledger, command)
    if not against:
        rule = promise(ledger, command)
        checked.append(rule)
        question = contradicted_question(ledger, command)
        if question is not None:
            return Violation("DIA-1", f"{question}: accept", _shown(outcome), question)
        return Violation(rule, "accepted", _shown(outcome))
    checked += [reason.rule for reason in against if reason.rule]
    if len(against) == 1 and not against[0].is_required and against[0].question is not None:
        # The only reason there is must be the server's reason: it has answered the question.
        return answered(after, against[0].question, REFUSE, _shown(outcome))
    return (after,)


def _unchanged(ledger: Ledger, command: Write, *, refusable: bool) -> tuple[Ledger, ...]:
    """The ledgers of a command whose answer was lost and that changed nothing."""
    if not refusable:
        return (ledger,)
    # Perhaps it was refused, which permits all that the unchanged ledger permits.
    after = refused(ledger, command)
    return (after,) if after.tokens is ledger.tokens else (after, ledger)


def _judge_acceptance(
    ledger: Ledger, command: Write, outcome: Accepted, checked: list[str]
) -> Successors | Violation:
    record = outcome.record
    if isinstance(command, Transact | Capture | Void):
        assert isinstance(record, TransactionRecord), "a payment is answered with its record"
        return _judge_paid(ledger, command, record, checked)
    if isinstance(command, IssueToken):
        assert isinstance(record, TokenRecord), "a token is answered with a token record"
        return _judge_issued(ledger, command, record, checked)
    after = apply(ledger, command, None)
    if isinstance(command, DeleteCard):
        return after
    assert isinstance(record, CardRecord), "a new card is answered with a card record"
    return _judge_opened(after, command, record, checked)


def _judge_paid(
    ledger: Ledger, command: Payment, record: TransactionRecord, checked: list[str]
) -> Successors | Violation:
    checked.append(RECORD_RULE[command.kind])
    if isinstance(command, Transact) and ledger.card_status is CardStatus.INACTIVE:
        ledger = ledger.changed(currency=command.currency)
    entry = entry_of(ledger, command)
    dialect = judge_answer(ledger, command, entry, record)
    if isinstance(dialect, Violation):
        return dialect
    ledger = ledger if dialect is ledger.dialect else ledger.changed(dialect=dialect)
    return (book(ledger, command, entry, record.id or ""),)


def _judge_issued(
    ledger: Ledger, command: IssueToken, record: TokenRecord, checked: list[str]
) -> Successors | Violation:
    checked.append("TOKEN-1")
    if not record.value:
        repeated = any(token.ref == command.ref for token in ledger.tokens.values())
        if repeated:
            return (ledger,)  # the value is told once; a repeat need not tell it again
        return Violation("TOKEN-1", "the value of the new token", "no value")
    # A token moves no money, and whether its ref_id is of one space with those of transactions is
    # open (question 4): a second token for one ref_id is not held against anybody.
    known = ledger.tokens.get(record.value)
    if known is None:
        return apply(ledger, command, record.value)
    if known.ref != command.ref:
        return Violation("TOKEN-1", "a new token", f"the token that {known.ref!r} made")
    return (ledger,)  # the first one again


def _judge_opened(
    successors: Successors, command: Write, record: CardRecord, checked: list[str]
) -> Successors | Violation:
    """Hold the answer of a creation to every ledger that may be meant by it."""
    checked.append("CARD-2")
    phase = command.phase if isinstance(command, OpenCard | ActivateCard) else Phase.WITHIN
    if record.balance is None and record.available is None:
        return successors  # read-only figures may be left out of the answer that creates a card
    survivors: list[Ledger] = []
    violation: Violation | None = None
    for ledger in successors:
        judged = judge_card(ledger, record, checked, phase)
        if isinstance(judged, Violation) and ledger.last_write in REPETITIONS and ledger.opened_by:
            # The first answer again: the card as it was.
            first = books.book_opening(Ledger(ledger.dialect, ledger.card), ledger.opened_by)
            judged = (
                judged if isinstance(judge_card(first, record, [], phase), Violation) else ledger
            )
        if isinstance(judged, Violation):
            violation = violation or judged
        else:
            survivors.append(_with_currency(judged, command, record))
    return tuple(survivors) if violation is None or survivors else violation


def _with_currency(ledger: Ledger, command: Write, record: CardRecord) -> Ledger:
    prepared = isinstance(command, PrepareCard) and ledger.card_status is CardStatus.INACTIVE
    return ledger.changed(currency=record.currency) if prepared else ledger


REPETITIONS = (LastWrite.RECREATED, LastWrite.REACTIVATED)


# Payments: the ref_id comes first --------------------------------------------------------------


def _judge_payment(
    ledger: Ledger, command: Payment, outcome: Outcome, checked: list[str]
) -> Successors | Violation:
    against = refusal_reasons(ledger, command)
    reuses = find_reuses(ledger, command)
    if not reuses:
        return _judge_write(ledger, command, outcome, against, checked)
    checked.append(reuses[0].rule)
    if isinstance(outcome, Accepted):
        return _judge_accepted_reuse(ledger, command, outcome, reuses, against, checked)
    if isinstance(outcome, Refused):
        if against:
            return (refused(ledger, command),)  # refused, perhaps for another reason
        after = refused(ledger, command).changed(last_write=REPETITION[reuses[0].rule])
        reasons = [r for r in reuses if ledger.dialect.allows(r.question, REFUSE)]
        if len(reasons) > 1:
            return (after,)
        reason = (reasons or reuses)[0]
        return answered(after, reason.question, reason.harmless(REFUSE), _shown(outcome))
    separate = all(ledger.dialect.allows(reuse.question, SEPARATE) for reuse in reuses)
    firm = any(reason.is_required for reason in against)
    happened = apply(ledger, command, None) if separate and not firm else ()
    return (*happened, *_unchanged(ledger, command, refusable=True))


def _judge_accepted_reuse(
    ledger: Ledger,
    command: Payment,
    outcome: Accepted,
    reuses: tuple[Reuse, ...],
    against: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    record = outcome.record
    assert isinstance(record, TransactionRecord), "a payment is answered with its record"
    for reuse in reuses:
        if record.id == reuse.entry:
            return _judge_replayed(ledger, record, reuse, checked)
    # An answer that was lost never told its id: this may be that record, or one of its own.
    readings = [
        _judge_replayed(ledger, record, reuse, checked)
        for reuse in reuses
        if reuse.entry.startswith(UNANSWERED) and record.ref == command.ref
    ]
    readings.append(_judge_separate(ledger, command, outcome, reuses, against, checked))
    violations = [reading for reading in readings if isinstance(reading, Violation)]
    if len(violations) == len(readings):
        return violations[0]
    return tuple(one for reading in readings if isinstance(reading, tuple) for one in reading)


def _judge_separate(
    ledger: Ledger,
    command: Payment,
    outcome: Accepted,
    reuses: tuple[Reuse, ...],
    against: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    """Hold a second effect of a ref_id to the dialect, and then to all that holds for a first."""
    dialect = ledger.dialect
    for reuse in reuses:
        narrowed = dialect.narrow(reuse.question, [SEPARATE])
        if narrowed is None:
            permitted = " or ".join(sorted(dialect.possible(reuse.question)))
            record = outcome.record
            shown = f"a second record {getattr(record, 'id', None)}"
            return Violation(reuse.rule, f"one effect for one ref_id: {permitted}", shown)
        dialect = narrowed
    if dialect is not ledger.dialect:
        ledger = ledger.changed(dialect=dialect)
    return _judge_write(ledger, command, outcome, against, checked)


def _judge_replayed(
    ledger: Ledger, record: TransactionRecord, reuse: Reuse, checked: list[str]
) -> Successors | Violation:
    checked.append("REF-6")
    answers = reuse.harmless(REPLAY)
    replayed = answered(ledger, reuse.question, answers, "the first record again")
    if isinstance(replayed, Violation):
        return replayed
    after, entry = replayed[0], reuse.entry
    if record.id is None:
        return Violation("REF-6", "the first record, with its id", "no id")
    if entry != record.id:
        if record.id in ledger.entries:
            return Violation("TX-8", "an id of its own", f"the id {record.id} of another one")
        after, entry = books.adopt(after, entry, record.id), record.id
    dialect = judge_replay(after, entry, record)
    if isinstance(dialect, Violation):
        return dialect
    return (after.changed(dialect=dialect, last_write=REPETITION[reuse.rule]),)


REPETITION = {
    "REF-1": LastWrite.REPEATED,
    "REF-2": LastWrite.REPEATED_ELSEWISE,
    "REF-3": LastWrite.REPEATED_ELSEWHERE,
}
"""What to say was done last, by the rule that the repetition is under."""


__all__ = ["Judgement", "Successors", "judge", "step"]
