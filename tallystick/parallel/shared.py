"""What the processes of a parallel run share: counts, the rate, the dialect, and when to stop.

A small file in a folder of the run's own, mapped into memory; a lock on it orders the writers, and
the system lets go of the lock of a process that dies. It does not know what is counted.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from enum import IntEnum
from pathlib import Path

from tallystick.fingerprint import Cause
from tallystick.ledger.dialect import Dialect
from tallystick.program import Program

PAUSE_S = 0.02
"""How often a process looks whether it may go on."""
SIZE = 64


class _Place(IntEnum):
    REQUESTS = 0
    PROGRAMS = 1
    TESTS = 2
    STAGE = 3
    STOPPED = 4
    DIALECT = 5


_NEXT = 6 * 8
_INTEGER, _REAL = struct.Struct("=q"), struct.Struct("=d")


class Shared:
    """The state of a run that all its processes see; thread-safe."""

    def __init__(self, directory: Path) -> None:
        """Join the run of this folder, or begin it; OSError if the folder cannot be written."""
        self.directory = directory
        self._parent = os.getppid()
        self._file = os.open(directory / "state", os.O_RDWR | os.O_CREAT, 0o600)
        os.truncate(self._file, SIZE)
        self._memory = mmap.mmap(self._file, SIZE)
        self._thread = threading.RLock()
        self._alone = threading.RLock()
        self._alone_file = os.open(directory / "alone", os.O_RDWR | os.O_CREAT, 0o600)
        self._sending = -1

    # Slots of requests (see `target.pace.Slots`) --------------------------------------------------

    @property
    def requests(self) -> int:
        """How many requests all processes have sent."""
        return self._get(_Place.REQUESTS)

    def take(self, now: float, interval_s: float) -> tuple[int, float]:
        """The number of the next request of all, and when it may be sent."""
        with self._locked():
            number = self._get(_Place.REQUESTS) + 1
            self._set(_Place.REQUESTS, number)
            if not interval_s:
                return number, now
            moment = max(float(_REAL.unpack_from(self._memory, _NEXT)[0]), now)
            _REAL.pack_into(self._memory, _NEXT, moment + interval_s)
            return number, moment

    # Counts ---------------------------------------------------------------------------------------

    def programs(self) -> Iterator[int]:
        """Numbers for programs, each given to one process only."""
        return self._numbers(_Place.PROGRAMS)

    def tests(self) -> Iterator[int]:
        """How many tests were begun, each counted once."""
        return self._numbers(_Place.TESTS)

    def _numbers(self, place: _Place) -> Iterator[int]:
        while True:
            with self._locked():
                number = self._get(place) + 1
                self._set(place, number)
            yield number

    # Going on, and stopping -----------------------------------------------------------------------

    @property
    def is_stopped(self) -> bool:
        """Whether what runs has to end: the run is broken off, or its controller is gone."""
        return bool(self._get(_Place.STOPPED)) or os.getppid() != self._parent

    def stop(self) -> None:
        """Let all processes end what they are doing. Takes no lock: a signal handler calls it."""
        self._set(_Place.STOPPED, 1)

    def reach(self, stage: int) -> None:
        """All tests before this stage have ended."""
        self._set(_Place.STAGE, stage)

    def wait_for(self, stage: int) -> None:
        """Wait until all tests before this stage have ended, or the run is stopped."""
        while self._get(_Place.STAGE) < stage and not self.is_stopped:
            time.sleep(PAUSE_S)

    def begin_sending(self, name: str) -> None:
        """This process sends requests from now on, until it ends or says otherwise."""
        self._sending = os.open(self.directory / f"{name}.sends", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._sending, fcntl.LOCK_EX)

    def end_sending(self) -> None:
        """This process sends no more requests."""
        if self._sending >= 0:
            os.close(self._sending)
            self._sending = -1

    def sending(self) -> list[str]:
        """The names of the processes that may still send a request."""
        return [path.stem for path in self.directory.glob("*.sends") if _is_locked(path)]

    # Done once ------------------------------------------------------------------------------------

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep the other processes out of a block like this one."""
        with self._alone:
            fcntl.flock(self._alone_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._alone_file, fcntl.LOCK_UN)

    def is_first(self, key: str, name: str) -> bool:
        """Whether this process, called `name`, was the first of all to ask for the key."""
        path = self.directory / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.first"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(name)
        except FileExistsError:
            return path.read_text(encoding="utf-8") == name
        return True

    # Known issues ---------------------------------------------------------------------------------

    def cause_of(self, issue: str) -> Cause | None:
        """See `tallystick.known.FirstCauses`."""
        path = self._cause_path(issue)
        if not path.exists():
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
        return Cause(**{**found, "program": Program.from_lines(found["program"])})

    def take_cause(self, issue: str, cause: Cause, *, instead_of: Cause | None) -> Cause:
        """See `tallystick.known.FirstCauses`."""
        with self._locked():
            known = self.cause_of(issue)
            if known != instead_of:
                return known or cause
            path = self._cause_path(issue)
            part = path.with_suffix(".part")
            members = {
                **{each.name: getattr(cause, each.name) for each in fields(cause)},
                "program": cause.program.lines(),
            }
            part.write_text(json.dumps(members), encoding="utf-8")
            part.replace(path)
            return cause

    def _cause_path(self, issue: str) -> Path:
        return self.directory / f"{hashlib.sha256(issue.encode()).hexdigest()[:16]}.cause"

    # The dialect ----------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Changes whenever the dialect does."""
        return self._get(_Place.DIALECT)

    def narrowed(self, dialect: Dialect, pinned: Iterable[str]) -> tuple[Dialect, list[str]]:
        """Put together what this process and the others know of the open questions.

        Returns the dialect and the questions that were answered in contradictory ways: for these it
        has the answer that was given first. Pinned questions are not shared.
        """
        with self._locked():
            known = self._read_dialect()
            merged, contradictions = dialect, []
            for question, answers in known.items():
                narrower = merged.narrow(question, answers)
                if narrower is None:
                    contradictions.append(question)
                    narrower = merged.reopened(question).narrow(question, answers)
                merged = narrower or merged
            now = {
                question: sorted(answers)
                for question, answers in merged.learned().items()
                if question not in pinned
            }
            if now != known:
                text = json.dumps(now)
                (self.directory / "dialect.json").write_text(text, encoding="utf-8")
                self._set(_Place.DIALECT, self.version + 1)
            return merged, contradictions

    def _read_dialect(self) -> Mapping[str, list[str]]:
        path = self.directory / "dialect.json"
        if not path.exists():
            return {}
        found: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
        return found

    # The file -------------------------------------------------------------------------------------

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._thread:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _get(self, place: _Place) -> int:
        return int(_INTEGER.unpack_from(self._memory, place * 8)[0])

    def _set(self, place: _Place, value: int) -> None:
        _INTEGER.pack_into(self._memory, place * 8, value)


def _is_locked(path: Path) -> bool:
    """Whether a process holds the lock on a file."""
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
