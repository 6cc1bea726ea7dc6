"""Which violation explains which: one fault breaks many rules, and people want to see it once.

A violation explains a longer one if the longer program, run one step after another and with every
answer, breaks the rule of the shorter one, or if it (or what single requests did) shows the same
wrong figure after the same steps. All others are causes of their own: nothing is folded because it
looks similar. This module orders and groups what a run has found; it runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum

from tallystick.fingerprint import are_one, holds, is_figure
from tallystick.program import Program, ProgramError, Step, parse_step
from tallystick.run import Finding

MEMBERS = " with {"
"""What begins the members of a step."""


class Steadiness(IntEnum):
    """How sure a violation is to come again, the surest first."""

    STEADY = 0
    """Every replay showed it; or it was seen in single requests, which are not replayed."""
    NOT_REPLAYED = 1
    INTERMITTENT = 2
    """Some replays showed it, or none did."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """A violation of a run, and the place of the one that explains it; None: it is a cause."""

    finding: Finding
    cause: int | None = None


def steadiness(finding: Finding) -> Steadiness:
    """How sure the violation is to come again."""
    if finding.replays is None:
        return Steadiness.STEADY if finding.notes else Steadiness.NOT_REPLAYED
    seen, replayed = finding.replays
    return Steadiness.STEADY if seen == replayed else Steadiness.INTERMITTENT


def grouped(
    findings: Iterable[Finding], is_must: Callable[[str], bool] = lambda rule: True
) -> list[Grouped]:
    """Order violations: causes first, each group by level, steadiness, length and time.

    `is_must` says whether breaking a rule violates the contract.
    """

    def rank(finding: Finding) -> tuple[bool, int, int, bool, int]:
        advice = not is_must(finding.violation.rule)
        length, in_words = len(finding.steps), bool(finding.notes)
        return advice, steadiness(finding), length, in_words, finding.requests_before

    causes: list[Finding] = []
    consequences: list[tuple[Finding, int]] = []
    for finding in sorted(findings, key=rank):
        place = next((n for n, cause in enumerate(causes) if explains(cause, finding)), None)
        if place is None:
            causes.append(finding)
        else:
            consequences.append((finding, place))
    return [*map(Grouped, causes), *(Grouped(*each) for each in consequences)]


def explains(cause: Finding, other: Finding) -> bool:
    """Whether one violation explains another one, which is no surer and no shorter."""
    if cause.notes or other.notes:
        return _are_alike_in_words(cause, other) or _is_met_in_words(cause, other)
    program = cause.shortest
    if steadiness(cause) is not Steadiness.STEADY or program.branches:
        return False
    rule, kind = cause.violation.rule, cause.cause.kind
    if steadiness(other) is not Steadiness.STEADY or not is_plain(other.shortest):
        return (rule, kind) in other.shows
    if are_one(program, other.shortest):
        return True
    return kind == other.cause.kind and is_figure(kind) and holds(program, other.shortest)


def _are_alike_in_words(cause: Finding, other: Finding) -> bool:
    """Whether both break one rule in the same way, by single requests."""
    if not (cause.notes and other.notes) or cause.violation.rule != other.violation.rule:
        return False
    return cause.cause.kind == other.cause.kind


def _is_met_in_words(cause: Finding, other: Finding) -> bool:
    """Whether single requests show the same wrong figure after the steps of a program."""
    program, kind = cause.shortest, cause.cause.kind
    if cause.notes or steadiness(cause) is not Steadiness.STEADY or not is_plain(program):
        return False
    if kind != other.cause.kind or not is_figure(kind):
        return False
    return holds(program, Program(tuple(_spelled(other.notes))))


def _spelled(notes: Iterable[str]) -> Iterator[Step]:
    """The requests that are steps of a program; the others are in words.

    A long step is cut in its members: what it does, and to what, stands before them.
    """
    for line in notes:
        for text in (line, line.partition(MEMBERS)[0]):
            with suppress(ProgramError):
                yield parse_step(text)
                break


def is_plain(program: Program) -> bool:
    """Whether its steps are run one after another, and none loses its answer."""
    return not program.branches and not any(step.delivery for step in program.prefix)
