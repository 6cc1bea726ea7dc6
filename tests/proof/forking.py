"""Processes that are forked from one that has imported everything.

Importing the suite takes two seconds, and the proof runs it a thousand times. Each process is still
one of its own: it shares the imported modules and what they have read, and nothing else. Knows how
to run pytest and the sandbox in such a process; not what for.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

from tallystick.parallel.forking import workers_forked
from tests.proof import workers

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 60
STOP_LIMIT_S = 10
LOST = 255
"""What multiprocessing says of a child of which it heard nothing; once in hundreds."""
TRIES = 3

FORKED = ("-p", "no:cacheprovider", "--assert=plain")
"""What is imported already cannot be rewritten any more."""

Program = Literal["pytest", "tallystick"]


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.proof.preload"])
    return context


def run_in(
    program: Program,
    environment: Mapping[str, str],
    arguments: Sequence[str],
    output: Path,
    limit_s: float,
) -> int | None:
    """The exit status of a program, whose output goes to a file; None: it took too long."""
    for _ in range(TRIES):
        with started(program, environment, arguments, output) as child:
            child.join(limit_s)
            status = child.exitcode
        if status != LOST:
            break
    return status


@contextlib.contextmanager
def started(
    program: Program, environment: Mapping[str, str], arguments: Sequence[str], output: Path
) -> Iterator[BaseProcess]:
    """A program that runs in a process of its own, and is killed at the end if it still does."""
    child = _context().Process(
        target=_run, args=(program, dict(environment), list(arguments), output)
    )
    child.start()
    try:
        yield child
    finally:
        if child.exitcode is None:
            child.kill()
        child.join()
        child.close()


@contextlib.contextmanager
def sandbox(options: Sequence[str]) -> Iterator[str]:
    """The URL of a sandbox that runs until the block ends, or until this process does."""
    ours, theirs = _context().Pipe()
    child = _context().Process(target=_serve, args=(theirs, list(options)), daemon=True)
    child.start()
    theirs.close()
    try:
        if not ours.poll(START_LIMIT_S):
            raise RuntimeError(f"the sandbox did not start: {' '.join(options)}")
        yield json.loads(ours.recv())["url"]
    finally:
        child.terminate()
        child.join(STOP_LIMIT_S)
        if child.exitcode is None:
            child.kill()
            child.join()
        child.close()
        ours.close()


# In the child -------------------------------------------------------------------------------------


def _run(program: Program, environment: dict[str, str], arguments: list[str], output: Path) -> None:
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.chdir(ROOT)
    # What belongs to a run of pytest that may be around us does not concern the inner one.
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "TALLYSTICK_"))]:
        del os.environ[name]
    os.environ.update(environment)
    # Under nohup it is ignored, and a process inherits that: then it would end nothing.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    sys.argv = [program, *arguments]
    workers.fork_from_here()
    if program == "tallystick":
        from tallystick.cli import main

        main(arguments)
    import pytest

    with workers_forked(arguments, [ROOT]) as plugins:
        alone = () if plugins else ("-p", "no:xdist")
        sys.exit(int(pytest.main([*arguments, *FORKED, *alone], plugins)))


class _Line(io.StringIO):
    """Replaces stdout, and hands the first line that is written to the parent."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def flush(self) -> None:
        if "\n" in self.getvalue():
            self._connection.send(self.getvalue())


def _serve(connection: Connection, options: list[str]) -> None:
    from sandbox.__main__ import main

    # A faulty sandbox prints tracebacks of its faults, which would fill the output of the tests.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    threading.Thread(target=_end_with_parent, args=(connection,), daemon=True).start()
    sys.stdout = _Line(connection)
    sys.exit(main(options))


def _end_with_parent(connection: Connection) -> None:
    """The parent sends nothing: its end of the pipe is closed when it is gone."""
    with contextlib.suppress(EOFError, OSError):
        connection.recv()
    os.kill(os.getpid(), signal.SIGTERM)
