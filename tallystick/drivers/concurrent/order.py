"""Is there a legal order of what several clients saw? Asks the checker, its step is the oracle.

One card at a time, from every ledger that was possible before. It knows the ledger and puts a
violation into words; how the requests were made, it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tallystick.checker import Budget, History, Illegality, Verdict, check
from tallystick.drivers.concurrent.independence import Independence, Op, ref_of
from tallystick.ledger.oracle import step
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    CardId,
    CardRecord,
    Payment,
    ReadCard,
    Refused,
    TransactionRecord,
    Unknown,
    Violation,
)


@dataclass(frozen=True, slots=True)
class HistoryVerdict:
    """What the checker says of a history: undecided cards, and the first violation."""

    undecided: tuple[str, ...] = ()
    violation: Violation | None = None
    illegality: Illegality[Ledger] | None = None


def judge_history(
    operations: Iterable[Op], initial: Mapping[CardId, Sequence[Ledger]], *, budget: Budget
) -> HistoryVerdict:
    """Judge the operations of each card from the ledgers that were possible before."""
    known = list(operations)
    duplicates = _refused_duplicates(known)
    judged = _judge_all([op for op in known if id(op) not in duplicates], initial, budget)
    by_token = {id(op) for op in known if getattr(op.command.command, "token", None) is not None}
    if judged.violation is None or not duplicates & by_token:
        return judged
    # A refusal that has no place in the order may have used its token up all the same.
    kept = [op for op in known if id(op) not in duplicates - by_token]
    again = _judge_all(kept, initial, budget)
    return again if again.violation is None else judged


def _judge_all(
    operations: Sequence[Op], initial: Mapping[CardId, Sequence[Ledger]], budget: Budget
) -> HistoryVerdict:
    undecided: list[str] = []
    found = HistoryVerdict()
    for card, part in History.of(operations).partitions().items():
        judged = _judge_card(part, initial[CardId(str(card))], budget)
        if judged is None:
            undecided.append(str(card))
        elif found.violation is None:
            found = judged
    return HistoryVerdict(tuple(undecided), found.violation, found.illegality)


def _refused_duplicates(operations: Sequence[Op]) -> set[int]:
    """Which are refusals of a ref_id whose request was still under way elsewhere.

    A server may refuse the second of two equal requests before the first has had its effect
    (question 7), so such a refusal has no place in the order, and no effect either.
    """
    by_ref: dict[str, list[Op]] = {}
    for op in operations:
        if isinstance(op.command.command, Payment):
            by_ref.setdefault(op.command.command.ref, []).append(op)
    return {
        id(op)
        for same in by_ref.values()
        for op in same
        if isinstance(op.outcome, Refused)
        and any(not isinstance(other.outcome, Refused) and _overlap(op, other) for other in same)
    }


def _overlap(one: Op, other: Op) -> bool:
    ends = (float("inf") if op.returned_ns is None else op.returned_ns for op in (one, other))
    one_end, other_end = ends
    return one.called_ns <= other_end and other.called_ns <= one_end


def _judge_card(
    part: tuple[Op, ...], ledgers: Sequence[Ledger], budget: Budget
) -> HistoryVerdict | None:
    """The verdict on one card; None if the budget was spent before there was one."""
    known = Independence.of(part)
    found: list[HistoryVerdict | None] = []
    for ledger in ledgers:
        start = known.before(ledger)
        judgement = check(
            History(part),
            known.step,
            lambda _, start=start: start,  # type: ignore[misc]
            hints=known.hints,
            budget=budget,
        )
        if judgement.verdict is Verdict.CONFORMS:
            return HistoryVerdict()
        if judgement.verdict is Verdict.VIOLATES:
            illegality = judgement.illegalities[0]
            found.append(HistoryVerdict((), _violation(illegality, part, start), illegality))
        else:
            found.append(None)
    return None if None in found else found[0]


# In words -----------------------------------------------------------------------------------------


def label_of(operation: Op) -> str:
    """The step of an operation."""
    return str(operation.command.step)


def outcome_of(operation: Op) -> str:
    """What came of an operation, in a few words."""
    outcome = operation.outcome
    if isinstance(outcome, Refused):
        return f"refused with {outcome.status}"
    if isinstance(outcome, Unknown):
        return f"no answer ({outcome.reason})"
    record = outcome.record
    if isinstance(record, tuple):
        return f"{len(record)} transactions"
    if isinstance(record, CardRecord):
        return f"balance {record.balance}, available {record.available}"
    if isinstance(record, TransactionRecord) and record.amount is not None:
        return f"accepted: {record.amount}"
    return "accepted"


MOST_TOLD = 40


def _violation(illegality: Illegality[Ledger], history: Sequence[Op], start: Ledger) -> Violation:
    stuck = illegality.stuck
    told = illegality.core
    if all(isinstance(op.command.command, ReadCard) for op in told):
        # Figures that nothing explains: tell all there was, or as much of it as can be read.
        told = (*illegality.prefix[-MOST_TOLD:], stuck)
    rule = "CONC-2" if _shares_a_ref(told, history) else "CONC-1"
    among = {id(op) for op in told}
    legal = [f"`{label_of(op)}`" for op in illegality.prefix if id(op) in among]
    broken = _broken_by_stuck(illegality, start)
    after = f"after {', '.join(legal)} " if legal else ""
    why = f": {broken.rule} expects {broken.expected}" if broken is not None else ""
    return Violation(
        rule,
        "an order of these requests that the ledger permits",
        f"there is none: {'; '.join(f'`{label_of(op)}` {outcome_of(op)}' for op in told)};"
        f" {after}the ledger has no place for `{label_of(stuck)}` {outcome_of(stuck)}{why}",
    )


def _broken_by_stuck(illegality: Illegality[Ledger], start: Ledger) -> Violation | None:
    """What the oracle says of the operation that has no place, after the longest legal order."""
    ledgers = [start]
    for op in illegality.prefix:
        results = [step(ledger, op.command.command, op.outcome) for ledger in ledgers]
        after = [one for result in results if isinstance(result, tuple) for one in result]
        # A lost one is in the order because it had its effect.
        lost = isinstance(op.outcome, Unknown)
        ledgers = [one for one in dict.fromkeys(after) if not (lost and one in ledgers)]
    stuck = illegality.stuck
    for ledger in ledgers:
        result = step(ledger, stuck.command.command, stuck.outcome)
        if isinstance(result, Violation):
            return result
    return None


def _shares_a_ref(core: Iterable[Op], history: Iterable[Op]) -> bool:
    """Whether a request of the contradiction met another client's with the same ref_id."""
    by_ref: dict[str, list[Op]] = {}
    for op in history:
        by_ref.setdefault(ref_of(op), []).append(op)
    return any(
        other.client != op.client and _meet(op, other)
        for op in core
        if ref_of(op)
        for other in by_ref.get(ref_of(op), ())
    )


def _meet(one: Op, other: Op) -> bool:
    """Whether there was a moment at which both were open."""
    first, second = sorted((one, other), key=lambda op: op.called_ns)
    return first.returned_ns is None or second.called_ns <= first.returned_ns
