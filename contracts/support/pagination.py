"""Walks through the card list, and where in it one's own cards are.

An account may hold thousands of cards, in an order that is open: newest first, oldest first, or
none that can be told. So a walk begins next to the own cards if a way there is found, and has a
limit on its pages in any case. It judges pages (READ-3, READ-7), not what they show of a card.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of, is_refused
from tallystick.target import Answer

LARGEST = 100
"""The largest page (P:cards/get-cards)."""
MOST_PAGES = 30
"""How far a search for the own cards goes where no cursor leads to them."""
DEEPEST = 12
"""How many cards of others may stand before the own ones in a walk by pages of one."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk saw: the cards in the order of their pages, and whether it came to the end."""

    cards: tuple[dict[str, Any], ...]
    ended: bool

    def ids(self) -> list[str]:
        """The card_ids in order."""
        return [str(card.get("card_id")) for card in self.cards]


def walk(
    stage: Stage,
    *,
    after: str | None = None,
    limit: int = LARGEST,
    pages: int = MOST_PAGES,
    until: Callable[[list[str]], bool] = lambda ids: False,
    between: Callable[[], None] = lambda: None,
    **query: Any,
) -> Walk | None:
    """Follow the cursors from `after` on; None if the first page is refused.

    Ends at the last page, after `pages` of them, or when `until` says so of the ids seen so far.
    `between` is called after each page.
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
            return Walk(tuple(seen), False) if number else None
        seen += body["cards"]
        _no_repeat(stage, seen)
        following = body.get("starting_after")
        if not following or not body["cards"]:
            return Walk(tuple(seen), True)
        if until([str(card.get("card_id")) for card in seen]):
            break
        cursor = following
        between()
    return Walk(tuple(seen), False)


def page(stage: Stage, **query: Any) -> dict[str, Any] | None:
    """One page of the card list; None if it is refused."""
    body: dict[str, Any] | None = body_of(_ask(stage, **query))
    return body


def _ask(stage: Stage, **query: Any) -> Answer:
    answer = stage.send(request_builders.list_cards(stage.base, **query))
    body = body_of(answer)
    if body is not None:
        limit, found = int(query.get("limit") or 10), len(body["cards"])
        stage.direct.expect("READ-7", found <= limit, f"at most {limit} cards", f"{found} cards")
    return answer


def _no_repeat(stage: Stage, seen: Sequence[dict[str, Any]]) -> None:
    counts = Counter(str(card.get("id") or card.get("card_id")) for card in seen)
    repeated = sorted(one for one, count in counts.items() if count > 1)
    stage.direct.expect("READ-3", not repeated, "every card once", f"{repeated} twice")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the own cards are: the cursor before them, and the walk by the largest pages there."""

    after: str | None
    reference: Walk

    def reach(self, own: Sequence[str]) -> int:
        """How many cards a walk from here sees until it has seen all of one's own."""
        ids = self.reference.ids()
        return max(ids.index(card_id) for card_id in own) + 1

    def is_passed(self, walked: Walk, own: Sequence[str]) -> bool:
        """Whether a walk went on beyond the own cards, so that one it did not see is missing."""
        beyond = self.reference.ids()[self.reach(own) :]
        return walked.ended or bool(set(beyond) & set(walked.ids()))


def find(stage: Stage, own: Sequence[str], anchors: Sequence[str]) -> Place | None:
    """The place of the own cards, which were made in this order; None if it is out of reach.

    `anchors` are ids of cards that stand next to them, if the list is in the order of creation:
    "an object ID that defines your place in the list" may be taken as a cursor, or may not.
    """

    def has_all(ids: list[str]) -> bool:
        return set(own) <= set(ids)

    for after in (*anchors, None):
        found = walk(stage, after=after, pages=1)
        if found is not None and has_all(found.ids()):
            return _nearer(stage, Place(after, found), own)
    found = walk(stage, until=has_all)
    if found is None:
        return None
    if not has_all(found.ids()):
        missing = sorted(set(own) - set(found.ids()))
        stage.direct.expect("READ-5", not found.ended, "every card on some page", f"no {missing}")
        return None
    return _nearer(stage, Place(None, found), own)


def _nearer(stage: Stage, place: Place, own: Sequence[str]) -> Place:
    """The same place by a cursor right before the own cards, if many others stand before them."""
    ids = place.reference.ids()
    before = min(ids.index(card_id) for card_id in own)
    after = place.after
    while before > DEEPEST:
        step = min(before, LARGEST)
        body = page(stage, limit=step, starting_after=after)
        if body is None or not body.get("starting_after"):
            return place
        after, before = body["starting_after"], before - step
    if after == place.after:
        return place
    found = walk(stage, after=after, pages=2, until=lambda ids: set(own) <= set(ids))
    if found is None or not set(own) <= set(found.ids()):
        return place
    return Place(after, found)


def in_order_of_creation(own: Sequence[str], ids: Sequence[str]) -> bool:
    """Whether the own cards stand in the order in which they were made, or in its reverse."""
    shown = [card_id for card_id in ids if card_id in set(own)]
    return shown in (list(own), list(reversed(own)))
