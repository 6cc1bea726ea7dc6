"""Drives every command of a profile once against a server, and compares what was read with what
was done. For whoever writes a profile file: it judges the file, not the server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardRecord,
    Command,
    EntryId,
    HoldRecord,
    Kind,
    OpenCard,
    Outcome,
    ReadCard,
    ReadHold,
    ReadTransactions,
    RefId,
    Refund,
    Refused,
    Transact,
    TransactionRecord,
    Void,
)
from tallystick.profiles.declared.declaration import Declaration, Name
from tallystick.profiles.declared.encoding import METADATA, name_of
from tallystick.profiles.declared.expressions import may_be_nothing
from tallystick.profiles.declared.profile import traits_of
from tallystick.request import Request
from tallystick.target import Exchange, Target
from tallystick.target.answers import Answer, NoAnswer
from tallystick.target.api import Unnamed

LONGEST = 300
"""Characters of a body that are shown."""
Hide = Callable[[str], str]
"""Masks what is secret in a text."""
FIGURES = {
    CardRecord: ("card", "currency", "amount", "balance", "available", "pending", "status"),
    HoldRecord: ("id", "currency", "amount", "captured", "remaining", "released", "is_open"),
    TransactionRecord: ("id", "ref", "amount", "currency", "parent"),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one command, in lines of text."""

    title: str
    lines: tuple[str, ...]
    wrong: str = ""
    """What does not agree; empty if all does."""


@dataclass
class _Story:
    """What was done so far, in minor units."""

    size: int
    currency: str
    available: int = 0
    balance: int = 0
    number: int = 0
    refs: dict[str, RefId] = field(default_factory=dict)


