"""Looks for the smallest change of an answer that its judges permit.

The judges are the ledger's (`judging`) or, for a violation of the document, its shape. Tried are
the values in play: figures and ids of the ledger, what was sent, words of the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import islice

from tallystick.conditions import (
    JSON,
    Condition,
    Kind,
    Place,
    containers,
    leaves,
    status_in,
    with_value,
    without,
)
from tallystick.documents.shape import Shape
from tallystick.driven import Judged
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Accepted, Refused, Unknown, Violation
from tallystick.permitted.forms import FORMS
from tallystick.permitted.holding import holds
from tallystick.permitted.judging import violation_of
from tallystick.permitted.values import values_in_play, words_of
from tallystick.profiles.profile import Profile
from tallystick.run import Finding
from tallystick.target import NOT_JSON, Answer

MOST_LEAVES = 300
MOST_JUDGED = 30_000
"""Answers that are judged at most: about a second."""
MOST_COMPARED = 2_000_000
"""Values that are compared with a document at most, over all tries: about a second."""
DEEPEST = 6
"""Members that may be wrong at the same time, so that the first can be told."""
REFUSALS = (400, 499)
ACCEPTANCES = (200, 299)
NONSENSE: dict[str, JSON] = {
    "text": "no such value",
    "amount": "987654321.98",
    "number": 987_654_321_987,
}
"""By sort, what no answer has to show; what is unreadable is like a text."""
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
_FIGURE = re.compile(r"(\w+) (-?\d+)(?![\d.])")
"""A figure in the words of a violation: `amount_balance 900`."""
Reason = tuple[str, str] | None
Judge = Callable[[Answer], Violation | None]


def conditions_of(finding: Finding, profile: Profile, shape: Shape) -> tuple[Condition, ...]:
    """What the last answer of a finding would have to show: any one of these is right.

    Empty: it takes more than one answer to tell, or the answer is missing.
    """
    if not finding.events or finding.race is not None:
        return ()
    event = finding.events[-1]
    answer = event.exchange.answer
    if not isinstance(answer, Answer):
        return ()
    if finding.right:
        shows_it = any(holds(each, finding.events) for each in finding.right)
        return () if shows_it else finding.right
    if finding.violation.rule.startswith("SHAPE-"):
        found = _Document(shape, event).conditions(answer)
        return found or _of_words(finding.violation, event, answer)
    if event.judged is None:
        return _of_words(finding.violation, event, answer)
    found = _of_ledger(event.judged, answer, finding.events, deepcopy(profile), shape)
    return found or (_of_words(finding.violation, event, answer) if finding.notes else ())


def _of_words(violation: Violation, event: Event, answer: Answer) -> tuple[Condition, ...]:
    """What the words of a violation say that would be right: the other decision, another figure.

    A read comes after what it shows, so it is not what was accepted, unless it is about who sent
    it.
    """
    unusual = event.exchange.unusual
    is_stranger = unusual is not None and bool(unusual.client or not unusual.authorized)
    is_read = event.exchange.request.method == "GET" and not is_stranger
    if violation.actual == "accepted" and answer.status < 300 and not is_read:
        return (Condition(Kind.STATUS, values=(REFUSALS,)),)
    is_refused = violation.actual in ("a refusal", f"refused with {answer.status}")
    if is_refused and REFUSALS[0] <= answer.status <= REFUSALS[1]:
        return (Condition(Kind.STATUS, values=(ACCEPTANCES,)),)
    came, right = _FIGURE.fullmatch(violation.actual), _FIGURE.match(violation.expected)
    if came is None or right is None or came[1] != right[1] or not isinstance(answer.body, dict):
        return ()
    if answer.body.get(came[1]) != int(came[2]):
        return ()  # it is deeper in the answer, or in an earlier one
    return (Condition(Kind.VALUE, (came[1],), (int(right[2]),)),)


# By the ledger ------------------------------------------------------------------------------------


def _of_ledger(
    known: Judged, answer: Answer, events: tuple[Event, ...], profile: Profile, shape: Shape
) -> tuple[Condition, ...]:
    def judged(changed: Answer) -> Violation | None:
        outcome = profile.outcome(known.command, changed)
        return UNKNOWN if isinstance(outcome, Unknown) else violation_of(known, outcome)

    outcome = profile.outcome(known.command, answer)
    if isinstance(outcome, Refused):
        return (Condition(Kind.STATUS, values=(ACCEPTANCES,)),)
    found: list[Condition] = []
    if not isinstance(outcome, Accepted) or judged(answer) is None:
        return ()
    if violation_of(known, Refused(REFUSALS[0])) is None:
        found.append(Condition(Kind.STATUS, values=(REFUSALS,)))
    if answer.body is not NOT_JSON:
        values = values_in_play(known, events, shape)
        search = _Search(judged, values, words_of(shape))
        found += search.conditions(answer, events)
    return tuple(found)


class _Search:
    """Tries changed answers on a judge, within a bound."""

    def __init__(self, judge: Judge, values: list[JSON], words: list[str]) -> None:
        self._judge = judge
        self._values = values
        self._words = words
        self._left = MOST_JUDGED

    def conditions(self, answer: Answer, events: tuple[Event, ...]) -> list[Condition]:
        """The members whose change mends the answer, with the values that do; else what is missing,
        or too much; else the first of several members that have to be changed together.
        """
        mending, leading = self._tried(answer)
        if mending:
            return _values(mending)
        structural = [*self._counts(answer, events), *_values(self._missing(answer))]
        if structural:
            return structural
        for place, values in leading:
            if self._is_mended(replace(answer, body=with_value(answer.body, place, values[0]))):
                return _values({place: values})
        return list(self._free(answer))

    def _is_mended(self, answer: Answer, depth: int = 2) -> bool:
        """Whether further changes, each of another member, mend the answer."""
        mending, leading = self._tried(answer)
        return bool(mending) or (
            depth < DEEPEST
            and any(
                self._is_mended(
                    replace(answer, body=with_value(answer.body, place, values[0])), depth + 1
                )
                for place, values in leading
                if self._left > 0
            )
        )

    def _tried(
        self, answer: Answer
    ) -> tuple[dict[Place, list[JSON]], list[tuple[Place, list[JSON]]]]:
        """The changes of one member that mend the answer, and those with which something else is
        wrong then; what the violation is about comes first.
        """
        before = self._judged(answer, answer.body)
        mending: dict[Place, list[JSON]] = {}
        leading: dict[tuple[Place, str], list[JSON]] = {}
        for place, shown in islice(leaves(answer.body), MOST_LEAVES):
            # What any value does is no matter of the value: the answer cannot be read any more.
            useless = self._whatever(answer, place)
            for value in self._values:
                if value == shown and type(value) is type(shown):
                    continue
                after = self._judged(answer, with_value(answer.body, place, value))
                if _reason(after) == useless[_sort(value)]:
                    continue
                if after is None:
                    mending.setdefault(place, []).append(value)
                elif _reason(after) != _reason(before):
                    leading.setdefault((place, after.expected), []).append(value)
        said = f" {before.actual} {before.expected} " if before is not None else ""
        ranked = sorted(leading.items(), key=lambda pair: f" {_last(pair[0][0])} " not in said)
        return mending, [(place, values) for (place, _), values in ranked]

    def _whatever(self, answer: Answer, place: Place) -> dict[str, Reason]:
        """What nonsense at a place leads to, by its sort."""
        return {
            sort: _reason(self._judged(answer, with_value(answer.body, place, value)))
            for sort, value in NONSENSE.items()
        }

    def _missing(self, answer: Answer) -> dict[Place, list[JSON]]:
        """Members that the violation names and the answer has not, with the values that mend it."""
        found: dict[Place, list[JSON]] = {}
        before = self._judged(answer, answer.body)
        said = "" if before is None else f"{before.expected} {before.actual}"
        named = [word for word in self._words if word in said]
        for place, inner in containers(answer.body, dict):
            for word in named:
                for value in self._values if word not in inner else ():
                    changed = with_value(answer.body, (*place, word), value)
                    if self._judged(answer, changed) is None:
                        found.setdefault((*place, word), []).append(value)
        return found

    def _free(self, answer: Answer) -> Iterator[Condition]:
        """Members that may have any value but the one that the violation names, or must only be
        there.
        """
        before = self._judged(answer, answer.body)
        said = "" if before is None else f"{before.expected} {before.actual}"
        named = set(said.split())
        for place, shown in islice(leaves(answer.body), MOST_LEAVES):
            if str(shown) not in named:
                continue
            changed = replace(answer, body=with_value(answer.body, place, _nonsense(shown)))
            after = self._judged(changed, changed.body)
            is_next = _reason(after) != _reason(before) and after is not UNKNOWN
            if after is None or (is_next and self._is_mended(changed)):
                yield Condition(Kind.OTHER, place, (shown,))
        for place in self._absent(answer, said):
            changed_body = with_value(answer.body, place, NONSENSE["text"])
            if self._judged(answer, changed_body) is None:
                yield Condition(Kind.OTHER, place, (None,))

    def _absent(self, answer: Answer, said: str) -> Iterator[Place]:
        """Members that a violation names and no object has, also in an object that is not there."""
        named = [word for word in self._words if word in said]
        for place, inner in containers(answer.body, dict):
            for word in named:
                if word not in inner:
                    yield (*place, word)
                    yield from ((*place, word, other) for other in named if other != word)

    def _counts(self, answer: Answer, events: tuple[Event, ...]) -> Iterator[Condition]:
        earlier = [event.exchange.answer for event in events[:-1]]
        records = [a.body for a in earlier if isinstance(a, Answer) and isinstance(a.body, dict)]
        for place, items in containers(answer.body, list):
            fewer = (without(answer.body, (*place, number)) for number in range(len(items)))
            more = (with_value(answer.body, place, [*items, each]) for each in records)
            if any(self._judged(answer, body) is None for body in fewer):
                yield Condition(Kind.COUNT, place, (len(items) - 1,))
            elif any(self._judged(answer, body) is None for body in more):
                yield Condition(Kind.COUNT, place, (len(items) + 1,))

    def _judged(self, answer: Answer, body: JSON) -> Violation | None:
        self._left -= 1
        if self._left < 0:
            return UNKNOWN
        return self._judge(replace(answer, body=body))


UNKNOWN = Violation("", "", "")
"""Stands for the judgement of an answer that is not tried any more."""


def _nonsense(shown: JSON) -> JSON:
    """A value of the same sort that is in no ledger."""
    return NONSENSE["text" if shown is None else _sort(shown)]


def _sort(value: JSON) -> str:
    """The sort of a value, see NONSENSE."""
    if isinstance(value, str):
        return "amount" if _AMOUNT.fullmatch(value) else "text"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else "text"


def _reason(violation: Violation | None) -> Reason:
    return None if violation is None else (violation.rule, violation.expected)


def _last(place: Place) -> str:
    return str(place[-1]) if place else ""


def _values(found: dict[Place, list[JSON]]) -> list[Condition]:
    return [Condition(Kind.VALUE, place, tuple(values)) for place, values in found.items()]


# By the document ----------------------------------------------------------------------------------


class _Document:
    """Says what the document asks of an answer that does not fit it."""

    def __init__(self, shape: Shape, event: Event) -> None:
        self._shape = shape
        self._operation = event.exchange.request.operation
        self._left = MOST_JUDGED

    def conditions(self, answer: Answer) -> tuple[Condition, ...]:
        """What is missing; empty if it cannot be told, as for an answer that is too long to try."""
        violation = self._judged(answer)
        if violation is None:
            return ()
        if violation.rule in OF_STATUS:
            return (status_in(status for status in range(100, 600) if self._has(answer, status)),)
        if violation.rule == "SHAPE-6":
            return (Condition(Kind.CONTENT_TYPE, values=tuple(violation.expected.split(" or "))),)
        if answer.body is NOT_JSON:
            return ()
        size = sum(1 for _ in leaves(answer.body))
        self._left = min(MOST_JUDGED, MOST_COMPARED // size)
        mended = tuple(self._mended(answer))
        # What was found before the end is not all that may be right.
        return mended if self._left > 0 else ()

    def _has(self, answer: Answer, status: int) -> bool:
        found = self._judged(replace(answer, status=status))
        return found is None or found.rule not in OF_STATUS

    def _mended(self, answer: Answer) -> Iterator[Condition]:
        places = [(place, shown) for place, shown in islice(leaves(answer.body), MOST_LEAVES)]
        objects = [*containers(answer.body, dict)]
        words = words_of(self._shape)
        places += [
            ((*place, word), ...) for place, inner in objects for word in words if word not in inner
        ]
        for place, shown in places:
            if self._left <= 0:
                return
            yield from self._forms(answer, place, shown)
        for place in ((*place, name) for place, inner in objects for name in inner):
            if self._left <= 0:
                return
            if self._judged(replace(answer, body=without(answer.body, place))) is None:
                yield Condition(Kind.ABSENT, place)

    def _forms(self, answer: Answer, place: Place, shown: JSON) -> Iterator[Condition]:
        def fits(value: JSON) -> bool:
            changed = replace(answer, body=with_value(answer.body, place, value))
            after = self._judged(changed)
            # An empty object of the right type may still lack its members.
            return after is None or (value == {} and "required" in after.actual)

        for name, (is_of, samples) in FORMS.items():
            if (shown is ... or not is_of(shown)) and all(map(fits, samples)):
                yield Condition(Kind.TYPE, place, (name,))
                return
        right = tuple(word for word in words_of(self._shape, enums=True) if fits(word))
        if right:
            yield Condition(Kind.VALUE, place, right)

    def _judged(self, answer: Answer) -> Violation | None:
        self._left -= 1
        return self._shape.judge(self._operation, answer.status, answer.content_type, answer.body)


OF_STATUS = ("SHAPE-2", "SHAPE-3")
"""The rules about the status alone."""
