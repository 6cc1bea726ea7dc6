"""The soak: many clients at work on a few cards for thousands of requests, the whole of it judged.

Clients draw what they do at random, but meet on purpose: they take from the same small balances,
settle each other's latest holds, and now and then repeat each other's requests. It decides nothing
about money itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable

from tallystick.checker.linearizability import Budget
from tallystick.drivers.concurrent.driver import (
    ClientPool,
    PerformedStep,
    race_replayer,
    read_cards,
)
from tallystick.drivers.concurrent.independence import Op
from tallystick.drivers.concurrent.order import judge_history, label_of, outcome_of
from tallystick.drivers.sequential import Session
from tallystick.ledger.vocabulary import Accepted
from tallystick.program import Amount, Program, Step, Verb
from tallystick.run import Event, Finding, Race, Run, Violated

CLIENTS = 8
CARDS = "ABCD"
OPENING = 2000
LIMIT_S = 600.0
RECENT = 6
BUDGET = Budget(seconds=120.0)

WEIGHTS = {
    Verb.READ: 30,
    Verb.DRAW: 14,
    Verb.HOLD: 20,
    Verb.CAPTURE: 16,
    Verb.VOID: 6,
    Verb.FUND: 10,
    Verb.AGAIN: 3,
    Verb.LIST: 1,
}
LETTERS = {Verb.DRAW: "d", Verb.HOLD: "h", Verb.FUND: "f", Verb.CAPTURE: "c", Verb.VOID: "v"}


class _Board:
    """What the clients know of each other: the latest labels of each card."""

    def __init__(self) -> None:
        self.holds = {card: deque[str](maxlen=RECENT) for card in CARDS}
        self.payments = {card: deque[str](maxlen=RECENT) for card in CARDS}


class _Client(threading.Thread):
    """One client at work."""

    def __init__(
        self, number: int, session: Session, board: _Board, operations: int, until: float
    ) -> None:
        super().__init__(daemon=True, name=f"client {number}")
        self.number = number
        self.done: list[PerformedStep] = []
        self.error: BaseException | None = None
        self._session = session
        self._board = board
        self._operations = operations
        self._until = until
        self._random = random.Random(f"{session.run.seed} {number}")

    def run(self) -> None:
        try:
            for count in range(self._operations):
                if time.monotonic() > self._until or not self._session.run.has_time():
                    return
                self._perform(*self._step(count))
        except BaseException as error:  # it is raised again by the thread that waits for this one
            self.error = error

    def _step(self, count: int) -> tuple[Step, str]:
        chance = self._random
        card = chance.choice(CARDS)
        verb = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        on = card
        if verb in (Verb.CAPTURE, Verb.VOID, Verb.AGAIN):
            known = self._board.payments if verb is Verb.AGAIN else self._board.holds
            labels = list(known[card])
            if not labels:
                verb = Verb.HOLD
            else:
                on = chance.choice(labels)
        if verb in (Verb.READ, Verb.LIST, Verb.AGAIN):
            return Step(verb, on=on), card
        most = OPENING // 2 if verb in (Verb.DRAW, Verb.HOLD) else OPENING // 4
        amount = None if verb is Verb.VOID else Amount("", 1, chance.randint(1, most))
        if verb is Verb.CAPTURE and chance.random() < 0.3:
            amount = None
        return Step(verb, f"{LETTERS[verb]}{self.number}x{count}", on, amount), card

    def _perform(self, step: Step, card: str) -> None:
        session = self._session
        command, _ = session.resolve(step)
        outcome, exchange = session.target.perform(command)
        self.done.append(PerformedStep(step, command, outcome, exchange.called_ns, exchange))
        session.remember(step, command, card, outcome)
        if step.name and isinstance(outcome, Accepted):
            self._board.payments[card].append(step.name)
            if step.verb is Verb.HOLD:
                self._board.holds[card].append(step.name)


def soak(run: Run, pool: ClientPool, operations: int, clients: int = CLIENTS) -> int:
    """Let the clients work and judge all they saw: the number of operations, or Violated."""
    session = Session(run)
    openings = [Step(Verb.CARD, card, amount=Amount("", 1, OPENING)) for card in CARDS]
    for step in openings:
        session.perform(step, unread=True)
    board = _Board()
    until = time.monotonic() + LIMIT_S
    workers = []
    for number, racing in enumerate(pool.clients(clients), 1):
        twin = session.fork(racing.target)
        twin.made = session.made  # clients settle each other's holds
        workers.append(_Client(number, twin, board, operations // clients, until))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for worker in workers:
        if worker.error is not None:
            raise worker.error
    history = [one.operation(str(worker.number)) for worker in workers for one in worker.done]
    _judge_shapes(run, session, workers)
    events: list[Event] = []
    for beliefs in session.beliefs.values():
        history += read_cards(run.target, beliefs[0].card, events)
    _judge(run, pool, session, history)
    return len(history)


def _judge_shapes(run: Run, session: Session, workers: list[_Client]) -> None:
    for worker in workers:
        for one in worker.done:
            odd = run.judge_shape(one.exchange) if one.exchange is not None else None
            if odd is not None and one.exchange is not None:
                event = Event(str(one.step), one.exchange)
                program = session.program()
                run.record(Finding(odd, program, (event,), run.target.meter.requests))


def _judge(run: Run, pool: ClientPool, session: Session, history: list[Op]) -> None:
    run.checked.update(("CONC-1", "CONC-2"))
    initial = {beliefs[0].card: beliefs for beliefs in session.beliefs.values()}
    judged = judge_history(history, initial, budget=BUDGET)
    for card in judged.undecided:
        run.undecided.append(f"the budget for judging the soak of card {card} was spent")
    if judged.violation is None or judged.illegality is None:
        return
    labels = {beliefs[0].card: label for label, beliefs in session.beliefs.items()}
    plan = _plan_of(judged.illegality.core, history, labels[str(judged.illegality.key)])
    found = Race(judged.violation, (), judged.illegality, label_of, outcome_of)
    races = {plan: found}
    attempt: Callable[[Program], bool] = race_replayer(run, pool, judged.violation.rule, races)
    requests = run.target.meter.requests
    finding = Finding(judged.violation, plan, (), requests, attempt, races=races)
    raise Violated(run.record(finding))


def _plan_of(core: tuple[Op, ...], history: list[Op], card: str) -> Program:
    """The contradiction as a plan: what it builds on comes first, the rest at one moment."""
    maker = {step.name: step for step in map(_step_of, history) if step is not None and step.name}
    prefix: dict[Step, None] = {}

    def prepare(step: Step) -> None:
        for label in step.needs:
            if label in maker:
                prepare(maker[label])
                prefix[maker[label]] = None

    branches: dict[str, list[Step]] = {}
    for op in core:
        step = _step_of(op)
        if step is not None:
            prepare(step)
            branches.setdefault(str(op.client), []).append(step)
    racing = [tuple(step for step in steps if step not in prefix) for steps in branches.values()]
    opening = Step(Verb.CARD, card, amount=Amount("", 1, OPENING), currency="NOK")
    return Program((opening, *prefix), tuple(steps for steps in racing if steps))


def _step_of(operation: Op) -> Step | None:
    return operation.command.step if isinstance(operation.command.step, Step) else None
