"""What the keys of a record were used for: one that serves several cards says nothing for certain.

Unclear says why a request is no command for certain: whoever judges the record then leaves out what
it may have changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tallystick.ledger.ordinary import REF_CHARACTERS
from tallystick.ledger.vocabulary import Command
from tallystick.profiles.declared.declaration import PAYMENTS, Call, Declaration, Name
from tallystick.profiles.declared.matching import Found, names_of

LONGEST_ID = 64
FORM_OF = {
    "text": REF_CHARACTERS,
    "uuid": re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "digits": re.compile("[1-9][0-9]{0,17}"),
}
"""How ids and keys look that a caller chooses, by `ids`; others may be refused for their form."""


class Unclear(Exception):
    """A request is no command for certain; `touches` are ids of what it may have changed."""

    def __init__(self, why: str, touches: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.touches = touches


@dataclass(frozen=True, slots=True)
class Use:
    """What a key was used for first: the card, or a creation, and by whose credentials."""

    client: str
    what: str


@dataclass(slots=True)
class Keys:
    """The keys of one account."""

    _said: Declaration
    strange: set[str] = field(default_factory=set)
    """Texts of requests that are not judged: a key among them was used for what nobody follows."""
    _uses: dict[str, Use] = field(default_factory=dict)
    _card_keys: dict[str, str] = field(default_factory=dict)

    def key_in(self, name: Name, call: Call, found: Found) -> str:
        """The key that a request carries; empty if it carries none."""
        if "ref" not in names_of(call) or name not in (*PAYMENTS, Name.CARD):
            return ""
        key = found.get("ref")
        if not isinstance(key, str) or not self.has_form(key):
            raise Unclear("its key has another form than that of the profile")
        return key

    def has_form(self, id_: str) -> bool:
        return len(id_) <= LONGEST_ID and FORM_OF[self._said.ids].fullmatch(id_) is not None

    def check(self, name: Name, call: Call, command: Command, found: Found, client: str) -> None:
        """A key that was used for what is not followed, or for another card, says nothing."""
        if name not in (*PAYMENTS, Name.CARD):
            return
        key = self.key_in(name, call, found)
        if not key:
            self._check_keyless(name)
            return
        if key in self.strange:
            raise Unclear("its key was used by a request that is not judged")
        what = "a card " if name is Name.CARD else f"payments {command.card}"
        if name is Name.CARD and self._said.cards_are_ours:
            what = f"card {command.card}"
            if self._card_keys.setdefault(command.card, key) != key:
                raise Unclear("another key made the same card", (command.card,))
        place = f"{command.card} {key}" if self._said.keys_are_of_cards else key
        use = Use(client, what)
        first = self._uses.setdefault(place, use)
        if first != use:
            touched = tuple(word for word in (first.what.rpartition(" ")[2],) if word)
            raise Unclear("its key was used for another card, or by another client", touched)

    def _check_keyless(self, name: Name) -> None:
        """Without a key a request is one of its own only where the profile says so."""
        if not self._said.has_key(name):
            return
        if not self._said.key_is_optional:
            raise Unclear("it carries no key")
        if "ref" in self._said.commands[name].shows:
            raise Unclear("it carries no key, and its answer shows one")
