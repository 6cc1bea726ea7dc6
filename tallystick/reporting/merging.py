"""One result out of many runs of one contract: of several seeds, machines or targets.

Counts are added, a rule was checked if any run checked it, the worst verdict counts, and each cause
is listed once, with the shortest program that any run found. It reads results and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from tallystick.reporting.comparison import same_cause
from tallystick.reporting.journal import JournalError, read_journal
from tallystick.reporting.journal_files import journal_in
from tallystick.reporting.lifecycle import merged_lifecycle
from tallystick.reporting.records import Exchanges, Races, Record
from tallystick.reporting.response_times import merged_latency
from tallystick.reporting.result import (
    MOST_IDS,
    CorpusEntry,
    Count,
    KnownEntry,
    LeftEntry,
    Result,
    ResultError,
    RunEntry,
    ViolationEntry,
    read_result,
)
from tallystick.reporting.result_form import AgainstEntry
from tallystick.reporting.timeline import TimeLine

MOST_REASONS = 5
"""Reasons why runs decided nothing that are listed."""
WORST_FIRST = ("error", "undecided", "conforms")
"""Verdicts of runs that found no violation."""
STATES = ("expired", "seen", "not seen")
"""Of a known issue: what one run says outweighs what the later words say."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the results, and the folder with its scenarios and its journal."""

    folder: Path
    result: Result


@dataclass(frozen=True, slots=True)
class Merged:
    """What many runs come to."""

    result: Result
    files: Mapping[str, Path]
    """By the path below the new report folder: the file of a run that is to be copied there."""
    exchanges: Exchanges
    """Of the violations, where a rule is broken by one cause only."""
    races: Races
    """What several clients did at the same moment, of the same violations."""


def read_part(path: Path) -> Part:
    """A result.json or its report folder; ResultError if it is none."""
    folder = path if path.is_dir() else path.parent
    return Part(folder, read_result(path / "result.json" if path.is_dir() else path))


def merge(parts: Sequence[Part], lacking: Sequence[str] = ()) -> Merged:
    """One result out of these; ResultError if there is none, or if they are of different APIs.

    `lacking` says what should have been run beside them, and was not: then nothing *conforms*.
    """
    if not parts:
        raise ResultError("there is no result to merge")
    results = [part.result for part in parts]
    profiles = sorted({result["profile"] for result in results})
    if len(profiles) > 1:
        raise ResultError(f"the results are of different APIs: {', '.join(profiles)}")
    rules = _counts(results)
    chosen = _shortest(parts)
    chosen = list(_with_names_of_their_own(_causes_first(chosen)))
    merged = {
        **results[0],
        "verdict": _verdict(results, lacking),
        "reason": _reason(results, lacking),
        "partial": all(result["partial"] for result in results),
        **_sums(results),
        "date": min(result["date"] for result in results),
        "build": ", ".join(dict.fromkeys(filter(None, (result["build"] for result in results)))),
        "command": "",
        "dialect": _dialect(results),
        "rules": rules,
        "not_claimed": dict(_not_claimed(results, rules)),
        "not_supported": dict(_in_all([result["not_supported"] for result in results])),
        "violations": [each.entry for each in chosen],
        "known": _known(results),
        "left_open": _left_open(results),
        "outages": [outage for result in results for outage in result["outages"]][:MOST_IDS],
        "lifecycle": merged_lifecycle([result["lifecycle"] for result in results]),
        "latency": merged_latency([result["latency"] for result in results]),
        "runs": list(_runs(results)),
    }
    merged |= _seldom(results)
    files = {name: path for each in chosen for name, path in each.files.items()}
    return Merged(cast(Result, merged), files, *_evidence(chosen))


def _seldom(results: Sequence[Result]) -> dict[str, object]:
    """The members that are there only if a run had them."""
    seldom = {"corpus": _corpus(results), "against": _against(results)}
    return {name: entry for name, entry in seldom.items() if entry is not None}


def _sums(results: Sequence[Result]) -> dict[str, float]:
    return {
        "shallow": sum(result["shallow"] for result in results),
        "seconds": round(sum(result["seconds"] for result in results), 2),
        "requests": sum(result["requests"] for result in results),
        "programs": sum(result["programs"] for result in results),
    }


# Violations ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The shortest way that any run knows to show a cause."""

    entry: ViolationEntry
    folder: Path
    files: Mapping[str, Path]
    key: str
    """What names it in the result that it is from."""
    explained_by: ViolationEntry | None = None
    """What explains it in the result that it is from."""


