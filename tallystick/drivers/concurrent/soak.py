"""The soak: many clients work on a few cards for thousands of requests; all of it is judged.

It drives. What the clients do is drawn by a `Workload` (see `strategies.workload`); whether their
answers have a legal order is judged when they are done (`order`). It decides nothing about money.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from tallystick.checker import Budget
from tallystick.drivers.concurrent.clients import (
    ClientPool,
    PerformedStep,
    Worker,
    raise_first_error,
)
from tallystick.drivers.concurrent.findings import (
    judge_operations,
    note_undecided,
    program_of,
    race_of,
    race_replayer,
    record_shape_violations,
)
from tallystick.drivers.concurrent.independence import Op
from tallystick.drivers.concurrent.trial import read_card
from tallystick.drivers.sequential import Session
from tallystick.ledger.vocabulary import Accepted, Violation
from tallystick.program import Step
from tallystick.run import Event, Finding, Run, Violated

CLIENTS = 8
LIMIT_S = 600.0
"""After so many seconds the clients of a soak stop, whatever their number of operations."""
BUDGET = Budget(seconds=120.0)
"""What judging a soak may cost: seconds suffice for 10,000 operations; the rest is margin."""


class ClientWorkload(Protocol):
    """What one client of a soak does."""

    def next_step(self) -> Step:
        """The step that it performs next; everything that the step names was accepted before."""

    def accepted(self, step: Step, card: str) -> None:
        """Take note that the target has accepted the step, on this card."""


class Workload(Protocol):
    """What the clients of a soak do."""

    @property
    def openings(self) -> Sequence[Step]:
        """The steps that make the cards, before all clients."""

    def client(self, name: str) -> ClientWorkload:
        """What the client of this name does. Threads use the clients of one workload at once."""


class _SoakClient(Worker):
    """One client of a soak, on a thread."""

    def __init__(
        self, number: int, session: Session, workload: Workload, operations: int, deadline: float
    ) -> None:
        super().__init__(number)
        self._session = session
        self._workload = workload.client(self.number)
        self._operations = operations
        self._deadline = deadline

    def work(self) -> None:
        for _ in range(self._operations):
            if time.monotonic() > self._deadline or not self._session.run.has_time():
                return
            self._perform(self._workload.next_step())

    def _perform(self, step: Step) -> None:
        session = self._session
        command, card = session.resolve(step)
        outcome, exchange = session.target.perform(command)
        self.done.append(PerformedStep(step, command, outcome, exchange.called_ns, exchange))
        session.remember(step, command, card, outcome)
        if isinstance(outcome, Accepted):
            self._workload.accepted(step, card)


def soak(
    run: Run, pool: ClientPool, workload: Workload, operations: int, clients: int = CLIENTS
) -> int:
    """Let the clients perform so many operations together, then judge all that they saw.

    Returns the number of operations judged. Raises Violated if they have no legal order, or if an
    answer does not fit the document.
    """
    session = Session(run)
    for step in workload.openings:
        session.perform(step, unread=True)
    deadline = time.monotonic() + LIMIT_S
    workers = []
    for number, client in enumerate(pool.clients(clients), 1):
        fork = session.fork(client.target)
        fork.made = session.made  # one dict for all: clients capture and void each other's holds
        workers.append(_SoakClient(number, fork, workload, operations // clients, deadline))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    raise_first_error(workers)
    history = [one.operation(worker.number) for worker in workers for one in worker.done]
    misshapen = _record_shapes(run, session, workers)
    events: list[Event] = []
    for beliefs in session.beliefs.values():
        history += read_card(run.target, beliefs[0].card, events)
    _judge(run, pool, session, history)
    if misshapen is not None:
        raise Violated(misshapen)
    return len(history)


def _record_shapes(run: Run, session: Session, workers: Sequence[Worker]) -> Finding | None:
    def finding_of(violation: Violation, event: Event) -> Finding:
        # Of thousands of requests only the one is shown, and no program would repeat it.
        return Finding(violation, session.program(), (event,), run.target.meter.requests)

    events = [
        Event(str(one.step), one.exchange)
        for worker in workers
        for one in worker.done
        if one.exchange is not None
    ]
    return record_shape_violations(run, events, finding_of)


def _judge(run: Run, pool: ClientPool, session: Session, history: Sequence[Op]) -> None:
    initial = {beliefs[0].card: beliefs for beliefs in session.beliefs.values()}
    verdict = judge_operations(run, history, initial, BUDGET)
    note_undecided(run, verdict)
    if verdict.violation is None or verdict.illegality is None:
        return
    labels = {beliefs[0].card: label for label, beliefs in session.beliefs.items()}
    card = labels[str(verdict.illegality.key)]
    opening = next(step for step in session.performed if step.name == card)
    program = program_of(verdict.illegality.core, history, opening)
    attempt = race_replayer(run, pool, verdict.violation.rule)
    requests = run.target.meter.requests
    finding = Finding(verdict.violation, program, (), requests, attempt, race=race_of(verdict))
    raise Violated(run.record(finding))
