"""All that the clients of a race may be answered: one row for each outcome that an order explains.

`order` asks whether there is an order of what was seen. This module goes the other way, so that a
script can tell a right trial from a wrong one without the oracle: it goes through the orders of the
requests and notes which of them are accepted, and which figures the reads show then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tallystick.driven import Judged
from tallystick.drivers.concurrent.independence import Independence, Op, ref_of
from tallystick.drivers.concurrent.trial import AT_THE_END
from tallystick.evidence import ANY_FIGURE, LegalOutcomes, Row, Shown
from tallystick.ledger.dialect import REPLAY, SEPARATE
from tallystick.ledger.effects import apply
from tallystick.ledger.oracle import step
from tallystick.ledger.preconditions import refusal_reasons
from tallystick.ledger.references import find_reuses, is_reuse
from tallystick.ledger.state import CardStatus, Ledger, Successors, answered
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    CardRecord,
    Command,
    HoldRecord,
    Payment,
    Phase,
    Read,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    Unknown,
    Violation,
    Write,
)

MOST_STATES = 500
"""States between two requests of all orders at most: a race of few requests has some dozens."""
CARD_FIGURES = ("balance", "available")
HOLD_FIGURES = ("captured", "remaining")
"""The figures of a read that have one value only, whatever the open questions are answered."""
CONFLICT, NOT_FOUND = Refused(409), Refused(404)


@dataclass(frozen=True, slots=True)
class _State:
    """Between two requests of an order: what was sent, what the ledgers are, what was shown."""

    sent: tuple[int, ...]
    """How many requests of each client."""
    ledgers: tuple[tuple[CardId, Ledger], ...]
    shown: tuple[Shown | None, ...]
    """By the place of the operation; None: it is not sent yet."""


def legal_outcomes(
    operations: Sequence[Op], initial: Mapping[CardId, Sequence[Ledger]]
) -> LegalOutcomes | None:
    """What the operations of a trial may show; None if it cannot be said.

    That is so where an answer is missing, and where there are too many orders. Orders within the
    times of the trial are not asked for: the next trial has other times.
    """
    if any(isinstance(op.outcome, Unknown) for op in operations):
        return None
    states = _beginnings(operations, initial)
    clients = [
        [number for number, op in enumerate(operations) if op.client == client]
        for client in sorted({op.client for op in operations}, key=str)
        if client != AT_THE_END
    ]
    at_the_end = [number for number, op in enumerate(operations) if op.client == AT_THE_END]
    for group in (clients, [at_the_end]):
        for _ in range(sum(map(len, group))):
            states = {after for state in states for after in _after(state, group, operations)}
            if len(states) > MOST_STATES:
                return None
        states = {replace(state, sent=(0,)) for state in states}
    return LegalOutcomes(
        tuple(Judged((), op.command.command, op.outcome) for op in operations),
        tuple(_figures_of(op.command.command) for op in operations),
        frozenset(_row(state) for state in states),
    )


def _beginnings(
    operations: Sequence[Op], initial: Mapping[CardId, Sequence[Ledger]]
) -> set[_State]:
    """The states before the race: one for each choice of a possible ledger of every card."""
    clients = {op.client for op in operations} - {AT_THE_END}
    chosen: list[tuple[tuple[CardId, Ledger], ...]] = [()]
    for card, ledgers in initial.items():
        known = Independence.of([op for op in operations if op.key == card], ledgers)
        chosen = [(*before, (card, known.start(ledger))) for before in chosen for ledger in ledgers]
    nothing = (None,) * len(operations)
    return {_State((0,) * len(clients), ledgers, nothing) for ledgers in chosen}


def _row(state: _State) -> Row:
    return tuple(shown for shown in state.shown if shown is not None)


def _after(
    state: _State, clients: Sequence[Sequence[int]], operations: Sequence[Op]
) -> Iterator[_State]:
    """The states after one more request of any client."""
    for client, numbers in enumerate(clients):
        done = state.sent[client]
        if done == len(numbers):
            continue
        number = numbers[done]
        sent = (*state.sent[:client], done + 1, *state.sent[client + 1 :])
        ledgers = dict(state.ledgers)
        card = CardId(str(operations[number].key))
        for shown, ledger in _answers(ledgers[card], operations[number], operations):
            known = tuple({**ledgers, card: ledger}.items())
            all_shown = (*state.shown[:number], shown, *state.shown[number + 1 :])
            yield _State(sent, known, all_shown)


def _answers(ledger: Ledger, op: Op, operations: Sequence[Op]) -> Iterator[tuple[Shown, Ledger]]:
    """What an operation may be answered here, with the ledgers after it.

    What an answer teaches about the dialect is dropped: two orders have to be compared.
    """
    command = op.command.command
    if isinstance(command, ReadTransactions):
        yield from (((is_shown, ()), ledger) for is_shown in (True, False))  # it has no figure
        return
    nothing: Shown = (False, (None,) * len(_figures_of(command)))
    if isinstance(command, ReadCard | ReadHold):
        if not isinstance(step(ledger, command, NOT_FOUND), Violation):
            yield nothing, ledger
        figures = _shown_by(ledger, command)
        if figures is not None:
            yield (True, figures), ledger
        return
    refused = step(ledger, command, CONFLICT)
    for after in () if isinstance(refused, Violation) else refused:
        yield nothing, after.with_dialect(ledger.dialect)
    for after in _accepted(ledger, command, op, operations):
        yield (True, ()), after.with_dialect(ledger.dialect)


def _accepted(ledger: Ledger, command: Write, op: Op, operations: Sequence[Op]) -> Iterator[Ledger]:
    """The ledgers after a write that is accepted; none if it has to be refused."""
    required = any(reason.is_required for reason in refusal_reasons(ledger, command))
    if isinstance(command, Payment) and is_reuse(ledger, command):
        reuses = find_reuses(ledger, command)
        yield from _replayed(ledger, command)
        is_separate = all(ledger.dialect.allows(each.question, SEPARATE) for each in reuses)
        if is_separate and not required:
            yield from apply(ledger, command, None)
    elif not required:
        same = [other for other in operations if ref_of(op) and ref_of(other) == ref_of(op)]
        yield from apply(ledger, command, _shown_id(op) if len(same) < 2 else None)


def _replayed(ledger: Ledger, command: Payment) -> Successors:
    """The ledger after the first record was shown again, if the server may do so."""
    for reuse in find_reuses(ledger, command):
        after = answered(ledger, reuse.question, reuse.explained_by(REPLAY), "replayed")
        if not isinstance(after, Violation):
            return (ledger,)
    return ()


def _shown_id(op: Op) -> str | None:
    """The id or the value that the answer gave away: later requests may name it."""
    record = op.outcome.record if isinstance(op.outcome, Accepted) else None
    is_new = isinstance(op.command.command, Transact)
    if isinstance(record, TransactionRecord) or (is_new and isinstance(record, HoldRecord)):
        return (
            record.id
        )  # a capture or a void may be answered with its hold: that id is not its own
    return record.value if isinstance(record, TokenRecord) else None


def _figures_of(command: Command) -> tuple[str, ...]:
    """The members of the record of an answer that are looked at."""
    if isinstance(command, ReadCard):
        return CARD_FIGURES
    return HOLD_FIGURES if isinstance(command, ReadHold) else ()


def _shown_by(ledger: Ledger, command: Read) -> tuple[object, ...] | None:
    """The figures that a read has to show here; None if it has to be refused."""
    if isinstance(command, ReadHold):
        hold = ledger.entries.get(command.parent)
        if hold is None:
            return None
        if ledger.card_status is CardStatus.DELETED or command.phase is not Phase.WITHIN:
            return (ANY_FIGURE,) * len(HOLD_FIGURES)
        captured = ANY_FIGURE if hold.is_refunded else hold.captured
        return (captured, ANY_FIGURE if hold.over else hold.remaining)
    opened = ledger.opened_by
    extras = () if opened is None else opened.extras
    figures = (ledger.balance, ledger.available)
    record = CardRecord(
        ledger.card, ledger.currency, None, *figures, extras=extras, has_pin=ledger.has_pin
    )
    if isinstance(step(ledger, command, Accepted(record)), Violation):
        return None
    if ledger.card_status is CardStatus.DELETED or command.phase is not Phase.WITHIN:
        return (ANY_FIGURE,) * len(CARD_FIGURES)
    return figures
