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
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.prepaid import postgres
from tests.targets.catalogue import PACKAGES
from tests.targets.install import installed

KEY = "sk_test_tallystick"
"""A key of the servers: they take any that begins with `sk_test_`."""
PREPARING_S = 300
STARTING_S = 60
CLOSING_S = 5


class NotStarted(RuntimeError):
    """A server did not start; the text is what it wrote."""


class ThirdParty:
    """`with ThirdParty("localstripe", servers) as server:` and it answers at `server.url`.

    Each start is an empty server with a working folder of its own.
    """

    def __init__(self, name: str, servers: Path) -> None:
        self._package = PACKAGES[name]
        self._folder = installed(self._package, servers)
        self._process: subprocess.Popen[bytes] | None = None
        self._owned = ExitStack()
        self._log = self._owned.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._work = self._owned.enter_context(tempfile.TemporaryDirectory(prefix=f"{name}-"))
        try:
            self._environment = self._environment_of_the_server()
            for command in self._package.prepare(self._folder):
                self._prepare(command)
            self.url = self._start()
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise

    @property
    def exit_status(self) -> int | None:
        """What the process ended with, or None while it runs."""
        return self._process.poll() if self._process else None

    def close(self) -> str:
        """Stop the server, and return what it wrote."""
        if self._log.closed:
            return ""
        if self._process is not None:
            _stop(self._process)
        self._log.seek(0)
        said = self._log.read().decode(errors="replace")
        self._owned.close()
        return said

    def _environment_of_the_server(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        if self._package.needs_postgresql:
            kept["DATABASE_URL"] = self._database()
        return kept | dict(self._package.environment)

    def _database(self) -> str:
        """The URL of an empty database; its socket is the host, as Node.js wants it."""
        why = postgres.why_not()
        if why is not None:
            raise NotStarted(f"{self._package.pinned} needs a database. {why}")
        server = self._owned.enter_context(closing(postgres.PostgresServer()))
        before, _, host = server.address.partition("/postgres?host=")
        return f"{before}{host}/postgres"

    def _prepare(self, command: list[str]) -> None:
        ended = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            timeout=PREPARING_S,
            check=False,
        )
        if ended.returncode:
            raise NotStarted(f"{self._package.pinned}: {command} failed:\n{self.close()}")

    def _start(self) -> str:
        """Start the process. Returns the URL that it writes when it begins to listen."""
        reading, writing = os.pipe()
        self._process = subprocess.Popen(
            self._package.start(self._folder),
            cwd=self._folder if self._package.needs_postgresql else self._work,
            env=self._environment | {"TARGETS_PIPE": str(writing)},
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            pass_fds=(writing,),
        )
        os.close(writing)
        with os.fdopen(reading) as pipe:
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


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The preload ends the process when its input is closed; what does not end is killed."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(CLOSING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
