"""READ: every view is complete, without repeats, and current as soon as a write is answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.identity import agree, identity_of
from contracts.support.pagination import (
    ListPosition,
    Traversal,
    exchanges_since,
    follow_cursors,
    in_order_of_creation,
    locate,
    make_card,
    page,
    page_with,
)
from contracts.support.staging import FIRST, Stage, body_of, spelled
from tallystick.conditions import listing, nowhere, on_some_page
from tallystick.ledger.vocabulary import CardId, OpenCard
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.repeating import until_answered
from tallystick.run import Run
from tallystick.suite import Suite

rule = pytest.mark.rule
broad = pytest.mark.broad
pytestmark = pytest.mark.api("wallet")

ANCHORS, OWN = 2, 8
"""How many cards are made on either side, to serve as cursors, and how many own cards."""


# Read after write ---------------------------------------------------------------------------------


@rule("READ-1", "READ-2", "TOKEN-3", "CARD-10")
def test_every_view_shows_a_write_at_once(run: Run) -> None:
    stage = Stage(run)
    customer = stage.fresh("customer")
    stage.perform(f"A = card 1000 NOK {spelled({'customer_id': customer})}", "t = token A")
    for line in ("d = draw A 100", "h = hold A 300", "c = capture h 120", "f = fund t 30"):
        stage.perform(line, "info t", "customer A", "list A")
    for line in ("v = void h", "i = hold A 50", "e = capture i"):
        stage.perform(line, "info t", "customer A", "list A")
    stage.perform(f"g = fund A {2**31}", "customer A", "info t", unread=True)
    stage.finish()


@broad
@rule("READ-1", "READ-8", "BAL-1", "BAL-2", "CAP-4")
def test_the_card_list_shows_the_figures_of_now(listed_cards: ListedCards, run: Run) -> None:
    stage = Stage(run)
    sent = spelled({"name": "Listed", "metadata": {"order": "1"}})
    stage.perform(f"A = card 1000 NOK {sent}", "d = draw A 100", "h = hold A 300", unread=True)
    stage.perform("c = capture h 120", "v = void h", "i = hold A 50", unread=True)
    stage.perform("p = capture i 20", unread=True)
    card_id = stage.card_id("A")
    for after in (None, listed_cards.ids[-1]):
        listed = _listed(stage, card_id, after)
        if listed is None:
            continue
        stage.shows("A", listed)
        details = body_of(stage.send(request_builders.read_card(stage.base, card_id))) or {}
        same = agree(identity_of(details), identity_of(listed))
        stage.direct.expect("READ-8", same, f"{identity_of(details)}", f"{listed}")
        for line in (f"f = fund A {2**31}", "e = capture i"):
            stage.perform(line, unread=True)
            listed = _listed(stage, card_id, after)
            if listed is not None:  # cards of others may have come in between
                stage.shows("A", listed, "READ-1")
        return
    pytest.skip("new cards are too far away in the card list")


@rule("CARD-2", "CARD-6")
def test_the_card_list_shows_what_a_card_was_activated_with(
    listed_cards: ListedCards, run: Run
) -> None:
    stage = Stage(run)
    stage.require(op.PREPARE_CARDS, op.ACTIVATE_CARD)
    stage.perform("A = batch", f"activate A 700 NOK {spelled(FIRST)}", unread=True)
    for after in (None, listed_cards.ids[-1]):
        listed = _listed(stage, stage.card_id("A"), after)
        if listed is not None:
            stage.shows("A", listed, "CARD-2")
            return
    pytest.skip("new cards are too far away in the card list")


def _listed(stage: Stage, card_id: str, after: str | None) -> Any:
    """The card on a page of the card list, if it is there."""
    cards = (page(stage, limit=20, starting_after=after) or {}).get("cards", [])
    return next((item for item in cards if item.get("card_id") == card_id), None)


@rule("READ-4", "READ-1")
def test_a_card_that_does_not_exist_cannot_be_read(run: Run) -> None:
    stage = Stage(run)
    missing, customer = stage.fresh_card("nobody"), stage.fresh("customer")
    for request in stage.offered(
        request_builders.read_card(stage.base, missing),
        request_builders.list_transactions(stage.base, missing),
        request_builders.customer_card(stage.base, customer, missing),
    ):
        stage.direct.expect_refusal("READ-4", stage.send(request), "there is no such card")
    for request in stage.offered(request_builders.customer_cards(stage.base, customer)):
        listed = body_of(stage.send(request))
        stage.direct.expect("READ-4", not listed, "no cards of a customer without any", f"{listed}")
    # A cache must not keep "there is no such card" after the card was made.
    made = OpenCard(missing, 100, "NOK", (("customer_id", customer),))
    stage.take("A", made, stage.send(wire.encode(made, run.target.address.account)))
    stage.perform("read A", "customer A")
    for request in stage.offered(request_builders.customer_cards(stage.base, customer)):
        listed = body_of(stage.send(request)) or []
        stage.direct.expect(
            "READ-1",
            missing in [item.get("card_id") for item in listed],
            f"card {missing!r}, which was made before",
            f"{listed}",
            right=listing([item.get("card_id") for item in listed], [missing]),
        )


# The card list ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListedCards:
    """The suite's own cards, made one after the other, and where the list shows them."""

    stage: Stage
    """In its story they are made."""
    own: list[CardId]
    ids: list[str]
    """The server's ids of the same cards; the server may accept them as cursors."""
    position: ListPosition | None

    def position_now(self, stage: Stage) -> ListPosition:
        """Where the cards are now; skips the test if they are too far from every known cursor."""
        if self.position is None:
            pytest.skip("the own cards are too far away in the card list")
        now = follow_cursors(stage, after=self.position.after, pages=1)
        known = now is not None and set(self.own) <= set(now.ids())
        if now is None or not known:
            return self.position
        return ListPosition(self.position.after, now)


