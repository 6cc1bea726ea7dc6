"""Two honest servers of different design, and a run against each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from sandbox.credentials import ADMIN as SANDBOX_ADMIN
from sandbox.process import Sandbox
from tallystick.documents import shape
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.run import Run
from tallystick.target import Address, Client, HttpTarget
from tests.rival.process import ADMIN as RIVAL_ADMIN
from tests.rival.process import Rival

MakeRun = Callable[[httpx.BaseTransport | None], Run]


@pytest.fixture(scope="module", params=["rival", "sandbox"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Address, Client]]:
    """The address of an honest server and a client that may do everything there."""
    if request.param == "rival":
        with Rival() as rival:
            yield Address(rival.url, rival.account), Client(RIVAL_ADMIN.id, RIVAL_ADMIN.secret)
        return
    with Sandbox() as sandbox:
        client = Client(SANDBOX_ADMIN.client_id, SANDBOX_ADMIN.client_secret)
        yield Address(sandbox.url, sandbox.account), client


@pytest.fixture
def make_run(server: tuple[Address, Client]) -> Iterator[MakeRun]:
    """Makes a run with an open dialect; a transport may come between it and the server."""
    targets: list[HttpTarget] = []

    def make(transport: httpx.BaseTransport | None = None) -> Run:
        target = HttpTarget(*server, transport=transport, profile=Wallet())
        targets.append(target)
        return Run(target, Wallet(), shape.load(), dialect_of(Wallet()))

    yield make
    for target in targets:
        target.close()
