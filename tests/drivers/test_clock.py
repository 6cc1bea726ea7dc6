"""The target's clock, heard from Date headers, and where a moment lies in a card's period."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from tallystick.drivers import clock as module
from tallystick.drivers.clock import UNSURE_S, Clock, Period
from tallystick.ledger.vocabulary import Phase

NOW = 1_800_000_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(module.time, "time", lambda: NOW)
    return Clock()


def test_before_a_date_was_heard_the_clock_is_ours(clock: Clock) -> None:
    assert clock.now() == NOW


@pytest.mark.parametrize("ahead", [-3600, 0, 5, 86400 * 365])
def test_a_date_sets_the_clock(clock: Clock, ahead: int) -> None:
    clock.hear(formatdate(NOW + ahead, usegmt=True))
    assert abs(clock.now() - (NOW + ahead)) <= UNSURE_S


@pytest.mark.parametrize("text", ["", "yesterday", "99 Foo 2026", "\\x00"])
def test_what_is_no_date_changes_nothing(clock: Clock, text: str) -> None:
    clock.hear(text)
    assert clock.now() == NOW


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
