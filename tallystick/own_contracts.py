"""Contracts of a team's own: tests outside of `contracts/` that ask for the target.

Their rules are in a file of the team (`--own-rules`). An assertion of such a test that fails breaks
the first rule that it claims; anything else that ends it leaves the run undecided, because the
suite cannot know whose mistake it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tallystick.documents.rules import load_rules
from tallystick.drivers.sequential import Session
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.reporting.claims import CONTRACTS
from tallystick.run import Finding, Run

CHECKED = pytest.StashKey[list[Session]]()
"""The sessions that a test has run with the fixture `check`, the last one last."""
UNKNOWN = (
    "{} claims {}, and there is no such rule: `tallystick rules` lists those of the suite, and "
    "--own-rules FILE adds yours"
)


def rules_file(config: pytest.Config) -> Path | None:
    """The file of --own-rules; it may be named from pytest's root directory too."""
    given = config.getoption("--own-rules")
    if not given:
        return None
    path = Path(given)
    return path if path.exists() else config.rootpath / path


def is_own(item: pytest.Item) -> bool:
    """Whether a test is none of the suite's contracts."""
    return not item.path.is_relative_to(CONTRACTS)


def claims_of(item: pytest.Item) -> tuple[str, ...]:
    """The rules that a test claims, each once."""
    return tuple(dict.fromkeys(rule for mark in item.iter_markers("rule") for rule in mark.args))


def unknown_claims(items: Iterable[pytest.Item]) -> Iterator[str]:
    """What is wrong with claims of rules that do not exist."""
    known = load_rules()
    for item in items:
        for rule in claims_of(item):
            if rule not in known:
                yield UNKNOWN.format(item.nodeid, rule)


def broken_claim(run: Run, item: pytest.Item, error: AssertionError) -> Finding | None:
    """The violation of the rule that a test claims first, recorded; None if it claims none."""
    claimed = claims_of(item)
    if not claimed:
        return None
    rule = load_rules()[claimed[0]]
    sessions = item.stash.get(CHECKED, [])
    story = sessions[-1].story if sessions else None
    finding = Finding(
        Violation(rule.id, rule.text, _said(error)),
        Program(),
        tuple(story.events) if story is not None else (),
        run.target.meter.requests,
        notes=tuple(story.program.lines()) if story is not None else (),
    )
    run.count_checked(rule.id)
    return run.record(finding)


def _said(error: AssertionError) -> str:
    """The first line of the failed assertion, as pytest explains it."""
    text = str(error).strip()
    return text.splitlines()[0] if text else "the assertion failed"
