"""`report.html`: the whole result for people, in one file that needs nothing from outside.

It is made from the result and the exchanges alone, so `tallystick render` can make it again. This
module gathers what is shown; the templates in `html/` say how it looks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby

from tallystick.documents.questions import questions
from tallystick.documents.rules import Rule, chapters, load_rules
from tallystick.reporting.against_text import against_note
from tallystick.reporting.chapters import (
    known_notes,
    other_claims,
    outage_note,
    partial_note,
    runs_note,
    shallow_note,
)
from tallystick.reporting.latency_figure import latency_rows
from tallystick.reporting.lifecycle_figure import figure_of
from tallystick.reporting.records import Exchanges, Races
from tallystick.reporting.result import Count, Result, target_options
from tallystick.reporting.steps_shown import Shown, shown_violations
from tallystick.reporting.templates import render

HEADLINES = {
    "conforms": "The server conforms",
    "violates": "The server violates its contract",
    "undecided": "Undecided: not shown either way",
    "error": "The suite itself broke",
}
OF_A_HOLD = ("TX", "CAP", "VOID", "REFUND", "BAL", "CONC", "DELIV")
"""Chapters whose rules break at the last step of a hold's life, not at a read or an id."""
COLOURS = {"conforms": "good", "violates": "bad", "undecided": "warn", "error": "bad"}


@dataclass(frozen=True, slots=True)
class _RuleRow:
    """A rule as the table shows it. `state`: bad, good, idle or unclaimed."""

    id: str
    level: str
    text: str
    checked: int
    state: str
    said: str
    reason: str
    anchor: str
    """Where its violation is shown; empty: there is none."""


@dataclass(frozen=True, slots=True)
class _Chapter:
    """The rules of a chapter."""

    id: str
    title: str
    rows: tuple[_RuleRow, ...]

    def count(self, state: str) -> int:
        """How many of its rules are in this state."""
        return sum(1 for row in self.rows if row.state == state)

    @property
    def checked(self) -> int:
        """How often its rules were checked."""
        return sum(row.checked for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A question of the dialect, answered."""

    question: str
    text: str
    answer: str
    meaning: str
    is_pinned: bool
    deviation: Shown | None
    """The violation, where the server deviates from the pinned answer."""


def report_page(
    result: Result,
    exchanges: Exchanges,
    races: Races | None = None,
    scripts: Collection[str] = (),
) -> str:
    """The page, whole in itself; `scripts` are the programs that lie beside it."""
    rules = load_rules()
    violations = shown_violations(result, exchanges, races or {}, scripts)
    everything = [each for one in violations for each in (one, *one.consequences)]
    broken = _broken_moves(everything)
    grouped = _chapters(result, rules, everything)
    return render(
        "page.html.j2",
        result=result,
        headline=HEADLINES[result["verdict"]],
        colour=COLOURS[result["verdict"]],
        notes=_notes(result),
        violations=violations,
        chapters=grouped,
        counts={
            state: sum(chapter.count(state) for chapter in grouped)
            for state in ("bad", "good", "idle", "unclaimed")
        },
        checks=sum(counted["checked"] for counted in result["rules"].values()),
        efforts=_efforts(result),
        lifecycle=figure_of(result["lifecycle"], broken),
        broken_moves=broken,
        legal_moves=[move for move in result["lifecycle"] if move["to"] is not None],
        dialect=_dialect(result, everything),
        latency=latency_rows(result["latency"]),
        claims=_claims(result),
        target_options=target_options(result),
    )


def _broken_moves(violations: list[Shown]) -> list[str]:
    """The steps of a hold's life at which rules broke."""
    entries = [one.entry for one in violations]
    of_a_hold = [each for each in entries if each["rule"].rpartition("-")[0] in OF_A_HOLD]
    return sorted({each["transition"] for each in of_a_hold} - {""})


def _efforts(result: Result) -> list[tuple[int, str]]:
    """What was tried that no other figure shows."""
    checked = {rule: counted["checked"] for rule, counted in result["rules"].items()}
    broken = sum(checked.get(rule, 0) for rule in ("DELIV-1", "DELIV-2", "DELIV-3"))
    found = [
        (checked.get("CONC-1", 0), "histories of clients at the same moment"),
        (broken, "answers lost, copies, late copies"),
    ]
    return [(number, what) for number, what in found if number]


def _notes(result: Result) -> list[tuple[str, str]]:
    """What limits the verdict, each with the word that it begins with."""
    found = [
        ("Why", result["reason"] or ""),
        ("Merged", runs_note(result)),
        ("Against", against_note(result)),
        ("Depth", shallow_note(result) if result["shallow"] else ""),
        ("Partial", partial_note(result) if result["partial"] else ""),
        ("Outages", outage_note(result)),
        *(("Known", note) for note in known_notes(result)),
    ]
    return [(word, text) for word, text in found if text]


def _chapters(result: Result, rules: Mapping[str, Rule], violations: list[Shown]) -> list[_Chapter]:
    anchors = {one.entry["rule"]: one.anchor for one in reversed(violations)}
    rows = [
        _row(rule, counts, result, rules.get(rule), anchors.get(rule, ""))
        for rule, counts in result["rules"].items()
    ]
    known = chapters()
    return [
        _Chapter(name, known[name].title if name in known else "", tuple(group))
        for name, group in groupby(rows, key=lambda row: row.id.rpartition("-")[0])
    ]


def _row(rule: str, counted: Count, result: Result, known: Rule | None, anchor: str) -> _RuleRow:
    claims = result["not_claimed"]
    reason = claims.get(rule) or claims.get(rule.rpartition("-")[0]) or ""
    if counted["violated"]:
        state, said = "bad", "broken"
    elif counted["checked"]:
        state, said = "good", "kept"
    elif reason:
        state, said = "unclaimed", "not claimed"
    else:
        state, said = "idle", "not exercised"
    text, level = (known.text, known.level) if known is not None else ("", "")
    reason = reason if state == "unclaimed" else ""
    return _RuleRow(rule, level, text, counted["checked"], state, said, reason, anchor)


def _dialect(result: Result, violations: list[Shown]) -> list[_Answer]:
    """Deviations from the pinned answers first, then what is pinned, then what was learned."""
    deviating = {one.entry["question"]: one for one in violations if one.entry["rule"] == "DIA-2"}
    names = dict.fromkeys((*result["dialect"], *filter(None, deviating)))
    answers = [_answer(name, result, deviating.get(name)) for name in names]
    return sorted(answers, key=lambda answer: (answer.deviation is None, not answer.is_pinned))


def _answer(name: str, result: Result, deviation: Shown | None) -> _Answer:
    question = questions().get(name)
    found = result["dialect"].get(name, [])
    answers = [found] if isinstance(found, str) else found
    meanings = question.permitted if question is not None else {}
    return _Answer(
        name,
        question.text if question is not None else "",
        " or ".join(answers),
        meanings.get(answers[0], "") if len(answers) == 1 else "",
        name in result["pinned"],
        deviation,
    )


def _claims(result: Result) -> list[tuple[str, list[str]]]:
    """What the run says nothing about, by reason: the chapters, rules, operations and tests."""
    rules = {*result["rules"], *(rule.rpartition("-")[0] for rule in result["rules"])}
    named = {name: why for name, why in result["not_claimed"].items() if name in rules}
    grouped: dict[str, list[str]] = {}
    for name, why in {**named, **other_claims(result)}.items():
        grouped.setdefault(why, []).append(name)
    return sorted(grouped.items(), key=lambda item: -len(item[1]))
