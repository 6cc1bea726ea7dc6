"""What a user chooses of the contracts: `--rule`, `--chapter`, `--smoke`, `--drawn`.

A chosen part never stands for the whole: its result is *partial*. It knows the rules and the marks
of the contracts, and nothing of what they do.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pytest

from tallystick.documents.rules import Rule
from tallystick.options import SettingsError
from tallystick.own_contracts import claims_of

_TEST = re.compile(r"\.py\b|::")


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules and chapters that were named; nothing stands for all."""

    rules: frozenset[str] = frozenset()
    chapters: frozenset[str] = frozenset()
    is_smoke: bool = False
    """Whether only the essentials are run."""
    is_drawn: bool = False
    """Whether only contracts are run whose inputs the seed decides."""

    def __bool__(self) -> bool:
        return bool(self.rules or self.chapters or self.is_smoke or self.is_drawn)

    def has_rule(self, rule: Rule) -> bool:
        """Whether a rule was named, or its chapter, or no rule at all."""
        named = self.rules or self.chapters
        return not named or rule.id in self.rules or rule.chapter in self.chapters

    def has_test(self, item: pytest.Item, rules: Mapping[str, Rule]) -> bool:
        """Whether a test belongs to what was chosen: it claims one of the rules."""
        if self.is_smoke and item.get_closest_marker("smoke") is None:
            return False
        if self.is_drawn and item.get_closest_marker("drawn") is None:
            return False
        if not self.rules and not self.chapters:
            return True
        return any(rule in rules and self.has_rule(rules[rule]) for rule in claims_of(item))


def add_options(group: pytest.OptionGroup) -> None:
    """The options that choose contracts."""
    for name, text in TEXTS.items():
        if name in ("smoke", "drawn"):
            group.addoption(f"--{name}", action="store_true", help=text)
        else:
            group.addoption(f"--{name}", action="append", default=[], metavar="NAME", help=text)


TEXTS = {
    "rule": "run only contracts about this rule, such as CAP-2; may be repeated",
    "chapter": "run only contracts about rules of this chapter, such as CAP; may be repeated",
    "smoke": "run only the essentials: some 120 requests, about a second on a local server",
    "drawn": "run only contracts whose inputs the seed decides, such as machines and races",
}
"""The options by name, with their help."""


def choice_of(config: pytest.Config, rules: Mapping[str, Rule]) -> Choice:
    """What was chosen; SettingsError if there is no such rule or chapter."""
    chapters = {rule.chapter for rule in rules.values()}
    return Choice(
        _known("--rule", config.getoption("--rule"), rules),
        _known("--chapter", config.getoption("--chapter"), chapters),
        bool(config.getoption("--smoke")),
        bool(config.getoption("--drawn")),
    )


def selecting_words(config: pytest.Config) -> str:
    """What selects contracts on the command line, in words of a shell; empty: nothing does."""
    paths = [each for each in config.invocation_params.args if _TEST.search(each)]
    words = [shlex.quote(path) for path in paths if not path.startswith("-")]
    for flag, option in (("-k", "keyword"), ("-m", "markexpr")):
        text = getattr(config.option, option, "")
        words += [f"{flag} {shlex.quote(text)}"] if text else []
    for option in ("--rule", "--chapter"):
        words += [f"{option} {shlex.quote(each)}" for each in config.getoption(option)]
    words += ["--smoke"] if config.getoption("--smoke") else []
    return " ".join(words)


def choose(items: list[pytest.Item], choice: Choice, rules: Mapping[str, Rule]) -> None:
    """Leave out the tests that were not chosen."""
    left_out = [item for item in items if not choice.has_test(item, rules)]
    if left_out:
        items[:] = [item for item in items if choice.has_test(item, rules)]
        left_out[0].config.hook.pytest_deselected(items=left_out)


def _known(option: str, given: Iterable[str], known: Iterable[str]) -> frozenset[str]:
    names = set(known)
    for name in given:
        if name not in names:
            guess = difflib.get_close_matches(name.upper(), names, 1)
            said = f"did you mean {guess[0]}?" if guess else "`tallystick rules` lists all"
            raise SettingsError(f"{option} {name[:80]!r} is not known: {said}")
    return frozenset(given)
