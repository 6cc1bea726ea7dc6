"""A database of accounts as the rest of the server sees it, and the one that is a file: SQLite.

Knows tables, sessions and how they are locked, not what a row means. The other one is in
`postgres.py`.
"""

import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

TABLES = (
    """CREATE TABLE accounts (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, currency TEXT NOT NULL,
        created_at TEXT NOT NULL, available BIGINT NOT NULL, held BIGINT NOT NULL)""",
    """CREATE TABLE holds (
        id TEXT PRIMARY KEY, account TEXT NOT NULL, transaction_id TEXT NOT NULL,
        created_at TEXT NOT NULL, amount BIGINT NOT NULL, captured BIGINT NOT NULL,
        released BIGINT NOT NULL, is_open INTEGER NOT NULL, metadata TEXT NOT NULL)""",
    """CREATE TABLE movements (
        place {counter}, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL,
        account TEXT NOT NULL, amount BIGINT NOT NULL, created_at TEXT NOT NULL, hold TEXT,
        idempotency_key TEXT, metadata TEXT NOT NULL)""",
    "CREATE INDEX movements_of_account ON movements (account, place)",
    """CREATE TABLE keys (
        place TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER, body TEXT)""",
)
BUSY_S = 20


class Session(Protocol):
    """A connection with a transaction. Statements have `?` for each value."""

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What a statement gives, a tuple for each row."""

    def lock(self, statement: str, table: str, *values: Any) -> list[Any]:
        """The same, and the rows of `table` are locked until the transaction ends."""

    def run(self, statement: str, *values: Any) -> None:
        """Carry a statement out that gives no rows."""

    def keep(self, between: Callable[[], None] = lambda: None) -> None:
        """Commit, and begin another transaction after `between`. No honest part does this."""


class Database(Protocol):
    """Where sessions come from."""

    def reading(self) -> Session:
        """The session of this thread, with no transaction: a statement sees what is committed."""

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction: committed at the end, or undone if an exception leaves the block."""
        yield self.reading()

    def close(self) -> None: ...


class SqliteSession:
    """One connection. `turn` belongs to the writer of this process."""

    def __init__(self, path: Path, turn: threading.Lock) -> None:
        self.connection = sqlite3.connect(
            path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        # The file lives as long as the process, so nothing has to survive a power cut.
        self.connection.execute("PRAGMA synchronous = OFF")
        self.turn = turn

    def rows(self, statement: str, *values: Any) -> list[Any]:
        return self.connection.execute(statement, values).fetchall()

    def lock(self, statement: str, table: str, *values: Any) -> list[Any]:
        # BEGIN IMMEDIATE has locked the whole database already.
        return self.rows(statement, *values)

    def run(self, statement: str, *values: Any) -> None:
        self.connection.execute(statement, values)

    def begin(self) -> None:
        # SQLite asks a busy database again and again; to wait for a turn is quicker, and fair.
        self.turn.acquire()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self.turn.release()
            raise

    def end(self, how: str) -> None:
        try:
            self.connection.execute(how)
        finally:
            self.turn.release()

    def keep(self, between: Callable[[], None] = lambda: None) -> None:
        self.end("COMMIT")
        try:
            between()
        finally:
            self.begin()


class Sqlite:
    """A database in a file of its own; each thread has a connection."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="prepaid-")
        self._path = Path(self._folder.name) / "accounts.sqlite"
        self._turn = threading.Lock()
        self._local = threading.local()
        self._sessions: list[SqliteSession] = []
        session = self.reading()
        session.run("PRAGMA journal_mode = WAL")
        for table in TABLES:
            session.run(table.format(counter="INTEGER PRIMARY KEY AUTOINCREMENT"))

    def reading(self) -> SqliteSession:
        session: SqliteSession | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = SqliteSession(self._path, self._turn)
            self._sessions.append(session)
        return session

    @contextmanager
    def writing(self) -> Iterator[SqliteSession]:
        session = self.reading()
        session.begin()
        try:
            yield session
        except BaseException:
            session.end("ROLLBACK")
            raise
        session.end("COMMIT")

    def close(self) -> None:
        for session in self._sessions:
            session.connection.close()
        self._folder.cleanup()


def only(rows: Sequence[Any]) -> Any:
    """The one row that a look-up gives, or None."""
    return rows[0] if rows else None
