"""Runs with `--against`: differences are shown, fail the run, and are no violations."""

from __future__ import annotations

from pathlib import Path

from tests.proof.servers import Environment
from tests.suite.harness import ESSENTIALS, Ran, free_url, run_contracts


def _run(here: Environment, there: Environment | str, reports: Path, *more: str) -> Ran:
    url = there if isinstance(there, str) else there["TALLYSTICK_TARGET"]
    return run_contracts(here, reports, f"--against={url}", *more, tests=(ESSENTIALS,))


def test_an_honest_server_against_itself_conforms_and_leaves_nothing(
    honest: Environment, tmp_path: Path
) -> None:
    ran = _run(honest, honest, tmp_path / "reports")
    assert ran.status == 0, ran.output
    entry = ran.result["against"]
    assert (entry["differences"], entry["reason"], entry["left"]) == ([], None, "")
    assert entry["programs"] > 2
    assert not (tmp_path / "reports" / "programs.txt").exists()
    assert "AGAINST: no differences from" in ran.output


def test_a_difference_is_no_violation_and_ends_with_1(
    honest: Environment, faulty: Environment, tmp_path: Path
) -> None:
    ran = _run(honest, faulty, tmp_path / "reports")
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "conforms"
    assert ran.result["violations"] == []
    (difference,) = ran.result["against"]["differences"]
    assert difference["member"] == "status"
    assert difference["replays"][0] == difference["replays"][1]
    assert len(difference["steps"]) <= 4
    last = difference["answers"][-1]
    assert "capture" in last["step"]
    assert (last["here"][:4], last["there"][:4]) == ("400 ", "200 ")
    for name in ("report.html", "summary.md"):
        text = (tmp_path / "reports" / name).read_text(encoding="utf-8")
        assert difference["steps"][-1] in text, name
    assert "DIFFERENCE in status" in ran.output


def test_the_faulty_server_against_the_honest_one_shows_the_same_beside_its_violation(
    honest: Environment, faulty: Environment, tmp_path: Path
) -> None:
    ran = _run(faulty, honest, tmp_path / "reports")
    assert ran.result["verdict"] == "violates"
    (difference,) = ran.result["against"]["differences"]
    assert difference["answers"][-1]["there"].startswith("400 ")


def test_workers_compare_what_they_ran(
    honest: Environment, faulty: Environment, tmp_path: Path
) -> None:
    ran = _run(honest, faulty, tmp_path / "reports", "-n", "2")
    assert ran.status == 1, ran.output
    (difference,) = ran.result["against"]["differences"]
    assert difference["member"] == "status"


def test_a_second_server_that_is_not_there_stops_the_run_before_it_starts(
    honest: Environment, tmp_path: Path
) -> None:
    ran = _run(honest, free_url(), tmp_path / "reports", "--wait=100ms")
    assert ran.status == 4, ran.output
    assert len(ran.error.splitlines()) == 1


def test_a_second_server_that_makes_no_sense_is_one_line(
    honest: Environment, tmp_path: Path
) -> None:
    ran = _run(honest, "ftp://h/v1", tmp_path / "reports")
    assert ran.status == 4, ran.output
    assert ran.error.startswith("--against: ")
