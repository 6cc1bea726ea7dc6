"""The oracle: one pure, total, deterministic function that judges an answer against the ledger.

    step(ledger, command, outcome) -> successors | Violation

The observed outcome is an argument, so ids, times and legal alternatives that the server chooses
need no machinery of their own. An unknown outcome has two successors, what happened and what did
not, and later answers tell them apart. This module does not know how the outcome was obtained, nor
which server is judged.

In this file the order is: any command, writes, what an acceptance has to show, used ref_ids. Most
functions add the ids of the rules that they check to the list `checked`, for counting.
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.ledger.dialect import ACCEPT, REFUSE, REPLAY, SEPARATE
from tallystick.ledger.effects import (
    adopt,
    apply,
    book,
    book_opening,
    entries_of,
    refused,
)
from tallystick.ledger.figures import judge_card
from tallystick.ledger.holds import hold_of, judge_held, judge_repeated
from tallystick.ledger.preconditions import (
    acceptance_rule,
    contradicted_question,
    refusal_reasons,
)
from tallystick.ledger.reading import judge_read
from tallystick.ledger.reasons import RefusalReason
from tallystick.ledger.records import AMOUNT_RULE, RECORD_RULE, judge_answer, judge_replay
from tallystick.ledger.references import WRITE_OF_REUSE, Reuse, find_reuses, is_reuse
from tallystick.ledger.state import (
    CardStatus,
    LastWrite,
    Ledger,
    Successors,
    answered,
    is_unanswered,
    unanswered_id,
)
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    CardRecord,
    Command,
    DeleteCard,
    EntryId,
    HoldRecord,
    IssueToken,
    OpenCard,
    Outcome,
    Payment,
    Phase,
    PrepareCard,
    Read,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    Unknown,
    Violation,
    Write,
)

LASTING_TOKEN_S = 3600
"""A token that lives so long is not over when its request is repeated."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What `judge` found: the result of `step`, and the ids of the rules that were checked."""

    result: Successors | Violation
    checked: tuple[str, ...]


def step(ledger: Ledger, command: Command, outcome: Outcome) -> Successors | Violation:
    """Return the ledgers that explain the outcome of the command, or the rule that it breaks."""
    return _judge(ledger, command, outcome, [])


def judge(ledger: Ledger, command: Command, outcome: Outcome) -> Judgement:
    """Return what `step` returns, with the ids of the rules that were checked."""
    checked: list[str] = []
    return Judgement(_judge(ledger, command, outcome, checked), tuple(checked))


def _judge(
    ledger: Ledger, command: Command, outcome: Outcome, checked: list[str]
) -> Successors | Violation:
    if isinstance(command, Read):
        return judge_read(ledger, command, outcome, checked)
    reasons = refusal_reasons(ledger, command)
    if isinstance(command, Payment) and is_reuse(ledger, command):
        return _judge_reuse(ledger, command, outcome, reasons, checked)
    return _judge_write(ledger, command, outcome, reasons, checked)


# Writes -------------------------------------------------------------------------------------------


