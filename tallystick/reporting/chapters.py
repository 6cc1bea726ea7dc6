"""The rules of a result by chapter: what was checked, broken, not exercised and not claimed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tallystick.cleanup import left_text
from tallystick.reporting.result import Count, Result, ViolationEntry


@dataclass(frozen=True, slots=True)
class ChapterRow:
    """One chapter. Rules are given by their numbers within it."""

    chapter: str
    rules: int
    checked: int
    """How many of its rules were checked."""
    times: int
    violated: tuple[int, ...]
    silent: tuple[int, ...]
    """Rules that were never exercised, and that no reason explains."""
    not_claimed: tuple[str, ...]
    """Reasons, each with the rules that it is for, unless it is for the whole chapter."""

    @property
    def note(self) -> str:
        """What is not exercised and not claimed, in words."""
        parts = [f"not exercised: {numbers(self.silent)}"] if self.silent else []
        return "; ".join([*parts, *(f"not claimed: {why}" for why in self.not_claimed)])


def chapter_rows(result: Result) -> list[ChapterRow]:
    """The rows in the order of the rules."""
    chapters: dict[str, dict[int, Count]] = {}
    for rule, counted in result["rules"].items():
        chapter, _, number = rule.rpartition("-")
        chapters.setdefault(chapter, {})[int(number)] = counted
    return [_row(chapter, counts, result) for chapter, counts in chapters.items()]


def other_claims(result: Result) -> dict[str, str]:
    """What is not claimed, beside chapters and rules: operations that lack, tests; with reasons."""
    known = {*result["rules"], *(rule.rpartition("-")[0] for rule in result["rules"])}
    lacking = (said.partition(": ") for said in result["not_supported"].values())
    return {
        **{operation: f"not supported, {why}" for operation, _, why in lacking},
        **{name: why for name, why in result["not_claimed"].items() if name not in known},
    }


def known_notes(result: Result) -> list[str]:
    """What became of each known issue, a line each."""
    return [
        f"known issue, {issue['state']}: {issue['fingerprint'] or issue['rule']}, until "
        f"{issue['until']}: {issue['reason']}"
        for issue in result["known"]
    ]


def partial_note(result: Result) -> str:
    """What a partial run does not show."""
    counts = result["rules"].values()
    silent = sum(1 for counted in counts if not counted["checked"])
    return (
        "a selection was run, not the whole suite: "
        f"{silent} of {len(counts)} rules were not exercised, and the others not in every way"
    )


def shallow_note(result: Result) -> str:
    """What the budget did not reach."""
    number = result["shallow"]
    contracts = "1 contract" if number == 1 else f"{number} contracts"
    return f"the budget left {contracts} at the depth of a gate; a longer --budget goes deeper"


def left_note(result: Result) -> str:
    """What stays on the target after the clean-up; empty if nothing does."""
    left = result["left_open"]
    return "" if left is None else left_text(left["cards"], left["holds"], left["reason"])


def outage_note(result: Result) -> str:
    """How often the target could not be reached, and for how long; empty if it always was."""
    outages = result["outages"]
    if not outages:
        return ""
    times = "once" if len(outages) == 1 else f"{len(outages)} times"
    seconds = sum(outage["seconds"] for outage in outages)
    longest = max(outages, key=lambda outage: outage["seconds"])
    return (
        f"the target could not be reached {times}, for {seconds:.1f} s in all "
        f"({longest['reason']}); the run waited for it"
    )


def causes(result: Result) -> list[ViolationEntry]:
    """The violations that no other one explains."""
    return [entry for entry in result["violations"] if entry["cause"] is None]


def consequence_text(entry: ViolationEntry) -> str:
    """A violation that another one explains, in one line."""
    said = [count_of(len(entry["steps"]), "step" if entry["scenario"] else "request")]
    said += [replays_text(entry), entry["scenario"]]
    return f"{entry['rule']}: {entry['actual']} ({'; '.join(filter(None, said))})"


def seen_text(entry: ViolationEntry) -> str:
    """When a violation was seen, and how often it came back."""
    first = f"first after {count_of(entry['requests_before'], 'request')}"
    return "; ".join(filter(None, (first, replays_text(entry))))


def replays_text(entry: ViolationEntry) -> str:
    """How often a violation came back; empty if it was not replayed."""
    if entry["replays"] is None:
        return ""
    seen, of = entry["replays"]
    intermittent = "intermittent: " if seen < of else ""
    return f"{intermittent}again in {seen} of {count_of(of, 'replay')}"


def count_of(number: int, noun: str) -> str:
    """`1 replay`, `1,000 replays`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def others_that_meet(number: int) -> str:
    """`1 more test meets the same`, `4 more tests meet the same`."""
    return f"{count_of(number, 'more test')} {'meets' if number == 1 else 'meet'} the same"


def numbers(values: Iterable[int]) -> str:
    """`1, 3-5` for 1, 3, 4, 5."""
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and runs[-1][1] == value - 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _row(chapter: str, counts: dict[int, Count], result: Result) -> ChapterRow:
    whole = result["not_claimed"].get(chapter)
    single = {
        number: reason
        for number in counts
        if (reason := result["not_claimed"].get(f"{chapter}-{number}")) is not None
    }
    reasons: dict[str, list[int]] = {}
    for number, reason in single.items():
        reasons.setdefault(reason, []).append(number)
    idle = [number for number, counted in counts.items() if not counted["checked"]]
    return ChapterRow(
        chapter,
        len(counts),
        len(counts) - len(idle),
        sum(counted["checked"] for counted in counts.values()),
        tuple(number for number, counted in counts.items() if counted["violated"]),
        () if whole else tuple(number for number in idle if number not in single),
        ((whole,) if whole else ())
        + tuple(f"{numbers(of)} ({reason})" for reason, of in reasons.items()),
    )


def runs_note(result: Result) -> str:
    """What a merged result was made of; empty for a single run."""
    runs = result.get("runs")
    if not runs:
        return ""
    targets = len({run["target"] for run in runs})
    seeds = ", ".join(str(seed) for seed in sorted({run["seed"] for run in runs}))
    return f"{len(runs)} runs on {targets} target{'s' * (targets > 1)}, seeds {seeds}"
