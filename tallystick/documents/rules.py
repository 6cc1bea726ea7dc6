"""The rules that a server has to keep, as `spec/rules.yaml` states them.

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
    *("SHAPE", "AUTH", "CARD", "TX", "CAP", "VOID", "FUND", "REF", "BAL"),
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


@lru_cache(maxsize=4)
def load_rules(path: Path = RULES) -> dict[str, Rule]:
    """Return all rules by id, in the order of the file; DocumentError says what is wrong in it."""
    rules: dict[str, Rule] = {}
    for chapter, entry in _chapters_of(path):
        listed = entry.get("rules")
        if not isinstance(listed, list) or not listed:
            raise DocumentError(f"{path}: chapter {chapter} needs a list of `rules`")
        for given in listed:
            rule = _rule(path, chapter, given)
            if rule.id in rules:
                raise DocumentError(f"{path}: {rule.id} is there twice; ids are never used again")
            rules[rule.id] = rule
    return rules


@lru_cache(maxsize=4)
def chapters(path: Path = RULES) -> dict[str, Chapter]:
    """Return all chapters by id, in the order of the file; DocumentError says what is wrong."""
    return {
        chapter: Chapter(chapter, text_member(path, chapter, "title", entry))
        for chapter, entry in _chapters_of(path)
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


def _chapters_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    found = _read(path).get("chapters")
    if not isinstance(found, dict):
        raise DocumentError(f"{path} has to map `chapters` to chapters")
    unknown = [str(name) for name in found if name not in CHAPTERS]
    if unknown:
        raise DocumentError(f"{path}: no chapter {unknown[0]}; there are {', '.join(CHAPTERS)}")
    order = [name for name in CHAPTERS if name in found]
    if list(found) != order:
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


def _read(path: Path) -> dict[str, Any]:
    return read_mapping(path, "`chapters` to chapters")
