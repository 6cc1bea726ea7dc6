"""BAL: what a request that was refused leaves behind, where it asked for several things at once.

A server that writes before it has checked everything, or commits piece by piece, leaves a part.
Whether such a request is refused is mostly open; once it is, nothing of it may be there.
"""

from __future__ import annotations

from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of, is_refused
from tallystick.ledger.vocabulary import CardId
from tallystick.profiles.wallet import operations as op
from tallystick.run import Run

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

NO_SIGNS = {"format": {"length": 8, "numbers": False, "symbols": False, "characters": False}}
TOO_SHORT = {"format": {"length": 3, **request_builders.DIGITS}}
IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "a PIN that is too short": {"pin": TOO_SHORT},
    "a PIN of no signs": {"pin": NO_SIGNS},
    "a token of no signs": {"card_token": {"expires_in": 3600, **NO_SIGNS}},
}
"""Codes that cannot be made, or not so short (CARD-15); the rest of the request is good."""


@rule("BAL-6", "CARD-4")
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_batch_that_is_refused_has_made_no_card(run: Run, where: str) -> None:
    stage = Stage(run, "A = card 100 NOK")
    stage.require(op.PREPARE_CARDS)
    new = [stage.fresh_card("b") for _ in range(2)]
    taken = stage.card_id("A")
    names = [*new, taken] if where == "before" else [taken, *new]
    entries = [{"card_id": name, "type": "gift_card"} for name in names]
    if is_refused(stage.send(request_builders.batch(stage.base, entries))):
        _are_missing(stage, new)
    stage.read_back("BAL-6", only="A", lists=False)


@rule("BAL-6", "CARD-15")
@pytest.mark.parametrize("code", IMPOSSIBLE)
def test_a_card_that_is_refused_for_its_codes_was_not_made(run: Run, code: str) -> None:
    stage = Stage(run)
    card_id, customer = stage.fresh_card(), stage.fresh("customer")
    wanted = request_builders.open_card(
        stage.base, card_id, 100, customer_id=customer, **IMPOSSIBLE[code]
    )
    if not is_refused(stage.send(wanted)):
        return
    _are_missing(stage, [card_id])
    for request in stage.offered(request_builders.customer_cards(stage.base, customer)):
        listed = body_of(stage.send(request))
        stage.direct.expect("BAL-6", not listed, "no card of the customer", f"{listed}")


@rule("CARD-11", "BAL-6")
def test_a_rotation_that_is_refused_leaves_the_pin_in_force(run: Run) -> None:
    stage = Stage(run, "A = card 100 NOK")
    stage.require(op.ROTATE_PIN, op.ISSUE_TOKEN, op.READ_BY_TOKEN)
    card_id = stage.card_id("A")
    four = {"length": 4, **request_builders.DIGITS}
    made = body_of(stage.send(request_builders.rotate_pin(stage.base, card_id, **four))) or {}
    pin = ((made.get("pin") or {}).get("pin") or {}).get("value")
    if pin is None:
        pytest.skip("the answer shows no PIN")
    stage.perform("t = token A")  # after the rotation, which may end all tokens
    token = stage.token("t")
    for wanted in (TOO_SHORT, NO_SIGNS):
        refused = stage.send(request_builders.rotate_pin(stage.base, card_id, **wanted["format"]))
        if not is_refused(refused):
            return
        shown = stage.send(request_builders.info(stage.base, token, pin=pin))
        stage.direct.expect(
            "CARD-11",
            not is_refused(shown),
            "info with the PIN, which is still in force",
            "a refusal",
        )


def _are_missing(stage: Stage, cards: list[CardId]) -> None:
    """None of the cards of a refused request can be read or pays."""
    for card_id in cards:
        answer = stage.send(request_builders.read_card(stage.base, card_id))
        stage.direct.expect_refusal("BAL-6", answer, f"no card {card_id!r} was made")
