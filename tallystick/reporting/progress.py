"""The live line of a long run: what is being tested, how much was sent, what was found.

On a terminal it is one line that stays in place; elsewhere (a CI log) it is a plain line after ten
seconds, then after twice as long each time, up to five minutes. It shows counts and knows nothing
of rules.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

PLAIN_AFTER_S = 10.0
LONGEST_SILENCE_S = 300.0
"""CI systems end a job that says nothing for ten minutes."""
REDRAWN_PER_S = 4.0


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run stands."""

    doing: str
    """The chapter or test."""
    programs: int
    requests: int
    findings: int
    done: int = 0
    """Tests that are over, of how many."""
    of: int = 0


class Progress:
    """Shows what `status` says until it is closed. `status` is called from another thread."""

    def __init__(
        self,
        console: Console,
        status: Callable[[], Status],
        *,
        clock: Callable[[], float] = time.monotonic,
        plain_after_s: float = PLAIN_AFTER_S,
    ) -> None:
        self._console = console
        self._status = status
        self._clock = clock
        self._after_s = plain_after_s
        self._began = clock()
        self._before = (self._began, 0)
        self._speed = 0.0
        self._stop = threading.Event()
        self._live: Live | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._line,
                console=self._console,
                refresh_per_second=REDRAWN_PER_S,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        else:
            self._thread = threading.Thread(target=self._speak, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._live is not None:
            self._live.stop()
        if self._thread is not None:
            self._thread.join()

    def _speak(self) -> None:
        pause_s = self._after_s
        while not self._stop.wait(pause_s):
            self._console.print(self._line(), soft_wrap=True)
            pause_s = min(2 * pause_s, LONGEST_SILENCE_S)

    def _line(self) -> Text:
        status = self._status()
        now = self._clock()
        since, requests = self._before
        if now - since >= 1.0:
            self._speed = (status.requests - requests) / (now - since)
            self._before = (now, status.requests)
        return progress_line(status, now - self._began, self._speed, self._console.width)


def progress_line(status: Status, seconds: float, speed: float, width: int) -> Text:
    """One line that fits: the figures always whole, the name of the test cut in its middle."""
    place = f"{status.done}/{status.of}  " if status.of else ""
    found = f"  {status.findings} broken" if status.findings else ""
    tail = (
        f"  {status.programs:,} programs  {status.requests:,} requests  {speed:,.0f}/s"
        f"  {int(seconds) // 60}:{int(seconds) % 60:02}"
    )
    room = width - 1 - len(place) - len(tail) - len(found)
    line = Text(place, no_wrap=True)
    line.append(_shortened(status.doing, max(room, 0)))
    line.append(tail, style="dim")
    line.append(found, style="bold red")
    return line


def short_name(nodeid: str) -> str:
    """`contracts/test_capture.py::test_x` as `test_capture::test_x`."""
    path, _, rest = nodeid.partition("::")
    bare = path.rpartition("/")[2].removesuffix(".py")
    return f"{bare}::{rest}" if rest else bare


def _shortened(nodeid: str, room: int) -> str:
    text = short_name(nodeid)
    if len(text) <= room:
        return text
    if room < 4:
        return ""
    head = (room - 2) // 2
    return f"{text[:head]}..{text[len(text) - (room - 2 - head) :]}"
