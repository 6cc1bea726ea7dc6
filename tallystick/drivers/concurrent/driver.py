"""The concurrent driver: a prefix in sequence, then branches on threads, judged by the checker.

Each branch is a client with a connection of its own; the first requests of all branches arrive at
the same moment (`last_byte`). Every answer of every client, and what the cards show after them all,
is an operation of its card's history, and some order of these has to be legal (`order`). It decides
nothing about money itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tallystick.checker.history import Operation
from tallystick.checker.linearizability import Budget
from tallystick.drivers.concurrent.independence import Op, TaggedCommand
from tallystick.drivers.concurrent.last_byte import LastByteTransport, StartBarrier
from tallystick.drivers.concurrent.order import HistoryVerdict, judge_history, label_of, outcome_of
from tallystick.drivers.sequential import Session, run_program
from tallystick.ledger.state import Ledger
from tallystick.ledger.step import step as judge_step
from tallystick.ledger.vocabulary import (
    Accepted,
    Command,
    Outcome,
    ReadCard,
    ReadTransactions,
    Unknown,
    Violation,
)
from tallystick.program import MISSING_LABELS, Program, Step
from tallystick.run import Event, Finding, Race, Run, Violated
from tallystick.target import Exchange, Target

AT_THE_END = "at the end"
BRANCH_LIMIT_S = 30.0
"""How long a client may take for its branch; what comes of a request beyond it, nobody knows."""
STAGGER_S = (0.0003, 0.003)
SIMULTANEOUS = 2
"""So many repetitions start at one moment, each led by another client; later ones start apart."""
TRIES = 4
"""How often a shorter program is tried before it counts as harmless: a race needs luck."""
CHECK_BUDGET = Budget(seconds=10.0)


class ConcurrentClient:
    """A client with a connection of its own, which can be held at a start line."""

    def __init__(self, target: Target) -> None:
        self.transport = LastByteTransport()
        self.target = target.another(transport=self.transport)


class ClientPool:
    """The clients of a run; they keep their connections from one plan to the next."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._clients: list[ConcurrentClient] = []

    def clients(self, number: int) -> list[ConcurrentClient]:
        """So many clients."""
        while len(self._clients) < number:
            self._clients.append(ConcurrentClient(self._target))
        return self._clients[:number]

    def replace(self, lost: ConcurrentClient) -> None:
        """Leave a client behind that never came back; its thread may still hold its connection."""
        self._clients.remove(lost)

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            client.target.close()
        self._clients.clear()


@contextmanager
def client_pool(run: Run) -> Iterator[ClientPool]:
    """A pool for as long as the block runs."""
    pool = ClientPool(run.target)
    try:
        yield pool
    finally:
        pool.close()


@dataclass(frozen=True, slots=True)
class PerformedStep:
    """A step of a branch as far as it came; without an exchange, nobody knows what came of it."""

    step: Step
    command: Command
    outcome: Outcome
    called_ns: int
    exchange: Exchange | None = None

    def operation(self, client: str) -> Op:
        """What the checker gets to see of it."""
        known = self.exchange is not None and not isinstance(self.outcome, Unknown)
        returned_ns = self.exchange.returned_ns if known and self.exchange is not None else None
        return Operation(
            client,
            self.command.card,
            TaggedCommand(self.step, self.command),
            self.outcome,
            self.called_ns,
            returned_ns,
        )


