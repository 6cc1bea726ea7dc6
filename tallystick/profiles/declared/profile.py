"""The Profile protocol for any API that a profile file describes.

It joins the parts: `reading` makes the declaration, `encoding` writes requests, `decoding` reads
answers, `login` authenticates, `names` remembers. It knows no API.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tallystick.cleanup.leftovers import Leftovers
from tallystick.ledger.records import ITEM_MEMBERS
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import CardId, Command, OpenCard, Outcome, RefId, Refused
from tallystick.profiles.declared.completing import Completion
from tallystick.profiles.declared.declaration import (
    PAYMENTS,
    SETTLING,
    Before,
    Declaration,
    Name,
    Template,
)
from tallystick.profiles.declared.decoding import Decoder
from tallystick.profiles.declared.encoding import METADATA, Encoder, name_of, names_of
from tallystick.profiles.declared.expressions import headers_as_variables
from tallystick.profiles.declared.fuzzing import fuzzing_of
from tallystick.profiles.declared.leftovers import DeclaredLeftovers
from tallystick.profiles.declared.login import Credentials, scripted
from tallystick.profiles.declared.names import Names
from tallystick.profiles.declared.plain_members import ids_in
from tallystick.profiles.declared.reading import read
from tallystick.profiles.declared.recognising import DeclaredRecogniser
from tallystick.profiles.declared.templates import names_in
from tallystick.profiles.profile import Accounts, Documents, Fuzzing, ProfileError
from tallystick.request import Request
from tallystick.target.address import Address, Client
from tallystick.target.answers import NOT_JSON, Answer, NoAnswer
from tallystick.target.api import FollowUp, Preparation, ScriptedLogin, Unnamed, Variables
from tallystick.target.outages import Outages
from tallystick.target.pace import Time

VERB_OF = {
    Name.CARD: "card",
    Name.HOLD: "hold",
    Name.CAPTURE: "capture",
    Name.VOID: "void",
    Name.REFUND: "refund",
    Name.DRAW: "draw",
    Name.FUND: "fund",
    Name.READ_CARD: "read",
    Name.LIST: "list",
}
"""The verb of a program that each command answers to."""


def load(path: Path, option: str = "") -> DeclaredProfile:
    """Return the profile of a file; ProfileError, one line, says what is wrong in it first.

    `option` is the value of `--profile` that loads it; empty: the path.
    """
    declaration, page = read(path)
    found = page.described()
    if found:
        more = f" (and {len(found) - 1} more: tallystick profile check {path})" * (len(found) > 1)
        raise ProfileError(f"{found[0]}{more}")
    return DeclaredProfile(declaration, option or str(path))


class DeclaredProfile:
    """What a file declares, for one run."""

    offers = None

    def __init__(self, declaration: Declaration, option: str) -> None:
        self.declaration = declaration
        self.option = option
        self.name = declaration.name
        self.title = declaration.title
        self.base_url = f"the base URL of a server of this API ({declaration.title}), up to where "
        self.base_url += "the paths of the profile begin"
        self.permissions = "a run needs credentials that may hold, capture, void and read"
        self.traits = traits_of(declaration)
        self.accounts = Accounts(are_needed=declaration.needs_account)
        self.production = declaration.production
        self.names = Names(declaration.ids)
        self.encoder = Encoder(declaration, self.names)
        self.decoder = Decoder(declaration, self.names)

    @property
    def documents(self) -> Documents:
        """The document, what is declared of the questions, and the sources."""
        said = self.declaration
        records = {Name.CAPTURE: "CAP-8", Name.VOID: "VOID-5", Name.REFUND: "REFUND-4"}
        without = {rule for name, rule in records.items() if not said.has_record(name)}
        open_rules = said.open_rules | (without if said.own_records else set())
        answers = {**USUAL, **said.answers}
        refused = tuple(_refused_in_body(said))
        commands = said.commands.values()
        can = said.ids == "text" and not any(each.headers or each.reads_links for each in commands)
        headers = frozenset().union(*(each.headers for each in said.commands.values()))
        found = Documents(said.openapi, answers, said.sources, open_rules, refused, can)
        return replace(found, ids=ids_in(said), headers=headers)

    def prepare(self, command: Command, account: str, known: Variables) -> Preparation | None:
        """The first of the requests before the one with the effect that has not given all."""
        template = self.encoder.template(command)
        if not template.before:
            return None
        kept = self.names.prepared(self._asked(command)) if self._has_key(command) else {}
        variables = {**self.encoder.variables(command, account), **known, **kept}
        for number, before in enumerate(template.before, start=1):
            if DONE.format(number) not in variables:
                request = self.encoder.request(before.call, variables)
                return Preparation(request, partial(self._given, before, number, variables))
        return None

    def is_prepared(self, command: Command) -> bool:
        """Whether the file has requests before that of the command."""
        return bool(self.encoder.template(command).before)

    def _given(
        self, before: Before, number: int, variables: Mapping[str, Any], answer: Answer
    ) -> Variables | Refused | None:
        if self.decoder.verdict(answer) != "accepted":
            return None
        says_no = before.refused
        if says_no is not None and answer.body is not NOT_JSON and says_no.holds_for(answer.body):
            return Refused(answer.status)
        seen = {**variables, **headers_as_variables(answer.headers)}
        shown = {
            name: value
            for name, where in before.gives.items()
            if (value := where.value(answer.body, seen)) is not None
        }
        return {**shown, DONE.format(number): "yes"} if len(shown) == len(before.gives) else None

    def encode(self, command: Command, account: str, known: Variables) -> Request:
        """The request with the effect; Unnamed if an id is not known, or it cannot be said."""
        variables = self.encoder.variables(command, account)
        if self.encoder.template(command).before:
            first = self._has_key(command)
            known = self.names.keep_prepared(self._asked(command), known, first=first)
        return self.encoder.encode(command, {**variables, **known})

    def complete(
        self, command: Command, account: str, answer: Answer
    ) -> Answer | NoAnswer | FollowUp:
        """The further pages of a list, or what became of a queued request; see `completing`."""
        template = self.encoder.template(command)
        if template.wait is None and template.pages is None:
            return answer
        variables = {**self.encoder.variables(command, account), **self._prepared(command)}
        return Completion(self.encoder, self.decoder, template, variables).of(answer)

    def _prepared(self, command: Command) -> Variables:
        """What the requests before the one with the effect gave."""
        is_any = self.is_prepared(command)
        return self.names.prepared(self._asked(command)) if is_any else {}

    def remember(self, command: Command, given: Variables) -> None:
        """Keep what the requests before a recorded command gave."""
        self.names.keep_prepared(self._asked(command), given, first=self._has_key(command))

    def _has_key(self, command: Command) -> bool:
        """Whether a repetition is the same request; a read or one without a key is a new one."""
        name = name_of(command)
        return name in (*PAYMENTS, Name.CARD) and self.declaration.has_key(name)

    def _asked(self, command: Command) -> object:
        """What a repetition of a command has in common with it: its key, and all that it asks for.

        Another body under a used key is another request, with requests of its own before it. What
        has no key is of one thread, which sends it and reads the answer.
        """
        content = getattr(command, "content", None)
        asked = (_key_of(command), command.card, content, getattr(command, "parent", None))
        return asked if self._has_key(command) else (*asked, threading.get_ident())

    def outcome(self, command: Command, answer: Answer | NoAnswer) -> Outcome:
        """What an answer proves."""
        currency = self.encoder.currency(command)
        template = self.encoder.template(command)
        variables = {
            **self._prepared(command),
            "ref": self.encoder.key_of(command),
            "hold": getattr(command, "parent", None),
            **self.names.given("hold", getattr(command, "parent", None)),
            "currency": self.declaration.money.write_currency(currency),
        }
        return self.decoder.outcome(command, template, answer, variables, currency)

    def control_requests(self, account: str) -> tuple[Request, ...]:
        """The control requests of the file."""
        given = {"account": account}
        return tuple(self.encoder.request(call, given) for call in self.declaration.control)

    def is_working(self, answer: Answer) -> bool:
        """Whether it is accepted, or refused for another reason than the credentials."""
        verdict = self.decoder.verdict(answer)
        return verdict == "accepted" or (verdict == "refused" and answer.status not in (401, 403))

    def authentication(
        self, address: Address, client: Client, outages: Outages, time: Time
    ) -> Credentials:
        """The headers that the file declares; ProfileError if their credentials are missing."""
        return Credentials(self.declaration.login, address, client, outages, time)

    def scripted_login(self, audience: str) -> ScriptedLogin | None:
        """The header, and `fetch` where the file has it; None if its token has to be computed."""
        return scripted(self.declaration.login)

    def fetches_credentials(self, path: str) -> bool:
        """Whether it is the path of `fetch`."""
        fetch = self.declaration.login.fetch
        return fetch is not None and path.endswith(fetch.path.partition("?")[0])

    def recogniser(self) -> DeclaredRecogniser:
        """See `recognising`."""
        taken = replace(self.declaration, ids="text")  # as they stand in the record
        return DeclaredRecogniser(self.declaration, lambda: DeclaredProfile(taken, self.option))

    def target_id(self, card: CardId) -> str:
        """The target's id of a card; Unnamed if no answer has shown it."""
        return self.encoder.id_of(card)

    def leftovers(self) -> Leftovers | None:
        """The holds of a run, where they can be voided without their account."""
        return DeclaredLeftovers(self.declaration)

    @property
    def fuzzing(self) -> Fuzzing:
        """Where the document names holds and cards, read from the templates."""
        return fuzzing_of(self.declaration)