@pytest.fixture(scope="module")
def listed_cards(run: Run, suite: Suite) -> ListedCards:
    """Cards that only the tests of the list use, and where the list shows them."""
    found = until_answered(run, lambda: make_listed_cards(run))
    if found.position is None:
        why = "the own cards are too far away in the card list of this account"
        suite.not_claimed.update({"READ-5": why, "READ-6": why})
    return found


def make_listed_cards(run: Run) -> ListedCards:
    """Make the own cards, with cards on either side whose ids may be cursors, and find them."""
    stage = Stage(run)
    row = [stage.fresh_card("s") for _ in range(ANCHORS + OWN + ANCHORS)]
    made = [make_card(stage, card_id) for card_id in row]
    own = slice(ANCHORS, ANCHORS + OWN)
    position = locate(stage, row[own], [made[0], made[-1], row[0], row[-1]])
    return ListedCards(stage, row[own], made[own], position)


def _holds_all(own: Iterable[str]) -> Any:
    wanted = set(own)
    return lambda ids: wanted <= set(ids)


@rule("READ-5", "READ-3", "READ-7")
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_every_size_join_without_gap_or_overlap(
    run: Run, listed_cards: ListedCards, limit: int
) -> None:
    stage = listed_cards.stage.branch()
    # In a list that starts with the oldest, this card is the last: a page must not lose it.
    last = stage.fresh_card("last")
    make_card(stage, last)
    position = listed_cards.position_now(stage)
    own = [*listed_cards.own, last] if last in position.reference.ids() else listed_cards.own
    pages = min(position.cards_to_read(own), 40) + 2 * ANCHORS
    begin = len(stage.story.events)
    read = follow_cursors(
        stage, after=position.after, limit=limit, pages=pages, until=_holds_all(own)
    )
    if read is None:
        stage.direct.violate("READ-7", f"a page of {limit} cards", "no page")
    missing = sorted(set(own) - set(read.ids()))
    stage.direct.expect(
        "READ-5",
        not (missing and position.has_passed(read, own)),
        f"{len(own)} cards on pages of {limit}",
        f"{missing} on none of them",
        right=on_some_page(position.first_of(missing), exchanges_since(stage, begin)),
    )


