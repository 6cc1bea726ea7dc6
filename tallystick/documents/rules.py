"""The rules that a server has to keep, as `spec/rules.yaml` states them, and those of a team.

This module does not know how a rule is checked, nor which contract checks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from tallystick.documents.files import (
    SPEC,
    DocumentError,
    exact_members,
    read_mapping,
    text_member,
)

RULES = SPEC / "rules.yaml"

LEVELS = ("MUST", "SHOULD")

CHAPTERS = (
    *("SHAPE", "AUTH", "CARD", "TX", "CAP", "VOID", "REFUND", "FUND", "REF", "BAL"),
    *("READ", "TOKEN", "TIME", "CONC", "DELIV", "DIA"),
)
"""The chapters in the order in which they are written, run and reported."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise of the documentation: `text` is the sentence, `source` where it is documented."""

    id: str
    level: str
    chapter: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of rules, with the sentence that sums it up."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Untestable:
    """A documented statement that no request and answer can check, and why not."""

    statement: str
    source: str
    reason: str


_OWN: list[Path] = []


def use_own_rules(path: Path | None) -> None:
    """From now on, add the rules of a team's own file to those of the suite; None: of no file.

    DocumentError if the file cannot be used.
    """
    _OWN[:] = []
    if path is not None:
        _rules_in(path, is_own=True)
        _OWN.append(path)


def load_rules(path: Path = RULES) -> dict[str, Rule]:
    """Return all rules by id, in the order of the file; DocumentError says what is wrong in it.

    Those of the suite are followed by a team's own (see `use_own_rules`).
    """
    rules = dict(_rules_in(path))
    for own in _OWN if path == RULES else ():
        rules |= _rules_in(own, is_own=True)
    return rules


@lru_cache(maxsize=4)
def _rules_in(path: Path, *, is_own: bool = False) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for chapter, entry in _chapters_of(path, is_own):
        listed = entry.get("rules")
        if not isinstance(listed, list) or not listed:
            raise DocumentError(f"{path}: chapter {chapter} needs a list of `rules`")
        for given in listed:
            rule = _rule(path, chapter, given)
            if rule.id in rules:
                raise DocumentError(f"{path}: {rule.id} is there twice; ids are never used again")
            rules[rule.id] = rule
    return rules


def chapters() -> dict[str, Chapter]:
    """Return all chapters by id, in the order of the files; DocumentError says what is wrong."""
    return {
        chapter: Chapter(chapter, text_member(path, chapter, "title", entry))
        for path in (RULES, *_OWN)
        for chapter, entry in _chapters_of(path, path != RULES)
    }


@lru_cache(maxsize=4)
def not_testable(path: Path = RULES) -> tuple[Untestable, ...]:
    """Return the documented statements that are no rules, each with its reason."""
    listed = _read(path).get("not_testable", [])
    if not isinstance(listed, list):
        raise DocumentError(f"{path}: `not_testable` has to be a list")
    names = [field.name for field in fields(Untestable)]
    found = []
    for number, given in enumerate(listed, 1):
        found.append(Untestable(**_texts(path, f"not_testable {number}", given, names)))
    return tuple(found)


def _chapters_of(path: Path, is_own: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    found = _read(path).get("chapters")
    if not isinstance(found, dict):
        raise DocumentError(f"{path} has to map `chapters` to chapters")
    for name in found if is_own else ():
        if not re.fullmatch("[A-Z]+", str(name)):
            raise DocumentError(f"{path}: {name} is no name of a chapter, such as SHOP")
    mistaken = [str(name) for name in found if (name in CHAPTERS) is is_own]
    if mistaken and is_own:
        raise DocumentError(f"{path}: chapter {mistaken[0]} is of the suite: take another name")
    if mistaken:
        raise DocumentError(f"{path}: no chapter {mistaken[0]}; there are {', '.join(CHAPTERS)}")
    order = [name for name in CHAPTERS if name in found]
    if not is_own and list(found) != order:
        raise DocumentError(f"{path}: the chapters have to come in the order {', '.join(order)}")
    for name, entry in found.items():
        if not isinstance(entry, dict):
            raise DocumentError(f"{path}: chapter {name} has to map `title` and `rules`")
        yield name, entry


def _rule(path: Path, chapter: str, given: object) -> Rule:
    name = given.get("id") if isinstance(given, dict) else None
    where = f"rule {name}" if name else f"a rule of chapter {chapter}"
    members = _texts(path, where, given, ["id", "level", "text", "source"])
    if not re.fullmatch(rf"{chapter}-[1-9][0-9]*", members["id"]):
        raise DocumentError(f"{path}: {where}: an id of this chapter looks like {chapter}-1")
    if members["level"] not in LEVELS:
        raise DocumentError(f"{path}: {where}: `level` is one of {', '.join(LEVELS)}")
    return Rule(chapter=chapter, **members)


def _texts(path: Path, where: str, given: object, names: list[str]) -> dict[str, str]:
    members = exact_members(path, where, given, names)
    return {name: text_member(path, where, name, members) for name in names}


@lru_cache(maxsize=8)
def _read(path: Path) -> dict[str, Any]:
    return read_mapping(path, "`chapters` to chapters")
