"""Which contracts look for a rule or a chapter, so that one fault need not meet all of them.

A selection is a step of a ladder: the contracts that claim the rule, the modules that claim its
chapter, then everything. Reads the claims of the contracts; knows no server.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tallystick.reporting.claims import find_claims

ESSENTIALS = "contracts/test_essentials.py"


def is_expected(breaks: str, rule: str) -> bool:
    """Whether a broken rule is the one that a fault names, or one of the chapter that it names."""
    return rule == breaks if "-" in breaks else rule.split("-")[0] == breaks


def ladder(breaks: str) -> Iterator[tuple[str, ...]]:
    """Selections of contracts for what a fault breaks, cheapest first."""
    if "-" in breaks:
        claiming = _tests_of(breaks)
        if claiming:
            yield claiming
    chapter = modules_of(breaks.split("-")[0])
    yield (ESSENTIALS, *(module for module in chapter if module != ESSENTIALS))
    yield ("contracts",)


def modules_of(chapter: str) -> tuple[str, ...]:
    """The files with contracts that claim a rule of the chapter."""
    found = (file for rule, _, file in _claims() if rule.split("-")[0] == chapter)
    return tuple(dict.fromkeys(found))


def _tests_of(rule: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(test for claimed, test, _ in _claims() if claimed == rule))


@cache
def _claims() -> tuple[tuple[str, str, str], ...]:
    return tuple((claim.rule, claim.test, claim.test.split("::")[0]) for claim in find_claims())
