"""What a target has to know of the API that it speaks. A profile says it (`tallystick.profiles`).

This module holds the protocol only. Whoever writes a profile reads `profiles/profile.py` too, which
says what the other parts of the engine ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tallystick.ledger.vocabulary import Command, Outcome, Refused
from tallystick.request import Request
from tallystick.target.address import Address, Client, Secret
from tallystick.target.answers import Answer, NoAnswer
from tallystick.target.outages import Outages
from tallystick.target.pace import Time
from tallystick.target.proof import Change, Outgoing, Part, Proof
from tallystick.target.sender import Sender
from tallystick.target.support import Offers

Variables = Mapping[str, Any]
"""What the answers to the preparations of one command gave, by names that the profile chooses."""


class Unnamed(LookupError):
    """The target made the id of something, and no answer has shown it: it cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """A request that has to be answered before the one that has the effect.

    It must have no effect on money: if its answer is lost, nothing has happened.
    """

    request: Request
    read: Callable[[Answer], Variables | Refused | None]
    """What an accepting answer (2xx) gives; Refused if it says that the command is not possible,
    None if it lacks what is needed."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A read that completes an answer: the next page of a list, or what became of a queued request.

    It must have no effect.
    """

    request: Request
    read: Callable[[Answer | NoAnswer], Answer | NoAnswer | FollowUp]
    """What the answer to it makes of the whole: another read, or the answer that is judged."""
    pause_s: float = 0.0
    """How long to wait before it is sent."""


@dataclass(frozen=True, slots=True)
class ScriptedLogin:
    """How a program of its own proves who it is, in templates.

    `${token}`, `${client_id}`, `${client_secret}`, `${basic}` (user and password of HTTP basic, in
    base64), `${account}` and `${url}` (the base URL) stand for what its environment gives.
    """

    headers: Mapping[str, str]
    """The headers that every request carries."""
    fetch: Request | None = None
    """The request whose answer gives the token, where none is given ready."""
    token: tuple[str, ...] = ()
    """Where the token is in that answer."""


class Authentication(Protocol):
    """How the requests of one client prove who sends them. Thread-safe."""

    @property
    def is_fixed(self) -> bool:
        """Whether it cannot be renewed, so that a 401 is not answered with new credentials."""
        ...

    @property
    def audience(self) -> str:
        """For whom the target gave its token (OAuth); empty if it gave none."""
        ...

    def headers(self, sender: Sender) -> Mapping[str, Secret]:
        """The headers that a request carries, fetched or renewed through `sender` when needed.

        TargetError, one line that says what to do, if the target gives no credentials. It waits out
        an outage as `Outages` does. Called for every request: it must be fast.
        """
        ...

    def current(self) -> Mapping[str, Secret]:
        """The headers as they were last, without sending anything; empty if there are none yet."""
        ...

    @property
    def covers(self) -> frozenset[str]:
        """The parts of a request that its signature covers: some of `method`, `path`, `query` and
        `body`. Empty: requests are not signed.
        """
        ...

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """Where credentials travel, and variables of a shell for them, by places as `Proof.listed`
        names them. Empty: the headers are all.
        """
        ...

    def proof(self, sent: Outgoing, change: Change | None = None, part: Part = "secret") -> Proof:
        """What a request carries, by the headers as they were last; sends nothing.

        With `change` it is made of other secrets: those that requests show, or with `part` the key
        of the signature. What has no signature has no key. Called for every request.
        """
        ...

    def forget(self) -> None:
        """The target refused them (401): fetch new ones at the next request, unless fixed."""
        ...


class Api(Protocol):
    """What a target asks of a profile. One object serves one run, and many threads of it."""

    @property
    def name(self) -> str:
        """The name in options and results, such as `wallet`; for a file, what the file says."""
        ...

    @property
    def title(self) -> str:
        """The API in a sentence, such as `Wallet / Cards API`."""
        ...

    @property
    def base_url(self) -> str:
        """What the base URL of a target is, in words: ends a message about a wrong address, such as
        `the base URL of a cards API up to and including /v1`."""
        ...

    @property
    def permissions(self) -> str:
        """What the credentials of a run have to permit, as the end of a message about refused ones,
        such as `a run needs a key that may read and write`."""
        ...

    @property
    def offers(self) -> Offers | None:
        """What is known of its operations, so that a target may lack some; None: it needs all."""
        ...

    def prepare(self, command: Command, account: str, known: Variables) -> Preparation | None:
        """The next request before the one with the effect; None if `encode` can be called.

        Called again with what the answers so far gave, until it returns None. Usually it returns
        None at once.
        """
        ...

    def is_prepared(self, command: Command) -> bool:
        """Whether requests come before the one with the effect when a command is asked first.

        A repetition has what they gave, so that `prepare` returns None for it.
        """
        ...

    def encode(self, command: Command, account: str, known: Variables) -> Request:
        """The one request that has the effect, on behalf of the account.

        Unnamed if the target's id of a card or hold that it names is not known. `known` is what the
        preparations gave. The same command always gives the same request, but for new variables:
        a repetition has to be byte for byte the same.
        """
        ...

    def complete(
        self, command: Command, account: str, answer: Answer
    ) -> Answer | NoAnswer | FollowUp:
        """The answer itself, or the first of the reads that complete it.

        There is a bound to these reads: beyond it NoAnswer says that what came of it is unknown.
        """
        ...

    def outcome(self, command: Command, answer: Answer | NoAnswer) -> Outcome:
        """What an answer proves: accepted with the record that it shows, refused, or unknown.

        NoAnswer, a 5xx and whatever proves neither is `Unknown`; some APIs refuse with status 200
        and a word in the body. A member that is absent or of a wrong type is None in the record;
        nothing is guessed. It may keep ids that the target made, by our names for them.
        """
        ...

    def control_requests(self, account: str) -> tuple[Request, ...]:
        """Small reads (GET) that every working target answers, best first; at least one.

        The first one is the smoke before a run. If it fails, the second one tells a fault in that
        one operation from an outage: a refusal (404) is an answer too.
        """
        ...

    def is_working(self, answer: Answer) -> bool:
        """Whether an answer to the first control request is what a server of this API gives."""
        ...

    def authentication(
        self, address: Address, client: Client, outages: Outages, time: Time
    ) -> Authentication:
        """How a client authenticates at an address. Sends nothing yet."""
        ...

    def scripted_login(self, audience: str) -> ScriptedLogin | None:
        """How a script authenticates; None if it takes more than templates.

        `audience`: for whom the target gave its token in the run, with `${url}` in it.
        """
        ...

    def fetches_credentials(self, path: str) -> bool:
        """Whether `Authentication` is what sends requests to this path (without its query).

        Drivers that break or delay deliveries leave such requests alone.
        """
        ...
