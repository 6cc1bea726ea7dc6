"""Runs with a corpus: what one run finds, the next one replays first, wherever it runs."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tallystick.corpus.storage import open_corpus
from tallystick.reporting.scenario import scenario_of
from tests.misbehaviour.running import Signal, run_forked
from tests.proof.servers import Environment, forked_sandbox
from tests.suite.harness import ESSENTIALS, Ran, run_contracts, tallystick

WITHOUT_CAPTURES = "contracts/test_fund.py"
"""Contracts that never meet the fault."""


def _run(
    environment: Environment, reports: Path, place: str, *more: str, tests: str = ESSENTIALS
) -> Ran:
    return run_contracts(environment, reports, f"--corpus={place}", *more, tests=(tests,))


def test_what_one_run_finds_the_next_replays_before_all_contracts(
    place: str, faulty: Environment, honest: Environment, tmp_path: Path
) -> None:
    first = _run(faulty, tmp_path / "first", place)
    assert first.result["corpus"] == {"programs": 0, "shown": []}
    names = [entry["fingerprint"] for entry in first.result["violations"]]
    assert sorted(open_corpus(place).programs()) == sorted(names)

    again = _run(faulty, tmp_path / "again", place, tests=WITHOUT_CAPTURES)
    assert again.status == 1
    assert again.result["corpus"]["shown"] == sorted(names)
    assert {entry["test"] for entry in again.result["violations"]} == {f"corpus {n}" for n in names}

    fixed = _run(honest, tmp_path / "fixed", place)
    assert fixed.status == 0, fixed.output
    assert fixed.result["corpus"] == {"programs": len(names), "shown": []}
    assert sorted(open_corpus(place).programs()) == sorted(names)


def test_a_corpus_holds_the_shortest_program_alone(faulty: Environment, tmp_path: Path) -> None:
    ran = _run(faulty, tmp_path / "reports", str(tmp_path / "corpus"))
    kept = open_corpus(str(tmp_path / "corpus")).programs()
    programs = {name: scenario_of(text, name).program.lines() for name, text in kept.items()}
    assert programs == {e["fingerprint"]: e["steps"] for e in ran.result["violations"]}


def test_a_file_of_a_corpus_can_be_replayed(faulty: Environment, tmp_path: Path) -> None:
    _run(faulty, tmp_path / "reports", str(tmp_path / "corpus"))
    (path, *_) = (tmp_path / "corpus").glob("*.yaml")
    assert tallystick(faulty, tmp_path / "replay", "replay", str(path)).status == 1


def test_what_is_in_the_corpus_already_is_not_written_again(
    faulty: Environment, tmp_path: Path
) -> None:
    place = tmp_path / "corpus"
    _run(faulty, tmp_path / "first", str(place))
    before = {path.name: path.stat().st_ino for path in place.glob("*")}
    _run(faulty, tmp_path / "again", str(place))
    assert {path.name: path.stat().st_ino for path in place.glob("*")} == before


def test_workers_share_the_corpus(faulty: Environment, tmp_path: Path) -> None:
    place = str(tmp_path / "corpus")
    _run(faulty, tmp_path / "first", place)
    ran = _run(faulty, tmp_path / "two", place, "-n", "2")
    assert ran.status == 1, ran.output
    assert ran.result["corpus"]["shown"] == sorted(open_corpus(place).programs())


def test_a_run_that_is_killed_has_kept_what_it_found(
    place: str, faulty: Environment, tmp_path: Path
) -> None:
    # It is killed long before its end. If only the end kept what was found, it would come to that.
    reports, corpus = tmp_path / "reports", open_corpus(place)
    ran = run_forked(
        "pytest",
        faulty,
        ["contracts", f"--corpus={place}", f"--report-dir={reports}"],
        reports,
        240,
        is_ready=lambda: bool(corpus.programs()),
        signals=[Signal(signal.SIGKILL)],
    )
    assert ran.status == -signal.SIGKILL, ran.output


def test_an_answer_that_contradicts_an_earlier_one_is_found_again(tmp_path: Path) -> None:
    place = str(tmp_path / "corpus")
    with forked_sandbox(faults=["repeats_refused_now_and_then"]) as drifting:
        found = _run(drifting, tmp_path / "first", place, tests="contracts/test_references.py")
        again = _run(drifting, tmp_path / "again", place, tests=WITHOUT_CAPTURES)
    assert found.result["violations"]
    assert again.result["corpus"]["shown"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("steps: [", "is not YAML|not YAML"), ("rule: CAP-2\n", "`steps` is missing")],
)
def test_a_file_that_is_no_scenario_leaves_the_run_undecided(
    text: str, said: str, honest: Environment, tmp_path: Path
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bad.yaml").write_text(text)
    ran = _run(honest, tmp_path / "reports", str(tmp_path / "corpus"))
    assert ran.status == 1
    assert ran.result["verdict"] == "undecided"
    assert "bad" in str(ran.result["reason"])


def test_a_corpus_that_cannot_be_reached_stops_the_run_before_it_starts(
    honest: Environment, tmp_path: Path
) -> None:
    ran = _run(honest, tmp_path / "reports", "redis://127.0.0.1:1/0")
    assert ran.status == 4
    assert "the corpus redis://127.0.0.1:1/0" in ran.error
