"""What a profile has to say of its API. The engine asks nothing else, and knows no API.

A profile is one object, made for one run (or replay, or probe) and used by all its
threads. `Api` is the half of it that a target needs: requests, outcomes, authentication. This
module holds protocols and small values; it does not know any profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tallystick.cleanup import Leftovers
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import CardId, Command, Outcome
from tallystick.profiles.production import Production
from tallystick.target.answers import Answer, NoAnswer
from tallystick.target.api import (
    Api,
    Authentication,
    FollowUp,
    Preparation,
    Unnamed,
    Variables,
)

__all__ = [
    "Accounts",
    "Api",
    "Authentication",
    "Documents",
    "Fuzzing",
    "Leftovers",
    "Preparation",
    "Production",
    "Profile",
    "ProfileError",
    "Recognised",
    "Recogniser",
    "Sent",
    "Unnamed",
    "Variables",
]


class ProfileError(ValueError):
    """A profile that cannot be used: one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Documents:
    """What is promised by the API's own documentation."""

    openapi: Path | None
    """The OpenAPI document of the operations that the profile uses; answers are judged by it.
    None: there is none, so their form is not judged."""
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By question of spec/dialect.yaml: the answers that this API leaves possible. One: it is
    declared, and nothing is asked. A question that is not named keeps all its answers."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """By rule: the sentence of this API's documentation that decides, in place of the source in
    spec/rules.yaml."""
    open_rules: frozenset[str] = frozenset()
    """Rules that this API's documentation does not promise: *not claimed*."""
    refused_in_body: tuple[tuple[tuple[str | int, ...], tuple[Any, ...]], ...] = ()
    """Where answers that are no 4xx say in their body that they refuse: the place of a member, and
    its values; without values it has any one. Scripts look there."""
    can_be_scripted: bool = True
    """Whether a script can make new ids as this API takes them (texts with the name of a run), and
    finds those of the API in bodies."""
    pins: frozenset[str] = frozenset()
    """Members with a secret code of digits, such as the PIN of a card, in requests and answers. A
    script makes the codes that it sends of those that it is shown."""
    headers: frozenset[str] = frozenset()
    """The headers of answers that are read, in small letters; the journal keeps them."""
    made_at: str = ""
    """The member of an answer that says when what it shows was made, in RFC 3339; empty: none. The
    target's clock is read there too."""
    ids: frozenset[str] = frozenset()
    """The members that hold ids, keys and links, so no secrets even if they are called `token`."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Which account ids there are."""

    are_needed: bool = True
    """Whether requests name the account. False: the credentials do, and `--account` is not asked
    for; then the account is the empty text."""
    form: str = r"[\x21-\x7e]+"
    """A regular expression that the whole of an account id matches."""
    in_words: str = "text without spaces"
    """The form, as the end of a message: `... is not P or T and eight digits`."""
    example: str = "acct_1"


@dataclass(frozen=True, slots=True)
class Fuzzing:
    """How the OpenAPI document is fuzzed where only the form of answers is judged."""

    leave_out: frozenset[str] = frozenset()
    """Operations that are never fuzzed, such as one that moves money of all holds at once."""
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By operation: its path parameters and body members (a nested one as `card[id]`), mapped to
    what they are: the id of a `hold`, a `card` or an `account`, or an `amount`."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A recorded request without its secrets."""

    number: int
    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those beside the credentials, names in small letters."""
    form: bool = False
    client: str = ""
    """Whose credentials it carried: requests with the same text are of one client."""
    is_usual: bool = True
    """Whether it carried whole credentials; others were left out or altered on purpose."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a recorded request asked for."""

    command: Command | None
    """None: no command of the ledger is written so."""
    moves: bool = True
    """Whether the request may change a ledger, if it is no command."""
    account: str = ""
    """The account that the request names: the same card id elsewhere is another card."""
    why: str = ""
    """Why it is no command, if it may change a ledger."""
    prepared_by: frozenset[int] = frozenset()
    """The numbers of the requests that came before it, and belong to it."""
    touches: tuple[str, ...] = ()
    """Ids of what it may change beside what it names."""


class Recogniser(Protocol):
    """Reads the requests of one record, in the order of their calls.

    Nothing is guessed: a command counts only if it is written as exactly this request.
    """

    def fits(self, method: str, path: str) -> bool:
        """Whether the API has an operation with this method and path."""
        ...

    def recognise(self, sent: Sent) -> Recognised:
        """What a request asked for; the card of a hold or token may be left empty."""
        ...

    def learn(self, sent: Sent, answer: Answer | NoAnswer) -> None:
        """Take the answer to a request that may have prepared a later one."""
        ...

    def skip(self, sent: Sent) -> None:
        """A request is not judged: what its key was used for, nobody follows."""
        ...

    def complete(
        self, command: Command, account: str, answer: Answer
    ) -> Answer | NoAnswer | FollowUp:
        """See `Api.complete`."""
        ...

    def outcome(self, command: Command, account: str, answer: Answer | NoAnswer) -> Outcome:
        """See `Api.outcome`."""
        ...

    def ids_of(self, command: Command, account: str, outcome: Outcome) -> tuple[str, ...]:
        """The ids by which other requests may name what a command made."""
        ...


class Profile(Api, Protocol):
    """All that is particular to one API."""

    @property
    def option(self) -> str:
        """The value of `--profile` that loads it again: a name of ours, or the path of a file."""
        ...

    @property
    def traits(self) -> Traits:
        """What the API is able to do."""
        ...

    @property
    def documents(self) -> Documents:
        """Its OpenAPI document, its narrowed questions, the sources of its rules."""
        ...

    @property
    def accounts(self) -> Accounts:
        """Which account ids there are."""
        ...

    @property
    def production(self) -> Production:
        """Which accounts, hosts and credentials may move real money."""
        ...

    def recogniser(self) -> Recogniser:
        """Reads recorded requests; a new one for each record."""
        ...

    def target_id(self, card: CardId) -> str:
        """The target's id of a card that the run made; Unnamed if no answer has shown it.

        Where callers choose the ids of cards it is the card's own.
        """
        ...

    def leftovers(self) -> Leftovers | None:
        """Learns from exchanges what a run makes on the target, and puts it away at the end.

        A new, empty one at each call. None: nothing can be put away, and nothing is listed.
        """
        ...

    @property
    def fuzzing(self) -> Fuzzing | None:
        """How its document is fuzzed where nothing reads a fuzzed request back.

        None: contracts of its own fuzz it, and read each request back.
        """
        ...
