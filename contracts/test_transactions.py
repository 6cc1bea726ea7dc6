"""TX: drawdowns and pending drawdowns (holds) on one card.

Most tests are programs. The oracle judges every answer and reads the card back after every step, so
a test only lists the steps.
"""

from __future__ import annotations

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, is_refused
from tallystick.fixtures import Check
from tallystick.ledger.vocabulary import Kind, Transact
from tallystick.profiles.wallet.wire import CURRENCIES
from tallystick.run import Run

rule = pytest.mark.rule
broad = pytest.mark.broad
wallet = pytest.mark.api("wallet")


@rule("TX-1", "TX-4", "TX-8")
def test_a_drawdown_takes_exactly_its_amount(check: Check) -> None:
    check("A = card 1000 NOK", "d1 = draw A 1", "d2 = draw A 333", "d3 = draw A available")


@rule("TX-1", "TX-2")
@pytest.mark.parametrize("opening", [1, 999, 100_000])
def test_the_boundary_of_a_drawdown_is_what_is_available(check: Check, opening: int) -> None:
    check(
        f"A = card {opening} NOK",
        "d1 = draw A available+1",
        "d2 = draw A available",
        "d3 = draw A 1",
    )


@rule("TX-2", "BAL-6")
def test_a_drawdown_never_takes_locked_money(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "d1 = draw A balance",
        "d2 = draw A available+1",
        "d3 = draw A available",
        "d4 = draw A 1",
    )


@rule("TX-5", "TX-4")
def test_a_hold_locks_exactly_its_amount(check: Check) -> None:
    check("A = card 1000 NOK", "h1 = hold A 1", "h2 = hold A 499", "h3 = hold A available")


@rule("TX-5", "TX-2")
def test_the_boundary_of_a_hold_is_what_is_available(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 400",
        "h2 = hold A available+1",
        "h3 = hold A balance",
        "h4 = hold A available",
        "h5 = hold A 1",
    )


@rule("TX-3", "BAL-6")
@pytest.mark.parametrize("currency", CURRENCIES)
def test_only_the_currency_of_the_card_is_taken(check: Check, currency: str) -> None:
    other = CURRENCIES[(CURRENCIES.index(currency) + 1) % len(CURRENCIES)]
    check(
        f"A = card 1000 {currency}",
        f"d1 = draw A 10 {other}",
        f"h1 = hold A 10 {other}",
        f"f1 = fund A 10 {other}",
        "d2 = draw A 10",
        "h2 = hold A 10",
        "f2 = fund A 10",
        unread=6,
    )


@broad
@rule("TX-4")
def test_a_record_carries_what_was_sent(check: Check) -> None:
    sent = r"""with {"metadata": "{\"order\": \"1\", \"lines\": \"3\"}", "originated_by": "till"}"""
    check(
        "A = card 1000 NOK",
        f"d1 = draw A 100 {sent}",
        f"h1 = hold A 200 {sent}",
        f"f1 = fund A 300 {sent}",
        r"""c1 = capture h1 50 with {"metadata": "{\"shipment\": \"1\"}"}""",
        r"""v1 = void h1 with {"metadata": "{\"reason\": \"cancelled\"}"}""",
    )


@rule("TX-7", "CAP-7", "VOID-4")
def test_an_unknown_transaction_is_refused(check: Check) -> None:
    check("A = card 1000 NOK", "c1 = capture missing 10", "v1 = void missing", "d1 = draw A 10")


@wallet
@rule("TX-9", "TX-4", "REF-1")
@pytest.mark.parametrize("members", [{}, {"pending": False}, {"type": "drawdown"}])
def test_without_type_and_pending_it_is_a_plain_drawdown(
    run: Run, members: dict[str, object]
) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    card, ref = stage.card_id("A"), stage.fresh_ref()
    request = request_builders.transact(stage.base, ref, 100, card_id=card, **members)
    answer = stage.send(request)
    stage.direct.expect("TX-9", not is_refused(answer), "a plain drawdown", "a refusal")
    drawdown = Transact(Kind.DRAWDOWN, card, 100, "NOK", ref)
    stage.take("A", drawdown, answer, name="d")
    # In an index of a database, what is not there is not equal to itself.
    stage.take("A", drawdown, stage.send(request))
    stage.read_back("TX-9")
    stage.perform("c = capture d 1", "d2 = draw A available")
    stage.finish()


