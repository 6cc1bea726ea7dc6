"""The workers of a run that was forked are forked from it, which has imported what they need.

The fork server of the suite is a Python of its own, and first imports everything. Here it is a copy
of this process instead; its code is the suite's. It knows nothing of what a worker does.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from typing import BinaryIO

from tallystick.parallel import fork_server, forking


def fork_from_here() -> None:
    """From now on, runs in this process have their workers forked from it."""
    forking.start_server = _Copy  # type: ignore[assignment, misc]


class _Copy:
    """Stands for the process of the fork server."""

    stdin: BinaryIO
    """The server ends when it is closed."""

    def __init__(self, listener: socket.socket, path: Sequence[str]) -> None:
        reading, writing = os.pipe()
        context = multiprocessing.get_context("fork")
        self._process: BaseProcess = context.Process(
            target=_serve, args=(listener, reading, writing)
        )
        self._process.start()
        os.close(reading)
        self.stdin = os.fdopen(writing, "wb")

    def wait(self) -> None:
        self._process.join()


def _serve(listener: socket.socket, reading: int, writing: int) -> None:
    """In the copy, and in each worker that leaves the server."""
    os.close(writing)
    os.dup2(reading, 0)
    os.close(reading)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    fork_server.main(listener.detach())
