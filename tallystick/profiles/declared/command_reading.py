"""Reads requests, commands and conditions of a profile file. Knows no API.

Every mistake is noted on the page; what is returned then is good enough to go on reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.profiles.declared.answer_reading import AnswerReader
from tallystick.profiles.declared.declaration import (
    BODIES,
    SETTLING,
    Before,
    Call,
    Name,
    Pages,
    Template,
    Wait,
)
from tallystick.profiles.declared.expressions import (
    Condition,
    Expression,
    as_word,
)
from tallystick.profiles.declared.page import Item, Members, Page, meant, plain

JSON = Any
_SEND = re.compile(r"(GET|POST|PUT|PATCH|DELETE) +(/\S*)")

WAIT_S = 5
"""How long what is queued is waited for, unless the file says it."""
REST = {"true": "final", "false": "not_final"}
"""The members of `capture` that say how a capture releases the rest of its hold, or keeps it."""
GIVERS = (Name.CARD, Name.HOLD, Name.CAPTURE)
"""The commands whose answers give later ones something: those on the card, on the hold, refunds."""
WHOLE = "without_amount"
"""The member of `capture`, `void` and `refund` that says how one without an amount is sent."""
CARD_FIGURES = (
    *("id", "currency", "amount", "balance", "available", "funds"),
    *("drawdown", "pending", "reserved", "status", "metadata"),
)
HOLD_FIGURES = (
    *("id", "currency", "amount", "captured", "remaining", "released", "refunded"),
    *("open", "metadata"),
)
ITEM_MEMBERS = ("id", "ref", "currency", "amount", "parent", "metadata")
RECORD_MEMBERS = (*ITEM_MEMBERS, "type")
CONDITIONS = ("open", "type")
"""Figures that are conditions, not values."""


def figures_of(name: Name, *, own_records: bool) -> tuple[str, ...]:
    """Return what an answer to a command may show."""
    if name in (Name.CARD, Name.READ_CARD):
        return CARD_FIGURES
    if name is Name.READ_HOLD:
        return HOLD_FIGURES
    if name in (Name.HOLD, *SETTLING) and not own_records:
        return HOLD_FIGURES
    if name is Name.HOLD:
        return tuple(dict.fromkeys((*RECORD_MEMBERS, *HOLD_FIGURES)))
    return ITEM_MEMBERS if name is Name.LIST else RECORD_MEMBERS


def headers_in(members: Members) -> dict[str, str]:
    """Return the headers that the member `headers` spells."""
    return {name: as_word(plain(item)) or "" for name, item in members.mapping("headers").items()}


def _flat(members: Mapping[str, Item], within: str = "") -> Iterator[tuple[str, Item]]:
    """Yield the members of a query by name: one within `page` is named `page[offset]`."""
    for name, item in members.items():
        name = f"{within}[{name}]" if within else name
        if isinstance(item.value, dict):
            yield from _flat(item.value, name)
        else:
            yield name, item


class CommandReader(AnswerReader):
    """Reads the commands of one file."""

    def __init__(
        self, page: Page, body: str, headers: Mapping[str, str], *, own_records: bool
    ) -> None:
        super().__init__(page)
        self.body = body
        self.headers = headers
        self.own_records = own_records

    def commands(self, items: Mapping[str, Item]) -> dict[Name, Template]:
        """Return all commands by name."""
        found = {}
        for word, item in items.items():
            if word not in tuple(Name):
                known = tuple(Name)
                hint = meant(word, known) or f"; there are {', '.join(known)}"
                self.page.mistake(item.line, f"no command `{word}`{hint}")
                continue
            found[Name(word)] = self._command(Name(word), item)
        return found

    def _command(self, name: Name, item: Item) -> Template:
        members = Members(self.page, item, name)
        before = self._befores(members.take("before"), name)
        call = self.call(members)
        shows, conditions = self._shows(members, name)
        gives = self._given(members, name) if name in GIVERS else {}
        items, more, pages = None, None, None
        if name is Name.LIST:
            given = members.text("items")
            items = self.one_expression(members.line, given, name) if given else None
            more = self.condition(members.take("more"), f"{name}: more")
            pages = self._pages(members.take("next"), f"{name}: next")
        says_rest: dict[str, dict[str, JSON]] = {}
        for said, member in REST.items() if name is Name.CAPTURE else ():
            content = {key: plain(given) for key, given in members.mapping(member).items()}
            says_rest |= {said: content} if content else {}
        wait = self._wait(members.take("wait"), f"{name}: wait")
        whole = members.take(WHOLE) if name in SETTLING else None
        members.end()
        is_open, is_kind = (conditions.get(figure) for figure in CONDITIONS)
        return Template(
            *(item.line, call, before, shows, gives, says_rest),
            *(is_open, is_kind, items, more, pages, wait),
            whole=None if whole is None else self.one_call(whole, f"{name}: {WHOLE}"),
        )

    def _pages(self, item: Item | None, where: str) -> Pages | None:
        if item is None:
            return None
        if not isinstance(item.value, dict):
            return Pages(link=self.one_expression(item.line, plain(item), where))
        members = {
            name: self.one_expression(given.line, plain(given), where)
            for name, given in _flat(item.value)
        }
        return Pages(members=members)

    def _wait(self, item: Item | None, where: str) -> Wait | None:
        if item is None:
            return None
        members = Members(self.page, item, where)
        call = self.call(members)
        pending = self.condition(members.take("while"), f"{where}: while")
        if pending is None:
            text = "`while` is missing: which members say that it is not done yet?"
            members.mistake(item.line, text)
        refused = self.condition(members.take("refused"), f"{where}: refused")
        seconds = members.number("seconds") or WAIT_S
        gives = self._given(members, where)
        members.end()
        return Wait(call, gives, pending or Condition(()), refused, seconds)

    def _given(self, members: Members, where: str) -> dict[str, Expression]:
        """Return the variables that an answer gives."""
        return {
            variable: self.one_expression(given.line, plain(given), f"{where}: gives")
            for variable, given in members.mapping("gives").items()
        }

    def call(self, members: Members) -> Call:
        """Return the request that the members `send`, `body`, `with` and `headers` spell."""
        sent = members.text("send")
        match = _SEND.fullmatch(sent)
        if match is None:
            members.mistake(members.line, '`send` is missing or not like "POST /v1/charges"')
        operation = members.text("operation")
        body = members.one_of("body", BODIES, self.body)
        has_body = "with" in members.lines()
        content = self._content(members)
        headers = {**self.headers, **headers_in(members)}
        method, path = (match[1], match[2]) if match else ("GET", "/")
        if method == "GET" and content:
            body = "query"
        return Call(method, path, body, content, headers, has_body or body == "form", operation)

    def _content(self, members: Members) -> dict[str, JSON] | list[JSON]:
        given = members.take("with")
        if given is None or given.value is None:
            return {}
        if isinstance(given.value, list | dict):
            content: dict[str, JSON] | list[JSON] = plain(given)
            return content
        members.mistake(given.line, "`with` has to be a mapping, `name: value`, or a list")
        return {}

    def one_call(self, item: Item, where: str) -> Call:
        """Return the request of a text such as `GET /v1/charges`, or of a mapping."""
        if isinstance(item.value, str):
            item = Item(item.line, {"send": item})
        members = Members(self.page, item, where)
        call = self.call(members)
        members.end()
        return call

    def _befores(self, item: Item | None, name: Name) -> tuple[Before, ...]:
        if item is None:
            return ()
        listed = item.value if isinstance(item.value, list) else [item]
        found = []
        for each in listed:
            members = Members(self.page, each, f"{name}: before")
            call = self.call(members)
            gives = self._given(members, name)
            refused = self.condition(members.take("refused"), f"{name}: before: refused")
            members.end()
            found.append(Before(call, gives, refused))
        return tuple(found)

    def _shows(
        self, members: Members, name: Name
    ) -> tuple[dict[str, Expression], dict[str, Condition | None]]:
        known = figures_of(name, own_records=self.own_records)
        shows: dict[str, Expression] = {}
        conditions = {}
        for figure, item in members.mapping("shows").items():
            if figure not in known:
                hint = meant(figure, known) or f"; there are {', '.join(known)}"
                members.mistake(item.line, f"`shows` has no `{figure}`{hint}")
            elif figure in CONDITIONS:
                conditions[figure] = self.condition(item, f"{name}: {figure}")
            else:
                shows[figure] = self.one_expression(item.line, plain(item), f"{name}: {figure}")
        return shows, conditions
