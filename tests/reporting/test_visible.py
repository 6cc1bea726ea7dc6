"""What a server sends is shown as text: nothing of it acts on a terminal, a page or a log."""

from __future__ import annotations

import json
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.reporting.compressed import read_text
from tallystick.reporting.journal import read_journal
from tallystick.reporting.records import exchanges_of
from tallystick.reporting.reports import Reports
from tallystick.reporting.result import Ending, read_result, redactor_for
from tallystick.reporting.scenario import read_scenario
from tallystick.reporting.terminal import brief_text, report_text
from tallystick.reporting.visible import brief, visible, visible_all, visible_lines
from tallystick.run import Finding, Run
from tallystick.target import Answer
from tests.reporting.sample import over_capture, sample_run

HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of Unicode: control, format (bidirectional, invisible), surrogate, separators."""
EVIL = (
    "\x1b[2J\x1b[H0 violations: conforms\n\r\n\x9b2K\x07\x00\x7f"
    "\u202eevil\u2066\u200b\ufeff\u2028\udfff\ud800 \U000e0041 å [bold]"
)


def test_every_character_that_acts_or_hides_is_escaped() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in HIDDEN:
            assert visible(character).isprintable(), hex(code)
            assert visible(character).isascii(), hex(code)


def test_other_text_stays_as_it_is() -> None:
    for text in ("", "a b", "æøå", "日本語", "👍", "\\n", "�", "{'a': \"b\"}"):
        assert visible(text) == text
        assert visible_lines(text) == text


def test_an_escaped_text_is_not_escaped_again() -> None:
    assert visible(visible(EVIL)) == visible(EVIL)


def test_escapes_are_those_of_json() -> None:
    for text in (EVIL, "".join(map(chr, range(0x20)))):
        written = json.dumps({text: text}, ensure_ascii=False)
        assert json.loads(visible(written)) == json.loads(written)


def test_only_line_breaks_of_our_own_are_kept() -> None:
    assert visible_lines("a\nb\r\x1b") == "a\nb\\r\\u001b"
    assert visible("a\nb\r\t") == "a\\nb\\r\\t"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert brief("x" * 12, 10) == "xxxxxxxxxx ... 2 more characters"
    assert visible_all({"a\n": ["\x1b", 1, None]}) == {"a\\n": ["\\u001b", 1, None]}


def _run_with(finding: Finding) -> Run:
    run = sample_run(findings=())
    run.record(finding)
    return run


def _evil() -> Finding:
    """A violation in which every text that a server decides is evil."""
    finding = over_capture()
    last = finding.events[-1]
    body = {EVIL: EVIL, "message": {"token": {"value": f"{EVIL}secret"}}}
    answer = Answer(500, EVIL, body)
    event = replace(last, exchange=replace(last.exchange, answer=answer))
    return replace(
        finding,
        violation=Violation("CAP-2", EVIL, f"received {EVIL}"),
        events=(*finding.events[:-1], event),
    )


def _acts(text: str) -> set[str]:
    """The characters of a report that act on what shows it, its own line breaks apart."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in HIDDEN}


@pytest.mark.parametrize("notes", [(), (f"GET /cards -> {EVIL}",)], ids=["program", "requests"])
def test_every_report_is_written_and_nothing_in_it_acts(
    tmp_path: Path, notes: tuple[str, ...]
) -> None:
    run = _run_with(replace(_evil(), notes=notes))
    run.leave_undecided(EVIL)
    reports = Reports(tmp_path)
    reports.open(run, Ending())
    for event in run.findings["CAP-2"].events:
        reports.observe(event.exchange)
    reports.found(run, run.findings["CAP-2"], Ending())
    ending = Ending(error=EVIL, not_claimed={EVIL: EVIL})
    assert reports.close(run, ending)["verdict"] == "violates"
    assert reports.broken is None
    texts = {path.name: read_text(path) for path in tmp_path.rglob("*") if path.is_file()}
    texts["terminal"] = reports.text
    texts["terminal in colour"] = report_text(
        read_result(tmp_path / "result.json"),
        exchanges_of(run.findings.values(), redactor_for(run)),
        tmp_path,
    )
    texts["JUnit"] = brief_text(run, run.findings["CAP-2"])
    assert {name: _acts(text) for name, text in texts.items() if _acts(text)} == {}
    for name, text in texts.items():
        lines = [line.strip(" >*") for line in text.splitlines()]
        assert not any(line.startswith("0 violations: conforms") for line in lines), name
    assert read_journal(tmp_path / "journal.jsonl.gz").records


def test_a_step_with_such_characters_is_replayed_as_it_was(tmp_path: Path) -> None:
    lines = ["A = card 1000 NOK", 'd = draw A 10 with {"id_tail": "\\u202e\\u001b"}']
    finding = replace(over_capture(), program=Program.parse(*lines), reduced=None)
    reports = Reports(tmp_path)
    run = _run_with(finding)
    reports.open(run, Ending())
    kept = reports.found(run, run.findings["CAP-2"], Ending())
    reports.close(run, Ending())
    path = tmp_path / kept.scenario
    assert _acts(path.read_text()) == set()
    assert read_scenario(path).program == finding.program
