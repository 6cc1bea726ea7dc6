"""The table of servers: kept, violated with its program, not claimed, not exercised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from tallystick.documents.rules import load_rules
from tallystick.reporting.result import Result, ResultError, read_result
from tallystick.reporting.server_table import Column, read_column, table_of

EXAMPLE = Path(__file__).resolve().parents[2] / "reports" / "example"
FEW = {rule: load_rules()[rule] for rule in ("CAP-1", "CAP-2", "TIME-1", "DELIV-1")}


def _result(counts: Mapping[str, tuple[int, int]], **members: object) -> Result:
    result = read_result(EXAMPLE / "result.json")
    rules = {rule: {"checked": a, "violated": b} for rule, (a, b) in counts.items()}
    given = {
        "rules": rules,
        "violations": [],
        "not_claimed": {},
        "not_supported": {},
        "known": [],
        **members,
    }
    return cast(Result, {**result, **given})


def _cells(table: str, rule: str) -> list[str]:
    line = next(line for line in table.splitlines() if line.startswith(f"| {rule} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][2:]


def test_every_column_shows_kept_violated_not_claimed_and_silent_rules() -> None:
    first = _result({"CAP-1": (12, 0), "CAP-2": (3, 1)}, not_claimed={"TIME": "no clock"})
    second = _result({"CAP-1": (1200, 0), "CAP-2": (4, 0), "TIME-1": (2, 0)})
    table = table_of([Column("one", first), Column("two", second)], FEW)
    assert _cells(table, "CAP-1") == ["kept (12)", "kept (1,200)"]
    assert _cells(table, "CAP-2") == ["**violated**", "kept (4)"]
    assert _cells(table, "TIME-1") == ["not claimed", "kept (2)"]
    assert "| DELIV-1 |" not in table
    assert "1 rules that no server here was asked about are left out" in table


def test_a_rule_that_is_not_claimed_by_its_own_id_is_shown_so() -> None:
    columns = [
        Column("one", _result({}, not_claimed={"CAP-2": "no such operation"})),
        Column("two", _result({"CAP-2": (1, 0)})),
    ]
    assert _cells(table_of(columns, FEW), "CAP-2") == ["not claimed", "kept (1)"]


def test_the_program_of_each_violation_stands_under_its_server() -> None:
    column = read_column(f"example={EXAMPLE}")
    table = table_of([column], load_rules())
    below = table[table.index("## example") :]
    for violation in column.result["violations"]:
        assert f"{violation['rule']}: " in below
        assert "\n".join(violation["steps"]) in below


def test_a_bar_in_a_sentence_does_not_break_the_table() -> None:
    column = Column("a|b", _result({"CAP-1": (1, 0)}))
    head = table_of([column], FEW).splitlines()[0]
    assert head == "| rule | what it promises | a\\|b |"


def test_a_column_without_a_name_is_called_by_its_address() -> None:
    assert read_column(str(EXAMPLE / "result.json")).name == "http://127.0.0.1:8000/v1"


def test_a_file_with_an_equals_sign_in_its_name_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a=b.json"
    file.write_text((EXAMPLE / "result.json").read_text())
    assert read_column(str(file)).name == "http://127.0.0.1:8000/v1"


def test_two_columns_with_one_name_are_refused() -> None:
    column = read_column(str(EXAMPLE))
    with pytest.raises(ResultError, match=r"name them, as in NAME=result\.json"):
        table_of([column, column], FEW)


def test_what_is_no_result_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"verdict": "conforms"}))
    with pytest.raises(ResultError, match="is not a result of this version"):
        read_column(f"one={file}")
