"""A shorter request for a violation: members left out, values made plain, on fresh cards.

Greedy and under a budget: a verdict is there already, this is for the person who reads it. It does
not know what is wrong with the request, only whether the same rule breaks again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tallystick.drivers.fuzz.driver import Fuzz
from tallystick.drivers.fuzz.interpretation import Sent
from tallystick.run import Finding, Run, Violated

JSON = Any

MOST_REQUESTS = 200


class Stand:
    """Fresh cards for each attempt, or those of the attempt before if it came to nothing."""

    def __init__(self, rule: str, fuzz: Fuzz, fresh: Callable[[Run], Fuzz], seconds: float) -> None:
        self._rule = rule
        self._first = fuzz
        self._fresh = fresh
        self._other: Fuzz | None = None
        self._apart = fuzz.run.isolated_copy()
        self._deadline = time.monotonic() + seconds
        self._most = fuzz.target.meter.requests + MOST_REQUESTS

    def has_budget(self) -> bool:
        """Whether there is time and leave for one more attempt."""
        return time.monotonic() < self._deadline and self._first.target.meter.requests < self._most

    def renew(self) -> None:
        """Take fresh cards for the next attempt."""
        self._other = None

    def attempt(self, sent: Sent) -> tuple[str, ...]:
        """What was done, in words, if the request alone breaks the rule again; empty if not."""
        if self._other is None:
            self._apart = self._first.run.isolated_copy()
        with suppress(Violated):
            other = self._other = self._other or self._fresh(self._apart)
            other.ask(translated(sent, self._first, other))
            other.settle()
            other.notes.clear()  # it came to nothing
            return ()
        self._other = None
        found = self._apart.findings.get(self._rule)
        return () if found is None else found.notes


def reduce_request(
    finding: Finding, fuzz: Fuzz, fresh: Callable[[Run], Fuzz], seconds: float
) -> Finding:
    """Look for the shortest request that breaks the same rule on fresh cards, for so many seconds.

    Returns the finding as the run keeps it now: in the words of that request, if there is one.
    """
    if finding.program.steps or finding.test != fuzz.run.current_test:
        return finding  # another test has found it before, and said how
    stand = Stand(finding.violation.rule, fuzz, fresh, seconds)
    for sent in reversed(fuzz.suspects):
        notes = stand.attempt(sent) if stand.has_budget() else ()
        if notes:
            shortest = _shortest(stand, sent, notes)
            return fuzz.run.revise(finding, replace(finding, notes=shortest))
    # It takes more than one request: the finding shows what came before.
    return finding


def _shortest(stand: Stand, sent: Sent, notes: tuple[str, ...]) -> tuple[str, ...]:
    """The words of the shortest request that is found while the budget lasts."""
    candidates = simpler(sent)
    while stand.has_budget():
        candidate = next(candidates, None)
        if candidate is None:
            break
        shorter = stand.attempt(candidate)
        if shorter:
            sent, notes, candidates = candidate, shorter, simpler(candidate)
    # Once more on cards that no attempt has touched: then the words are the whole story.
    stand.renew()
    return stand.attempt(sent) or notes


def simpler(sent: Sent) -> Iterator[Sent]:
    """The same request with one thing less, the greatest simplification first."""
    if sent.query:
        yield replace(sent, query={})
    body = sent.body
    if not isinstance(body, dict) or sent.content is not None:
        return
    for name in body:
        yield replace(sent, body={key: value for key, value in body.items() if key != name})
    for name, value in body.items():
        for plainer in _plainer(value):
            yield replace(sent, body={**body, name: plainer})


def _plainer(value: JSON) -> Iterator[JSON]:
    if isinstance(value, dict) and value:
        yield {}
    elif isinstance(value, list) and value:
        yield []
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int) and abs(value) > 1:
        yield 1 if value > 0 else -1
    elif isinstance(value, float) and value != 1.5:
        yield 1.5


def translated(sent: Sent, one: Fuzz, other: Fuzz) -> Sent:
    """The request with the names of another session's cards, holds and tokens in place."""
    names = dict(sorted(_names(one, other).items(), key=lambda pair: -len(pair[0])))
    content = sent.content
    if content is not None:
        for old, new in names.items():
            content = content.replace(old.encode(), new.encode())
    path = {place: _renamed(name, names) for place, name in sent.path.items()}
    return replace(sent, path=path, body=_renamed(sent.body, names), content=content)


def _names(one: Fuzz, other: Fuzz) -> dict[str, str]:
    """Name to name: of the spare cards, the tokens, and the transactions in the same state."""
    names = {one.prefix: other.prefix}
    for kind, label in one.spares.items():
        if label in one.ledgers and other.spares.get(kind) in other.ledgers:
            names[one.ledger(label).card] = other.ledger(other.spares[kind]).card
    there = other.session.resolver.bindings
    for label, bound in one.session.resolver.bindings.items():
        same = there.get(label)
        if bound.id is not None and same is not None and same.id is not None:
            names[bound.id] = same.id
    if one.stands("A"):
        states = {entry.state: name for name, entry in other.ledger("A").entries.items()}
        for name, entry in one.ledger("A").entries.items():
            if name not in names and entry.state in states:
                names[name] = states[entry.state]
    return names


def _renamed(value: JSON, names: dict[str, str]) -> JSON:
    if isinstance(value, str):
        for old, new in names.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value
