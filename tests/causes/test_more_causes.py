"""A rule that is broken already does not hide another cause of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.run import Finding, Run
from tests.reporting.sample import sample_run

HOLD = ("A = card 1000 NOK", "h = hold A 100")
REMAINING = (*HOLD, "c = capture h remaining+1")
VOIDED = (*HOLD, "v = void h", "c = capture h")

Another = Callable[[Finding], Finding | None]


def found(*lines: str, actual: str = "accepted", test: str = "first") -> Finding:
    program = Program.from_lines(lines)
    return Finding(Violation("CAP-2", "a refusal", actual), program, (), 7, test=test)


def in_words(*notes: str, actual: str = "status 200", test: str = "first") -> Finding:
    return replace(found(actual=actual, test=test), notes=notes)


def run_with(another: Another) -> Run:
    run = sample_run(())
    run.another = another
    return run


def keys(run: Run) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {key: (one.test, one.also) for key, one in run.findings.items()}


def test_the_same_cause_is_counted_and_not_looked_into() -> None:
    run = run_with(lambda finding: pytest.fail("it is explained"))
    run.record(found(*REMAINING))
    longer = found(*HOLD, "b = capture h 50", "c = capture h remaining+1", test="second")
    kept = run.record(longer)
    assert kept.key == "CAP-2"
    assert keys(run) == {"CAP-2": ("first", ("second",))}


def test_another_cause_is_a_finding_of_its_own() -> None:
    run = run_with(lambda finding: finding)
    run.record(found(*REMAINING))
    other = run.record(found(*HOLD, "b = capture h remaining+1 ref=h", test="second"))
    assert other.key.startswith("CAP-2 ")
    assert keys(run) == {"CAP-2": ("first", ()), other.key: ("second", ())}
    again = run.record(found(*HOLD, "b = capture h remaining+1 ref=h", test="third"))
    assert again.key == other.key
    assert again.also == ("third",)


def test_two_questions_that_are_answered_against_the_dialect_are_two_findings() -> None:
    run = run_with(lambda finding: None)
    for question in ("ref.same.hold", "ref.same.void"):
        violation = Violation("DIA-1", "replay", "refused with 400", question)
        run.record(replace(found(*HOLD), violation=violation))
    assert list(run.findings) == ["DIA-1 ref.same.hold", "DIA-1 ref.same.void"]


def test_what_may_have_the_same_cause_is_one_more_test() -> None:
    run = run_with(lambda finding: None)
    run.record(found(*REMAINING))
    assert run.record(found("A = card 1 NOK", test="second")).key == "CAP-2"
    assert keys(run) == {"CAP-2": ("first", ("second",))}


def test_a_shorter_way_to_the_same_cause_replaces_the_program() -> None:
    short = replace(found(*REMAINING), replays=(4, 4))
    run = run_with(lambda finding: short)
    run.record(found(*HOLD, "d = draw A 1", "c = capture h remaining+1"))
    kept = run.record(found("A = card 1 NOK", test="second"))
    assert kept.shortest.lines() == list(REMAINING)
    assert keys(run) == {"CAP-2": ("first", ("second",))}


def test_one_wrong_member_of_answers_is_one_cause() -> None:
    run = run_with(lambda finding: finding)
    for number, lines in enumerate((HOLD, REMAINING, VOIDED)):
        one = found(*lines, actual=f"{number}/created_at: 1 is not a date", test=str(number))
        run.record(replace(one, violation=replace(one.violation, rule="SHAPE-9")))
    assert keys(run) == {"SHAPE-9": ("0", ("1", "2"))}


def test_single_requests_of_another_kind_are_another_cause() -> None:
    run = run_with(lambda finding: finding)
    run.record(in_words("GET /cards/1 -> 200"))
    run.record(in_words("GET /cards/2 -> 200", test="second"))
    other = run.record(in_words("GET /cards/1 -> 500", actual="accepted", test="third"))
    assert other.key != "CAP-2"
    assert run.findings["CAP-2"].also == ("second",)


def test_a_replay_keeps_each_way_in_which_a_rule_was_broken() -> None:
    run = run_with(lambda finding: pytest.fail("a replay")).isolated_copy()
    run.record(found(*REMAINING, actual="amount 100"))
    run.record(found(*REMAINING, actual="currency SEK"))
    shown = run.finding_of("CAP-2", "currency"), run.finding_of("CAP-2", "type")
    assert [one and one.violation.actual for one in shown] == ["currency SEK", "amount 100"]
