"""A target in memory: simulated wallets behind the interface that a session asks.

It lets the machines and the reducer of the suite be measured by the thousand, without HTTP. Knows
the simulator and what a target can do; judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx

from tallystick.documents.questions import questions
from tallystick.documents.shape import load
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.vocabulary import Accepted, CardRecord, Command, Outcome
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.profile import Profile
from tallystick.profiles.wallet.profile import Wallet
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import (
    Address,
    Client,
    Connections,
    Exchange,
    Meter,
    NoAnswer,
    Outage,
    Secret,
    Support,
)
from tallystick.target.api import Api
from tallystick.target.proof import Change, Part, Proof
from tests.ledger.simulator import HonestServer

WILLING = ("accept", "replay", "drawdown", "released")
"""Answers that let a server do more, so that a machine gets further."""
Kind = Callable[[dict[str, str]], HonestServer]
"""Makes the wallet of a card, which answers as the dialect says."""
UNSENT = NoAnswer("nothing was sent")
ADDRESS = Address("memory", "T00000001")
CLIENT = Client()


def answers() -> dict[str, str]:
    """A dialect for the simulated servers."""
    chosen = {}
    dialect = dialect_of(Wallet())
    for name in questions():
        permitted = dialect.possible(name)
        willing = [answer for answer in WILLING if answer in permitted]
        chosen[name] = willing[0] if willing else sorted(permitted)[0]
    return chosen


@dataclass(slots=True)
class Memory:
    """A wallet for every card, all of one kind."""

    kind: Kind = HonestServer
    meter: Meter = field(default_factory=Meter)
    cards: dict[str, HonestServer] = field(default_factory=dict)
    dialect: dict[str, str] = field(default_factory=answers)
    address: Address = ADDRESS
    client: Client = CLIENT
    profile: Api = field(default_factory=Wallet)
    support: Support = field(default_factory=Support)

    def perform(self, command: Command) -> tuple[Outcome, Exchange]:
        """What the wallet of the command's card says."""
        self.meter.take()
        card = command.card
        if card not in self.cards:
            self.cards[card] = self.kind(self.dialect)
        outcome = self.cards[card].perform(command)
        if isinstance(outcome, Accepted) and isinstance(outcome.record, CardRecord):
            outcome = Accepted(replace(outcome.record, card=card))
        request = Request("", "", "")
        return outcome, Exchange(self.meter.requests, request, UNSENT, 0, 0)

    @property
    def outages(self) -> Sequence[Outage]:
        """It has none."""
        return ()

    @property
    def connections(self) -> Connections:
        """There are none."""
        raise NotImplementedError

    @property
    def audience(self) -> str:
        """None: it asks for no token."""
        return ""

    def send(
        self,
        request: Request,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        authorized: bool = True,
        proof: Proof | None = None,
    ) -> Exchange:
        """It understands commands only."""
        raise NotImplementedError

    def proof(self, request: Request, change: Change | None = None, part: Part = "secret") -> Proof:
        """It needs none."""
        raise NotImplementedError

    def credentials(self) -> Mapping[str, Secret]:
        """It needs none."""
        raise NotImplementedError

    def another(
        self,
        *,
        client: Client | None = None,
        account: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> Memory:
        """There is one connection."""
        raise NotImplementedError

    def close(self) -> None:
        """There is nothing to close."""


def run_in_memory(kind: Kind = HonestServer) -> Run:
    """A run against simulated wallets; nothing is shortened by itself."""
    return run_on(Memory(kind))


def run_on(memory: Memory, profile: Profile | None = None, dialect: Dialect | None = None) -> Run:
    """A run against this target in memory; without a profile, of the Wallet API."""
    profile = profile or Wallet()
    return Run(memory, profile, load(), dialect or dialect_of(profile))
