"""One thing that an answer has to show, as a value, and places in a body of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

JSON = Any
Place = tuple[str | int, ...]
"""Where something is in a body: names of members and numbers of items, from the outside."""


class Kind(StrEnum):
    """What a condition looks at."""

    STATUS = "status"
    """`values` are pairs: the least and the largest status of a range."""
    CONTENT_TYPE = "content type"
    VALUE = "value"
    """The member has one of the values."""
    TYPE = "type"
    """The member is of a type or form: the only value is its name in `forms.FORMS`."""
    ABSENT = "absent"
    COUNT = "count"
    """The list has so many items."""
    AT_MOST = "at most"
    """The list has no more items than this."""
    OTHER = "other"
    """The member is there, and has none of the values."""
    SOMEWHERE = "somewhere"
    """Each of the values is in the body, at the place or below it."""
    NOWHERE = "nowhere"
    """None of the values is in the body, at the place or below it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that an answer has to show."""

    kind: Kind
    place: Place = ()
    values: tuple[JSON, ...] = ()
    back: int = 0
    """How many answers before the last one it is about: pages of a list are answers of their own.
    """


def shows(place: Place, *values: JSON) -> Condition:
    """The condition that the member has one of the values."""
    return Condition(Kind.VALUE, place, values)


def on_some_page(value: JSON, pages: Iterable[int]) -> tuple[Condition, ...]:
    """The conditions that a value is somewhere in one of the answers, given by how far back; none
    for None.
    """
    if value is None:
        return ()
    return tuple(Condition(Kind.SOMEWHERE, values=(value,), back=back) for back in pages)


def nowhere(*values: JSON, back: int = 0) -> tuple[Condition, ...]:
    """The condition that an answer accepts, and has none of the values anywhere."""
    return (Condition(Kind.NOWHERE, values=values, back=back),)


def listing(shown: Iterable[JSON], wanted: Iterable[JSON]) -> tuple[Condition, ...]:
    """What a list has to show that is not what it should be: no more of what is too much, else what
    is missing.
    """
    seen, due = list(shown), list(wanted)
    extra = tuple(each for each in seen if each not in due)
    missing = tuple(each for each in due if each not in seen)
    if extra:
        return nowhere(*extra)
    return (Condition(Kind.SOMEWHERE, values=missing),) if missing else ()


ACCEPTED = Condition(Kind.STATUS, values=((200, 299),))


def status_in(allowed: Iterable[int]) -> Condition:
    """The condition that a status is one of these."""
    ranges: list[tuple[int, int]] = []
    for status in sorted(allowed):
        if ranges and ranges[-1][1] == status - 1:
            ranges[-1] = (ranges[-1][0], status)
        else:
            ranges.append((status, status))
    return Condition(Kind.STATUS, values=tuple(ranges))


def at(body: JSON, place: Place) -> JSON:
    """What is at a place of a body; None if there is nothing."""
    for name in place:
        try:
            body = body[name]
        except (TypeError, KeyError, IndexError):
            return None
    return body


def leaves(body: JSON, place: Place = ()) -> Iterator[tuple[Place, JSON]]:
    """Every value of a body that is no object and no list, or an empty one, with its place."""
    items: list[tuple[str | int, JSON]] = []
    if isinstance(body, dict):
        items = list(body.items())
    elif isinstance(body, list):
        items = list(enumerate(body))
    if not items:
        yield place, body
    for name, value in items:
        yield from leaves(value, (*place, name))


def containers(body: JSON, kind: type, place: Place = ()) -> Iterator[tuple[Place, JSON]]:
    """Every list (or every object) of a body, with its place, from the outside."""
    if isinstance(body, kind):
        yield place, body
    inner = body.items() if isinstance(body, dict) else enumerate(body if _is_list(body) else ())
    for name, value in inner:
        yield from containers(value, kind, (*place, name))


def _is_list(body: JSON) -> bool:
    return isinstance(body, list)


def with_value(body: JSON, place: Place, value: JSON) -> JSON:
    """The body with another value at a place, which may be a new member of an object."""
    if not place:
        return value
    name, *rest = place
    if isinstance(body, list):
        changed = list(body)
        changed[int(name)] = with_value(body[int(name)], tuple(rest), value)
        return changed
    inner = body.get(name) if isinstance(body, dict) else None
    return {**(body if isinstance(body, dict) else {}), name: with_value(inner, tuple(rest), value)}


def without(body: JSON, place: Place) -> JSON:
    """The body without the member or the item at a place."""
    name, *rest = place
    if rest:
        return with_value(body, place[:1], without(body[name], tuple(rest)))
    if isinstance(body, list):
        return [item for number, item in enumerate(body) if number != name]
    return {key: value for key, value in body.items() if key != name}