def _refused_in_body(declaration: Declaration) -> Iterator[tuple[Place, tuple[Any, ...]]]:
    """The places of `refused` where a status below 400 goes with it, and what is there."""
    for verdict in declaration.refused:
        if verdict.body.members and (not verdict.statuses or min(verdict.statuses) < 400):
            path, words = verdict.body.members[0]
            place = tuple(int(part) if part.isdigit() else part for part in path.parts)
            yield place, words.values


def traits_of(declaration: Declaration) -> Traits:
    """Return what the API is able to do, by the commands of its file."""
    commands, money = declaration.commands, declaration.money
    verbs = {VERB_OF[name] for name in commands if name in VERB_OF}
    void = commands.get(Name.VOID)
    refund = commands.get(Name.REFUND)
    return Traits(
        currencies=tuple(money.currencies),
        account=declaration.has_balance,
        own_records=declaration.own_records,
        reads_hold=Name.READ_HOLD in commands,
        lists=Name.LIST in commands,
        lists_in_pages=Name.LIST in commands and commands[Name.LIST].pages is not None,
        verbs=frozenset(verbs | {"card", "again", "read"}),
        digits=dict(money.digits),
        decimal=money.is_decimal,
        least=money.least,
        retries=declaration.has_retries,
        without_key=frozenset(
            KINDS[name] for name in KINDS if name in commands and not declaration.has_key(name)
        ),
        key_is_optional=declaration.key_is_optional,
        part_of_capture=Name.CAPTURE not in commands or "amount" in _sent(commands[Name.CAPTURE]),
        says_rest=frozenset(commands[Name.CAPTURE].says_rest if Name.CAPTURE in commands else ()),
        over_capture=declaration.over_capture,
        details=details_of(declaration),
        part_of_refund=refund is None or "amount" in _sent(refund),
        part_of_void=void is not None and "amount" in names_in([void.call.path, void.call.content]),
    )


