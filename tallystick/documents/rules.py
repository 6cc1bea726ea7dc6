"""The rules that a server is held to, as `spec/rules.yaml` states them.

This module does not know how a rule is checked, nor which contract claims it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).resolve().parents[2] / "spec" / "rules.yaml"

LEVELS = ("MUST", "SHOULD")

CHAPTERS = (
    *("SHAPE", "AUTH", "CARD", "TX", "CAP", "VOID", "FUND", "REF", "BAL"),
    *("READ", "TOKEN", "TIME", "CONC", "DELIV", "DIA"),
)
"""The chapters in the order in which they are written, run and reported."""


class RulesError(ValueError):
    """A rules file that cannot be used: one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise of the documentation."""

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
    """All rules by id, in the order of the file; RulesError names what is wrong in it."""
    rules: dict[str, Rule] = {}
    for chapter, entry in _chapters_of(path):
        listed = entry.get("rules")
        if not isinstance(listed, list) or not listed:
            raise RulesError(f"{path}: chapter {chapter} needs a list of `rules`")
        for given in listed:
            rule = _rule(path, chapter, given)
            if rule.id in rules:
                raise RulesError(f"{path}: {rule.id} is there twice; ids are never used again")
            rules[rule.id] = rule
    return rules


@lru_cache(maxsize=4)
def chapters(path: Path = RULES) -> dict[str, Chapter]:
    """All chapters by id, in the order of the file."""
    return {
        chapter: Chapter(chapter, _sentence(path, chapter, "title", entry))
        for chapter, entry in _chapters_of(path)
    }


@lru_cache(maxsize=4)
def not_testable(path: Path = RULES) -> tuple[Untestable, ...]:
    """The documented statements that are no rules, each with its reason."""
    listed = _read(path).get("not_testable", [])
    if not isinstance(listed, list):
        raise RulesError(f"{path}: `not_testable` has to be a list")
    names = [field.name for field in fields(Untestable)]
    found = []
    for number, given in enumerate(listed, 1):
        members = _members(path, f"not_testable {number}", given, names)
        found.append(Untestable(**members))
    return tuple(found)


def _chapters_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    found = _read(path).get("chapters")
    if not isinstance(found, dict):
        raise RulesError(f"{path} has to map `chapters` to chapters")
    unknown = [str(name) for name in found if name not in CHAPTERS]
    if unknown:
        raise RulesError(f"{path}: no chapter {unknown[0]}; there are {', '.join(CHAPTERS)}")
    order = [name for name in CHAPTERS if name in found]
    if list(found) != order:
        raise RulesError(f"{path}: the chapters have to come in the order {', '.join(order)}")
    for name, entry in found.items():
        if not isinstance(entry, dict):
            raise RulesError(f"{path}: chapter {name} has to map `title` and `rules`")
        yield name, entry


def _rule(path: Path, chapter: str, given: object) -> Rule:
    name = given.get("id") if isinstance(given, dict) else None
    where = f"rule {name}" if name else f"a rule of chapter {chapter}"
    members = _members(path, where, given, ["id", "level", "text", "source"])
    if not re.fullmatch(rf"{chapter}-[1-9][0-9]*", members["id"]):
        raise RulesError(f"{path}: {where}: an id of this chapter looks like {chapter}-1")
    if members["level"] not in LEVELS:
        raise RulesError(f"{path}: {where}: `level` is one of {', '.join(LEVELS)}")
    return Rule(chapter=chapter, **members)


def _members(path: Path, where: str, given: object, names: list[str]) -> dict[str, str]:
    if not isinstance(given, dict) or set(given) != set(names):
        raise RulesError(f"{path}: {where} has to have exactly {', '.join(names)}")
    return {name: _sentence(path, where, name, given) for name in names}


def _sentence(path: Path, where: str, name: str, given: dict[str, Any]) -> str:
    text = given.get(name)
    if not isinstance(text, str) or not text.strip():
        raise RulesError(f"{path}: {where}: `{name}` has to be a text")
    return text.strip()


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        members = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise RulesError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RulesError(f"{path} is not YAML: {error}".replace("\n", " ")) from error
    if not isinstance(members, dict):
        raise RulesError(f"{path} has to map `chapters` to chapters")
    return members