@broad
@rule("READ-5", "READ-7")
def test_the_largest_pages_leave_out_no_card_of_smaller_ones(
    run: Run, listed_cards: ListedCards
) -> None:
    stage = listed_cards.stage.branch()
    after = listed_cards.position_now(stage).after
    for start in dict.fromkeys([after, None]):
        traversals = [
            follow_cursors(stage, after=start, limit=limit, pages=pages)
            for limit, pages in LARGE.items()
        ]
        large, small = (read or Traversal((), False) for read in traversals)
        both = [index for index, card_id in enumerate(small.ids()) if card_id in large.ids()]
        between = small.ids()[both[0] : both[-1] + 1] if both else []
        missing = [card_id for card_id in between if card_id not in large.ids()]
        stage.direct.expect(
            "READ-5", not missing, "on pages of 100 what is on pages of 45", f"no {missing}"
        )
        if large.is_complete and both:
            _ends_where_it_says(stage, start, small.ids()[both[-1] + 1 :])


@rule("READ-5", "READ-3")
def test_a_full_page_that_is_the_last_one_ends_the_list(
    run: Run, listed_cards: ListedCards
) -> None:
    """A cursor on the last page, where it is full, does not lead back."""
    stage = listed_cards.stage.branch()
    position = listed_cards.position_now(stage)
    count = len(position.reference.ids())
    if not position.reference.is_complete:
        pytest.skip("the own cards are too far from the end of the card list")
    if count % 2:
        make_card(stage, stage.fresh_card("even"))
    for limit in dict.fromkeys((max(1, min(100, (count + 1) // 2)), 2, 1)):
        pages = min(count // limit, 12) + 2
        follow_cursors(stage, after=position.after, limit=limit, pages=pages)


def _ends_where_it_says(stage: Stage, start: str | None, behind: list[str]) -> None:
    """Cards that smaller pages show behind the last one of the largest pages are on those now."""
    for limit, pages in LARGE.items():  # cards of others may have come or gone in between
        again = follow_cursors(stage, after=start, limit=limit, pages=pages) if behind else None
        if again is None or (limit == 100 and not again.is_complete):
            return
        behind = [one for one in behind if (one in again.ids()) is (limit != 100)]
    stage.direct.expect(
        "READ-5", not behind, "on pages of 100, up to the last, what smaller ones have", f"{behind}"
    )


LARGE = {100: 2, 45: 4}
"""By size of a page: so many pages; both read about the same number of cards."""


@rule("READ-6", "READ-3")
@pytest.mark.parametrize("limit", [2])
def test_pages_that_are_read_while_cards_are_added_miss_none(
    run: Run, listed_cards: ListedCards, limit: int
) -> None:
    stage = listed_cards.stage.branch()
    position = listed_cards.position_now(stage)
    distance = position.cards_to_read(listed_cards.own)
    if distance > 3 * OWN:
        pytest.skip("the own cards are not next to a cursor")

    def add() -> None:
        stage.send(request_builders.open_card(stage.base, stage.fresh_card("added")))

    begin = len(stage.story.events)
    read = follow_cursors(
        stage,
        after=position.after,
        limit=limit,
        pages=2 * distance + ANCHORS,
        until=_holds_all(listed_cards.own),
        between=add,
    )
    if read is None:
        stage.direct.violate("READ-7", f"a page of {limit} cards", "no page")
    missing = sorted(set(listed_cards.own) - set(read.ids()))
    stage.direct.expect(
        "READ-6",
        not (missing and position.has_passed(read, listed_cards.own)),
        f"all {OWN} cards that were there before",
        f"{missing} on no page",
        right=on_some_page(position.first_of(missing), exchanges_since(stage, begin)),
    )


@broad
@rule("CARD-8", "READ-5", "CARD-2")
def test_a_deleted_card_is_listed_only_if_asked_for(run: Run, listed_cards: ListedCards) -> None:
    stage = listed_cards.stage.branch()
    row = [stage.fresh_card("b") for _ in range(3)]
    cursor, _ = [make_card(stage, card_id) for card_id in row[:2]]
    stage.perform(f"A = card 100 NOK {spelled(FIRST)}", "d = draw A available", unread=True)
    deleted = stage.card_id("A")
    alive = _listed(stage, deleted, cursor) or _listed(stage, deleted, None)
    stage.perform("delete A", unread=True)
    make_card(stage, row[2])
    if stage.session.ledger("A").card_status != "deleted":
        pytest.skip("the target keeps the card")
    position = listed_cards.position_now(stage)
    reference = position.reference.ids()
    for after, pages in ((cursor, 1), (None, 1), (position.after, 4)):
        until = _holds_all(row[1:])
        begin = len(stage.story.events)
        hidden = follow_cursors(stage, after=after, pages=pages, until=until)
        shown = follow_cursors(stage, after=after, pages=pages, until=until, include_deleted="true")
        if hidden is None or shown is None:
            continue  # the cursor or the form of the flag is refused: both are open
        _is_hidden(stage, deleted, hidden, begin)
        _is_hidden_if_declined(stage, deleted, after, pages)
        _is_the_same(stage, alive, shown)
        # The flag adds deleted cards and removes none; a few more do not push these off the page.
        if set(row[1:]) <= set(hidden.ids()[:4]):
            stage.direct.expect(
                "CARD-8",
                set(row[1:]) <= set(shown.ids()),
                "with include_deleted what is listed without it, and deleted cards",
                f"{shown.ids()}",
            )
        # In a list in the order of creation it is between its neighbours.
        if in_order_of_creation(listed_cards.own, reference) and _holds_all(row[1:])(shown.ids()):
            stage.direct.expect(
                "CARD-8",
                deleted in shown.ids(),
                "the deleted card with include_deleted",
                "the cards made before and after it, without it",
                right=on_some_page(deleted, exchanges_since(stage, begin)),
            )


CONTENT = ("name", "metadata", "originated_by")
"""What a deletion may take off a card, if it takes all of it: a server may forget whose it was.

The customer_id may go with it or stay: without a name it says nothing of a person (question 33).
"""
KEPT = ("created_at", "created_by", "currency", "type", "customer_id", *CONTENT)


def _is_the_same(stage: Stage, alive: Any, shown: Traversal) -> None:
    """A deleted card that is listed shows nothing else than before; what it lacks is personal."""
    deleted = next((c for c in shown.cards if alive and c.get("id") == alive.get("id")), None)
    if deleted is None:
        return
    altered = [n for n in KEPT if deleted.get(n) and deleted[n] != alive.get(n)]
    lost = [n for n in KEPT if alive.get(n) and not deleted.get(n)]
    forgotten = not any(deleted.get(name) for name in CONTENT)
    stage.direct.expect(
        "CARD-2",
        not altered and (forgotten or not lost),
        f"the deleted card as it was listed before: {alive}",
        f"other than before: {', '.join(altered + lost)} of {deleted}",
    )


def _is_hidden_if_declined(stage: Stage, deleted: str, after: str | None, pages: int) -> None:
    """The flag is a boolean: that it is there does not mean that it is true."""
    begin = len(stage.story.events)
    declined = follow_cursors(stage, after=after, pages=pages, include_deleted="false")
    if declined is not None:  # the cursor or the form of the flag may be refused
        _is_hidden(stage, deleted, declined, begin)


def _is_hidden(stage: Stage, deleted: str, hidden: Traversal, begin: int) -> None:
    """A traversal that began after so many exchanges does not show a deleted card."""
    back = page_with(stage, begin, deleted)
    right = () if back is None else nowhere(deleted, back=back)
    is_hidden = deleted not in hidden.ids()
    stage.direct.expect("CARD-8", is_hidden, "no deleted card unasked", f"{deleted!r}", right=right)


@rule("READ-7")
def test_a_limit_is_honoured_and_has_bounds(run: Run) -> None:
    stage = Stage(run)
    if stage.has(op.LIST_CARDS):
        page(stage)
        page(stage, limit=1)
    customer = stage.fresh("customer")
    for limit in (0, 101):
        for request in stage.offered(
            request_builders.list_cards(stage.base, limit=limit),
            request_builders.customer_cards(stage.base, customer, limit=limit),
        ):
            # The server may refuse, or answer with a page within the bounds.
            body = body_of(stage.send(request))
            cards = body.get("cards", []) if isinstance(body, dict) else body or []
            stage.direct.expect(
                "READ-7", len(cards) <= 100, "at most 100 cards on a page", f"{len(cards)} cards"
            )
