"""Known issues: violations that a team has accepted until a date, each with a reason.

A known issue is listed and fails nothing, and it hides nothing else: an entry stands for one cause
(`fingerprint`), not for its whole rule. One that has expired, or that a whole run does not meet any
more, makes the run undecided, so that the list does not outlive what it lists.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import yaml

from tallystick.config_file import did_you_mean
from tallystick.fingerprint import Cause, steps_of
from tallystick.options import SettingsError
from tallystick.program import Program, ProgramError
from tallystick.run import Attempt, Finding

TRIES = 10
"""How often a race is run until it shows a known issue."""
MEMBERS = ("rule", "fingerprint", "reason", "until", "kind", "steps")


class State(StrEnum):
    """What became of a known issue in a run."""

    SEEN = "seen"
    EXPIRED = "expired"
    GONE = "not seen"


@dataclass(frozen=True, slots=True)
class Issue:
    """One entry. `cause` None: it stands for the first cause that breaks its rule."""

    rule: str
    fingerprint: str
    reason: str
    until: datetime.date
    place: str
    """File and line, for messages."""
    cause: Cause | None = None

    @property
    def id(self) -> str:
        """Its fingerprint, or its rule if it has none."""
        return self.fingerprint or self.rule


class FirstCauses(Protocol):
    """The cause that each entry without a fingerprint stands for: one in a run."""

    def cause_of(self, issue: str) -> Cause | None:
        """What the entry of this id stands for; None: for nothing so far."""
        ...

    def take_cause(self, issue: str, cause: Cause, *, instead_of: Cause | None) -> Cause:
        """Let an entry stand for a cause, if it has stood for `instead_of` so far.

        Returns what it stands for now.
        """
        ...


class OwnFirstCauses:
    """Those of a run in one process."""

    def __init__(self) -> None:
        self._causes: dict[str, Cause] = {}

    def cause_of(self, issue: str) -> Cause | None:
        """See `FirstCauses`."""
        return self._causes.get(issue)

    def take_cause(self, issue: str, cause: Cause, *, instead_of: Cause | None) -> Cause:
        """See `FirstCauses`."""
        if self._causes.get(issue) == instead_of:
            self._causes[issue] = cause
        return self._causes[issue]


@dataclass(slots=True)
class KnownIssues:
    """The known issues of a run, and which of them it has met."""

    issues: tuple[Issue, ...] = ()
    today: datetime.date = field(default_factory=datetime.date.today)
    first: FirstCauses = field(default_factory=OwnFirstCauses)
    _causes: dict[str, Cause] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)

    def id_of(self, finding: Finding) -> str:
        """The known issue that explains a finding, by its id; empty if it is a new one.

        An entry without a fingerprint takes the first cause of its rule, and no other. The program
        of an entry is run once before it explains anything: a fault that is gone explains nothing.
        """
        if not self.issues:
            return ""
        cause = finding.cause
        for issue in self.issues:
            if self.is_expired(issue) or issue.rule not in ("", cause.rule):
                continue
            if issue.fingerprint == cause.fingerprint or self._explains(issue, cause, finding):
                self._causes.setdefault(issue.id, cause)
                return issue.id
        return ""

    def _explains(self, issue: Issue, cause: Cause, finding: Finding) -> bool:
        if not issue.fingerprint:
            return self.first.take_cause(issue.id, cause, instead_of=None).explains(cause)
        known = self._causes.get(issue.id)
        if known is None and issue.cause is None:
            return False
        if known is None and finding.attempt is not None and issue.id not in self._gone:
            known = self._shown(issue, finding.attempt)
        return known is not None and known.explains(cause)

    def _shown(self, issue: Issue, attempt: Attempt) -> Cause | None:
        """The cause of an entry, if its program still shows it on this target."""
        assert issue.cause is not None, "an entry without a program explains nothing"
        program = issue.cause.program
        for _ in range(TRIES if program.branches else 1):
            shown = attempt(program)
            if shown is not None and shown.cause.kind == issue.cause.kind:
                self._causes[issue.id] = replace(issue.cause, operation=shown.cause.operation)
                return self._causes[issue.id]
        self._gone.add(issue.id)
        return None

    def id_of_shorter(self, finding: Finding) -> str:
        """The same for a finding whose program has been shortened; it explains more then."""
        if not finding.known:
            return self.id_of(finding)
        issue = next(issue for issue in self.issues if issue.id == finding.known)
        if not issue.fingerprint:
            self._take_shorter(issue.id, finding.cause)
        elif issue.cause is None:
            self._causes[finding.known] = finding.cause
        return finding.known

    def _take_shorter(self, issue: str, cause: Cause) -> None:
        known = self.first.cause_of(issue)
        if known is not None and len(cause.program.steps) < len(known.program.steps):
            self.first.take_cause(issue, cause, instead_of=known)

    def is_expired(self, issue: Issue) -> bool:
        """Whether its last day is over."""
        return issue.until < self.today

    def states(self, seen: Collection[str]) -> Iterator[tuple[Issue, State]]:
        """What became of each; `seen` are the ids of those that explain a finding of the run."""
        for issue in self.issues:
            if self.is_expired(issue):
                yield issue, State.EXPIRED
            else:
                yield issue, State.SEEN if issue.id in seen else State.GONE

    def complaints(
        self, seen: Collection[str], checked: Mapping[str, int], *, is_whole: bool
    ) -> Iterator[str]:
        """What has to be done about the list: expired entries, and those that were not met.

        `is_whole`: whether everything was run, so that what was not met is gone.
        """
        for issue, state in self.states(seen):
            named = f"the known issue {issue.id} ({issue.reason}; {issue.place})"
            if state is State.EXPIRED:
                yield f"{named} has expired on {issue.until}: fix it, or give it another date"
            elif state is State.GONE and is_whole and (not issue.rule or checked.get(issue.rule)):
                yield f"{named} was not seen any more: take it off the list"


# The file -----------------------------------------------------------------------------------------


def read_known(path: Path, rules: Sequence[str]) -> KnownIssues:
    """The known issues of a file; SettingsError with its line if an entry makes no sense."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        said = getattr(error, "problem", None) or getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"{where} cannot be read: {' '.join(str(said).split())}") from None
    if root is None:
        return KnownIssues()
    if not isinstance(root, yaml.SequenceNode):
        raise SettingsError(f"{path}:{root.start_mark.line + 1}: it has to be a list of issues")
    issues = tuple(_issue(path, node, rules) for node in root.value)
    ids = [issue.id for issue in issues]
    for issue in issues:
        if ids.count(issue.id) > 1:
            raise SettingsError(f"{issue.place}: {issue.id} is there twice")
    return KnownIssues(issues)


