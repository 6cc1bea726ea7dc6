"""READ: the filter by amount of the card list sees cards of the same available amount alike."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.support.pagination import (
    ListPosition,
    follow_cursors,
    in_order_of_creation,
    locate,
    make_card,
    page,
)
from contracts.support.staging import Stage
from tallystick.ledger.vocabulary import CardId
from tallystick.run import Run

rule = pytest.mark.rule
broad = pytest.mark.broad
pytestmark = pytest.mark.api("wallet")


@rule("READ-10", "SHAPE-1")
@pytest.mark.alone
def test_the_filter_by_amount_sees_what_is_available(run: Run) -> None:
    # Neither its type nor its comparison is documented, so cards are compared to each other.
    stage = Stage(run)
    row = [stage.fresh_card("first")]
    make_card(stage, row[0])
    stage.perform(*LIKE_400, unread=True)
    row.append(stage.fresh_card("last"))
    make_card(stage, row[-1])
    own = _by_available(stage)
    position = locate(stage, [card_id for alike in own.values() for card_id in alike], row)
    if position is None or in_order_of_creation(own[400], position.reference.ids()) is False:
        pytest.skip("the cards are not next to each other in the list")
    for amount in (400, 399, 401, 1000):
        _are_seen_alike(stage, position, own, amount)
    _sees_the_farthest_too(stage, position, own[400])


def _sees_the_farthest_too(stage: Stage, position: ListPosition, alike: list[CardId]) -> None:
    """A card far behind is seen by the amount that it has, if the own cards are seen by theirs."""
    near = follow_cursors(stage, after=position.after, pages=3, amount_available=400)
    if near is None or not set(alike) <= set(near.ids()):
        return
    own = next(card for card in near.cards if card.get("card_id") == alike[0])
    # A filter may leave out what cannot be spent: what waits for activation, or is at its end.
    listed = (card for card in reversed(position.reference.cards) if _is_of_a_kind(card, own))
    farthest = next((card for card in listed if card.get("amount_available")), None)
    if farthest is None:
        return
    available, name = farthest["amount_available"], farthest.get("card_id")
    read = follow_cursors(stage, after=position.after, pages=3, amount_available=available)
    # Cards of others may have changed in between.
    again = follow_cursors(stage, after=position.after, pages=1)
    if read is None or again is None or farthest not in again.cards:
        return
    stage.direct.expect(
        "READ-10",
        name in read.ids() or not read.is_complete,
        f"with amount_available={available} card {name!r}, {len(again.cards)} cards behind",
        "the end of the list without it",
    )


def _is_of_a_kind(card: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two cards differ in nothing but their money, names and dates."""
    return all(card.get(name) == other.get(name) for name in KIND)


KIND = ("type", "status", "currency", "active_from", "expires_at")
"""By these a filter may tell cards apart: what can be paid with each is more than a figure."""


def _by_available(stage: Stage) -> dict[int, list[CardId]]:
    """The cards that were made, in order, by what is available on them: 399, 400 or 401."""
    own: dict[int, list[CardId]] = {399: [], 400: [], 401: []}
    for label in [line[0] for line in LIKE_400 if " = card " in line or " = batch" in line]:
        if label in stage.session.ledgers:
            available = stage.session.ledger(label).available
            if available in own:
                own[int(available)].append(stage.card_id(label))
    return own


LIKE_400 = (
    *("A = card 1000 NOK", "h = hold A 600", "L = card 399 NOK", "M = card 401 NOK"),
    *("B = card 400 NOK", "C = card 100 NOK", "f = fund C 300"),
    # In the middle are those that a filter may leave out, or end at.
    *("G = batch", "activate G 400 NOK", "W = batch", "P = card 100 NOK"),
    *("p = draw P available", "delete P"),
    *("D = card 900 NOK", "i = hold D 500", "c = capture i 200"),
    *("E = card 400 NOK", "j = hold E 100", "v = void j"),
    *("F = card 600 NOK", "d = draw F 200", "N = card 399 NOK", "O = card 401 NOK"),
)
"""Cards of which 400 is available, each in another way, and some with less or more."""


