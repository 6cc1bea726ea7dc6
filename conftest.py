"""The composition root: the only file that knows both the engine and the sandbox."""

from __future__ import annotations

from collections.abc import Callable

from sandbox import credentials
from sandbox.process import Sandbox
from tallystick.settings import Clients
from tallystick.target import Address, Client

pytest_plugins = ["tallystick.pytest_plugin"]


def pytest_tallystick_embedded() -> tuple[Address, Clients, Callable[[], None]]:
    """Start the sandbox in a process of its own, for when no target is named."""
    sandbox = Sandbox().start()
    return Address(sandbox.url, sandbox.account), _clients(), sandbox.close


def _clients() -> Clients:
    def client(seeded: credentials.Client) -> Client:
        return Client(seeded.client_id, seeded.client_secret)

    return Clients(
        client(credentials.ADMIN),
        credentials.OTHER_ACCOUNT,
        client(credentials.OTHER),
        client(credentials.READER),
        client(credentials.TILL),
    )
