"""What an answer shows: paths into its body, sums, choices, and predicates. Pure.

    amount                               a member
    charges.data.0.amount                a member of a member, and of the first of a list
    captures.*.amount                    the sum over a list
    balances.$currency                   a member that a variable names
    amount - amount_refunded             a difference; + for a sum
    hold_id if type is hold else id      a choice
    amount_received or received          the first that is there
    actions.[type=CAPTURE].*.amount      only the items of a list with this member
    header:Location                      a header of the answer
    segment(links.self)                  the last segment of the path of a link
    0                                    a number
    nothing                              not shown, so never judged
    $ref                                 a variable of the command

Numbers are exact: a sum is a Decimal, made from the text of each number. Whatever is absent, or not
what is needed, is None. This module does not know what a value means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote, urlsplit

JSON = Any
_PART = r"(?:[\w@*:/-]+|\$\w+|\[[\w@:/-]+=[^\s\[\]=.]+\])"
_PATH = re.compile(rf"{_PART}(\.{_PART})*")
_NUMBER = re.compile(r"[+-]?[0-9]{1,60}(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
MOST_DIGITS = 15
"""Digits of a JSON number with a point that every reader of JSON keeps."""
ANYTHING = "*"
HEADER = "header:"
"""How the name of a variable begins that is a header of the answer."""


class ExpressionError(ValueError):
    """A text that is no expression; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Path:
    """A member of the body."""

    parts: tuple[str, ...]

    def value(self, body: JSON, variables: Mapping[str, JSON]) -> JSON:
        """Return what is there; with `*` the sum; None if it is absent."""
        parts = tuple(_part(part, variables) for part in self.parts)
        found = list(_found(body, parts))
        if "*" not in parts:
            return found[0] if found else None
        numbers = [exact(each) for each in found]
        whole = [number for number in numbers if number is not None]
        there = _list_at(body, parts) is not None
        return sum(whole, Decimal(0)) if there and len(whole) == len(numbers) else None


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the command."""

    name: str

    def value(self, body: JSON, variables: Mapping[str, JSON]) -> JSON:
        """Return what the command has under this name."""
        return variables.get(self.name)


@dataclass(frozen=True, slots=True)
class Segment:
    """The last segment of the path of a link, whole or only a path."""

    link: Expression

    def value(self, body: JSON, variables: Mapping[str, JSON]) -> JSON:
        """Return the segment unquoted; None if there is no link."""
        link = self.link.value(body, variables)
        if not isinstance(link, str):
            return None
        return unquote(urlsplit(link).path.rstrip("/").rpartition("/")[2]) or None


@dataclass(frozen=True, slots=True)
class Constant:
    """A number; None for what is not shown."""

    number: int | None

    def value(self, body: JSON, variables: Mapping[str, JSON]) -> JSON:
        """Return the number, or None."""
        return self.number


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms with their signs."""

    terms: tuple[tuple[int, Expression], ...]

    def value(self, body: JSON, variables: Mapping[str, JSON]) -> JSON:
        """Return the sum as a Decimal; None if a term is absent or no number."""
        total = Decimal(0)
        for sign, term in self.terms:
            number = exact(term.value(body, variables))
            if number is None:
                return None
            total += sign * number
        return total


@dataclass(frozen=True, slots=True)
class Choice:
    """One expression if a member has a value, else another."""

    yes: Expression
    path: Path
    word: str
    no: Expression

    def value(self, body: JSON, variables: Mapping[str, JSON]) -> JSON:
        """Return the value of the one that applies."""
        applies = as_word(self.path.value(body, variables)) == self.word
        return (self.yes if applies else self.no).value(body, variables)


@dataclass(frozen=True, slots=True)
class First:
    """The first of some expressions that is there."""

    choices: tuple[Expression, ...]

    def value(self, body: JSON, variables: Mapping[str, JSON]) -> JSON:
        """Return the first value that is not None."""
        values = (each.value(body, variables) for each in self.choices)
        return next((value for value in values if value is not None), None)


Expression = Path | Variable | Segment | Constant | Sum | Choice | First
NOTHING = Constant(None)


