"""Counter-examples are short: for each planted bug, at most two steps above the shortest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tallystick.drivers.reduce import Budget, reduce_program
from tallystick.drivers.sequential import replayer
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Delivery, Program, Verb
from tallystick.run import Finding, Run, Violated
from tests.ledger import mutants
from tests.ledger.simulator import HonestServer
from tests.strategies.machine import drive
from tests.strategies.memory import run_in_memory

SHORTEST = {
    # The steps that are needed, the card's own included.
    mutants.CurrencyIsNotChecked: 2,
    mutants.ListRepeatsTheLatest: 2,
    mutants.PartialCaptureReleasesTheRest: 3,
    mutants.VoidReleasesNothing: 3,
    mutants.RepeatExecutesTwice: 3,
    mutants.DrawdownIgnoresHolds: 3,
    mutants.CaptureOfZeroTakesAll: 3,
    mutants.CaptureLeavesTheHold: 3,
    mutants.CaptureCheckedAgainstTheOriginal: 4,
    mutants.VoidGivesBackTheOriginal: 4,
    mutants.CaptureAfterVoid: 4,
    mutants.RepeatedCaptureExecutesTwice: 4,
    mutants.DefaultCaptureTakesTheOriginal: 4,
    mutants.OneTimeTokensPayAgain: 4,
    mutants.RefsForgottenAfterThreeOthers: 6,
}
MOST_SEEDS = 10
FINDINGS = 2
EXAMPLES = 40
STEPS = 30
ATTEMPTS = 400
MORE = 2
PLENTY_S = 600.0


def longest_finding(kind: type[HonestServer]) -> tuple[Run, Violated]:
    """The longer of the first programs that show the bug."""
    found: list[tuple[Run, Violated]] = []
    for number in range(MOST_SEEDS):
        run = run_in_memory(kind)
        violated = drive(
            run, number=number, examples=EXAMPLES, steps=STEPS, look=lambda session: None
        )
        if violated is not None:
            found.append((run, violated))
        if len(found) == FINDINGS:
            break
    assert found, "no machine finds it"
    return max(found, key=lambda pair: len(pair[1].finding.program.steps))


@pytest.mark.parametrize("kind", SHORTEST, ids=lambda kind: kind.__name__)
def test_a_long_program_is_shortened(kind: type[HonestServer]) -> None:
    run, violated = longest_finding(kind)
    finding = violated.finding
    attempt = replayer(run, finding.violation.rule)
    attempts = 0

    def counted(program: Program) -> Finding | None:
        nonlocal attempts
        attempts += 1
        return attempt(program)

    reduced = reduce_program(finding.program, counted, Budget.of(PLENTY_S, ATTEMPTS))
    assert attempts <= ATTEMPTS
    assert attempt(reduced.program)
    lines = "\n".join(reduced.program.lines())
    assert len(reduced.program.steps) <= SHORTEST[kind] + MORE, lines


def test_programs_that_are_shortened_were_long() -> None:
    lengths = [
        len(longest_finding(kind)[1].finding.program.steps)
        for kind in (mutants.VoidGivesBackTheOriginal, mutants.RefsForgottenAfterThreeOthers)
    ]
    assert min(lengths) >= 10


@pytest.mark.parametrize("is_needed", [False, True])
@pytest.mark.parametrize("mark", Delivery)
def test_a_broken_delivery_stays_only_where_it_is_needed(mark: Delivery, is_needed: bool) -> None:
    program = Program.parse("A = card 1000 NOK", "h = hold A 100", f"c = capture h 50 !{mark}")
    finding = Finding(Violation("CAP-4", "900", "850"), program, (), 1)

    def attempt(candidate: Program) -> Finding | None:
        shows = any(
            step.verb is Verb.CAPTURE and (step.delivery is mark or not is_needed)
            for step in candidate.steps
        )
        return replace(finding, program=candidate) if shows else None

    reduced = reduce_program(program, attempt, Budget.of(PLENTY_S, ATTEMPTS))
    assert [step.delivery for step in reduced.program.steps][-1] is (mark if is_needed else None)
