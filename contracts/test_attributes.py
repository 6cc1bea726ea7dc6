"""Lifecycle runs with every pair of attributes that a card and a payment can have.

A server may treat one currency, one type of card or one member in its own way at any point of the
lifecycle, and perhaps only together with another attribute. Twenty-five runs cover every pair of
attributes: the rows of a pairwise covering array. It is an orthogonal array with five levels: row
(i, j) has level (i + k * j) modulo 5 of factor k, and level j of one more factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from contracts.support.staging import spelled
from tallystick.fixtures import Check
from tallystick.profiles.wallet.wire import CURRENCIES
from tallystick.program import Verb
from tallystick.run import Run

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

Level = dict[str, Any]

TYPES: dict[str, Level] = {
    "no_type": {},
    "gift_card": {"type": "gift_card"},
    "credit_note": {"type": "credit_note"},
}
IDS: dict[str, Level] = {
    "ordinary_id": {},
    "digits": {"id_tail": "0012300"},
    "long_id": {"id_tail": "x" * 150},
    "id_like_an_exponent": {"id_tail": "1e5"},
    "id_of_many_signs": {"id_tail": "Kort_A.1:-"},
}
ODD_KEYS = {"a.b": "1", "$set": "2", "a b": "3", "__proto__": "4", "": "5"}
"""A database may refuse such names, but must not lose them."""

CARDS: dict[str, Level] = {
    "bare": {},
    "named": {"name": "Birthday card"},
    "of_a_customer": {"customer_tail": "customer", "originated_by": "till 2"},
    "with_metadata": {"metadata": {"order_id": "7", "note": "0"}},
    "with_a_period": {"active_from": "2020-02-29T12:00:00Z", "expires_at": "2090-12-31T23:59:59Z"},
}
PAYMENTS: dict[str, Level] = {
    "bare_payments": {},
    "orders": {"metadata": {"order_id": "o-1", "id": "1", "ref_id": "r"}},
    "falsy_texts": {"metadata": {"zero": "0", "false": "false", "null": "null"}},
    "origins": {"originated_by": "till 2".ljust(255, "x")},
    "many_keys": {"metadata": {f"key_{number}": "v" for number in range(10)} | ODD_KEYS},
}
MADE = {
    "created": (),
    "activated": ("batch",),
    "created_and_paid_by_token": ("token",),
    "activated_and_paid_by_token": ("batch", "token"),
}
"""How the card is made and what names it in a payment: a server has separate code for each."""

FACTORS = (list(CURRENCIES), list(IDS), list(CARDS), list(PAYMENTS), list(TYPES), list(MADE))
"""The levels of each factor by name; a factor with less than five repeats some of them."""


def rows() -> list[tuple[str, ...]]:
    """The levels of each run; every two factors are combined in all pairs of their levels."""
    return [
        tuple(
            levels[place % 5 % len(levels)]
            for levels, place in zip(FACTORS, (*(i + k * j for k in range(5)), j), strict=True)
        )
        for i in range(5)
        for j in range(5)
    ]


@rule("TX-1", "TX-2", "TX-4", "TX-5", "FUND-1", "CAP-1", "VOID-1", "REF-1", "CARD-2", "CARD-6")
@pytest.mark.parametrize("row", rows(), ids="-".join)
def test_every_pair_of_attributes_adds_up(run: Run, check: Check, row: tuple[str, ...]) -> None:
    sent = spelled(PAYMENTS[row[3]])
    closing = spelled({n: v for n, v in PAYMENTS[row[3]].items() if n == "metadata"})
    ways = [way for way in MADE[row[5]] if not _lacks(run, way)]
    made = _made(row, ways)
    by = "t" if "token" in ways else "A"
    # Amounts that go wrong if a server divides by 100 in floating point: int(853 / 100 * 100).
    check(
        *made,
        f"h1 = hold {by} 3212 {sent}",
        f"x1 = draw {by} available+1 {sent}",
        f"f1 = fund {by} 1606 {sent}",
        f"d1 = draw {by} 1631 {sent}",
        f"d2 = draw {by} 1631 {sent}",
        f"c1 = capture h1 853 {closing}",
        f"c2 = capture h1 853 {closing}",
        f"x2 = capture h1 remaining+1 {closing}",
        f"v1 = void h1 {closing}",
        "again c1",
        f"x3 = hold {by} available+1 {sent}",
        "again d1",
        f"d3 = draw {by} available",
        "x4 = draw A 1",
        unread=len(made) + 14,
    )


def _lacks(run: Run, way: str) -> bool:
    """Whether the target has no operation for a way to make a card or to name it."""
    support = run.target.support
    return bool(support.lacking(way) or (way == Verb.BATCH and support.lacking(Verb.ACTIVATE)))


def _made(row: tuple[str, ...], ways: Sequence[str]) -> tuple[str, ...]:
    """The steps that make the card and its token"""
    currency, card_id, card, _, kind, _ = row
    token = ("t = token A",) if "token" in ways else ()
    if "batch" not in ways:
        members = spelled(IDS[card_id] | CARDS[card] | TYPES[kind])
        return (f"A = card 90001 {currency} {members}", *token)
    batch, activation = spelled(IDS[card_id]), spelled(CARDS[card])
    return f"A = batch {batch}", f"activate A 90001 {currency} {activation}", *token