class Branch(threading.Thread):
    """The steps of one client, on a thread."""

    def __init__(
        self, number: int, steps: tuple[Step, ...], session: Session, client: ConcurrentClient
    ) -> None:
        super().__init__(daemon=True, name=f"client {number}")
        self.number = str(number)
        self.client = client
        self.session = session.fork(client.target)
        self.done: list[PerformedStep] = []
        self.error: BaseException | None = None
        self._steps: list[Step] = []
        # What needs nothing of this branch is resolved now: after the start every moment counts.
        self._commands: list[Command | None] = []
        self._resolve(steps)
        self._open: PerformedStep | None = None
        self._start: StartBarrier | None = None

    def wait_at(self, start: StartBarrier, place: int, stagger_s: float) -> None:
        """Take the place at the start line."""
        self._start = start
        self.client.transport.wait_at(start, place, stagger_s)

    def run(self) -> None:
        try:
            for step, command in zip(self._steps, self._commands, strict=True):
                self._perform(step, command or self.session.resolve(step)[0])
        except BaseException as error:  # it is raised again by the thread that waits for this one
            self.error = error
        finally:
            if self._start is not None:
                self._start.abort()

    def all_done(self) -> list[PerformedStep]:
        """What was done, and the step that it never came back from."""
        left = self._open
        return [*self.done, left] if left is not None else list(self.done)

    def _perform(self, step: Step, command: Command) -> None:
        self._open = PerformedStep(
            step, command, Unknown("it never came back"), time.monotonic_ns()
        )
        outcome, exchange = self.client.target.perform(command)
        # The wait at the start line is no part of the call.
        called_ns = max(exchange.called_ns, self.client.transport.last_byte_ns)
        self.done.append(PerformedStep(step, command, outcome, called_ns, exchange))
        self._open = None
        self._learn(step, command, outcome)

    def _learn(self, step: Step, command: Command, outcome: Outcome) -> None:
        """What later steps of this branch may name, as far as this client can know it."""
        session = self.session
        card = next(label for label, ls in session.beliefs.items() if ls[0].card == command.card)
        session.remember(step, command, card, outcome)
        if None in self._commands and isinstance(outcome, Accepted):
            result = judge_step(session.ledger(card), command, outcome)
            if isinstance(result, tuple):
                session.beliefs[card] = result

    def _resolve(self, steps: tuple[Step, ...]) -> None:
        before = self.session.made.keys() | MISSING_LABELS
        here: set[str] = set()
        for step in steps:
            if not all(label in before or label in here for label in step.needs):
                continue
            early = not any(label in here for label in step.needs)
            self._steps.append(step)
            self._commands.append(self.session.resolve(step)[0] if early else None)
            here.add(step.name)


@dataclass(slots=True)
class StartSchedule:
    """How the clients of a plan start, from one repetition to the next.

    A window that one request opens is seen only by one that comes after it, so each client leads in
    its turn: by microseconds at first, in later repetitions by as long as a window takes to open.
    """

    chance: random.Random
    repetition: int = 0

    def starts(self, clients: int) -> list[tuple[int, float]]:
        """The place and the delay of each client in the next repetition."""
        number, self.repetition = self.repetition, self.repetition + 1
        places = [(client - number) % clients for client in range(clients)]
        apart = number >= SIMULTANEOUS
        return [
            (place, self.chance.uniform(*STAGGER_S) if apart and place else 0.0) for place in places
        ]


@dataclass(frozen=True, slots=True)
class Trial:
    """A plan as it was played once."""

    session: Session
    operations: tuple[Op, ...]
    initial: dict[str, tuple[Ledger, ...]]
    events: tuple[Event, ...]


def run_trial(
    run: Run, pool: ClientPool, program: Program, schedule: StartSchedule | None = None
) -> Trial:
    """Run the prefix, then the branches at the same moment, then read every card."""
    session = Session(run)
    for step in program.prefix:
        session.perform(step, unread=True)
    clients = pool.clients(len(program.branches))
    branches = [
        Branch(number, steps, session, client)
        for number, (steps, client) in enumerate(zip(program.branches, clients, strict=True), 1)
    ]
    _race(pool, branches, (schedule or StartSchedule(random.Random())).starts(len(branches)))
    ledgers = dict(session.beliefs)
    for branch in branches:
        for label, beliefs in branch.session.beliefs.items():
            ledgers.setdefault(label, (Ledger(run.dialect, beliefs[0].card),))
    done = [(branch.number, one) for branch in branches for one in branch.all_done()]
    events = [*session.events]
    events += [Event(f"{n}| {one.step}", one.exchange) for n, one in done if one.exchange]
    operations = [one.operation(number) for number, one in done]
    for label in ledgers:
        operations += read_cards(run.target, ledgers[label][0].card, events)
    initial = {beliefs[0].card: beliefs for beliefs in ledgers.values()}
    return Trial(session, tuple(operations), initial, tuple(events))


def _race(pool: ClientPool, branches: list[Branch], starts: list[tuple[int, float]]) -> None:
    line = StartBarrier(len(branches))
    for branch, (place, stagger_s) in zip(branches, starts, strict=True):
        branch.wait_at(line, place, stagger_s)
    for branch in branches:
        branch.start()
    deadline = time.monotonic() + BRANCH_LIMIT_S
    for branch in branches:
        branch.join(max(0.0, deadline - time.monotonic()))
        if branch.is_alive():
            pool.replace(branch.client)
    for branch in branches:
        if branch.error is not None:
            raise branch.error