def _shortest(parts: Sequence[Part]) -> list[_Chosen]:
    groups: list[list[_Chosen]] = []
    for part in parts:
        entries = part.result["violations"]
        for entry in entries:
            cause = None if entry["cause"] is None else entries[entry["cause"]]
            found = _Chosen(entry, part.folder, {}, entry["key"], cause)
            for group in groups:
                if any(same_cause(entry, other.entry) for other in group):
                    group.append(found)
                    break
            else:
                groups.append([found])
    return [_together(group) for group in groups]


def _together(group: Sequence[_Chosen]) -> _Chosen:
    best = min(group, key=lambda each: _length(each.entry))
    tests = dict.fromkeys(
        test for each in group for test in (each.entry["test"], *each.entry["also"])
    )
    also = [test for test in tests if test not in ("", best.entry["test"])]
    before = min(each.entry["requests_before"] for each in group)
    entry = cast(ViolationEntry, {**best.entry, "also": also, "requests_before": before})
    return replace(best, entry=entry)


def _length(entry: ViolationEntry) -> tuple[bool, int, float]:
    """What makes a way to show a cause better: a program, a short one, one that is steady."""
    seen, replayed = entry["replays"] or (0, 1)
    return not entry["scenario"], len(entry["steps"]), -seen / max(replayed, 1)


def _causes_first(chosen: Sequence[_Chosen]) -> Iterator[_Chosen]:
    """The same in the order of a result, each with the places of its cause and consequences."""
    causes = [each for each in chosen if _cause_of(each, chosen) is None]
    causes.sort(key=lambda each: (each.entry["level"] != "MUST", *_length(each.entry)))
    others = [each for each in chosen if each not in causes]
    ordered = [*causes, *others]
    explaining = [_cause_of(each, causes) for each in ordered]
    for place, each in enumerate(ordered):
        explained = explaining[place]
        cause = None if explained is None else ordered.index(explained)
        consequences = [n for n, other in enumerate(explaining) if other is each]
        entry = {**each.entry, "cause": cause, "consequences": consequences}
        yield replace(each, entry=cast(ViolationEntry, entry))


def _cause_of(each: _Chosen, chosen: Sequence[_Chosen]) -> _Chosen | None:
    if each.explained_by is None:
        return None
    others = (other for other in chosen if other.explained_by is None)
    return next((one for one in others if same_cause(each.explained_by, one.entry)), None)


def _with_names_of_their_own(chosen: Iterable[_Chosen]) -> Iterator[_Chosen]:
    """The same, with files under names that no other violation has."""
    taken: set[str] = set()
    for each in chosen:
        files: dict[str, Path] = {}
        key = _free(each.key, taken)
        taken.add(key)
        entry = cast(ViolationEntry, {**each.entry, "key": key})
        if name := entry["scenario"]:
            new = _free(name, taken)
            taken.add(new)
            files[new] = each.folder / name
            entry = cast(ViolationEntry, {**entry, "scenario": new})
        yield replace(each, entry=entry, files=files)


def _free(name: str, taken: set[str]) -> str:
    path, number, free = Path(name), 1, name
    while free in taken:
        number += 1
        free = str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
    return free


def _evidence(chosen: Sequence[_Chosen]) -> tuple[Exchanges, Races]:
    found: dict[str, tuple[Record, ...]] = {}
    races: dict[str, TimeLine] = {}
    journals: dict[Path, tuple[Exchanges, Races]] = {}
    for each in chosen:
        if each.folder not in journals:
            journals[each.folder] = _journal(each.folder)
        its_exchanges, its_races = journals[each.folder]
        key = each.entry["key"]
        found[key] = its_exchanges.get(each.key, ())
        races |= {key: its_races[each.key]} if each.key in its_races else {}
    return found, races


def _journal(folder: Path) -> tuple[Exchanges, Races]:
    try:
        journal = read_journal(journal_in(folder), partial=True)
    except JournalError:
        return {}, {}
    return journal.exchanges(), journal.races()


# Everything else ----------------------------------------------------------------------------------


def _verdict(results: Sequence[Result], lacking: Sequence[str]) -> str:
    verdicts = {result["verdict"] for result in results} | ({"undecided"} if lacking else set())
    return next(each for each in ("violates", *WORST_FIRST) if each in verdicts)


