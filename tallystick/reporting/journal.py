"""The journal: every exchange of a run as compressed lines of JSON, without its secrets.

A header line, a line for each exchange, a line for each finding (which exchanges belong to it), and
a footer that a whole journal must have. It is the observer of all connections, so it is cheap and
takes calls from any thread. It does not judge, and no other report reads the live run's bodies.
Readers take journals that are not compressed too.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from errno import ENOENT
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tallystick import __version__
from tallystick.evidence import Event
from tallystick.reporting.compressed import CompressedFile, read_text
from tallystick.reporting.ledger_says import Compared
from tallystick.reporting.records import Record, changed_nothing, compared_of, record_of
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.timeline import TimeLine, time_line_from
from tallystick.run import Finding
from tallystick.target import Exchange
from tallystick.target.network import TIMEOUT_S

JSON = Any

FORMAT = 1
LONGEST_LINE = 64 * 1024  # characters; of a longer one, the bodies that make it so are left out
LARGEST_WHOLE = 64 * 1024 * 1024
"""Bytes; a larger journal has only short bodies from there on, and all of what findings need."""
LONGEST_LATE_LINE = 500


class JournalError(ValueError):
    """A journal that cannot be read: one line that says what is wrong where."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the run was."""

    target: str
    account: str
    intensity: str
    seed: int
    run: str = ""
    """The name of the run, with which the ids of most of its cards begin."""
    timeout_s: float = TIMEOUT_S
    """How long an answer was waited for."""
    version: str = __version__


class Journal:
    """Writes a journal. Call it with each exchange; thread-safe."""

    def __init__(
        self,
        path: Path,
        header: Header,
        *,
        redactor: Redactor | None = None,
        read: Iterable[str] = (),  # headers of answers that the profile reads, in small letters
        longest: int = LONGEST_LINE,
        largest: int = LARGEST_WHOLE,
    ) -> None:
        """`longest`: characters of a line; `largest`: bytes of the file, then lines are short."""
        self._redactor = redactor or Redactor()
        self._read = frozenset(read)
        self._longest, self._largest = longest, largest
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._heard: list[tuple[Exchange, str]] = []
        self._exchanges = 0
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = CompressedFile(path)
        shown = asdict(header) | {"target": self._redactor.text(header.target)}
        self._lines.append(_line({"journal": FORMAT, **shown}))
        self._write()

    def learn(self, secret: str) -> None:
        """Keep a secret of the run's own (a client secret, an access token) out of the journal."""
        with self._lock:
            self._redactor.learn(secret)

    def mask(self, text: str) -> str:
        """A text without the secrets of all exchanges that are written, see `catch_up`."""
        with self._lock:
            return self._redactor.text(text)

    def __call__(self, exchange: Exchange, step: str = "") -> None:
        """Take an exchange. What may have changed the target is on the disk at once: the journal of
        a run that is killed knows every card it has made. The rest is with the next exchange at
        the latest, see `catch_up`.
        """
        with self._lock:
            if self._file.closed:
                return  # a thread that gave up waiting may still hear an answer after the end
            self._heard.append((exchange, step))
            if len(self._heard) > 1 or not changed_nothing(exchange):
                self._write_heard()

    def catch_up(self) -> None:
        """Write the latest exchange too. It costs least while a server works on a request."""
        with self._lock:
            self._write_heard()

    def _write_heard(self) -> None:
        try:
            for exchange, step in self._heard:
                record = record_of(exchange, step, self._redactor, self._read)
                longest = LONGEST_LATE_LINE if self._is_large() else self._longest
                self._lines.append(_record_line(record, longest))
                self._exchanges += 1
        except Exception:
            self._heard.clear()  # what cannot be written is not tried again
            raise
        self._heard.clear()
        if self._lines:
            self._write()

    def record(self, finding: Finding, race: TimeLine | None = None) -> None:
        """Note how a finding was seen and bring all to the disk; the last note wins.

        `race`: what several clients did at the same moment, without secrets.
        """
        with self._lock:
            if not self._file.closed:
                self._write_heard()
                if self._is_large():
                    self._lines += self._whole(finding.events)
                seen = Seen(tuple(map(self._linked, finding.events)), race)
                self._lines.append(_seen_line(finding.key, seen))
                self._write()

    def _is_large(self) -> bool:
        return self._file.size > self._largest

    def _whole(self, events: Iterable[Event]) -> Iterable[str]:
        """The lines of exchanges, which may have been cut when they were heard."""
        for event in events:
            record = record_of(event.exchange, event.step, self._redactor, self._read)
            yield _record_line(record, self._longest)

    def _linked(self, event: Event) -> Linked:
        return Linked(event.exchange.number, event.step, compared_of(event, self._redactor))

    def close(self) -> None:
        """Write the footer; nothing is heard after it. OSError if the file cannot be written."""
        with self._lock:
            if not self._file.closed:
                self._write_heard()
                self._lines.append(_line({"exchanges": self._exchanges}))
                self._write()
                self._file.close()
                if not self._path.exists():
                    raise FileNotFoundError(ENOENT, f"{self._path.name} was removed during the run")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def _write(self) -> None:
        self._file.write("".join(self._lines))
        self._lines.clear()


# Reading ------------------------------------------------------------------------------------------


