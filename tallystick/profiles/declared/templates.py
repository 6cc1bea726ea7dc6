"""Requests from templates: paths, bodies and headers with `$variables` in them. Pure.

A member that is nothing but one variable takes its value as it is, and is left out if the command
has none (a capture without an amount). This module does not know what a variable means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

JSON = Any
_VARIABLE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
LEFT_OUT = object()
OF_MONEY = frozenset(("amount", "currency"))
"""The variables that spell an amount of money."""


class Missing(LookupError):
    """A text needs a variable that the command has not."""


def names_in(template: JSON) -> frozenset[str]:
    """Return the names of all variables in a template."""
    if isinstance(template, Mapping):
        return frozenset().union(*(names_in(each) for each in template.values()))
    if isinstance(template, list | tuple):
        return frozenset().union(*(names_in(each) for each in template))
    if not isinstance(template, str):
        return frozenset()
    matches = _VARIABLE.finditer(template)
    return frozenset(match[1] or match[2] for match in matches if match[1] or match[2])


def filled(template: JSON, variables: Mapping[str, JSON]) -> JSON:
    """Return a template with its variables in it; LEFT_OUT if it is one that has no value.

    Missing if a variable within a longer text has none.
    """
    if isinstance(template, Mapping):
        members = ((name, filled(each, variables)) for name, each in template.items())
        return {
            name: each
            for name, each in members
            if each is not LEFT_OUT and not _is_without_amount(template[name], variables)
        }
    if isinstance(template, list | tuple):
        items = (filled(each, variables) for each in template)
        return [each for each in items if each is not LEFT_OUT]
    if not isinstance(template, str):
        return template
    whole = _VARIABLE.fullmatch(template)
    if whole is not None and (whole[1] or whole[2]):
        value = variables.get(whole[1] or whole[2])
        return LEFT_OUT if value is None else value
    return _text(template, variables, quoted=False)


def _is_without_amount(template: JSON, variables: Mapping[str, JSON]) -> bool:
    """Whether it is an object that spells an amount, and there is none: `{value: $amount, currency:
    $currency}`. Without the amount the rest of it means nothing. An object that has more in it,
    such as a key, spells more than an amount.
    """
    if not isinstance(template, Mapping) or variables.get("amount") is not None:
        return False
    named = [names_in([each]) for each in template.values()]
    return all(each and each <= OF_MONEY for each in named) and any("amount" in n for n in named)


def merged(content: JSON, more: Mapping[str, JSON]) -> JSON:
    """Return a body with more members: into its objects, and into the first one of a list."""
    if isinstance(content, list) and content:
        return [merged(content[0], more), *content[1:]]
    found = dict(content)
    for name, value in more.items():
        inner = found.get(name)
        is_object = isinstance(inner, Mapping) and isinstance(value, Mapping)
        found[name] = merged(inner, value) if is_object else value
    return found


def at_place(place: str, value: JSON) -> dict[str, JSON]:
    """Return a body that has a value at a place such as `data.attributes.key`, and nothing else."""
    first, _, rest = place.partition(".")
    return {first: at_place(rest, value) if rest else value}


def filled_path(template: str, variables: Mapping[str, JSON]) -> str:
    """Return a path, each variable quoted as one segment of it; Missing if one has no value."""
    return _text(template, variables, quoted=True)


def _text(template: str, variables: Mapping[str, JSON], *, quoted: bool) -> str:
    def put(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if not name:
            return "$"
        value = variables.get(name)
        if value is None:
            raise Missing(name)
        text = as_text(value)
        return segment(text) if quoted else text

    return _VARIABLE.sub(put, template)


def segment(text: str) -> str:
    """Return the text as one segment of a path."""
    if text in (".", ".."):
        return text.replace(".", "%2E")  # else the HTTP client would resolve it against the path
    return quote(text, safe="")


def flat(body: Mapping[str, JSON], within: str = "") -> dict[str, str]:
    """Return a body as a form: members of members are named `card[number]`, all values are text."""
    return dict(_flat(body, within))


def _flat(value: JSON, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for each, member in value.items():
            yield from _flat(member, f"{name}[{each}]" if name else each)
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _flat(member, f"{name}[{number}]")
    else:
        yield name, as_text(value)


def as_text(value: JSON) -> str:
    """Return a scalar as a form or a header spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
