"""One run of a hunt: a fresh process with a seed and a target of its own.

It is called here, or on a machine of a cluster. There the reports are brought back as bytes,
because the machines may share no folder.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tallystick.reporting.journal_files import NAME

BROUGHT_BACK = ("result.json", "scenarios/*.*", NAME)
LARGEST = 32 * 1024 * 1024
"""Bytes of a file that is brought back; a larger one stays where it is."""
OVERDUE_S = 120.0
"""A run that takes so much longer than its budget is killed: it hangs."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one run does."""

    number: int
    seed: int
    target: str
    """As --target names it; empty for the embedded sandbox."""
    budget_s: float
    arguments: tuple[str, ...]
    """Of `tallystick hunt`, without those above and the report folder."""

    @property
    def name(self) -> str:
        """The name of its report folder."""
        return f"{self.number:04d}-seed-{self.seed}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `files` are its reports, by their paths, if they were brought back."""

    status: int
    said: str
    """The line that says why it did not start, if there is one."""
    files: Mapping[str, bytes] = field(default_factory=dict)


class Running:
    """The processes of the runs that go on in this process; calls may come from any thread."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[bytes]] = set()
        self.is_stopped = False

    def perform(self, round_: Round, folder: Path) -> Ended:
        """Run it to its end, with its reports in the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        output = folder / "output.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                _command(round_, folder),
                stdin=subprocess.PIPE,  # it is closed when this process ends, and ends the run
                stdout=file,
                stderr=subprocess.STDOUT,
                # A signal of the terminal comes to the hunt, which hands it on once.
                start_new_session=True,
            )
            self._processes.add(process)
            try:
                if self.is_stopped:
                    self.stop()
                process.wait(round_.budget_s + OVERDUE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            finally:
                self._processes.discard(process)
                assert process.stdin is not None
                process.stdin.close()
        return Ended(process.returncode, _why(output.read_text(errors="replace")))

    def stop(self) -> None:
        """Let all of them end: they write their reports, and put away what they made."""
        self.is_stopped = True
        for process in list(self._processes):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)


def perform_elsewhere(round_: Round) -> Ended:
    """Run it on the machine of a cluster, and bring its reports back."""
    with tempfile.TemporaryDirectory(prefix="tallystick-hunt-") as place:
        folder = Path(place) / round_.name
        ended = Running().perform(round_, folder)
        found = (path for pattern in BROUGHT_BACK for path in folder.glob(pattern))
        files = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in found
            if path.stat().st_size <= LARGEST
        }
        return Ended(ended.status, ended.said, files)


def _command(round_: Round, folder: Path) -> list[str]:
    own = [f"--seed={round_.seed}", f"--budget={round_.budget_s:.2f}s", f"--report-dir={folder}"]
    if round_.target:
        own.append(f"--target={round_.target}")
    # Variables stay as they are: the options win over them, and credentials are there only.
    return [sys.executable, "-m", "tallystick.hunting.one", *round_.arguments, *own]


def _why(output: str) -> str:
    """The line of a run that could not start, as the command line prints it."""
    lines = [line for line in output.splitlines() if line.startswith(("ERROR: ", "tallystick: "))]
    return lines[-1].partition(": ")[2] if lines else ""
