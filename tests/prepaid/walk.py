"""The reference walk: requests whose answers show every fault to one client alone.

Knows requests, not which answers are right: the answers of two servers are compared. The scenarios
are in `scenarios.py`.
"""

import json
import re
from collections.abc import Sequence

from tests.prepaid.client import Answer, Request, Sender
from tests.prepaid.scenarios import SCENARIOS, Scenario

_ID = re.compile(r"\b(?:acc|hld|txn)_[0-9a-f]{20}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
_CURSOR = re.compile(r'"next_cursor": "[^"]+"')


Seen = dict[str, list[str]]
"""The normalised answers, by the name of the scenario."""


class Diverged(Exception):
    """An answer is not the expected one; what follows says no more."""


class Walk:
    """Sends requests and keeps the answers; ids and times are numbered as they first appear."""

    def __init__(self, inner: Sender, expected: Sequence[str] | None = None) -> None:
        self.inner = inner
        self.expected = expected
        self.seen: list[str] = []
        self._names: dict[str, str] = {}

    def send(self, request: Request) -> Answer:
        answer = self.inner.send(request)
        self.seen.append(self._normal(answer))
        place = len(self.seen) - 1
        if self.expected is not None and self.expected[place : place + 1] != self.seen[place:]:
            raise Diverged
        return answer

    def together(self, requests: Sequence[Request]) -> list[Answer]:
        raise NotImplementedError("the walk is for one client alone")

    def _normal(self, answer: Answer) -> str:
        text = f"{answer.status} {answer.replayed} {json.dumps(answer.body, sort_keys=True)}"
        # A cursor may say where a record is in the database.
        text = _CURSOR.sub('"next_cursor": "more"', text)
        return _TIME.sub(self._numbered, _ID.sub(self._numbered, text))

    def _numbered(self, match: re.Match[str]) -> str:
        return self._names.setdefault(match.group(), f"<{len(self._names)}>")


def run(sender: Sender, scenarios: Sequence[Scenario] = SCENARIOS) -> Seen:
    """What a server answers."""
    return {scenario.__name__: _played(scenario, Walk(sender)) for scenario in scenarios}


def shows(sender: Sender, scenario: Scenario, expected: Seen) -> bool:
    """Whether an answer of a server is not the expected one; stops at the first such."""
    wanted = expected[scenario.__name__]
    return _played(scenario, Walk(sender, wanted)) != wanted


def _played(scenario: Scenario, walk: Walk) -> list[str]:
    try:
        scenario(walk)
    except Diverged:
        pass
    except (KeyError, TypeError, IndexError) as error:
        # A faulty answer may lack what the next step needs. That is a difference too.
        walk.seen.append(type(error).__name__)
    return walk.seen