def _judge_write(
    ledger: Ledger,
    command: Write,
    outcome: Outcome,
    reasons: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    """Judge a write whose ref_id, if it has one, is used for the first time."""
    required = next((each for each in reasons if each.is_required), None) if reasons else None
    if isinstance(outcome, Unknown):
        happened = () if required else apply(ledger, command, None)
        return (*happened, *_unchanged(ledger, command, refusable=bool(reasons)))
    if isinstance(outcome, Refused):
        return _judge_refusal(ledger, command, outcome, reasons, checked)
    if required is not None:
        rule = required.rule or ""
        checked.append(rule)
        return Violation(rule, f"a refusal: {required.text}", "accepted", required.question)
    checked.append(acceptance_rule(ledger, command))
    dialect = ledger.dialect
    for reason in reasons:
        if reason.question is not None:
            # *accept* is possible, else the reason would require the refusal. Where one question
            # has several reasons the second changes nothing.
            dialect = dialect.narrow(reason.question, [ACCEPT]) or dialect
    return _judge_acceptance(ledger.with_dialect(dialect), command, outcome, checked)


def _judge_refusal(
    ledger: Ledger,
    command: Write,
    outcome: Refused,
    reasons: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    after = refused(ledger, command)
    if not reasons:
        rule = acceptance_rule(ledger, command)
        checked.append(rule)
        question = contradicted_question(ledger, command)
        if question is not None:
            return Violation("DIA-1", f"{question}: accept", _shown(outcome), question)
        return Violation(rule, "accepted", _shown(outcome))
    checked += [reason.rule for reason in reasons if reason.rule]
    only = reasons[0]
    if len(reasons) == 1 and not only.is_required and only.question is not None:
        # The only reason there is must be the server's reason: it has answered the question.
        return answered(after, only.question, [REFUSE], _shown(outcome))
    return (after,)


def _shown(outcome: Refused) -> str:
    return f"refused with {outcome.status}"


def _unchanged(ledger: Ledger, command: Write, *, refusable: bool) -> tuple[Ledger, ...]:
    """Return the ledgers for a command that changed nothing and whose answer was lost."""
    if not refusable:
        return (ledger,)
    # If it was refused, all is permitted that was before; so only where a token may be used up by
    # the refusal (which then permits less) are there two ledgers.
    after = refused(ledger, command)
    return (after,) if after.tokens is ledger.tokens else (after, ledger)


# What an acceptance has to show -------------------------------------------------------------------


def _judge_acceptance(
    ledger: Ledger, command: Write, outcome: Accepted, checked: list[str]
) -> Successors | Violation:
    record = outcome.record
    if isinstance(command, Payment):
        if isinstance(record, HoldRecord):
            return judge_held(ledger, command, record, checked)
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
    checked += ["TX-8", RECORD_RULE[command.kind]]
    asked = AMOUNT_RULE.get((command.kind, getattr(command, "amount", None)))
    if asked is not None:
        checked.append(asked)
    if isinstance(command, Transact) and ledger.card_status is CardStatus.INACTIVE:
        ledger = ledger.changed(currency=command.currency)
    entry = entries_of(ledger, command, record.amount)[0]
    dialect = judge_answer(ledger, command, entry, record)
    if isinstance(dialect, Violation):
        return dialect
    return book(ledger.with_dialect(dialect), command, entry, record.id or EntryId(""))


def _judge_issued(
    ledger: Ledger, command: IssueToken, record: TokenRecord, checked: list[str]
) -> Successors | Violation:
    checked.append("TOKEN-1")
    if not record.value:
        if any(token.ref == command.ref for token in ledger.tokens.values()):
            return (ledger,)  # the first answer showed the value; a repeat need not show it again
        return Violation("TOKEN-1", "the value of the new token", "no value")
    known = ledger.tokens.get(record.value)
    if known is None:
        return _judge_new_token(ledger, command, record.value, checked)
    if known.ref != command.ref:
        return Violation("TOKEN-1", "a new token", f"the token that {known.ref!r} made")
    if known.content == command.content:
        checked.append("TOKEN-11")
    return (ledger,)  # the first one again


def _judge_new_token(
    ledger: Ledger, command: IssueToken, value: str, checked: list[str]
) -> Successors | Violation:
    """Judge a token that was not seen before: the same request may have made another one."""
    first = _first_token(ledger, command)
    if first is None or command.expires_in < LASTING_TOKEN_S:
        return apply(ledger, command, value)
    checked.append("TOKEN-11")
    return Violation("TOKEN-11", f"the first token {first!r}, or a refusal", f"the token {value!r}")


def _first_token(ledger: Ledger, command: IssueToken) -> str | None:
    """Return the value of the token that an answer to the same request has shown."""
    if command.ref not in ledger.spent_refs:  # tokens are many, and repeats are few
        return None
    unanswered = unanswered_id("token", command.ref)
    same = (command.ref, command.content)
    shown = ((value, token) for value, token in ledger.tokens.items() if value != unanswered)
    return next((value for value, token in shown if (token.ref, token.content) == same), None)


def _judge_opened(
    successors: Successors, command: Write, record: CardRecord, checked: list[str]
) -> Successors | Violation:
    """Judge the card that answers a creation or an activation, for each of the successors."""
    checked.append("CARD-2")
    phase = _phase_of(command)
    successors = tuple(ledger.with_pin(record.has_pin) for ledger in successors)
    if record.balance is None and record.available is None:
        return successors  # read-only figures may be left out of the answer that creates a card
    possible: list[Ledger] = []
    violation: Violation | None = None
    for ledger in successors:
        judged = judge_card(ledger, record, checked, phase)
        if isinstance(judged, Violation) and _shows_first_answer(ledger, command, record):
            judged = ledger
        if isinstance(judged, Violation):
            violation = violation or judged
        elif isinstance(command, PrepareCard) and judged.card_status is CardStatus.INACTIVE:
            possible.append(judged.changed(currency=record.currency))
        else:
            possible.append(judged)
    return tuple(possible) if possible or violation is None else violation


def _shows_first_answer(ledger: Ledger, command: Write, record: CardRecord) -> bool:
    """Whether a repeated creation or activation is answered with the card as it was at first.

    At first a card of a batch waited, with nothing on it, though it was activated since.
    """
    repeated = ledger.last_write in (LastWrite.RECREATED, LastWrite.REACTIVATED)
    if not repeated or ledger.opened_by is None:
        return False
    blank = Ledger(ledger.dialect, ledger.card, traits=ledger.traits)
    if _shows(book_opening(blank, ledger.opened_by), record, _phase_of(command)):
        return True
    waited = isinstance(command, PrepareCard) and isinstance(ledger.opened_by, ActivateCard)
    return waited and _shows(
        blank.changed(card_status=CardStatus.INACTIVE), record, _phase_of(command)
    )


def _shows(ledger: Ledger, record: CardRecord, phase: Phase) -> bool:
    return not isinstance(judge_card(ledger, record, [], phase), Violation)


def _phase_of(command: Write) -> Phase:
    return command.phase if isinstance(command, OpenCard | ActivateCard) else Phase.WITHIN


# Used ref_ids -------------------------------------------------------------------------------------


def _judge_reuse(
    ledger: Ledger,
    command: Payment,
    outcome: Outcome,
    reasons: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    """Judge a payment whose ref_id was used before."""
    reuses = find_reuses(ledger, command)
    if not isinstance(outcome, Unknown):
        checked += dict.fromkeys(reuse.rule for reuse in reuses)
    if isinstance(outcome, Accepted):
        return _judge_accepted_reuse(ledger, command, outcome, reuses, reasons, checked)
    if isinstance(outcome, Refused):
        return _judge_refused_reuse(ledger, command, outcome, reuses, reasons)
    separate = all(ledger.dialect.allows(reuse.question, SEPARATE) for reuse in reuses)
    required = any(reason.is_required for reason in reasons)
    happened = apply(ledger, command, None) if separate and not required else ()
    return (*happened, *_unchanged(ledger, command, refusable=True))


def _judge_refused_reuse(
    ledger: Ledger,
    command: Payment,
    outcome: Refused,
    reuses: tuple[Reuse, ...],
    reasons: tuple[RefusalReason, ...],
) -> Successors | Violation:
    after = refused(ledger, command)
    if reasons and not _has_to_be_replayed(ledger, reuses):
        return (after,)  # perhaps it was refused for one of these, not for its ref_id
    after = after.changed(last_write=WRITE_OF_REUSE[reuses[0].rule])
    refusing = [r for r in reuses if ledger.dialect.allows(r.question, REFUSE)]
    if len(refusing) > 1:
        return (after,)  # which of them the server refused it for is not known
    reuse = (refusing or reuses)[0]
    return answered(after, reuse.question, reuse.explained_by(REFUSE), _shown(outcome))


def _has_to_be_replayed(ledger: Ledger, reuses: tuple[Reuse, ...]) -> bool:
    """Whether the documentation promises the first answer again, whatever happened since.

    Where a card has a balance, an honest server may look at it before it looks at the ref.
    """
    return not ledger.traits.account and all(
        reuse.rule == "REF-1" and not ledger.dialect.is_permitted(reuse.question, REFUSE)
        for reuse in reuses
    )


def _judge_accepted_reuse(
    ledger: Ledger,
    command: Payment,
    outcome: Accepted,
    reuses: tuple[Reuse, ...],
    reasons: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    record = outcome.record
    if isinstance(record, HoldRecord):
        return _judge_reuse_of_hold(ledger, command, outcome, reuses, reasons, checked)
    assert isinstance(record, TransactionRecord), "a payment is answered with its record"
    for reuse in reuses:
        if record.id == reuse.entry:
            return _judge_replayed(ledger, record, reuse, checked)
    # The id of an entry whose answer was lost is not known: this may be its record, or a new one.
    results = [
        _judge_replayed(ledger, record, reuse, checked)
        for reuse in reuses
        if is_unanswered(reuse.entry) and record.ref == command.ref
    ]
    results.append(_judge_separate(ledger, command, outcome, reuses, reasons, checked))
    return _one_of(results)


def _one_of(results: list[Successors | Violation]) -> Successors | Violation:
    """Return what is possible by at least one of several readings of an answer."""
    violations = [result for result in results if isinstance(result, Violation)]
    if len(violations) == len(results):
        return violations[0]
    return tuple(one for result in results if isinstance(result, tuple) for one in result)


def _judge_reuse_of_hold(
    ledger: Ledger,
    command: Payment,
    outcome: Accepted,
    reuses: tuple[Reuse, ...],
    reasons: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    """Judge a reuse that is answered with a hold.

    The answer to a repetition looks like that to a second effect: the next read of the hold tells.
    """
    record = outcome.record
    assert isinstance(record, HoldRecord), "it is answered with a hold"
    results = [
        judge_repeated(ledger, record, reuse, checked)
        for reuse in reuses
        if is_unanswered(hold := hold_of(ledger, reuse)) or record.id in (None, hold)
    ]
    results.append(_judge_separate(ledger, command, outcome, reuses, reasons, checked))
    return _one_of(results)


def _judge_separate(
    ledger: Ledger,
    command: Payment,
    outcome: Accepted,
    reuses: tuple[Reuse, ...],
    reasons: tuple[RefusalReason, ...],
    checked: list[str],
) -> Successors | Violation:
    """Judge a second effect of a ref_id: by the dialect, then as if the ref_id were a new one."""
    dialect = ledger.dialect
    for reuse in reuses:
        narrowed = dialect.narrow(reuse.question, [SEPARATE])
        if narrowed is None:
            permitted = " or ".join(sorted(dialect.possible(reuse.question)))
            shown = f"a second record {getattr(outcome.record, 'id', None)}"
            return Violation(reuse.rule, f"one effect for one ref_id: {permitted}", shown)
        dialect = narrowed
    return _judge_write(ledger.with_dialect(dialect), command, outcome, reasons, checked)


def _judge_replayed(
    ledger: Ledger, record: TransactionRecord, reuse: Reuse, checked: list[str]
) -> Successors | Violation:
    """Judge an answer that shows the transaction of an earlier request once more."""
    checked.append("REF-6")
    answers = reuse.explained_by(REPLAY)
    replayed = answered(ledger, reuse.question, answers, "the first record again")
    if isinstance(replayed, Violation):
        return replayed
    after, entry_id = replayed[0], reuse.entry
    if record.id is None:
        return Violation("REF-6", "the first record, with its id", "no id")
    if entry_id != record.id:
        if record.id in ledger.entries:
            return Violation("TX-8", "an id of its own", f"the id {record.id} of another one")
        after, entry_id = adopt(after, entry_id, record.id), record.id
    dialect = judge_replay(after, entry_id, record)
    if isinstance(dialect, Violation):
        return dialect
    return (after.changed(dialect=dialect, last_write=WRITE_OF_REUSE[reuse.rule]),)
