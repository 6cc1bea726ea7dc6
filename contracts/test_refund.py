"""REFUND: what is given back of what was paid, and what a refund refuses.

For APIs that have a refund beside the void; where a void of captured money is its refund, see
`void.captured`. The Wallet API has none.
"""

from __future__ import annotations

import pytest

from tallystick.fixtures import Check

rule = pytest.mark.rule

PAID = ("A = card 1000 NOK", "h = hold A 600", "c = capture h")
TWO = ("A = card 1000 NOK", "h = hold A 300", "i = hold A 200", "c = capture h", "e = capture i")
IN_PART = ("A = card 1000 NOK", "h = hold A 600", "c = capture h 200")


@rule("REFUND-1", "REFUND-2", "REFUND-4")
def test_a_refund_gives_back_all_that_was_captured_once(check: Check) -> None:
    check(*PAID, "r = refund h", "x1 = refund h", "x2 = refund h 1", "x3 = refund h original")


@rule("REFUND-1", "REFUND-2", "REFUND-4")
def test_refunds_of_parts_add_up_to_what_was_captured(check: Check) -> None:
    check(
        *PAID,
        "r1 = refund h 200",
        "x1 = refund h refundable+1",
        "x2 = refund h original",
        "r2 = refund h 150",
        "r3 = refund h refundable-1",
        "x3 = refund h 2",
        "r4 = refund h 1",
        "x4 = refund h 1",
    )


@rule("REFUND-1", "REFUND-2")
@pytest.mark.parametrize("end", [[], ["v = void h"], ["c2 = capture h 100"]])
def test_of_a_hold_only_what_was_captured_is_given_back(check: Check, end: list[str]) -> None:
    check(
        *IN_PART,
        *end,
        "x1 = refund h refundable+1",
        "x2 = refund h original",
        "r = refund h refundable",
        "x3 = refund h 1",
    )


@rule("REFUND-2")
def test_a_refund_above_what_was_captured_is_refused_at_once(check: Check) -> None:
    check(*PAID, "x1 = refund h refundable+1", f"x2 = refund h {2**31}", "r = refund h refundable")


@rule("REFUND-3", "BAL-6")
@pytest.mark.parametrize("state", [[], ["v = void h"]])
def test_what_was_never_captured_is_not_given_back(check: Check, state: list[str]) -> None:
    check("A = card 1000 NOK", "h = hold A 600", *state, "x1 = refund h", "x2 = refund h 100")


@rule("REFUND-3", "BAL-6")
def test_what_does_not_exist_is_not_given_back(check: Check) -> None:
    check("A = card 1000 NOK", "h = hold A 600", "x = refund missing 100")


RECORDS = {
    "a fund": ["x = fund A 100"],
    "a capture's own record": ["h = hold A 600", "x = capture h 100"],
    "a refund's own record": ["h = hold A 600", "c = capture h", "x = refund h 100"],
}


@rule("REFUND-3", "BAL-6")
@pytest.mark.parametrize("what", RECORDS)
def test_a_record_that_paid_nothing_is_not_given_back(check: Check, what: str) -> None:
    check("A = card 1000 NOK", *RECORDS[what], "y = refund x 10")


BY_CAPTURE = {
    "a part by each id": (
        *PAID,
        *("r = refund c 200", "x1 = refund h refundable+1", "x2 = refund c refundable+1"),
        *("s = refund h refundable", "x3 = refund c 1", "x4 = refund c"),
    ),
    "all by the hold's": (*PAID, "r = refund h", "x1 = refund c", "x2 = refund c 1"),
    "all by the capture's": (*PAID, "r = refund c", "x1 = refund h", "x2 = refund h 1"),
    "each capture by its own": (
        *("A = card 1000 NOK", "h = hold A 600", "c = capture h 200", "e = capture h remaining"),
        *("r = refund c 200", "x1 = refund h refundable+1", "s = refund e 400"),
        *("x2 = refund h 1", "x3 = refund c 1"),
    ),
    "both captures by the hold's": (
        *("A = card 1000 NOK", "h = hold A 600", "c = capture h 200", "e = capture h remaining"),
        *("r = refund h 500", "x1 = refund e 101", "s = refund h 100", "x2 = refund c 1"),
    ),
    "the same again": (
        *(*PAID, "r = refund c 200", "again r"),
        *("t = refund h 200 ref=r", "s = refund h refundable"),
    ),
}
"""Refunds by the id of a capture's own record, where a server may take it for the hold's."""


@rule("REFUND-1", "REFUND-2")
@pytest.mark.usefixtures("by_capture")
@pytest.mark.parametrize("name", BY_CAPTURE)
def test_the_ids_of_a_hold_and_its_captures_stand_for_one_payment(check: Check, name: str) -> None:
    check(*BY_CAPTURE[name])


@rule("REFUND-1", "CAP-5", "VOID-3")
def test_after_a_refund_the_hold_stays_finished(check: Check) -> None:
    check(*PAID, "r1 = refund h 100", "x1 = capture h 1", "x2 = void h", "r2 = refund h refundable")


@rule("REFUND-1", "CAP-4")
def test_a_refund_locks_nothing_again(check: Check) -> None:
    check(*IN_PART, "r = refund h 100", "x = capture h remaining+1", "c2 = capture h remaining")


@rule("REFUND-1", "REFUND-2")
def test_a_refund_is_of_its_own_hold_alone(check: Check) -> None:
    check(
        *(
            "A = card 1000 NOK",
            "h = hold A 300",
            "i = hold A 200",
            "c = capture h",
            "e = capture i",
        ),
        *("r1 = refund h 250", "x1 = refund h 100", "r2 = refund i 200", "x2 = refund i 1"),
        "r3 = refund h 50",
    )


@rule("REFUND-1", "BAL-1", "BAL-2")
def test_what_is_given_back_can_be_spent_again(check: Check) -> None:
    check(*PAID, "r = refund h 350", "x = hold A available+1", "i = hold A available", "v = void i")


@rule("REFUND-1", "REFUND-2")
def test_of_a_drawdown_no_more_than_its_amount_is_given_back(check: Check) -> None:
    check("A = card 1000 NOK", "d = draw A 300", "r = refund d 200", "x = refund d 101")


@rule("REF-1", "REFUND-1")
@pytest.mark.parametrize("amount", ["", "200"])
def test_a_refund_that_is_repeated_gives_back_once(check: Check, amount: str) -> None:
    check(*PAID, f"r = refund h {amount}".strip(), "again r", "again r", "s = refund h refundable")


@rule("REF-2", "REF-3")
def test_one_key_gives_back_once_whatever_it_asks_for(check: Check) -> None:
    check(
        *(
            "A = card 1000 NOK",
            "h = hold A 300",
            "i = hold A 200",
            "c = capture h",
            "e = capture i",
        ),
        "r = refund h 100",
        "s1 = refund h 50 ref=r",
        "s2 = refund i 100 ref=r",
        "s3 = refund i 100 ref=e",
        "t = refund h refundable",
    )
