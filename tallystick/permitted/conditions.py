"""One thing that an answer has to show, as a value, and places in a body of JSON."""

from __future__ import annotations

from collections.abc import Iterator
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


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that an answer has to show."""

    kind: Kind
    place: Place = ()
    values: tuple[JSON, ...] = ()


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
