"""`report.html`: the whole result for people, in one file that needs nothing from outside.

It is made from the result and the exchanges alone, so `tallystick render` can make it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from tallystick.documents.questions import questions
from tallystick.documents.rules import Rule, chapters, load_rules
from tallystick.reporting.chapters import (
    left_note,
    other_claims,
    outage_note,
    partial_note,
    runs_note,
    shallow_note,
)
from tallystick.reporting.curl import answered, belongs, compact, curl
from tallystick.reporting.journal import Exchanges, Record
from tallystick.reporting.result import BEARER, Count, Result, ViolationEntry, again, target_options
from tallystick.reporting.templates import render
from tallystick.run import key_of

LONGEST_BODY = 4_000  # characters of one body on the page; the journal has all of it


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One exchange as the page shows it."""

    number: int
    step: str
    line: str
    status: str
    sent: str
    received: str
    curl: str
    microseconds: int


@dataclass(frozen=True, slots=True)
class _Shown:
    """A violation with its exchanges."""

    entry: ViolationEntry
    exchanges: tuple[_Exchange, ...]
    is_own: bool
    """Whether they are of the program shown, not of the longer one that it was made from."""


@dataclass(frozen=True, slots=True)
class _RuleRow:
    """A rule as the table shows it. `state` names its colour."""

    id: str
    level: str
    text: str
    checked: int
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """A question of the dialect, answered."""

    question: str
    text: str
    answer: str


def report_page(
    result: Result, exchanges: Exchanges, rules: Mapping[str, Rule] | None = None
) -> str:
    """The page, whole in itself."""
    rules = load_rules() if rules is None else rules
    rows = [_row(rule, counts, result, rules) for rule, counts in result["rules"].items()]
    return render(
        "page.html.j2",
        result=result,
        again=again,
        target_options=target_options(result),
        partial_note=partial_note(result),
        shallow_note=shallow_note(result),
        left_note=left_note(result),
        outage_note=outage_note(result),
        runs_note=runs_note(result),
        violations=[
            _shown(entry, exchanges.get(key_of(entry["rule"], entry["question"]), ()), result)
            for entry in result["violations"]
        ],
        chapters=[
            (chapter, _title(chapter), list(group))
            for chapter, group in groupby(rows, key=lambda row: row.id.rpartition("-")[0])
        ],
        checked=sum(1 for row in rows if row.checked),
        dialect=[_answer(name, answer) for name, answer in result["dialect"].items()],
        claims=other_claims(result),
    )


def _shown(entry: ViolationEntry, records: tuple[Record, ...], result: Result) -> _Shown:
    exchanges = tuple(_exchange(record, result) for record in records)
    return _Shown(entry, exchanges, belongs(records, entry))


def _exchange(record: Record, result: Result) -> _Exchange:
    return _Exchange(
        record.number,
        record.step,
        f"{record.method} {record.path}",
        "no answer" if record.status is None else str(record.status),
        "" if record.body is None else _pretty(record.body),
        answered(record) if record.answer is None else _pretty(record.answer),
        "\n".join(curl(record, result["target"], result.get("credentials", [BEARER]))),
        (record.returned_ns - record.called_ns) // 1000,
    )


def _row(rule: str, counted: Count, result: Result, rules: Mapping[str, Rule]) -> _RuleRow:
    known = rules.get(rule)
    claims = result["not_claimed"]
    reason = claims.get(rule) or claims.get(rule.rpartition("-")[0])
    if counted["violated"]:
        state, said = "bad", "violated"
    elif counted["checked"]:
        state, said = "good", "kept"
    else:
        state, said = "warn", f"not claimed: {reason}" if reason else "not exercised"
    text, level = (known.text, known.level) if known is not None else ("", "")
    return _RuleRow(rule, level, text, counted["checked"], state, said)


def _title(chapter: str) -> str:
    known = chapters().get(chapter)
    return known.title if known is not None else ""


def _answer(name: str, answer: str | list[str]) -> _Answer:
    question = questions().get(name)
    said = answer if isinstance(answer, str) else " or ".join(answer)
    return _Answer(name, question.text if question is not None else "", said)


def _pretty(body: object) -> str:
    short = compact(body)
    text = short if len(short) <= 100 else json.dumps(body, ensure_ascii=False, indent=2)
    if len(text) <= LONGEST_BODY:
        return text
    return f"{text[:LONGEST_BODY]}\n... {len(text) - LONGEST_BODY:,} more characters: journal.jsonl"
