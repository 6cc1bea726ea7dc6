"""The soak: many clients work on a few cards for thousands of requests; all of it is judged.

This module only lets the clients work. A `Workload` draws what they do (`strategies.workload`);
when they are done, `order` judges whether their answers have a legal order.
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
from tallystick.drivers.concurrent.trial import read_all
from tallystick.drivers.sequential import Session
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Accepted, CardId, Violation
from tallystick.program import Step
from tallystick.run import Finding, Run, Violated
from tallystick.target import Target
from tallystick.target.api import Unnamed

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
        self,
        number: int,
        session: Session,
        target: Target,
        workload: Workload,
        operations: int,
        deadline: float,
    ) -> None:
        super().__init__(number)
        self._run = session.run
        self._target = target
        # Clients capture and void each other's holds, so they share what the labels stand for.
        self._resolver = session.resolver.fork(shares_bindings=True)
        self._workload = workload.client(self.number)
        self._operations = operations
        self._deadline = deadline

    def work(self) -> None:
        for _ in range(self._operations):
            if time.monotonic() > self._deadline or not self._run.goes_deeper():
                return
            step = self._workload.next_step()
            if not self._target.support.lacking(step.verb):
                self._perform(step)

    def _perform(self, step: Step) -> None:
        command, card = self._resolver.resolve(step)
        try:
            outcome, exchange = self._target.perform(command)
        except Unnamed:  # nothing was sent
            return
        self.done.append(PerformedStep(step, command, outcome, exchange.called_ns, exchange))
        if step.name:
            self._resolver.bind(step.name, command, card, outcome)
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
        share = operations // clients
        workers.append(_SoakClient(number, session, client.target, workload, share, deadline))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    raise_first_error(workers)
    history = [one.operation(worker.number) for worker in workers for one in worker.done]
    misshapen = _record_shapes(run, session, workers)
    events: list[Event] = []
    history += read_all(run.target, session.ledgers.by_card_id(), history, events)
    _judge(run, pool, session, history)
    if misshapen is not None:
        raise Violated(misshapen)
    return len(history)


def _record_shapes(run: Run, session: Session, workers: Sequence[Worker]) -> Finding | None:
    def finding_of(violation: Violation, event: Event) -> Finding:
        # Of thousands of requests only the one is shown, and no program would repeat it.
        return Finding(violation, session.story.program, (event,), run.target.meter.requests)

    events = [
        Event(str(one.step), one.exchange)
        for worker in workers
        for one in worker.done
        if one.exchange is not None
    ]
    return record_shape_violations(run, events, finding_of)


def _judge(run: Run, pool: ClientPool, session: Session, history: Sequence[Op]) -> None:
    verdict = judge_operations(run, history, session.ledgers.by_card_id(), BUDGET)
    note_undecided(run, verdict)
    if verdict.violation is None or verdict.illegality is None:
        return
    card = session.ledgers.label_of(CardId(str(verdict.illegality.key)))
    opening = next(step for step in session.story.steps if step.name == card)
    program = program_of(verdict.illegality.core, history, opening)
    attempt = race_replayer(run, pool, verdict.violation.rule)
    requests = run.target.meter.requests
    finding = Finding(verdict.violation, program, (), requests, attempt, race=race_of(verdict))
    raise Violated(run.record(finding))
