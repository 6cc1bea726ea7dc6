"""The server as a child process on a free port of 127.0.0.1."""

from tests.servers.process import ROOT, ServerProcess

__all__ = ["ROOT", "Stripelike"]


class Stripelike(ServerProcess):
    """`with Stripelike(faults=["captured_twice"]) as server:` and it answers at `server.url`."""

    package = "tests.stripelike"
