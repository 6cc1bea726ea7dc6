"""Two results compared: what is newly broken, fixed, still broken, not shown; what got less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tallystick import cli
from tallystick.reporting.comparison import Build, Comparison, compare
from tallystick.reporting.comparison_text import comparison_text
from tallystick.reporting.result import Result, ResultError, ViolationEntry
from tests.reporting.results import EXAMPLE, KEPT, LINES, result, violation


def _compared(old: Result, new: Result) -> Comparison:
    return compare(Build("old", old), Build("new", new))


def _names(entries: tuple[ViolationEntry, ...]) -> list[str]:
    return [entry["fingerprint"] for entry in entries]


def test_a_result_is_not_worse_than_itself() -> None:
    one = result(violation())
    compared = _compared(one, one)
    assert _names(compared.still_broken) == ["cap-2-1"]
    assert not compared.is_worse
    assert "Nothing is worse." in comparison_text(compared)


def test_a_cause_that_only_the_newer_run_has_met_is_newly_broken() -> None:
    compared = _compared(result(), result(violation()))
    assert _names(compared.newly_broken) == ["cap-2-1"]
    assert compared.is_worse
    assert "h1 = hold A 100" in comparison_text(compared)


def test_a_recommendation_that_is_newly_broken_is_listed_and_not_worse() -> None:
    compared = _compared(result(), result(violation(level="SHOULD"), verdict="conforms"))
    assert _names(compared.newly_broken) == ["cap-2-1"]
    assert not compared.is_worse


def test_a_cause_is_fixed_where_its_rule_was_checked_and_kept() -> None:
    compared = _compared(result(violation()), result())
    assert _names(compared.fixed) == ["cap-2-1"]
    assert not compared.is_worse


@pytest.mark.parametrize(
    "newer",
    [
        result(rules=KEPT | {"CAP-2": (0, 0)}),
        result(verdict="undecided", reason="the budget was spent"),
        result(violation(fingerprint="cap-2-2", kind="refused")),
    ],
    ids=["not exercised", "undecided", "hidden by another cause of its rule"],
)
def test_a_cause_that_could_not_be_seen_is_not_fixed(newer: Result) -> None:
    compared = _compared(result(violation()), newer)
    assert _names(compared.not_shown) == ["cap-2-1"]
    assert compared.fixed == ()
    assert compared.is_worse


def test_another_cause_of_a_broken_rule_is_newly_broken() -> None:
    newer = result(violation(fingerprint="cap-2-2", kind="refused"))
    compared = _compared(result(violation()), newer)
    assert compared.other_cause == ("cap-2-2",)
    assert "broken before too, by another cause" in comparison_text(compared)


def test_a_longer_program_of_the_same_cause_is_the_same_cause() -> None:
    longer = ["A = card 1000 NOK", "f1 = fund A 5", *LINES[1:]]
    newer = result(violation(fingerprint="cap-2-9", steps=longer))
    for old, new in ((result(violation()), newer), (newer, result(violation()))):
        assert len(_compared(old, new).still_broken) == 1
        assert _compared(old, new).newly_broken == ()


def test_the_text_of_a_violation_matches_nothing() -> None:
    same_text = violation(rule="VOID-6", fingerprint="void-6-1")
    compared = _compared(result(violation()), result(same_text))
    assert _names(compared.newly_broken) == ["void-6-1"]
    assert _names(compared.fixed) == ["cap-2-1"]


def test_an_accepted_issue_is_not_newly_broken() -> None:
    issue = {"rule": "CAP-2", "fingerprint": "cap-2-1", "reason": "r", "until": "2030-01-01"}
    older = result(known=[{**issue, "state": "seen", "tests": []}])
    compared = _compared(older, result(violation()))
    assert compared.newly_broken == ()


def test_a_rule_that_is_no_longer_exercised_is_worse_and_has_its_reason() -> None:
    newer = result(rules=KEPT | {"TX-1": (0, 0)}, not_claimed={"TX": "no such operation"})
    compared = _compared(result(), newer)
    assert compared.less_claimed == {"TX-1": "no such operation"}
    assert compared.is_worse
    assert "NO LONGER EXERCISED (1)" in comparison_text(compared)


def test_a_rule_that_is_exercised_now_is_named() -> None:
    compared = _compared(result(rules=KEPT | {"TX-1": (0, 0)}), result())
    assert compared.more_claimed == ("TX-1",)
    assert not compared.is_worse


def test_only_a_contradiction_is_a_changed_answer() -> None:
    older = result(dialect={"a": "replay", "b": ["x", "y"], "c": "z"})
    newer = result(dialect={"a": "refuse", "b": "x"})
    assert _compared(older, newer).dialect == {"a": ("replay", "refuse")}


def test_runs_that_did_not_ask_the_same_are_said_to_be_so() -> None:
    compared = _compared(result(), result(intensity="release", seed=3))
    assert [note.split()[0] for note in compared.notes] == ["intensity", "seed"]


def test_results_of_two_apis_are_not_compared() -> None:
    with pytest.raises(ResultError, match="different APIs"):
        _compared(result(), result(profile="stripe-charges"))


# The command --------------------------------------------------------------------------------------


def _diff(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["diff", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(str(ended.value.code)), out, err


def _written(path: Path, result: Any) -> Path:
    path.write_text(json.dumps(result), encoding="utf-8")
    return path


def test_the_command_shows_the_latency_of_each_operation_the_slowest_change_first(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    newer = json.loads((EXAMPLE / "result.json").read_text(encoding="utf-8"))
    newer["latency"]["aid_cards_post"]["p50_ms"] *= 3
    newer["build"] = "1.5.0"
    status, out, _ = _diff(capsys, EXAMPLE, _written(tmp_path / "new.json", newer))
    assert status == 0
    _, *lines = out.partition("latency in ms")[2].splitlines()
    assert lines[0].split()[0] == "aid_cards_post"
    assert [line.split()[3] for line in lines[:2]] == ["x3.0", "x1.0"]
    assert "(build 1.4.2-rc3): violates" in out
    assert "(build 1.5.0): violates" in out


def test_the_command_ends_with_1_where_something_is_worse(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old = _written(tmp_path / "old.json", result())
    new = _written(tmp_path / "new.json", result(violation()))
    status, out, _ = _diff(capsys, old, new, "--json")
    data = json.loads(out)
    assert (status, data["is_worse"]) == (1, True)
    assert [entry["rule"] for entry in data["newly_broken"]] == ["CAP-2"]
    assert _diff(capsys, new, old)[0] == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is not JSON"),
        ("{}", "is not a result of this version"),
    ],
)
def test_a_file_that_is_no_result_ends_with_2_and_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | None, said: str
) -> None:
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content, encoding="utf-8")
    status, out, err = _diff(capsys, EXAMPLE, bad)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert "bad.json" in err


def test_a_journal_alone_is_noresult(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = _diff(capsys, EXAMPLE / "journal.jsonl", EXAMPLE)
    assert status == 2
    assert "name the report folder" in err
