"""FUND: money that is put on a card."""

from __future__ import annotations

import pytest

from tallystick.fixtures import Check

rule = pytest.mark.rule


@rule("FUND-1", "FUND-4")
def test_a_fund_adds_exactly_its_amount(check: Check) -> None:
    check("A = card 1000 NOK", "f1 = fund A 1", "f2 = fund A 499", "d1 = draw A available")


@rule("FUND-1")
def test_a_card_that_opened_empty_is_funded(check: Check) -> None:
    check("A = card 0 NOK", "d1 = draw A 1", "f1 = fund A 700", "d2 = draw A available")


@rule("FUND-2")
def test_a_fund_is_available_at_once_while_holds_are_open(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 1000",
        "f1 = fund A 250",
        "d1 = draw A available+1",
        "d2 = draw A available",
        "c1 = capture h1 400",
        "f2 = fund A 100",
        "v1 = void h1",
    )


@rule("FUND-1", "BAL-1")
def test_funds_and_drawdowns_in_turn_add_up(check: Check) -> None:
    check(
        "A = card 100 NOK",
        "d1 = draw A available",
        "f1 = fund A 300",
        "h1 = hold A 200",
        "c1 = capture h1 199",
        "f2 = fund A 5",
        "c2 = capture h1",
        "d2 = draw A available",
        "f3 = fund A 1",
    )
