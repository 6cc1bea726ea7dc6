"""`spec/lifecycle.md` says what the oracle does."""

from __future__ import annotations

from tallystick.ledger.lifecycle import State
from tests.spec.lifecycle import PAGE, page


def test_the_page_of_the_lifecycle_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.spec.lifecycle"


def test_the_page_of_the_lifecycle_has_every_state() -> None:
    for state in State:
        assert page().count(f"\n| {state.value} |") == 2
