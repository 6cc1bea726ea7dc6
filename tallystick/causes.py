"""Which violation explains which: one fault breaks many rules, and people want to see it once.

A violation explains a longer one if the longer program, run one step after another and with every
answer, breaks the rule of the shorter one, or if it shows the same wrong figure after the same
steps. All others are causes of their own: nothing is folded because it looks similar. This module
orders and groups what a run has found; it runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from tallystick.program import Program, Step
from tallystick.run import Finding

FIGURES = frozenset({"amount", "currency", "type", "metadata"})
"""Members of one word whose value may be wrong; the others have a `_` in their names."""
MOST_STEPS = 60
"""Steps of a program in which a shorter one is looked for."""


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
        return _are_alike_in_words(cause, other)
    program = cause.shortest
    if steadiness(cause) is not Steadiness.STEADY or program.branches:
        return False
    rule, kind = cause.violation.rule, cause.cause.kind
    if steadiness(other) is not Steadiness.STEADY or not is_plain(other.shortest):
        return (rule, kind) in other.shows
    if program == other.shortest:
        return True
    return kind == other.cause.kind and is_figure(kind) and holds(program, other.shortest)


def is_figure(kind: str) -> bool:
    """Whether the kind of a violation is the name of a member; else it is *accepted* and such."""
    return kind in FIGURES or "_" in kind


def _are_alike_in_words(cause: Finding, other: Finding) -> bool:
    """Whether both break one rule in the same way, by single requests."""
    if not (cause.notes and other.notes) or cause.violation.rule != other.violation.rule:
        return False
    return cause.cause.kind == other.cause.kind


def is_plain(program: Program) -> bool:
    """Whether its steps are run one after another, and none loses its answer."""
    return not program.branches and not any(step.delivery for step in program.prefix)


def holds(pattern: Program, program: Program) -> bool:
    """Whether the steps of a program hold those of another one, in order, about the same things."""
    steps = program.steps
    return len(steps) <= MOST_STEPS and _hold(pattern.steps, steps, {})


def _hold(pattern: Sequence[Step], steps: Sequence[Step], labels: dict[str, str]) -> bool:
    if not pattern:
        return True
    wanted = pattern[0]
    for place, step in enumerate(steps[: len(steps) - len(pattern) + 1]):
        bound = dict(labels)
        if (
            wanted.verb is step.verb
            and _binds(bound, wanted.on, step.on)
            and _binds(bound, wanted.name, step.name)
            and _hold(pattern[1:], steps[place + 1 :], bound)
        ):
            return True
    return False


def _binds(labels: dict[str, str], ours: str, theirs: str) -> bool:
    return not ours or labels.setdefault(ours, theirs) == theirs
