"""Two results of one contract, compared: what is newly broken, fixed, not claimed any more.

Violations are matched by their cause (its fingerprint, or one program that explains the other),
never by the text of a message. A rule that the newer run did not exercise is not fixed: nothing was
shown. This module compares data; how it looks is in `comparison_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tallystick.fingerprint import Cause, steps_of
from tallystick.program import Program, ProgramError
from tallystick.reporting.result import Result, ResultError, ViolationEntry, read_result

DECIDED = ("conforms", "violates")
MUST_BE_ALIKE = ("profile",)
"""What two results have to share, else their rules promise different things."""
SHOULD_BE_ALIKE = ("intensity", "seed", "partial")
"""What makes two runs ask different things; a difference is said, and judged by the reader."""


@dataclass(frozen=True, slots=True)
class Build:
    """One of the two results."""

    name: str
    """As the command line names it."""
    result: Result


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two results."""

    old: Build
    new: Build
    newly_broken: tuple[ViolationEntry, ...] = ()
    other_cause: tuple[str, ...] = ()
    """The fingerprints among them whose rule was broken before too, by another cause."""
    fixed: tuple[ViolationEntry, ...] = ()
    still_broken: tuple[ViolationEntry, ...] = ()
    """As the newer result has them."""
    not_shown: tuple[ViolationEntry, ...] = ()
    """Broken before; the newer run could not say whether they still are."""
    less_claimed: Mapping[str, str] = field(default_factory=dict)
    """Rules that were exercised and are not any more, each with the reason."""
    more_claimed: tuple[str, ...] = ()
    dialect: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By question: what the server answered before, and what it answers now."""
    notes: tuple[str, ...] = ()
    """What makes the two runs hard to compare."""

    @property
    def lost_its_verdict(self) -> bool:
        """Whether the older run decided something, and the newer one did not."""
        return self.old.result["verdict"] in DECIDED and self.new.result["verdict"] not in DECIDED

    @property
    def is_worse(self) -> bool:
        """Whether a MUST is newly broken, or less is shown than before."""
        is_broken = any(entry["level"] == "MUST" for entry in self.newly_broken)
        return is_broken or bool(self.less_claimed) or self.lost_its_verdict


def read_build(path: Path) -> Build:
    """A `result.json`, or the report folder that holds it; ResultError if it is none."""
    file = path / "result.json" if path.is_dir() else path
    if ".jsonl" in file.name:
        raise ResultError(f"{path} is a journal: name the report folder, or its result.json")
    return Build(str(path), read_result(file))


def compare(old: Build, new: Build) -> Comparison:
    """What differs; ResultError if the two are of different APIs."""
    for name in MUST_BE_ALIKE:
        if old.result[name] != new.result[name]:  # type: ignore[literal-required]
            raise ResultError(
                f"{old.name} and {new.name} are of different APIs: "
                f"{old.result[name]!r} and {new.result[name]!r}"  # type: ignore[literal-required]
            )
    befores, nows = old.result["violations"], new.result["violations"]
    still = [now for now in nows if _match(now, befores) is not None]
    newly = [now for now in nows if now not in still and not _is_known(old.result, now)]
    gone = [before for before in befores if _match(before, nows) is None]
    fixed = [before for before in gone if _is_kept(new.result, before["rule"])]
    broken_before = {before["rule"] for before in befores}
    return Comparison(
        old,
        new,
        tuple(newly),
        tuple(now["fingerprint"] for now in newly if now["rule"] in broken_before),
        tuple(fixed),
        tuple(still),
        tuple(before for before in gone if before not in fixed),
        dict(_less_claimed(old.result, new.result)),
        tuple(_more_claimed(old.result, new.result)),
        dict(_changed_answers(old.result, new.result)),
        tuple(_notes(old.result, new.result)),
    )


# Causes -------------------------------------------------------------------------------------------


def _match(entry: ViolationEntry, others: Sequence[ViolationEntry]) -> ViolationEntry | None:
    """The entry of the same cause among the others."""
    alike = (other for other in others if entry["fingerprint"] == other["fingerprint"])
    return next(alike, next((other for other in others if same_cause(entry, other)), None))


def same_cause(one: ViolationEntry, other: ViolationEntry) -> bool:
    """Whether two violations have one cause: one fingerprint, or a program explains the other."""
    if one["fingerprint"] == other["fingerprint"]:
        return True
    if one["rule"] != other["rule"]:
        return False
    ours, theirs = _cause(one), _cause(other)
    return (
        ours is not None and theirs is not None and (ours.explains(theirs) or theirs.explains(ours))
    )


def _cause(entry: ViolationEntry) -> Cause | None:
    """The cause that an entry spells; None if it is told in words."""
    try:
        program = steps_of(entry["steps"]) if entry["scenario"] else Program()
    except ProgramError:
        return None
    question = f" {entry['question']}" if entry["rule"] == "DIA-2" else ""
    return Cause(entry["rule"] + question, entry["kind"], program) if program.steps else None


def _is_known(result: Result, entry: ViolationEntry) -> bool:
    """Whether the result lists the cause as a known issue that it has met."""
    met = (issue["fingerprint"] for issue in result["known"] if issue["state"] == "seen")
    return entry["fingerprint"] in met


def _is_kept(result: Result, rule: str) -> bool:
    """Whether a run has shown that the rule is kept: it was checked, and not seen broken."""
    count = result["rules"].get(rule)
    if count is None or not count["checked"] or count["violated"]:
        return False
    is_known = any(issue["rule"].split()[:1] == [rule] for issue in result["known"])
    return result["verdict"] in DECIDED and not is_known


# Coverage and answers -----------------------------------------------------------------------------


def exercised(result: Result) -> list[str]:
    """The rules that were checked at least once."""
    return [rule for rule, count in result["rules"].items() if count["checked"]]


def _less_claimed(old: Result, new: Result) -> Iterator[tuple[str, str]]:
    since = set(exercised(new))
    for rule in exercised(old):
        if rule not in since:
            reasons = (new["not_claimed"].get(name) for name in (rule, rule.rpartition("-")[0]))
            yield rule, next(filter(None, reasons), "it was not exercised")


def _more_claimed(old: Result, new: Result) -> list[str]:
    before = set(exercised(old))
    return [rule for rule in exercised(new) if rule not in before]


def _changed_answers(old: Result, new: Result) -> Iterator[tuple[str, tuple[str, str]]]:
    """Questions that the two servers answer differently; a narrower answer is no other one."""
    for question, before in old["dialect"].items():
        now = new["dialect"].get(question)
        if now is not None and not set(_answers(before)) & set(_answers(now)):
            yield question, (" or ".join(_answers(before)), " or ".join(_answers(now)))


def _answers(answer: str | list[str]) -> list[str]:
    return [answer] if isinstance(answer, str) else answer


def _notes(old: Result, new: Result) -> Iterator[str]:
    for name in SHOULD_BE_ALIKE:
        before, now = old[name], new[name]  # type: ignore[literal-required]
        if before != now:
            yield f"{name} differs: {before} and {now}; the two runs did not ask the same"


__all__ = ["Build", "Comparison", "compare", "exercised", "read_build"]
