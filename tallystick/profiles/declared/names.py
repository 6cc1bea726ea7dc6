"""What a run has learned from answers: ids that the target made, and currencies. Thread-safe.

Each operation on a dict is atomic, and what is learned of an id never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.ledger.vocabulary import CardId, EntryId, RefId


class Names:
    """The target's ids by our names, of one run."""

    def __init__(self) -> None:
        self._ids: dict[CardId, str] = {}
        self._owners: dict[str, CardId] = {}
        self._card_currencies: dict[CardId, str] = {}
        self._currencies: dict[EntryId, str] = {}
        self._prepared: dict[object, Mapping[str, Any]] = {}
        self._users: dict[RefId, CardId] = {}

    def learn_card(self, card: CardId, theirs: str, currency: str) -> None:
        """A card of ours was made under this id, unless another one has it."""
        if self._owners.setdefault(theirs, card) == card:
            self._ids.setdefault(card, theirs)
            self._card_currencies.setdefault(card, currency)

    def id_of(self, card: CardId) -> str | None:
        """The target's id of a card; None if no answer has shown it."""
        return self._ids.get(card)

    def card_of(self, theirs: str) -> CardId | None:
        """Our card with an id of the target's."""
        return self._owners.get(theirs)

    def learn_entry(self, entry: EntryId, currency: str) -> None:
        """A hold or payment was made under this id."""
        self._currencies.setdefault(entry, currency)

    def currency_of(self, card: CardId, entry: EntryId | None = None) -> str | None:
        """The currency of a hold or of a card, if it is known."""
        found = None if entry is None else self._currencies.get(entry)
        return found or self._card_currencies.get(card)

    def user_of(self, ref: RefId, card: CardId) -> CardId:
        """The card that a ref was used for first; this one, if it is new."""
        return self._users.setdefault(ref, card)

    def prepared(self, asked: object) -> Mapping[str, Any]:
        """What the requests before the one with the effect gave when this was asked first.

        `asked` is all that a repetition has in common. It has to be the same request, so they are
        not sent once more for it.
        """
        return self._prepared.get(asked, {})

    def keep_prepared(self, asked: object, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep what they gave; the first to do so decides, also for who comes at the same time."""
        return self._prepared.setdefault(asked, given)
