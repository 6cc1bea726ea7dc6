"""Exchanges for a person: as a curl line to run (the access token as $TOKEN), and which to show."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

from tallystick.reporting.journal import Record
from tallystick.reporting.result import BEARER, ViolationEntry
from tallystick.reporting.visible import visible

AT_THE_END = "at the end"
"""Stands for a step in the reads that follow a program."""


def curl(record: Record, base_url: str, credentials: Sequence[str] = (BEARER,)) -> list[str]:
    """The lines of the command; all but the last end with a backslash.

    `credentials` are headers with `$TOKEN` in them, for the shell to fill in.
    """
    sent = credentials if record.credentials is None else record.credentials
    named = "".join(f' -H "{header}"' for header in sent)
    parts = [f"curl -sS -X {record.method}{named}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in record.headers.items()]
    if record.form and isinstance(record.body, dict):
        parts += [
            f"--data-urlencode {shlex.quote(visible(f'{name}={value}'))}"
            for name, value in record.body.items()
        ]
    elif record.body is not None:
        parts.append("-H 'Content-Type: application/json'")
        parts.append(f"-d {shlex.quote(compact(record.body))}")
    parts.append(shlex.quote(visible(base_url + record.path)))
    return [f"{part} \\" for part in parts[:-1]] + parts[-1:]


def answered(record: Record) -> str:
    """What came back, in one line."""
    if record.status is None:
        return f"no answer: {visible(record.reason)}"
    if record.reason:
        return f"{record.status}, {visible(record.reason)}"
    return f"{record.status} {compact(record.answer)}"


def compact(body: object) -> str:
    """A body as JSON on one line, without anything that acts on a terminal."""
    return visible(json.dumps(body, ensure_ascii=False, separators=(", ", ": ")))


def decisive(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """The request of the last step, and the exchange that shows the violation if it is another."""
    if not records:
        return ()
    last = records[-1]
    if not last.step:
        return (last,)  # single requests, no program
    group = [record for record in records if record.step == last.step]
    return (last,) if group[0] is last else (group[0], last)


def belongs(records: tuple[Record, ...], entry: ViolationEntry) -> bool:
    """Whether the exchanges are those of the program that the entry shows.

    They may be those of the longer program that it was shortened from.
    """
    lines = {_plain_step(step) for step in entry["steps"]} | {AT_THE_END, ""}
    return all(_plain_step(record.step) in lines for record in records)


def _plain_step(step: str) -> str:
    """A step without the number of its branch, and without which of its requests it is."""
    return re.sub(r"^\d+\| |: (?:retried|the second copy|the late copy)$", "", step)