def headers_as_variables(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of an answer as the variables that expressions know them by."""
    return {HEADER + name.lower(): value for name, value in headers.items()}


def parse(text: str) -> Expression:
    """Return the expression that a text spells; ExpressionError says what is wrong with it."""
    words = text.split()
    if not words:
        raise ExpressionError("it is empty")
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "or":
            parts.append([])
        else:
            parts[-1].append(word)
    if not all(parts):
        raise ExpressionError(f"{text!r}: `or` stands between two members, such as: a or b")
    choices = tuple(_choice(part, text) for part in parts)
    return choices[0] if len(choices) == 1 else First(choices)


def _choice(words: list[str], text: str) -> Expression:
    if "if" not in words:
        return _sum(words, text)
    at = words.index("if")
    rest = words[at + 1 :]
    if len(rest) < 5 or rest[1] != "is" or rest[3] != "else":
        raise ExpressionError(f"{text!r}: a choice looks like: hold_id if type is hold else id")
    yes, no = _sum(words[:at], text), _choice(rest[4:], text)
    return Choice(yes, _path(rest[0], text), rest[2], no)


def _sum(words: list[str], text: str) -> Expression:
    if len(words) == 1:
        return _term(words[0], text)
    if len(words) % 2 == 0 or any(sign not in ("+", "-") for sign in words[1::2]):
        raise ExpressionError(f"{text!r}: a sum looks like: amount - amount_refunded")
    signs = [1, *(1 if sign == "+" else -1 for sign in words[1::2])]
    terms = (_term(word, text) for word in words[::2])
    return Sum(tuple(zip(signs, terms, strict=True)))


def _term(word: str, text: str) -> Expression:
    if word == "nothing":
        return NOTHING
    if word.isdigit():
        return Constant(int(word))
    if word.startswith("$") and "." not in word:
        return Variable(word[1:].strip("{}"))
    if word.startswith("segment(") and word.endswith(")"):
        return Segment(_term(word[len("segment(") : -1], text))
    if word.startswith(HEADER):
        return Variable(word.lower())
    return _path(word, text)


def _path(word: str, text: str) -> Path:
    if not _PATH.fullmatch(word):
        raise ExpressionError(f"{text!r}: {word!r} is no path such as amount or charges.data.0.id")
    return Path(tuple(word.split(".")))


def variables_of(expression: Expression) -> frozenset[str]:
    """Return the names of the variables that an expression uses."""
    return frozenset(name for name in _names_in(expression) if not name.startswith(HEADER))


def headers_of(expression: Expression) -> frozenset[str]:
    """Return the names of the headers that an expression reads, in small letters."""
    names = _names_in(expression)
    return frozenset(name.removeprefix(HEADER) for name in names if name.startswith(HEADER))


def _names_in(expression: Expression) -> frozenset[str]:
    match expression:
        case Variable(name):
            return frozenset({name})
        case Segment(link):
            return _names_in(link)
        case Path(parts):
            named = (part.strip("[]").rpartition("=")[2] for part in parts)
            return frozenset(name[1:] for name in named if name.startswith("$"))
        case Sum(terms):
            return frozenset().union(*(_names_in(term) for _, term in terms))
        case Choice(yes, _, _, no):
            return _names_in(yes) | _names_in(no)
        case First(choices):
            return frozenset().union(*(_names_in(each) for each in choices))
        case _:
            return frozenset()


def members_of(expression: Expression) -> frozenset[str]:
    """Return the names of the members that an expression ends at."""
    match expression:
        case Segment(link):
            return members_of(link)
        case Path(parts):
            return frozenset(parts[-1:])
        case Sum(terms):
            return frozenset().union(*(members_of(term) for _, term in terms))
        case Choice(yes, _, _, no):
            return members_of(yes) | members_of(no)
        case First(choices):
            return frozenset().union(*(members_of(each) for each in choices))
        case _:
            return frozenset()


def reads_body(expression: Expression) -> bool:
    """Whether an expression looks into the body at all."""
    match expression:
        case Variable() | Constant():
            return False
        case Segment(link):
            return reads_body(link)
        case _:
            return True


def may_be_nothing(expression: Expression) -> bool:
    """Whether an expression says of some answers that they do not show the figure."""
    match expression:
        case Choice(yes, _, _, no):
            return may_be_nothing(yes) or may_be_nothing(no)
        case First(choices):
            return any(may_be_nothing(each) for each in choices)
        case _:
            return expression == NOTHING


def _part(part: str, variables: Mapping[str, JSON]) -> str:
    """One part of a path with its variable in it."""
    if part.startswith("$"):
        return str(variables.get(part[1:]))
    if part.startswith("[") and "=$" in part:
        name, _, variable = part.strip("[]").partition("=$")
        return f"[{name}={variables.get(variable)}]"
    return part


def _found(body: JSON, parts: tuple[str, ...]) -> Iterable[JSON]:
    """Yield what is at a path; with `*` once for each of the list."""
    if not parts:
        yield body
        return
    part, rest = parts[0], parts[1:]
    if isinstance(body, dict) and part in body:
        yield from _found(body[part], rest)
    elif isinstance(body, list) and part.startswith("["):
        name, _, word = part.strip("[]").partition("=")
        chosen = [each for each in body if as_word(next(iter(_found(each, (name,))), None)) == word]
        yield from _found(chosen, rest)
    elif isinstance(body, list) and part == "*":
        for each in body:
            yield from _found(each, rest) if _has(each, rest) else (None,)
    elif isinstance(body, list) and part.lstrip("-").isdigit():
        index = int(part)
        if -len(body) <= index < len(body):
            yield from _found(body[index], rest)


def _has(body: JSON, parts: tuple[str, ...]) -> bool:
    return next(iter(_found(body, parts)), None) is not None


def _list_at(body: JSON, parts: tuple[str, ...]) -> list[JSON] | None:
    found = next(iter(_found(body, parts[: parts.index("*")])), None)
    return found if isinstance(found, list) else None


def exact(value: JSON) -> Decimal | None:
    """Return a number of an answer exactly as it is written, or None.

    A JSON number with a point went through a float, which keeps MOST_DIGITS digits; with more of
    them nobody knows what the server wrote, so it counts as not shown.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, Decimal | int):
        return Decimal(value)
    if isinstance(value, float):
        text = repr(value)
        return _decimal(text) if _digits(text) <= MOST_DIGITS else None
    return _decimal(value) if isinstance(value, str) else None


