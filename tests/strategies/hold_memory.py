"""A target in memory for an API of holds alone, and a run against it.

Knows the simulated servers and what a session asks of a target; judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from tallystick.documents.questions import open_dialect, questions
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import Command, Outcome
from tallystick.profiles.wallet.profile import Wallet
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import Exchange
from tests.ledger.simulated_holds import HOLDS, HoldServer
from tests.strategies.memory import UNSENT, Memory, run_on

FIRST = {name: next(iter(question.permitted)) for name, question in questions().items()}


class HoldProfile(Wallet):
    """A profile with the traits of an API of holds; nothing else of it is asked for in memory."""

    def __init__(self, traits: Traits) -> None:
        self.traits = traits  # type: ignore[misc]


class HoldMemory(Memory):
    """One server for all holds."""

    __slots__ = ("server",)

    def __init__(self, server: HoldServer) -> None:
        super().__init__()
        self.server = server

    def perform(self, command: Command) -> tuple[Outcome, Exchange]:
        """What the server says."""
        self.meter.take()
        outcome = self.server.perform(command)
        return outcome, Exchange(self.meter.requests, Request("", "", ""), UNSENT, 0, 0)


def run_on_holds(
    server: HoldServer | None = None, traits: Traits = HOLDS, decided: Iterable[str] = ()
) -> Run:
    """A run against a server of holds; every question is open but those that the API decides."""
    server = server or HoldServer(dict(FIRST), traits)
    answers = {question: (server.answers[question],) for question in decided}
    return run_on(HoldMemory(server), HoldProfile(server.traits), open_dialect(answers))
