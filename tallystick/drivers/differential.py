"""The differential driver: one program on two servers, and where their answers differ.

Each server is asked on fresh cards. What may differ between two runs of one honest server is mapped
first: ids and tokens become the place where they were first seen, moments and free text only say
that they are there, lists have no order. What still varies from run to run of the same server is
found by running it again (`Comparing`). No rule is judged here: a difference violates nothing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tallystick.drivers.sequential import Reading, Session
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Violation
from tallystick.profiles.documents import dialect_of
from tallystick.program import Program
from tallystick.run import Finding, Run, Violated
from tallystick.target import Answer, NotSupported

MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
WORD = re.compile(r"[^\d\s]{0,40}")
"""A string that is compared as it is: a name, a status, a currency."""
NEAR_S = 400 * 24 * 3600
"""An integer so close to this moment, in seconds or milliseconds since 1970, is one too."""
CONFIRMATIONS = 3
"""How often a difference has to come again, and each server has to agree with itself."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer, mapped: what of it can be compared."""

    step: str
    operation: str
    status: int
    kind: str
    body: Any
    event: Event

    @property
    def is_accepted(self) -> bool:
        """Whether the server did what it was asked for."""
        return self.status < 300


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which two servers differ, and the answers that show it."""

    key: str
    """The same for each program that shows it."""
    member: str
    """Which part of the answer differs: `status`, `content type`, or a member of the body."""
    pairs: tuple[tuple[Event, Event], ...]
    """What both servers answered, up to the answers that differ, which are the last."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a server answered to a program. `is_whole`: no answer got lost."""

    seen: tuple[Seen, ...]
    is_whole: bool


def trace(run: Run, program: Program) -> Trace:
    """Run a sequential program on fresh cards, reading after every step, up to its first violation.

    Every list is read at the end.

    Raises TargetError if the target is gone.
    """
    apart = run.isolated_copy()
    apart.learn(dialect_of(run.profile))
    session = Session(apart, reading=Reading.EAGER)
    with suppress(Violated, NotSupported):
        for step in program.prefix:
            session.perform(step)
        session.finish()
    mapping = Mapped(session.resolver.prefix)
    seen: list[Seen] = []
    for event in session.story.events:
        answer = event.exchange.answer
        if not isinstance(answer, Answer):
            return Trace(tuple(seen), False)
        seen.append(mapping.seen(event, answer))
    return Trace(tuple(seen), True)


# Mapping ------------------------------------------------------------------------------------------


class Mapped:
    """Maps what two honest runs may show differently; one for each trace."""

    def __init__(self, prefix: str) -> None:
        """`prefix` begins every id that the program chose itself."""
        self._prefix = prefix
        self._ids: dict[str, str] = {}
        self._places: set[str] = set()
        self._now = time.time()

    def seen(self, event: Event, answer: Answer) -> Seen:
        """An answer, mapped."""
        operation = event.exchange.request.operation
        kind = answer.content_type.partition(";")[0].strip().lower()
        body = self._value(answer.body, f"{event.step}: {operation}")
        return Seen(event.step, operation, answer.status, kind, body, event)

    def _value(self, value: Any, place: str) -> Any:
        if isinstance(value, dict):
            return {
                self._text(name, place): self._value(value[name], f"{place}.{name}")
                for name in sorted(value)
            }
        if isinstance(value, list):
            return sorted((self._value(each, f"{place}[]") for each in value), key=_as_text)
        if isinstance(value, str):
            return self._text(value, place)
        if isinstance(value, int) and not isinstance(value, bool):
            is_now = any(abs(value / unit - self._now) < NEAR_S for unit in (1, 1000))
            return "<moment>" if is_now else value
        return value if isinstance(value, bool | float | None) else "<not JSON>"

    def _text(self, text: str, place: str) -> str:
        if text.startswith(self._prefix):
            return f"<ours>{text.removeprefix(self._prefix)}"
        if MOMENT.fullmatch(text):
            return "<moment>"
        if NUMBER.fullmatch(text) or WORD.fullmatch(text):
            return text
        if any(sign.isspace() for sign in text):
            return "<text>"
        if text not in self._ids:
            name, number = place, 1
            while name in self._places:
                number += 1
                name = f"{place} {number}"
            self._places.add(name)
            self._ids[text] = f"<id of {name}>"
        return self._ids[text]


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# Comparing ----------------------------------------------------------------------------------------


