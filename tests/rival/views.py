"""How cards, tokens and transactions are shown: JSON objects made from lines and folded state.

It decides nothing: figures, status and types come from `money`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.rival import codes, money
from tests.rival.bodies import EPOCH
from tests.rival.entries import Entry, Kind
from tests.rival.store import CardKey, Line, Note

Json = dict[str, Any]
_OPENINGS = frozenset({Kind.OPENED.value, Kind.PRINTED.value, Kind.ACTIVATED.value})
_PIN_SET = Kind.PIN_SET.value
_TOKEN_ISSUED = Kind.TOKEN_ISSUED.value


@dataclass(frozen=True, slots=True)
class Shelf:
    """A card with all that is known of it at one moment."""

    key: CardKey
    lines: Sequence[Line]
    state: money.Card
    now: int

    @staticmethod
    def of(key: CardKey, lines: Sequence[Line], now: int) -> "Shelf":
        return Shelf(key, lines, money.fold(line.entry for line in lines), now)


def stamp(at: int) -> str:
    """RFC 3339 in UTC."""
    time = EPOCH + timedelta(microseconds=at)
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def card(shelf: Shelf) -> Json:
    """The card with its figures, as the account sees it."""
    return customer_card(shelf) | {
        "amount": money.figures(shelf.state).balance,
        "currency": shelf.state.currency,
        **_figures(shelf),
    }


def customer_card(shelf: Shelf) -> Json:
    """The card without money, as lists of a customer show it."""
    # A card is opened, or printed and later activated; most entries are neither.
    first = shelf.lines[0]
    notes = [line.note for line in shelf.lines if line.entry.kind in _OPENINGS]
    shown = {
        "id": shelf.key.id,
        "card_id": shelf.key.card_id,
        "created_at": stamp(first.entry.at),
        "created_by": notes[0].by,
        "status": str(money.status(shelf.state, shelf.now)),
        "type": notes[0].card_type,
    }
    for name in ("customer_id", "name", "metadata", "originated_by"):
        _put(shown, name, _latest(notes, name))
    for name in ("active_from", "expires_at"):
        at = getattr(shelf.state, name)
        _put(shown, name, None if at is None else stamp(at))
    pin = pin_line(shelf)
    if pin is not None:
        shown["pin"] = {"format": pin.note.format}
    return shown


def card_details(shelf: Shelf) -> Json:
    """The card as its own page shows it."""
    return card(shelf) | {"tokens": _tokens(shelf)}


def customer_card_details(shelf: Shelf) -> Json:
    """The card as its customer sees it."""
    money_shown = {"currency": shelf.state.currency, **_figures(shelf)}
    return customer_card(shelf) | money_shown | {"tokens": _tokens(shelf)}


def transactions(shelf: Shelf) -> list[Json]:
    """Newest first."""
    shown = (transaction(shelf.state, line.entry, line.note) for line in reversed(shelf.lines))
    return [record for record in shown if record is not None]


def transaction(state: money.Card, entry: Entry, note: Note) -> Json | None:
    """The record of an entry; None when the entry is no transaction."""
    kind = money.transaction_type(state, entry)
    if kind is None:
        return None
    shown = {
        "id": entry.id,
        "created_at": stamp(entry.at),
        "created_by": note.by,
        "ref_id": entry.ref_id,
        "amount": entry.amount,
        "currency": state.currency,
        "type": kind,
    }
    if entry.hold:
        shown["parent_id"] = entry.hold
    _put(shown, "metadata", note.metadata)
    _put(shown, "originated_by", note.originated_by)
    return shown


def token(entry: Entry, note: Note) -> Json:
    """A token with its value: shown once, in the answer that makes it."""
    shown = {
        "id": entry.id,
        "created_at": stamp(entry.at),
        "created_by": note.by,
        "ref_id": entry.ref_id,
        "expires_in": note.expires_in,
        "expires_after_transaction": entry.single_use,
        "format": note.format,
        "token": code(note),
    }
    _put(shown, "metadata", note.metadata)
    return shown


def pin(note: Note) -> Json:
    """A PIN with its value: shown once, in the answer that makes it."""
    return {"format": note.format, "pin": code(note)}


def code(note: Note) -> Json:
    """No image is drawn; the one printed answer of the vendor leaves the barcode empty too."""
    return {"value": note.code, "barcode_128": ""}


def pin_line(shelf: Shelf) -> Line | None:
    """The PIN in force: the last one set."""
    for line in reversed(shelf.lines):
        if line.entry.kind == _PIN_SET:
            return line
    return None


def _figures(shelf: Shelf) -> Json:
    made = money.figures(shelf.state)
    return {
        "amount_balance": made.balance,
        "amount_available": made.available,
        "amount_funds": made.funds,
        "amount_drawdown": made.drawdown,
        "amount_pending": made.pending,
        "amount_reserved": made.reserved,
    }


def _tokens(shelf: Shelf) -> list[Json]:
    """The tokens that have not expired by date, masked."""
    shown = []
    for line in shelf.lines:
        if line.entry.kind != _TOKEN_ISSUED:
            continue
        token = shelf.state.tokens[line.entry.id]
        if token.expires_at <= shelf.now:
            continue
        note = line.note
        shown.append(
            {
                "expires_at": stamp(token.expires_at),
                "masked_code": codes.mask(note.code),
                "format": note.format,
            }
        )
    return shown


def _latest(notes: list[Note], name: str) -> Any:
    """What the card was opened with, unless the activation said otherwise."""
    found = None
    for note in notes:
        value = getattr(note, name)
        found = found if value is None else value
    return found


def _put(shown: Json, name: str, value: Any) -> None:
    if value is not None:
        shown[name] = value
