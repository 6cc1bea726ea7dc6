"""Answers that prove nothing: pages, and what follows after a server was too busy."""

from __future__ import annotations

import httpx
import pytest

from tallystick.ledger.vocabulary import Capture, ReadCard, Refused, Unknown
from tests.target.scripted import FakeTime, Server, answer, target_of

REFUSED = answer(409, {"error": {"code": "X", "message": "it exists"}})
MAKE = Capture("A", "h", 5, "r")


def test_a_write_that_is_refused_after_the_server_was_busy_may_have_been_carried_out() -> None:
    server = Server(answer(429, {}), REFUSED)
    outcome, exchange = target_of(server, clock=FakeTime()).perform(MAKE)
    assert isinstance(outcome, Unknown)
    assert exchange.answer.status == 409


def test_a_write_that_is_refused_at_once_is_refused() -> None:
    outcome, _ = target_of(Server(REFUSED), clock=FakeTime()).perform(MAKE)
    assert isinstance(outcome, Refused)


def test_a_read_that_is_refused_after_the_server_was_busy_is_refused() -> None:
    server = Server(answer(429, {}), answer(404, {}))
    outcome, _ = target_of(server, clock=FakeTime()).perform(ReadCard("A"))
    assert isinstance(outcome, Refused)


@pytest.mark.parametrize("status", [200, 403, 404])
def test_a_page_proves_nothing(status: int) -> None:
    page = httpx.Response(status, text="<html>", headers={"content-type": "text/html"})
    for command in (MAKE, ReadCard("A")):
        outcome, _ = target_of(Server(page), clock=FakeTime()).perform(command)
        assert isinstance(outcome, Unknown)
