"""One of the servers as a child process on a free port of 127.0.0.1.

Knows how to start and stop it, not what it does.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.targets.catalogue import PACKAGES
from tests.targets.install import installed

KEY = "sk_test_tallystick"
"""A key of the servers: they take any that begins with `sk_test_`."""
STARTING_S = 30
CLOSING_S = 5


class NotStarted(RuntimeError):
    """A server did not start; the text is what it wrote."""


class ThirdParty:
    """`with ThirdParty("localstripe", servers) as server:` and it answers at `server.url`.

    Each start is an empty server with a working folder of its own.
    """

    def __init__(self, name: str, servers: Path) -> None:
        self._package = PACKAGES[name]
        folder = installed(self._package, servers)
        self._work = tempfile.TemporaryDirectory(prefix=f"{name}-")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        reading, writing = os.pipe()
        self._process = subprocess.Popen(
            self._package.start(folder),
            cwd=self._work.name,
            env=self._environment(writing),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            pass_fds=(writing,),
        )
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.url = self._url(pipe)
        self._wait_until_it_answers()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """What the process ended with, or None while it runs."""
        return self._process.poll()

    def close(self) -> str:
        """Stop the server, and return what it wrote."""
        if self._log.closed:
            return ""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.seek(0)
        said = self._log.read().decode(errors="replace")
        self._log.close()
        self._work.cleanup()
        return said

    def _environment(self, pipe: int) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | dict(self._package.environment) | {"TARGETS_PIPE": str(pipe)}

    def _url(self, pipe: IO[str]) -> str:
        """What the server wrote when it began to listen; NotStarted if it ended or hangs."""
        ready, _, _ = select.select([pipe], [], [], STARTING_S)
        line = pipe.readline() if ready else ""
        if not line:
            raise NotStarted(f"{self._package.pinned} did not start:\n{self.close()}")
        url: str = json.loads(line)["url"]
        return url

    def _wait_until_it_answers(self) -> None:
        request = urllib.request.Request(
            self.url + self._package.smoke, headers={"Authorization": f"Bearer {KEY}"}
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        ends = time.monotonic() + STARTING_S
        while True:
            try:
                with direct.open(request, timeout=STARTING_S):
                    return
            except (urllib.error.URLError, ConnectionError) as error:
                if time.monotonic() > ends or self.exit_status is not None:
                    raise NotStarted(f"{self._package.pinned}: {error}\n{self.close()}") from error
            time.sleep(0.02)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
