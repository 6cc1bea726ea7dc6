"""The database: SQLite, one connection, one transaction at a time.

A unit of work runs inside `transaction()` and is all or nothing. With a file the journal is a
write-ahead log that is written before the answer leaves, so that killing the process loses nothing
that was acknowledged; without one the database lives in memory and ends with the process. Knows
the tables and none of the rules.
"""

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from typing import TypeVar

from sandbox.records import Card, Token, Transaction

_TABLES = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cards (
  seq INTEGER PRIMARY KEY, account TEXT, card_id TEXT, id TEXT, created_at INTEGER,
  created_by TEXT, customer_id TEXT, name TEXT, type TEXT, metadata TEXT, originated_by TEXT,
  active_from TEXT, expires_at TEXT, currency TEXT, opening INTEGER, funds INTEGER,
  drawn INTEGER, captured INTEGER, held INTEGER, gross_held INTEGER, used INTEGER,
  inactive INTEGER, deleted INTEGER, pin TEXT, pin_format TEXT, fingerprint TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS cards_card_id ON cards (account, card_id);
CREATE INDEX IF NOT EXISTS cards_id ON cards (account, id);
CREATE INDEX IF NOT EXISTS cards_customer ON cards (account, customer_id);
CREATE TABLE IF NOT EXISTS transactions (
  seq INTEGER PRIMARY KEY, card INTEGER, account TEXT, id TEXT, ref_id TEXT, operation TEXT,
  type TEXT, amount INTEGER, currency TEXT, parent_id TEXT, metadata TEXT, originated_by TEXT,
  created_at INTEGER, created_by TEXT, by_card_id INTEGER, token INTEGER, captured INTEGER,
  open INTEGER, fingerprint TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS transactions_id ON transactions (id);
CREATE INDEX IF NOT EXISTS transactions_ref ON transactions (card, ref_id);
CREATE TABLE IF NOT EXISTS tokens (
  seq INTEGER PRIMARY KEY, card INTEGER, account TEXT, id TEXT, ref_id TEXT, value TEXT,
  format TEXT, one_time INTEGER, expires_in INTEGER, expires_at INTEGER, used INTEGER,
  with_card INTEGER, metadata TEXT, created_at INTEGER, created_by TEXT, fingerprint TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS tokens_value ON tokens (account, value);
CREATE INDEX IF NOT EXISTS tokens_card ON tokens (card, ref_id);
CREATE TABLE IF NOT EXISTS spent_refs (card INTEGER, operation TEXT, ref_id TEXT) STRICT;
"""

Row = TypeVar("Row", Card, Transaction, Token)


class Store:
    """Statements, one method each. Reads and writes belong inside `transaction()`."""

    def __init__(self, path: str | None) -> None:
        # Autocommit: transactions are begun and ended here and nowhere else.
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256
        )
        if path:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_TABLES)
        self.execute = self._connection.execute

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or none of it; no other transaction runs in between."""
        with self._lock:
            self.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.execute("ROLLBACK")
                raise
            self.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def signing_key(self) -> str:
        """The key of the access tokens: kept, so that they outlive a restart on the same file."""
        with self.transaction():
            self.execute(
                "INSERT OR IGNORE INTO settings VALUES ('signing_key', ?)", (secrets.token_hex(32),)
            )
            row = self.execute("SELECT value FROM settings WHERE name = 'signing_key'").fetchone()
        return str(row[0])

    # --- cards ------------------------------------------------------------------------------

    def card(self, account: str, card_id: str) -> Card | None:
        """The latest card of that name: a deleted one only if no other has taken its id."""
        return self._one(
            Card,
            "SELECT * FROM cards WHERE account = ? AND card_id = ? ORDER BY seq DESC LIMIT 1",
            (account, card_id),
        )

    def card_by_id(self, account: str, id_: str) -> Card | None:
        return self._one(Card, "SELECT * FROM cards WHERE account = ? AND id = ?", (account, id_))

    def card_by_seq(self, seq: int) -> Card:
        card = self._one(Card, "SELECT * FROM cards WHERE seq = ?", (seq,))
        assert card is not None
        return card

    def add_card(self, card: Card) -> Card:
        return self.card_by_seq(self._insert("cards", card))

    def cards(self, account: str, where: str, values: tuple[object, ...], limit: int) -> list[Card]:
        """A page of an account's cards; `where` is a condition made by lists.py."""
        rows = self.execute(
            f"SELECT * FROM cards WHERE account = ? AND {where} LIMIT ?", (account, *values, limit)
        )
        return [Card(*row) for row in rows]

    def move(
        self,
        card: Card,
        *,
        funds: int = 0,
        drawn: int = 0,
        captured: int = 0,
        held: int = 0,
        gross: int = 0,
    ) -> None:
        """Change the totals of a card. Adding in the database cannot lose another's update."""
        self.execute(
            "UPDATE cards SET funds = funds + ?, drawn = drawn + ?, captured = captured + ?,"
            " held = held + ?, gross_held = gross_held + ? WHERE seq = ?",
            (funds, drawn, captured, held, gross, card.seq),
        )

    def mark_used(self, card: Card) -> None:
        self.execute("UPDATE cards SET used = 1 WHERE seq = ?", (card.seq,))

    def mark_deleted(self, card: Card) -> None:
        self.execute("UPDATE cards SET deleted = 1 WHERE seq = ?", (card.seq,))

    def set_pin(self, card: Card, pin: str, pin_format: str | None) -> None:
        self.execute(
            "UPDATE cards SET pin = ?, pin_format = ? WHERE seq = ?", (pin, pin_format, card.seq)
        )

    def activate(self, card: Card, values: dict[str, object]) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        self.execute(
            f"UPDATE cards SET inactive = 0, {columns} WHERE seq = ?", (*values.values(), card.seq)
        )

    # --- transactions -----------------------------------------------------------------------

    def record(self, account: str, transaction_id: str) -> Transaction | None:
        return self._one(
            Transaction,
            "SELECT * FROM transactions WHERE id = ? AND account = ?",
            (transaction_id, account),
        )

    def add_record(self, record: Transaction) -> Transaction:
        seq = self._insert("transactions", record)
        added = self._one(Transaction, "SELECT * FROM transactions WHERE seq = ?", (seq,))
        assert added is not None
        return added

    def records(self, card: Card, order: str = "ASC") -> list[Transaction]:
        rows = self.execute(
            f"SELECT * FROM transactions WHERE card = ? ORDER BY seq {order}", (card.seq,)
        )
        return [Transaction(*row) for row in rows]

    def record_by_ref(
        self, card: Card, ref_id: str, operations: tuple[str, ...]
    ) -> Transaction | None:
        marks = ", ".join("?" * len(operations))
        return self._one(
            Transaction,
            "SELECT * FROM transactions WHERE card = ? AND ref_id = ?"
            f" AND operation IN ({marks}) ORDER BY seq LIMIT 1",
            (card.seq, ref_id, *operations),
        )

    def open_holds(self, card: Card) -> list[Transaction]:
        rows = self.execute("SELECT * FROM transactions WHERE card = ? AND open = 1", (card.seq,))
        return [Transaction(*row) for row in rows]

    def settle(self, hold: Transaction, *, captured: int, open_: bool, type_: str) -> None:
        """What is left of a hold after a capture or a void."""
        self.execute(
            "UPDATE transactions SET captured = captured + ?, open = ?, type = ? WHERE seq = ?",
            (captured, open_, type_, hold.seq),
        )

    def spend_ref(self, card: Card, operation: str, ref_id: str) -> None:
        self.execute("INSERT INTO spent_refs VALUES (?, ?, ?)", (card.seq, operation, ref_id))

    def ref_is_spent(self, card: Card, ref_id: str, operations: tuple[str, ...]) -> bool:
        rows = self.execute(
            "SELECT operation FROM spent_refs WHERE card = ? AND ref_id = ?", (card.seq, ref_id)
        )
        return any(row[0] in operations for row in rows)

    # --- card tokens ------------------------------------------------------------------------

    def token(self, account: str, value: str) -> Token | None:
        return self._one(
            Token, "SELECT * FROM tokens WHERE account = ? AND value = ?", (account, value)
        )

    def token_by_ref(self, card: Card, ref_id: str) -> Token | None:
        return self._one(
            Token,
            "SELECT * FROM tokens WHERE card = ? AND ref_id = ? AND with_card = 0",
            (card.seq, ref_id),
        )

    def add_token(self, token: Token) -> Token:
        seq = self._insert("tokens", token)
        added = self._one(Token, "SELECT * FROM tokens WHERE seq = ?", (seq,))
        assert added is not None
        return added

    def tokens(self, card: Card) -> list[Token]:
        rows = self.execute("SELECT * FROM tokens WHERE card = ? ORDER BY seq", (card.seq,))
        return [Token(*row) for row in rows]

    def spend_token(self, seq: int) -> None:
        self.execute("UPDATE tokens SET used = 1 WHERE seq = ?", (seq,))

    def retime_tokens(self, card: Card, column: str, value: int) -> None:
        """Change how all tokens of a card behave; `column` is one of two names of cards.py."""
        self.execute(f"UPDATE tokens SET {column} = ? WHERE card = ?", (value, card.seq))

    # --- helpers ----------------------------------------------------------------------------

    def _one(self, kind: type[Row], sql: str, values: tuple[object, ...]) -> Row | None:
        row = self.execute(sql, values).fetchone()
        return kind(*row) if row else None

    def _insert(self, table: str, record: Card | Transaction | Token) -> int:
        values = (None, *astuple(record)[1:])
        marks = ", ".join("?" * len(values))
        seq = self.execute(f"INSERT INTO {table} VALUES ({marks})", values).lastrowid
        assert seq is not None
        return seq
