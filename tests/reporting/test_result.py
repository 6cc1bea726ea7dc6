"""result.json: what DESIGN promises, held to its schema, and never half written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.documents.rules import load_rules
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.reporting.result import (
    SCHEMA,
    Ending,
    Result,
    ResultError,
    read_result,
    summarise,
    write_result,
    write_whole,
)
from tallystick.run import Finding, Run
from tests.reporting.sample import NOT_CLAIMED, sample_findings, sample_run


def _empty() -> Run:
    return sample_run(findings=())


def _idle() -> Run:
    return sample_run(findings=(), checked={})


def _result(run: Run, *, error: str | None = None, unfinished: str | None = None) -> Result:
    return summarise(run, Ending(unfinished, error), seconds=1.5)


def test_a_result_fits_its_schema_and_is_read_back(tmp_path: Path) -> None:
    result = summarise(sample_run(), Ending(not_claimed=NOT_CLAIMED), seconds=61.234)
    write_result(tmp_path / "result.json", result)
    assert read_result(tmp_path / "result.json") == result
    assert result["seconds"] == 61.23


def test_the_schema_closes_every_object() -> None:
    schema = json.loads(SCHEMA.read_text())
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == Result.__required_keys__
    assert set(schema["properties"]) - set(schema["required"]) == Result.__optional_keys__
    assert Result.__optional_keys__ == {
        "profile_option",
        "credentials",
        "corpus",
        "runs",
        "against",
    }
    violation = schema["$defs"]["violation"]
    assert violation["additionalProperties"] is False
    assert set(violation["required"]) == set(violation["properties"])


@pytest.mark.parametrize(
    ("make", "error", "unfinished", "verdict", "reason"),
    [
        (_empty, None, None, "conforms", None),
        (_idle, None, None, "undecided", "no rule was exercised"),
        (_empty, None, "not finished", "undecided", "not finished"),
        (_idle, "KeyError: x", "not finished", "error", "KeyError: x"),
        (sample_run, None, None, "violates", None),
        (sample_run, None, "not finished", "violates", "not finished"),
        (lambda: sample_run(checked={}), "KeyError: x", None, "violates", "KeyError: x"),
    ],
)
def test_the_worst_that_was_shown_is_the_verdict(
    make: Callable[[], Run],
    error: str | None,
    unfinished: str | None,
    verdict: str,
    reason: str,
) -> None:
    result = _result(make(), error=error, unfinished=unfinished)
    assert (result["verdict"], result["reason"]) == (verdict, reason)


def test_what_the_checker_could_not_decide_is_not_green() -> None:
    run = _empty()
    run.leave_undecided("card A: the budget of the checker was spent")
    result = _result(run)
    assert result["verdict"] == "undecided"
    assert result["reason"] == "card A: the budget of the checker was spent"


def test_drift_from_a_pinned_dialect_is_shown_for_each_question() -> None:
    run = _empty()
    for question in ("ref.same.hold", "ref.same.fund"):
        run.record(Finding(Violation("DIA-2", "replay", "refuse", question), Program(), (), 1))
    result = _result(run)
    questions = [entry["question"] for entry in result["violations"]]
    assert questions == ["ref.same.hold", "ref.same.fund"]
    assert result["rules"]["DIA-2"]["violated"] == 2


def test_every_rule_is_counted_though_it_was_never_exercised() -> None:
    counts = _result(sample_run())["rules"]
    assert list(counts) == list(load_rules())
    assert counts["AUTH-1"] == {"checked": 0, "violated": 0}
    assert counts["CAP-2"]["violated"] == 2
    assert counts["SHAPE-1"] == {"checked": 11, "violated": 0}


def test_a_violated_rule_was_checked_at_least_as_often() -> None:
    run = _empty()
    finding = Finding(Violation("DIA-9", "a", "b"), Program(), (), 1, also=("x", "y"))
    run.record(finding)
    assert _result(run)["rules"]["DIA-9"] == {"checked": 3, "violated": 3}


def test_violations_come_in_the_order_of_the_rules() -> None:
    run = sample_run(findings=reversed(sample_findings()))
    assert [entry["rule"] for entry in _result(run)["violations"]] == ["CAP-2", "CONC-1"]


def test_the_shortest_program_is_shown() -> None:
    entry = _result(sample_run())["violations"][0]
    assert entry["steps"] == [
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "c1 = capture h1 remaining+1",
    ]
    assert entry["title"] == load_rules()["CAP-2"].text
    assert entry["replays"] == [10, 10]


def test_the_dialect_shows_one_answer_as_text_and_several_as_a_list() -> None:
    assert _result(sample_run())["dialect"]["ref.same.hold"] == "replay"


def test_no_secret_reaches_the_result() -> None:
    run = sample_run()
    finding = run.findings["CAP-2"]
    leak = "code DINCARD:5d2f1c9e-77aa-4b11 of sample-client-secret"
    leaking = replace(finding.violation, actual=leak, expected=leak)
    run.revise(finding, replace(finding, violation=leaking))
    run.target.address = replace(run.target.address, url="http://me:word-of-pass@host/v1")
    result = _result(run, error=f"no: {leak}")
    text = json.dumps(result)
    assert "sample-client-secret" not in text
    assert "word-of-pass" not in text
    assert "5d2f1c9e-77aa-4b11" not in json.dumps(result["violations"])


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a result of this version: the whole"),
        ('{"verdict": "maybe"}', "is not a result of this version"),
    ],
)
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(ResultError, match=said):
        read_result(tmp_path / "result.json")


def test_a_green_verdict_beside_a_violation_does_not_fit_the_schema(tmp_path: Path) -> None:
    result = _result(sample_run())
    result["verdict"] = "conforms"
    write_result(tmp_path / "result.json", result)
    with pytest.raises(ResultError, match="verdict"):
        read_result(tmp_path / "result.json")
