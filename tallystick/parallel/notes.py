"""What a worker leaves behind for the controller: lines in a file, so that its death costs nothing.

A line is the state of the worker so far (the last one counts), or what is known of a finding (the
last one of its key counts). Texts have no secrets in them; the exchanges are in the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.reporting.result import redactor_for
from tallystick.run import Finding, Run
from tallystick.target import Outage

SUFFIX = ".notes"


@dataclass(frozen=True, slots=True)
class State:
    """What a worker has done so far, as far as the verdict depends on it."""

    checked: Mapping[str, int] = field(default_factory=dict)
    driven: Mapping[str, int] = field(default_factory=dict)
    """How often each transition was driven, see `driven`."""
    programs: int = 0
    """The number of its latest program."""
    undecided: tuple[str, ...] = ()
    not_claimed: Mapping[str, str] = field(default_factory=dict)
    outages: tuple[Outage, ...] = ()
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By test, the operations that it could not use."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """The operations that the target lacks, each with the reason to think so."""
    working: tuple[str, ...] = ()
    shallow: int = 0
    partial: bool = False
    error: str | None = None
    gone: str | None = None
    broken: str | None = None
    """Why its journal cannot be written."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding of a worker. `is_ours`: it was the first to see it, and has shortened it."""

    key: str
    finding: Finding
    is_ours: bool


class Notes:
    """Writes the notes of one worker."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def state(self, state: State) -> None:
        """Note what was done so far."""
        self._write({"state": asdict(state)})

    def finding(self, run: Run, key: str, finding: Finding, *, is_ours: bool) -> None:
        """Note what is known of a finding, which the run keeps by this key."""
        self._write({"finding": _members(run, finding), "key": key, "is_ours": is_ours})

    def drop(self, key: str) -> None:
        """Note that the run keeps nothing by this key any more: it is kept by another one."""
        self._write({"dropped": key})

    def close(self) -> None:
        """Nothing is noted any more."""
        self._file.close()

    def _write(self, members: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(members) + "\n")
        self._file.flush()


class Reader:
    """Reads the notes of one worker, as far as they are written."""

    def __init__(self, path: Path) -> None:
        self.state = State()
        self.findings: dict[str, Noted] = {}
        self._path = path
        self._offset = 0

    def read(self) -> bool:
        """Read what was added; whether a finding was among it."""
        if not self._path.exists():
            return False
        with self._path.open("rb") as file:
            file.seek(self._offset)
            added = file.read()
        whole = added[: added.rfind(b"\n") + 1]
        self._offset += len(whole)
        are_findings = [self._take(json.loads(line)) for line in whole.splitlines()]
        return any(are_findings)

    def _take(self, members: Mapping[str, Any]) -> bool:
        if "state" in members:
            self.state = _state(members["state"])
            return False
        if "dropped" in members:
            self.findings.pop(members["dropped"], None)
            return True
        finding = _finding(members["finding"])
        self.findings[members["key"]] = Noted(members["key"], finding, members["is_ours"])
        return True


def together(found: Iterable[Noted]) -> dict[str, Finding]:
    """One finding for each cause: the shortest one that is known, and where else it was met.

    Of those by one key, which two workers may have found at the same moment, it is the one of the
    worker that was first. Causes of a rule that differ have keys that differ in each worker, but
    what is first in one of them is another cause in the next.
    """
    kept: dict[str, Finding] = {}
    merged = _by_key(found)
    for key, finding in sorted(merged.items(), key=lambda item: len(item[1].steps)):
        same = next((name for name, one in kept.items() if _is_one(one, finding)), None)
        if same is None:
            kept[key] = finding
        else:
            kept[same] = _met_too(kept[same], finding)
    return {key: kept[key] for key in merged if key in kept}


def _is_one(cause: Finding, finding: Finding) -> bool:
    """Whether a finding is one more way to a cause, as one process would have seen at once."""
    named = (cause.cause.rule, cause.known) == (finding.cause.rule, finding.known)
    return named and cause.is_met_by(finding)


def _met_too(first: Finding, finding: Finding) -> Finding:
    """A finding, with the tests that met it as another one."""
    tests = dict.fromkeys((*first.also, finding.test, *finding.also))
    return replace(first, also=tuple(test for test in tests if test not in ("", first.test)))


def _by_key(found: Iterable[Noted]) -> dict[str, Finding]:
    merged: dict[str, Finding] = {}
    for noted in sorted(found, key=lambda noted: (not noted.is_ours, _moment(noted))):
        finding = noted.finding
        first = merged.get(noted.key)
        merged[noted.key] = finding if first is None else _met_too(first, finding)
    return merged


def _moment(noted: Noted) -> int:
    return noted.finding.requests_before


def _members(run: Run, finding: Finding) -> dict[str, Any]:
    redactor = redactor_for(run, finding)
    violation = finding.violation
    return {
        "rule": violation.rule,
        "expected": redactor.text(violation.expected),
        "actual": redactor.text(violation.actual),
        "question": violation.question,
        "program": finding.program.lines(),
        "reduced": None if finding.reduced is None else finding.reduced.lines(),
        "requests_before": finding.requests_before,
        "test": finding.test,
        "also": finding.also,
        "replays": finding.replays,
        "scenario": finding.scenario,
        "unscripted": finding.unscripted,
        "transition": finding.transition,
        "notes": [redactor.text(line) for line in finding.notes],
        "generated": finding.generated,
        "known": finding.known,
        "digest": finding.digest,
        "shows": finding.shows,
    }


def _finding(members: Mapping[str, Any]) -> Finding:
    replays = members["replays"]
    return Finding(
        Violation(*(members[name] for name in ("rule", "expected", "actual", "question"))),
        _program(members["program"]) or Program(()),
        (),
        members["requests_before"],
        test=members["test"],
        reduced=_program(members["reduced"]),
        replays=None if replays is None else (replays[0], replays[1]),
        also=tuple(members["also"]),
        scenario=members["scenario"],
        unscripted=members["unscripted"],
        transition=members["transition"],
        notes=tuple(members["notes"]),
        generated=members["generated"],
        known=members["known"],
        digest=members["digest"],
        shows=tuple((rule, kind) for rule, kind in members["shows"]),
    )


def _program(lines: Iterable[str] | None) -> Program | None:
    return None if lines is None else Program.from_lines(lines)


def _state(members: Mapping[str, Any]) -> State:
    lists = {
        "undecided": tuple(members["undecided"]),
        "working": tuple(members["working"]),
        "left_out": {test: tuple(lacks) for test, lacks in members["left_out"].items()},
        "outages": tuple(Outage(**each) for each in members["outages"]),
    }
    return State(**{**members, **lists})
