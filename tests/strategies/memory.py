"""A target in memory: simulated wallets behind the interface that a session asks.

It lets the machines and the reducer of the suite be measured by the thousand, without HTTP. Knows
the simulator and the two methods of a target that are used; judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tallystick.documents.questions import open_dialect, questions
from tallystick.ledger.vocabulary import Accepted, CardRecord, Command, Outcome
from tallystick.run import Run
from tallystick.target import Exchange, NoAnswer
from tallystick.wire import Request
from tests.ledger.simulator import Faithful

WILLING = ("accept", "replay", "drawdown", "released")
"""Answers that let a server do more, so that a machine gets further."""
Kind = Callable[[dict[str, str]], Faithful]
"""Makes the wallet of a card, which answers as the dialect says."""
UNSENT = NoAnswer("nothing was sent")


def answers() -> dict[str, str]:
    """A dialect for the simulated servers."""
    chosen = {}
    for name, question in questions().items():
        willing = [answer for answer in WILLING if answer in question.permitted]
        chosen[name] = willing[0] if willing else sorted(question.permitted)[0]
    return chosen


@dataclass(slots=True)
class Count:
    """Stands for the meter."""

    requests: int = 0


@dataclass(slots=True)
class Memory:
    """A wallet for every card, all of one kind."""

    kind: Kind = Faithful
    meter: Count = field(default_factory=Count)
    cards: dict[str, Faithful] = field(default_factory=dict)
    dialect: dict[str, str] = field(default_factory=answers)

    def perform(self, command: Command) -> tuple[Outcome, Exchange]:
        """What the wallet of the command's card says."""
        self.meter.requests += 1
        card = command.card
        if card not in self.cards:
            self.cards[card] = self.kind(self.dialect)
        outcome = self.cards[card].perform(command)
        if isinstance(outcome, Accepted) and isinstance(outcome.record, CardRecord):
            outcome = Accepted(replace(outcome.record, card=card))
        request = Request("", "", "")
        return outcome, Exchange(self.meter.requests, request, UNSENT, 0, 0)


def run_in_memory(kind: Kind = Faithful) -> Run:
    """A run against simulated wallets; nothing is shortened by itself."""
    target: Any = Memory(kind)
    shape: Any = None
    return Run(target, shape, open_dialect())
