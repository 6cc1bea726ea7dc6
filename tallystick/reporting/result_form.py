"""The form of `result.json`: what its members hold. `reports/result.schema.json` describes each.

It holds no behaviour.
"""

from __future__ import annotations

from typing import TypedDict

from tallystick.reporting.lifecycle import MoveEntry
from tallystick.reporting.response_times import LatencyEntry


class Count(TypedDict):
    """How often a rule was checked, and how many tests saw it broken."""

    checked: int
    violated: int


class ViolationEntry(TypedDict):
    """One broken rule."""

    key: str
    rule: str
    fingerprint: str
    kind: str
    title: str
    level: str
    expected: str
    actual: str
    question: str | None
    requests_before: int
    steps: list[str]
    transition: str
    scenario: str
    unscripted: str
    test: str
    also: list[str]
    replays: list[int] | None
    cause: int | None
    consequences: list[int]


class KnownEntry(TypedDict):
    """One known issue, and what became of it."""

    rule: str
    fingerprint: str
    reason: str
    until: str
    state: str
    tests: list[str]


class LeftEntry(TypedDict):
    """What stays on the target: how many cards and open holds, some of their ids, and why."""

    cards: int
    holds: int
    prefix: str
    ids: list[str]
    reason: str


class OutageEntry(TypedDict):
    """A time when the target answered nobody, which was waited for."""

    seconds: float
    reason: str
    met_by: str


class CorpusEntry(TypedDict):
    """The corpus: how many of its programs were replayed first, and which showed a violation."""

    programs: int
    shown: list[str]


class RunEntry(TypedDict):
    """One of the runs that a merged result is made of."""

    target: str
    intensity: str
    seed: int
    verdict: str
    requests: int
    seconds: float


class AnswersEntry(TypedDict):
    """What two servers answered to one request of a program."""

    step: str
    request: str
    here: str
    there: str


class DifferenceEntry(TypedDict):
    """One way in which a second server answers otherwise; the last of the answers differ."""

    member: str
    steps: list[str]
    replays: list[int]
    answers: list[AnswersEntry]


class AgainstEntry(TypedDict):
    """What the comparison with a second server came to."""

    target: str
    programs: int
    requests: int
    reason: str | None
    differences: list[DifferenceEntry]
    left: str


class _NotTheDefault(TypedDict, total=False):
    """What a result has only where it is not the default."""

    profile_option: str
    credentials: list[str]
    corpus: CorpusEntry
    runs: list[RunEntry]
    against: AgainstEntry


class Result(_NotTheDefault):
    """What came out of a run. `reason` says why nothing was decided, or what broke."""

    verdict: str
    reason: str | None
    partial: bool
    shallow: int
    target: str
    build: str
    version: str
    date: str
    command: str
    profile: str
    intensity: str
    seed: int
    seconds: float
    requests: int
    programs: int
    dialect: dict[str, str | list[str]]
    pinned: list[str]
    rules: dict[str, Count]
    not_claimed: dict[str, str]
    not_supported: dict[str, str]
    violations: list[ViolationEntry]
    known: list[KnownEntry]
    left_open: LeftEntry | None
    outages: list[OutageEntry]
    lifecycle: list[MoveEntry]
    latency: dict[str, LatencyEntry]
