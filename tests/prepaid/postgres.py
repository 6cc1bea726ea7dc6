"""The accounts in PostgreSQL: real row locks, real transactions. And a server for tests.

Knows psycopg and the programs of PostgreSQL, not what a row means.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

import psycopg

from tests.prepaid.database import TABLES

STARTING_S = 30
_KEEPER = """folder=$1; shift; "$@" & server=$!
cat >/dev/null; kill -INT $server; wait $server; cd /; rm -rf "$folder" """
"""A shell that stops the server and removes its folder once nobody holds its stdin open."""


class PostgresSession:
    """One connection."""

    def __init__(self, address: str, schema: str) -> None:
        self.connection = psycopg.connect(
            address, autocommit=True, options=f"-c search_path={schema}"
        )

    def rows(self, statement: str, *values: Any) -> list[Any]:
        return self.connection.execute(_written(statement), values).fetchall()

    def lock(self, statement: str, table: str, *values: Any) -> list[Any]:
        return self.rows(f"{statement} FOR UPDATE OF {table}", *values)

    def run(self, statement: str, *values: Any) -> None:
        self.connection.execute(_written(statement), values)

    def keep(self, between: Callable[[], None] = lambda: None) -> None:
        self.run("COMMIT")
        try:
            between()
        finally:
            self.run("BEGIN")


class Postgres:
    """A schema of its own in a database; each thread has a connection.

    `address` is what psycopg connects to, such as `postgresql:///postgres?host=/run/postgresql`.
    Raises RuntimeError if nothing answers there.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._schema = f"prepaid_{uuid4().hex[:12]}"
        self._local = threading.local()
        self._sessions: list[PostgresSession] = []
        try:
            session = self.reading()
        except psycopg.OperationalError as error:
            why = str(error).splitlines()[0]
            raise RuntimeError(f"cannot connect to {address}: {why}") from error
        session.run(f"CREATE SCHEMA {self._schema}")
        for table in TABLES:
            session.run(table.format(counter="BIGSERIAL PRIMARY KEY"))

    def reading(self) -> PostgresSession:
        session: PostgresSession | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = PostgresSession(self._address, self._schema)
            self._sessions.append(session)
        return session

    @contextmanager
    def writing(self) -> Iterator[PostgresSession]:
        session = self.reading()
        session.run("BEGIN")
        try:
            yield session
        except BaseException:
            session.run("ROLLBACK")
            raise
        session.run("COMMIT")

    def close(self) -> None:
        for session in self._sessions:
            session.connection.close()
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(_written(f"DROP SCHEMA {self._schema} CASCADE"))


def _written(statement: str) -> bytes:
    """A statement as psycopg has it: `%s` for each value. No statement of ours has another %."""
    return statement.replace("?", "%s").encode()


# --- a server of PostgreSQL -----------------------------------------------------------------


def program(name: str) -> str | None:
    """The path of a program of PostgreSQL, or None where there is none."""
    found = shutil.which(name)
    if found:
        return found
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else None


def why_not() -> str | None:
    """Why no server can be started here, or None if one can."""
    missing = [name for name in ("initdb", "postgres") if program(name) is None]
    return f"PostgreSQL is not installed: there is no {missing[0]}" if missing else None


class PostgresServer:
    """`with PostgresServer() as server:` and psycopg connects to `server.address`.

    It has a temporary folder, listens on a Unix socket in it, and keeps nothing.
    """

    def __init__(self) -> None:
        why = why_not()
        if why:
            raise RuntimeError(why)
        self._folder = Path(tempfile.mkdtemp(prefix="prepaid-pg-"))
        self._user = _user()
        if self._user:
            os.chown(self._folder, self._user["user"], self._user["group"])
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self.address = f"postgresql://prepaid@/postgres?host={quote(str(self._folder), safe='')}"
        try:
            self._initialise()
            self._process = self._start()
        except BaseException:
            self._remove()
            raise

    def _initialise(self) -> None:
        data = str(self._folder / "data")
        options = ["--auth=trust", "--username=prepaid", "--no-sync", "--encoding=UTF8"]
        self._run([str(program("initdb")), "-D", data, *options, "--locale=C"])

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **self._user,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stdout.decode(errors='replace').strip()}")

    def _start(self) -> "subprocess.Popen[bytes]":
        # Nothing has to survive a power cut.
        settings = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
        command = [str(program("postgres")), "-D", str(self._folder / "data")]
        command += ["-k", str(self._folder), "-c", "listen_addresses=", "-c", "max_connections=100"]
        for setting in settings:
            command += ["-c", setting]
        process = subprocess.Popen(
            ["sh", "-c", _KEEPER, "sh", str(self._folder), *command],
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            **self._user,
        )
        deadline = time.monotonic() + STARTING_S
        while True:
            try:
                psycopg.connect(self.address).close()
                return process
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    _stop(process)
                    raise RuntimeError(f"postgres does not answer: {error}") from error
                time.sleep(0.05)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        _stop(self._process)
        self._remove()

    def _remove(self) -> None:
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


def _user() -> dict[str, Any]:
    """Who runs the programs, as options of subprocess: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL refuses to be run by root, and there is no user nobody")
