"""What a script of a race looks at, and what it may see: a table of all outcomes that are right.

The outcomes come with the finding, as acceptances and figures of the ledger. Here the figures get
their places in the answers of this API, and the spelling that they have there. It renders nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from tallystick.conditions import Place
from tallystick.driven import Judged
from tallystick.evidence import ANY_FIGURE, Event, LegalOutcomes, is_explained
from tallystick.ledger.vocabulary import Accepted, ReadTransactions
from tallystick.permitted.spelling import UNWRITTEN, Spelling
from tallystick.run import Finding, Run
from tallystick.target import Answer

JSON = Any
ACCEPTED, REFUSED = "accepted", "refused"
_CLIENT = re.compile(r"(\d+)\| ?")


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that is looked at: a figure, or with no place whether the answer accepts."""

    call: int
    """The number of the request, from the first client's first on."""
    said: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """What several clients do at the same moment, and what is right."""

    first: int
    """The number of the first request that is theirs; those before are sent in sequence."""
    clients: tuple[tuple[int, ...], ...]
    """For each client, the numbers of its requests. The others come when all are done."""
    looks: tuple[Look, ...]
    rows: tuple[tuple[JSON, ...], ...]
    """What the looks show, if an order of the requests explains it; ANY_FIGURE: any value."""

    def told(self, said: Callable[[str], str]) -> Together:
        """The same with other words for what is looked at."""
        looks = tuple(replace(look, said=said(look.said)) for look in self.looks)
        return replace(self, looks=looks)


def events_of_race(finding: Finding) -> tuple[tuple[Event, ...], LegalOutcomes] | None:
    """The exchanges of a race with what was asked, without lists that come at the end, and what
    they may show; None if that cannot be said, or if what was seen is right by that.
    """
    legal = finding.race.legal() if finding.race is not None else None
    if legal is None or is_explained(legal.shown, legal.rows):
        return None
    first = len(finding.events) - len(legal.judged)
    known = [
        replace(event, judged=judged)
        for event, judged in zip(finding.events[first:], legal.judged, strict=True)
    ]
    kept = [number for number, event in enumerate(known) if not _is_idle(event)]
    if not kept:
        return None
    return (
        (*finding.events[:first], *(known[number] for number in kept)),
        LegalOutcomes(
            tuple(legal.judged[number] for number in kept),
            tuple(legal.figures[number] for number in kept),
            frozenset(tuple(row[number] for number in kept) for row in legal.rows),
        ),
    )


def _is_idle(event: Event) -> bool:
    is_list = event.judged is not None and isinstance(event.judged.command, ReadTransactions)
    return is_list and _CLIENT.match(event.step) is None


def together_of(events: Sequence[Event], legal: LegalOutcomes, run: Run) -> Together | None:
    """What a script looks at; None if what is wrong is at no place that it could look at."""
    first = len(events) - len(legal.judged)
    theirs = events[first:]
    clients: dict[str, list[int]] = {}
    for number, event in enumerate(theirs):
        client = _CLIENT.match(event.step)
        if client is not None:
            clients.setdefault(client[1], []).append(number)
    columns = [
        column
        for number, (event, judged) in enumerate(zip(theirs, legal.judged, strict=True))
        for column in _columns(number, event, judged, legal, run)
    ]
    rows = {tuple(values) for values in zip(*(column.values for column in columns), strict=True)}
    seen = tuple(column.seen for column in columns)
    if any(all(r in (ANY_FIGURE, s) for r, s in zip(row, seen, strict=True)) for row in rows):
        return None
    return Together(
        first,
        tuple(map(tuple, clients.values())),
        tuple(column.look for column in columns),
        tuple(sorted(rows, key=repr)),
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """A look with what was seen, and what every legal row has there."""

    look: Look
    seen: JSON
    values: tuple[JSON, ...]


def _columns(
    number: int, event: Event, judged: Judged, legal: LegalOutcomes, run: Run
) -> Iterator[_Column]:
    """What is looked at in one answer."""
    rows = sorted(legal.rows, key=repr)
    was_accepted = isinstance(judged.outcome, Accepted)
    accepted = tuple(ACCEPTED if row[number][0] else REFUSED for row in rows)
    seen = ACCEPTED if was_accepted else REFUSED
    is_list = isinstance(judged.command, ReadTransactions)
    if judged.is_write or (not is_list and set(accepted) != {seen}):
        yield _Column(Look(number, event.step), seen, accepted)
    answer = event.exchange.answer
    if not was_accepted or not isinstance(answer, Answer):
        return
    for index, name in enumerate(legal.figures[number]):
        spelled = Spelling.of(judged, answer, name, deepcopy(run.profile))
        if spelled is None:
            continue
        values = tuple(spelled.written(row[number][1][index]) for row in rows)
        if not any(value is UNWRITTEN for value in values):
            member = ".".join(map(str, spelled.place))
            of = "of " if _CLIENT.match(event.step) else ""
            yield _Column(
                Look(number, f"{member} {of}{event.step}", spelled.place), spelled.shown, values
            )
