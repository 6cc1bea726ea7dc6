"""Commands and outcomes of the vocabulary as JSON values, and back.

A frozen dataclass becomes an object with the name of its class under `is` and its members by name;
members with their default value are left out. A Decimal becomes the text of its digits. This module
does not know files (see `checker.history`) nor what a command means.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from tallystick.ledger import vocabulary
from tallystick.ledger.vocabulary import Command, Outcome

CLASS = "is"


class CodingError(ValueError):
    """A JSON value that does not encode a command or an outcome; says where and why."""


def encode(value: Command | Outcome) -> dict[str, Any]:
    """Return a command or an outcome as a JSON object."""
    members = {
        field.name: _json(member)
        for field in fields(value)
        if (member := getattr(value, field.name)) != field.default
    }
    return {CLASS: type(value).__name__, **members}


def decode_command(value: Any) -> Command:
    """Return the command that `encode` turned into this value; CodingError if it is none."""
    command: Command = _read(Command, value, "the command")
    return command


def decode_outcome(value: Any) -> Outcome:
    """Return the outcome that `encode` turned into this value; CodingError if it is none."""
    outcome: Outcome = _read(Outcome, value, "the outcome")
    return outcome


def _json(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    return encode(value) if hasattr(value, "__dataclass_fields__") else value


def _read(hint: Any, value: Any, where: str) -> Any:
    """Return the value of the type `hint`; `where` says in words which member is read."""
    hint = _at_run_time(hint)
    if get_origin(hint) in (Union, UnionType):
        return _read_union(get_args(hint), value, where)
    if get_origin(hint) is tuple:
        return _read_tuple(get_args(hint), value, where)
    if hint is Decimal:
        return _read_decimal(value, where)
    if hint is type(None):
        hint = None
    elif hasattr(hint, "__dataclass_fields__"):
        return _read_object(hint, value, where)
    elif issubclass(hint, Enum):
        return _read_enum(hint, value, where)
    if (value is None) if hint is None else type(value) is hint:
        return value
    raise CodingError(f"{where} is {value!r}, not {_name(hint)}")


def _read_union(hints: tuple[Any, ...], value: Any, where: str) -> Any:
    """Return the value as the one type of a union that its JSON type, or its class, names."""
    if isinstance(value, dict):
        classes = {hint.__name__: hint for hint in hints if hasattr(hint, "__dataclass_fields__")}
        hint = classes.get(value.get(CLASS))
        if hint is None:
            raise CodingError(f"{where} is {value.get(CLASS)!r}, not one of {', '.join(classes)}")
        return _read_object(hint, value, where)
    hints = tuple(map(_at_run_time, hints))
    for hint in hints:
        if type(value) is _type_in_json(hint):
            return _read(hint, value, where)
    raise CodingError(f"{where} is {value!r}, not {' or '.join(map(_name, hints))}")


def _type_in_json(hint: Any) -> Any:
    """Return the type of what JSON has for a value of this type."""
    if get_origin(hint) is tuple:
        return list
    return str if hint is Decimal else hint


def _read_decimal(value: Any, where: str) -> Decimal:
    try:
        number = Decimal(value if isinstance(value, str) else "none")
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise CodingError(f"{where} is {value!r}, not a number in digits")
    return number


def _at_run_time(hint: Any) -> Any:
    """Return the type that a value has at run time: that of a NewType is the type it is made of."""
    return getattr(hint, "__supertype__", hint)


def _read_tuple(hints: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise CodingError(f"{where} is {value!r}, not a list")
    if hints[-1] is Ellipsis:
        return tuple(_read(hints[0], item, where) for item in value)
    if len(value) != len(hints):
        raise CodingError(f"{where} has {len(value)} parts, not {len(hints)}")
    return tuple(_read(hint, item, where) for hint, item in zip(hints, value, strict=True))


def _read_enum(hint: type[Enum], value: Any, where: str) -> Enum:
    try:
        return hint(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in hint)
        raise CodingError(f"{where} is {value!r}, not one of {known}") from None


def _read_object(hint: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict) or value.get(CLASS) != hint.__name__:
        raise CodingError(f"{where} is {value!r}, not a {hint.__name__}")
    hints, required = _members(hint)
    unknown = sorted(value.keys() - hints.keys() - {CLASS})
    if unknown:
        raise CodingError(f"{hint.__name__} has no {', '.join(unknown)}")
    missing = sorted(required - value.keys())
    if missing:
        raise CodingError(f"{hint.__name__} needs {', '.join(missing)}")
    return hint(
        **{
            name: _read(hints[name], member, f"{name} of {hint.__name__}")
            for name, member in value.items()
            if name != CLASS
        }
    )


@cache
def _members(hint: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the types of a class's members, and the names of those without a default."""
    names = {field.name for field in fields(hint) if field.default is MISSING}
    return get_type_hints(hint, vars(vocabulary)), frozenset(names)


def _name(hint: Any) -> str:
    return "null" if hint in (None, type(None)) else getattr(hint, "__name__", str(hint))
