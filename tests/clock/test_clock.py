"""The target's clock, heard from its answers, and where a moment lies in a card's period."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from tallystick import clock as module
from tallystick.clock import UNSURE_S, Clock, Period
from tallystick.ledger.vocabulary import Phase
from tallystick.target import Answer

NOW = 1_800_000_000.0


HOUR = 3600


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(module.time, "time", lambda: NOW)
    return Clock("created_at")


def answer(
    date: float | str | None = None, created: float | str | None = None, status: int = 200
) -> Answer:
    """An answer with these two clocks, in seconds ahead of ours or as text."""
    shown = date if isinstance(date, str) else ""
    if isinstance(date, int | float):
        shown = formatdate(NOW + date, usegmt=True)
    if isinstance(created, int | float):
        created = Clock.text(NOW + created)
    body = {} if created is None else {"created_at": created}
    return Answer(status, "application/json", body, shown)


def test_before_an_answer_was_heard_the_clock_is_ours(clock: Clock) -> None:
    assert clock.now() == NOW
    assert not clock.disagreement


@pytest.mark.parametrize("ahead", [-HOUR, 0, 5, 86400 * 365])
def test_two_clocks_of_the_target_that_agree_are_believed_against_ours(
    clock: Clock, ahead: int
) -> None:
    clock.hear(answer(ahead, ahead))
    assert abs(clock.now() - (NOW + ahead)) <= UNSURE_S
    assert not clock.disagreement


@pytest.mark.parametrize(
    ("date", "created"),
    [
        (HOUR, 0),
        (-HOUR, 0),
        (0, HOUR),
        (HOUR, -HOUR),
        (HOUR, None),
        (None, -HOUR),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0),
    ],
)
def test_clocks_that_disagree_judge_nothing(
    clock: Clock, date: float | str | None, created: float | None
) -> None:
    clock.hear(answer(date, created))
    assert clock.disagreement
    assert clock.now() == NOW
    known = [ahead for ahead in (date, created, 0) if not isinstance(ahead, str | None)]
    between = NOW + (min(known) + max(known)) / 2 if len(set(known)) > 1 else NOW - HOUR
    assert clock.phase(Period(None, between)) is Phase.EDGE
    assert clock.phase(Period(between, None)) is Phase.EDGE


def test_clocks_that_disagree_still_judge_what_is_so_by_all_of_them(clock: Clock) -> None:
    clock.hear(answer(HOUR, 0))
    assert clock.phase(Period(NOW - 2 * HOUR, NOW + 2 * HOUR)) is Phase.WITHIN
    assert clock.phase(Period(None, NOW - 2 * HOUR)) is Phase.AFTER


@pytest.mark.parametrize("ahead", [-4, 4])
def test_clocks_a_few_seconds_apart_widen_the_edge(clock: Clock, ahead: int) -> None:
    clock.hear(answer(0, ahead))
    assert not clock.disagreement
    assert clock.phase(Period(None, NOW + ahead / 2)) is Phase.EDGE
    assert clock.phase(Period(None, NOW - 10)) is Phase.AFTER


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "99 Foo 2026",
        "\\x00",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 99999 00:00:00 GMT",
    ],
)
def test_a_date_that_is_no_time_leaves_it_to_the_other_clock(clock: Clock, date: str) -> None:
    clock.hear(answer(date, 3))
    assert abs(clock.now() - (NOW + 3)) <= UNSURE_S
    assert not clock.disagreement


@pytest.mark.parametrize(
    "created", ["soon", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2027-01-15T08:00:00", ""]
)
def test_a_created_at_that_is_no_time_leaves_it_to_the_date(clock: Clock, created: str) -> None:
    clock.hear(answer(2, created))
    assert abs(clock.now() - (NOW + 2)) <= UNSURE_S
    assert not clock.disagreement


def test_a_target_that_shows_no_time_is_not_judged_by_ours(clock: Clock) -> None:
    clock.hear(answer())
    assert clock.disagreement
    assert clock.phase(Period(None, NOW - 60)) is Phase.EDGE
    assert clock.phase(Period()) is Phase.WITHIN


def test_what_was_created_long_ago_changes_nothing(clock: Clock) -> None:
    clock.hear(answer(0, 0))
    clock.hear(answer(0, -HOUR))
    clock.hear(answer(0, -5 * HOUR, status=404))
    assert not clock.disagreement
    assert abs(clock.now() - NOW) <= UNSURE_S


def test_a_frozen_date_is_heard_once(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = answer(0, 0)
    clock.hear(frozen)
    monkeypatch.setattr(module.time, "time", lambda: NOW + 60)
    clock.hear(Answer(200, "application/json", {"created_at": Clock.text(NOW + 60)}, frozen.date))
    assert abs(clock.now() - (NOW + 60)) <= UNSURE_S
    assert not clock.disagreement


@pytest.mark.parametrize(
    ("begins", "ends", "phase"),
    [
        (None, None, Phase.WITHIN),
        (-60, 60, Phase.WITHIN),
        (60, None, Phase.BEFORE),
        (None, -60, Phase.AFTER),
        (-90, -60, Phase.AFTER),
        (0, None, Phase.EDGE),
        (None, 0, Phase.EDGE),
        (None, UNSURE_S, Phase.EDGE),
        (-UNSURE_S, None, Phase.EDGE),
    ],
)
def test_a_moment_lies_in_its_period(
    clock: Clock, begins: float | None, ends: float | None, phase: Phase
) -> None:
    period = Period(None if begins is None else NOW + begins, None if ends is None else NOW + ends)
    assert clock.phase(period) is phase


def test_a_moment_is_written_in_whole_seconds() -> None:
    assert Clock.text(0.9) == "1970-01-01T00:00:00Z"
    assert Clock.text(0, "+05:00") == "1970-01-01T05:00:00+05:00"


@pytest.mark.parametrize(("back", "took_s"), [(6, 0.0), (HOUR, 0.0), (HOUR, 30.0)])
def test_by_a_clock_that_has_gone_back_nothing_is_judged(
    clock: Clock, back: int, took_s: float
) -> None:
    clock.hear(answer(0, 0))
    clock.hear(answer(-back, -back), took_s)
    assert "gone back" in clock.disagreement
    assert clock.phase(Period(expires_at=NOW - HOUR)) is Phase.EDGE
    assert clock.phase(Period()) is Phase.WITHIN
    assert clock.now() == NOW


@pytest.mark.parametrize(("back", "took_s"), [(4, 0.0), (20, 18.0), (30, 30.0)])
def test_an_answer_that_was_slow_shows_no_clock_that_has_gone_back(
    clock: Clock, back: int, took_s: float
) -> None:
    clock.hear(answer(0, 0))
    clock.hear(answer(-back, 0), took_s)
    assert not clock.disagreement
    assert clock.phase(Period(expires_at=NOW - HOUR)) is Phase.AFTER
