"""Writes a recipe as a script. What is the same in every script is in the templates beside this."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tallystick.permitted import Condition, Kind
from tallystick.permitted.conditions import Place
from tallystick.permitted.forms import PATTERNS
from tallystick.reporting.blank import blank, pieces
from tallystick.reporting.credentials import PAIR
from tallystick.reporting.scripts.blanks import (
    ACCOUNT,
    CUT,
    DIGITS,
    LATER,
    NINES,
    OTHER_ACCOUNT,
    OWN,
)
from tallystick.reporting.scripts.recipe import Call, Recipe
from tallystick.target.api import ScriptedLogin

JSON = Any
LARGE = 10**15
"""Integers from here on are compared as text in shell: jq rounds them."""
_CONSTANTS = {
    OWN: "OWN",
    DIGITS: "DIGITS",
    ACCOUNT: "ACCOUNT",
    OTHER_ACCOUNT: "OTHER_ACCOUNT",
    "url": "URL",
}
_ITS_OWN = {ACCOUNT: "its_account", "token": "its_token"}
"""Blanks of a login that stand for the account and the token of the client that logs in."""
_OF_PAIR = {
    "client_id": ("CLIENT_ID", "CLIENT_ID"),
    "client_secret": ("CLIENT_SECRET", "CLIENT_SECRET"),
    "cut_secret": ("CLIENT_SECRET[:-1]", "CLIENT_SECRET%?"),
}
"""What user and password of HTTP basic are made of, in Python and in shell."""
_OF_TOKEN = {
    "token": "TOKEN",
    "signed": "TOKEN.rpartition('.')[0]",
    "payload": "TOKEN.split('.')[1]",
    "signature": "TOKEN.rpartition('.')[2]",
}
_IN_SHELL = {
    **_CONSTANTS,
    "token": "TOKEN",
    **{name: name for name in ("basic", "client_id", "client_secret")},
    "signed": "TOKEN%.*",
    "signature": "TOKEN##*.",
}


def python_text(recipe: Recipe, file: str) -> str:
    """The script in Python, of this name."""
    said = (recipe.rule, recipe.expected, recipe.actual)
    return _render(
        "script.py.j2",
        recipe,
        file,
        _in_python(recipe),
        said=", ".join(map(_py, said)),
        patterns="{" + ", ".join(f'"{n}": r"{p}"' for n, p in PATTERNS.items()) + "}",
    )


def shell_text(recipe: Recipe, file: str) -> str:
    """The script for bash, of this name."""
    broken = f"FAULT: {recipe.rule} is broken. Expected: {recipe.expected}; seen: {recipe.actual}"
    return _render(
        "script.sh.j2",
        recipe,
        file,
        _in_shell(recipe),
        kept=shlex.quote(f"RIGHT: {recipe.rule} is kept"),
        broken=shlex.quote(broken),
    )


def _render(
    template: str, recipe: Recipe, file: str, written: dict[str, object], **more: object
) -> str:
    login = recipe.login
    fetch = login.fetch
    names = _blanks_in([login.headers, fetch and (fetch.path, fetch.body, fetch.headers)])
    can_fetch = fetch is not None or "basic" in names or "client_id" in names
    sent = _blanks_in([(call.path, call.body, call.credentials or ()) for call in recipe.calls])
    clients = sorted({call.client for call in recipe.calls if call.client})
    needs_other = OTHER_ACCOUNT in sent or (ACCOUNT in names and "OTHER" in clients)
    accounts = {"": recipe.needs_account, "OTHER_": needs_other}
    variables = [f"TALLYSTICK_{name}ACCOUNT" for name, is_needed in accounts.items() if is_needed]
    for prefix in ["", *(f"{client}_" for client in clients)] if login.headers else []:
        pair = f"TALLYSTICK_{prefix}CLIENT_ID and TALLYSTICK_{prefix}CLIENT_SECRET, or "
        variables.append(f"{pair if can_fetch else ''}TALLYSTICK_{prefix}TOKEN")
    context = {
        "rule": recipe.rule,
        "sentence": _harmless(recipe.sentence),
        "file": file,
        "environment": "; ".join(variables) or "nothing",
        "program": [_harmless(line) for line in recipe.program],
        "expected": _harmless(recipe.expected),
        "actual": _harmless(recipe.actual),
        "needs_account": recipe.needs_account,
        "needs_other_account": needs_other,
        "needs_pair": any(name.startswith(PAIR) for name in sent),
        "logs_in": bool(login.headers),
        "can_fetch": can_fetch,
        "needs_token": login.fetch is None and "token" in names,
    }
    return _environment().get_template(template).render(**context, **written, **more)


def _harmless(text: str) -> str:
    """A text that ends no docstring."""
    return text.replace('"""', "'''")


