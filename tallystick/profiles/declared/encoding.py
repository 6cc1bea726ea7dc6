"""Commands to requests, by the templates of a profile file. Sends nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from tallystick.ledger.members import FINAL
from tallystick.ledger.vocabulary import (
    Capture,
    CardId,
    Command,
    Extras,
    Kind,
    OpenCard,
    Payment,
    ReadCard,
    ReadHold,
    ReadTransactions,
    Refund,
    Transact,
    View,
    Void,
)
from tallystick.profiles.declared.declaration import Call, Declaration, Name, Template
from tallystick.profiles.declared.money import Unsayable
from tallystick.profiles.declared.names import Names
from tallystick.profiles.declared.templates import (
    Missing,
    as_text,
    filled,
    filled_path,
    flat,
    merged,
    names_in,
)
from tallystick.request import Request
from tallystick.target.api import Unnamed

JSON = Any
METADATA = "metadata"
TYPE = "content-type"
_OF_KIND = {Kind.DRAWDOWN: Name.DRAW, Kind.HOLD: Name.HOLD, Kind.FUND: Name.FUND}


def name_of(command: Command) -> Name | None:
    """Return the name under which a file has a command; None for what no file can say."""
    match command:
        case OpenCard():
            return Name.CARD
        case Transact(kind=kind, token=None):
            return _OF_KIND.get(kind)
        case Capture():
            return Name.CAPTURE
        case Void():
            return Name.VOID
        case Refund():
            return Name.REFUND
        case ReadCard(view=View.DETAILS):
            return Name.READ_CARD
        case ReadHold():
            return Name.READ_HOLD
        case ReadTransactions():
            return Name.LIST
        case _:
            return None


class Encoder:
    """Writes the requests of one run."""

    def __init__(self, declaration: Declaration, names: Names) -> None:
        self._declaration = declaration
        self._names = names
        self._money = declaration.money
        self._default = next(iter(declaration.money.currencies))
        self._cards_are_ours = declaration.cards_are_ours

    def template(self, command: Command) -> Template:
        """Return the template of a command; Unnamed if the API has no such command."""
        name = name_of(command)
        template = None if name is None else self._declaration.commands.get(name)
        if template is None:
            raise Unnamed(f"the API has no {type(command).__name__}")
        return template

    def currency(self, command: Command) -> str:
        """Return the currency of what a command is about, by our name."""
        given: str | None = getattr(command, "currency", None)
        entry = getattr(command, "parent", None)
        return given or self._names.currency_of(command.card, entry) or self._default

    def id_of(self, card: CardId) -> str:
        """Return the target's id of a card; Unnamed if no answer has shown it."""
        theirs = self._names.write(card) if self._cards_are_ours else self._names.id_of(card)
        if theirs is None:
            raise Unnamed(f"no answer has shown the id of card {card}")
        return theirs

    def variables(self, command: Command, account: str) -> dict[str, JSON]:
        """Return what a template may use, by name; Unnamed if an id is missing."""
        currency = self.currency(command)
        found: dict[str, JSON] = {
            "account": account,
            "currency": self._money.write_currency(currency),
            "ref": self.key_of(command),
            "hold": getattr(command, "parent", None),
        }
        found.update(self._names.given("hold", found["hold"]))
        if isinstance(command, Refund):
            found.update(self._names.given("capture", found["hold"]))
        found["hold"] = self._names.as_shown(found["hold"])
        if isinstance(command, OpenCard):
            found["card"] = self._names.write(command.card)
        elif self._declaration.has_balance and self._needs_card(command):
            theirs = self.id_of(command.card)
            found["card"] = self._names.as_shown(theirs)
            found.update(self._names.given("card", theirs))
        amount = getattr(command, "amount", None)
        if amount is not None:
            try:
                found["amount"] = self._money.write(amount, currency)
            except Unsayable as error:
                raise Unnamed(str(error)) from None
        found.update(_extras(getattr(command, "extras", ())))
        return found

    def _needs_card(self, command: Command) -> bool:
        """Whether a request names the card, or what was given when it was made."""
        card = self._declaration.commands[Name.CARD]
        return bool({"card", *card.all_given} & names_of(self.template(command).calls))

    def key_of(self, command: Command) -> str | None:
        """Return the key of a request as the API gets it; None for a read, or if it has none."""
        ours = command.card if isinstance(command, OpenCard) else getattr(command, "ref", None)
        return self._names.write(ours) if ours else None

    def encode(self, command: Command, variables: Mapping[str, JSON]) -> Request:
        """Return the request with the effect; Unnamed if the template cannot say the command."""
        template = self.template(command)
        is_whole = getattr(command, "amount", None) is None
        call = template.whole if is_whole and template.whole is not None else template.call
        unused = [each for each in template.effects if each is not call]
        used = names_of([each for each in template.calls if each not in unused])
        for name, said in getattr(command, "extras", ()):
            if name == FINAL and said in template.says_rest:
                content = merged(call.content, template.says_rest[said])
                call = replace(call, content=content, has_body=True)
            elif name not in used:
                raise Unnamed(f"this API takes no {name} here")
        if not is_whole and "amount" not in used:
            raise Unnamed("this API takes no amount here")
        self._check_key(command)
        if self.key_of(command) is not None:
            call = self._declaration.with_key(name_of(command), call)
        return self.request(call, variables)

    def _check_key(self, command: Command) -> None:
        """Unnamed if another card has used the key: what that does, no ledger of one card knows."""
        if isinstance(command, Payment) and self.key_of(command) is not None:
            first = self._names.user_of(command.ref, command.card)
            if first != command.card and not self._declaration.keys_are_of_cards:
                raise Unnamed(f"the key {command.ref} was used for card {first}")

    def request(self, call: Call, variables: Mapping[str, JSON]) -> Request:
        """Return the request of a template; Unnamed if a variable in it has no value."""
        try:
            path = filled_path(call.path, variables)
            content = filled(call.content, variables)
            headers = {
                name: as_text(filled(text, variables)) for name, text in call.headers.items()
            }
        except Missing as missing:
            raise Unnamed(f"{call.path}: nothing is known of ${missing}") from None
        if any(not _fits_header(text) for text in headers.values()):
            raise Unnamed("no header can carry this text")
        body, form = None, False
        if call.body == "query":
            query = urlencode(flat(content))
            path += ("&" if "?" in path else "?") + query if query else ""
        elif call.method != "GET" and call.has_body:
            form = call.body == "form"
            body = flat(content) if form else content
        if body is None:  # what says of which type a body is, of every request, needs one
            headers = {name: each for name, each in headers.items() if name.lower() != TYPE}
        operation = call.operation or f"{call.method} {call.path}"
        return Request(operation, call.method, path, body, tuple(headers.items()), form)


def names_of(calls: Iterable[Call]) -> frozenset[str]:
    """Return the variables of some requests."""
    return names_in([[call.path, call.content, call.headers] for call in calls])


def _extras(extras: Extras) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for name, text in extras:
        try:
            found[name] = json.loads(text) if name == METADATA else text
        except ValueError:
            found[name] = text
    return found


def _fits_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and text == text.strip() and text != ""
