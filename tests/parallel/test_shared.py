"""What the processes of a run share, seen by two of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tallystick.fingerprint import cause_of
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.vocabulary import Violation
from tallystick.parallel.shared import Shared
from tallystick.program import Program
from tallystick.target import Meter
from tests.suite.harness import ROOT
from tests.target.scripted import FakeTime

OPEN = Dialect({"repeat": frozenset({"replay", "refuse"}), "zero": frozenset({"accept", "refuse"})})


@pytest.fixture
def two(tmp_path: Path) -> tuple[Shared, Shared]:
    return Shared(tmp_path), Shared(tmp_path)


def test_each_request_has_a_number_of_its_own(two: tuple[Shared, Shared]) -> None:
    first, second = (Meter(slots=shared) for shared in two)
    assert [first.take(), second.take(), second.take(), first.take()] == [1, 2, 3, 4]
    assert first.requests == second.requests == 4


def test_the_rate_is_that_of_all_together(two: tuple[Shared, Shared]) -> None:
    clock = FakeTime()
    first, second = (Meter(rate=4, time=clock.time, slots=shared) for shared in two)
    for _ in range(5):
        first.take()
        second.take()
    assert sum(clock.naps) == pytest.approx(9 / 4)


def test_no_two_programs_have_one_number(two: tuple[Shared, Shared]) -> None:
    first, second = (shared.programs() for shared in two)
    numbers = [*islice(first, 3), *islice(second, 3), *islice(first, 3)]
    assert numbers == list(range(1, 10))


COUNT = """
import pathlib, sys
from tallystick.parallel.shared import Shared
shared = Shared(pathlib.Path(sys.argv[1]))
for _ in range(2000):
    shared.take(0.0, 0.0)
"""


def test_no_number_is_lost_between_processes(tmp_path: Path) -> None:
    shared = Shared(tmp_path)
    command = [sys.executable, "-c", COUNT, str(tmp_path)]
    counting = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in counting] == [0, 0]
    assert shared.requests == 4000


def test_what_one_has_learned_the_other_knows(two: tuple[Shared, Shared]) -> None:
    first, second = two
    known = OPEN.narrow("repeat", ["replay"])
    assert known is not None
    assert first.narrowed(known, ()) == (known, [])
    assert second.version == 1
    assert second.narrowed(OPEN, ()) == (known, [])
    assert second.version == 1


def test_another_answer_than_the_first_is_a_contradiction(two: tuple[Shared, Shared]) -> None:
    first, second = two
    replay, refuse = OPEN.narrow("repeat", ["replay"]), OPEN.narrow("repeat", ["refuse"])
    assert replay is not None
    assert refuse is not None
    first.narrowed(replay, ())
    assert second.narrowed(refuse, ()) == (replay, ["repeat"])


def test_a_pinned_question_is_not_shared(two: tuple[Shared, Shared]) -> None:
    first, second = two
    replay = OPEN.narrow("repeat", ["replay"])
    assert replay is not None
    first.narrowed(replay, ["repeat"])
    assert second.narrowed(OPEN, ["repeat"]) == (OPEN, [])


def test_only_the_first_one_owns_a_finding(two: tuple[Shared, Shared]) -> None:
    first, second = two
    assert first.is_first("CAP-2", "gw0")
    assert not second.is_first("CAP-2", "gw1")
    assert first.is_first("CAP-2", "gw0")
    assert second.is_first("CAP-3", "gw1")


def test_nobody_waits_once_the_run_is_stopped(two: tuple[Shared, Shared]) -> None:
    first, second = two
    assert not second.is_stopped
    first.stop()
    assert second.is_stopped
    second.wait_for(2)


def test_who_sends_is_known_until_it_ends(two: tuple[Shared, Shared]) -> None:
    first, second = two
    first.begin_sending("gw0")
    assert second.sending() == ["gw0"]
    first.end_sending()
    assert second.sending() == []


HOLD = ("A = card 1000 NOK", "h = hold A 100")
LONG = cause_of(
    Violation("CAP-2", "a refusal", "accepted"),
    Program.from_lines((*HOLD, "c = capture h 50", "d = capture h remaining+1")),
    (),
    "capture",
)
OTHER = replace(LONG, kind="balance", program=Program.from_lines((*HOLD, "c = capture h")))


def test_a_known_issue_without_a_fingerprint_stands_for_one_cause_in_all_processes(
    two: tuple[Shared, Shared],
) -> None:
    first, second = two
    assert second.cause_of("CAP-2") is None
    assert first.take_cause("CAP-2", LONG, instead_of=None) == LONG
    assert second.take_cause("CAP-2", OTHER, instead_of=None) == LONG
    assert second.cause_of("CAP-2") == LONG
    assert second.cause_of("CAP-3") is None


def test_what_a_known_issue_stands_for_is_shortened_in_all_processes(
    two: tuple[Shared, Shared],
) -> None:
    first, second = two
    shorter = replace(LONG, program=Program.from_lines((*HOLD, "d = capture h remaining+1")))
    first.take_cause("CAP-2", LONG, instead_of=None)
    assert second.take_cause("CAP-2", shorter, instead_of=LONG) == shorter
    assert first.cause_of("CAP-2") == shorter
    assert first.take_cause("CAP-2", OTHER, instead_of=LONG) == shorter
