"""The end of a run on a terminal: one table of rules, each violation in full, and the verdict.

It is made for 80 columns and for no colour first. Commands to be copied are never wrapped: a
terminal breaks a long line without changing it. The live line is in `progress`.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tallystick.reporting.against_text import against_lines
from tallystick.reporting.chapters import (
    ChapterRow,
    causes,
    chapter_rows,
    consequence_text,
    count_of,
    known_notes,
    left_note,
    numbers,
    other_claims,
    others_that_meet,
    outage_note,
    partial_note,
    seen_text,
    shallow_note,
)
from tallystick.reporting.curl import answered, belongs, curl, decisive
from tallystick.reporting.records import Exchanges, Record
from tallystick.reporting.result import (
    BEARER,
    Result,
    ViolationEntry,
    again,
    redactor_for,
    target_options,
)
from tallystick.reporting.scenario import file_name
from tallystick.reporting.visible import brief
from tallystick.run import Finding, Run

WIDTH = 80
LABEL = 11
LINES_IN_FULL = 70
"""The first cause is shown in full, the next ones too as long as all have no more lines."""
MOST_NAMED = 6
"""Causes that take a line each; of the others their number is enough."""
MOST_EXPLAINED = 2
MOST_STEPS = 10
MOST_CHAPTERS = 6
LONGEST_TEXT = 240  # characters
LONGEST_ANSWER = 600  # characters; the rest is in the journal
LONGEST_COMMAND = 9
"""Lines of a command; a longer one is a form with many members, which the journal has."""
STYLES = {"conforms": "bold green", "violates": "bold red", "undecided": "bold yellow"}


def report_text(
    result: Result,
    exchanges: Exchanges,
    directory: Path,
    *,
    width: int = WIDTH,
    colour: bool = False,
) -> str:
    """The whole report as text, with terminal colours if they are wanted."""
    file = StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
    )
    print_report(console, result, exchanges, directory)
    return file.getvalue().rstrip("\n")


def print_report(console: Console, result: Result, exchanges: Exchanges, directory: Path) -> None:
    """Print the violations, the table and the verdict.

    A red run is read by people in a hurry: its table has only the chapters that are broken.
    """
    for line in _cause_lines(result, exchanges, directory, console.width):
        _say(console, line)
    for text in against_lines(result):
        _say(console, Text(text))
    if causes(result):
        console.print()
    if result["verdict"] == "violates":
        console.print(_broken_table(result))
    else:
        console.print(_table(result))
        for name, why in other_claims(result).items():
            _say(console, _wrapped(f"not claimed: {name}: {why}", console.width, 2))
    for note in known_notes(result):
        _say(console, _wrapped(note, console.width, 2))
    for line in left_lines(result, directory, console.width):
        _say(console, line)
    console.print()
    for line in verdict_lines(result, console.width):
        _say(console, line)


def brief_text(run: Run, finding: Finding) -> str:
    """A violation in a few lines, for a test's own failure; the end of the run has it in full."""
    violation = finding.violation
    steps = [f"  {number:>2}  {line}" for number, line in enumerate(finding.steps, start=1)]
    said = [
        f"{violation.rule} is broken",
        f"  permitted  {violation.expected}",
        f"  received   {violation.actual}",
    ]
    redactor = redactor_for(run, finding)
    return "\n".join(brief(redactor.text(line)) for line in (*said, *steps))


def violation_lines(
    entry: ViolationEntry, records: tuple[Record, ...], result: Result, directory: Path, width: int
) -> Iterator[Text]:
    """A violation in full: rule, permitted, received, program, last exchange, how to replay."""
    options = target_options(result)
    yield from _title(entry, width)
    yield from _labelled("permitted", brief(entry["expected"], LONGEST_TEXT), width)
    yield from _labelled("received", brief(entry["actual"], LONGEST_TEXT), width, "bold")
    yield from _program(entry["steps"], "program" if entry["scenario"] else "requests")
    shown = decisive(records)
    if not belongs(records, entry):
        text = "in a longer program, whose last exchange was this:"
        yield from _labelled("first", text, width)
    for number, record in enumerate(shown):
        yield from _exchange(record, result, "sent" if number == 0 else "then", width)
    if entry["scenario"]:
        path = directory / entry["scenario"]
        yield from _verbatim("replay", [f"tallystick replay {path} \\", f"  {options}"])
    elif entry["test"]:
        yield from _verbatim("again", [f"{again(entry['test'], result)} \\", f"  {options}"])
    script = directory / "scenarios" / file_name(entry["key"], "py")
    if script.exists():
        quoted = shlex.quote(str(script))
        yield from _verbatim("or", [f"python {quoted} {result['target']}"])
    yield from _labelled("seen", seen_text(entry), width)
    if entry["test"]:
        yield from _verbatim("test", [entry["test"]])
    if entry["also"]:
        yield from _verbatim("", [others_that_meet(len(entry["also"]))])
    for number, place in enumerate(entry["consequences"][:MOST_EXPLAINED]):
        text = brief(consequence_text(result["violations"][place]), LONGEST_TEXT)
        yield from _labelled("explains" if number == 0 else "", text, width)
    if (more := len(entry["consequences"]) - MOST_EXPLAINED) > 0:
        yield from _verbatim("", [f"and {more} more; the page has them all"])


