"""What a worker notes, and what the controller makes of the notes of several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tallystick.parallel.notes import Noted, Notes, Reader, State, together
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
