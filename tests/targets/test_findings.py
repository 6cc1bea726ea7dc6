"""A gate finds by itself what `expected/` lists of each server, and nothing else.

The lists are known issues, as a team writes them: `tallystick known add`. Here they are not given
to the run, because what a run knows of it does not report. Entries with the same reason are the
same bug in several requests: which of them a run draws depends on its seed, so one is enough.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tallystick.reporting.result import Result
from tests.targets.gates import PROFILES, gate
from tests.targets.process import KEY, ThirdParty
from tests.targets.requirement import servers_with

SERVERS = servers_with(*PROFILES, by="targets")
MOST_STEPS = 5
SEEDS = (0, 3)


@pytest.fixture(
    scope="module",
    params=[(name, seed) for seed in SEEDS for name in PROFILES],
    ids=lambda one: f"{one[0]}-seed-{one[1]}",
)
def judged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Result]:
    name, seed = request.param
    with ThirdParty(name, SERVERS) as server:
        arguments = ["--profile", PROFILES[name], "--target", server.url, "--seed", str(seed)]
        return name, gate(tmp_path_factory.mktemp(name), token=KEY, arguments=arguments)


def listed(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parent / "expected" / f"{name}.yaml"
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    return entries


def test_every_expected_bug_is_found_and_nothing_else(judged: tuple[str, Result]) -> None:
    name, result = judged
    found = {one["fingerprint"]: one["title"] for one in result["violations"]}
    reasons = {entry["fingerprint"]: entry["reason"] for entry in listed(name)}
    unexpected = {one: title for one, title in found.items() if one not in reasons}
    assert not unexpected
    assert {reasons[one] for one in found} == set(reasons.values())
    assert result["verdict"] == "violates"


def test_every_bug_is_shown_in_a_few_lines(judged: tuple[str, Result]) -> None:
    _, result = judged
    for violation in result["violations"]:
        assert len(violation["steps"]) <= MOST_STEPS, violation["steps"]


def test_a_program_that_was_replayed_shows_its_bug_each_time(judged: tuple[str, Result]) -> None:
    _, result = judged
    # With broken deliveries in it a program may come to another end, and break another rule first.
    steady = [one for one in result["violations"] if "!" not in " ".join(one["steps"])]
    replays = [one["replays"] for one in steady if one["replays"] is not None]
    assert replays
    assert all(seen == tried for seen, tried in replays)