def _reason(results: Sequence[Result], lacking: Sequence[str]) -> str | None:
    reasons = list(dict.fromkeys(filter(None, (result["reason"] for result in results))))
    without = sum(1 for result in results if result["reason"])
    said = [f"{without} of {len(results)} runs: {'; '.join(reasons[:MOST_REASONS])}"] * bool(
        without
    )
    if len(reasons) > MOST_REASONS:
        said.append(f"and {len(reasons) - MOST_REASONS} more reasons")
    return "; ".join([*lacking[:MOST_REASONS], *said]) or None


def _counts(results: Sequence[Result]) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    for result in results:
        for rule, count in result["rules"].items():
            before = counts.get(rule, Count(checked=0, violated=0))
            counts[rule] = Count(
                checked=before["checked"] + count["checked"],
                violated=before["violated"] + count["violated"],
            )
    return counts


def _dialect(results: Sequence[Result]) -> dict[str, str | list[str]]:
    """What the servers answered: one answer where all agree, else all that were given."""
    found: dict[str, set[str]] = {}
    for result in results:
        for question, answer in result["dialect"].items():
            answers = {answer} if isinstance(answer, str) else set(answer)
            before = found.get(question, answers)
            # A run that knows less does not contradict one that knows more.
            found[question] = before & answers or before | answers
    return {
        question: next(iter(answers)) if len(answers) == 1 else sorted(answers)
        for question, answers in sorted(found.items())
    }


def _not_claimed(
    results: Sequence[Result], rules: Mapping[str, Count]
) -> Iterator[tuple[str, str]]:
    """What no run says anything about: a rule or a chapter that none checked, or in every run."""
    exercised = {rule for rule, count in rules.items() if count["checked"]}
    exercised |= {rule.rpartition("-")[0] for rule in exercised}
    names = {*rules, *(rule.rpartition("-")[0] for rule in rules)}
    for result in results:
        for name, why in result["not_claimed"].items():
            if name in names and name not in exercised:
                yield name, why
    for name, why in _in_all([result["not_claimed"] for result in results]):
        if name not in names:
            yield name, why


def _in_all(each: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for name, why in each[0].items():
        if all(name in other for other in each):
            yield name, why


def _known(results: Sequence[Result]) -> list[KnownEntry]:
    found: dict[tuple[str, str], KnownEntry] = {}
    for result in results:
        for issue in result["known"]:
            key = (issue["rule"], issue["fingerprint"])
            before = found.get(key, issue)
            state = min(before["state"], issue["state"], key=STATES.index)
            tests = list(dict.fromkeys([*before["tests"], *issue["tests"]]))
            found[key] = cast(KnownEntry, {**before, "state": state, "tests": tests})
    return list(found.values())


def _left_open(results: Sequence[Result]) -> LeftEntry | None:
    left = [entry for result in results if (entry := result["left_open"]) is not None]
    if not left:
        return None
    return LeftEntry(
        cards=sum(entry["cards"] for entry in left),
        holds=sum(entry["holds"] for entry in left),
        prefix=left[0]["prefix"],
        ids=[id_ for entry in left for id_ in entry["ids"]][:MOST_IDS],
        reason="; ".join(dict.fromkeys(entry["reason"] for entry in left if entry["reason"])),
    )


def _corpus(results: Sequence[Result]) -> CorpusEntry | None:
    found = [result["corpus"] for result in results if "corpus" in result]
    if not found:
        return None
    shown = sorted({name for entry in found for name in entry["shown"]})
    return CorpusEntry(programs=max(entry["programs"] for entry in found), shown=shown)


def _against(results: Sequence[Result]) -> AgainstEntry | None:
    """All differences from the second server; one that several runs show is listed once."""
    found = [result["against"] for result in results if "against" in result]
    if not found:
        return None
    reasons = dict.fromkeys(filter(None, (entry["reason"] for entry in found)))
    every = [difference for entry in found for difference in entry["differences"]]
    alike = {(each["member"], tuple(each["steps"])): each for each in reversed(every)}
    return AgainstEntry(
        target=found[0]["target"],
        programs=sum(entry["programs"] for entry in found),
        requests=sum(entry["requests"] for entry in found),
        reason="; ".join(reasons) or None,
        differences=list(reversed(alike.values())),
        left="; ".join(filter(None, (entry["left"] for entry in found))),
    )


def _runs(results: Sequence[Result]) -> Iterator[RunEntry]:
    """The runs themselves; of results that were merged before, those that they were made of."""
    for result in results:
        if "runs" in result:
            yield from result["runs"]
        else:
            yield RunEntry(
                target=result["target"],
                intensity=result["intensity"],
                seed=result["seed"],
                verdict=result["verdict"],
                requests=result["requests"],
                seconds=result["seconds"],
            )
