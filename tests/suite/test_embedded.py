"""The embedded server starts and stops while a run does other things."""

from __future__ import annotations

import pytest

from tallystick.embedded import EmbeddedServer, Offered
from tallystick.settings import Clients
from tallystick.target import Address, Client, TargetError


class Counted:
    """What starts and stops a server, and counts how often."""

    def __init__(self) -> None:
        self.started = self.stopped = 0

    def start(self) -> Offered:
        self.started += 1
        return Address("http://127.0.0.1:1/v1", "T1"), Clients(Client("id", "secret")), self.stop

    def stop(self) -> None:
        self.stopped += 1


def test_a_server_that_is_not_used_is_never_started() -> None:
    counted = Counted()
    server = EmbeddedServer(counted.start)
    server.stop()
    assert (counted.started, counted.stopped) == (0, 0)


def test_a_server_starts_once_and_stops_once() -> None:
    counted = Counted()
    server = EmbeddedServer(counted.start)
    server.begin()
    server.begin()
    address, clients = server.ready()
    server.begin_stop()
    server.stop()
    server.stop()
    assert (counted.started, counted.stopped) == (1, 1)
    assert (address.account, clients.main.client_id) == ("T1", "id")


def test_a_server_that_was_not_waited_for_is_stopped() -> None:
    counted = Counted()
    server = EmbeddedServer(counted.start)
    server.begin()
    server.stop()
    assert (counted.started, counted.stopped) == (1, 1)


def test_why_a_server_does_not_start_is_raised_where_it_is_needed() -> None:
    def fail() -> Offered:
        raise TargetError("its port is taken")

    server = EmbeddedServer(fail)
    server.begin()
    with pytest.raises(TargetError, match="its port is taken"):
        server.ready()
    server.stop()


def test_where_no_server_is_offered_a_target_has_to_be_named() -> None:
    server = EmbeddedServer(lambda: None)
    with pytest.raises(TargetError, match="name one with --target URL"):
        server.ready()
    server.stop()
