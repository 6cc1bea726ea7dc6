"""What drivers may ask of a target, whatever is behind it: a server over HTTP, or a simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import httpx

from tallystick.ledger.vocabulary import Command, Outcome
from tallystick.request import Request
from tallystick.target.address import Address, Client, Secret
from tallystick.target.answers import Answer, Exchange, NoAnswer, Observer
from tallystick.target.api import Api, Authentication
from tallystick.target.network import Connections
from tallystick.target.outages import Outage
from tallystick.target.pace import Meter
from tallystick.target.proof import Change, Part, Proof
from tallystick.target.support import Support


class Target(Protocol):
    """The server under test as one client sees it over one connection."""

    address: Address
    client: Client
    meter: Meter
    observer: Observer | None
    profile: Api

    authentication: Authentication
    """How its requests prove who sends them."""

    @property
    def audience(self) -> str:
        """For whom the target gave its token (OAuth); empty if it gave none."""
        ...

    def perform(self, command: Command) -> tuple[Outcome, Exchange]:
        """Ask for the command and say what came of it."""
        ...

    def send(
        self,
        request: Request,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        authorized: bool = True,
        proof: Proof | None = None,
    ) -> Exchange:
        """Send one request; `content` and `headers` replace the usual ones for ill-formed input,
        `proof` the usual credentials.

        NotSupported if the target lacks the operation.
        """
        ...

    def proof(self, request: Request, change: Change | None = None, part: Part = "secret") -> Proof:
        """What a request would carry; with `change`, made of other secrets or with another key."""
        ...

    def ask(
        self, request: Request, *, headers: Mapping[str, str] | None = None, authorized: bool = True
    ) -> Answer | NoAnswer:
        """The answer to a request, whatever is known of its operation."""
        ...

    @property
    def support(self) -> Support:
        """What is known of the operations that the target has."""
        ...

    def credentials(self) -> Mapping[str, Secret]:
        """The headers that authenticate requests; TargetError if the target gives none."""
        ...

    def another(
        self,
        *,
        client: Client | None = None,
        account: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> Target:
        """A second connection to the same server, perhaps as another client or account."""
        ...

    def apart(self, *, client: Client | None = None, account: str = "") -> Target:
        """A connection for what is no part of the run: nobody counts or sees its requests."""
        ...

    @property
    def outages(self) -> Sequence[Outage]:
        """The times when the target answered nobody, which were waited for."""
        ...

    def adopt_outages(self, outages: Sequence[Outage]) -> None:
        """Take over the outages that other processes of the run have met."""
        ...

    def end_with(self, seconds_left: Callable[[], float]) -> None:
        """No outage is waited for beyond the end of the run, which is so many seconds away."""
        ...

    @property
    def connections(self) -> Connections:
        """Opens further connections, for a driver that has a transport of its own."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
