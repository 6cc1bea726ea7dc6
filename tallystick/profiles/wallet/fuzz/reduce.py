"""Shortens a violation to one small request, by trying simpler requests on fresh cards.

Greedy and with a budget: the violation is recorded already, the short request only helps the person
who reads it. This module does not know what is wrong with a request, only whether the same rule
breaks again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tallystick.drivers.direct import Unanswered
from tallystick.drivers.fuzz.request import FuzzRequest
from tallystick.profiles.wallet.fuzz.driver import Fuzz
from tallystick.run import Finding, Run, Violated

JSON = Any

MOST_REQUESTS = 200


class Attempts:
    """Sends single requests to see whether they break `rule` again.

    An attempt that breaks nothing leaves its cards to the next one, to save requests. `fresh` makes
    a session with cards like those of `fuzz`.
    """

    def __init__(self, rule: str, fuzz: Fuzz, fresh: Callable[[Run], Fuzz], seconds: float) -> None:
        self._rule = rule
        self._first = fuzz
        self._fresh = fresh
        self._other: Fuzz | None = None
        self._apart = fuzz.run.isolated_copy()
        self._deadline = time.monotonic() + seconds
        self._most = fuzz.target.meter.requests + MOST_REQUESTS

    def has_budget(self) -> bool:
        """Whether time and requests are left for one more attempt."""
        return time.monotonic() < self._deadline and self._first.target.meter.requests < self._most

    def renew(self) -> None:
        """Use fresh cards for the next attempt."""
        self._other = None

    def attempt(self, request: FuzzRequest) -> tuple[str, ...]:
        """Send the request alone; return the lines of its finding, empty if the rule holds."""
        if self._other is None:
            self._apart = self._first.run.isolated_copy()
        with suppress(Violated, Unanswered):  # an attempt without an answer shows nothing
            other = self._other = self._other or self._fresh(self._apart)
            other.ask(translated(request, self._first, other))
            other.settle()
            other.cards.notes.clear()  # the next finding on these cards is not about this request
            return ()
        self._other = None
        found = self._apart.findings.get(self._rule)
        return () if found is None else found.notes


def reduce_request(
    finding: Finding, fuzz: Fuzz, fresh: Callable[[Run], Fuzz], seconds: float
) -> Finding:
    """Look on fresh cards, for at most `seconds`, for a shorter request that breaks the same rule.

    Returns the finding as the run keeps it now: with the lines of that request, if there is one.
    """
    if finding.program.steps or finding.test != fuzz.run.current_test:
        return finding  # an earlier test found it, and its finding is shortened already
    attempts = Attempts(finding.violation.rule, fuzz, fresh, seconds)
    for request in reversed(fuzz.recent):
        notes = attempts.attempt(request) if attempts.has_budget() else ()
        if notes:
            shortest = _shortest(attempts, request, notes)
            return fuzz.run.revise(finding, replace(finding, notes=shortest))
    # It takes more than one request: the finding shows the last ones already.
    return finding


def _shortest(attempts: Attempts, request: FuzzRequest, notes: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of the shortest request found before the budget is spent."""
    candidates = simpler(request)
    while attempts.has_budget():
        candidate = next(candidates, None)
        if candidate is None:
            break
        shorter = attempts.attempt(candidate)
        if shorter:
            request, notes, candidates = candidate, shorter, simpler(candidate)
    # Once more on fresh cards: then no earlier attempt is missing from the lines.
    attempts.renew()
    return attempts.attempt(request) or notes


def simpler(request: FuzzRequest) -> Iterator[FuzzRequest]:
    """Simpler variants of the request, one change each, the greatest simplification first."""
    if request.query:
        yield replace(request, query={})
    body = request.body
    if not isinstance(body, dict) or request.content is not None:
        return
    for name in body:
        yield replace(request, body={key: value for key, value in body.items() if key != name})
    for name, value in body.items():
        for simple in _simpler_values(value):
            yield replace(request, body={**body, name: simple})


def _simpler_values(value: JSON) -> Iterator[JSON]:
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


def translated(request: FuzzRequest, one: Fuzz, other: Fuzz) -> FuzzRequest:
    """The request with the ids of `one` session replaced by the matching ids of the `other`."""
    names = dict(sorted(_names(one, other).items(), key=lambda pair: -len(pair[0])))
    content = request.content
    if content is not None:
        for old, new in names.items():
            content = content.replace(old.encode(), new.encode())
    path = {place: _renamed(name, names) for place, name in request.path.items()}
    return replace(request, path=path, body=_renamed(request.body, names), content=content)


def _names(one: Fuzz, other: Fuzz) -> dict[str, str]:
    """From ids of one session to ids of the other.

    Spare cards match by kind, what steps made by label, other transactions by their state.
    """
    names = {one.cards.prefix: other.cards.prefix}
    for kind, label in one.cards.spares.items():
        if label in one.ledgers and other.cards.spares.get(kind) in other.ledgers:
            names[one.cards.ledger(label).card] = other.cards.ledger(other.cards.spares[kind]).card
    there = other.cards.session.resolver.bindings
    for label, bound in one.cards.session.resolver.bindings.items():
        same = there.get(label)
        if bound.id is not None and same is not None and same.id is not None:
            names[bound.id] = same.id
    if one.cards.is_usable("A"):
        states = {entry.state: id_ for id_, entry in other.cards.transactions("A").items()}
        for name, entry in one.cards.transactions("A").items():
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
