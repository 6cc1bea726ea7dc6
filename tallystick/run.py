"""One run against one target: what all its tests share, and all that it found.

It keeps the dialect that the target has shown so far, counts how often each rule was checked, and
records a violation the moment it is observed. It does not know how requests are made (`drivers`)
nor how findings are shown (`reporting`).
"""

from __future__ import annotations

import math
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count

from tallystick.clock import Clock
from tallystick.conditions import Condition
from tallystick.documents.shape import Shape
from tallystick.driven import Driven
from tallystick.evidence import Event, Race
from tallystick.fingerprint import Cause, cause_of, shows_alike
from tallystick.forms import judge_form
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.vocabulary import Violation
from tallystick.left_out import LeftOut
from tallystick.profiles.profile import Profile
from tallystick.profiles.registry import DEFAULT
from tallystick.program import Program
from tallystick.target import (
    Answer,
    Exchange,
    Target,
)
from tallystick.target.control import GATEWAY_ERRORS, confirm_credentials


class Intensity(StrEnum):
    """How deep a run goes."""

    GATE = "gate"
    RELEASE = "release"
    HUNT = "hunt"


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation as it was observed, and what is known of it since.

    A value: what is learned later makes a new one, and the run keeps the newest (`Run.revise`).
    """

    violation: Violation
    program: Program
    events: tuple[Event, ...]
    requests_before: int
    """How many requests the run had sent when the violation was observed."""
    attempt: Attempt | None = field(default=None, repr=False)
    """Runs a program once on fresh cards; None if no program can show this violation again."""
    test: str = ""
    reduced: Program | None = None
    replays: tuple[int, int] | None = None
    """How often it came back: (times seen, times replayed)."""
    also: tuple[str, ...] = ()
    """Further tests that ran into the same rule."""
    scenario: str = ""
    """The scenario file, by its path below the report directory; empty if there is none."""
    unscripted: str = ""  # why it has no scripts, if they were tried
    transition: str = ""
    """The step of a hold's life at which it broke, see `driven`; empty if it is none."""
    notes: tuple[str, ...] = ()
    """What was done, in words, where no program spells it (see `drivers.direct`)."""
    generated: str = ""
    """The last request and its answer in short, if its content was generated and is no cause."""
    race: Race | None = field(default=None, repr=False)
    """The history that shows it, if it took several clients."""
    known: str = ""
    """The known issue that explains it, by its id; empty if it is new."""
    digest: str = ""
    """The end of its fingerprint, if its rule was broken by another cause before."""
    shows: tuple[tuple[str, str], ...] = ()
    """What its program breaks without races and lost answers: rules, each with the kind."""
    right: tuple[Condition, ...] = ()  # what an answer had to show, any of these, as its test says

    def shortened(
        self, program: Program, replays: tuple[int, int], shown: Finding | None
    ) -> Finding:
        """The finding with a shorter program, how often it came back, and what it showed last.

        `shown` is None if the violation never came back: then what was observed first is kept.
        """
        shorter = replace(self, reduced=program, replays=replays)
        if shown is None:
            return shorter
        newer = replace(shorter, violation=shown.violation, events=shown.events)
        return replace(newer, race=shown.race, transition=shown.transition)

    @property
    def key(self) -> str:
        """Names it within its run: the rule, the question that it is about, and a further cause."""
        rule, question = self.violation.rule, self.violation.question
        key = f"{rule} {question}" if rule in ("DIA-1", "DIA-2") else rule
        key = f"{key} {self.digest}" if self.digest else key
        return f"{key} known as {self.known}" if self.known else key

    @property
    def cause(self) -> Cause:
        """What it is known by, as far as its program is shortened by now."""
        writes = [event.exchange.request for event in self.events]
        last = [request.operation for request in writes if request.method != "GET"][-1:]
        words = (self.generated,) if self.generated else self.notes
        return cause_of(self.violation, self.shortest, words, "".join(last))

    def is_met_by(self, other: Finding) -> bool:
        """Whether another violation of the same rule is one more way to this one."""
        ours, theirs = self.cause, other.cause
        if ours.explains(theirs) or ours.kind != theirs.kind:
            return ours.kind == theirs.kind
        if self.notes or other.notes:
            return bool(self.notes and other.notes) and self._operation == other._operation
        is_shown = (ours.rule, ours.kind) in other.shows
        return is_shown or shows_alike(ours, self.shortest, other.shortest)

    @property
    def _operation(self) -> str:
        return self.events[-1].exchange.request.operation if self.events else ""

    @property
    def shortest(self) -> Program:
        """The shortest program known that shows it; the first one, if none is shorter."""
        return self.reduced or self.program

    @property
    def steps(self) -> list[str]:
        """The shortest way known to show it, in lines: of a program, or in words."""
        return list(self.notes) or self.shortest.lines()


