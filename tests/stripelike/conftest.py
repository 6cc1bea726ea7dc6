"""The server in a process of its own, and a shop for each of its accounts.

Every answer is held to the document.
"""

from collections.abc import Iterator

import pytest

from tests.stripelike.accounts import SECOND
from tests.stripelike.client import Checked, Http
from tests.stripelike.process import Stripelike
from tests.stripelike.shop import Shop


@pytest.fixture(scope="module")
def server() -> Iterator[Stripelike]:
    with Stripelike() as running:
        yield running


@pytest.fixture(scope="module")
def http(server: Stripelike) -> Iterator[Checked]:
    sender = Http(server.url)
    yield Checked(sender)
    sender.close()


@pytest.fixture(scope="module")
def shop(http: Checked) -> Shop:
    return Shop(http)


@pytest.fixture(scope="module")
def other(http: Checked) -> Shop:
    return Shop(http, SECOND)
