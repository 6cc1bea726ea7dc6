"""READ and CARD: lists whose cards are deleted, spent and hidden while they are read."""

from __future__ import annotations

import pytest

from contracts.support import request_builders
from contracts.support.pagination import follow_cursors, locate
from contracts.support.staging import Stage, body_of, spelled
from tallystick.ledger.vocabulary import CardId
from tallystick.profiles.wallet import operations as op
from tallystick.run import Run

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

DOOMED, STAYING = 3, 5
"""How many cards are deleted while the pages are read, and how many stay."""


@pytest.mark.alone
@rule("READ-11", "READ-3", "READ-5")
def test_pages_that_are_read_while_cards_go_and_pay_miss_none(run: Run) -> None:
    stage = Stage(run)
    row = [stage.fresh_card("w") for _ in range(DOOMED + STAYING + 2)]
    ids = [_made(stage, card_id) for card_id in row]
    doomed, staying = row[1 : DOOMED + 1], row[DOOMED + 1 : -1]
    for card_id in doomed:
        _pay(stage, card_id, 100)  # a card without money can be deleted (CARD-8)
    position = locate(stage, [*doomed, *staying], (ids[0], ids[-1], row[0], row[-1]))
    if position is None:
        pytest.skip("new cards are too far away in the card list")
    ends = list(doomed)

    def change() -> None:
        if not ends:
            return
        # The first card of a page of two is no cursor: what a deleted one leads to is open.
        for request in stage.offered(request_builders.delete_card(stage.base, ends.pop(0))):
            stage.send(request)
        _pay(stage, staying[0], 1)

    read = follow_cursors(
        stage,
        after=position.after,
        limit=2,
        pages=2 * len(row),
        until=lambda seen: set(staying) <= set(seen),
        between=change,
    )
    if read is None:
        return
    missing = sorted(set(staying) - set(read.ids()))
    stage.direct.expect(
        "READ-11",
        not (missing and position.has_passed(read, staying)),
        f"all {STAYING} cards that stay",
        f"{missing} on no page",
    )


def _made(stage: Stage, card_id: CardId) -> str:
    """Make a card; the server's id of it."""
    answer = stage.send(request_builders.open_card(stage.base, card_id))
    return str((body_of(answer) or {}).get("id", card_id))


def _pay(stage: Stage, card_id: CardId, amount: int) -> None:
    stage.send(request_builders.transact(stage.base, stage.fresh_ref(), amount, card_id=card_id))


@rule("CARD-10", "READ-7")
def test_cards_that_a_customer_does_not_see_take_no_place_on_a_page(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.LIST_CUSTOMER_CARDS, op.DELETE_CARD)
    customer = stage.fresh("customer")
    whose = spelled({"customer_id": customer})
    hidden, shown = "ABFG", "CDE"
    stage.perform(*[f"{label} = card 100 NOK {whose}" for label in "ABCDEFG"], unread=True)
    for label in hidden:
        stage.perform(f"d{label} = draw {label} available", f"delete {label}", unread=True)
    if any(stage.session.ledger(label).card_status != "deleted" for label in hidden):
        pytest.skip("the target keeps the cards")
    own = sorted(stage.card_id(label) for label in shown)
    for limit in (3, 1):
        request = request_builders.customer_cards(stage.base, customer, limit=limit)
        listed = body_of(stage.send(request)) or []
        found = sorted(item.get("card_id") for item in listed)
        stage.direct.expect(
            "CARD-10",
            len(found) == limit and set(found) <= set(own),
            f"{limit} of the cards {own}, which fit on a page of {limit}",
            f"{found}",
        )
