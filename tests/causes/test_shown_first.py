"""What a red run shows of real faults: the cause first, and a short log."""

from __future__ import annotations

import json

import pytest

from tests.proof.causes import AS_USERS_SEE_IT, FAULTS_TO_SHOW, LONGEST_LOG, row_of, spread
from tests.proof.faults import SHORTEST
from tests.proof.gate import run_gate
from tests.proof.servers import forked_sandbox

CONTRACTS = ("essentials", "capture", "void", "balance", "delivery")


@pytest.mark.parametrize(
    "name", ["available_includes_holds", "capture_leaves_hold_reserved", "refusal_is_200"]
)
def test_the_shortest_program_of_the_cause_comes_first(name: str) -> None:
    with forked_sandbox(faults=[name]) as environment:
        chosen = tuple(f"contracts/test_{c}.py" for c in CONTRACTS)
        outcome = run_gate(environment, *AS_USERS_SEE_IT, tests=chosen)
    row = row_of(name, outcome, json.loads(SHORTEST.read_text()))
    assert row.is_first, row
    assert (row.causes, row.steps) == (1, row.fewest), row
    assert row.violations > 1
    assert row.lines <= LONGEST_LOG, outcome.output
    assert " more meet the same" in outcome.output
    assert "\nFAILED " not in outcome.output
    assert "see below" not in outcome.output


def test_faults_to_measure_are_spread_over_all_chapters_by_a_rule() -> None:
    names = spread()
    assert len(set(names)) == FAULTS_TO_SHOW
    assert spread(10)[:3] == [names[0], names[4], names[8]]


def test_one_date_in_a_wrong_form_keeps_no_rule_from_being_exercised() -> None:
    chosen = tuple(f"contracts/test_{c}.py" for c in ("essentials", "cards", "pins", "tokens"))
    exercised = []
    for faults in ((), ("date_without_offset",)):
        with forked_sandbox(faults=faults) as environment:
            outcome = run_gate(environment, tests=chosen)
        assert outcome.result is not None, outcome.output
        rules = outcome.result["rules"].items()
        exercised.append({rule for rule, counted in rules if counted["checked"]})
    assert {entry["rule"] for entry in outcome.violations} == {"SHAPE-9"}
    assert exercised[0] <= exercised[1]
