"""The embedded sandbox, for whoever has not loaded the suite's own conftest.py.

The engine does not know the sandbox. It asks the suite's conftest, which does, or starts it as a
program. It takes part of a second to start and to stop, in which a run can do something else.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import ModuleType
from typing import Any

from tallystick.location import SUITE_ROOT
from tallystick.settings import Clients
from tallystick.target import Address, TargetError

Offered = tuple[Address, Clients, Callable[[], None]]
"""A started server: its address, its clients, and how to stop it."""

SHADOWED = (
    "no target is named, and the embedded sandbox cannot be started, because another package is "
    "called `sandbox` here: name a target with --target URL"
)


class EmbeddedServer:
    """A server that starts and stops while the run goes on; not used, it is never started."""

    def __init__(self, start: Callable[[], Offered | None]) -> None:
        """`start`: starts a server, or returns None where none is offered."""
        self._start = start
        self._started: Future[Offered | None] | None = None
        self._stopped: Future[None] | None = None
        self._background = ThreadPoolExecutor(1)

    def begin(self) -> None:
        """Begin to start it, unless that was done before."""
        if self._started is None:
            self._started = self._background.submit(self._start)

    def ready(self) -> tuple[Address, Clients]:
        """Wait until it is started; TargetError if none is offered, and what `start` raises."""
        self.begin()
        assert self._started is not None
        offered = self._started.result()
        if offered is None:
            raise TargetError("no target: name one with --target URL or TALLYSTICK_TARGET")
        address, clients, _ = offered
        return address, clients

    def begin_stop(self) -> None:
        """Begin to stop it, if it was started."""
        if self._started is not None and self._stopped is None:
            self._stopped = self._background.submit(self._stop)
            self._background.shutdown(wait=False)

    def stop(self) -> None:
        """Wait until it is stopped, if it was started."""
        self.begin_stop()
        if self._stopped is not None:
            self._stopped.result()

    def _stop(self) -> None:
        assert self._started is not None
        offered = None
        with suppress(Exception):  # `ready` raises it
            offered = self._started.result()
        if offered is not None:
            offered[2]()


def started() -> Any:
    """What the hook of the suite's conftest returns: a started server. TargetError if it fails."""
    path = SUITE_ROOT / "conftest.py"
    spec = importlib.util.spec_from_file_location("tallystick_composition", path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(SUITE_ROOT))
    try:
        spec.loader.exec_module(module)
    except ImportError:
        raise TargetError(SHADOWED) from None
    finally:
        sys.path.remove(str(SUITE_ROOT))
    return module.pytest_tallystick_embedded()


def serve(arguments: Sequence[str]) -> int:
    """Run the sandbox as a program until it is stopped; its exit status."""
    # The pipe ends with this process, however that ends, and the sandbox with the pipe.
    command = [sys.executable, "-m", "sandbox", "--with-parent", *arguments]
    # With this variable, Python would not look for the sandbox in the folder it is started in.
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONSAFEPATH"}
    # Whoever asks for `--with-parent` brings a pipe of their own.
    pipe = None if "--with-parent" in arguments else subprocess.PIPE
    with subprocess.Popen(command, cwd=SUITE_ROOT, env=environ, stdin=pipe) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the sandbox has got the signal too, and ends
