"""`summary.md`: the result as Markdown, for the summary of a CI step."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tallystick.reporting.against_text import against_lines
from tallystick.reporting.chapters import (
    causes,
    chapter_rows,
    consequence_text,
    known_notes,
    left_note,
    numbers,
    other_claims,
    others_that_meet,
    outage_note,
    partial_note,
    runs_note,
    seen_text,
    shallow_note,
)
from tallystick.reporting.result import Result, ViolationEntry, again, target_options

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
SIGNS = {"conforms": "✅", "violates": "❌", "undecided": "⚠️", "error": "💥"}


def summary_text(result: Result) -> str:
    """The Markdown."""
    return "\n".join(_lines(result)) + "\n"


def append_to_step(text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Append Markdown to the summary of the CI step, where there is one; OSError if it fails."""
    step = environ.get(STEP_SUMMARY)
    if step:
        with Path(step).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


def _lines(result: Result) -> Iterator[str]:
    sign, verdict = SIGNS[result["verdict"]], result["verdict"]
    part = " (partial)" if result["partial"] else ""
    yield f"## {sign} Tallystick: {_code(result['target'])} {verdict}{part}"
    yield ""
    if result["reason"]:
        yield f"> {_plain(result['reason'])}"
        yield ""
    if result["shallow"]:
        yield f"> **Depth:** {_plain(shallow_note(result))}."
        yield ""
    if result["partial"]:
        yield f"> **Partial:** {_plain(partial_note(result))}"
        yield ""
    if result["outages"]:
        yield f"> **Outages:** {_plain(outage_note(result))}."
        yield ""
    if result["left_open"]:
        yield f"> **Left open:** {_plain(left_note(result))}; `tallystick sweep` puts it away."
        yield ""
    if runs := runs_note(result):
        yield f"> **Merged:** {runs}."
        yield ""
    checked = sum(1 for counted in result["rules"].values() if counted["checked"])
    yield (
        f"{checked} of {len(result['rules'])} rules checked, {len(result['violations'])} violated; "
        f"{result['requests']:,} requests in {result['seconds']:.1f} s "
        f"({result['intensity']}, seed {result['seed']})."
    )
    yield ""
    for entry in causes(result):
        yield from _violation(entry, result)
    yield from _against(result)
    yield "| chapter | rules | checked | violated | not exercised, not claimed |"
    yield "| --- | ---: | ---: | --- | --- |"
    for row in chapter_rows(result):
        broken = f"**{row.chapter}-{numbers(row.violated)}**" if row.violated else ""
        yield f"| {row.chapter} | {row.rules} | {row.checked} | {broken} | {_plain(row.note)} |"
    yield from _not_judged(result)


def _against(result: Result) -> Iterator[str]:
    lines, fence = list(against_lines(result)), "`" * 4
    yield from ["### Against another server", "", f"{fence}text", *lines, fence, ""] * bool(lines)


def _not_judged(result: Result) -> Iterator[str]:
    """What is not claimed, and what is known already."""
    lines = [
        f"- not claimed: {_code(name)}: {_plain(why)}" for name, why in other_claims(result).items()
    ]
    lines += [f"- {_plain(note)}" for note in known_notes(result)]
    yield from ["", *lines] if lines else []


def _violation(entry: ViolationEntry, result: Result) -> Iterator[str]:
    yield f"### {entry['rule']} ({entry['level']}): {_plain(entry['title'])}"
    yield ""
    yield f"- permitted: {_plain(entry['expected'])}"
    yield f"- received: **{_plain(entry['actual'])}**"
    yield f"- seen {seen_text(entry)}"
    if entry["also"]:
        yield f"- {others_that_meet(len(entry['also']))}"
    for place in entry["consequences"]:
        yield f"- explains {_plain(consequence_text(result['violations'][place]))}"
    yield ""
    fence = "`" * 4
    yield f"{fence}text"
    yield from entry["steps"]
    yield fence
    if entry["scenario"]:
        yield f"{fence}sh"
        yield f"tallystick replay {entry['scenario']} {target_options(result)}"
        yield fence
    elif entry["test"]:
        yield f"{fence}sh"
        yield f"{again(entry['test'], result)} {target_options(result)}"
        yield fence
    yield ""


def _plain(text: str) -> str:
    """Text that Markdown and a table show as it is."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    for sign in "\\`*_|[]":
        text = text.replace(sign, f"\\{sign}")
    return text


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"
