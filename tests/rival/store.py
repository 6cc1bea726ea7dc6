"""The entries of all cards in SQLite, through SQLAlchemy; one unit of work at a time.

It keeps what it is given in order, and finds it again: no balance, no status and no rule is here.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any

import sqlalchemy as sa

from tests.rival.entries import Entry, Kind

_TABLES = sa.MetaData()

_CARDS = sa.Table(
    "cards",
    _TABLES,
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("card_id", sa.String, nullable=False),
    sa.Column("id", sa.String, nullable=False),
    sa.UniqueConstraint("account", "card_id"),
    sa.UniqueConstraint("id"),
)

_ENTRY_COLUMNS = tuple(part.name for part in fields(Entry))

_ENTRIES = sa.Table(
    "entries",
    _TABLES,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("card", sa.ForeignKey("cards.key"), nullable=False, index=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("ref_id", sa.String, nullable=False),
    sa.Column("currency", sa.String, nullable=False),
    sa.Column("hold", sa.String, nullable=False),
    sa.Column("token", sa.String, nullable=False),
    sa.Column("active_from", sa.BigInteger),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("single_use", sa.Boolean, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    # Two members of the note that entries are looked up by.
    sa.Column("code", sa.String, index=True),
    sa.Column("customer_id", sa.String, index=True),
)


@dataclass(frozen=True, slots=True)
class Note:
    """What an entry says beside money."""

    by: str
    metadata: dict[str, Any] | None = None
    originated_by: str | None = None
    card_type: str | None = None
    customer_id: str | None = None
    name: str | None = None
    # The value of a token or a PIN, and how it was asked for.
    code: str | None = None
    format: dict[str, Any] | None = None
    expires_in: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it stands in the store."""

    entry: Entry
    note_json: str

    @property
    def note(self) -> Note:
        return Note(**json.loads(self.note_json))


Lines = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CardKey:
    key: int
    account: str
    card_id: str
    id: str


_SELECT_CARD = sa.select(_CARDS.c.key, _CARDS.c.account, _CARDS.c.card_id, _CARDS.c.id)
_BY_CARD_ID = _SELECT_CARD.where(
    _CARDS.c.account == sa.bindparam("account"), _CARDS.c.card_id == sa.bindparam("card_id")
)
_BY_ID = _SELECT_CARD.where(
    _CARDS.c.account == sa.bindparam("account"), _CARDS.c.id == sa.bindparam("id")
)
_PAGE = (
    _SELECT_CARD.where(
        _CARDS.c.account == sa.bindparam("account"), _CARDS.c.key < sa.bindparam("before")
    )
    .order_by(_CARDS.c.key.desc())
    .limit(sa.bindparam("size"))
)
_PAGE_OF_CUSTOMER = _PAGE.where(
    _CARDS.c.key.in_(
        sa.select(_ENTRIES.c.card).where(_ENTRIES.c.customer_id == sa.bindparam("customer_id"))
    )
)
_BY_ENTRY = _SELECT_CARD.join(_ENTRIES, _ENTRIES.c.card == _CARDS.c.key).where(
    _CARDS.c.account == sa.bindparam("account"), _ENTRIES.c.id == sa.bindparam("id")
)
_BY_CODE = (
    _SELECT_CARD.add_columns(_ENTRIES.c.id.label("entry"))
    .join(_ENTRIES, _ENTRIES.c.card == _CARDS.c.key)
    .where(
        _CARDS.c.account == sa.bindparam("account"),
        _ENTRIES.c.code == sa.bindparam("code"),
        _ENTRIES.c.kind == Kind.TOKEN_ISSUED.value,
    )
)
_LINES = (
    sa.select(_ENTRIES.c.card, _ENTRIES.c.note, *(_ENTRIES.c[name] for name in _ENTRY_COLUMNS))
    .where(_ENTRIES.c.card.in_(sa.bindparam("cards", expanding=True)))
    .order_by(_ENTRIES.c.seq)
)
_ADD_CARD = sa.insert(_CARDS)
_APPEND = sa.insert(_ENTRIES)


