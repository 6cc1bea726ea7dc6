"""Many results made one: sums, the worst verdict, each cause once with its shortest program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tallystick import cli
from tallystick.reporting.merging import Merged, Part, merge
from tallystick.reporting.result import Result, ResultError, read_result
from tests.reporting.results import EXAMPLE, KEPT, LINES, result, violation


def _merged(*results: Result) -> Merged:
    return merge([Part(Path(f"run{number}"), each) for number, each in enumerate(results)])


def test_counts_are_added_and_rules_united() -> None:
    one = result(rules={"CAP-2": (3, 0), "TX-1": (0, 0)}, requests=10, seconds=1.5, shallow=2)
    two = result(rules={"CAP-2": (4, 0), "TX-1": (5, 0)}, requests=20, seconds=2.5, shallow=1)
    merged = _merged(one, two).result
    assert merged["rules"] == {
        "CAP-2": {"checked": 7, "violated": 0},
        "TX-1": {"checked": 5, "violated": 0},
    }
    assert (merged["requests"], merged["seconds"], merged["shallow"]) == (30, 4.0, 3)


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        (["conforms", "conforms"], "conforms"),
        (["conforms", "undecided"], "undecided"),
        (["undecided", "error"], "error"),
        (["error", "violates"], "violates"),
    ],
)
def test_the_worst_verdict_counts(verdicts: list[str], worst: str) -> None:
    results = [
        result(*([violation()] if verdict == "violates" else []), verdict=verdict)
        for verdict in verdicts
    ]
    for order in (results, results[::-1]):
        assert _merged(*order).result["verdict"] == worst


def test_a_reason_says_how_many_runs_had_one() -> None:
    undecided = result(verdict="undecided", reason="the budget was spent")
    merged = _merged(result(), undecided, undecided).result
    assert merged["reason"] == "2 of 3 runs: the budget was spent"


def test_each_cause_is_listed_once_with_its_shortest_program() -> None:
    longer = ["A = card 1000 NOK", "f1 = fund A 5", *LINES[1:]]
    first = violation(fingerprint="cap-2-9", steps=longer, test="a", requests_before=7)
    second = violation(test="b", requests_before=90)
    for order in ((first, second), (second, first)):
        (entry,) = _merged(*map(result, order)).result["violations"]
        assert entry["steps"] == LINES
        assert (entry["test"], entry["also"], entry["requests_before"]) == ("b", ["a"], 7)


def test_two_causes_of_a_rule_have_files_of_their_own() -> None:
    other = violation(fingerprint="cap-2-2", kind="refused")
    merged = _merged(result(violation()), result(other))
    names = [entry["scenario"] for entry in merged.result["violations"]]
    assert names == ["scenarios/one.yaml", "scenarios/one-2.yaml"]
    assert merged.files == {
        "scenarios/one.yaml": Path("run0/scenarios/one.yaml"),
        "scenarios/one-2.yaml": Path("run1/scenarios/one.yaml"),
    }
    assert merged.exchanges == {"CAP-2": (), "CAP-2-2": ()}
    assert [entry["key"] for entry in merged.result["violations"]] == ["CAP-2", "CAP-2-2"]


def test_causes_come_first_and_keep_what_they_explain() -> None:
    longer = [*LINES, "v = void h"]
    cause = violation(consequences=[1])
    explained = violation("VOID-6", "void-6-1", steps=longer, cause=0)
    other = violation("TX-5", "tx-5-1", steps=longer[:1])
    merged = _merged(result(cause, explained), result(other)).result["violations"]
    assert [entry["rule"] for entry in merged] == ["TX-5", "CAP-2", "VOID-6"]
    assert [entry["cause"] for entry in merged] == [None, None, 1]
    assert [entry["consequences"] for entry in merged] == [[], [2], []]


def test_the_same_cause_of_two_runs_keeps_one_consequence() -> None:
    both = result(violation(consequences=[1]), violation("VOID-6", "void-6-1", cause=0))
    merged = _merged(both, both).result["violations"]
    assert [(entry["cause"], entry["consequences"]) for entry in merged] == [(None, [1]), (0, [])]


def test_what_one_run_has_exercised_is_claimed() -> None:
    none = result(
        rules=KEPT | {"TX-1": (0, 0)},
        not_claimed={"TX": "no such operation", "VOID": "x", "test_one": "late", "all": "y"},
    )
    some = result(rules=KEPT | {"VOID-6": (0, 0)}, not_claimed={"all": "y"})
    assert _merged(none, some).result["not_claimed"] == {"all": "y"}
    assert _merged(none, none).result["not_claimed"] == {"TX": "no such operation"} | {
        "test_one": "late",
        "all": "y",
    }


def test_a_run_that_knows_less_contradicts_no_answer() -> None:
    one = result(dialect={"a": ["x", "y"], "b": "p"})
    two = result(dialect={"a": "x", "b": "q", "c": "r"})
    assert _merged(one, two).result["dialect"] == {"a": "x", "b": ["p", "q"], "c": "r"}


def test_only_parts_make_a_part() -> None:
    assert _merged(result(partial=True), result(partial=False)).result["partial"] is False
    assert _merged(result(partial=True), result(partial=True)).result["partial"] is True


def test_what_stays_on_the_targets_is_added() -> None:
    left = {"cards": 2, "holds": 1, "prefix": "ts1", "ids": ["h", "c"], "reason": "--keep"}
    assert _merged(result(left_open=None), result(left_open=None)).result["left_open"] is None
    entry = _merged(result(left_open=left), result(left_open=left)).result["left_open"]
    assert entry is not None
    assert (entry["cards"], entry["holds"], entry["reason"]) == (4, 2, "--keep")


def test_a_known_issue_that_one_run_has_seen_was_seen() -> None:
    issue = {"rule": "CAP-2", "fingerprint": "f", "reason": "r", "until": "2030-01-01"}
    seen = result(known=[{**issue, "state": "seen", "tests": ["t"]}])
    not_seen = result(known=[{**issue, "state": "not seen", "tests": []}])
    (known,) = _merged(not_seen, seen).result["known"]
    assert (known["state"], known["tests"]) == ("seen", ["t"])


def test_a_merged_result_can_be_merged_again_and_names_all_runs() -> None:
    first = _merged(result(seed=1), result(seed=2)).result
    again = _merged(first, result(seed=3, corpus={"programs": 2, "shown": ["x"]})).result
    assert [run["seed"] for run in again["runs"]] == [1, 2, 3]
    assert again["corpus"] == {"programs": 2, "shown": ["x"]}


def test_results_of_two_apis_are_not_merged() -> None:
    with pytest.raises(ResultError, match="different APIs: stripe-charges, wallet"):
        _merged(result(), result(profile="stripe-charges"))


# The command --------------------------------------------------------------------------------------


def _merge(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["merge", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(str(ended.value.code)), out, err


def _written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_command_writes_a_result_a_page_and_the_scenarios(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    honest = _written(tmp_path / "honest.json", result(seed=77))
    output = tmp_path / "merged"
    status, out, _ = _merge(capsys, EXAMPLE, honest, "--output", output)
    assert status == 1
    merged = read_result(output / "result.json")
    assert merged["verdict"] == "violates"
    example = read_result(EXAMPLE / "result.json")
    for entry, before in zip(merged["violations"], example["violations"], strict=True):
        assert entry["fingerprint"] == before["fingerprint"]
        there = (output / entry["scenario"]).read_text(encoding="utf-8")
        assert there == (EXAMPLE / before["scenario"]).read_text(encoding="utf-8")
    scripts = {path.name for path in EXAMPLE.glob("scenarios/*.??")}
    assert scripts
    assert scripts <= {path.name for path in output.glob("scenarios/*")}
    page = (output / "report.html").read_text(encoding="utf-8")
    assert "2 runs on 1 target, seeds 0, 77" in page
    assert "curl" in page, "the exchanges come along"
    assert "2 runs on 1 target" in (output / "summary.md").read_text(encoding="utf-8")
    assert str(output / "report.html") in out


@pytest.mark.parametrize(("verdict", "status"), [("conforms", 0), ("undecided", 1), ("error", 3)])
def test_the_exit_status_is_that_of_a_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, verdict: str, status: int
) -> None:
    path = _written(tmp_path / "one.json", result(verdict=verdict, reason="r"))
    assert _merge(capsys, path, "--output", tmp_path / "merged")[0] == status


def test_a_result_is_never_overwritten(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = _written(tmp_path / "result.json", result())
    before = path.read_text()
    status, _, err = _merge(capsys, tmp_path, "--output", tmp_path)
    assert (status, path.read_text()) == (4, before)
    assert "would be overwritten" in err


def test_a_file_that_is_no_result_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, _, err = _merge(capsys, tmp_path / "nowhere", "--output", tmp_path / "merged")
    assert (status, err.count("\n")) == (4, 1)