def differences(one: Trace, other: Trace) -> Iterator[Difference]:
    """Where two traces of a program differ, in the order of the answers.

    It ends after an answer that one server gives as an acceptance and the other does not: what
    follows is no longer the same question.
    """
    pairs: tuple[tuple[Event, Event], ...] = ()
    for ours, theirs in zip(one.seen, other.seen, strict=False):
        pairs = (*pairs, (ours.event, theirs.event))
        if (ours.step, ours.operation) != (theirs.step, theirs.operation):
            return
        for member, values in _parts(ours, theirs):
            verb = ours.step.partition("=")[2].split() or ours.step.split() or [""]
            key = f"{verb[0]} {ours.operation} {member} {values}"
            yield Difference(key, member, pairs)
        if ours.is_accepted != theirs.is_accepted:
            return


def _parts(one: Seen, other: Seen) -> Iterator[tuple[str, str]]:
    """What of an answer differs, and how, without what varies from program to program."""
    if one.status != other.status:
        yield "status", f"{one.status} {other.status}"
    elif one.kind != other.kind:
        yield "content type", f"{one.kind} {other.kind}"
    else:
        yield from dict.fromkeys(_paths(one.body, other.body, ""))


def _paths(one: Any, other: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            inner = f"{path}.{name}" if path else name
            if (name in one) != (name in other):
                yield inner, "missing there" if name in one else "missing here"
            else:
                yield from _paths(one[name], other[name], inner)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for ours, theirs in zip(one, other, strict=True):
            yield from _paths(ours, theirs, f"{path}[]")
    elif one != other or type(one) is not type(other):
        yield path or "body", _how(one, other)


def _how(one: Any, other: Any) -> str:
    """How two values differ: the words themselves; of numbers, lists and ids only that they do."""
    words = [
        value if isinstance(value, str) and WORD.fullmatch(value) else type(value).__name__
        for value in (one, other)
    ]
    return " ".join(words)


class Comparing:
    """Compares two servers program by program, and tells differences from what always varies."""

    def __init__(self, one: Run, other: Run) -> None:
        self._one, self._other = one, other
        self._settled: set[str] = set()
        """The keys that were found, or that vary on one server alone."""
        self.programs = 0
        self.inconclusive = 0
        """Programs in which an answer got lost."""

    def new(self, program: Program) -> list[Difference]:
        """The differences that a program shows and none before it did, each confirmed."""
        self.programs += 1
        one, other = trace(self._one, program), trace(self._other, program)
        self.inconclusive += not (one.is_whole and other.is_whole)
        found = {each.key: each for each in differences(one, other)}
        fresh = {key: each for key, each in found.items() if key not in self._settled}
        self._settled |= fresh.keys()
        for _ in range(CONFIRMATIONS if fresh else 0):
            again = [trace(run, program) for run in (self._one, self._other)]
            kept = {each.key for each in differences(*again)}
            varies = {
                each.key
                for before, after in zip((one, other), again, strict=True)
                for pair in ((before, after), (after, before))
                for each in differences(*pair)
            }
            fresh = {key: each for key, each in fresh.items() if key in kept - varies}
        return list(fresh.values())

    def shows(self, key: str, program: Program) -> Finding | None:
        """Whether a program shows the difference, as what the reducer takes for a violation."""
        found = differences(trace(self._one, program), trace(self._other, program))
        shown = next((each for each in found if each.key == key), None)
        if shown is None:
            return None
        events = tuple(event for pair in shown.pairs for event in pair)
        return Finding(Violation(shown.member, key, ""), program, events, 0)


def pairs_of(finding: Finding) -> tuple[tuple[Event, Event], ...]:
    """The answers of both servers in what `Comparing.shows` returns."""
    return tuple(zip(finding.events[::2], finding.events[1::2], strict=True))


def comparable(programs: Sequence[Program]) -> list[Program]:
    """The programs that one client runs without lost answers, each once, the shortest first."""
    plain = (
        program
        for program in programs
        if program.prefix and not program.branches and not any(s.delivery for s in program.prefix)
    )
    return sorted(dict.fromkeys(plain), key=lambda program: len(program.prefix))


__all__ = ["Comparing", "Difference", "Trace", "comparable", "differences", "pairs_of", "trace"]
