"""A YAML file with the line of everything in it, so that each mistake can name its line.

All mistakes of a file are collected; the reader goes on after each. This module does not know what
stands in a profile (see `reading`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Item:
    """A value of the file: a scalar, a list of items, or members by name."""

    line: int
    value: Scalar | list[Item] | dict[str, Item]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a line, and what to do."""

    line: int
    text: str


@dataclass
class Page:
    """A file, and the mistakes found in it so far."""

    path: Path
    mistakes: list[Mistake] = field(default_factory=list)

    def mistake(self, line: int, text: str) -> None:
        """Note what is wrong in a line."""
        mistake = Mistake(line, text)
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def described(self) -> list[str]:
        """Every mistake as one line of text, in the order of the file."""
        ordered = sorted(self.mistakes, key=lambda mistake: mistake.line)
        return [f"{self.path}:{mistake.line}: {mistake.text}" for mistake in ordered]


def read_page(path: Path) -> tuple[Page, Item | None]:
    """Return the page and its contents; None if it cannot be read or is not YAML."""
    page = Page(path)
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except OSError as error:
        page.mistake(1, f"it cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        page.mistake(1, "it is not UTF-8 text")
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        page.mistake(line, f"it is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        page.mistake(1, f"it is not YAML: {str(error).splitlines()[0]}")
    else:
        return page, Item(1, {}) if node is None else _item(page, node)
    return page, None


def _item(page: Page, node: yaml.Node) -> Item:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Item(line, [_item(page, each) for each in node.value])
    if isinstance(node, yaml.MappingNode):
        members: dict[str, Item] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in members:
                page.mistake(key.start_mark.line + 1, f"`{name}` is there twice")
            members[name] = Item(key.start_mark.line + 1, _item(page, value).value)
        return Item(line, members)
    return Item(line, _scalar(node))


def _scalar(node: yaml.Node) -> Scalar:
    kind = node.tag.rpartition(":")[2]
    text = str(node.value)
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() in ("true", "yes", "on")
        case "int" if text.lstrip("+-").isdigit():
            return int(text)
        case "float":
            try:
                return float(text)
            except ValueError:
                return text
        case _:
            return text


class Members:
    """The members of a mapping, taken one by one; `end` reports those that nobody took."""

    def __init__(self, page: Page, item: Item, where: str) -> None:
        self.page = page
        self.where = where
        self.line = item.line
        self._left: dict[str, Item] = {}
        self._known: list[str] = []
        if isinstance(item.value, dict):
            self._left = dict(item.value)
        elif item.value is not None:
            page.mistake(item.line, f"{where} has to be a mapping, `name: value`")

    def mistake(self, line: int, text: str) -> None:
        """Note what is wrong in a line of these members."""
        self.page.mistake(line, f"{self.where}: {text}")

    def lines(self) -> dict[str, int]:
        """Return the line of each member that nobody took yet."""
        return {name: item.line for name, item in self._left.items()}

    def take(self, name: str) -> Item | None:
        """Return a member, or None if it is not there."""
        self._known.append(name)
        return self._left.pop(name, None)

    def text(self, name: str, default: str = "") -> str:
        """Return a text; numbers are taken as they are written."""
        item = self.take(name)
        if item is None:
            return default
        if isinstance(item.value, str | int) and not isinstance(item.value, bool):
            return str(item.value)
        self.mistake(item.line, f"`{name}` has to be a text")
        return default

    def number(self, name: str, default: int = 0) -> int:
        """Return an integer of at least 0."""
        item = self.take(name)
        if item is None:
            return default
        if isinstance(item.value, int) and not isinstance(item.value, bool) and item.value >= 0:
            return item.value
        self.mistake(item.line, f"`{name}` has to be an integer of at least 0")
        return default

    def one_of(self, name: str, choices: Iterable[str], default: str) -> str:
        """Return one of some words."""
        item = self.take(name)
        if item is None:
            return default
        words = tuple(choices)
        if item.value in words:
            return str(item.value)
        self.mistake(item.line, f"`{name}` is one of {', '.join(words)}{meant(item.value, words)}")
        return default

    def texts(self, name: str) -> tuple[tuple[int, str], ...]:
        """Return a text, or a list of texts, each with its line."""
        item = self.take(name)
        if item is None:
            return ()
        listed = item.value if isinstance(item.value, list) else [item]
        found = []
        for each in listed:
            if isinstance(each.value, str | int) and not isinstance(each.value, bool):
                found.append((each.line, str(each.value)))
            else:
                self.mistake(each.line, f"`{name}` has to be a text or a list of texts")
        return tuple(found)

    def mapping(self, name: str) -> dict[str, Item]:
        """Return the members of a member that is a mapping."""
        item = self.take(name)
        if item is None or item.value is None:
            return {}
        if isinstance(item.value, dict):
            return item.value
        self.mistake(item.line, f"`{name}` has to be a mapping, `name: value`")
        return {}

    def all_items(self) -> Iterator[tuple[str, Item]]:
        """Take every member that is left, by name."""
        while self._left:
            name = next(iter(self._left))
            yield name, self._left.pop(name)

    def end(self) -> None:
        """Report every member that is not known."""
        for name, item in self._left.items():
            known = ", ".join(self._known)
            hint = meant(name, self._known) or f"; there are {known}"
            self.mistake(item.line, f"no member `{name}`{hint}")


def meant(word: object, known: Iterable[str]) -> str:
    """Return a question that names the known word closest to this one; empty if none is close."""
    close = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


def plain(item: Item) -> Any:
    """Return a value without its lines."""
    if isinstance(item.value, list):
        return [plain(each) for each in item.value]
    if isinstance(item.value, dict):
        return {name: plain(each) for name, each in item.value.items()}
    return item.value
