"""Is there a legal order of a history, card by card? If not, which rule is broken, and by what?

A card whose requests came one after another is judged as a program is: what its answers say of open
questions is remembered. Where requests overlapped, or an answer was lost, it is judged as a race:
a copy that came while the first request was under way may be refused (see `order`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tallystick.checker import Budget, History, Illegality, Operation, Verdict, check
from tallystick.checker.history import Key
from tallystick.drivers.concurrent.independence import Op, TaggedCommand
from tallystick.drivers.concurrent.order import broken_by_stuck, judge_history
from tallystick.ledger.oracle import step
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import CardId, Command, Outcome, Violation
from tallystick.reporting.wording import say_command

Start = Callable[[Key, CardId], Ledger]
"""What is known of a card before its first operation, by its key in the history."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A card without a legal order."""

    illegality: Illegality[Ledger]
    violation: Violation | None
    """What the oracle says of the operation that no order has a place for."""

    @property
    def rule(self) -> str:
        """The rule that is broken."""
        return self.violation.rule if self.violation is not None else "CONC-1"


@dataclass(slots=True)
class Judged:
    """What was found."""

    cards: int = 0
    operations: int = 0
    broken: list[Broken] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    """Keys of the cards for which the budget did not suffice."""

    @property
    def verdict(self) -> Verdict:
        """That of the whole history."""
        if self.broken:
            return Verdict.VIOLATES
        return Verdict.UNDECIDED if self.undecided or not self.operations else Verdict.CONFORMS


def judge(history: History[Command, Outcome], start: Start, *, seconds: float) -> Judged:
    """Judge each card of a history; all together take so many seconds at most."""
    judged = Judged()
    deadline = time.monotonic() + seconds
    parts = sorted(history.partitions().items(), key=lambda item: len(item[1]))
    for key, part in parts:
        first = start(key, part[0].command.card)
        tagged = tuple(_tagged(operation) for operation in part)
        judged.cards += 1
        judged.operations += len(part)
        left = Budget(seconds=max(0.0, deadline - time.monotonic()))
        broken = _judge_card(str(key), tagged, first, left)
        if isinstance(broken, Broken):
            judged.broken.append(broken)
        elif broken is Verdict.UNDECIDED:
            judged.undecided.append(str(key))
    return judged


def _tagged(operation: Operation[Command, Outcome]) -> Op:
    tagged = TaggedCommand(say_command(operation.command), operation.command)
    return Operation(
        *(operation.client, operation.key, tagged, operation.outcome),
        *(operation.called_ns, operation.returned_ns),
    )


def _judge_card(key: str, part: tuple[Op, ...], first: Ledger, budget: Budget) -> Broken | Verdict:
    if _overlaps(part):
        found = judge_history(part, {CardId(key): (first,)}, budget=budget)
        if found.illegality is not None:
            violation = broken_by_stuck(found.illegality, first)
            return Broken(found.illegality, violation or found.violation)
        return Verdict.UNDECIDED if found.undecided else Verdict.CONFORMS
    judgement = check(History(part), _transition, lambda _: first, budget=budget)
    if judgement.illegalities:
        illegality = judgement.illegalities[0]
        return Broken(illegality, broken_by_stuck(illegality, first))
    return judgement.verdict


def _transition(
    ledger: Ledger, tagged: TaggedCommand, outcome: Outcome
) -> tuple[Ledger, ...] | Violation:
    return step(ledger, tagged.command, outcome)


def _overlaps(part: tuple[Op, ...]) -> bool:
    """Whether a request was called before the answer to an earlier one had come."""
    latest = 0
    for operation in part:
        if operation.called_ns <= latest:
            return True
        if operation.returned_ns is None:
            return True
        latest = max(latest, operation.returned_ns)
    return False
