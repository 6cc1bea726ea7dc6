"""What the API does not have or does not promise is not claimed, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.claiming import not_claimed, reason_to_skip
from tallystick.profiles.profile import Documents
from tallystick.profiles.wallet.profile import Wallet


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
