"""Writes the parts of a recipe for bash, curl and jq; the rest is in `script.sh.j2`."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tallystick.conditions import Condition, Kind, Place
from tallystick.permitted.forms import PATTERNS
from tallystick.reporting.blank import pieces
from tallystick.reporting.credentials import PAIR
from tallystick.reporting.scripts.blanks import CUT, DIGITS, HEAD, LATER, NINES, OWN, TAIL
from tallystick.reporting.scripts.parts import (
    CONSTANTS,
    OF_PAIR,
    by_step,
    in_parts,
    its_own,
    its_own_call,
    kept_answer,
    looked_back,
    pair,
    places,
)
from tallystick.reporting.scripts.recipe import Call, Recipe
from tallystick.reporting.scripts.together import Look, Together

JSON = Any
LARGE = 10**15
"""Integers from here on are compared as text: jq rounds them."""
_IN_SHELL = {
    **CONSTANTS,
    "token": "TOKEN",
    **{name: name for name in ("basic", "client_id", "client_secret")},
    "signed": "TOKEN%.*",
    "signature": "TOKEN##*.",
}


def in_shell(recipe: Recipe) -> dict[str, object]:
    """What the template of the script needs: lines of bash, by the names that it has for them."""
    login, fetch, together = recipe.login, its_own_call(recipe.login), recipe.together
    sequence = recipe.calls if together is None else recipe.calls[: together.first]
    names = {id(call): kept_answer(back) for call, back in looked_back(recipe)}
    return {
        "race": together and _sh_race(together, recipe.calls[together.first :], recipe),
        "steps": [
            (step, [line for call in group for line in _sh_lines(call, names.get(id(call), ""))])
            for step, group in by_step(sequence)
        ],
        # The last answer first: what looks back puts another one in its place.
        "conditions": [
            _sh_condition(each) for each in sorted(recipe.conditions, key=lambda each: each.back)
        ],
        "fetch": fetch and _sh_ask(fetch),
        "token_place": _filter(login.token),
        "headers": " ".join(
            _sh(f"{name}: {value}") for name, value in its_own(dict(login.headers)).items()
        ),
    }


def _sh_race(together: Together, calls: Sequence[Call], recipe: Recipe) -> dict[str, object]:
    """What clients do at the same moment, and what is looked at then."""
    place_of = places(together, len(calls))
    rows = [[_comparable(value) for value in row] for row in together.rows]
    refuses = ['[ "$status" -ge 300 ]', *map(_sh_condition, recipe.refusals)]
    return {
        **in_parts(together, [(call.step, list(_sh_lines(call))) for call in calls]),
        "looks": _sh_json([look.said for look in together.looks]),
        "shown": ", ".join(_jq_look(look, place_of[look.call]) for look in together.looks),
        "rows": shlex.quote("[" + ",\n ".join(map(json.dumps, rows)) + "]"),
        "refuses": " || ".join(refuses),
    }


def _jq_look(look: Look, index: int) -> str:
    if look.place is None:
        return f".[{index}].decision"
    place = ", ".join(_jq(name) for name in look.place)
    return f"(.[{index}] | figure([{place}]))"


def _jq(name: str | int) -> str:
    """A name within a filter that stands between single quotes."""
    return json.dumps(name).replace("'", "\\u0027")


def _sh_lines(call: Call, name: str = "") -> Iterator[str]:
    """The lines of a request; `name`: of its answer, if that is looked at in the end."""
    if call.credentials is not None:
        yield " ".join(["with_credentials", *(_sh(f"{n}: {v}") for n, v in call.credentials)])
    elif call.client:
        yield f"as {call.client}_"
    yield _sh_ask(call)
    if name:
        yield f"{name}=$answer status_of_{name}=$status"
    for given, place in call.gives:
        yield f'{given}=$(at {_filter(place)}) || {{ echo "${given}"; exit 2; }}'


def _filter(place: Place) -> str:
    """A place as a filter of jq."""
    return shlex.quote("".join(f"[{json.dumps(name)}]" for name in place).replace("[", ".[", 1))


def _sh_ask(call: Call) -> str:
    kind, content = "none", "''"
    if call.content is not None:
        named = {name.lower() for name, _ in call.headers}
        kind = "raw" if "content-type" in named else "json"
        content = _sh(call.content) if isinstance(call.content, str) else _ansi(call.content)
    elif call.body is not None and call.form:
        kind = "form"
        content = '"&"'.join(_form_pair(n, v) for n, v in call.body.items()) or "''"
    elif call.body is not None:
        kind, content = "json", _sh_json(call.body)
    words = ["ask", call.method, _sh(call.path, in_path=True), call.has_to_be or "''", kind]
    words += [content, *(_sh(f"{name}: {value}") for name, value in call.headers)]
    return " ".join(words)


def _ansi(content: bytes) -> str:
    """Bytes, none of them 0, as one word of bash."""
    return "$'" + "".join(f"\\x{byte:02x}" for byte in content) + "'"


def _form_pair(name: str, value: JSON) -> str:
    return f"{_sh(str(name), in_form=True)}={_sh(str(value), in_form=True)}"


def _sh_json(value: JSON) -> str:
    """A value as JSON, in one word of the shell."""
    text = json.dumps(value)
    parts = re.split(r"\\u0000(.*?)\\u0000", text)
    words = [
        f'"{_sh_blank(part)}"' if number % 2 else shlex.quote(part)
        for number, part in enumerate(parts)
        if part
    ]
    return "".join(words)


def _sh(text: str, *, in_path: bool = False, in_form: bool = False) -> str:
    words = []
    for part, is_blank in pieces(text):
        if not is_blank:
            words.append(shlex.quote(quote(part, safe="") if in_form else part))
        elif (in_path or in_form) and part not in (OWN, DIGITS):
            words.append(f'"$(uri "{_sh_blank(part)}")"')
        else:
            words.append(f'"{_sh_blank(part)}"')
    return "".join(words) or "''"


def _sh_blank(name: str) -> str:
    if name == "payload":
        return '$(cut -d. -f2 <<<"$TOKEN")'
    if name.startswith(NINES):
        return f'$(tr 0123456789 9876543210 <<<"${name.removeprefix(NINES)}")'
    if name.startswith((HEAD, TAIL)):
        end, number, of = name.split(" ")
        return f"${{{of}:0:{number}}}" if f"{end} " == HEAD else f"${{{of}: -{number}}}"
    if name.startswith(CUT):
        return f"${{{name.removeprefix(CUT)}%?}}"
    if name.startswith(PAIR):
        words = [
            f'"${{{OF_PAIR[part][1]}}}"' if is_blank else shlex.quote(part)
            for part, is_blank in pair(name)
        ]
        return f"$(base64_of {''.join(words)})"
    if name.startswith(LATER):
        _, seconds, minutes, zone = name.split(" ")
        ahead = int(minutes)
        sign = "-" if ahead >= 0 else "+"  # POSIX counts from the west
        return f"$(later {seconds} UTC{sign}{abs(ahead) // 60}:{abs(ahead) % 60:02} {zone})"
    return f"${{{_IN_SHELL.get(name, name)}}}"


_FILTERS = {
    "string": 'type == "string"',
    "integer": 'type == "number" and . == floor',
    "integer of 0 or more": 'type == "number" and . == floor and . >= 0',
    "boolean": 'type == "boolean"',
    "object": 'type == "object"',
    "array": 'type == "array"',
    "null": 'type == "null"',
    **{
        name: f'type == "string" and test({json.dumps(f"^({pattern})$")})'
        for name, pattern in PATTERNS.items()
    },
}


_OF_VALUES = {
    Kind.VALUE: "shows",
    Kind.OTHER: "shows_another",
    Kind.SOMEWHERE: "has",
    Kind.NOWHERE: "has_nowhere",
}


def _sh_condition(condition: Condition) -> str:
    place = shlex.quote(json.dumps(list(condition.place)))
    values = condition.values
    if condition.back:
        name = kept_answer(condition.back)
        inner = _sh_condition(replace(condition, back=0))
        return f"{{ answer=${name} status=$status_of_{name}; {inner}; }}"
    match condition.kind:
        case Kind.STATUS:
            return " || ".join(f"status_is {least} {most}" for least, most in values)
        case Kind.CONTENT_TYPE:
            return " || ".join(f"content_type_is {shlex.quote(each)}" for each in values)
        case Kind.VALUE | Kind.OTHER | Kind.SOMEWHERE | Kind.NOWHERE:
            name = _OF_VALUES[condition.kind]
            return f"{name} {place} {_sh_json([_comparable(value) for value in values])}"
        case Kind.AT_MOST:
            return f"fits {place} 'type == \"array\" and length <= {values[0]}'"
        case Kind.ABSENT:
            inner = shlex.quote(json.dumps(list(condition.place[:-1])))
            return f"lacks {inner} {shlex.quote(json.dumps(condition.place[-1]))}"
        case Kind.COUNT:
            return f"fits {place} 'type == \"array\" and length == {values[0]}'"
        case Kind.TYPE:
            return f"fits {place} {shlex.quote(_FILTERS[values[0]])}"


def _comparable(value: JSON) -> JSON:
    """A value as `ask` leaves it: numbers of 16 digits and more are text."""
    is_large = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= LARGE
    return str(value) if is_large else value
