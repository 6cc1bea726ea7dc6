"""Exchanges for a person: as a curl line to run (the access token as $TOKEN), and which to show."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any

from tallystick.reporting.records import Record
from tallystick.reporting.result import BEARER, ViolationEntry
from tallystick.reporting.visible import visible

JSON = Any
AT_THE_END = "at the end"
"""Stands for a step in the reads that follow a program."""


COMPUTED = re.compile(r"\$(?:SIGNATURE|TIMESTAMP|NONCE|DIGEST)\b")
NOTE = "# {} have to be computed for this request, see `authentication` in the profile"


def curl(record: Record, base_url: str, credentials: Sequence[str] = (BEARER,)) -> list[str]:
    """The lines of the command; all but the last end with a backslash. Before it is a comment, if
    it cannot be run as it is.

    `credentials` are headers with `$TOKEN` in them, for the shell to fill in; those that begin with
    `?` are members of the query, those with `&` of the body.
    """
    sent = credentials if record.credentials is None else record.credentials
    named = "".join(f' -H "{header}"' for header in sent if header[0] not in "?&")
    parts = [f"curl -sS -X {record.method}{named}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in record.headers.items()]
    parts += _body(record, [each[1:] for each in sent if each[0] == "&"])
    parts += [f'--url-query "{each[1:]}"' for each in sent if each[0] == "?"]
    parts.append(shlex.quote(visible(base_url + record.path)))
    computed = list(dict.fromkeys(COMPUTED.findall(" ".join(sent))))
    note = [NOTE.format(", ".join(computed))] if computed else []
    return [*note, *(f"{part} \\" for part in parts[:-1]), parts[-1]]


def _body(record: Record, members: Sequence[str]) -> list[str]:
    """The body, with its credentials."""
    if record.method == "GET":
        members = ()
    if record.form and isinstance(record.body, dict):
        listed = [shlex.quote(visible(f"{name}={value}")) for name, value in record.body.items()]
        listed += [f'"{member}"' for member in members]
        return [f"--data-urlencode {each}" for each in listed]
    if record.body is None and not members:
        return []
    body = {} if record.body is None else record.body
    has_type = any(name.lower() == "content-type" for name in record.headers)
    kind = [] if has_type else ["-H 'Content-Type: application/json'"]
    if not isinstance(body, dict) or not members:
        return [*kind, f"-d {shlex.quote(compact(body))}"]
    places = [member.partition("=") for member in members]
    for number, (name, _, _) in enumerate(places):
        body = _with_member(body, re.findall(r"[^\[\]]+", name), PLACE.format(number))
    text = shlex.quote(compact(body))
    for number, (_, _, value) in enumerate(places):
        text = text.replace(PLACE.format(number), f"'\"{value}\"'")
    return [*kind, f"-d {text}"]


PLACE = "@credentials-{}@"


def _with_member(body: JSON, names: Sequence[str], value: str) -> JSON:
    first, *others = names
    inner = body.get(first)
    if not others:
        return {**body, first: value}
    return {**body, first: _with_member(inner if isinstance(inner, dict) else {}, others, value)}


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
