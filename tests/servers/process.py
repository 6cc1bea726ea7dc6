"""The server as a child process on a free port of 127.0.0.1.

Knows how to start and stop it, not what it does.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
CLOSING_S = 10


class ServerProcess:
    """A server that runs `python -m PACKAGE`, and answers at `url` until it is closed.

    `options` are words of its command line.
    """

    package = ""

    def __init__(
        self,
        *options: str,
        faults: Sequence[str] = (),
        variants: Sequence[str] = (),
        port: int = 0,
    ) -> None:
        command = [sys.executable, "-m", self.package, "--with-parent", "--port", str(port)]
        command += options
        for flag, names in (("--fault", faults), ("--variant", variants)):
            for name in names:
                command += [flag, name]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            said = self.close()
            raise RuntimeError(said.strip() or f"no server started: {' '.join(command)}")
        self.url: str = json.loads(line)["url"]

    def close(self) -> str:
        """Stop the server; returns what it wrote to stderr, which is nothing if it is sound."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace")
        self._errors.close()
        return said

    @property
    def exit_status(self) -> int | None:
        """What the process ended with, or None while it runs."""
        return self._process.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