def _digits(text: str) -> int:
    return len(text.lower().partition("e")[0].replace(".", "").lstrip("-0"))


def _decimal(text: str) -> Decimal | None:
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def as_word(value: JSON) -> str | None:
    """Return a scalar of JSON as a file spells it; None for what is absent, a list or an object."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


@dataclass(frozen=True, slots=True)
class Words:
    """Words, one of which a member has to be, or that it must not be."""

    words: tuple[str | None, ...]
    """None: an absent member."""
    are_excluded: bool = False
    """Whether a member has to be there, and be none of the words."""

    @property
    def values(self) -> tuple[JSON, ...]:
        """The words as values of JSON, each as a text too; none if there are too many to say."""
        if self.are_excluded or ANYTHING in self.words or None in self.words:
            return ()
        constants = {"true": True, "false": False}
        known = [word for word in self.words if word is not None]
        numbers = [int(word) for word in known if word.isdecimal()]
        return (*known, *(constants[word] for word in known if word in constants), *numbers)

    def fit(self, value: JSON) -> bool:
        """Whether a value of an answer is as it has to be."""
        if value is None:
            return None in self.words and not self.are_excluded
        word = as_word(value)  # None: a list or an object, which is there and no word
        if self.are_excluded:
            return word is None or word not in self.words
        return ANYTHING in self.words or (word is not None and word in self.words)


@dataclass(frozen=True, slots=True)
class Condition:
    """What members of a body have to be: for each path the words, one of which it has to be."""

    members: tuple[tuple[Path, Words], ...]

    def holds_for(self, body: JSON) -> bool:
        """Whether every member is one of its words; None is an absent member, `*` any other."""
        return all(words.fit(path.value(body, {})) for path, words in self.members)

    def text_in(self, body: JSON) -> str:
        """What its members are, in words."""
        return ", ".join(str(path.value(body, {})) for path, _ in self.members)

    def shown_in(self, body: JSON) -> bool | None:
        """The same as a figure: None where a member is absent, so that it is never judged."""
        for path, words in self.members:
            if path.value(body, {}) is None and not words.fit(None):
                return None
        return self.holds_for(body)
