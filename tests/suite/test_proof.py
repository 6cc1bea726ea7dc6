"""The proof itself: its record, its tables, and the README that quotes them."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sandbox.faults import FAULTS
from tallystick.reporting.result import Result, ViolationEntry
from tests.proof import faults, mutants, profiles, readme, record
from tests.proof.gate import Outcome
from tests.proof.selection import is_expected, ladder
from tests.proof.table import aligned
from tests.proof.variants import VariantRow, alarms_of


def test_the_readme_says_what_was_measured() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert readme.with_summary(text, readme.measured()) == text


@pytest.mark.parametrize("server", profiles.SERVERS)
def test_each_fault_of_the_other_servers_that_was_measured_is_caught(server: str) -> None:
    rows = record.read(profiles.RECORD)[f"{server} faults"]["rows"]
    assert {row["name"] for row in rows} <= profiles.SERVERS[server].faults.keys()
    assert [row["name"] for row in rows if not row["is_caught"]] == []
    shown = [row["steps"] for row in rows if row["replays"] is not None]
    assert sum(steps <= readme.SHORT for steps in shown) >= 40


@pytest.mark.parametrize("server", profiles.SERVERS)
def test_no_honest_server_of_another_api_is_accused(server: str) -> None:
    rows = record.read(profiles.RECORD).get(f"{server} variants", {}).get("rows", [])
    assert {row["name"] for row in rows} <= set(profiles.everyone(server))
    assert [row for row in rows if row["status"] != 0] == []


def test_a_page_without_marks_is_not_touched() -> None:
    with pytest.raises(ValueError, match="<!-- proof -->"):
        readme.with_summary("# A page", "text")


def violation(rule: str, requests_before: int, *steps: str) -> ViolationEntry:
    return ViolationEntry(
        rule=rule,
        fingerprint="",
        kind="",
        title="",
        level="MUST",
        expected="",
        actual="",
        question=None,
        requests_before=requests_before,
        steps=list(steps),
        scenario="",
        transition="",
        test="",
        also=[],
        replays=[4, 4],
    )


def outcome(*found: ViolationEntry) -> Outcome:
    result = Result(
        verdict="violates" if found else "conforms",
        reason=None,
        target="",
        intensity="gate",
        seed=0,
        seconds=1.0,
        requests=100,
        dialect={},
        rules={},
        not_claimed={},
        not_supported={},
        known=[],
        violations=list(found),
    )
    return Outcome(1 if found else 0, result, "", 1.0)


def test_a_row_tells_of_the_violation_that_was_seen_first() -> None:
    fault = FAULTS["capture_checks_original"]
    seen = outcome(violation("BAL-1", 30, "a"), violation(fault.breaks, 14, "a", "b", "c", "d"))
    row = faults.row_of(fault, seen, {fault.name: 3})
    assert (row.is_caught, row.is_expected) == (True, True)
    assert (row.requests, row.steps, row.shortest) == (14, 4, 3)
    assert row.rules == [fault.breaks, "BAL-1"]


def test_a_fault_that_is_missed_is_no_catch() -> None:
    row = faults.row_of(FAULTS["capture_checks_original"], outcome(), {})
    assert (row.is_caught, row.steps, row.shortest) == (False, None, None)
    assert "NO" in faults.table([row])
    assert "0 of 1 faults are caught" in faults.table([row])


def test_a_fault_that_is_only_reported_is_named() -> None:
    reported = asdict(faults.row_of(FAULTS["capture_checks_original"], only_reported(), {}))
    text = readme.summary({"faults": {"rows": [reported]}})
    assert "1 of 1" in text
    assert text.endswith("does not fail a gate: `capture_checks_original`.")


def test_an_honest_server_of_which_anything_is_reported_is_accused() -> None:
    rows = [VariantRow("a", 0, "conforms", 0, 10, 1.0, alarms_of(only_reported()))]
    assert not rows[0].is_quiet
    text = readme.summary({"variants": {"rows": [asdict(row) for row in rows]}})
    assert "1 runs: 1 false alarm." in text


def only_reported() -> Outcome:
    """A run whose only violation is of a SHOULD."""
    return replace(outcome(violation("CARD-16", 14, "a")), status=0)


def test_a_rule_is_expected_by_itself_and_by_its_chapter() -> None:
    assert is_expected("CAP-2", "CAP-2")
    assert is_expected("CAP", "CAP-2")
    assert not is_expected("CAP-2", "CAP-20")
    assert not is_expected("CAP", "CARD-1")


def test_every_ladder_ends_with_all_contracts() -> None:
    for fault in FAULTS.values():
        assert list(ladder(fault.breaks))[-1] == ("contracts",)


def test_a_record_keeps_each_section_apart(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    row = faults.row_of(FAULTS["capture_checks_original"], outcome(), {})
    record.keep("faults", [row], path)
    record.keep("mutants", [], path, argued=3)
    kept = record.read(path)
    assert kept["faults"]["rows"][0]["name"] == "capture_checks_original"
    assert kept["mutants"] == {"argued": 3, "rows": []}


def test_a_measured_part_renews_its_rows_and_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    quiet = [VariantRow(name, 0, "conforms", 0, 10, 1.0) for name in ("b", "a")]
    record.renew("of a server", quiet, path)
    record.renew("of a server", [VariantRow("b", 0, "violates", 1, 10, 1.0, ["!"])], path)
    record.renew("of a server", [VariantRow("b", 1, "conforms", 0, 10, 1.0)], path)
    rows = record.read(path)["of a server"]["rows"]
    assert [(row["name"], row["seed"], row["status"]) for row in rows] == [
        *(("a", 0, 0), ("b", 0, 1), ("b", 1, 0)),
    ]


def test_a_sample_of_mutants_is_the_same_every_time() -> None:
    assert mutants.sample(20) == mutants.sample(20)
    assert len(mutants.sample(20)) == 20
    assert len(mutants.sample(None)) == len(mutants.faulty())


def test_numbers_stand_to_the_right() -> None:
    text = aligned(("name", "count"), [("a", 5), ("bc", None), ("d", 100)])
    assert text.splitlines() == ["name  count", "a         5", "bc        -", "d       100"]