class Unit:
    """One unit of work: no other unit reads or appends until it ends, and a refusal undoes it."""

    def __init__(self, connection: sa.Connection, known: dict[int, Lines]) -> None:
        self._connection = connection
        self._known = known
        self.changed: set[int] = set()

    def card(self, account: str, card_id: str) -> CardKey | None:
        return self._one(_BY_CARD_ID, account=account, card_id=card_id)

    def card_by_id(self, account: str, id: str) -> CardKey | None:
        return self._one(_BY_ID, account=account, id=id)

    def card_of_entry(self, account: str, entry_id: str) -> CardKey | None:
        return self._one(_BY_ENTRY, account=account, id=entry_id)

    def card_of_code(self, account: str, code: str) -> tuple[CardKey, str] | None:
        """The card behind a token's value, and the entry that issued the token."""
        row = self._connection.execute(_BY_CODE, {"account": account, "code": code}).first()
        return None if row is None else (CardKey(*row[:4]), row[4])

    def cards(
        self, account: str, before: int, size: int, customer_id: str | None = None
    ) -> list[CardKey]:
        """Up to `size` cards older than the key `before`, newest first."""
        values = {"account": account, "before": before, "size": size}
        query = _PAGE
        if customer_id is not None:
            query, values = _PAGE_OF_CUSTOMER, values | {"customer_id": customer_id}
        return [CardKey(*row) for row in self._connection.execute(query, values)]

    def lines(self, cards: Sequence[CardKey]) -> dict[int, Lines]:
        """All entries of the cards, oldest first, by the key of the card."""
        unknown = [card.key for card in cards if card.key not in self._known]
        if unknown:
            read: dict[int, list[Line]] = {key: [] for key in unknown}
            for row in self._connection.execute(_LINES, {"cards": unknown}):
                read[row[0]].append(Line(Entry(*row[2:]), row[1]))
            self._known.update((key, tuple(lines)) for key, lines in read.items())
        return {card.key: self._known[card.key] for card in cards}

    def add_card(self, account: str, card_id: str, id: str) -> CardKey:
        values = {"account": account, "card_id": card_id, "id": id}
        result = self._connection.execute(_ADD_CARD, values)
        key = result.inserted_primary_key[0]
        # SQLite gives the key of a card that was undone to the next one.
        self.changed.add(key)
        return CardKey(key, **values)

    def append(self, card: CardKey, entries: Sequence[Entry], note: Note) -> None:
        said = {name: value for name, value in asdict(note).items() if value is not None}
        note_json = json.dumps(said)
        extra = {
            "card": card.key,
            "note": note_json,
            "code": note.code,
            "customer_id": note.customer_id,
        }
        rows = [{**asdict(entry), **extra} for entry in entries]
        self.changed.add(card.key)
        self._connection.execute(_APPEND, rows)
        if card.key in self._known:
            self._known[card.key] += tuple(Line(entry, note_json) for entry in entries)

    def _one(self, query: sa.Select, **values: str) -> CardKey | None:
        row = self._connection.execute(query, values).first()
        return None if row is None else CardKey(*row)


class Store:
    """One SQLite connection and one lock: whoever decides has seen every entry before its own."""

    def __init__(self) -> None:
        self._engine = sa.create_engine(
            "sqlite://",
            poolclass=sa.StaticPool,
            connect_args={"check_same_thread": False},
        )
        self._lock = threading.Lock()
        # Entries are never altered, so those read once need not be read again.
        self._known: dict[int, Lines] = {}
        _TABLES.create_all(self._engine)

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        with self._lock:
            unit = None
            try:
                with self._engine.begin() as connection:
                    unit = Unit(connection, self._known)
                    yield unit
            except BaseException:
                # What was appended has been undone.
                for key in unit.changed if unit else ():
                    self._known.pop(key, None)
                raise

    def close(self) -> None:
        self._engine.dispose()
