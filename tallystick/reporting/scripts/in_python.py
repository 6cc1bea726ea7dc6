"""Writes the parts of a recipe in Python; the rest is in `script.py.j2`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tallystick.conditions import Condition, Kind
from tallystick.evidence import ANY_FIGURE
from tallystick.reporting.blank import pieces
from tallystick.reporting.credentials import PAIR
from tallystick.reporting.scripts.blanks import CUT, HEAD, LATER, NINES, TAIL
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
_OF_TOKEN = {
    "token": "TOKEN",
    "signed": "TOKEN.rpartition('.')[0]",
    "payload": "TOKEN.split('.')[1]",
    "signature": "TOKEN.rpartition('.')[2]",
}


def in_python(recipe: Recipe) -> dict[str, object]:
    """What the template of the script needs: lines of Python, by the names that it has for them."""
    login, together = recipe.login, recipe.together
    fetch = its_own_call(login)
    sequence = recipe.calls if together is None else recipe.calls[: together.first]
    names = {} if together is not None else {id(recipe.calls[-1]): "last"}
    names |= {id(call): kept_answer(back) for call, back in looked_back(recipe)}
    steps = [
        (step, [line for call in group for line in _py_lines(call, names.get(id(call), ""))])
        for step, group in by_step(sequence)
    ]
    return {
        "race": together and _py_race(together, recipe.calls[together.first :], recipe),
        "steps": steps,
        "conditions": [_py_condition(each) for each in recipe.conditions],
        "fetch": fetch and _py_ask(fetch),
        "token_place": ", ".join(map(py_value, login.token)),
        "headers": py_value(its_own(dict(login.headers))),
    }


def _py_race(together: Together, calls: Sequence[Call], recipe: Recipe) -> dict[str, object]:
    """What clients do at the same moment, and what is looked at then."""
    place_of = places(together, len(calls))
    return {
        **in_parts(together, [(call.step, _py_ask(call)) for call in calls]),
        "looks": [py_value(look.said) for look in together.looks],
        "shown": [_py_look(look, place_of[look.call]) for look in together.looks],
        "rows": [f"({', '.join(map(py_value, row))},)" for row in together.rows],
        "any": py_value(ANY_FIGURE),
        "refused_in_body": " or ".join(
            _py_condition(each).replace("last.", "answer.", 1) for each in recipe.refusals
        ),
    }


def _py_look(look: Look, index: int) -> str:
    if look.place is None:
        return f"decision(answers[{index}])"
    return f"figure(answers[{index}], {', '.join(map(py_value, look.place))})"


def _py_lines(call: Call, name: str) -> Iterator[str]:
    """The lines of a request; `name`: of its answer, if that is looked at in the end."""
    name = name or ("answer" if call.gives else "")
    yield f"{name} = {_py_ask(call)}" if name else _py_ask(call)
    for given, place in call.gives:
        yield f"{given} = {name}.id({', '.join(map(py_value, place))})"


def _py_ask(call: Call) -> str:
    words = [py_value(call.method), py_value(call.path, in_path=True)]
    words += [py_value(call.body)] if call.body is not None else []
    words += [f"content={_py_content(call.content)}"] if call.content is not None else []
    words += [f'has_to_be="{call.has_to_be}"'] if call.has_to_be else []
    words += ["form=True"] if call.form else []
    words += [f"headers={py_value(dict(call.headers))}"] if call.headers else []
    if call.credentials is not None:
        words.append(f"credentials={py_value(dict(call.credentials))}")
    elif call.client:
        words.append(f'credentials=log_in("{call.client}_")')
    return f"ask({', '.join(words)})"


def _py_content(content: bytes | str) -> str:
    return f"{py_value(content)}.encode()" if isinstance(content, str) else repr(content)


def py_value(value: JSON, *, in_path: bool = False) -> str:
    """A value as Python writes it; blanks become the names of variables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{py_value(n)}: {py_value(v)}" for n, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(py_value, value))}]"
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
            f"{{{OF_PAIR[part][0]}}}" if is_blank else _py_literal(part, True)
            for part, is_blank in pair(name)
        ]
        return f"""base64_of(f'{"".join(parts)}')"""
    if name.startswith(NINES):
        return f"nines({name.removeprefix(NINES)})"
    if name.startswith((HEAD, TAIL)):
        end, number, of = name.split(" ")
        return f"{of}[:{number}]" if f"{end} " == HEAD else f"{of}[-{number}:]"
    if name.startswith(CUT):
        return f"{name.removeprefix(CUT)}[:-1]"
    return CONSTANTS.get(name, _OF_TOKEN.get(name, name))


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


_OF_VALUES = {
    Kind.VALUE: "shows",
    Kind.OTHER: "shows_another",
    Kind.SOMEWHERE: "has",
    Kind.NOWHERE: "has_nowhere",
}


def _py_condition(condition: Condition) -> str:
    place = f"[{', '.join(map(py_value, condition.place))}]"
    values = condition.values
    answer = kept_answer(condition.back) or "last"
    match condition.kind:
        case Kind.STATUS:
            return f"{answer}.status_is({', '.join(map(str, values))})"
        case Kind.CONTENT_TYPE:
            return f"{answer}.content_type in {py_value(list(values))}"
        case Kind.ABSENT:
            return f"{answer}.lacks({place})"
        case Kind.COUNT:
            return f"{answer}.has_items({place}, {values[0]})"
        case Kind.AT_MOST:
            return f"{answer}.has_items({place}, *range({values[0] + 1}))"
        case Kind.TYPE:
            return f"{answer}.is_of({place}, {py_value(values[0])})"
        case Kind.VALUE | Kind.OTHER | Kind.SOMEWHERE | Kind.NOWHERE:
            asked = ", ".join([place, *map(py_value, values)])
            return f"{answer}.{_OF_VALUES[condition.kind]}({asked})"