def _sent(template: Template) -> frozenset[str]:
    """The variables of the request with the effect."""
    call = template.call
    return names_in([call.path, call.content, call.headers])


KINDS = {
    Name.DRAW: "drawdown",
    Name.HOLD: "hold",
    Name.FUND: "fund",
    Name.CAPTURE: "capture",
    Name.VOID: "void",
    Name.REFUND: "refund",
}
"""The payments, in words of `vocabulary.Kind`."""


def details_of(declaration: Declaration) -> frozenset[str]:
    """Return the details of records and cards that the commands of a file take or show."""
    shown = {name: set(template.shows) for name, template in declaration.commands.items()}
    figures = shown.get(Name.CARD, set()) | shown.get(Name.READ_CARD, set())
    found = figures & {"balance", "available", "funds", "drawdown", "pending", "reserved"}
    found |= {"amount of a card"} if "amount" in figures else set()
    found |= shown.get(Name.READ_HOLD, set()) & {"released"}
    if declaration.cards_are_ours:
        found.add("ids of cards")
    void = declaration.commands.get(Name.VOID)
    if void is not None and all(METADATA in names_in(call.content) for call in void.effects):
        found.add("metadata of a void")
    for name in SETTLING:
        if declaration.has_record(name):
            found.add(f"record of a {name}")
            found |= {f"amount of a {name}"} if "amount" in shown.get(name, ()) else set()
    refund = declaration.commands.get(Name.REFUND)
    if refund is not None and "hold" in names_of(refund.calls):
        found.add("refund by id")
    items = shown.get(Name.LIST, set()) & set(ITEM_MEMBERS)
    found |= {f"{figure} of an item" for figure in items}
    return frozenset(found)


USUAL = {"ref.other_body.hold": ("replay", "refuse")}
"""Answers that are left unless a file says otherwise: that a key counts for its path alone matters
only where what is held is in the path (an order)."""

Place = tuple[str | int, ...]
"""Where something is in a body."""

DONE = "before {}"
"""What marks a request before the one with the effect as answered; no variable has a space."""


def _key_of(command: Command) -> RefId:
    """What repetitions of a command have in common."""
    if isinstance(command, OpenCard):
        return RefId(command.card)
    return RefId(getattr(command, "ref", "") or "")


__all__ = ["PAYMENTS", "DeclaredProfile", "Unnamed", "load", "traits_of"]
