"""Hunts on one machine: what one run finds the next replays, and nothing gets lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tallystick.corpus.storage import open_corpus
from tallystick.reporting.result import Result, read_result
from tests.hunting.redis_server import redis_server, why_not
from tests.proof.servers import Environment
from tests.sampling import LONG
from tests.suite.harness import ESSENTIALS, ROOT, free_url, tallystick

LIMIT_S = 120
VOID = "contracts/test_void.py"


def _runs(reports: Path) -> list[Result]:
    """The results of the runs of a hunt, in their order."""
    return [read_result(path) for path in sorted(reports.glob("rounds/*/result.json"))]


def _started(environment: Mapping[str, str], reports: Path, *words: str) -> subprocess.Popen[bytes]:
    plain = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "TALLYSTICK_"))}
    reports.parent.mkdir(parents=True, exist_ok=True)
    with (reports.parent / f"{reports.name}.txt").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tallystick", "hunt", f"--report-dir={reports}", *words],
            cwd=ROOT,
            env={**plain, **environment},
            stdout=output,
            stderr=output,
        )


def _wait_for(folder: Path, pattern: str) -> Path:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        for path in folder.glob(pattern):
            return path
        time.sleep(0.02)
    raise AssertionError(f"no {pattern} in {folder}")


def _processes(text: str) -> list[int]:
    """The processes whose command line holds the text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text in path.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_a_hunt_explores_seed_after_seed_and_makes_one_result(
    faulty: Environment, tmp_path: Path
) -> None:
    corpus, reports = tmp_path / "corpus", tmp_path / "reports"
    words = ["--seed=7", "--budget=14s", "--round=4s", f"--corpus={corpus}", ESSENTIALS]
    ran = tallystick(faulty, reports, "hunt", f"--report-dir={reports}", *words)
    assert ran.status == 1, ran.output
    runs = _runs(reports)
    assert len(runs) > 1
    assert [run["seed"] for run in runs] == [7 + number for number in range(len(runs))]
    assert ran.result["runs"] == [
        {
            name: run[name]
            for name in ("target", "intensity", "seed", "verdict", "requests", "seconds")
        }  # type: ignore[literal-required]
        for run in runs
    ]
    assert ran.result["requests"] == sum(run["requests"] for run in runs)
    names = [entry["fingerprint"] for entry in ran.result["violations"]]
    assert sorted(open_corpus(str(corpus)).programs()) == sorted(names)
    # What the first run found, the second one replayed before all contracts.
    assert runs[0]["corpus"] == {"programs": 0, "shown": []}
    assert runs[1]["corpus"] == {"programs": len(names), "shown": sorted(names)}
    for entry in ran.result["violations"]:
        assert (reports / entry["scenario"]).exists()


def test_runs_at_the_same_time_have_targets_of_their_own(
    honest: Environment, faulty: Environment, tmp_path: Path
) -> None:
    targets = [environment["TALLYSTICK_TARGET"] for environment in (honest, faulty)]
    reports = tmp_path / "reports"
    words = [f"--target={target}" for target in targets]
    ran = tallystick(
        honest, reports, "hunt", f"--report-dir={reports}", "--budget=8s", *words, ESSENTIALS
    )
    assert ran.status == 1, ran.output
    verdicts = {run["target"]: run["verdict"] for run in ran.result["runs"]}
    assert verdicts == {targets[0]: "conforms", targets[1]: "violates"}


def test_two_hunts_share_what_they_find_through_redis(
    faulty: Environment, honest: Environment, tmp_path: Path
) -> None:
    if why_not():
        pytest.skip(why_not())
    with redis_server() as url:
        words = ["--budget=5s", f"--corpus={url}", "--seed=1"]
        first, second = tmp_path / "first", tmp_path / "second"
        one = tallystick(
            faulty, first, "hunt", *words, "--shard=1/2", f"--report-dir={first}", ESSENTIALS
        )
        two = tallystick(
            faulty, second, "hunt", *words, "--shard=2/2", f"--report-dir={second}", VOID
        )
    names = sorted(entry["fingerprint"] for entry in one.result["violations"])
    assert names
    assert two.result["corpus"]["shown"] == names
    seeds = [{run["seed"] for run in each.result["runs"]} for each in (one, two)]
    assert not seeds[0] & seeds[1]


def test_a_run_that_is_killed_loses_nothing(faulty: Environment, tmp_path: Path) -> None:
    corpus, reports = tmp_path / "corpus", tmp_path / "reports"
    words = ["--budget=25s", "--round=25s", f"--corpus={corpus}", "--seed=3"]
    hunting = _started(faulty, reports, *words)
    _wait_for(corpus, "*.yaml")
    (process,) = _processes("tallystick.hunting.one --corpus=" + str(corpus))
    os.kill(process, signal.SIGKILL)
    assert hunting.wait(LIMIT_S) == 1
    result = read_result(reports / "result.json")
    assert result["verdict"] == "violates"
    first, *later = _runs(reports)
    assert first["verdict"] == "violates"
    shown = {entry["rule"] for entry in first["violations"]}
    assert later, "another run took its place"
    assert later[0]["corpus"]["shown"]
    assert shown <= {entry["rule"] for entry in result["violations"]}


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=LONG)])
def test_an_interrupted_hunt_brings_together_what_there_is(
    number: signal.Signals, faulty: Environment, tmp_path: Path
) -> None:
    corpus, reports = tmp_path / "corpus", tmp_path / "reports"
    hunting = _started(faulty, reports, "--budget=100s", "-n2", f"--corpus={corpus}")
    _wait_for(corpus, "*.yaml")
    for seed in sorted((reports / "rounds").iterdir()):
        _wait_for(seed, "journal.jsonl.gz")
    hunting.send_signal(number)
    assert hunting.wait(LIMIT_S) == 2
    result = read_result(reports / "result.json")
    assert result["verdict"] == "violates"
    assert "interrupted" in str(result["reason"])
    assert len(result["runs"]) == 2
    assert _processes(str(reports)) == []


def test_the_runs_of_a_hunt_that_is_killed_end_with_it(honest: Environment, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    hunting = _started(honest, reports, "--budget=100s", "--round=90s")
    running = _wait_for(reports, "rounds/*/journal.jsonl.gz").parent
    hunting.kill()
    hunting.wait()
    _wait_for(running, "report.html")
    deadline = time.monotonic() + LIMIT_S
    while _processes(str(reports)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes(str(reports)) == []
    assert read_result(running / "result.json")["left_open"] is None


def test_a_target_that_is_not_there_is_one_line_and_no_verdict(
    honest: Environment, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    nowhere = {**honest, "TALLYSTICK_TARGET": free_url()}
    words = ["--budget=60s", "--round=5s", "--wait=100ms", ESSENTIALS]
    ran = tallystick(nowhere, reports, "hunt", f"--report-dir={reports}", *words)
    assert ran.status == 4, ran.output
    assert ran.output.splitlines()[-1].startswith("tallystick: ")


def test_a_hunt_that_lost_a_target_is_undecided(honest: Environment, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    targets = [f"--target={honest['TALLYSTICK_TARGET']}", f"--target={free_url()}"]
    words = ["--budget=12s", "--round=3s", "--wait=100ms", ESSENTIALS]
    ran = tallystick(honest, reports, "hunt", f"--report-dir={reports}", *targets, *words)
    assert ran.status == 1, ran.output
    assert ran.result["verdict"] == "undecided"
    assert "was left out" in str(ran.result["reason"])
