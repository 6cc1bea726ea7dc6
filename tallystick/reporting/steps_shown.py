"""A violation as the page shows it: its steps beside the ledger, its pictures, its exchanges.

It reads a result and its exchanges, and does not know how anything looks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tallystick.reporting.curl import answered, belongs, compact, curl
from tallystick.reporting.ledger_says import Compared
from tallystick.reporting.records import Exchanges, Races, Record
from tallystick.reporting.result import BEARER, Result, ViolationEntry, again, target_options
from tallystick.reporting.scenario import file_name
from tallystick.reporting.sentences import due_in_words, sentence_of
from tallystick.reporting.sequence import Sequence_, is_delivery, sequence_of, short_path
from tallystick.reporting.timeline import TimeLine, TimeLineFigure, figure_of_time_line

LONGEST_BODY = 4_000  # characters of one body on the page; the journal has all of it
MOST_ROWS = 40
"""Of a longer history, so many exchanges at its end are in the table."""
MOST_DETAILS = 300_000
"""Characters of requests and answers on one page; of what comes after, the table is shown alone."""


@dataclass(frozen=True, slots=True)
class Row:
    """One exchange, in the table of steps."""

    number: int
    step: str
    repeats_step: bool
    """Whether the row above is of the same step."""
    request: str
    status: str
    state: str
    """`good`, `refused` or `lost`: the colour of the status."""
    compared: tuple[Compared, ...]
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """One exchange with all that was sent and received."""

    number: int
    step: str
    line: str
    status: str
    sent: str
    received: str
    curl: str
    microseconds: int

    @property
    def characters(self) -> int:
        """How long its texts are."""
        return len(self.sent) + len(self.received) + len(self.curl)


@dataclass(frozen=True, slots=True)
class Shown:
    """A violation, and all that the page shows of it."""

    anchor: str
    entry: ViolationEntry
    sentence: list[tuple[bool, str]]
    """What happened, in plain words: parts of text, each with whether it is code."""
    due: str
    """What the ledger permits, in plain words."""
    rows: tuple[Row, ...]
    rows_left_out: int
    is_own: bool
    """Whether the exchanges are of the program shown, not of the longer one it was made from."""
    details: tuple[Detail, ...]
    race: TimeLineFigure | None
    sequence: Sequence_ | None
    command: str
    """How to see it again."""
    often: str
    scripts: tuple[str, ...] = ()
    """The same as programs of their own, by their path beside the page."""
    consequences: tuple[Shown, ...] = ()


def shown_violations(
    result: Result, exchanges: Exchanges, races: Races, scripts: Collection[str]
) -> list[Shown]:
    """The causes, each with what it explains folded under it."""
    left = MOST_DETAILS
    shown: list[Shown] = []
    for entry in result["violations"]:
        key = entry["key"]
        one = _shown(entry, exchanges.get(key, ()), races, result, left)
        its_own = [f"scenarios/{file_name(key, ending)}" for ending in ("py", "sh")]
        one = replace(one, scripts=tuple(name for name in its_own if name in scripts))
        left -= sum(detail.characters for detail in one.details)
        shown.append(one)
    return [
        replace(one, consequences=tuple(shown[place] for place in one.entry["consequences"]))
        for one in shown
        if one.entry["cause"] is None
    ]


def _shown(
    entry: ViolationEntry, records: tuple[Record, ...], races: Races, result: Result, left: int
) -> Shown:
    race = races.get(entry["key"])
    if race is not None:
        records = tuple(_with_outcome(record, race) for record in records)
    wrong = _wrong(records, otherwise_last=race is None)
    number = -1 if wrong is None else wrong.number
    return Shown(
        anchor=f"violation-{re.sub('[^A-Za-z0-9.]+', '-', entry['key'])}",
        entry=entry,
        sentence=sentence_of(entry, wrong, race),
        due=due_in_words(entry["expected"]),
        rows=_rows(records[-MOST_ROWS:], entry, number),
        rows_left_out=max(0, len(records) - MOST_ROWS),
        is_own=belongs(records, entry),
        details=_details(records, result, left),
        race=None if race is None else figure_of_time_line(race),
        sequence=sequence_of(records, number) if records and is_delivery(entry["steps"]) else None,
        command=_command(entry, result),
        often=_often(entry),
    )


def _wrong(records: Sequence[Record], *, otherwise_last: bool) -> Record | None:
    """The exchange that shows the violation: the last that differs; else the last, or none."""
    differing = [record for record in records if any(each.differs for each in record.compared)]
    last = records[-1:] if otherwise_last else ()
    return next(iter([*differing[-1:], *last]), None)


def _with_outcome(record: Record, race: TimeLine) -> Record:
    """An exchange of a race, with what its bar says: no ledger has judged it by itself."""
    client, _, label = record.step.rpartition("| ")
    bars = [bar for bar in race.bars if (bar.client, bar.label) == (client, label)]
    if record.compared:
        return record
    if not bars:
        return replace(record, compared=(Compared("answer", "not compared", "", False),))
    # One client may have asked the same twice; a bar begins a little before its request.
    bar = min(bars, key=lambda bar: abs(bar.called_ns - record.called_ns))
    due = "no order has a place for this answer" if bar.stuck else ""
    return replace(record, compared=(Compared("answer", due, bar.outcome, bar.stuck),))


def _rows(records: Sequence[Record], entry: ViolationEntry, wrong: int) -> tuple[Row, ...]:
    rows: list[Row] = []
    for place, record in enumerate(records):
        compared, is_wrong = record.compared, record.number == wrong
        if is_wrong and not any(each.differs for each in compared):
            compared += (
                Compared("the rule", due_in_words(entry["expected"]), entry["actual"], True),
            )
        status, state = _status(record)
        rows.append(
            Row(
                record.number,
                record.step,
                place > 0 and bool(record.step) and records[place - 1].step == record.step,
                f"{record.method} {short_path(record.path)}",
                status,
                state,
                _told(compared),
                is_wrong,
            )
        )
    return tuple(rows)


def _told(compared: tuple[Compared, ...]) -> tuple[Compared, ...]:
    """Without the plain *accepted* of an answer whose figures say more."""
    is_plain = bool(compared) and compared[0].ledger == compared[0].server == "accepted"
    says_more = any(each.ledger for each in compared[1:])
    return compared[1:] if is_plain and says_more else compared


def _status(record: Record) -> tuple[str, str]:
    if record.status is None:
        return "no answer", "lost"
    return str(record.status), "good" if record.status < 400 else "refused"


def _details(records: Sequence[Record], result: Result, left: int) -> tuple[Detail, ...]:
    """All exchanges, or none if they are more than is left of what one page shows."""
    details = tuple(_detail(record, result) for record in records[-MOST_ROWS:])
    return details if sum(detail.characters for detail in details) <= left else ()


def _detail(record: Record, result: Result) -> Detail:
    return Detail(
        record.number,
        record.step,
        f"{record.method} {record.path}",
        _status(record)[0],
        "" if record.body is None else _pretty(record.body),
        answered(record) if record.answer is None else _pretty(record.answer),
        "\n".join(curl(record, result["target"], result.get("credentials", [BEARER]))),
        (record.returned_ns - record.called_ns) // 1000,
    )


def _pretty(body: object) -> str:
    short = compact(body)
    text = short if len(short) <= 100 else json.dumps(body, ensure_ascii=False, indent=2)
    if len(text) <= LONGEST_BODY:
        return text
    return f"{text[:LONGEST_BODY]}\n... {len(text) - LONGEST_BODY:,} more characters: the journal"


def _command(entry: ViolationEntry, result: Result) -> str:
    if entry["scenario"]:
        return f"tallystick replay {entry['scenario']} {target_options(result)}"
    if entry["test"]:
        return f"{again(entry['test'], result)} {target_options(result)}"
    return ""


def _often(entry: ViolationEntry) -> str:
    """How steady it is, in words."""
    if entry["replays"] is None:
        return "seen once, not replayed"
    seen, tried = entry["replays"]
    if seen == tried and seen:
        return f"seen again in {seen} of {tried} replays"
    return f"intermittent: seen again in {seen} of {tried} replays"
