"""BAL: after every answer the figures and the list of transactions agree.

These rules are checked in the programs of all chapters; the programs here are those in which the
figures most easily differ: many holds at once, several cards, all operations in turn.
"""

from __future__ import annotations

import json

import pytest

from contracts.support.staging import Stage, spelled
from tallystick.fixtures import Check
from tallystick.run import Intensity, Run

rule = pytest.mark.rule
broad = pytest.mark.broad
wallet = pytest.mark.api("wallet")


@rule("BAL-1", "BAL-2", "BAL-3", "BAL-4", "BAL-5")
def test_a_full_lifecycle_of_a_card_adds_up(check: Check) -> None:
    check(
        "A = card 5000 EUR",
        "h1 = hold A 1000",
        "d1 = draw A 700",
        "h2 = hold A 900",
        "c1 = capture h1 400",
        "f1 = fund A 2500",
        "h3 = hold A 1",
        "v2 = void h2",
        "c3 = capture h3",
        "c4 = capture h1 600",
        "h4 = hold A available",
        "c5 = capture h4 remaining-1",
        "v4 = void h4",
        "d2 = draw A available",
    )


@broad
@rule("BAL-2", "BAL-4")
def test_many_holds_lock_the_sum_of_what_remains(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        *[f"h{number} = hold A {10 * number}" for number in range(1, 13)],
        "x1 = draw A available+1",
        *[f"c{number} = capture h{number} {3 * number}" for number in range(1, 13, 3)],
        *[f"v{number} = void h{number}" for number in range(1, 13, 4)],
        "d = draw A available",
        "x2 = draw A 1",
        unread=20,
    )


@rule("BAL-6")
def test_refusals_change_nothing(check: Check) -> None:
    check(
        "A = card 500 NOK",
        "h1 = hold A 200",
        "x1 = draw A available+1",
        "x2 = hold A available+1",
        "x3 = draw A 10 SEK",
        "x4 = capture h1 remaining+1",
        "x5 = capture missing",
        "x6 = void missing",
        "c1 = capture h1 200",
        "d1 = draw A available",
    )


@rule("BAL-7")
def test_cards_never_affect_each_other(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "B = card 1000 SEK",
        "C = card 0 NOK",
        "h1 = hold A 300",
        "h2 = hold B 400",
        "f1 = fund C 50",
        "c1 = capture h2 100",
        "d1 = draw A 200",
        "v1 = void h1",
        "x1 = draw C available+1",
        "d2 = draw B available",
        "c2 = capture h2",
    )


@wallet
@rule("BAL-7")
def test_cards_with_equal_attributes_never_affect_each_other(run: Run) -> None:
    stage = Stage(run)
    customer = stage.fresh("customer")
    shared = {"customer_id": customer, "name": "Twin", "metadata": {"order": customer}}
    stage.perform(
        *[f"{label} = card {amount} NOK {spelled(shared)}" for label, amount in TWINS.items()],
        "h1 = hold A 300",
        "f1 = fund B 50",
        "c1 = capture h1 100",
        "d1 = draw B 70",
        "h2 = hold C available ref=h1",
        "v1 = void h1",
        "d2 = draw A available ref=d1",
        "v2 = void h2 ref=v1",
    )
    stage.finish()


TWINS = {"A": 1000, "B": 700, "C": 400}
"""Cards of one customer, and how much each of them opens with."""

ALIKE = {
    "in case": ("key-a", "key-A"),
    "in an underscore": ("key_1", "keyx1"),
    "in their end": ("key", "key1"),
    "after 64 characters": ("k" * 64 + "1", "k" * 64 + "2"),
}
"""Pairs of card_ids that a careless database or pattern takes for the same."""


@rule("BAL-7", "BAL-5")
@pytest.mark.parametrize("difference", ALIKE)
def test_cards_with_similar_ids_never_affect_each_other(check: Check, difference: str) -> None:
    one, other = (json.dumps({"id_tail": tail}) for tail in ALIKE[difference])
    check(
        f"A = card 1000 NOK with {one}",
        f"B = card 700 NOK with {other}",
        "d1 = draw A 10",
        "h1 = hold B 20 ref=d1",
        "f1 = fund A 30",
        "c1 = capture h1 5",
        "d2 = draw A available",
        "delete A",
        "d3 = draw B 1 ref=d2",
        unread=8,
    )


CROWD = {Intensity.GATE: 104, Intensity.RELEASE: 260, Intensity.HUNT: 520}
"""So many drawdowns on one card; its list has to be complete, since it has no documented pages."""


@rule("BAL-5", "READ-3", "TX-8", "REF-5")
@pytest.mark.requests(120)
def test_a_crowded_card_lists_every_transaction_and_remembers_every_ref_id(
    run: Run, check: Check
) -> None:
    draws = [f"d{number} = draw A {1 + number % 9}" for number in range(CROWD[run.intensity])]
    repeated = {draws[0], draws[1], draws[103]}
    check(
        "A = card 5000 NOK",
        "h = hold A 500",
        "c = capture h 7",
        *draws,
        "f = fund A 50",
        "again d0",
        "again d103",
        "again c",
        "again h",
        "x = draw A available+1",
        "v = void h",
        "again d1",
        unread=len(draws) + 9,
        spare=set(draws) - repeated,
    )
    run.count_checked("REF-5")


@rule("CAP-5", "VOID-3", "BAL-6")
def test_a_hold_of_a_deleted_card_is_captured_once_at_most(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h = hold A 300",
        "i = hold A 700",
        "delete A",
        "c1 = capture h 100",
        "c2 = capture h",
        "c3 = capture h 1",
        "c4 = capture h",
        "v1 = void h",
        "v2 = void i",
        "v3 = void i",
        unread=10,
    )
