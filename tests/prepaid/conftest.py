"""The server in a process of its own, over each database, and a shop for each of its tenants.

Every answer is held to the document.
"""

from collections.abc import Iterator

import pytest

from tests.prepaid import walk
from tests.prepaid.assembly import assemble
from tests.prepaid.client import Checked, Http, Local
from tests.prepaid.database import Sqlite
from tests.prepaid.postgres import PostgresServer, why_not
from tests.prepaid.process import Prepaid
from tests.prepaid.shop import Shop
from tests.prepaid.tenants import SECOND


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server of PostgreSQL."""
    missing = why_not()
    if missing:
        pytest.skip(missing)
    with PostgresServer() as server:
        yield server.address


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """What a server is to be started with: each database once."""
    if request.param == "sqlite":
        return "sqlite"
    address: str = request.getfixturevalue("postgres")
    return address


@pytest.fixture(scope="session")
def beside_sqlite(request: pytest.FixtureRequest) -> list[str]:
    """The other databases that can be had here."""
    return [] if why_not() else [request.getfixturevalue("postgres")]


@pytest.fixture(scope="module")
def server(database: str) -> Iterator[Prepaid]:
    running = Prepaid(database=database)
    yield running
    assert running.close() == ""


@pytest.fixture(scope="module")
def http(server: Prepaid) -> Iterator[Checked]:
    sender = Http(server.url)
    yield Checked(sender)
    sender.close()


@pytest.fixture(scope="module")
def shop(http: Checked) -> Shop:
    return Shop(http)


@pytest.fixture(scope="module")
def other(http: Checked) -> Shop:
    return Shop(http, SECOND)


@pytest.fixture(scope="session")
def honest() -> walk.Seen:
    """The reference walk of the honest server, each of its answers checked against the document."""
    app = assemble(Sqlite())
    seen = walk.run(Checked(Local(app)))
    app.close()
    return seen