def read_cards(target: Target, card: str, events: list[Event]) -> Iterator[Op]:
    """What a card shows after all clients are done: operations like theirs."""
    for command in (ReadCard(card), ReadTransactions(card)):
        outcome, exchange = target.perform(command)
        events.append(Event(AT_THE_END, exchange))
        what = "read" if isinstance(command, ReadCard) else "list"
        yield Operation(
            AT_THE_END,
            card,
            TaggedCommand(f"{what} {AT_THE_END}", command),
            outcome,
            exchange.called_ns,
            None if isinstance(outcome, Unknown) else exchange.returned_ns,
        )


# Judging ------------------------------------------------------------------------------------------


def race(
    run: Run, pool: ClientPool, program: Program, times: int, *, within_s: float = 60.0
) -> None:
    """Play a plan several times, each time on fresh cards; Violated if a history has no order.

    On a slow server it is played fewer times, but twice at least.
    """
    schedule = StartSchedule(random.Random(f"{run.seed} {program}"))
    deadline = time.monotonic() + within_s
    for repetition in range(times):
        if repetition > 1 and (time.monotonic() > deadline or not run.has_time()):
            return
        race_once(run, pool, program, schedule)


def race_once(
    run: Run, pool: ClientPool, program: Program, schedule: StartSchedule | None = None
) -> Trial:
    """Play a plan once and judge what all clients saw; Violated if that has no legal order."""
    trial = run_trial(run, pool, program, schedule)
    judged = _judge(run, trial)
    for card in judged.undecided:
        run.undecided.append(f"the budget for judging the history of card {card} was spent")
    try:
        # What the checker says of a history says more than the shape of its answers.
        if judged.violation is not None:
            _blame_a_sequence(run, program)
            found = _race_of(trial, judged)
            races = {program: found}
            attempt = race_replayer(run, pool, judged.violation.rule, races)
            finding = _finding(run, found.violation, program, trial, attempt, races)
            raise Violated(run.record(finding))
    finally:
        noted = _judge_shapes(run, trial, program, pool) or trial.session.noted
    if noted is not None:
        raise Violated(noted)
    return trial


def _judge(run: Run, trial: Trial) -> HistoryVerdict:
    run.checked["CONC-1"] += 1
    refs = [
        getattr(op.command.command, "ref", None)
        for op in trial.operations
        if op.client != AT_THE_END
    ]
    if len(set(refs)) < len(refs):
        run.checked["CONC-2"] += 1
    return judge_history(trial.operations, trial.initial, budget=CHECK_BUDGET)


def _judge_shapes(run: Run, trial: Trial, program: Program, pool: ClientPool) -> Finding | None:
    """Hold the answers of the branches to the document; what it finds stops nothing yet."""
    first = None
    for event in trial.events[len(trial.session.events) :]:
        odd = run.judge_shape(event.exchange)
        if odd is not None:
            attempt = race_replayer(run, pool, odd.rule, {})
            first = first or run.record(_finding(run, odd, program, trial, attempt, {}))
    return first


def _finding(
    run: Run,
    violation: Violation,
    program: Program,
    trial: Trial,
    attempt: Callable[[Program], bool],
    races: dict[Program, Race],
) -> Finding:
    requests = run.target.meter.requests
    return Finding(violation, program, trial.events, requests, attempt, races=races)


def _race_of(trial: Trial, judged: HistoryVerdict) -> Race:
    assert judged.violation is not None
    assert judged.illegality is not None
    return Race(judged.violation, trial.events, judged.illegality, label_of, outcome_of)


def _blame_a_sequence(run: Run, program: Program) -> None:
    """If the same steps break a rule one after the other, that is the violation; raise it."""
    for branches in (program.branches, program.branches[::-1]):
        steps = tuple(step for branch in branches for step in branch)
        run_program(run, Program(program.prefix + steps))


def race_replayer(
    run: Run, pool: ClientPool, rule: str, races: dict[Program, Race]
) -> Callable[[Program], bool]:
    """Replays plans apart from the run, each several times; True as soon as the rule breaks."""
    apart = run.shadow()

    def attempt(program: Program) -> bool:
        schedule = StartSchedule(random.Random(run.seed))
        for _ in range(TRIES):
            twin = apart.shadow()
            trial = None
            with suppress(Violated):
                trial = run_trial(twin, pool, program, schedule)
                _judge_shapes(twin, trial, program, pool)
            judged = _judge(twin, trial) if trial is not None else HistoryVerdict()
            if trial is not None and judged.violation is not None and judged.violation.rule == rule:
                races[program] = _race_of(trial, judged)
                return True
            if twin.has_broken(rule):
                return True
        return False

    return attempt
