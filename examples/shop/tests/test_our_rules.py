"""What the shop relies on. Each program runs on fresh cards, and every answer is checked."""

from __future__ import annotations

import pytest

from tallystick.fixtures import Check


@pytest.mark.rule("SHOP-1", "CAP-2")
def test_a_deposit_is_taken_in_two_parts(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "deposit = hold A 300",
        "first = capture deposit 100",
        "second = capture deposit 150",
        "more = capture deposit remaining+1",
        "rest = void deposit",
        "next = hold A available",
    )


@pytest.mark.rule("SHOP-2", "CONC-1")
def test_an_order_paid_twice_at_the_same_moment_is_paid_once(check: Check) -> None:
    check("A = card 1000 NOK", "1| order = draw A 600", "2| order = draw A 600")


@pytest.mark.rule("SHOP-3")
def test_a_hold_leaves_the_balance_as_it_is(check: Check) -> None:
    card = check("A = card 1000 NOK", "deposit = hold A 300").ledger("A")
    assert (card.balance, card.available) == (1000, 700)
