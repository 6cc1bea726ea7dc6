"""What a profile file says, as values. Data only; `reading` makes them of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tallystick.profiles.declared.expressions import (
    Condition,
    Expression,
    Segment,
    headers_of,
    reads_body,
)
from tallystick.profiles.declared.money import Money
from tallystick.profiles.declared.signing import Signature
from tallystick.profiles.declared.templates import at_place, merged, names_in
from tallystick.profiles.production import Production

JSON = Any


class Name(StrEnum):
    """The commands that a file can say how to ask for."""

    CARD = "card"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    DRAW = "draw"
    FUND = "fund"
    READ_CARD = "read card"
    READ_HOLD = "read hold"
    LIST = "list"


PAYMENTS = (Name.HOLD, Name.CAPTURE, Name.VOID, Name.REFUND, Name.DRAW, Name.FUND)
"""The commands that move money; they carry the retry key."""
SETTLING = (Name.CAPTURE, Name.VOID, Name.REFUND)
"""The commands that act on an earlier payment."""
OF_A_HOLD = (*SETTLING, Name.READ_HOLD)
OF_A_CARD = (Name.DRAW, Name.FUND, Name.READ_CARD, Name.LIST)

ONLY_OF_A_HOLD = frozenset(("captured", "remaining", "released", "refunded"))
"""The figures, beside `open`, that a hold has and a record of a payment has not."""

BODIES = ("json", "form", "query")


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a template."""

    method: str
    path: str
    body: str = "json"
    content: Mapping[str, JSON] | list[JSON] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    has_body: bool = False
    """Whether a body is sent, even an empty one."""
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Before:
    """A request before the one with the effect, and the variables that its answer gives."""

    call: Call
    gives: Mapping[str, Expression]
    refused: Condition | None = None
    """The members of an accepting answer that say that the command is not possible."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the next page of a list is: a link, or the members of its query."""

    link: Expression | None = None
    members: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """How a request that is only queued is read until it is done."""

    call: Call
    gives: Mapping[str, Expression]
    """The variables of `call` that the first answer gives."""
    pending: Condition
    """The members that say that it is not done yet."""
    refused: Condition | None
    """The members that say at the end that nothing was done."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Template:
    """How a command is asked for, and what its answer shows."""

    line: int
    call: Call
    before: tuple[Before, ...] = ()
    shows: Mapping[str, Expression] = field(default_factory=dict)
    gives: Mapping[str, Expression] = field(default_factory=dict)
    """The variables that the answer gives to the later commands on what was made."""
    says_rest: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    """The further members of a capture that says whether it releases the rest of its hold: by
    `true` or `false`, see `Traits.says_rest`."""
    open: Condition | None = None
    """The members that say of a hold that it is open."""
    type: Condition | None = None
    """The members that say of a record that the command made it."""
    items: Expression | None = None
    """Where the items of a list are; None: the whole body."""
    more: Condition | None = None
    """The members that say of a list that it has more pages."""
    pages: Pages | None = None
    """Where its next page is; None: only the first one is read."""
    wait: Wait | None = None
    """How to wait for what is queued; None: every answer is a final one."""
    whole: Call | None = None
    """The request of a capture or a void without an amount, where it is another one."""

    @property
    def effects(self) -> tuple[Call, ...]:
        """The requests with the effect: with an amount, and without."""
        return (self.call,) if self.whole is None else (self.call, self.whole)

    @property
    def calls(self) -> tuple[Call, ...]:
        """All requests of the command, in their order."""
        after = () if self.wait is None else (self.wait.call,)
        return (*(before.call for before in self.before), *self.effects, *after)

    @property
    def reads_body(self) -> bool:
        """Whether a body has to be there: it shows or gives something, or says whether it is done.

        What only headers and variables show needs none.
        """
        read = [*self.shows.values(), *self.gives.values()]
        conditions = (self.open, self.type, self.wait)
        return any(map(reads_body, read)) or any(each is not None for each in conditions)

    @property
    def headers(self) -> frozenset[str]:
        """The headers of answers that are read, in small letters."""
        later = (*self.before, *(() if self.wait is None else (self.wait,)))
        read = [*self.shows.values(), *self.gives.values()]
        read += [expression for each in later for expression in each.gives.values()]
        read += () if self.pages is None else self.pages.members.values()
        read += [self.pages.link] if self.pages is not None and self.pages.link is not None else []
        return frozenset().union(*map(headers_of, read))

    @property
    def shows_hold(self) -> bool:
        """Whether the answer shows figures that only a hold has."""
        return self.open is not None or bool(ONLY_OF_A_HOLD & set(self.shows))

    @property
    def reads_links(self) -> bool:
        """Whether an id, or what later commands need, is a part of a link in the body."""
        return any(
            isinstance(each, Segment) for each in (*self.shows.values(), *self.gives.values())
        )

    @property
    def all_given(self) -> tuple[str, ...]:
        """The variables that later commands on what was made may use."""
        return (*(name for before in self.before for name in before.gives), *self.gives)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Some answers: by status, and by members of the body."""

    statuses: frozenset[int] = frozenset()
    """Empty: any status."""
    body: Condition = field(default_factory=lambda: Condition(()))

    def applies(self, status: int, body: JSON) -> bool:
        """Whether an answer is one of these."""
        return (not self.statuses or status in self.statuses) and self.body.holds_for(body)