@rule("TX-1", "TX-5", "FUND-1", "CAP-1", "TX-8")
@pytest.mark.parametrize("sent", ["", ' with {"metadata": {"order": "7"}}'], ids=["", "metadata"])
def test_equal_payments_with_ref_ids_of_their_own_are_two(check: Check, sent: str) -> None:
    """Only the ref_id makes a request a repeat, not that it asks for the same at the same time."""
    twice = {"d": "draw A 10", "f": "fund A 20", "h": "hold A 30", "c": "capture h1 5"}
    lines = [f"{name}{n} = {line}{sent}" for name, line in twice.items() for n in (1, 2)]
    check("A = card 1000 NOK", *lines, unread=len(lines))


@rule("TX-1", "TX-5", "FUND-1", "CAP-1")
def test_amounts_that_are_no_binary_fractions_are_exact(check: Check) -> None:
    """29 cents, and amounts like them, are a little less than 29 if they were 0.29 of a unit."""
    lines = ["A = card 200058 EUR", "h = hold A 100000"]
    for n, amount in enumerate(CENTS):
        lines += [f"f{n} = fund A {amount}", f"c{n} = capture h {amount}"]
        lines += [f"d{n} = draw A {amount}", f"i{n} = hold A {amount}"]
    check(*lines, *[f"e{n} = capture i{n}" for n in range(len(CENTS))], unread=5 * len(CENTS))


CENTS = (29, 57, 58, 115, 820, 1706, 1998, 1999)
"""Of each, x / 100 * 100 or the decimal notation of x / 100, times 100, is less than x."""


@rule("TX-5", "CAP-1", "CAP-2")
@pytest.mark.parametrize("amount", [671_089, 2**24 + 1, 2**31 + 1, 2**53 + 1])
def test_a_large_hold_is_exact_if_it_is_accepted(check: Check, amount: int) -> None:
    # Where an API takes no cent, amounts are multiplied: the first one then has more digits than a
    # float of 32 bits, and is less than 100,000,000.
    check(
        f"A = card {amount}",
        f"h1 = hold A {amount}",
        "x1 = capture h1 remaining+1",
        "c1 = capture h1 1",
        "x2 = capture h1 remaining+1",
    )


@rule("TX-1", "FUND-1", "BAL-1")
@pytest.mark.parametrize("amount", [2**31 - 1, 2**31, 2**32 + 1, 2**53 - 1])
def test_large_amounts_are_exact_if_they_are_accepted(check: Check, amount: int) -> None:
    check(
        f"A = card {amount} NOK",
        f"f1 = fund A {amount}",
        "again f1",
        "f2 = fund A 1",  # the sum of two equal amounts is even, and exact in a float
        "h1 = hold A available/3",
        "x1 = draw A available+1",
        "c1 = capture h1 remaining/2",
        "again c1",
        "d1 = draw A available-1",
        "again d1",
        "v1 = void h1",
        "d2 = draw A available",
        unread=7,
    )


LONG = 52
"""Funds in a row: a server that keeps snapshots of a card makes one every ten or fifty changes."""


@rule("TX-2", "CAP-2", "CAP-6", "TOKEN-2", "TOKEN-11", "REF-1")
def test_a_card_with_a_long_history_forgets_nothing(check: Check) -> None:
    """What was spent, settled and used up early is so after many changes, and after each of them
    all that is available is the bound.
    """
    check(
        "A = card 1000 NOK",
        *('o = token A with {"one_time": "true"}', "p = draw o 10"),
        *("g = hold A 50", "v = void g", "h = hold A 300", "c = capture h 100"),
        *[
            line
            for number in range(LONG)
            for line in (f"f{number} = fund A 1", f"x{number} = draw A available+1")
        ],
        *("again o", "q = draw o 10", "y = capture g 1", "z = capture h remaining+1"),
        *("again p", "again c", "again v", "again f0", "d = draw A available"),
        unread=7 + 2 * LONG + 9,
    )
