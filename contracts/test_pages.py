"""READ and CARD: lists whose cards are deleted, spent, activated and hidden while they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.pagination import (
    ListPosition,
    Traversal,
    follow_cursors,
    in_order_of_creation,
    locate,
)
from contracts.support.staging import Stage, body_of, spelled
from tallystick.ledger.vocabulary import CardId
from tallystick.profiles.wallet import operations as op
from tallystick.run import Run

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

DOOMED, STAYING = 3, 5
"""How many cards are deleted while the pages are read, and how many stay."""
FITTING = 400
"""What is available on the cards that the filter shows; the others have less."""
ENDED = "now-600"
"""An expires_at in the past; whether a card may be made with it is open (question 30)."""
FARTHEST = 40
"""The most cards that are read on small pages to pass the own ones, which may be far apart."""

# Cards of every state -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """Cards in the order of creation; between the usable ones are others, and deleted ones."""

    usable: list[CardId]
    waiting: list[CardId]
    position: ListPosition

    @property
    def is_by_creation(self) -> bool:
        """Whether the list is in the order of creation: what is between two cards is known."""
        return in_order_of_creation(self.usable, self.position.reference.ids()) is True

    def missing_in(self, read: Traversal) -> list[CardId]:
        """The waiting cards that a traversal lacks though it read all around them."""
        surrounded = self.is_by_creation and set(self.usable) <= set(read.ids())
        if not (surrounded or read.is_complete):
            return []
        return sorted({*self.usable, *self.waiting} - set(read.ids()))


@pytest.mark.alone
@rule("READ-5", "READ-3", "READ-11")
def test_pages_miss_no_card_that_waits_or_stands_behind_deleted_ones(run: Run) -> None:
    stage = Stage(run)
    row = _row_of_every_state(stage)
    if row is None or row.position.cards_to_read(row.usable) > FARTHEST:
        pytest.skip("new cards are too far away in the card list")
    for limit in (1, 2):
        read = _read(stage, row, limit)
        missing = row.missing_in(read)
        stage.direct.expect("READ-5", not missing, f"every card on pages of {limit}", f"{missing}")
    steps = {card_id: request_builders.activate(stage.base, card_id) for card_id in row.waiting}
    for number, card_id in enumerate(row.usable):
        kind = "fund" if number % 2 else "drawdown"
        steps[card_id] = request_builders.transact(
            stage.base, stage.fresh_ref(), 1, card_id=card_id, type=kind
        )

    def change(read: list[str]) -> None:
        # The card that the cursor names: its place must not depend on what happened to it.
        for request in stage.offered(*filter(None, [steps.pop(CardId(read[-1]), None)])):
            stage.send(request)

    read = _read(stage, row, 1, change)
    missing = row.missing_in(read)
    stage.direct.expect(
        "READ-11", not missing, "every card, while those that were read change", f"no {missing}"
    )


def _read(
    stage: Stage, row: Row, limit: int, change: Callable[[list[str]], None] | None = None
) -> Traversal:
    """Read past the row, on pages of `limit` cards; `change` is told what was read so far."""
    seen: list[str] = []

    def remember(ids: list[str]) -> bool:
        seen[:] = ids
        return set(row.usable) <= set(ids)

    read = follow_cursors(
        stage,
        after=row.position.after,
        limit=limit,
        pages=2 * row.position.cards_to_read(row.usable),
        until=remember,
        between=lambda: change(seen) if change is not None and seen else None,
    )
    return read or Traversal((), False)


def _row_of_every_state(stage: Stage) -> Row | None:
    """Make usable cards with a batch and deleted cards between them; None if they are far away."""
    usable, waiting = [stage.fresh_card("w") for _ in range(3)], []
    ids = [_made(stage, card_id) for card_id in usable]
    batch = [{"card_id": stage.fresh_card("w"), "type": "gift_card"} for _ in range(3)]
    for request in stage.offered(request_builders.batch(stage.base, batch)):
        if body_of(stage.send(request)) is not None:
            waiting = [CardId(card["card_id"]) for card in batch]
    usable += _made_all(stage, 3, ids)
    for card_id in _made_all(stage, DOOMED, []):
        _pay(stage, card_id, 100)  # a card without money can be deleted (CARD-8)
        for request in stage.offered(request_builders.delete_card(stage.base, card_id)):
            stage.send(request)
    usable += _made_all(stage, 4, ids)
    anchors = (ids[0], ids[-1], usable[0], usable[-1])
    position = locate(stage, usable[1:-1], anchors)
    return None if position is None else Row(usable[1:-1], waiting, position)


def _made_all(stage: Stage, count: int, ids: list[str]) -> list[CardId]:
    """Make cards; the server's ids of them go to `ids`."""
    cards = [stage.fresh_card("w") for _ in range(count)]
    ids += [_made(stage, card_id) for card_id in cards]
    return cards


# The filter by amount -----------------------------------------------------------------------------


