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

from tallystick.drivers.fuzz import Fuzz
from tallystick.drivers.fuzz_meaning import Sent
from tallystick.run import Finding, Run, Violated

JSON = Any

MOST_REQUESTS = 200


def reduce_request(
    finding: Finding, fuzz: Fuzz, fresh: Callable[[Run], Fuzz], seconds: float
) -> None:
    """Put the shortest request that breaks the same rule on fresh cards into the finding."""
    sent = fuzz.last
    if sent is None or finding.notes == () or finding.replays is not None:
        return
    deadline = time.monotonic() + seconds
    before = fuzz.target.meter.requests

    def has_budget() -> bool:
        spent = fuzz.target.meter.requests - before
        return time.monotonic() < deadline and spent < MOST_REQUESTS

    def attempt(candidate: Sent) -> tuple[str, ...]:
        twin = fuzz.run.shadow()
        with suppress(Violated):
            other = fresh(twin)
            other.ask(translated(candidate, fuzz, other))
            other.settle()
            other.finish()
        found = twin.findings.get(finding.key)
        return () if found is None else found.notes

    notes = attempt(sent)
    if not notes:
        return  # it takes more than the one request; the finding tells what came before
    while has_budget():
        for candidate in simpler(sent):
            shorter = attempt(candidate)
            if shorter:
                sent, notes = candidate, shorter
                break
            if not has_budget():
                break
        else:
            break
    finding.notes = notes


def simpler(sent: Sent) -> Iterator[Sent]:
    """The same request with one thing less, the greatest simplification first."""
    if sent.query:
        yield replace(sent, query={})
    body = sent.body
    if not isinstance(body, dict):
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
    names = {one.prefix: other.prefix}
    for label, made in one.made.items():
        twin = other.made.get(label)
        if made.id is not None and twin is not None and twin.id is not None:
            names[made.id] = twin.id
    return Sent(
        sent.operation,
        {place: _renamed(name, names) for place, name in sent.path.items()},
        sent.query,
        _renamed(sent.body, names),
    )


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