def _cause_lines(
    result: Result, exchanges: Exchanges, directory: Path, width: int
) -> Iterator[Text]:
    """The first cause in full, and as many of the others as there is room for."""
    rule_line = Text("-" * width, style="dim")
    found, used = causes(result), 0
    for place, entry in enumerate(found):
        shown = exchanges.get(entry["key"], ())
        lines = list(violation_lines(entry, shown, result, directory, width))
        used += len(lines)
        if place and used > LINES_IN_FULL:
            yield from _more_lines(found[place:], width)
            return
        yield from ([Text()] if place else [])
        yield from (rule_line, *lines)


def _more_lines(entries: list[ViolationEntry], width: int) -> Iterator[Text]:
    """The causes that are not shown in full, a line each."""
    yield Text()
    yield Text(f"{count_of(len(entries), 'more cause')}; the page has them in full:")
    for entry in entries[:MOST_NAMED]:
        text = brief(consequence_text(entry), LONGEST_TEXT)
        yield Text(textwrap.fill(f"  {text}", width, subsequent_indent="    "))
    if entries[MOST_NAMED:]:
        yield Text(f"  and {len(entries) - MOST_NAMED} more")


def left_lines(result: Result, directory: Path, width: int) -> Iterator[Text]:
    """What of the run stays on the target, and the command that puts it away."""
    note = left_note(result)
    if note:
        yield Text()
        for line in textwrap.wrap(f"{note}; this puts it away:", width):
            yield Text(line, style="bold yellow")
        options = target_options(result)
        yield from _verbatim("", [f"tallystick sweep {directory} \\", f"  {options}"])


def verdict_lines(result: Result, width: int) -> Iterator[Text]:
    """The verdict, in one sentence."""
    counts = result["rules"].values()
    checked = sum(1 for counted in counts if counted["checked"])
    spent = f"{count_of(result['requests'], 'request')} in {result['seconds']:.1f} s"
    broken = [entry["rule"] for entry in result["violations"] if entry["level"] == "MUST"]
    advice = [entry["rule"] for entry in result["violations"] if entry["level"] != "MUST"]
    kept = f"all but {', '.join(advice)} (SHOULD) of the" if advice else "all"
    sentence = {
        "conforms": f"{result['target']} keeps {kept} {checked} rules that were checked",
        "violates": f"{result['target']} breaks {_rules(broken)}"
        + (f"; {result['reason']}" if result["reason"] else ""),
        "undecided": f"{result['target']} is not decided: {result['reason']}",
        "error": f"the suite itself broke: {result['reason']}",
    }[result["verdict"]]
    silent = len(counts) - checked
    rest = f"; {silent} of {len(counts)} rules not exercised" if silent else ""
    lacking = len(result["not_supported"])
    rest += f"; {count_of(lacking, 'operation')} not supported" if lacking else ""
    known = sum(issue["state"] == "seen" for issue in result["known"])
    rest += f"; {count_of(known, 'known issue')}" if known else ""
    style = STYLES.get(result["verdict"], "bold magenta")
    part = ""
    if result["partial"]:
        part = " (PARTIAL)"
        for line in textwrap.wrap(f"PARTIAL: {partial_note(result)}.", width):
            yield Text(line, style="bold yellow")
    notes = [shallow_note(result)] if result["shallow"] else []
    notes += [outage_note(result)] if result["outages"] else []
    for note in notes:
        for line in textwrap.wrap(f"{note[0].upper()}{note[1:]}.", width):
            yield Text(line, style="yellow")
    text = f"{result['verdict'].upper()}{part}: {sentence} ({spent}, seed {result['seed']}{rest})."
    for line in textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False):
        yield Text(line, style=style)


