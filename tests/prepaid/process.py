"""The server as a child process on a free port of 127.0.0.1."""

from typing import Any

from tests.servers.process import ROOT, ServerProcess

__all__ = ["ROOT", "Prepaid"]


class Prepaid(ServerProcess):
    """`with Prepaid(faults=["capture_unlimited"]) as server:` and it answers at `server.url`.

    `database` is `sqlite`, `postgres` (a server of PostgreSQL is started for it), or the address of
    one that is there: `postgresql://...`.
    """

    package = "tests.prepaid"

    def __init__(self, *, database: str = "sqlite", **others: Any) -> None:
        super().__init__("--database", database, **others)
