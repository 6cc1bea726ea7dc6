"""How a run is interrupted: the first signal ends it, later ones wait for its reports.

Python raises KeyboardInterrupt at any line, and a second one in the middle of the reports would end
the process with half of them. So a signal that comes while a report is written is kept until that
is done, and while the run is ending it is kept for a while. It knows nothing of pytest.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from enum import Enum, auto
from types import FrameType, TracebackType

from tallystick.target import TargetError

AGAIN_S = 1.0
"""A signal so long after the last one counts as another: something has swallowed the first."""
ENDING_S = 20.0
"""How long the end of a run may keep a signal waiting; after that it ends the process at once."""
STATUS = 2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGHUP: the terminal was closed; under `nohup` it is ignored, and stays so."""


class CutOff(TargetError):
    """The run was broken off, and what runs is cut off. It says nothing bad."""


class OutOfTime(CutOff):
    """The budget has been spent for a while, and what runs is cut off."""


class _Phase(Enum):
    IDLE = auto()
    RUNNING = auto()
    ENDING = auto()
    OVER = auto()


class Interruption:
    """The signals of one run. `on_signal` is called at each one, from within its handler."""

    def __init__(self, on_signal: Callable[[], None] = lambda: None) -> None:
        self.came = False
        """Whether a signal came."""
        self._on_signal = on_signal
        self._phase = _Phase.IDLE
        self._since = 0.0
        self._raised_at = 0.0
        self._status = STATUS
        self._depth = 0
        self._is_due = False

    def watch(self) -> None:
        """Handle signals from now on; without effect outside of the main thread."""
        if threading.current_thread() is threading.main_thread():
            self._phase = _Phase.RUNNING
            for number in SIGNALS:
                if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                    signal.signal(number, self._handle)
            atexit.register(_ignore_signals)

    def end(self) -> None:
        """The run is over or broken off: from now on signals wait for the reports.

        Called again where a part of the end has taken its time, so that the rest has its own.
        """
        if self._phase in (_Phase.RUNNING, _Phase.ENDING):
            self._phase, self._since = _Phase.ENDING, time.monotonic()

    def over(self, status: int) -> None:
        """All is written: a later signal ends the process at once, with the status of the run."""
        if self._phase is not _Phase.IDLE:
            self._phase, self._status = _Phase.OVER, status

    def __enter__(self) -> None:
        """Keep signals that come to the main thread until the block ends."""
        if threading.current_thread() is threading.main_thread():
            self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self._depth -= 1
        if self._is_due and not self._depth and self._phase is _Phase.RUNNING:
            self._is_due = False
            self._interrupt()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        self._on_signal()
        if self._phase is _Phase.OVER:
            self._leave(self._status)
        elif self._phase is _Phase.ENDING:
            if time.monotonic() - self._since > ENDING_S:
                self._leave(STATUS)
        elif self._depth:
            self._is_due = True
        else:
            self._interrupt()

    def _interrupt(self) -> None:
        """Raise KeyboardInterrupt, unless one is on its way: it must not be met by another."""
        now = time.monotonic()
        if now - self._raised_at > AGAIN_S:
            self._raised_at = now
            raise KeyboardInterrupt

    @staticmethod
    def _leave(status: int) -> None:
        try:
            sys.stdout.flush()
        finally:
            os._exit(status)


def _ignore_signals() -> None:
    """Python's own end gives signals back to the system, which would replace the exit status."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
