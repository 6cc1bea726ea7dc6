"""What the API does not have or does not promise is not claimed, and says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tallystick.claiming import not_claimed, reason_to_skip, unmet
from tallystick.ledger.traits import Traits
from tallystick.profiles.profile import Documents
from tallystick.profiles.wallet.profile import Wallet
from tests.ledger.simulated_holds import HOLDS
from tests.strategies.hold_memory import HoldProfile


class Item:
    """A test with these marks."""

    def __init__(self, *marks: pytest.MarkDecorator) -> None:
        self._marks = [mark.mark for mark in marks]

    def iter_markers(self, name: str) -> list[pytest.Mark]:
        return [mark for mark in self._marks if mark.name == name]


class Other(Wallet):
    name = "other"
    title = "Other API"
    documents = Documents(Wallet.documents.openapi, open_rules=frozenset({"CAP-6"}))


def items(*found: Item) -> Any:
    return list(found)


DIRECT = Item(pytest.mark.rule("CAP-2", "CARD-1"), pytest.mark.api("wallet"))
PROGRAM = Item(pytest.mark.rule("CAP-2", "CAP-6"))


def test_a_contract_of_one_api_is_skipped_on_others_only() -> None:
    (direct, program) = items(DIRECT, PROGRAM)
    assert "wallet" in reason_to_skip(direct, Other())
    assert reason_to_skip(direct, Wallet()) == reason_to_skip(program, Other()) == ""


def test_a_rule_is_not_claimed_if_no_contract_left_claims_it_or_the_api_leaves_it_open() -> None:
    found = not_claimed(items(DIRECT, PROGRAM), Other())
    assert found == {
        "CARD-1": "this contract sends requests of the API wallet only",
        "CAP-6": "the Other API leaves it open",
    }
    assert not_claimed(items(DIRECT, PROGRAM), Wallet()) == {}


def test_a_rule_that_the_oracle_has_met_is_claimed_though_its_contracts_are_skipped() -> None:
    found = not_claimed(items(DIRECT, PROGRAM), Other())
    assert unmet(found, {"CARD-1": 0}, Other()) == found
    assert unmet(found, {"CARD-1": 1, "CAP-6": 1}, Other()).keys() == {"CAP-6"}
    lacking = {"CARD-1": "skipped", "READ-1": "skipped"}
    checked = {"CARD-1": 1, "READ-1": 1}
    assert unmet(lacking, checked, HoldProfile(HOLDS)).keys() >= {"CARD-1"}
    assert "READ-1" not in unmet(lacking, checked, HoldProfile(HOLDS))


ALL = ("CAP-1", "TX-2", "TX-5", "BAL-2", "BAL-6", "BAL-5", "CARD-12", "REF-1", "VOID-5", "DELIV-4")


def left_out(traits: Traits) -> set[str]:
    return set(not_claimed(items(Item(pytest.mark.rule(*ALL))), HoldProfile(traits)))


def test_what_needs_an_account_is_not_claimed_for_holds_alone_though_its_contracts_run() -> None:
    assert left_out(HOLDS) == {"TX-2", "BAL-2", "BAL-5", "CARD-12", "VOID-5"}


def test_what_needs_keys_or_a_list_is_not_claimed_without_them() -> None:
    without = replace(Wallet.traits, retries=False, lists=False)
    assert left_out(without) == {"REF-1", "DELIV-4", "BAL-5"}
