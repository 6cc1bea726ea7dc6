"""The report directory: what a run leaves in it, and what it removes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.reporting import reports as written
from tallystick.reporting.annotations import annotation_lines
from tallystick.reporting.compressed import read_text
from tallystick.reporting.journal import read_journal
from tallystick.reporting.reports import Reports
from tallystick.reporting.result import Ending, read_result, summarise
from tallystick.reporting.scenario import read_scenario
from tallystick.reporting.summary import STEP_SUMMARY, append_to_step, summary_text
from tests.reporting.sample import NOT_CLAIMED, over_capture, sample_run


def _files(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): read_text(path)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_a_run_leaves_its_reports_and_no_one_elses(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    stale = [tmp_path / "scenarios" / "tx-1.yaml", tmp_path / "result.json"]
    for path in stale:
        path.write_text("from an earlier run")
    run = sample_run(findings=())
    reports = Reports(tmp_path)
    assert not any(path.exists() for path in stale)
    finding = over_capture()
    reports.observe(finding.events[0].exchange)
    reports.open(run, Ending())
    for event in finding.events[1:]:
        reports.observe(event.exchange)
    finding = reports.found(run, run.record(finding), Ending())
    assert read_result(tmp_path / "result.json")["verdict"] == "violates"
    result = reports.close(run, Ending(not_claimed=NOT_CLAIMED))
    assert read_result(tmp_path / "result.json") == result
    assert [record.number for record in read_journal(tmp_path / "journal.jsonl.gz").records] == [
        1,
        2,
        3,
    ]
    assert read_scenario(tmp_path / result["violations"][0]["scenario"]).rule == "CAP-2"
    assert str(tmp_path / "report.html") in reports.text
    for name, text in _files(tmp_path).items():
        assert "5d2f1c9e-77aa-4b11" not in text, name
        assert "sample-client-secret" not in text, name


def test_what_no_program_spells_leaves_no_scenario(tmp_path: Path) -> None:
    run = sample_run(findings=())
    reports = Reports(tmp_path)
    reports.open(run, Ending())
    finding = replace(over_capture(), notes=("GET /cards -> 500",))
    reports.found(run, run.record(finding), Ending())
    result = reports.close(run, Ending())
    assert result["violations"][0]["scenario"] == ""
    assert result["violations"][0]["steps"] == ["GET /cards -> 500"]
    assert [path.name for path in (tmp_path / "scenarios").iterdir()] == ["cap-2.har"]
    assert "tallystick gate 'contracts/" in (tmp_path / "summary.md").read_text()


def test_a_script_that_cannot_be_made_costs_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ValueError("secret")

    monkeypatch.setattr(written, "recipe_of", breaks)
    run = sample_run(findings=())
    reports = Reports(tmp_path)
    reports.open(run, Ending())
    with pytest.warns(UserWarning, match="^no script of CAP-2: ValueError is a bug of the suite$"):
        reports.found(run, run.record(over_capture()), Ending())
    result = reports.close(run, Ending())
    assert (result["verdict"], result["reason"]) == ("violates", None)
    assert read_scenario(tmp_path / result["violations"][0]["scenario"]).rule == "CAP-2"
    assert not list((tmp_path / "scenarios").glob("*.py"))


def test_what_no_request_shows_has_no_script(tmp_path: Path) -> None:
    run = sample_run(findings=())
    reports = Reports(tmp_path)
    reports.open(run, Ending())
    reports.found(run, run.record(replace(over_capture(), events=())), Ending())
    assert reports.close(run, Ending())["verdict"] == "violates"
    assert not list((tmp_path / "scenarios").glob("*.py"))


def test_the_summary_is_appended_to_the_step_of_the_pipeline(tmp_path: Path) -> None:
    result = summarise(sample_run(), Ending(not_claimed=NOT_CLAIMED), seconds=1)
    step = tmp_path / "step.md"
    step.write_text("before\n")
    append_to_step(summary_text(result), {STEP_SUMMARY: str(step)})
    assert step.read_text() == f"before\n{summary_text(result)}\n"
    append_to_step(summary_text(result), {})
    assert step.read_text().count("##") == summary_text(result).count("##")


def test_github_shows_each_violation_as_an_annotation() -> None:
    run = sample_run()
    result = summarise(run, Ending(not_claimed=NOT_CLAIMED), seconds=1)
    lines = annotation_lines(result, {"GITHUB_ACTIONS": "true"}).splitlines()
    assert len(lines) == len(result["violations"]) > 0
    assert all(line.startswith(("::error title=", "::warning title=")) for line in lines)
    (capture,) = (line for line in lines if "title=CAP-2 (MUST)::" in line)
    assert "%0AA = card 1000 NOK%0A" in capture
    assert annotation_lines(result, {}) == ""


def test_an_annotation_escapes_what_would_end_it() -> None:
    result = summarise(sample_run(findings=()), Ending(error="100 % of it"), seconds=1)
    assert annotation_lines(result, {"GITHUB_ACTIONS": "true"}) == (
        "::error title=Tallystick%3A error::100 %25 of it"
    )


def test_signs_of_markdown_in_what_a_server_said_are_text() -> None:
    run = sample_run()
    finding = run.findings["CAP-2"]
    violation = replace(finding.violation, expected="a|b", actual="<img src=x> *[y](z)* `c`\n# d")
    run.revise(finding, replace(finding, violation=violation))
    text = summary_text(summarise(run, Ending(), seconds=1))
    assert "a\\|b" in text
    assert "&lt;img src=x> \\*\\[y\\](z)\\* \\`c\\`\\\\n# d" in text


def test_two_runs_do_not_share_a_directory(tmp_path: Path) -> None:
    first = Reports(tmp_path)
    with pytest.raises(OSError, match="another run writes its reports there"):
        Reports(tmp_path)
    first.release()
    Reports(tmp_path).release()


@pytest.mark.parametrize("name", ["report.html", "summary.md", "scenarios/cap-2.yaml"])
def test_a_directory_of_somebody_else_is_not_cleared(tmp_path: Path, name: str) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / name).write_text("theirs")
    with pytest.raises(OSError, match="is no report directory"):
        Reports(tmp_path)
    assert (tmp_path / name).read_text() == "theirs"


def test_only_files_of_a_run_are_removed(tmp_path: Path) -> None:
    kept, removed = ("index.html", "notes.md", "dialect.yaml"), ("result.json", "report.html")
    for name in (*kept, *removed):
        (tmp_path / name).write_text("x")
    Reports(tmp_path).release()
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in removed)