def _rules(ids: list[str]) -> str:
    each = list(dict.fromkeys(ids))
    return f"{count_of(len(each), 'rule')}: {', '.join(each)}"


def _table(result: Result) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("chapter", no_wrap=True)
    for name in ("rules", "checked", "times"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("violated", overflow="fold")
    table.add_column("not exercised, not claimed", overflow="fold")
    for row in chapter_rows(result):
        table.add_row(
            *_figures(row),
            Text(_named(row), style="bold red" if row.violated else "dim"),
            Text(row.note or "-", style="yellow" if row.note else "dim"),
        )
    return table


def _broken_table(result: Result) -> Table:
    """The chapters that are broken; of too many, the first ones."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("chapter", no_wrap=True)
    for name in ("rules", "checked", "times"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("violated", overflow="fold")
    rows = [row for row in chapter_rows(result) if row.violated]
    for row in rows[:MOST_CHAPTERS]:
        table.add_row(*_figures(row), Text(_named(row), style="bold red"))
    if rows[MOST_CHAPTERS:]:
        table.add_row(f"and {len(rows) - MOST_CHAPTERS} more")
    return table


def _figures(row: ChapterRow) -> tuple[str, ...]:
    return row.chapter, str(row.rules), str(row.checked), f"{row.times:,}"


def _named(row: ChapterRow) -> str:
    return f"{row.chapter}-{numbers(row.violated)}" if row.violated else "-"


def _title(entry: ViolationEntry, width: int) -> Iterator[Text]:
    head = f"{entry['rule']} ({entry['level']})"
    title = brief(entry["title"], LONGEST_TEXT)
    lines = textwrap.wrap(f"{head} {title}", width, break_long_words=False)
    for line in lines:
        text = Text(line)
        text.stylize("bold red", 0, len(head) if line is lines[0] else 0)
        yield text


def _program(steps: list[str], label: str) -> Iterator[Text]:
    places = len(str(len(steps)))
    numbered = [f"{number:>{places}}  {brief(step)}" for number, step in enumerate(steps, 1)]
    if len(steps) > MOST_STEPS:  # the last ones show the violation, the first ones made the card
        left = len(steps) - MOST_STEPS + 1
        numbered[2 : 2 + left] = [f"{'':>{places}}  ... {left} more"]
    yield from _verbatim(label, numbered, "cyan")


def _exchange(record: Record, result: Result, label: str, width: int) -> Iterator[Text]:
    command = curl(record, result["target"], result.get("credentials", [BEARER]))
    if len(command) > LONGEST_COMMAND:
        left = len(command) - LONGEST_COMMAND + 1
        more = f"# {left} more members: exchange {record.number} in the journal"
        command = [*command[: LONGEST_COMMAND - 2], more, command[-1]]
    yield from _verbatim(label, command[:1])
    # The address is the longest word of all: it gets the whole width.
    yield from (Text(f"    {line}") for line in command[1:])
    shown = answered(record)
    if len(shown) > LONGEST_ANSWER:
        left = len(shown) - LONGEST_ANSWER
        shown = f"{shown[:LONGEST_ANSWER]} ... {left:,} more characters: exchange "
        shown += f"{record.number} in the journal"
    yield from _labelled("answer", shown, width)


def _labelled(label: str, text: str, width: int, style: str = "") -> Iterator[Text]:
    lines = textwrap.wrap(
        text, width - LABEL - 2, break_long_words=False, break_on_hyphens=False
    ) or ["-"]
    yield from _verbatim(label, lines, style)


def _verbatim(label: str, lines: list[str], style: str = "") -> Iterator[Text]:
    for number, line in enumerate(lines):
        head = label if number == 0 else ""
        yield Text.assemble("  ", (f"{head:<{LABEL}}", "dim"), (line, style))


def _wrapped(text: str, width: int, indent: int) -> Text:
    return Text(textwrap.fill(text, width, subsequent_indent=" " * indent, break_long_words=False))


def _say(console: Console, line: Text) -> None:
    console.print(line, soft_wrap=True)
