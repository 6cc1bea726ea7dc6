"""The values that an answer may have to show: figures, ids and words that are in play."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tallystick.conditions import JSON, containers, leaves
from tallystick.documents.shape import Shape
from tallystick.driven import Judged
from tallystick.evidence import Event
from tallystick.ledger.state import Ledger

MOST_VALUES = 400


def values_in_play(known: Judged, events: Iterable[Event], shape: Shape) -> list[JSON]:
    """What may be right in place of a wrong value, each once; the likeliest first."""
    figures: list[JSON] = []
    for ledger in known.ledgers:
        figures += _figures(ledger)
    amount = getattr(known.command, "amount", None)
    figures += [amount] if isinstance(amount, int) else []
    whole = list(dict.fromkeys(figures))
    texts = [*_texts(known.ledgers), *_sent(events), *words_of(shape, enums=True)]
    found = [*whole, *texts, None, True, False, *_spelled(whole)]
    return _unique(found)[:MOST_VALUES]


def _figures(ledger: Ledger) -> Iterator[JSON]:
    yield from (ledger.balance, ledger.available, ledger.held, ledger.held_original)
    yield from (ledger.total, ledger.opening, ledger.funded, ledger.drawn, ledger.captured, 0)
    yield from (ledger.drawn + ledger.captured, ledger.drawn + ledger.captured + ledger.held)
    for entry in ledger.entries.values():
        yield from (entry.amount, entry.captured, entry.released, entry.remaining)
        yield from (entry.amount - entry.captured, entry.captured + entry.released)


def _spelled(figures: Iterable[JSON]) -> Iterator[JSON]:
    """Amounts as other APIs write them: as text, and in the main unit of the currency."""
    for figure in figures:
        yield str(figure)
        for digits in (2, 3):
            if isinstance(figure, int):
                yield f"{figure / 10**digits:.{digits}f}"
                yield figure / 10**digits


def _texts(ledgers: Iterable[Ledger]) -> Iterator[str]:
    for ledger in ledgers:
        yield str(ledger.card)
        if ledger.currency:
            yield from (ledger.currency, ledger.currency.lower())
        for entry_id, entry in ledger.entries.items():
            yield str(entry_id)
            yield from filter(None, (entry.ref, entry.parent))
        for question in ledger.dialect.learned():
            yield from ledger.dialect.possible(question)


def _sent(events: Iterable[Event]) -> Iterator[JSON]:
    for event in events:
        body = event.exchange.request.body
        for _, value in leaves(body):
            if isinstance(value, str | int | float):
                yield value
        for kind in (dict, list):
            yield from (inner for place, inner in containers(body, kind) if place)


def words_of(shape: Shape, *, enums: bool = False) -> list[str]:
    """The names of members in the document, or the words of its enumerations."""
    return list(dict.fromkeys(_words(shape.document.get("components", {}), enums)))


def _words(node: Any, enums: bool) -> Iterator[str]:
    if isinstance(node, Mapping):
        found = node.get("enum" if enums else "properties")
        if isinstance(found, Mapping | list):
            yield from (name for name in found if isinstance(name, str))
        for inner in node.values():
            yield from _words(inner, enums)
    elif isinstance(node, list):
        for inner in node:
            yield from _words(inner, enums)


def _unique(values: Iterable[JSON]) -> list[JSON]:
    seen: dict[tuple[str, str], JSON] = {}
    for value in values:
        seen.setdefault((type(value).__name__, repr(value)), value)
    return list(seen.values())
