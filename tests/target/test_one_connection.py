"""One connection is used again while it is good, and replaced when it is not."""

from __future__ import annotations

from collections.abc import Sequence

import httpcore
import pytest

from tallystick.target.one_connection import OneConnection

ORIGIN = httpcore.Origin(b"http", b"a", 80)


class Scripted(httpcore.ConnectionInterface):
    """A connection that a test tells what becomes of it."""

    def __init__(self, origin: httpcore.Origin) -> None:
        self.origin = origin
        self.sent = 0
        self.is_free = self.is_shut = self.is_stale = False
        self.fails: BaseException | None = None

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        self.is_free = False
        if self.fails is not None:
            raise self.fails
        self.sent += 1
        return httpcore.Response(200)

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin == self.origin

    def is_available(self) -> bool:
        return self.is_free and not self.is_shut

    def has_expired(self) -> bool:
        return self.is_stale

    def close(self) -> None:
        self.is_shut = True


class Line:
    """A `OneConnection` with all the connections that it has made."""

    def __init__(
        self, *, keep: bool = True, lends: bool = True, fails: Sequence[BaseException] = ()
    ) -> None:
        self.made: list[Scripted] = []
        self._fails = list(fails)
        self.one = OneConnection(self._connect, keep_s=60.0 if keep else 0.0, lends=lends)

    def _connect(self, origin: httpcore.Origin) -> Scripted:
        connection = Scripted(origin)
        connection.fails = self._fails.pop(0) if self._fails else None
        self.made.append(connection)
        return connection

    def ask(self, url: str = "http://a/", *, is_whole: bool = True) -> None:
        """Send one request and read its answer, or give that up."""
        self.one.handle_request(httpcore.Request("GET", url))
        self.made[-1].is_free = is_whole
        self.one.answered()

    @property
    def sent(self) -> list[int]:
        """How many requests each connection has carried."""
        return [connection.sent for connection in self.made]

    @property
    def shut(self) -> list[bool]:
        """Which connections are closed."""
        return [connection.is_shut for connection in self.made]


def test_requests_share_a_connection_that_stays_good() -> None:
    line = Line()
    for _ in range(3):
        line.ask()
    assert (line.sent, line.shut) == ([3], [False])


def test_a_connection_is_closed_after_each_answer_unless_it_is_kept() -> None:
    line = Line(keep=False)
    line.ask()
    line.ask()
    assert (line.sent, line.shut) == ([1, 1], [True, True])


def test_an_answer_that_was_given_up_takes_its_connection_with_it() -> None:
    line = Line()
    line.ask(is_whole=False)
    assert line.shut == [True]
    line.ask()
    assert (line.sent, line.shut) == ([1, 1], [True, False])


def test_a_connection_that_has_expired_carries_no_further_request() -> None:
    line = Line()
    line.ask()
    line.made[0].is_stale = True
    line.ask()
    assert (line.sent, line.shut) == ([1, 1], [True, False])


def test_another_origin_gets_a_connection_of_its_own() -> None:
    line = Line()
    line.ask("http://a/")
    line.ask("http://b/")
    assert (line.sent, line.shut) == ([1, 1], [True, False])


def test_an_answer_that_nobody_has_read_does_not_hold_up_the_next_request() -> None:
    line = Line()
    line.one.handle_request(httpcore.Request("GET", "http://a/"))
    line.ask()
    assert (line.sent, line.shut) == ([1, 1], [True, False])


def test_a_connection_that_takes_no_request_is_replaced_before_anything_is_sent() -> None:
    line = Line(fails=[httpcore.ConnectionNotAvailable()])
    line.ask()
    assert (line.sent, line.shut) == ([0, 1], [True, False])


def test_an_error_goes_to_the_caller_and_is_not_tried_again() -> None:
    line = Line(fails=[httpcore.ReadError("reset")])
    with pytest.raises(httpcore.ReadError):
        line.ask()
    assert (line.sent, line.shut) == ([0], [True])
    line.ask()
    assert line.sent == [0, 1]


def test_a_connection_that_was_lent_and_given_back_carries_the_next_request() -> None:
    line = Line()
    line.ask()
    assert line.one.lend(ORIGIN)
    line.one.give_back()
    line.one.answered()
    line.ask()
    assert (line.sent, line.shut) == ([2], [False])


def test_a_connection_that_was_lent_and_not_given_back_carries_nothing_any_more() -> None:
    line = Line()
    line.ask()
    assert line.one.lend(ORIGIN)
    assert not line.one.lend(ORIGIN)
    line.ask()
    assert (line.sent, line.shut) == ([1, 1], [True, False])
    assert line.one.lend(ORIGIN)
    line.one.answered()
    assert line.shut == [True, True]


def test_only_an_open_connection_is_lent_that_is_good_for_the_origin() -> None:
    line = Line()
    assert not line.one.lend(ORIGIN)
    line.ask()
    assert not line.one.lend(httpcore.Origin(b"http", b"b", 80))
    line.made[0].is_stale = True
    assert not line.one.lend(ORIGIN)
    without = Line(lends=False)
    without.ask()
    assert not without.one.lend(ORIGIN)


def test_what_began_on_a_connection_that_was_lent_goes_on_over_no_other() -> None:
    """Even if it looks stale by now: the request was sent already."""
    line = Line()
    line.ask()
    assert line.one.lend(ORIGIN)
    line.made[0].is_stale = True
    line.one.resume(httpcore.Request("GET", "http://a/"))
    assert line.sent == [2]