Alone = Callable[[], AbstractContextManager[None]]
"""Opens a block for what is done once in a run whose contracts several processes run."""
Attempt = Callable[[Program], Finding | None]
"""Runs a program once on fresh cards, apart from the run; returns the same violation, if any."""


class Violated(AssertionError):
    """A test ended because the target broke a rule; the finding is recorded already."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.violation.rule}: {finding.violation.actual}")
        self.finding = finding


class Findings:
    """What a run has found, by its key: the first finding of a cause stands for all later ones."""

    def __init__(self) -> None:
        self._findings: dict[str, Finding] = {}
        self.another: Callable[[Finding], Finding | None] = lambda finding: None
        """Looks into a violation of a broken rule; returns it if its cause is another one."""

    @property
    def findings(self) -> Mapping[str, Finding]:
        """The newest state of every finding, by its key, in the order in which they were made."""
        return self._findings

    def adopt(self, findings: Mapping[str, Finding], dropped: Iterable[str] = ()) -> None:
        """Take over what other processes of the run know of their findings; it is newer."""
        for key in dropped:
            self._findings.pop(key, None)
        self._findings.update(findings)

    def finding_of(self, rule: str, kind: str = "") -> Finding | None:
        """The first finding of the rule, or None; if there is one, the first of that kind."""
        found = [one for one in self.findings.values() if one.violation.rule == rule]
        return next((one for one in found if one.cause.kind == kind), next(iter(found), None))

    def has_broken(self, rule: str) -> bool:
        """Whether the rule was seen broken."""
        return self.finding_of(rule) is not None

    def met_by(self, finding: Finding) -> Finding | None:
        """The finding to whose cause another one is one more way; None if there is none."""
        named = finding.cause.rule, finding.known
        same = (one for one in self._findings.values() if (one.cause.rule, one.known) == named)
        return next((one for one in same if one.is_met_by(finding)), None)

    def add_test(self, finding: Finding, test: str) -> Finding:
        """Note a further test that met a finding, unless it is noted already; returns it."""
        if test in ("", finding.test, *finding.also):
            return finding
        return self.revise(finding, replace(finding, also=(*finding.also, test)))

    def _met_again(self, first: Finding, finding: Finding) -> Finding | None:
        """Note a violation of a rule that is broken already; returns it if its cause is another."""
        same = self.met_by(finding)
        met = self.add_test(same or first, finding.test)
        is_known = same is not None or first.known or finding.digest
        other = None if is_known else self.another(finding)
        if other is None:
            return None
        if other.is_met_by(met) and not met.notes:
            self.revise(met, met.shortened(other.shortest, other.replays or (0, 0), other))
            return None
        self.revise(met, replace(met, also=first.also))  # the test has met another cause
        return replace(other, digest=other.cause.fingerprint.rpartition("-")[2])

    def revise(self, old: Finding, new: Finding) -> Finding:
        """Keep what is known now in place of an earlier state of the same finding; returns it."""
        # By the old key: a replay of a DIA-2 finding may show the drift of another question.
        if new.known != old.known:
            del self._findings[old.key]
        self._findings[old.key if new.known == old.known else new.key] = new
        return new

    def newest(self, finding: Finding) -> Finding:
        """What is known now of a finding that was recorded earlier.

        It may be under another key by now: when its program is shortened, it may turn out to be a
        known issue.
        """
        kept = self._findings.get(finding.key)
        since, rule = finding.requests_before, finding.violation.rule
        if kept is not None and kept.requests_before == since:
            return kept
        same = (one for one in self._findings.values() if one.requests_before == since)
        return next((one for one in same if one.violation.rule == rule), kept or finding)


class Run(Findings):
    """The shared state of a run. Not thread-safe: drivers with threads report from one of them.

    Only `another` and `other_account` are assigned from outside; what else changes has a method.
    """

    other_account = ""
    """That of the client OTHER, if it has one."""

    def __init__(
        self,
        target: Target,
        profile: Profile,
        shape: Shape,
        dialect: Dialect,
        *,
        intensity: Intensity = Intensity.GATE,
        seed: int = 0,
        budget_s: float | None = None,
        on_finding: Callable[[Finding], None] = lambda finding: None,
        is_pinned: bool = True,
        known: Callable[[Finding], str] = lambda finding: "",
    ) -> None:
        """`is_pinned`: the user holds the target to what `dialect` has answered (rule DIA-2).

        `known` names the known issue that explains a finding; empty: it is new.
        """
        super().__init__()
        self.target, self.profile, self.shape = target, profile, shape
        self.intensity, self.seed = intensity, seed
        self.clock = Clock(profile.documents.made_at)
        self.started = time.monotonic()
        self.deadline = self.started + (math.inf if budget_s is None else budget_s)
        self.pinned = frozenset(dialect.learned()) if is_pinned else frozenset()
        # Ids are never drawn: a deterministic gate can be run again on the same server.
        self.name = f"ts{uuid.uuid4().hex[:8]}"
        self._dialect = dialect
        self._checked, self.driven = Counter[str](), Driven()
        self._undecided: list[str] = []
        self.left_out = LeftOut()
        self.noted: Finding | None = None
        """The first violation of the test that runs now, if it went on after it."""
        self._deepen_until = math.inf
        self._numbers: Iterator[int] = count(1)
        self.alone: Alone = nullcontext
        self._on_finding, self._known = on_finding, known
        self._is_isolated = False
        self._gateway_errors: list[Exchange] | None = None
        self.gaps: dict[str, Exchange] = {}  # what a test misses and goes on without, by place

    @property
    def profile_option(self) -> str:
        """How `--profile` names the API; empty for the default."""
        option = self.profile.option
        return "" if option == DEFAULT else option

    @property
    def dialect(self) -> Dialect:
        """What the target has answered so far, where the documentation leaves a question open."""
        return self._dialect

    @property
    def checked(self) -> Mapping[str, int]:
        """How often each rule was checked; a rule that never was is left out."""
        return self._checked

    @property
    def undecided(self) -> Sequence[str]:
        """What could not be judged within its budget, and why; never green."""
        return self._undecided

    @property
    def current_test(self) -> str:
        """The id of the test that runs now; empty outside of tests."""
        return self.left_out.test

    @property
    def programs(self) -> int:
        """How many programs were started."""
        return self.driven.programs

    def begin_test(
        self, name: str, intensity: Intensity | None = None, deepen_until: float = math.inf
    ) -> None:
        """Attribute what is found from now on to this test.

        `deepen_until`: until then, by the monotonic clock, it may go beyond the depth of a gate.
        """
        self.left_out.test, self.noted = name, None
        self.intensity = intensity or self.intensity
        self._deepen_until = deepen_until

    def next_program(self) -> str:
        """A prefix for the ids of one program, unique on the target."""
        self.driven.programs = number = next(self._numbers)
        return f"{self.name}-{number}"

    def isolated_copy(self) -> Run:
        """The same target and dialect, with findings and counts of its own: for replays."""
        other = copy(self)
        other._checked, other.driven = Counter(), Driven()
        other._findings, other.noted = {}, None
        other._undecided = []
        other._is_isolated = True
        other._gateway_errors = None if self._gateway_errors is None else []
        other._on_finding, other.another = lambda finding: None, lambda finding: finding
        return other

    def share(self, name: str, numbers: Iterator[int], alone: Alone) -> None:
        """Be one of several processes of the run of this name; `numbers` are for programs."""
        self.name, self._numbers, self.alone = name, numbers, alone

    def count_checked(self, *rules: str) -> None:
        """Count that each of these rules was checked once more."""
        self._checked.update(rules)

    def learn(self, dialect: Dialect) -> None:
        """Hold the target to a dialect that its answers have narrowed."""
        self._dialect = dialect

    @contextmanager
    def permitting(self, answer: str, prefixes: tuple[str, ...]) -> Iterator[None]:
        """Permit one more answer to the questions with these prefixes while the block runs.

        What the target shows within it is not learned: it may be due to the moment.
        """
        known, self._dialect = self._dialect, self._dialect.also(answer, prefixes)
        try:
            yield
        finally:
            self._dialect = known

    @contextmanager
    def tolerating_gateway_errors(self) -> Iterator[list[Exchange]]:
        """Count gateway errors as missing answers while the block runs; yields them.

        Outside of such a block they break SHAPE-2 as every 5xx does.
        """
        before, self._gateway_errors = self._gateway_errors, []
        try:
            yield self._gateway_errors
        finally:
            self._gateway_errors = before

    @contextmanager
    def judging_gateway_errors(self) -> Iterator[None]:
        """Let gateway errors break SHAPE-2 while the block runs, wherever it is."""
        before, self._gateway_errors = self._gateway_errors, None
        try:
            yield
        finally:
            self._gateway_errors = before

    def leave_undecided(self, reason: str) -> None:
        """Note what could not be judged; a reason is reported once."""
        if reason not in self._undecided:
            self._undecided.append(reason)

    def judge_shape(self, exchange: Exchange) -> Violation | None:
        """Check an answer against the document, and count the rules for it; returns the violation.

        An answer beyond every bound counts as none, and is a violation as well.
        """
        tolerated, answer = self._gateway_errors, exchange.answer
        if tolerated is not None and isinstance(answer, Answer) and answer.status in GATEWAY_ERRORS:
            tolerated.append(exchange)
            return None
        violation, checked = judge_form(self.shape, exchange)
        self.count_checked(*checked)
        return violation

    def note(self, finding: Finding, before: Finding | None = None) -> Finding:
        """Record a violation after which its test goes on; returns the first: `before`, or it."""
        recorded = self.record(finding)
        self.noted = self.noted or recorded
        return before or recorded

    def blame(self, violation: Violation) -> Violation:
        """The violation by its right rule: DIA-2, if the target drifts from a pinned dialect."""
        return replace(violation, rule="DIA-2") if violation.question in self.pinned else violation

    def goes_deeper(self) -> bool:
        """Whether a test may go on with what it does beyond the depth of a gate."""
        return time.monotonic() < min(self.deadline, self._deepen_until)

    def seconds_left(self) -> float:
        """What is left of the budget; infinity without one, and 0 once it is spent."""
        return max(0.0, self.deadline - time.monotonic())

    def has_time(self) -> bool:
        """Whether the budget, if there is one, is not spent yet."""
        return time.monotonic() < self.deadline

    def record(self, finding: Finding) -> Finding:
        """Keep a finding and return what is kept; the first of a cause stands for all later ones.

        The test that runs now is added to it, unless it names a test already. TargetGone if the
        target no longer accepts the credentials: then its refusals prove nothing.
        """
        known = "" if self._is_isolated else self._known(finding)
        test, digest = finding.test or self.left_out.test, "" if known else finding.digest
        finding = replace(finding, known=known, test=test, digest=digest)
        if not self._is_isolated and finding.key not in self._findings:
            answers = (event.exchange.answer for event in finding.events)
            confirm_credentials(self.target, answers)
        first = self._findings.get(finding.key)
        if first is not None:
            other = self._met_again(first, finding)
            met = self.met_by(finding) or self.findings[first.key]
            return met if other is None else self.record(other)
        if finding.violation.rule in self.profile.documents.open_rules:
            return finding  # this API does not promise it
        self._findings[finding.key] = finding
        self._on_finding(finding)
        if finding.violation.rule == "DIA-2" and finding.violation.question is not None:
            # Reported once; from now on the target is held to the new answer.
            self._dialect = self._dialect.reopened(finding.violation.question)
        return self.newest(finding)
