"""Which cards and holds a run may have made on the target, learned from its exchanges.

It is fed live or from a journal. An exchange without an answer may have been carried out, so what
it asked for counts as made until more is known. This module sends nothing.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tallystick.cleanup import Seen
from tallystick.profiles.wallet import operations as op
from tallystick.target import Exchange

JSON = Any

OWN_ID = re.compile(r"ts[0-9a-f]{8}")
"""How the ids begin that a run makes up (see `Run.name`)."""
PENDING = "pending_capture"
"""The type that a hold's record shows (P:transactions/create-transaction)."""


@dataclass(slots=True)
class Card:
    """A card that the run made, or may have made."""

    account: str
    id: str
    is_sure: bool = False
    """Whether an answer said that it was made."""
    is_deleted: bool = False
    may_have_more_holds: bool = False
    """Whether an answer to a hold was lost, so that only the card's list can tell its id."""


@dataclass(slots=True)
class Hold:
    """An accepted hold. `remaining` is in minor units; None: its amount was not shown."""

    account: str
    id: str
    card: str | None
    remaining: int | None
    is_closed: bool = False
    captures: set[str] = field(default_factory=set)
    """The ids of the captures that were counted."""
    captured: int = 0
    """The sum of these captures."""

    @property
    def is_open(self) -> bool:
        """Whether it may still be open. A hold of 0 may be, even if 0 is captured of it."""
        captured_all = self.remaining is not None and self.remaining <= 0 < self.captured
        return not self.is_closed and not captured_all


@dataclass
class Traces:
    """The cards and holds that a run may have made. Call it with each exchange; thread-safe."""

    cards: dict[tuple[str, str], Card] = field(default_factory=dict)
    holds: dict[tuple[str, str], Hold] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, exchange: Exchange) -> None:
        self.learn(Seen.of(exchange))

    def learn(self, seen: Seen) -> None:
        """Take one exchange; refusals and reads change nothing."""
        learn = _LEARN.get(seen.operation)
        if learn is not None and not seen.is_refused:
            with self._lock:
                learn(self, seen)

    def open_holds(self) -> list[Hold]:
        """The holds that may still lock money, except those of deleted cards.

        A hold whose card is not known is on one of the run's cards: it is gone when they all are.
        """
        deleted = {key for key, card in self.cards.items() if card.is_deleted}
        live = {(card.account, None) for card in self.live_cards()}
        return [
            hold
            for hold in self.holds.values()
            if hold.is_open
            and (hold.account, hold.card) not in deleted
            and (hold.card is not None or (hold.account, None) in live)
        ]

    def live_cards(self) -> list[Card]:
        """The cards that may still be there."""
        return [card for card in self.cards.values() if not card.is_deleted]

    def find_card(self, account: str, card_id: str) -> None:
        """Take a card that the target lists; nothing is known of the holds on a new one."""
        is_new = (account, card_id) not in self.cards
        self.add_card(account, card_id, is_sure=True)
        self.cards[account, card_id].may_have_more_holds |= is_new

    # What each operation leaves -------------------------------------------------------------------

    def add_card(self, account: str, card_id: JSON, *, is_sure: bool) -> None:
        """Remember a card. One with an id of another form counts only if it was surely made.

        A generated id may be that of a card which was there before: nobody may delete that.
        """
        if isinstance(card_id, str) and (is_sure or OWN_ID.match(card_id)):
            card = self.cards.setdefault((account, card_id), Card(account, card_id))
            card.is_sure = card.is_sure or is_sure
            card.is_deleted = False  # the id of a deleted card may be used again

    def _opened(self, seen: Seen) -> None:
        shown = members(seen.answer).get("card_id")
        card_id = shown or members(seen.body).get("card_id")
        self.add_card(_account(seen), card_id, is_sure=seen.is_accepted)

    def _prepared(self, seen: Seen) -> None:
        for source in (seen.body, seen.answer):
            for item in items(members(source).get("cards")):
                card_id = members(item).get("card_id")
                self.add_card(_account(seen), card_id, is_sure=seen.is_accepted)

    def _deleted(self, seen: Seen) -> None:
        card = self.cards.get((_account(seen), _named(seen, "cards")))
        if card is not None and seen.is_accepted:
            card.is_deleted = True

    def _tokened(self, seen: Seen) -> None:
        value = members(members(seen.answer).get("token")).get("value")
        if isinstance(value, str):
            self._tokens[value] = _named(seen, "cards")

    def _transacted(self, seen: Seen) -> None:
        body, answer = members(seen.body), members(seen.answer)
        if body.get("pending") is not True and answer.get("type") != PENDING:
            return
        token = body.get("token")
        named = body.get("card_id")
        card_id = named if isinstance(named, str) else self._tokens.get(str(token))
        id_, amount = answer.get("id"), answer.get("amount")
        if isinstance(id_, str) and seen.is_accepted:
            remaining = amount if type(amount) is int else None
            hold = Hold(_account(seen), id_, card_id, remaining)
            self.holds.setdefault((_account(seen), id_), hold)
        elif card := self.cards.get((_account(seen), card_id or "")):
            card.may_have_more_holds = True

    def _captured(self, seen: Seen) -> None:
        hold = self.holds.get((_account(seen), _named(seen, "transactions")))
        if hold is None or not seen.is_accepted or hold.remaining is None:
            return
        record = members(seen.answer)
        id_, amount = record.get("id"), record.get("amount")
        # A repeated request is answered with the record of the first one: it captures once.
        if isinstance(id_, str) and type(amount) is int and id_ not in hold.captures:
            hold.captures.add(id_)
            hold.remaining -= amount
            hold.captured += amount

    def _voided(self, seen: Seen) -> None:
        hold = self.holds.get((_account(seen), _named(seen, "transactions")))
        if hold is not None and seen.is_accepted:
            hold.is_closed = True


_LEARN: dict[str, Callable[[Traces, Seen], None]] = {
    op.CREATE_CARD: Traces._opened,
    op.PREPARE_CARDS: Traces._prepared,
    op.DELETE_CARD: Traces._deleted,
    op.ISSUE_TOKEN: Traces._tokened,
    op.TRANSACT: Traces._transacted,
    op.CAPTURE: Traces._captured,
    op.VOID: Traces._voided,
}


def _account(seen: Seen) -> str:
    """The account in the path."""
    parts = seen.path.split("/")
    return unquote(parts[2]) if len(parts) > 2 else ""


def _named(seen: Seen, kind: str) -> str:
    """The id in the path behind `cards` or `transactions`; empty if there is none."""
    parts = seen.path.partition("?")[0].split("/")
    at = parts.index(kind) + 1 if kind in parts else len(parts)
    return unquote(parts[at]) if at < len(parts) else ""


def members(value: JSON) -> dict[str, JSON]:
    """A JSON object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: JSON) -> list[JSON]:
    """A JSON array; empty for anything else."""
    return value if isinstance(value, list) else []
