"""Starts and stops a sandbox in a process of its own, to be used over HTTP.

Starts it on a free port, waits for the line that says it is ready, and stops it; it also stops by
itself when the starting process ends. Knows the command line of the sandbox and nothing else.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT_S = 60
STOP_LIMIT_S = 10
SAFE_PATH = "PYTHONSAFEPATH"
"""Where it is set, Python does not look for the sandbox in the folder that it is started in."""


class SandboxError(Exception):
    """The sandbox did not start; the text is what it said."""


class Sandbox:
    """`with Sandbox(faults=["capture_checks_original"]) as sandbox: ... sandbox.url`."""

    def __init__(
        self,
        *,
        faults: Sequence[str] = (),
        variants: Sequence[str] = (),
        database: Path | str | None = None,
        port: int = 0,
        options: Sequence[str] = (),
    ) -> None:
        self._command = [sys.executable, "-m", "sandbox", "--with-parent", "--port", str(port)]
        for flag, names in (("--fault", faults), ("--variant", variants)):
            for name in names:
                self._command += [flag, name]
        if database is not None:
            self._command += ["--database", str(Path(database).resolve())]
        self._command += options
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.account = ""

    def start(self) -> Self:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env={name: text for name, text in os.environ.items() if name != SAFE_PATH},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        assert self._process.stdout is not None
        # A server that hangs before it is ready is ended, so that reading its line ends too.
        alarm = threading.Timer(START_LIMIT_S, self._process.kill)
        alarm.start()
        line = self._process.stdout.readline()
        alarm.cancel()
        try:
            ready = json.loads(line)
        except ValueError:
            self.close()
            raise SandboxError(self.errors.strip() or "the sandbox said nothing") from None
        self.url, self.account = ready["url"], ready["account"]
        return self

    @property
    def errors(self) -> str:
        """What the sandbox has written to stderr; an honest one writes nothing."""
        if self._errors.closed:
            return self._last_errors
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def kill(self) -> None:
        """End it without a chance to tidy up, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._wait()

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._wait()

    def _wait(self) -> None:
        process, self._process = self._process, None
        assert process is not None
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._last_errors = self.errors
        self._errors.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
