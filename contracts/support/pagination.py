"""Reads the card list page by page, and finds the suite's own cards in it.

An account may hold thousands of cards, and the order of the list is not documented. So a traversal
starts next to the own cards where a cursor leads there, and its number of pages is limited. This
module judges pages (READ-3, READ-5, READ-7), not what they show of a card.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of, is_refused, texts_in
from tallystick.conditions import Condition, Kind, nowhere
from tallystick.ledger.vocabulary import CardId, OpenCard
from tallystick.target import Answer

LARGEST = 100
"""The largest page (P:cards/get-cards)."""
MOST_PAGES = 30
"""The most pages that are read to find the own cards where no cursor leads to them."""
DEEPEST = 12
"""The most cards before the own ones that a traversal by pages of one card starts with."""


@dataclass(frozen=True, slots=True)
class Traversal:
    """The cards that were read, in the order of their pages."""

    cards: tuple[dict[str, Any], ...]
    is_complete: bool
    """Whether the last page of the list was read."""

    def ids(self) -> list[str]:
        """The card_ids in order."""
        return [str(card.get("card_id")) for card in self.cards]


def make_card(stage: Stage, card_id: CardId) -> str:
    """Make a card to look for; the server's id of it."""
    answer = stage.send(request_builders.open_card(stage.base, card_id))
    stage.take(card_id, OpenCard(card_id, 100, "NOK"), answer)
    return str((body_of(answer) or {}).get("id", card_id))


def follow_cursors(
    stage: Stage,
    *,
    after: str | None = None,
    limit: int = LARGEST,
    pages: int = MOST_PAGES,
    until: Callable[[list[str]], bool] = lambda ids: False,
    between: Callable[[], None] = lambda: None,
    **query: Any,
) -> Traversal | None:
    """Read pages of `limit` cards from the cursor `after` on; None if the first page is refused.

    Stops at the last page, after `pages` pages, or when `until` is true of the card_ids read so
    far. Calls `between` after each page. Raises Violated if a card appears twice (READ-3), a page
    is too large (READ-7), or a cursor that the server gave is refused (READ-5).
    """
    seen: list[dict[str, Any]] = []
    cursor = after
    for number in range(pages):
        answer = _ask(stage, limit=limit, starting_after=cursor, **query)
        body = body_of(answer)
        if body is None:
            stage.direct.expect(
                "READ-5",
                number == 0 or not is_refused(answer),
                "the page behind the cursor of the page before",
                "a refusal",
            )
            return Traversal(tuple(seen), False) if number else None
        seen += body["cards"]
        _no_repeat(stage, seen, len(body["cards"]))
        following = body.get("starting_after")
        if not following or (not body["cards"] and following == cursor):
            return Traversal(tuple(seen), True)
        if until([str(card.get("card_id")) for card in seen]):
            break
        cursor = following
        between()
    return Traversal(tuple(seen), False)


def exchanges_since(stage: Stage, begin: int) -> range:
    """How far back the exchanges are that came after the first `begin` of a story."""
    return range(len(stage.story.events) - begin)


def page_with(stage: Stage, begin: int, card_id: str) -> int | None:
    """How far back the first exchange after `begin` others is that shows a card, or None."""
    pages = stage.story.events[begin:]
    bodies = [getattr(event.exchange.answer, "body", None) for event in pages]
    shown = [card_id in texts_in(body) for body in bodies]
    return len(shown) - 1 - shown.index(True) if True in shown else None


def page(stage: Stage, **query: Any) -> dict[str, Any] | None:
    """One page of the card list; None if it is refused."""
    body: dict[str, Any] | None = body_of(_ask(stage, **query))
    return body


def _ask(stage: Stage, **query: Any) -> Answer:
    answer = stage.send(request_builders.list_cards(stage.base, **query))
    body = body_of(answer)
    if body is not None:
        limit, found = int(query.get("limit") or 10), len(body["cards"])
        right = (Condition(Kind.AT_MOST, ("cards",), (limit,)),)
        stage.direct.expect(
            "READ-7", found <= limit, f"at most {limit} cards", f"{found} cards", right=right
        )
    return answer


def _no_repeat(stage: Stage, seen: Sequence[dict[str, Any]], size: int) -> None:
    """No card is there twice; the last `size` cards are those of the newest page."""
    counts = Counter(str(card.get("id") or card.get("card_id")) for card in seen)
    repeated = sorted(one for one, count in counts.items() if count > 1)
    # The page before the last one shown has it already, unless it is twice on one page.
    newest = [str(card.get("id") or card.get("card_id")) for card in seen[-size:]] if size else []
    again = [one for one in repeated if newest.count(one) == 1]
    stage.direct.expect(
        "READ-3", not repeated, "every card once", f"{repeated} twice", right=nowhere(*again)
    )


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Where the own cards are in the list."""

    after: str | None
    """A cursor before the own cards; None: the start of the list."""
    reference: Traversal
    """The traversal from there by the largest pages."""

    def cards_to_read(self, own: Sequence[str]) -> int:
        """How many cards a traversal from here reads until it has read all own cards."""
        ids = self.reference.ids()
        return max(ids.index(card_id) for card_id in own) + 1

    def first_of(self, cards: Sequence[str]) -> str | None:
        """The first of the cards in the order of the list: a whole list shows it soonest."""
        return next((one for one in self.reference.ids() if one in cards), None)

    def has_passed(self, read: Traversal, own: Sequence[str]) -> bool:
        """Whether a traversal went beyond the own cards: then a card that it lacks is missing."""
        beyond = self.reference.ids()[self.cards_to_read(own) :]
        return read.is_complete or bool(set(beyond) & set(read.ids()))


def locate(stage: Stage, own: Sequence[str], anchors: Sequence[str]) -> ListPosition | None:
    """Find the own cards, given in the order of creation; None if they are too far away.

    `anchors` are ids of cards that are next to them if the list is in the order of creation. The
    server may accept them as cursors ("an object ID that defines your place in the list").
    """

    def has_all(ids: list[str]) -> bool:
        return set(own) <= set(ids)

    for after in (*anchors, None):
        found = follow_cursors(stage, after=after, pages=1)
        if found is not None and has_all(found.ids()):
            return _nearer(stage, ListPosition(after, found), own)
    found = follow_cursors(stage, until=has_all)
    if found is None:
        return None
    if not has_all(found.ids()):
        missing = sorted(set(own) - set(found.ids()))
        stage.direct.expect(
            "READ-5", not found.is_complete, "every card on some page", f"no {missing}"
        )
        return None
    return _nearer(stage, ListPosition(None, found), own)


def _nearer(stage: Stage, position: ListPosition, own: Sequence[str]) -> ListPosition:
    """The same position with a cursor closer to the own cards, if many other cards are between."""
    ids = position.reference.ids()
    before = min(ids.index(card_id) for card_id in own)
    after = position.after
    while before > DEEPEST:
        step = min(before, LARGEST)
        body = page(stage, limit=step, starting_after=after)
        if body is None or not body.get("starting_after"):
            return position
        after, before = body["starting_after"], before - step
    if after == position.after:
        return position
    found = follow_cursors(stage, after=after, pages=2, until=lambda ids: set(own) <= set(ids))
    if found is None or not set(own) <= set(found.ids()):
        return position
    return ListPosition(after, found)


def in_order_of_creation(own: Sequence[str], ids: Sequence[str]) -> bool:
    """Whether the own cards are listed in the order of their creation, or in the reverse order."""
    shown = [card_id for card_id in ids if card_id in set(own)]
    return shown in (list(own), list(reversed(own)))
