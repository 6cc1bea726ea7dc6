"""Whole runs against servers that lack operations: no false alarm, no missed fault, nothing hidden.

The operations are taken away by a proxy, one at a time and in groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from sandbox.faults import FAULTS
from tallystick.profiles.wallet import operations as op
from tallystick.reporting.claims import CONTRACTS
from tests.lacking.removing import GATEWAY, IN_FORM, NO_METHOD, now_and_then, removing
from tests.misbehaviour.proxy import misbehaving
from tests.proof.gate import UNSHORTENED, Outcome, run_gate
from tests.proof.selection import ladder
from tests.proof.servers import Environment, forked_sandbox
from tests.sampling import some

UNCONCERNED = (
    *("attributes", "balance", "capture", "concurrency", "delivery", "fund", "lifecycle"),
    *("references", "schema", "transactions", "transitions", "void"),
)
"""Contracts of programs, which leave out steps by themselves, and those that take long."""
CARDS = tuple(
    f"contracts/{path.name}"
    for path in sorted(CONTRACTS.glob("test_*.py"))
    if path.stem.removeprefix("test_") not in UNCONCERNED
)
"""The contracts that use the operations which a server may lack."""
FEW = (op.PREPARE_CARDS, op.ISSUE_TOKEN, op.READ_BY_TOKEN, op.DELETE_CARD)
FOUR = (*FEW, op.LIST_CUSTOMER_CARDS, op.READ_CUSTOMER_CARD)
"""Batch, tokens, customers and delete."""
ALONE = sorted(set(op.ROUTES) - op.HEART - {op.GET_ACCESS_TOKEN})
GROUPS = {
    "only the heart": ALONE,
    "lists": [op.LIST_CARDS, op.LIST_TRANSACTIONS, op.LIST_CUSTOMER_CARDS],
    "what changes a card": [op.ACTIVATE_CARD, op.DELETE_CARD, op.ROTATE_PIN],
}
OUTSIDE = (
    "refusal_keeps_the_lock",
    "last_unit_cannot_be_drawn",
    "retry_after_500_executes_again",
    "fund_counts_twice",
    "nul_crashes",
    "capture_leaves_hold_reserved",
    "created_at_is_now",
    "early_drawdown_allowed",
    "card_loses_name",
    "hold_locks_nothing",
    "ref_create_twice",
    "order_ref_echoed_upper",
    "void_gives_back_original",
    "capture_after_void",
    "page_skips_one",
    "pages_by_offset",
    "ref_forgotten_late",
    "account_unchecked",
    "till_may_read",
    "signature_unchecked",
    "pin_shown_in_details",
    "unknown_card_lists_nothing",
    "boolean_amount_accepted",
)
"""Faults in what such a server still has, of every chapter."""
RACES = ("race_drawdown", "race_ref_drawdown")
"""Faults that a proxy hides, because it passes requests on at moments of its own."""


def run_without(
    environment: Environment,
    operations: Sequence[str],
    *arguments: str,
    tests: tuple[str, ...] = CARDS,
) -> Outcome:
    with misbehaving(environment, removing(operations, IN_FORM)) as lacking:
        return run_gate(lacking, *arguments, tests=tests)


def declaring(environment: Environment, folder: Path, operations: str) -> Environment:
    """The environment with a tallystick.yaml that says that the target lacks the operations."""
    config = folder / "tallystick.yaml"
    config.write_text(
        f"targets:\n  here:\n    url: {environment['TALLYSTICK_TARGET']}\n"
        f"    not_supported: [{operations}]\n"
    )
    return {**environment, "TALLYSTICK_TARGET": "here", "TALLYSTICK_CONFIG": str(config)}


def check_conforms(outcome: Outcome, operations: Sequence[str]) -> None:
    assert outcome.result is not None, outcome.output
    assert outcome.verdict == "conforms", outcome.output
    assert set(outcome.result["not_supported"]) <= set(operations)


@pytest.mark.parametrize("operation", some(ALONE, 1))
def test_a_server_that_lacks_one_operation_conforms(honest: Environment, operation: str) -> None:
    outcome = run_without(honest, [operation], "-q")
    check_conforms(outcome, [operation])
    assert outcome.result is not None
    assert operation in outcome.result["not_supported"], outcome.output


@pytest.mark.parametrize("group", some(GROUPS, 1))
def test_a_server_that_lacks_several_operations_conforms(honest: Environment, group: str) -> None:
    check_conforms(run_without(honest, GROUPS[group], "-q"), GROUPS[group])


def test_what_is_missing_is_said_and_not_claimed(honest: Environment) -> None:
    outcome = run_without(honest, FOUR, "-q")
    check_conforms(outcome, FOUR)
    assert outcome.result is not None
    assert set(outcome.result["not_supported"]) == set(FOUR)
    not_claimed = outcome.result["not_claimed"]
    for rule in ("CARD-4", "CARD-10", "TOKEN-1", "CARD-8"):
        assert outcome.result["rules"][rule] == {"checked": 0, "violated": 0}
        assert not_claimed[rule].startswith("the target has no ")
    shown = " ".join(outcome.output.split())
    for operation in FOUR:
        assert f"not claimed: {op.label(operation)}: not supported, " in shown
    assert f"{len(FOUR)} operations not supported" in shown


def test_what_is_left_because_nothing_can_be_deleted_is_said(honest: Environment) -> None:
    outcome = run_without(honest, [op.DELETE_CARD], "-q", tests=("contracts/test_cards.py",))
    assert outcome.result is not None
    left = outcome.result["left_open"]
    assert left is not None
    assert left["reason"] == "the target deletes no cards"
    assert left["cards"] > 0
    assert left["holds"] == 0


def test_a_declared_operation_is_not_asked_for_even_if_it_is_there(
    honest: Environment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("team")
    environment = declaring(honest, folder, "tokens, POST /cards/batch")
    outcome = run_gate(environment, "-q", tests=("contracts/test_activation.py",))
    check_conforms(outcome, [op.ISSUE_TOKEN, op.READ_BY_TOKEN, op.PREPARE_CARDS])
    assert outcome.result is not None
    assert len(outcome.result["not_supported"]) == 3
    assert "declared by target 'here' in" in " ".join(outcome.output.split())


def test_an_operation_that_comes_and_goes_is_never_green(honest: Environment) -> None:
    with misbehaving(honest, now_and_then([op.ISSUE_TOKEN], 8, GATEWAY)) as environment:
        outcome = run_gate(environment, "-q", tests=("contracts/test_tokens.py",))
    assert outcome.verdict in ("undecided", "violates"), outcome.output
    assert "the target contradicts itself" in " ".join(outcome.output.split())


@pytest.mark.parametrize("name", some(OUTSIDE, 4))
def test_a_fault_in_what_is_there_is_found(name: str) -> None:
    for selection in ladder(FAULTS[name].breaks):
        with (
            forked_sandbox(faults=[name]) as environment,
            misbehaving(environment, removing(FOUR, NO_METHOD)) as lacking,
        ):
            outcome = run_gate(lacking, "-x", *UNSHORTENED, tests=selection)
        assert outcome.status in (0, 1), outcome.output
        if outcome.violations:
            return
    pytest.fail(f"nobody catches {name}")


@pytest.mark.parametrize("name", RACES)
def test_a_race_in_what_is_there_is_found(name: str, tmp_path: Path) -> None:
    with forked_sandbox(faults=[name]) as environment:
        lacking = declaring(environment, tmp_path, "batch, tokens, customers, delete")
        tests = ("contracts/test_concurrency.py",)
        outcome = run_gate(lacking, "-x", *UNSHORTENED, tests=tests)
    assert FAULTS[name].breaks in outcome.rules, outcome.output
