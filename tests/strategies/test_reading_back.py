"""When a card is read back, and what is said of a violation that came to light late.

Against simulated wallets, whose meter counts every request.
"""

from __future__ import annotations

import pytest

from tallystick.drivers.sequential import Reading, Session, run_program
from tallystick.program import Program, parse_step
from tallystick.run import Finding, Violated
from tests.ledger import mutants
from tests.ledger.simulator import HonestServer
from tests.strategies.memory import run_in_memory

VOIDED = ("A = card 1000 NOK", "h = hold A 600", "v = void h", "d = draw A available")


def found(kind: type[HonestServer], *lines: str, unread: int = 0) -> Finding:
    with pytest.raises(Violated) as violated:
        run_program(run_in_memory(kind), Program.parse(*lines), unread=unread)
    return violated.value.finding


@pytest.mark.parametrize(
    ("reading", "requests"), [(Reading.EAGER, 6), (Reading.USUAL, 5), (Reading.LAZY, 4)]
)
def test_each_reading_back_is_a_request(reading: Reading, requests: int) -> None:
    run = run_in_memory()
    session = Session(run, reading=reading)
    for line in ("A = card 1000 NOK", "d = draw A 100", "x = draw A available+1"):
        session.perform(parse_step(line))
    assert run.target.meter.requests == requests


def test_at_the_end_every_card_has_been_read() -> None:
    run = run_in_memory()
    run_program(run, Program.parse("A = card 1000 NOK"))
    assert run.target.meter.requests == 3  # the creation, the card, its list


def test_the_step_that_broke_a_rule_is_blamed_not_the_one_that_met_it() -> None:
    finding = found(mutants.VoidReleasesNothing, *VOIDED, unread=4)
    assert finding.violation.rule == "VOID-1"
    assert finding.program.lines() == list(VOIDED[:3])
    assert finding.attempt is not None
    assert finding.attempt(finding.program)


def test_what_was_found_first_is_counted_by_its_own_requests() -> None:
    assert found(mutants.VoidReleasesNothing, *VOIDED, unread=4).requests_before == 4


def test_what_reads_everything_is_not_run_again() -> None:
    # Of card B nothing is known for long, and still nothing was spared.
    lines = ("A = card 1000 NOK", "B = card 1000 NOK", "h = hold A 6", "v = void h", "d = draw B 1")
    run = run_in_memory(DrawsNothing)
    with pytest.raises(Violated):
        run_program(run, Program.parse(*lines), reading=Reading.EAGER)
    assert run.programs == 1


class DrawsNothing(HonestServer):
    """Takes every drawdown and moves no money by it."""

    def balance(self) -> int:
        return self.total()


class OnlyOnce(HonestServer):
    """Refuses the second drawdown of the first card that it meets, and none after that."""

    refusals = 0

    def permit_transact(self, command: object) -> None:
        super().permit_transact(command)
        if len(self.log) == 1 and type(self).refusals == 0:
            type(self).refusals += 1
            self.need(False)


def test_a_violation_that_does_not_come_back_is_kept_as_it_was_seen() -> None:
    OnlyOnce.refusals = 0
    lines = ("A = card 1000 NOK", "d1 = draw A 5", "d2 = draw A 5")
    finding = found(OnlyOnce, *lines, unread=3)
    assert finding.violation.rule == "TX-1"
    assert finding.program.lines() == list(lines)