class Trial:
    """One walk through the commands of a profile."""

    def __init__(
        self, declaration: Declaration, target: Target, seen: list[Exchange], name: str, hide: Hide
    ) -> None:
        """`seen` is where the target's observer puts each exchange; `name` begins every ref."""
        self._declaration = declaration
        self._target = target
        self._seen = seen
        self._name = name
        self._hide = hide
        templates = declaration.commands.values()
        self._headers: frozenset[str] = frozenset().union(*(each.headers for each in templates))
        self._card = CardId(f"{name}-A")
        size = 20 * max(50, declaration.money.least)
        self._story = _Story(size, next(iter(declaration.money.currencies)))

    def walk(self) -> Iterator[Tried]:
        """Try every command, one after the other; it ends where nothing further can be tried."""
        size, part = self._story.size, self._story.size * 3 // 10
        if self._has(Name.CARD):
            yield from self._write(OpenCard(self._card, 10 * size, self._story.currency), 10 * size)
        for name, kind, sign in ((Name.FUND, Kind.FUND, 1), (Name.DRAW, Kind.DRAWDOWN, -1)):
            if self._has(name):
                yield from self._write(self._transact(kind, part), sign * part)
        first = self._transact(Kind.HOLD, size)
        hold = yield from self._hold(first)
        if hold is None:
            return
        if self._declaration.has_key(Name.HOLD):
            yield self._again(first, hold)
        if self._has(Name.CAPTURE):
            yield from self._capture(hold, part)
        if self._has(Name.VOID):
            second = yield from self._hold(self._transact(Kind.HOLD, size))
            if second is not None:
                yield from self._void(second)
        if self._has(Name.LIST):
            yield self._try(ReadTransactions(self._card))[0]

    # One command ----------------------------------------------------------------------------------

    def _hold(self, command: Transact) -> Generator[Tried, None, EntryId | None]:
        tried, outcome = self._try(command, amount=command.amount)
        yield tried
        record = outcome.record if isinstance(outcome, Accepted) else None
        entry: EntryId | None = getattr(record, "id", None)
        if entry is None:
            return None
        self._story.available -= self._story.size
        yield from self._read(entry, captured=0, is_open=True)
        return entry

    def _again(self, command: Transact, entry: EntryId) -> Tried:
        tried, outcome = self._try(command)
        record = outcome.record if isinstance(outcome, Accepted) else None
        other = getattr(record, "id", None)
        wrong = tried.wrong
        if isinstance(outcome, Accepted) and other != entry:
            wrong = f"the same request with the same key made {other}, another hold than {entry}"
        return Tried("hold, the same request again", tried.lines, wrong)

    def _capture(self, entry: EntryId, part: int) -> Iterator[Tried]:
        if not traits_of(self._declaration).part_of_capture:
            part = self._story.size
        amount = part if part < self._story.size else None
        command = Capture(self._card, entry, amount, self._ref())
        tried, outcome = self._try(command)
        yield tried
        if not isinstance(outcome, Accepted):
            return
        self._story.balance -= part
        rest = self._story.size - part
        found, shown = self._try(ReadHold(self._card, entry), captured=part)
        record = shown.record if isinstance(shown, Accepted) else None
        if self._has(Name.READ_HOLD):
            yield found
        if isinstance(record, HoldRecord):
            is_over = record.is_open is False or record.remaining == 0
        else:
            is_over = self._is_released(rest)
        self._story.available += rest if is_over else 0
        yield from self._card_read()
        if self._has(Name.REFUND):
            yield from self._refund(entry, part)

    def _refund(self, entry: EntryId, part: int) -> Iterator[Tried]:
        amount = part if traits_of(self._declaration).part_of_refund else None
        tried, outcome = self._try(Refund(self._card, entry, amount, self._ref()))
        yield tried
        if isinstance(outcome, Accepted):
            self._story.available += part
            self._story.balance += part
            if self._has(Name.READ_HOLD):
                yield self._try(ReadHold(self._card, entry), refunded=part)[0]
            yield from self._card_read()

    def _is_released(self, rest: int) -> bool:
        """Whether the rest of a capture was released, where no read of the hold shows it."""
        declared = self._declaration.answers.get("capture.rest", ())
        if len(declared) == 1 or not self._has(Name.READ_CARD):
            return declared == ("released",)
        _, shown = self._try(ReadCard(self._card))
        record = shown.record if isinstance(shown, Accepted) else None
        available = self._story.available + rest
        return isinstance(record, CardRecord) and record.available == available

    def _void(self, entry: EntryId) -> Iterator[Tried]:
        tried, outcome = self._try(Void(self._card, entry, self._ref()))
        yield tried
        if isinstance(outcome, Accepted):
            self._story.available += self._story.size
            yield from self._read(entry, captured=0, remaining=0, is_open=False)

    def _write(self, command: Command, moved: int) -> Iterator[Tried]:
        tried, outcome = self._try(command)
        yield tried
        if isinstance(outcome, Accepted):
            self._story.available += moved
            self._story.balance += moved
            yield from self._card_read()

    def _read(self, entry: EntryId, **expected: Any) -> Iterator[Tried]:
        if self._has(Name.READ_HOLD):
            yield self._try(ReadHold(self._card, entry), amount=self._story.size, **expected)[0]
        yield from self._card_read()

    def _card_read(self) -> Iterator[Tried]:
        if self._has(Name.READ_CARD):
            figures = {"available": self._story.available, "balance": self._story.balance}
            yield self._try(ReadCard(self._card), **figures)[0]

    # Sending and telling --------------------------------------------------------------------------

    def _try(self, command: Command, **expected: Any) -> tuple[Tried, Outcome | None]:
        title = str(name_of(command) or "")
        self._seen.clear()
        try:
            outcome, _ = self._target.perform(command)
        except Unnamed as error:
            return Tried(title, (), f"it cannot be sent: {error}"), None
        lines = [line for exchange in self._seen for line in self._told(exchange)]
        lines.append(f"read     {_said(outcome)}")
        return Tried(title, tuple(lines), self._wrong(command, outcome, expected)), outcome

    def _wrong(self, command: Command, outcome: Outcome, expected: dict[str, Any]) -> str:
        if isinstance(outcome, Refused):
            return "it is refused, and should be accepted"
        if not isinstance(outcome, Accepted):
            return "the answer is neither accepted nor refused (`accepted`, `refused`)"
        template = self._declaration.commands[name_of(command) or Name.HOLD]
        named = {name for name, where in template.shows.items() if not may_be_nothing(where)}
        named -= {METADATA}  # none is sent here
        named |= {"is_open"} if template.open else set()
        if isinstance(outcome.record, tuple):
            absent = [] if outcome.record else ["any item (`items`)"]
            return f"it should show {', '.join(absent)}" if absent else ""
        values = {"id": "card"} if isinstance(outcome.record, CardRecord) else {}
        unread = [
            figure
            for figure in sorted(named)
            if getattr(outcome.record, values.get(figure, figure), None) in (None, "")
        ]
        wrong = [f"`{figure}` is not where the profile says" for figure in unread]
        for figure, value in expected.items():
            found = getattr(outcome.record, figure, None)
            if found is not None and found != value:
                wrong.append(f"`{figure}` reads as {_word(found)}, and should be {_word(value)}")
        return "; ".join(wrong)

    def _told(self, exchange: Exchange) -> Iterator[str]:
        request, answer = exchange.request, exchange.answer
        yield f"request  {self._hide(_request(request))}"
        yield f"answer   {self._hide(_answer(answer))}"
        if isinstance(answer, Answer):
            read = sorted(self._headers & set(answer.headers))
            yield from (
                f"         {self._hide(f'{name}: {answer.headers[name]}')}" for name in read
            )

    def _has(self, name: Name) -> bool:
        return name in self._declaration.commands

    def _transact(self, kind: Kind, amount: int) -> Transact:
        return Transact(kind, self._card, amount, self._story.currency, self._ref())

    def _ref(self) -> RefId:
        self._story.number += 1
        return RefId(f"{self._name}-{self._story.number}")


def _request(request: Request) -> str:
    body = "" if request.body is None else json.dumps(request.body, ensure_ascii=True)
    headers = " ".join(f"{name}: {value}" for name, value in request.headers)
    return " ".join(part for part in (request.method, request.path, body, headers) if part)


def _answer(answer: Answer | NoAnswer) -> str:
    if isinstance(answer, NoAnswer):
        return answer.reason
    try:
        text = json.dumps(answer.body, ensure_ascii=True)
    except TypeError:
        text = f"no JSON ({answer.content_type or 'without a content type'})"
    return f"{answer.status} {text if len(text) <= LONGEST else text[:LONGEST] + ' ...'}"


def _said(outcome: Outcome) -> str:
    if isinstance(outcome, Refused):
        return f"refused ({outcome.status})"
    if not isinstance(outcome, Accepted):
        return f"unknown: {outcome.reason}"
    if isinstance(outcome.record, tuple):
        return f"accepted: a list of {len(outcome.record)}"
    names = FIGURES.get(type(outcome.record), ())
    shown = ((name, getattr(outcome.record, name)) for name in names)
    return "accepted: " + ", ".join(
        f"{name.removeprefix('is_')} {_word(value)}" for name, value in shown if value is not None
    )


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
