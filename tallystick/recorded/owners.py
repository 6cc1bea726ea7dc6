"""Whose each id of a record is, and which cards cannot be judged, with the reason.

What is judged together is a *node* with all that was joined to it: a card, or on an API of holds
alone a hold and its keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import (
    ActivateCard,
    CardId,
    Command,
    IssueToken,
    OpenCard,
    PrepareCard,
)
from tallystick.recorded.groups import Groups
from tallystick.reporting.records import Record

JSON = Any
PERIOD = ("active_from", "expires_at")
EARLIER = "it was there before the record begins"
CHANGED = "a request that cannot be read may have changed it"
BY_CLOCK = "its period is judged by the clock of a run"
ENDING = "it has tokens that may have ended"


class Owners:
    """What the exchanges so far have shown."""

    def __init__(self, traits: Traits, span_s: float) -> None:
        """`span_s`: how many seconds the record lasts."""
        self._traits = traits
        self._span_s = span_s
        self.groups = Groups()
        self.spoiled: dict[str, str] = {}
        """Nodes that cannot be judged, with the reason."""
        self.cards: dict[str, CardId] = {}
        self.lost_is_used = False
        """Whether a request acted on what no answer has shown: perhaps a lost one made it."""
        self._owners: dict[str, str] = {}
        """By an id or another name of what was made: its node; "" for what several have."""
        self._foreign: set[str] = set()
        """Ids that answers to requests have shown which are not judged."""
        self._opened: set[str] = set()

    def nodes(self, command: Command, account: str) -> tuple[str, ...]:
        """What a command is about; empty if no answer has shown it."""
        parent = getattr(command, "parent", None)
        owner = self._owners.get(str(parent or getattr(command, "token", None) or ""), "")
        if self._traits.account:
            card = command.card or (self.cards.get(owner, CardId("")))
            return (_card_node(account, card),) if card else ()
        ref = getattr(command, "ref", None)
        key = (f"key {account} {ref}",) if ref is not None else ()
        if parent is None:
            return key
        return (owner, *key) if owner else ()

    def own(self, nodes: tuple[str, ...], ids: tuple[str, ...], shown: str | None) -> None:
        """These are about the same money, and what has these ids is too.

        `shown` is the id of a transaction; the others may be shared by several, such as a region.
        """
        self.groups.join(nodes)
        for id_ in ids:
            first = self._owners.setdefault(id_, nodes[0])
            if self.groups.of(first) != self.groups.of(nodes[0]) and id_ != shown:
                self._owners[id_] = ""

    def watch(self, node: str, command: Command) -> None:
        """Note what makes a card one that cannot be judged."""
        if not self._traits.account:
            return
        self.cards[node] = command.card
        if isinstance(command, OpenCard | PrepareCard):
            self._opened.add(node)
        elif node not in self._opened:
            self.spoiled.setdefault(node, EARLIER)
        extras = dict(getattr(command, "extras", ()))
        if isinstance(command, OpenCard | ActivateCard) and set(PERIOD) & set(extras):
            self.spoiled.setdefault(node, BY_CLOCK)
        if isinstance(command, IssueToken) and command.expires_in <= self._span_s:
            self.spoiled.setdefault(node, ENDING)

    def may_have_changed(
        self, record: Record, command: Command | None, touches: tuple[str, ...]
    ) -> None:
        """A request that cannot be read may have changed the cards that it names."""
        parent = str(getattr(command, "parent", ""))
        if command is not None:
            self.lost_is_used = self.lost_is_used or parent not in self._foreign
        text = f"{unquote(record.path)} {json.dumps(record.body, ensure_ascii=False)}"
        text += f" {' '.join((*record.headers.values(), *touches))}"
        named = [node for id_, node in self._owners.items() if node and id_ in text]
        named += [node for node, card in self.cards.items() if card in text]
        for node in named:
            self.spoiled.setdefault(node, CHANGED)
        for made in _ids_in(record.answer):
            self._foreign.add(made)
            if named:
                self._owners.setdefault(made, named[0])


def _card_node(account: str, card: CardId) -> str:
    return f"card {account} {card}" if account else f"card {card}"


def _ids_in(answer: JSON) -> Iterator[str]:
    """Whatever may be the id of what an answer shows."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            is_id = name.lower().endswith(("id", "reference"))
            if is_id and isinstance(value, str | int) and not isinstance(value, bool):
                yield str(value)
            else:
                yield from _ids_in(value)
