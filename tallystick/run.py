"""One run against one target: what all its tests share, and all that it found.

It keeps the dialect that the target has shown so far, counts how often each rule was checked, and
records a violation the moment it is observed. It does not know how requests are made (`drivers`)
nor how findings are shown (`reporting`).
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from typing import Any

from tallystick.checker.history import Operation
from tallystick.checker.illegality import Illegality
from tallystick.documents.shape import Shape
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.target import Answer, Exchange, Target


class Intensity(StrEnum):
    """How deep a run goes."""

    GATE = "gate"
    RELEASE = "release"
    HUNT = "hunt"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a history: the step it belongs to, the request and what came back."""

    step: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Race:
    """A history of several clients that has no legal order, and how to name its operations."""

    violation: Violation
    events: tuple[Event, ...]
    illegality: Illegality[Any]
    label: Callable[[Operation[Any, Any]], str]
    outcome: Callable[[Operation[Any, Any]], str]


@dataclass(slots=True)
class Finding:
    """A violation as it was observed, and what is known of it since."""

    violation: Violation
    program: Program
    events: tuple[Event, ...]
    requests_before: int
    attempt: Callable[[Program], bool] | None = field(default=None, repr=False)
    """Runs a program once on fresh cards and says whether it shows the same violation."""
    test: str = ""
    reduced: Program | None = None
    replays: tuple[int, int] | None = None
    """How often it came back: (times seen, times replayed)."""
    also: list[str] = field(default_factory=list)
    """Further tests that ran into the same rule."""
    scenario: str = ""
    page: str = ""
    notes: tuple[str, ...] = ()
    """What was done, in words, where no program spells it (see `drivers.direct`)."""
    races: dict[Program, Race] = field(default_factory=dict, repr=False)
    """The histories of the programs that raced to it, filled by `attempt`."""
    again: dict[Program, Finding] = field(default_factory=dict, repr=False)
    """What the programs showed that were run in its place, filled by `attempt`."""

    def shorten(self, program: Program, replays: tuple[int, int]) -> None:
        """Take a shorter program that shows it too, what it showed, and how often it came back."""
        self.reduced, self.replays = program, replays
        shown = self.race or self.again.get(program)
        if shown is not None:
            self.violation, self.events = shown.violation, shown.events

    @property
    def race(self) -> Race | None:
        """The history of the shortest program, if it is one of several clients."""
        return self.races.get(self.shortest)

    @property
    def key(self) -> str:
        """What the finding stands for."""
        return key_of(self.violation.rule, self.violation.question)

    @property
    def shortest(self) -> Program:
        """The shortest program known that shows it."""
        return self.reduced or self.program

    @property
    def steps(self) -> list[str]:
        """The shortest way known to show it, a line each."""
        return list(self.notes) or self.shortest.lines()


def key_of(rule: str, question: str | None) -> str:
    """What one finding stands for: all of a rule, or one question's drift from its pin."""
    return f"{rule} {question}" if rule == "DIA-2" else rule


class Violated(AssertionError):
    """A test ended because the target broke a rule; the finding is recorded already."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.violation.rule}: {finding.violation.actual}")
        self.finding = finding


class Run:
    """The shared state of a run. Not thread-safe: drivers with threads report from one of them."""

    def __init__(
        self,
        target: Target,
        shape: Shape,
        dialect: Dialect,
        *,
        intensity: Intensity = Intensity.GATE,
        seed: int = 0,
        budget_s: float | None = None,
        on_finding: Callable[[Finding], None] = lambda finding: None,
    ) -> None:
        self.target = target
        self.shape = shape
        self.dialect = dialect
        self.intensity = intensity
        self.seed = seed
        self.started = time.monotonic()
        self.deadline = None if budget_s is None else self.started + budget_s
        self.pinned = frozenset(dialect.learned())
        self.checked: Counter[str] = Counter()
        self.findings: dict[str, Finding] = {}
        self.undecided: list[str] = []
        """What could not be judged within its budget, and why; never green."""
        self.current_test = ""
        # Ids are unique per run and per program and never drawn: a deterministic gate can be run
        # again and again on the same server.
        self.name = f"ts{uuid.uuid4().hex[:8]}"
        self.programs = 0
        self._programs = count(1)
        self._on_finding = on_finding

    def next_program(self) -> str:
        """A prefix for the ids of one program, unique on the target."""
        self.programs = next(self._programs)
        return f"{self.name}-{self.programs}"

    def shadow(self) -> Run:
        """The same target and dialect, with findings and counts of its own: for replays."""
        twin = copy(self)
        twin.checked = Counter()
        twin.findings = {}
        twin.undecided = []
        twin._on_finding = lambda finding: None
        return twin

    def leave_undecided(self, reason: str) -> None:
        """Note what could not be judged; a reason is told once."""
        if reason not in self.undecided:
            self.undecided.append(reason)

    def judge_shape(self, exchange: Exchange) -> Violation | None:
        """Hold an answer to the document, whatever was asked; None too if nothing came back."""
        answer = exchange.answer
        if not isinstance(answer, Answer):
            return None
        fits = "SHAPE-1" if answer.status < 300 else "SHAPE-5"
        self.checked.update((fits, "SHAPE-2", "SHAPE-3", "SHAPE-6"))
        return self.shape.judge(
            exchange.request.operation, answer.status, answer.content_type, answer.body
        )

    def blame(self, violation: Violation) -> Violation:
        """The violation by its right rule: drift from a pinned dialect is DIA-2."""
        return replace(violation, rule="DIA-2") if violation.question in self.pinned else violation

    def finding_of(self, rule: str) -> Finding | None:
        """The first finding of the rule, if there is one."""
        broken = (one for one in self.findings.values() if one.violation.rule == rule)
        return next(broken, None)

    def has_broken(self, rule: str) -> bool:
        """Whether the rule was seen broken."""
        return self.finding_of(rule) is not None

    def has_time(self) -> bool:
        """Whether the budget, if there is one, is not spent yet."""
        return self.deadline is None or time.monotonic() < self.deadline

    def record(self, finding: Finding) -> Finding:
        """Keep the finding; the first one stands for all of its rule, or of its question."""
        finding.test = finding.test or self.current_test
        first = self.findings.setdefault(finding.key, finding)
        if first is not finding:
            if finding.test and finding.test not in (first.test, *first.also):
                first.also.append(finding.test)
            return first
        self._on_finding(finding)
        question = finding.violation.question
        if finding.violation.rule == "DIA-2" and question is not None:
            # Told once; from now on the new answer is the one that the target is held to.
            self.dialect = self.dialect.reopened(question)
        return finding