def _issue(path: Path, node: yaml.Node, rules: Sequence[str]) -> Issue:
    place = f"{path}:{node.start_mark.line + 1}"
    given = yaml.SafeLoader("").construct_document(node)
    if not isinstance(given, dict):
        raise SettingsError(f"{place}: an issue has a rule or a fingerprint, a reason, and until")
    for name in given:
        if name not in MEMBERS:
            guess = did_you_mean(str(name), MEMBERS) or f"; use {', '.join(MEMBERS)}"
            raise SettingsError(f"{place}: {name!r} is not known{guess}")
    rule, fingerprint = str(given.get("rule") or ""), str(given.get("fingerprint") or "")
    if not rule and not fingerprint:
        raise SettingsError(f"{place}: an issue needs a rule or a fingerprint")
    if rule and rule.split()[0] not in rules:
        raise SettingsError(f"{place}: there is no rule {rule!r}{did_you_mean(rule, rules)}")
    reason, until = str(given.get("reason") or "").strip(), given.get("until")
    if not reason:
        raise SettingsError(f"{place}: an issue needs a reason, such as the number of a ticket")
    if not isinstance(until, datetime.date) or isinstance(until, datetime.datetime):
        raise SettingsError(f"{place}: until has to be a date such as 2027-01-31")
    cause = None
    if fingerprint and rule and given.get("kind") and given.get("steps"):
        cause = Cause(rule, str(given["kind"]), _program(place, given["steps"]))
    return Issue(rule, fingerprint, reason, until, place, cause)


def _program(place: str, steps: object) -> Program:
    if not isinstance(steps, list):
        raise SettingsError(f"{place}: steps has to be a list of lines")
    try:
        return steps_of([str(line) for line in steps])
    except ProgramError as error:
        raise SettingsError(f"{place}: {error}") from None


def entry_text(
    rule: str, fingerprint: str, kind: str, steps: Sequence[str], reason: str, until: datetime.date
) -> str:
    """An entry as it is appended to a file."""
    entry: dict[str, object] = {"rule": rule, "fingerprint": fingerprint}
    entry |= {"reason": reason, "until": until}
    if steps:
        entry |= {"kind": kind, "steps": list(steps)}
    text: str = yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=100)
    return text
