"""What a worker notes, and what the controller makes of the notes of several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tallystick.parallel.notes import Noted, Notes, Reader, State, together
from tallystick.program import Program
from tallystick.target import Outage
from tests.reporting.sample import sample_findings, sample_run


def test_what_is_noted_is_read_as_it_was(tmp_path: Path) -> None:
    run = sample_run()
    path = tmp_path / "gw0.notes"
    notes = Notes(path)
    state = State({"CAP-2": 3}, {"open: void: accepted": 2}, 41, ("too slow",))
    state = replace(state, not_claimed={"TIME": "no"}, outages=(Outage(1.5, "502", "x", 7.0),))
    state = replace(state, left_out={"test_a": ("x",)}, missing={"x": "404"}, working=("y",))
    notes.state(State())
    notes.state(state)
    for key, finding in run.findings.items():
        notes.finding(run, key, finding, is_ours=True)
    notes.close()
    reader = Reader(path)
    assert reader.read()
    assert reader.state == state
    for key, finding in run.findings.items():
        read = reader.findings[key].finding
        assert read.violation == finding.violation
        assert read.steps == finding.steps
        assert (read.test, read.also, read.replays) == (finding.test, finding.also, finding.replays)
        assert (read.scenario, read.transition) == (finding.scenario, finding.transition)


def test_half_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "gw0.notes"
    notes = Notes(path)
    notes.state(State({"CAP-2": 1}))
    notes.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    reader = Reader(path)
    reader.read()
    assert reader.state == State()
    path.write_bytes(whole)
    reader.read()
    assert reader.state == State({"CAP-2": 1})


def test_a_finding_of_two_workers_is_one() -> None:
    first, _ = sample_findings()
    early = replace(first, test="test_b", requests_before=3, also=())
    late = replace(first, test="test_a", requests_before=90, also=("test_c",))
    merged = together([Noted("CAP-2", early, False), Noted("CAP-2", late, True)])
    assert merged["CAP-2"].test == "test_a"
    assert merged["CAP-2"].also == ("test_c", "test_b")


def test_what_was_first_in_one_worker_and_a_further_cause_in_another_is_one_finding() -> None:
    first, race = sample_findings()
    ours = replace(first, test="test_a", also=())
    longer = Program.parse("A = card 50 EUR", *first.program.lines()[1:])
    further = replace(first, program=longer, test="test_b", also=(), digest="9f00aa11")
    merged = together(
        [Noted("CAP-2", ours, True), Noted(race.key, race, True), Noted(further.key, further, True)]
    )
    assert {key: (one.test, one.also) for key, one in merged.items()} == {
        "CAP-2": ("test_a", ("test_b",)),
        race.key: (race.test, race.also),
    }


def test_another_cause_of_the_same_rule_stays_a_finding() -> None:
    first, _ = sample_findings()
    wrong = replace(first.violation, actual="amount 600")
    further = replace(first, violation=wrong, test="test_b", digest="9f00aa11")
    merged = together([Noted("CAP-2", first, True), Noted(further.key, further, True)])
    assert list(merged) == ["CAP-2", "CAP-2 9f00aa11"]
