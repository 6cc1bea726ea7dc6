"""The truth table: a fault of each MUST rule is caught by contracts that claim what it breaks.

A fault is first shown to the contracts that claim its rule, then to those of its chapter; the
whole gate meets every fault in `python -m tests.proof`. Each fault has a server and a run of its
own. What was found is told to `tests/conftest.py`, which prints the table of rules at the end.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.faults import FAULTS
from tallystick.documents.rules import load_rules
from tallystick.reporting.claims import by_rule, find_claims
from tests.conftest import PINNED
from tests.declared.servers.shop import Shop
from tests.proof.faults import category_of
from tests.proof.gate import UNSHORTENED, run_gate
from tests.proof.selection import ladder
from tests.proof.servers import forked_sandbox
from tests.sampling import some
from tests.stripelike.faults import FAULTS as OF_STRIPELIKE

MUST = [rule.id for rule in load_rules().values() if rule.level == "MUST"]

CATEGORIES = {
    "access",
    "concurrency",
    "delivery",
    "idempotency",
    "input",
    "ledger arithmetic",
    "lifecycle",
    "rare conditions",
    "reads",
}

Record = Callable[[str, object], None]


FIRST = {fault.breaks: name for name, fault in reversed(FAULTS.items()) if fault.breaks in MUST}
"""One fault for each MUST rule; `tox -e proof` meets them all."""


@pytest.mark.parametrize("name", some(sorted(FIRST.values()), 30))
def test_fault_is_caught(name: str, record_property: Record) -> None:
    fault = FAULTS[name]
    record_property("fault", name)
    for selection in ladder(fault.breaks):
        with forked_sandbox(faults=[name]) as environment:
            outcome = run_gate(environment, "-x", *UNSHORTENED, tests=selection)
        assert outcome.status in (0, 1), outcome.output
        if outcome.violations:
            for rule in outcome.rules:
                record_property("broken", rule)
            return
    pytest.fail(f"nobody catches {name}: {fault.summary} ({fault.breaks})")


def test_every_must_rule_is_claimed_by_a_contract() -> None:
    claimed = by_rule(find_claims())
    assert [rule for rule in MUST if rule not in claimed] == []


def test_every_must_rule_is_broken_by_a_fault() -> None:
    broken = {fault.breaks for fault in FAULTS.values()} | PINNED
    # The Wallet API has no refund: servers of other APIs break its rules.
    broken |= {fault.breaks for fault in OF_STRIPELIKE.values()}
    broken |= {rule for rule, _ in Shop.faults.values()}
    assert [rule for rule in MUST if rule not in broken] == []


def test_every_fault_names_a_rule() -> None:
    assert {fault.breaks for fault in FAULTS.values()} <= set(load_rules())


def test_faults_are_many_and_of_every_kind() -> None:
    assert len(FAULTS) >= 100
    assert {category_of(fault) for fault in FAULTS.values()} >= CATEGORIES
