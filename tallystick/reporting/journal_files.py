"""Where the journals of a report directory are, and how those of several processes become one.

Knows names of files; what is in them is known to `journal`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tallystick.reporting.journal import (
    JournalContents,
    JournalError,
    read_journal,
    write_whole_journal,
)

NAME = "journal.jsonl.gz"
PLAIN_NAME = "journal.jsonl"
"""A journal that is not compressed, such as that of the example."""
PARTS = "workers"
"""The folder, beside the journal, in which each process of a parallel run writes a journal."""


def journal_in(directory: Path) -> Path:
    """The journal of a report directory; there may be none."""
    plain = directory / PLAIN_NAME
    return plain if plain.exists() else directory / NAME


def part_of(directory: Path, process: str) -> Path:
    """The journal of one process of a parallel run, by its name."""
    return directory / PARTS / f"{process}.jsonl.gz"


def read_parts(directory: Path) -> list[JournalContents]:
    """The journals of the processes of a parallel run that was not put together; often none.

    Of a process that was killed, up to its last exchange. Files that are no journals are left out.
    """
    found = []
    for path in sorted(part_of(directory, "any").parent.glob(part_of(directory, "*").name)):
        with suppress(JournalError):
            found.append(read_journal(path, partial=True))
    return found


def merge_journals(path: Path, parts: Iterable[JournalContents]) -> JournalContents:
    """Put the parts of a run into its journal, in the order of the requests; what it is then."""
    whole = read_journal(path, partial=True)
    records = list(whole.records)
    findings = dict(whole.findings)
    for part in parts:
        records += part.records
        findings = {**part.findings, **findings}
    records.sort(key=lambda record: record.number)
    merged = JournalContents(whole.header, tuple(records), findings)
    write_whole_journal(path, merged)
    return merged