def _are_seen_alike(
    stage: Stage, position: ListPosition, own: dict[int, list[CardId]], amount: int
) -> None:
    """The filter shows all cards of the same amount or none, with deleted ones asked for or not."""
    shown: dict[str | None, list[str]] = {}
    for flag in (None, "true"):
        read = follow_cursors(
            stage, after=position.after, pages=3, amount_available=amount, include_deleted=flag
        )
        stage.run.count_checked("READ-10")
        if read is None:
            continue  # refused: the type of the filter is open
        for available, alike in own.items():
            shown[flag] = [card_id for card_id in read.ids() if card_id in alike]
            cut_off = not read.is_complete and shown[flag][-1:] == read.ids()[-1:]
            stage.direct.expect(
                "READ-10",
                len(shown[flag]) in (0, len(alike)) or cut_off,
                f"with amount_available={amount} all cards of which {available} is available, or"
                f" none: {alike}",
                f"only {shown[flag]}",
            )
        every = [card_id for alike in own.values() for card_id in alike]
        shown[flag] = [card_id for card_id in read.ids() if card_id in every]
        # Whatever the comparison is, of what has less, as much and more one is shown.
        stage.direct.expect(
            "READ-10",
            amount != 400 or bool(shown[flag]) or not read.is_complete,
            f"with amount_available={amount} those of which 399, 400 or 401 is available: {every}",
            "none of them",
        )
    flagged = shown.get("true", shown.get(None))
    stage.direct.expect(
        "READ-10",
        len(flagged or ()) == len(shown.get(None, flagged or ())),
        f"with include_deleted the cards that amount_available={amount} shows without it",
        f"{flagged}",
    )


@rule("READ-10", "CARD-8", "SHAPE-1")
@pytest.mark.alone
def test_the_filter_by_amount_sees_deleted_cards_that_are_asked_for(run: Run) -> None:
    stage = Stage(run)
    row = [stage.fresh_card("first")]
    make_card(stage, row[0])
    stage.perform("A = card 100 NOK", "a = draw A available", unread=True)
    stage.perform("B = card 100 NOK", "b = draw B available", "delete B", unread=True)
    stage.perform("C = card 100 NOK", "c = draw C available", unread=True)
    row.append(stage.fresh_card("last"))
    make_card(stage, row[-1])
    kept = [stage.card_id("A"), stage.card_id("C")]
    position = locate(stage, kept, row)
    if position is None or not in_order_of_creation(kept, position.reference.ids()):
        pytest.skip("the cards are not next to each other in the list")
    everything = _with_deleted(stage, position)
    if everything is None or everything.get(stage.card_id("B")) != 0:
        pytest.skip("the list does not show that nothing is left on the deleted card")
    for amount in (0, 1):
        shown = _with_deleted(stage, position, amount_available=amount)
        stage.run.count_checked("READ-10")
        if shown is None or len(shown.keys() & set(kept)) == 1:
            continue  # refused: the type of the filter is open; or cards of others came in between
        stage.direct.expect(
            "READ-10",
            (stage.card_id("B") in shown) == (kept[0] in shown),
            f"with amount_available={amount} and include_deleted all cards without money, or none",
            f"only {sorted(shown.keys() & {*kept, stage.card_id('B')})}",
        )


def _with_deleted(stage: Stage, position: ListPosition, **query: Any) -> dict[str, Any] | None:
    """What is available on each card from a position on, deleted ones too; None: refused."""
    read = follow_cursors(stage, after=position.after, pages=3, include_deleted="true", **query)
    if read is None:
        return None
    figures = (card.get("amount_available") for card in read.cards)
    return dict(zip(read.ids(), figures, strict=True))


@broad
@rule("READ-10", "SHAPE-1")
@pytest.mark.alone
def test_the_filter_by_amount_is_the_same_on_every_page(run: Run) -> None:
    # In a list that starts with the newest, the filter has these two cards to tell apart.
    stage = Stage(run, "A = card 100 NOK", "B = card 400 NOK")
    cards = (page(stage, limit=9) or {}).get("cards", [])
    figures = [card.get("amount_available") for card in cards]
    amounts = sorted({figure for figure in figures if isinstance(figure, int)})
    for amount in dict.fromkeys([*amounts[:1], *amounts[-1:]]):
        before, joined, after = (
            follow_cursors(stage, limit=limit, pages=9 // limit, amount_available=amount)
            for limit in (9, 3, 9)
        )
        if before is None or joined is None or after is None:
            continue  # refused: the type of the filter is open
        whole, parts = before.ids(), joined.ids()
        shared = min(len(whole), len(parts))
        stage.direct.expect(
            "READ-10",
            # Cards of others may have come in between.
            whole[:shared] == parts[:shared] or before.ids() != after.ids(),
            f"with amount_available={amount} on pages of 3 what is on one of 9: {whole}",
            f"{parts}",
        )
