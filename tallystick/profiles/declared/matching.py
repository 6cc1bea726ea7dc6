"""Templates read backwards: the variables of a request that a template may have written. Pure.

What fits is not certain yet: `recognising` writes the request again, and compares. Where a text can
be taken apart in more than one way, it fits none. This module does not know what a variable means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from tallystick.profiles.declared.declaration import Call
from tallystick.profiles.declared.templates import as_text, names_in

JSON = Any
Found = dict[str, JSON]
_PIECE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_WITHIN = re.compile(r"\[([^\[\]]*)\]")


class Unlike(Exception):
    """The request is not one that the template writes."""


def fits(call: Call, method: str, path: str) -> bool:
    """Whether a request is one of this operation, by its method and path alone."""
    if call.method != method:
        return False
    try:
        _path(call.path.partition("?")[0], path.partition("?")[0], {})
    except Unlike:
        return False
    return True


def variables_in(
    call: Call, path: str, body: JSON, headers: Mapping[str, str], unread: Iterable[str] = ()
) -> Found:
    """The variables of a request, as they stand in it; Unlike if it does not fit.

    `unread` are the members of its query and its body that carry credentials.
    """
    found: Found = {}
    template, _, fixed = call.path.partition("?")
    bare, _, query = path.partition("?")
    _path(template, bare, found)
    asked = dict(parse_qsl(fixed, keep_blank_values=True))
    content = call.content if call.body == "query" and isinstance(call.content, Mapping) else {}
    shown = nested(_once(query, unread))
    _member({**asked, **content}, shown, found)
    if call.body != "query":
        _body(call, body, found, unread)
    for name, text in call.headers.items():
        if name.lower() not in headers:
            raise Unlike(f"without the header {name}")
        _text(text, headers[name.lower()], found)
    return found


def _once(query: str, unread: Iterable[str]) -> dict[str, str]:
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in unread]
    if len(dict(pairs)) < len(pairs):
        raise Unlike("a member of the query comes twice")
    return dict(pairs)


def _path(template: str, path: str, found: Found) -> None:
    parts, given = template.split("/"), path.split("/")
    if len(parts) != len(given):
        raise Unlike("another path")
    for part, each in zip(parts, given, strict=True):
        _text(part, unquote(each), found)


def _body(call: Call, body: JSON, found: Found, unread: Iterable[str]) -> None:
    if not call.has_body or call.method == "GET":
        if body not in (None, {}):
            raise Unlike("a body")
        return
    if isinstance(body, Mapping):
        body = {name: value for name, value in body.items() if name not in unread}
        body = nested(body) if call.body == "form" else body
    _value(call.content, {} if body is None and call.body == "form" else body, found)


def nested(flat: Mapping[str, JSON]) -> JSON:
    """The members of a form as what they spell: `card[number]` is a member of `card`."""
    whole: dict[str, JSON] = {}
    for name, value in flat.items():
        first, bracket, _ = name.partition("[")
        names = [first, *_WITHIN.findall(name[len(first) :])] if bracket else [name]
        place = whole
        for each in names[:-1]:
            place = place.setdefault(each, {})
            if not isinstance(place, dict):
                raise Unlike(f"{name} is within a text")
        place[names[-1]] = value
    return whole


def _value(template: JSON, value: JSON, found: Found) -> None:
    if isinstance(template, Mapping):
        if not isinstance(value, Mapping):
            raise Unlike("no object")
        _member(template, value, found)
    elif isinstance(template, list | tuple):
        if isinstance(value, Mapping) and all(name.isdigit() for name in value):
            value = list(value.values())  # of a form
        if not isinstance(value, list) or len(value) != len(template):
            raise Unlike("no such list")
        for each, item in zip(template, value, strict=True):
            _value(each, item, found)
    elif isinstance(template, str):
        whole = _PIECE.fullmatch(template)
        if whole is not None and (whole[1] or whole[2]):
            _bind(whole[1] or whole[2], value, found)
        elif isinstance(value, Mapping | list):
            raise Unlike("no text")
        else:
            _text(template, as_text(value), found)
    elif isinstance(value, Mapping | list) or as_text(template) != as_text(value):
        raise Unlike(f"not {template}")


def _member(template: Mapping[str, JSON], value: Mapping[str, JSON], found: Found) -> None:
    further = value.keys() - template.keys()
    if further:
        raise Unlike(f"a further member {min(further)}")
    for name, each in template.items():
        if name in value:
            _value(each, value[name], found)
        elif not _may_be_left_out(each):
            raise Unlike(f"without {name}")


def _may_be_left_out(template: JSON) -> bool:
    if isinstance(template, Mapping):
        return all(map(_may_be_left_out, template.values()))
    whole = _PIECE.fullmatch(template) if isinstance(template, str) else None
    return whole is not None and bool(whole[1] or whole[2])


def _text(template: str, text: str, found: Found) -> None:
    if "$" not in template:
        if template != text:
            raise Unlike(f"not {template}")
        return
    names = [match[1] or match[2] for match in _PIECE.finditer(template) if match[0] != "$$"]
    ways = [_taken_apart(template, text, some) for some in (".+?", ".+")]
    if ways[0] != ways[1]:
        raise Unlike("it can be read in several ways")
    for name, value in zip(names, ways[0], strict=True):
        _bind(name, value, found)


def _taken_apart(template: str, text: str, some: str) -> tuple[str, ...]:
    pattern, end = "", 0
    for match in _PIECE.finditer(template):
        pattern += re.escape(template[end : match.start()])
        pattern += re.escape("$") if match[0] == "$$" else f"({some})"
        end = match.end()
    whole = re.fullmatch(pattern + re.escape(template[end:]), text, re.DOTALL)
    if whole is None:
        raise Unlike(f"not {template}")
    return whole.groups()


def _bind(name: str, value: JSON, found: Found) -> None:
    if name in found and not alike(found[name], value):
        raise Unlike(f"two values of ${name}")
    if isinstance(value, str) and isinstance(found.get(name), int | float):
        return  # the number says more than the text of a path
    found[name] = value


def alike(one: JSON, other: JSON) -> bool:
    """Whether two values are the same, if a number may be written as a text."""
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return bool(one == other)
    return as_text(one) == as_text(other)


def same_request(
    one: tuple[str, JSON, bool], other: tuple[str, JSON, bool], unread: Iterable[str] = ()
) -> bool:
    """Whether two requests (path, body, whether it is a form) ask for exactly the same."""
    paths = [_parts(path, unread) for path, _, _ in (one, other)]
    bodies = [_written(body, unread) for _, body, _ in (one, other)]
    return paths[0] == paths[1] and bodies[0] == bodies[1] and (one[2] == other[2] or not one[1])


def _parts(path: str, unread: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    bare, _, query = path.partition("?")
    pairs = sorted(pair for pair in parse_qsl(query, keep_blank_values=True))
    return [unquote(part) for part in bare.split("/")], [p for p in pairs if p[0] not in unread]


def _written(body: JSON, unread: Iterable[str]) -> str:
    if isinstance(body, Mapping):
        body = {name: value for name, value in body.items() if name not in unread}
    return json.dumps(body or None, sort_keys=True)


def texts_in(value: JSON) -> Iterator[str]:
    """All texts and numbers in a body, as texts."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, str | int):
        yield as_text(value)


def names_of(call: Call) -> frozenset[str]:
    """The variables of a request."""
    return names_in([call.path, call.content, call.headers])
