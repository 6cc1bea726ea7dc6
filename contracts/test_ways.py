"""What a card forbids and what a ref_id stands for, whichever way the request reaches its card.

A card is named by its id or by a token; its token was made by request or printed; it was created
or activated. Each check and each key has to be the same on all of these ways.
"""

from __future__ import annotations

import pytest

from contracts.support.staging import spelled
from tallystick.fixtures import Check

rule = pytest.mark.rule
broad = pytest.mark.broad

LASTING = "t = token A"
EVERY_KIND = ("draw", "hold", "fund")
DRAWS = ("draw", "hold")


def _each(payer: str, amount: str) -> list[str]:
    """A payment of each kind by a payer, who is a card or a token."""
    return [f"{kind}_{payer} = {kind} {payer} {amount}" for kind in EVERY_KIND]


@rule("TX-3", "TOKEN-6")
def test_the_currency_is_compared_on_every_way(check: Check) -> None:
    other = [*_each("A", "10 NOK"), *_each("t", "10 NOK")]
    check("A = card 500 EUR", LASTING, *other, unread=7)


@rule("TX-3", "CARD-6")
def test_an_activated_card_takes_the_currency_of_its_activation_only(check: Check) -> None:
    other = [*_each("A", "10 NOK"), *_each("t", "10 NOK")]
    check("A = batch", "activate A 500 SEK", LASTING, *other, "d = draw t 10", unread=8)


@rule("CARD-9", "BAL-6")
@pytest.mark.parametrize("left", ["0", "100"])
def test_a_deleted_card_takes_nothing_by_token_either(check: Check, left: str) -> None:
    # A card with money left may be kept (question 33); then these payments are good ones.
    check(
        f"A = card {left} NOK",
        LASTING,
        "delete A",
        *_each("A", "10"),
        *_each("t", "10"),
        "z = hold t 0",
        unread=9,
    )


@rule("CARD-5", "BAL-6")
def test_money_on_a_card_that_waits_is_not_spent_by_token(check: Check) -> None:
    # Whether it takes a fund is open (question 26); it must not pay.
    check("A = batch", LASTING, "f = fund A 100", "d = draw t 10", "h = hold t 10", unread=4)


@broad
@rule("TX-2", "TOKEN-6")
@pytest.mark.parametrize("made", ["A = card 1000 NOK", "A = batch"])
def test_what_is_available_is_compared_on_every_way(check: Check, made: str) -> None:
    check(
        made,
        *(["activate A 1000 NOK"] if made == "A = batch" else []),
        LASTING,
        "h = hold A 600",
        "p = capture h 100",
        *[f"{kind}_{payer} = {kind} {payer} available+1" for payer in "At" for kind in DRAWS],
        "i = hold t 150",
        *[f"{kind}_{payer}2 = {kind} {payer} available+1" for payer in "At" for kind in DRAWS],
        "d = draw t available",
        unread=12,
    )


@rule("TOKEN-2")
@pytest.mark.parametrize("part", ["", "40"])
def test_a_one_time_token_whose_hold_was_captured_pays_no_more(check: Check, part: str) -> None:
    once = spelled({"one_time": "true"})
    check(
        "A = card 1000 NOK",
        f"u = token A {once}",
        "g = hold u 10",
        "z = draw u 10",  # whether a lock counts as the one payment is open (question 47)
        f"t = token A {once}",
        "h = hold t 100",
        f"c = capture h {part}".rstrip(),
        "x = draw t 50",
        "y = hold t 50",
        unread=3,
    )


@rule("REF-2", "TOKEN-6")
def test_one_ref_id_has_one_effect_by_card_and_by_tokens(check: Check) -> None:
    one, other = (spelled({"originated_by": name}) for name in ("till 1", "till 2"))
    check(
        "A = card 1000 NOK",
        LASTING,
        "u = token A",
        "d = draw t 100",
        "e = draw u 100 ref=d",
        "g = draw A 100 ref=d",
        "h = hold A 100",
        "i = hold t 100 ref=h",
        "f = fund A 70",
        "k = fund t 70 ref=f",
        f"m = hold t 50 {one}",
        f"n = hold t 50 ref=m {other}",
        unread=11,
    )


@rule("REF-6", "REF-1")
@pytest.mark.parametrize("then", ["c = capture h 100", "v = void h"])
def test_the_answer_to_a_repeat_shows_the_amount_of_then(check: Check, then: str) -> None:
    check("A = card 1000 NOK", "h = hold A 300", "p = capture h 50", then, "again h", "again p")


@broad
@rule("BAL-7", "FUND-1", "TOKEN-6")
def test_a_token_moves_money_of_its_own_card_among_those_of_a_customer(check: Check) -> None:
    whose = spelled({"customer_tail": "customer"})
    check(
        f"A = card 100 NOK {whose}",
        f"B = card 200 NOK {whose}",
        "t = token B",
        "f = fund t 30",
        "d = draw t 10",
        "h = hold t 120",
        "c = capture h 50",
        unread=7,
    )