class Linked(NamedTuple):
    """An exchange of a finding: its number, its step, and what the ledger says of its answer."""

    number: int
    step: str
    compared: tuple[Compared, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """How a finding was seen."""

    exchanges: tuple[Linked, ...]
    race: TimeLine | None = None
    """What several clients did at the same moment, if it took that."""


@dataclass(frozen=True, slots=True)
class JournalContents:
    """A journal as it was read. `is_whole`: the footer was there."""

    header: Header
    records: tuple[Record, ...]
    findings: Mapping[str, Seen]
    is_whole: bool = True

    def exchanges(self) -> dict[str, tuple[Record, ...]]:
        """The exchanges of each finding, with the steps that they belong to."""
        by_number = {record.number: record for record in self.records}
        return {
            key: tuple(
                replace(record, step=each.step or record.step, compared=each.compared)
                for each in seen.exchanges
                if (record := by_number.get(each.number)) is not None
            )
            for key, seen in self.findings.items()
        }

    def races(self) -> dict[str, TimeLine]:
        """By finding, what several clients did at the same moment, where it took that."""
        return {key: seen.race for key, seen in self.findings.items() if seen.race is not None}


def read_journal(path: Path, *, partial: bool = False) -> JournalContents:
    """The journal in a file; JournalError says which line is wrong.

    A journal without its footer was cut off. `partial` accepts one, for a run that was killed.
    """
    lines = _text_of(path).split("\n")
    whole_lines = lines[:-1]  # what follows the last newline was cut off in the middle
    if not whole_lines:
        raise JournalError(f"{path} is empty: not a journal")
    header = _header(path, whole_lines[0])
    records: dict[int, Record] = {}  # a line that comes again is the whole one
    findings: dict[str, Seen] = {}
    footer: int | None = None
    for number, line in enumerate(whole_lines[1:], start=2):
        if footer is not None:
            raise JournalError(f"{path}, line {number}: there is something after the footer")
        try:
            members = json.loads(line)
            if "finding" in members:
                findings[str(members["finding"])] = _seen(members)
            elif "number" in members:
                record = _record(members)
                records[record.number] = record
            else:
                footer = int(members["exchanges"])
        except (ValueError, TypeError, KeyError) as error:
            raise JournalError(f"{path}, line {number}: {_said(error)}") from None
    _check_footer(path, footer, len(records), partial)
    return JournalContents(header, tuple(records.values()), findings, footer is not None)


def write_whole_journal(path: Path, contents: JournalContents) -> None:
    """Replace a journal by one with these contents, all at once."""
    part = path.with_name(f".{path.name}.merged")
    with gzip.open(part, "wt", encoding="ascii") as file:
        file.write(_line({"journal": FORMAT, **asdict(contents.header)}))
        file.writelines(map(_record_line, contents.records))
        file.writelines(_seen_line(key, seen) for key, seen in contents.findings.items())
        file.write(_line({"exchanges": len(contents.records)}))
    part.replace(path)


def _text_of(path: Path) -> str:
    try:
        return read_text(path)
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise JournalError(f"{path} is not text: {error}") from None
    except ValueError as error:
        raise JournalError(f"{path}: {error}") from None


def _header(path: Path, line: str) -> Header:
    try:
        members = json.loads(line)
        written_as = members.pop("journal")
        if written_as != FORMAT:
            raise JournalError(f"{path}: journal format {written_as}; this version reads {FORMAT}")
        return Header(**members)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, JournalError):
            raise
        raise JournalError(f"{path}, line 1: not the header of a journal") from None


def _check_footer(path: Path, footer: int | None, records: int, partial: bool) -> None:
    if footer is None and not partial:
        raise JournalError(
            f"{path} was cut off: no footer after {records} exchanges (the run was killed?)"
        )
    if footer is not None and footer != records:
        raise JournalError(f"{path}: the footer counts {footer} exchanges, the file {records}")


def _record(members: dict[str, JSON]) -> Record:
    unknown = members.keys() - _DEFAULTS.keys()
    if unknown:
        raise ValueError(f"not known: {', '.join(sorted(unknown))}")
    whole = _DEFAULTS | members
    for name in ("number", "called_ns", "returned_ns"):
        if type(whole[name]) is not int:
            raise ValueError(f"{name} is {whole[name]!r}, not an integer")
    if whole["credentials"] is not None:
        whole["credentials"] = tuple(map(str, whole["credentials"]))
    return Record(**whole)


def _seen(members: dict[str, JSON]) -> Seen:
    race = members.get("race")
    return Seen(
        tuple(
            Linked(int(number), str(step), tuple(Compared(*each) for each in compared))
            for number, step, compared in members["exchanges"]
        ),
        None if race is None else time_line_from(race),
    )


def _seen_line(key: str, seen: Seen) -> str:
    race = {} if seen.race is None else {"race": asdict(seen.race)}
    return _line({"finding": key, "exchanges": seen.exchanges, **race})


def _said(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg} at column {error.colno})"
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


_DEFAULTS: dict[str, JSON] = {
    "number": None,
    "step": "",
    "operation": "",
    "method": "",
    "path": "",
    "body": None,
    "status": None,
    "reason": "",
    "answer": None,
    "called_ns": None,
    "returned_ns": None,
    "headers": {},
    "form": False,
    "credentials": None,
    "shown_headers": {},
}

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def _record_line(record: Record, longest: int = LONGEST_LINE) -> str:
    members = {
        name: value
        for name, default in _DEFAULTS.items()
        if (value := getattr(record, name)) != default
    }
    line = _line(members)
    if len(line) > longest:
        for name in ("body", "answer"):
            if name in members and len(text := _encode(members[name])) > longest // 2:
                members[name] = f"[cut: {len(text)} characters of JSON]"
        line = _line(members)
    return line


def _line(members: dict[str, JSON]) -> str:
    return _encode(members) + "\n"
