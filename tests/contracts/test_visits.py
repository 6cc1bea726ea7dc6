"""Visits: what has to happen at a time of its own happens between tests, or proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contracts.support import visits
from contracts.support.visits import Appointment, Appointments, Visit
from tallystick.drivers.direct import Unanswered
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.request import Request
from tallystick.run import Finding, Violated
from tallystick.target import NoAnswer


class Clock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Run:
    """As much of a run as an appointment knows; `errors` are the gateway errors of a visit."""

    def __init__(self) -> None:
        self.errors: list[object] = []

    @contextmanager
    def tolerating_gateway_errors(self) -> Iterator[list[object]]:
        yield self.errors


def appointment(first: Visit) -> Appointment:
    return Appointment(cast("Any", Run()), first)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(visits, "time", found)
    return found


class Diary:
    """Two visits, the second one planned by the first; `made` says when they were made."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.made: list[float] = []
        self.appointment = appointment(Visit(110.0, 115.0, self.first))

    def first(self) -> Visit:
        self.made.append(self.clock.now)
        return Visit(120.0, self.clock.now + 15.0, self.second)

    def second(self) -> None:
        self.made.append(self.clock.now)


def test_visits_are_made_before_the_tests_that_begin_when_they_are_due(clock: Clock) -> None:
    diary = Diary(clock)
    kept = Appointments([diary.appointment])
    for clock.now in (105.0, 112.0, 113.0, 119.0, 121.0, 130.0):
        kept.keep()
    assert diary.made == [112.0, 121.0]
    assert diary.appointment.is_kept()


def test_what_is_missed_while_tests_run_begins_anew(clock: Clock) -> None:
    diary = Diary(clock)
    diary.appointment.again = lambda: Visit(clock.now + 10, clock.now + 15, diary.first)
    kept = Appointments([diary.appointment])
    for clock.now in (105.0, 116.0, 127.0, 128.0):
        kept.keep()
    assert diary.made == [127.0, 128.0]
    assert diary.appointment.is_kept()


def test_nothing_begins_anew_once_the_visits_are_waited_for(clock: Clock) -> None:
    diary = Diary(clock)
    diary.appointment.again = lambda: pytest.fail("a test would have to wait for all of it")
    clock.now = 116.0
    assert not diary.appointment.is_kept()
    assert not diary.made


def test_what_is_not_due_yet_is_waited_for_at_the_end(clock: Clock) -> None:
    diary = Diary(clock)
    assert diary.appointment.is_kept()
    assert diary.made == [110.0, 120.0]


@pytest.mark.parametrize(("when", "made"), [((114.8,), []), ((112.0, 126.8), [112.0])])
def test_a_visit_that_is_too_late_is_not_made(
    clock: Clock, when: tuple[float, ...], made: list[float]
) -> None:
    diary = Diary(clock)
    for clock.now in when:
        diary.appointment.keep()
    assert not diary.appointment.is_kept()
    assert diary.made == made


def test_a_visit_that_misses_an_answer_proves_nothing(clock: Clock) -> None:
    def unanswered() -> None:
        request, answer = Request("read", "GET", "/"), NoAnswer("lost")
        raise Unanswered(cast("Any", SimpleNamespace(request=request, answer=answer)))

    lost = appointment(Visit(0.0, 200.0, unanswered))
    assert not lost.is_kept()
    with pytest.raises(Unanswered):
        lost.has_to_be_kept("too slow")


def test_a_visit_that_meets_a_gateway_error_proves_nothing(clock: Clock) -> None:
    diary = Diary(clock)
    exchange = SimpleNamespace(request=Request("read", "GET", "/"), answer=NoAnswer("502"))
    cast("Any", diary.appointment.run).errors.append(exchange)
    with pytest.raises(Unanswered):
        diary.appointment.has_to_be_kept("too slow")
    assert diary.made == [110.0]


def test_what_a_visit_finds_is_told_by_the_test_that_it_belongs_to(clock: Clock) -> None:
    def violate() -> None:
        raise Violated(Finding(Violation("SHAPE-1", "an object", "a list"), Program(()), (), 0))

    met = appointment(Visit(0.0, 200.0, violate))
    met.keep()
    with pytest.raises(Violated):
        met.is_kept()