def _blanks_in(value: JSON) -> set[str]:
    if isinstance(value, dict):
        return _blanks_in(list(value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(_blanks_in, value)) if value else set()
    return (
        {part for part, is_blank in pieces(value) if is_blank} if isinstance(value, str) else set()
    )


def _its_own_call(login: ScriptedLogin) -> Call | None:
    """The request of a login, for the client that logs in; None: it needs none."""
    fetch = login.fetch
    if fetch is None:
        return None
    path, body, headers = (_its_own(each) for each in (fetch.path, fetch.body, fetch.headers))
    return Call("", fetch.method, path, body, fetch.form, tuple(headers), "accepted")


def _its_own(value: JSON) -> JSON:
    """A value of a login with the blanks of the client that logs in."""
    if isinstance(value, dict):
        return {name: _its_own(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_its_own(item) for item in value]
    if not isinstance(value, str):
        return value
    parts = pieces(value)
    return "".join(blank(_ITS_OWN.get(part, part)) if is_b else part for part, is_b in parts)


def _by_step(calls: Iterable[Call]) -> Iterator[tuple[str, list[Call]]]:
    for step, group in groupby(calls, lambda call: call.step):
        yield step or "a single request", list(group)


# Python -------------------------------------------------------------------------------------------


def _in_python(recipe: Recipe) -> dict[str, object]:
    login, last = recipe.login, recipe.calls[-1]
    fetch = _its_own_call(login)
    steps = [
        (step, [line for call in group for line in _py_lines(call, call is last)])
        for step, group in _by_step(recipe.calls)
    ]
    return {
        "steps": steps,
        "conditions": [_py_condition(each) for each in recipe.conditions],
        "fetch": fetch and _py_ask(fetch),
        "token_place": ", ".join(map(_py, login.token)),
        "headers": _py(_its_own(dict(login.headers))),
    }


def _py_lines(call: Call, is_last: bool) -> Iterator[str]:
    made = "last = " if is_last else "answer = " if call.gives else ""
    yield f"{made}{_py_ask(call)}"
    for name, place in call.gives:
        yield f"{name} = answer.id({', '.join(map(_py, place))})"


def _py_ask(call: Call) -> str:
    words = [_py(call.method), _py(call.path, in_path=True)]
    words += [_py(call.body)] if call.body is not None else []
    words += [f"content={_py_content(call.content)}"] if call.content is not None else []
    words += [f'has_to_be="{call.has_to_be}"'] if call.has_to_be else []
    words += ["form=True"] if call.form else []
    words += [f"headers={_py(dict(call.headers))}"] if call.headers else []
    if call.credentials is not None:
        words.append(f"credentials={_py(dict(call.credentials))}")
    elif call.client:
        words.append(f'credentials=log_in("{call.client}_")')
    return f"ask({', '.join(words)})"


def _py_content(content: bytes | str) -> str:
    return f"{_py(content)}.encode()" if isinstance(content, str) else repr(content)


def _py(value: JSON, *, in_path: bool = False) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_py(n)}: {_py(v)}" for n, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_py, value))}]"
    if not isinstance(value, str):
        return repr(value)
    parts = list(pieces(value))
    if len(parts) == 1 and parts[0][1] and not in_path:
        return _py_blank(parts[0][0])
    is_filled = any(is_blank for _, is_blank in parts)
    text = "".join(
        ("{" + _in_python_path(part, in_path) + "}") if is_blank else _py_literal(part, is_filled)
        for part, is_blank in parts
    )
    return f'{"f" if is_filled else ""}"{text}"'


def _in_python_path(name: str, in_path: bool) -> str:
    written = _py_blank(name)
    return f"quote({written}, safe='')" if in_path and written not in ("OWN", "DIGITS") else written


def _py_blank(name: str) -> str:
    if name.startswith(LATER):
        _, seconds, minutes, zone = name.split(" ")
        return f"later({seconds}, {minutes}, '{zone}')"
    if name.startswith(PAIR):
        parts = [
            f"{{{_OF_PAIR[part][0]}}}" if is_blank else _py_literal(part, True)
            for part, is_blank in _pair(name)
        ]
        return f"""base64_of(f'{"".join(parts)}')"""
    if name.startswith(NINES):
        return f"nines({name.removeprefix(NINES)})"
    if name.startswith(CUT):
        return f"{name.removeprefix(CUT)}[:-1]"
    return _CONSTANTS.get(name, _OF_TOKEN.get(name, name))


def _py_literal(text: str, is_filled: bool) -> str:
    found = "".join(_py_sign(sign) for sign in text)
    return found.replace("{", "{{").replace("}", "}}") if is_filled else found


def _py_sign(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return (
        sign
        if " " <= sign <= "~"
        else sign.encode("unicode_escape", "surrogatepass").decode()
        if not "\ud800" <= sign <= "\udfff"
        else f"\\u{ord(sign):04x}"
    )


def _py_condition(condition: Condition) -> str:
    place = f"[{', '.join(map(_py, condition.place))}]"
    values = condition.values
    match condition.kind:
        case Kind.STATUS:
            return f"last.status_is({', '.join(map(str, values))})"
        case Kind.CONTENT_TYPE:
            return f"last.content_type in {_py(list(values))}"
        case Kind.VALUE:
            return f"last.shows({', '.join([place, *map(_py, values)])})"
        case Kind.ABSENT:
            return f"last.lacks({place})"
        case Kind.COUNT:
            return f"last.has_items({place}, {values[0]})"
        case Kind.TYPE:
            return f"last.is_of({place}, {_py(values[0])})"


# Shell --------------------------------------------------------------------------------------------


def _in_shell(recipe: Recipe) -> dict[str, object]:
    login, fetch = recipe.login, _its_own_call(recipe.login)
    return {
        "steps": [
            (step, [line for call in group for line in _sh_lines(call)])
            for step, group in _by_step(recipe.calls)
        ],
        "conditions": [_sh_condition(each) for each in recipe.conditions],
        "fetch": fetch and _sh_ask(fetch),
        "token_place": _filter(login.token),
        "headers": " ".join(
            _sh(f"{name}: {value}") for name, value in _its_own(dict(login.headers)).items()
        ),
    }


def _sh_lines(call: Call) -> Iterator[str]:
    if call.credentials is not None:
        yield " ".join(["with_credentials", *(_sh(f"{n}: {v}") for n, v in call.credentials)])
    elif call.client:
        yield f"as {call.client}_"
    yield _sh_ask(call)
    for name, place in call.gives:
        yield f'{name}=$(at {_filter(place)}) || {{ echo "${name}"; exit 2; }}'


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
    if name.startswith(CUT):
        return f"${{{name.removeprefix(CUT)}%?}}"
    if name.startswith(PAIR):
        words = [
            f'"${{{_OF_PAIR[part][1]}}}"' if is_blank else shlex.quote(part)
            for part, is_blank in _pair(name)
        ]
        return f"$(base64_of {''.join(words)})"
    if name.startswith(LATER):
        _, seconds, minutes, zone = name.split(" ")
        ahead = int(minutes)
        sign = "-" if ahead >= 0 else "+"  # POSIX counts from the west
        return f"$(later {seconds} UTC{sign}{abs(ahead) // 60}:{abs(ahead) % 60:02} {zone})"
    return f"${{{_IN_SHELL.get(name, name)}}}"


def _pair(name: str) -> Iterator[tuple[str, bool]]:
    """What a pair of user and password is made of: its parts, with whether each is a name."""
    parts = re.split(r"\$\{(\w+)\}", name.removeprefix(PAIR))
    return ((part, number % 2 == 1) for number, part in enumerate(parts) if part)


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


def _sh_condition(condition: Condition) -> str:
    place = shlex.quote(json.dumps(list(condition.place)))
    values = condition.values
    match condition.kind:
        case Kind.STATUS:
            return " || ".join(f"status_is {least} {most}" for least, most in values)
        case Kind.CONTENT_TYPE:
            return " || ".join(f"content_type_is {shlex.quote(each)}" for each in values)
        case Kind.VALUE:
            return f"shows {place} {_sh_json([_comparable(value) for value in values])}"
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


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