@dataclass(frozen=True, slots=True)
class Login:
    """How requests prove who sends them."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers, with `$token`, `$client_id` or `$client_secret` in them."""
    fetch: Call | None = None
    """The request whose answer gives the token; None: the token is given ready."""
    token: Expression | None = None
    lifetime: Expression | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    """The members of the query of every request."""
    members: Mapping[str, JSON] = field(default_factory=dict)
    """The members of the body of every request that has one, or could."""
    form: bool = False
    """Whether a request that has no body gets a form for them."""
    pair: str = ""
    """User and password of `$basic`, with variables; empty: the client's, or the token alone."""
    signature: Signature | None = None

    @property
    def is_more_than_headers(self) -> bool:
        """Whether credentials travel elsewhere, or have to be computed for each request."""
        return bool(self.query or self.members or self.signature)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A whole profile file."""

    path: Path
    name: str
    title: str
    openapi: Path | None
    login: Login
    money: Money
    retry_header: str
    retry_member: str
    retry_written: bool
    """Whether the commands themselves have `$ref` where the key is."""
    keys_are_of_cards: bool
    """Whether each card has keys of its own; else they count for all that a client asks for."""
    key_is_optional: bool
    """Whether a request without a key is accepted, as a request of its own."""
    own_records: bool
    accepted: tuple[Verdict, ...]
    refused: tuple[Verdict, ...]
    control: tuple[Call, ...]
    commands: Mapping[Name, Template]
    over_capture: int = 0
    """By how many percent of a hold its captures may exceed it."""
    ids: str = "text"
    """The form of the ids and keys that this client chooses, one of `names.FORMS`."""
    production: Production = field(default_factory=Production)
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    open_rules: frozenset[str] = frozenset()
    lines: Mapping[str, int] = field(default_factory=dict)
    """By member of the file: its line."""

    def line_of(self, member: str) -> int:
        """The line of a member of the file, 1 if it is not there."""
        return self.lines.get(member, 1)

    def has_record(self, name: Name) -> bool:
        """Whether what a command makes has a record with an id of its own.

        Some APIs have records of captures, and answer a void with nothing at all, or the request
        that holds with the hold itself.
        """
        template = self.commands.get(name)
        if not self.own_records:
            return False
        if template is None or name not in OF_A_HOLD:
            return template is None or not template.shows_hold
        return "id" in template.shows

    @property
    def cards_are_ours(self) -> bool:
        """Whether a card can be named before an answer has shown that it was made.

        Not if the requests before the last one make it: a refusal of that one leaves it empty.
        """
        card = self.commands.get(Name.CARD)
        return card is not None and "id" not in card.shows and not card.before

    @property
    def has_balance(self) -> bool:
        """Whether there is a card with a balance; else there are holds alone."""
        return Name.CARD in self.commands

    @property
    def has_retries(self) -> bool:
        """Whether requests carry a key, so that a repetition has no second effect."""
        return bool(self.retry_header or self.retry_member or self.retry_written)

    def has_key(self, name: Name | None) -> bool:
        """Whether requests of a command carry a key: all payments, or those with `$ref`."""
        if not self.retry_written or name is None or name not in self.commands:
            return self.has_retries
        calls = self.commands[name].calls
        return "ref" in names_in([[call.path, call.content, call.headers] for call in calls])

    def with_key(self, name: Name | None, call: Call) -> Call:
        """The request of a command with the key of a repetition in it, where it carries one."""
        if name not in (*PAYMENTS, Name.CARD):
            return call
        header, member = self.retry_header, self.retry_member
        if header:
            return replace(call, headers={header: "$ref", **call.headers})
        if member:
            key, content = at_place(member, "$ref"), call.content
            whole = merged(content, key) if isinstance(content, list) else merged(key, content)
            return replace(call, content=whole, has_body=True)
        return call

    def given_before(self, name: Name) -> tuple[str, ...]:
        """The variables that the commands before this one gave: of its card, hold and capture."""
        makers = [Name.CARD] * (name is not Name.CARD) + [Name.HOLD] * (name in OF_A_HOLD)
        makers += [Name.CAPTURE] * (name is Name.REFUND)
        return tuple(
            given
            for maker in makers
            if maker in self.commands
            for given in self.commands[maker].all_given
        )

    @property
    def needs_account(self) -> bool:
        """Whether requests name the account of the run (`--account`)."""
        return any("$account" in text for text in _texts(self))


def _texts(declaration: Declaration) -> list[str]:
    calls = [*declaration.control]
    calls += [declaration.login.fetch] if declaration.login.fetch else []
    for template in declaration.commands.values():
        calls += template.calls
    login, signature = declaration.login, declaration.login.signature
    texts = [f"{call.path} {call.content} {call.headers}" for call in calls]
    texts += [f"{login.headers} {login.query} {login.members} {signature and signature.of}"]
    return [text.replace("${account}", "$account") for text in texts]
