"""Concurrent clients: each has a connection of its own and performs its steps on a thread.

It sends and writes down what came back, with times. It decides nothing: whether the answers of all
clients agree with each other is judged afterwards (`order`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tallystick.checker import Operation
from tallystick.drivers.concurrent.independence import Op, TaggedCommand
from tallystick.drivers.concurrent.last_byte import LastByteTransport, StartBarrier
from tallystick.drivers.resolver import Resolver
from tallystick.ledger.oracle import step as judge_step
from tallystick.ledger.vocabulary import Accepted, CardId, Command, Outcome, Unknown
from tallystick.program import MISSING_LABELS, Step
from tallystick.run import Run
from tallystick.target import Exchange, Target
from tallystick.target.api import Unnamed


class ConcurrentClient:
    """A client of the target with a connection of its own, which can wait at a start barrier."""

    def __init__(self, target: Target) -> None:
        self.transport = LastByteTransport(target.connections, target.profile.fetches_credentials)
        self.target = target.another(transport=self.transport)


class ClientPool:
    """The concurrent clients of a run. They keep their connections from one trial to the next."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._clients: list[ConcurrentClient] = []

    def clients(self, number: int) -> list[ConcurrentClient]:
        """The first `number` clients; missing ones are made."""
        while len(self._clients) < number:
            self._clients.append(ConcurrentClient(self._target))
        return self._clients[:number]

    def abandon(self, client: ConcurrentClient) -> None:
        """Use the client no more: its thread still waits for an answer on its connection."""
        self._clients.remove(client)

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            client.target.close()
        self._clients.clear()


@contextmanager
def client_pool(run: Run) -> Iterator[ClientPool]:
    """A pool that is closed at the end of the block."""
    pool = ClientPool(run.target)
    try:
        yield pool
    finally:
        pool.close()


@dataclass(frozen=True, slots=True)
class PerformedStep:
    """A step that a client has sent. Without an exchange, its answer had not come when the trial
    ended, and its outcome is unknown.
    """

    step: Step
    command: Command
    outcome: Outcome
    called_ns: int
    """When it was called, in nanoseconds of the monotonic clock."""
    exchange: Exchange | None = None

    def operation(self, client: str) -> Op:
        """The operation of the card's history that the checker judges."""
        returned_ns = None
        # An unknown outcome (5xx, time-out) is an operation without an end for the checker: the
        # request may still take effect after the answer came.
        if self.exchange is not None and not isinstance(self.outcome, Unknown):
            returned_ns = self.exchange.returned_ns
        tagged = TaggedCommand(self.step, self.command)
        return Operation(
            client, self.command.card, tagged, self.outcome, self.called_ns, returned_ns
        )


class Worker(threading.Thread):
    """The thread of one client. What its work raises is kept, for `raise_first_error`."""

    def __init__(self, number: int) -> None:
        # A daemon, because a request that is never answered must not keep the process alive.
        super().__init__(daemon=True, name=f"client {number}")
        self.number = str(number)
        self.done: list[PerformedStep] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:  # KeyboardInterrupt and SystemExit too: none may get lost
            self.error = error

    def work(self) -> None:
        """What the client does; every step that was sent goes to `done`."""
        raise NotImplementedError


def raise_first_error(workers: Sequence[Worker]) -> None:
    """Raise what the first of the workers raised, if one did. Call it when they have ended."""
    for worker in workers:
        if worker.error is not None:
            raise worker.error


class Branch(Worker):
    """One branch of a program: the steps of one client."""

    def __init__(
        self, number: int, steps: tuple[Step, ...], resolver: Resolver, client: ConcurrentClient
    ) -> None:
        super().__init__(number)
        self.client = client
        self.resolver = resolver.fork()
        self._steps: list[Step] = []
        # Resolved before the start where possible: between the start and the last byte, resolving
        # would cost the microseconds that the barrier saves.
        self._commands: list[Command | None] = []
        self._resolve(steps)
        self._unanswered: PerformedStep | None = None
        self._barrier: StartBarrier | None = None

    def wait_at(self, barrier: StartBarrier, place: int, stagger_s: float) -> None:
        """Let the first request wait for those of the other branches (see `StartBarrier.send`)."""
        self._barrier = barrier
        self.client.transport.wait_at(barrier, place, stagger_s)

    def work(self) -> None:
        try:
            for step, command in zip(self._steps, self._commands, strict=True):
                self._perform(step, command or self.resolver.resolve(step)[0])
        finally:
            # A branch without requests, or one that failed early, would keep the others waiting.
            if self._barrier is not None:
                self._barrier.abort()

    def performed(self) -> list[PerformedStep]:
        """The steps that were sent, the one that is still unanswered included."""
        unanswered = self._unanswered
        return [*self.done, unanswered] if unanswered is not None else list(self.done)

    def _perform(self, step: Step, command: Command) -> None:
        self._unanswered = PerformedStep(
            step, command, Unknown("no answer until the end of the trial"), time.monotonic_ns()
        )
        try:
            outcome, exchange = self.client.target.perform(command)
        except Unnamed:  # nothing was sent
            self._unanswered = None
            return
        # The wait at the barrier is no part of the call. An earlier call time would be correct, but
        # a wider interval overlaps with more operations and permits orders that cannot have been.
        called_ns = max(exchange.called_ns, self.client.transport.last_byte_ns)
        self.done.append(PerformedStep(step, command, outcome, called_ns, exchange))
        self._unanswered = None
        self._learn(step, command, outcome)

    def _learn(self, step: Step, command: Command, outcome: Outcome) -> None:
        """Bind the step's label, so that later steps of this branch can name what it made.

        The ledger moves on too, as far as this client can know: amounts such as `remaining` are
        resolved from it. What other clients did meanwhile it does not know.
        """
        ledgers = self.resolver.ledgers
        card = ledgers.label_of(CardId(command.card))
        assert card is not None, "resolving a step makes its card known"
        if step.name:
            self.resolver.bind(step.name, command, card, outcome)
        if None in self._commands and isinstance(outcome, Accepted):
            result = judge_step(ledgers.likeliest(card), command, outcome)
            # A violation here may be another client's effect; only the whole history can tell.
            if isinstance(result, tuple):
                ledgers.replace(card, result)

    def _resolve(self, steps: tuple[Step, ...]) -> None:
        """Resolve the steps that name nothing of this branch; leave out those that name a label
        which nothing makes.
        """
        before = self.resolver.bindings.keys() | MISSING_LABELS
        here: set[str] = set()
        for step in steps:
            if not all(label in before or label in here for label in step.needs):
                continue
            early = not any(label in here for label in step.needs)
            if early and not self.resolver.can_resolve(step):
                continue
            self._steps.append(step)
            self._commands.append(self.resolver.resolve(step)[0] if early else None)
            here.add(step.name)
