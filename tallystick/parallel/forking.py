"""Starts the workers of a run by forking, so that all of them together pay their imports once.

A process of its own, the fork server (`fork_server`), imports what every worker needs, while the
controller starts. pytest-xdist starts a small program (`fork_client`) for each worker instead of a
Python that imports everything again. It knows nothing of what a worker does.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CLIENT = Path(__file__).with_name("fork_client.py")
START = (
    "import json, sys; listener, path = sys.argv[1:]; sys.path[:] = json.loads(path); "
    "from tallystick.parallel.fork_server import main; main(int(listener))"
)
WAITING = 128
"""Workers that may ask before the server has imported everything."""
LONGEST_ADDRESS = 107
"""In bytes: what Linux takes as the name of a socket."""
IS_ABLE = sys.platform == "linux"
"""Elsewhere, system libraries may break in a process that was forked."""


@contextmanager
def workers_forked(options: Iterable[str], path: Iterable[Path]) -> Iterator[list[object]]:
    """The plugins for pytest with which a run of these options forks its workers.

    None, if it has no workers. `path`: folders to import from, beside the usual ones.
    """
    if not (IS_ABLE and _asks_for_workers(list(options))):
        yield []
        return
    directory = tempfile.mkdtemp(prefix="tallystick-")
    address = str(Path(directory) / "fork")
    if len(os.fsencode(address)) > LONGEST_ADDRESS:
        shutil.rmtree(directory)
        yield []  # pytest-xdist starts its workers as it always does
        return
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(WAITING)
        server = start_server(listener, [*map(str, path), *sys.path])
    try:
        yield [Forking(address)]
    finally:
        assert server.stdin is not None
        server.stdin.close()  # that ends it
        server.wait()
        shutil.rmtree(directory, ignore_errors=True)


def start_server(listener: socket.socket, path: Sequence[str]) -> subprocess.Popen[bytes]:
    """A Python of its own, which ends when its standard input does."""
    command = [sys.executable, "-P", "-c", START, str(listener.fileno()), json.dumps(path)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=[listener.fileno()],
    )


class Forking:
    """The hook that says how workers are started."""

    def __init__(self, address: str) -> None:
        self._command = shlex.join([sys.executable, "-I", "-S", str(CLIENT), address])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: Sequence[Any]) -> None:
        """Have every worker of this machine forked, unless the user names a Python for it."""
        for spec in specs:
            if spec.popen and not spec.python:
                spec.python = self._command


def _asks_for_workers(options: Sequence[str]) -> bool:
    """Whether pytest-xdist is asked for workers on this machine."""
    number = "0"
    for option, following in zip(options, (*options[1:], ""), strict=False):
        if option in ("-n", "--numprocesses"):
            number = following
        elif option.startswith("--numprocesses="):
            number = option.partition("=")[2]
        elif option.startswith("-n"):
            number = option[2:].removeprefix("=")
    return number != "0"
