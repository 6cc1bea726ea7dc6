"""What a run has learned from answers: ids that the target made, and currencies. Thread-safe.

Each operation on a dict is atomic, and what is learned of an id never changes.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from tallystick.ledger.vocabulary import CardId, EntryId, Payment, RefId

FORMS = ("text", "uuid", "digits")


def in_form(form: str, ours: str) -> str:
    """Return an id or key of ours as an API takes it: always the same, and no two alike."""
    if form == "uuid":
        return str(uuid.uuid5(uuid.NAMESPACE_OID, ours))
    if form == "digits":
        number = int.from_bytes(hashlib.sha256(ours.encode()).digest()[:8])
        return str(10**17 + number % (9 * 10**17))
    return ours


class Names:
    """The target's ids by our names, of one run."""

    def __init__(self, form: str = "text") -> None:
        self._form = form
        self._numbers: dict[str, int] = {}
        self._refs: dict[str, RefId] = {}
        self._given: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._ids: dict[CardId, str] = {}
        self._owners: dict[str, CardId] = {}
        self._card_currencies: dict[CardId, str] = {}
        self._currencies: dict[EntryId, str] = {}
        self._prepared: dict[object, Mapping[str, Any]] = {}
        self._makers: dict[str, Payment] = {}
        self._users: dict[RefId, CardId] = {}

    def write(self, ours: CardId | RefId) -> str:
        """What the API gets for an id or key that this client chooses."""
        theirs = in_form(self._form, ours)
        self._refs.setdefault(theirs, RefId(ours))
        return theirs

    def read_ref(self, theirs: str | None) -> RefId | None:
        """The key of ours that an answer shows; another text as it is."""
        return None if theirs is None else self._refs.get(theirs, RefId(theirs))

    def learn_number(self, theirs: str, shown: Any) -> None:
        """An id is shown as a number, so that requests have to name it as one."""
        if type(shown) is int:
            self._numbers[theirs] = shown

    def as_shown(self, theirs: str | None) -> str | int | None:
        """The id as answers show it: a number or a text."""
        return theirs if theirs is None else self._numbers.get(theirs, theirs)

    def learn_given(self, kind: str, theirs: str, given: Mapping[str, Any]) -> None:
        """What the answers gave when a `card` or `hold` was made under this id."""
        self._given.setdefault((kind, theirs), given)

    def learn_capture(self, hold: str, given: Mapping[str, Any]) -> None:
        """What the answer to a capture of a hold gave; nothing is known after a second one, since
        a refund then has several captures to choose from."""
        if given and self._given.setdefault(("capture", hold), given) != given:
            self._given["capture", hold] = {}

    def hold_captured(self, found: Mapping[str, Any]) -> str | None:
        """The hold whose capture gave these variables; None if none did."""
        for (kind, theirs), given in self._given.items():
            shared = given.keys() & found.keys()
            if kind == "capture" and shared and all(given[each] == found[each] for each in shared):
                return theirs
        return None

    def given(self, kind: str, theirs: str | None) -> Mapping[str, Any]:
        """The variables for requests on it; none if nothing was learned."""
        return self._given.get((kind, theirs or ""), {})

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

    def first_of(self, theirs: str | None, command: Payment) -> Payment:
        """The payment whose answer showed this id first: what made the record that has it."""
        return command if theirs is None else self._makers.setdefault(theirs, command)

    def user_of(self, ref: RefId, card: CardId) -> CardId:
        """The card that a ref was used for first; this one, if it is new."""
        return self._users.setdefault(ref, card)

    def prepared(self, asked: object) -> Mapping[str, Any]:
        """What the requests before the one with the effect gave when this was asked first.

        `asked` is all that a repetition has in common. It has to be the same request, so they are
        not sent once more for it.
        """
        return self._prepared.get(asked, {})

    def keep_prepared(
        self, asked: object, given: Mapping[str, Any], *, first: bool
    ) -> Mapping[str, Any]:
        """Keep what they gave. `first`: the first to do so decides, also for who comes at the same
        time; else each request has its own.
        """
        if not first:
            self._prepared[asked] = given
        return self._prepared.setdefault(asked, given)