@pytest.mark.alone
@rule("READ-10", "READ-11", "READ-3")
def test_pages_with_a_filter_miss_no_card_that_fits_it(run: Run) -> None:
    stage = Stage(run)
    row = [(stage.fresh_card("w"), FITTING if fits == "F" else 100) for fits in "FFnnnFFFnFF"]
    ids = [_made(stage, card_id, amount) for card_id, amount in row]
    fitting = [card_id for card_id, amount in row if amount == FITTING]
    position = locate(stage, fitting[1:-1], (ids[0], ids[-1], row[0][0], row[-1][0]))
    if position is None or position.cards_to_read(fitting[1:-1]) > FARTHEST:
        pytest.skip("new cards are too far away in the card list")
    asked = _filter_that_shows(stage, position, fitting[1:-1])
    if asked is None:
        pytest.skip("no filter by amount shows these cards")
    payers = set(fitting[1:-1])

    def pay(read: list[str]) -> None:
        # The card that the cursor names fits the filter no more.
        if read and CardId(read[-1]) in payers:
            _pay(stage, CardId(read[-1]), 1)

    for rule_, change in (("READ-10", lambda read: None), ("READ-11", pay)):
        _filtered_pages_join(stage, position, fitting[1:-1], asked, rule_, change)


def _filter_that_shows(stage: Stage, position: ListPosition, own: list[CardId]) -> int | None:
    """An amount for which the list shows all own cards: the comparison is not documented."""
    for amount in (FITTING, FITTING - 1):
        read = follow_cursors(stage, after=position.after, pages=1, amount_available=amount)
        if read is not None and set(own) <= set(read.ids()):
            return amount
    return None


def _filtered_pages_join(
    stage: Stage,
    position: ListPosition,
    own: list[CardId],
    amount: int,
    rule_: str,
    change: Callable[[list[str]], None],
) -> None:
    """Read pages of two cards that fit; what is missing on them breaks the rule."""
    seen: list[str] = []

    def remember(ids: list[str]) -> bool:
        seen[:] = ids
        return set(own) <= set(ids)

    read = follow_cursors(
        stage,
        after=position.after,
        limit=2,
        pages=2 * position.cards_to_read(own),
        until=remember,
        between=lambda: change(seen),
        amount_available=amount,
    )
    missing = sorted(set(own) - set(read.ids())) if read is not None else []
    stage.direct.expect(
        rule_,
        not (read and missing and position.has_passed(read, own)),
        f"all cards of which {FITTING} is available, with amount_available={amount}",
        f"{missing} on no page of 2",
    )


# Deletion -----------------------------------------------------------------------------------------


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


def _made(stage: Stage, card_id: CardId, amount: int = 100) -> str:
    """Make a card; the server's id of it."""
    answer = stage.send(request_builders.open_card(stage.base, card_id, amount))
    return str((body_of(answer) or {}).get("id", card_id))


def _pay(stage: Stage, card_id: CardId, amount: int) -> None:
    stage.send(request_builders.transact(stage.base, stage.fresh_ref(), amount, card_id=card_id))


@rule("CARD-10", "READ-7")
def test_cards_that_a_customer_does_not_see_take_no_place_on_a_page(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.LIST_CUSTOMER_CARDS, op.DELETE_CARD)
    customer = stage.fresh("customer")
    whose = {"customer_id": customer}
    hidden, shown = {"A": "deleted", "B": "expired", "F": "expired", "G": "deleted"}, "CDE"
    for label in "ABCDEFG":
        ended = {"expires_at": ENDED} if hidden.get(label) == "expired" else {}
        stage.perform(f"{label} = card 100 NOK {spelled(whose | ended)}", unread=True)
    for label in (label for label, state in hidden.items() if state == "deleted"):
        stage.perform(f"d{label} = draw {label} available", f"delete {label}", unread=True)
    whole = [item.get("card_id") for item in _of_customer(stage, customer, 100)]
    own = sorted(stage.card_id(label) for label in shown)
    deleted = {
        stage.card_id(label)
        for label, state in hidden.items()
        if state == "deleted" and stage.session.ledger(label).card_status == "deleted"
    }
    stage.direct.expect(
        "CARD-10",
        set(own) <= set(whole) and not deleted & set(whole),
        f"{own}, and none of the deleted {sorted(deleted)}",
        f"{whole}",
    )
    for limit in (3, 1):
        found = [item.get("card_id") for item in _of_customer(stage, customer, limit)]
        stage.direct.expect(
            "CARD-10",
            len(found) == min(limit, len(whole)) and set(found) <= set(whole),
            f"{limit} of the cards {whole}, which fit on a page of {limit}",
            f"{found}",
        )


def _of_customer(stage: Stage, customer: str, limit: int) -> list[dict[str, Any]]:
    answer = stage.send(request_builders.customer_cards(stage.base, customer, limit=limit))
    return body_of(answer) or []
