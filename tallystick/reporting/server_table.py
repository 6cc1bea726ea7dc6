"""Several results in one table: what each server keeps, breaks, and was not asked.

A row for each rule and a column for each result, in Markdown, as a page of documentation shows it.
Under it are the programs that show each violation. This module reads results only; it runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tallystick.documents.rules import Rule
from tallystick.reporting.result import Result, ResultError, ViolationEntry, read_result

KEPT, VIOLATED, NOT_CLAIMED, SILENT = "kept", "**violated**", "not claimed", "·"
LEGEND = (
    f"{KEPT}: it was checked and held, so many times. {VIOLATED}: its program is below the table. "
    f"{NOT_CLAIMED}: the server does not offer it, or the run could not look. "
    f"{SILENT}: it was not exercised, which is never a pass."
)
_NAME = re.compile(r"(?P<name>[^=/\\]+)=(?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Column:
    """One server, by the name that the reader knows it by."""

    name: str
    result: Result


def read_column(argument: str) -> Column:
    """A result as the command line names it: `RESULT`, or `NAME=RESULT`; a report directory too.

    Without a name the target's address stands for the server. ResultError if it is no result.
    """
    match = None if Path(argument).exists() else _NAME.fullmatch(argument)
    path = Path(match["path"] if match is not None else argument)
    result = read_result(path / "result.json" if path.is_dir() else path)
    return Column(match["name"].strip() if match is not None else result["target"], result)


def table_of(columns: list[Column], rules: Mapping[str, Rule]) -> str:
    """The table in Markdown, with the verdict of each server first.

    Rules that no server was asked about are left out and counted. ResultError if two columns have
    one name, because then nobody could tell them apart.
    """
    names = [column.name for column in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ResultError(f"two results are called {twice!r}: name them, as in NAME=result.json")
    cells = {rule: [_cell(rule, column.result) for column in columns] for rule in rules}
    asked = {rule: row for rule, row in cells.items() if set(row) - {NOT_CLAIMED, SILENT}}
    lines = [
        _row(["rule", "what it promises", *names]),
        _row(["---", "---", *("---" for _ in columns)]),
        _row(["", "verdict", *(column.result["verdict"] for column in columns)]),
        _row(["", "requests", *(f"{column.result['requests']:,}" for column in columns)]),
        *(_row([rule, rules[rule].text, *row]) for rule, row in asked.items()),
    ]
    left_out = len(cells) - len(asked)
    note = f" {left_out} rules that no server here was asked about are left out." * bool(left_out)
    return "\n".join([*lines, "", LEGEND + note, *_programs(columns)]) + "\n"


def _cell(rule: str, result: Result) -> str:
    counted = result["rules"].get(rule)
    if counted is not None and counted["violated"]:
        return VIOLATED
    if counted is not None and counted["checked"]:
        return f"{KEPT} ({counted['checked']:,})"
    claimed_not = {rule, rule.rpartition("-")[0]} & set(result["not_claimed"])
    return NOT_CLAIMED if claimed_not else SILENT


def _programs(columns: list[Column]) -> list[str]:
    lines: list[str] = []
    for column in columns:
        if column.result["violations"]:
            lines += ["", f"## {column.name}"]
        for violation in column.result["violations"]:
            lines += ["", *_violation(violation)]
    return lines


def _violation(violation: ViolationEntry) -> list[str]:
    seen = violation["replays"]
    often = "" if seen is None else f" Seen in {seen[0]} of {seen[1]} replays."
    return [
        f"{violation['rule']}: {violation['title']}",
        *(["", "```", *violation["steps"], "```"] if violation["steps"] else []),
        "",
        f"Permitted: {violation['expected']}. Received: {violation['actual']}.{often}",
    ]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in cells) + " |"
