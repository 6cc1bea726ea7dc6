"""Runs the suite in a process and watches it: status, output, seconds, and the most memory it took.

A process is forked from one that has imported everything, or started as users start it: signals and
what happens at the exit of Python are the same only there. It knows nothing of what is judged.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.proof import forking

ROOT = forking.ROOT
POLL_S = 0.02
LIMIT_S = 300.0
"""A run that has not ended by then does not end. How long one takes is nothing for a test."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A run that is over. `status` None: it had to be killed."""

    status: int | None
    output: str
    reports: Path
    seconds: float
    megabytes: float

    @property
    def verdict(self) -> str:
        """The verdict in result.json; `none` without one."""
        try:
            text = (self.reports / "result.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return "none"
        return str(json.loads(text)["verdict"])


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that is sent after a file has appeared, so many seconds after the one before."""

    number: signal.Signals
    after_s: float = 0.0


def run_forked(
    program: forking.Program,
    environment: Mapping[str, str],
    arguments: Sequence[str],
    reports: Path,
    limit_s: float,
    *,
    is_ready: Callable[[], bool] = lambda: True,
    signals: Sequence[Signal] = (),
) -> Watched:
    """Run pytest or tallystick in a forked process; signals as in `run_started`."""
    output = reports.parent / f"{reports.name}.txt"
    began = time.monotonic()
    with forking.started(program, environment, arguments, output) as child:
        assert child.pid is not None
        with _memory_of(child.pid) as memory:
            _signal(
                child.pid, lambda: child.exitcode is not None, is_ready, signals, began + limit_s
            )
            child.join(max(0.1, began + limit_s - time.monotonic()))
        status = child.exitcode
    seconds = time.monotonic() - began
    text = output.read_text(encoding="utf-8", errors="replace")
    return Watched(status, text, reports, seconds, max(memory))


def run_started(
    environment: Mapping[str, str],
    arguments: Sequence[str],
    reports: Path,
    limit_s: float,
    *,
    is_ready: Callable[[], bool] = lambda: True,
    signals: Sequence[Signal] = (),
    largest_file: int | None = None,
) -> Watched:
    """Run pytest as users do, and send it signals as soon as it is ready.

    `largest_file`: so many bytes may be written to one file, as if the disk were full then.
    """
    output = reports.parent / f"{reports.name}.txt"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    if largest_file is not None:
        command = [sys.executable, "-m", "tests.misbehaviour.small_disk", str(largest_file)]
        command += ["-p", "no:cacheprovider", *arguments]
    plain = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "TALLYSTICK_"))}
    began = time.monotonic()
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**plain, **environment}, stdout=file, stderr=file
        )
        with _memory_of(process.pid) as memory:
            _signal(
                process.pid, lambda: process.poll() is not None, is_ready, signals, began + limit_s
            )
            status = _ended(process, began + limit_s)
    seconds = time.monotonic() - began
    text = output.read_text(encoding="utf-8", errors="replace")
    return Watched(status, text, reports, seconds, max(memory))


def _signal(
    process: int,
    is_over: Callable[[], bool],
    is_ready: Callable[[], bool],
    signals: Sequence[Signal],
    until: float,
) -> None:
    while not is_ready() and not is_over() and time.monotonic() < until:
        time.sleep(POLL_S)
    for one in signals:
        time.sleep(one.after_s)
        if not is_over():  # its number may be that of another process by now
            os.kill(process, one.number)


def _ended(process: subprocess.Popen[bytes], until: float) -> int | None:
    try:
        return process.wait(max(0.1, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


@contextlib.contextmanager
def _memory_of(pid: int) -> Iterator[list[float]]:
    """The high-water marks of a process in megabytes, as they are seen until the block ends."""
    seen = [0.0]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL_S):
            with contextlib.suppress(OSError, ValueError, IndexError):
                text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
                seen.append(int(text.partition("VmHWM:")[2].split()[0]) / 1024)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
