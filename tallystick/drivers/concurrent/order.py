"""Is there a legal order of what several clients saw? Asks the checker, with the oracle's rules.

Each card is judged apart, from every ledger that was possible before. A card without a legal order
becomes a violation in words. How the requests were sent, it does not know.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tallystick.checker import Budget, History, Illegality, Verdict, check
from tallystick.drivers.concurrent.independence import Independence, Op, sent_ref_of
from tallystick.ledger.oracle import step
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    CardId,
    CardRecord,
    HoldRecord,
    Payment,
    ReadCard,
    Refused,
    TransactionRecord,
    Unknown,
    Violation,
)


@dataclass(frozen=True, slots=True)
class HistoryVerdict:
    """What the checker says of a history."""

    undecided: tuple[str, ...] = ()
    """Ids of the cards for which the budget did not suffice."""
    violation: Violation | None = None
    """The first violation, in words. Both are None if every card has an order or is undecided."""
    illegality: Illegality[Ledger] | None = None
    """The first violation, as the checker explains it."""


def judge_history(
    operations: Iterable[Op], initial: Mapping[CardId, Sequence[Ledger]], *, budget: Budget
) -> HistoryVerdict:
    """Judge the operations of each card; `initial` has its possible ledgers before, by card id.

    A legal order from one of these ledgers is enough. All together are judged within the seconds of
    the budget. A card without any ledger is undecided.
    """
    began = time.monotonic()
    known = list(operations)
    duplicates = _refused_duplicates(known)
    judged = _judge_all([op for op in known if id(op) not in duplicates], initial, budget)
    by_token = {id(op) for op in known if getattr(op.command.command, "token", None) is not None}
    if judged.violation is None or not duplicates & by_token:
        return judged
    # Left out of the order, a refusal has no effect at all. But one that was paid by token may have
    # used up its token. Without an order, try once more with these refusals in it.
    kept = [op for op in known if id(op) not in duplicates - by_token]
    left = replace(budget, seconds=budget.seconds - (time.monotonic() - began))
    again = _judge_all(kept, initial, left)
    return again if again.violation is None else judged


def _judge_all(
    operations: Sequence[Op], initial: Mapping[CardId, Sequence[Ledger]], budget: Budget
) -> HistoryVerdict:
    undecided: list[str] = []
    found = HistoryVerdict()
    deadline = time.monotonic() + budget.seconds
    parts = History.of(operations).partitions()
    for number, (card, part) in enumerate(parts.items(), start=1):
        ledgers = initial[CardId(str(card))]
        # A hard card must not use up the time of those after it: it gets half of what is left.
        seconds = deadline - time.monotonic()
        share = replace(budget, seconds=seconds if number == len(parts) else seconds / 2)
        # A card without a possible ledger was given up: too many of its answers were lost.
        judged = _judge_card(part, ledgers, share) if ledgers else None
        if judged is None:
            undecided.append(str(card))
        elif found.violation is None:
            found = judged
    return HistoryVerdict(tuple(undecided), found.violation, found.illegality)


def _refused_duplicates(operations: Sequence[Op]) -> set[int]:
    """The id() of each refusal of a request that overlapped with another of the same ref_id.

    A server may refuse the second of two equal requests before the first has taken effect (question
    7). Then no order explains the refusal: with the first request not done yet, the second would
    have to be accepted. Such refusals are left out of the history; they have no effect either.
    """
    by_ref: dict[str, list[Op]] = {
        op.command.command.ref: []
        for op in operations
        if isinstance(op.outcome, Refused) and isinstance(op.command.command, Payment)
    }
    for op in operations if by_ref else ():
        command = op.command.command
        if isinstance(command, Payment) and command.ref in by_ref:
            by_ref[command.ref].append(op)
    return {
        id(op)
        for same in by_ref.values()
        for op in same
        if isinstance(op.outcome, Refused)
        and any(not isinstance(other.outcome, Refused) and _overlap(op, other) for other in same)
    }


def _overlap(one: Op, other: Op) -> bool:
    """Whether there was a moment at which both were open."""
    first, second = sorted((one, other), key=lambda op: op.called_ns)
    return first.returned_ns is None or second.called_ns <= first.returned_ns


def _judge_card(
    part: tuple[Op, ...], ledgers: Sequence[Ledger], budget: Budget
) -> HistoryVerdict | None:
    """The verdict on one card; None if the budget was spent before there was one.

    From several possible ledgers, one order conforms. A violation needs that none has an order.
    """
    deadline = time.monotonic() + budget.seconds
    known = Independence.of(part, ledgers)
    found: list[HistoryVerdict | None] = []
    for ledger in ledgers:
        start = known.start(ledger)
        judgement = check(
            History(part),
            known.transition,
            lambda _, start=start: start,  # type: ignore[misc]
            hints=known.hints,
            budget=replace(budget, seconds=deadline - time.monotonic()),
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
    """The step of an operation, as text."""
    return str(operation.command.step)


def outcome_of(operation: Op) -> str:
    """The outcome of an operation, in a few words."""
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
    if isinstance(record, HoldRecord):
        return f"captured {record.captured}, remaining {record.remaining}"
    if isinstance(record, TransactionRecord) and record.amount is not None:
        return f"accepted: {record.amount}"
    return "accepted"


MOST_NAMED = 40
"""So many operations are named in a violation at most; a longer list is not read."""


def _violation(illegality: Illegality[Ledger], history: Sequence[Op], start: Ledger) -> Violation:
    stuck = illegality.stuck
    named = illegality.core
    if all(isinstance(op.command.command, ReadCard) for op in named):
        # A read that nothing explains contradicts all that was before it: name that.
        named = (*illegality.prefix[-MOST_NAMED:], stuck)
    rule = "CONC-2" if _shares_a_ref(named, history) else "CONC-1"
    among = {id(op) for op in named}
    legal = [f"`{label_of(op)}`" for op in illegality.prefix if id(op) in among]
    broken = broken_by_stuck(illegality, start)
    after = f"After {', '.join(legal)}, " if legal else "At once, "
    label = f"`{label_of(stuck)}` {outcome_of(stuck)} is not permitted"
    why = f": {broken.rule} expects {broken.expected}" if broken is not None else ""
    return Violation(
        rule,
        "an order of these requests in which the ledger permits every answer",
        f"no such order: {'; '.join(f'`{label_of(op)}` {outcome_of(op)}' for op in named)}."
        f" {after}{label}{why}",
    )


def broken_by_stuck(illegality: Illegality[Ledger], start: Ledger) -> Violation | None:
    """What the oracle says of the stuck operation after the longest legal order."""
    ledgers = [start]
    for op in illegality.prefix:
        results = [step(ledger, op.command.command, op.outcome) for ledger in ledgers]
        after = [one for result in results if isinstance(result, tuple) for one in result]
        # The checker puts a lost operation into an order only if it had an effect there.
        lost = isinstance(op.outcome, Unknown)
        ledgers = [one for one in dict.fromkeys(after) if not (lost and one in ledgers)]
    stuck = illegality.stuck
    for ledger in ledgers:
        result = step(ledger, stuck.command.command, stuck.outcome)
        if isinstance(result, Violation):
            return result
    return None


def _shares_a_ref(core: Iterable[Op], history: Iterable[Op]) -> bool:
    """Whether a request of the core overlapped with another client's of the same ref_id."""
    by_ref: dict[str, list[Op]] = {}
    for op in history:
        by_ref.setdefault(sent_ref_of(op), []).append(op)
    return any(
        other.client != op.client and _overlap(op, other)
        for op in core
        if sent_ref_of(op)
        for other in by_ref.get(sent_ref_of(op), ())
    )
