"""Two honest servers of different design, and what a run leaves on each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from sandbox.credentials import ADMIN as SANDBOX_ADMIN
from sandbox.process import Sandbox
from tallystick.cleanup import Bound, LeftOpen
from tallystick.documents import shape
from tallystick.drivers.sequential import run_program
from tallystick.ledger.vocabulary import CardId, CardRecord, ReadCard
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.leftovers import WalletLeftovers
from tallystick.profiles.wallet.profile import Wallet
from tallystick.program import Program
from tallystick.run import Run, Violated
from tallystick.target import Address, Answer, Client, HttpTarget, Network
from tests.rival.process import ADMIN as RIVAL_ADMIN
from tests.rival.process import Rival

Server = tuple[Address, Client]
QUICK = Network(timeout_s=5.0)


@pytest.fixture(scope="module", params=["rival", "sandbox"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The address of an honest server and a client that may do everything there."""
    if request.param == "rival":
        with Rival() as rival:
            yield Address(rival.url, rival.account), Client(RIVAL_ADMIN.id, RIVAL_ADMIN.secret)
        return
    with Sandbox() as sandbox:
        client = Client(SANDBOX_ADMIN.client_id, SANDBOX_ADMIN.client_secret)
        yield Address(sandbox.url, sandbox.account), client


class Leavings:
    """Runs programs on a server, and puts away what they leave."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.traces = WalletLeftovers()
        self.watching = HttpTarget(*server, profile=Wallet())

    def play(self, *lines: str, transport: httpx.BaseTransport | None = None) -> None:
        """Run a program; what it finds is not the point here."""
        target = HttpTarget(
            *self.server, network=QUICK, transport=transport, observer=self.traces, profile=Wallet()
        )
        try:
            with suppress(Violated):
                run_program(
                    Run(target, Wallet(), shape.load(), dialect_of(Wallet())), Program.parse(*lines)
                )
        finally:
            target.close()

    def put_away(
        self, seconds: float = 30.0, transport: Callable[[], httpx.BaseTransport] | None = None
    ) -> LeftOpen:
        """Clean up, on a connection of its own."""
        target = (
            _Through(*self.server, make=transport)
            if transport
            else HttpTarget(*self.server, profile=Wallet())
        )
        account = self.server[0].account
        try:
            return self.traces.put_away({account: target}, Bound.of(seconds))
        finally:
            target.close()

    def shown(self, card_id: str) -> CardRecord | None:
        """The card as the server shows it; None if it does not, or shows it as deleted."""
        command = ReadCard(CardId(card_id))
        answer = self.watching.send(wire.encode(command, self.server[0].account)).answer
        if not isinstance(answer, Answer) or answer.status != 200:
            return None
        record = wire.card_record(answer.body)
        return None if record.status == "deleted" else record

    def cards(self) -> list[str]:
        """The ids of all cards that were made."""
        return [card.id for card in self.traces.cards.values()]


class _Through(HttpTarget):
    """A target whose further connections all go through a transport of their own."""

    def __init__(
        self, address: Address, client: Client, *, make: Callable[[], httpx.BaseTransport]
    ) -> None:
        super().__init__(address, client, profile=Wallet(), network=QUICK, transport=make())
        self._make = make

    def another(self, **_: object) -> HttpTarget:
        return HttpTarget(
            self.address, self.client, network=QUICK, transport=self._make(), profile=Wallet()
        )


@pytest.fixture
def leavings(server: Server) -> Iterator[Leavings]:
    """A server on which nothing was left yet."""
    found = Leavings(server)
    yield found
    found.watching.close()
