"""One trial of a concurrent program: the prefix in sequence, the branches at once, then reads.

It makes a history and judges nothing. `race` repeats trials and judges them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tallystick.checker import Operation
from tallystick.drivers.concurrent.clients import Branch, ClientPool, raise_first_error
from tallystick.drivers.concurrent.independence import Op, TaggedCommand
from tallystick.drivers.concurrent.last_byte import StartBarrier
from tallystick.drivers.reading_back import hold_of, reads_at_the_end
from tallystick.drivers.sequential import Session
from tallystick.evidence import Event
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    CardId,
    EntryId,
    Read,
    ReadHold,
    ReadTransactions,
    Transact,
    Unknown,
)
from tallystick.program import Program, Step, Verb
from tallystick.run import Run
from tallystick.target import Target
from tallystick.target.api import Unnamed

AT_THE_END = "at the end"
"""The client, in histories and reports, that reads each card when all branches are done."""
BRANCH_LIMIT_S = 30.0
"""How long a trial waits for its branches. A request that takes longer has an unknown outcome."""
SIMULTANEOUS = 2
"""So many trials start all clients at the same moment; in later ones, the first client leads."""
STAGGER_S = (0.0003, 0.003)
"""How far the first client leads then: between these, drawn anew for each of the others."""


@dataclass(slots=True)
class StartSchedule:
    """In which order the clients of a program start, from one trial to the next.

    Some races show only if one request arrives while another is half done: after its check, say,
    and before its write. So each client leads in its turn, at first by microseconds (all last bytes
    leave in one go), in later trials by about as long as a server works on a request.
    """

    random: random.Random
    trials: int = 0
    """How many trials have started."""

    def next(self, clients: int) -> list[tuple[int, float]]:
        """For each client of the next trial: its place in the order, and its delay in seconds."""
        number, self.trials = self.trials, self.trials + 1
        places = [(client - number) % clients for client in range(clients)]
        apart = number >= SIMULTANEOUS
        return [
            (place, self.random.uniform(*STAGGER_S) if apart and place else 0.0) for place in places
        ]


@dataclass(frozen=True, slots=True)
class Trial:
    """What one trial of a program showed."""

    session: Session
    """The session of the prefix."""
    operations: tuple[Op, ...]
    """What all clients did, and the reads after them."""
    initial: dict[CardId, tuple[Ledger, ...]]
    """By card id, the ledgers that were possible before the branches."""
    events: tuple[Event, ...]
    """All exchanges: of the prefix, then of the branches, then the reads."""


def run_trial(
    run: Run, pool: ClientPool, program: Program, schedule: StartSchedule | None = None
) -> Trial:
    """Run the program once on fresh cards. Raises Violated if the prefix breaks a rule."""
    session = Session(run)
    for step in program.prefix:
        session.perform(step, unread=True)
    clients = pool.clients(len(program.branches))
    branches = [
        Branch(number, _possible(session, steps), session.resolver, client)
        for number, (steps, client) in enumerate(zip(program.branches, clients, strict=True), 1)
    ]
    schedule = schedule or StartSchedule(random.Random())
    _run_at_once(pool, branches, schedule.next(len(branches)))
    for branch in branches:
        # A card that a branch made: before it, the target had no card with this id.
        for label in branch.resolver.ledgers:
            session.ledgers.follow(label, branch.resolver.ledgers.card_id(label))
    done = [(branch.number, one) for branch in branches for one in branch.performed()]
    events = [*session.story.events]
    events += [Event(f"{n}| {one.step}", one.exchange) for n, one in done if one.exchange]
    operations = [one.operation(number) for number, one in done]
    initial = session.ledgers.by_card_id()
    operations += read_all(run.target, initial, operations, events)
    return Trial(session, tuple(operations), initial, tuple(events))


def _possible(session: Session, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps of a branch, without what the target has no operation for."""
    return tuple(step for step in steps if not session.leaves_out(step))


def _run_at_once(
    pool: ClientPool, branches: Sequence[Branch], starts: list[tuple[int, float]]
) -> None:
    barrier = StartBarrier(len(branches))
    for branch, (place, stagger_s) in zip(branches, starts, strict=True):
        branch.wait_at(barrier, place, stagger_s)
    for branch in branches:
        branch.start()
    deadline = time.monotonic() + BRANCH_LIMIT_S
    for branch in branches:
        branch.join(max(0.0, deadline - time.monotonic()))
        if branch.is_alive():
            pool.abandon(branch.client)
    raise_first_error(branches)


def read_all(
    target: Target,
    initial: Mapping[CardId, Sequence[Ledger]],
    operations: Sequence[Op],
    events: list[Event],
) -> list[Op]:
    """Read every card, and every hold that can be read by itself: operations of one more client.

    It comes last; `operations` are those of the others. Its exchanges are added to `events`.
    """
    made: dict[str, list[EntryId]] = {}
    for op in operations:
        command = op.command.command
        hold = hold_of(command, op.outcome) if isinstance(command, Transact) else None
        if hold is not None:
            made.setdefault(command.card, []).append(hold)
    return [
        op
        for card, ledgers in initial.items()
        for ledger in ledgers[:1]
        for read in reads_at_the_end(ledger, made.get(card, ()))
        for op in _read(target, read, events)
    ]


def _read(target: Target, command: Read, events: list[Event]) -> Iterator[Op]:
    verb = Verb.LIST if isinstance(command, ReadTransactions) else Verb.READ
    if target.support.lacking(verb):
        return
    try:
        outcome, exchange = target.perform(command)
    except Unnamed:
        return
    what = f"{verb} {command.parent}" if isinstance(command, ReadHold) else verb
    events.append(Event(AT_THE_END, exchange))
    yield Operation(
        AT_THE_END,
        command.card,
        TaggedCommand(f"{what} {AT_THE_END}", command),
        outcome,
        exchange.called_ns,
        None if isinstance(outcome, Unknown) else exchange.returned_ns,
    )
