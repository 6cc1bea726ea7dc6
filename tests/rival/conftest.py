"""The rival in a process of its own, and a wallet for each of its clients."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.rival.client import Wallet
from tests.rival.process import ADMIN, OTHER, READER, TILL, Client, Rival

_NUMBERS = count()


@pytest.fixture(scope="module")
def rival() -> Iterator[Rival]:
    with Rival() as running:
        yield running


def _wallet(rival: Rival, client: Client) -> Iterator[Wallet]:
    wallet = Wallet(rival.url, client)
    yield wallet
    wallet.close()


@pytest.fixture(scope="module")
def wallet(rival: Rival) -> Iterator[Wallet]:
    yield from _wallet(rival, ADMIN)


@pytest.fixture(scope="module")
def till(rival: Rival) -> Iterator[Wallet]:
    yield from _wallet(rival, TILL)


@pytest.fixture(scope="module")
def reader(rival: Rival) -> Iterator[Wallet]:
    yield from _wallet(rival, READER)


@pytest.fixture(scope="module")
def other(rival: Rival) -> Iterator[Wallet]:
    yield from _wallet(rival, OTHER)


@pytest.fixture
def card_id() -> str:
    return f"card-{next(_NUMBERS)}"
