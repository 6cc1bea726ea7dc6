"""A page that shows why a concurrent history has no legal order: lanes, bars, where it is stuck.

Time runs to the right, in the order of the events but not to scale: two calls that were a
microsecond apart have to be told apart, and a label has to fit on its bar. It knows nothing of
wallets: labels and outcomes are text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tallystick.checker import Illegality, Operation
from tallystick.reporting.templates import render

LETTER = 7.3  # pixels of a letter at the size in which labels are set
PADDING = 44  # of a bar, with room for its number
LEAST = 26  # pixels between two events
LANE, BAR, TOP = 66, 30, 34
MOST_BARS = 80  # of more, only the contradiction is shown


@dataclass(frozen=True, slots=True)
class Bar:
    """One operation, from its call to its return. Without a return it may end at any later time."""

    client: str
    label: str
    outcome: str
    called_ns: int
    returned_ns: int | None
    order: int | None
    """Its place in the longest legal order, from 1; None: it has none."""
    stuck: bool
    """Whether it is the operation that no order can take next."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """What the page says."""

    title: str
    rule: str
    explanation: str
    """In words; what stands between backticks is code."""
    bars: tuple[Bar, ...]
    before: tuple[str, ...] = ()
    """What was done first, one after another, and is on no lane."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A bar with its place on the page, in pixels."""

    bar: Bar
    who: str
    x: float
    y: float
    width: float
    began_us: float
    ended_us: float | None


def timeline_page(line: TimeLine) -> str:
    """The page, whole in itself."""
    bars = sorted(line.bars, key=lambda bar: bar.called_ns)
    clients = sorted({bar.client for bar in bars}, key=_natural)
    placed = _place(bars, clients)
    # Calls after the stuck one's return were not looked at: nothing is known of their place.
    end = min((bar.returned_ns for bar in bars if bar.stuck and bar.returned_ns), default=None)
    rest = [p for p in placed if p.bar.order is None and not p.bar.stuck]
    right = max((p.x + p.width for p in placed), default=0.0)
    return render(
        "timeline.html.j2",
        line=line,
        explanation=_spoken(line.explanation),
        placed=placed,
        clients=[(_name(client), TOP + LANE * row) for row, client in enumerate(clients)],
        names_width=round(24 + LETTER * max(map(len, map(_name, clients)), default=0)),
        ordered=sorted((p for p in placed if p.bar.order is not None), key=_order),
        stuck=[p for p in placed if p.bar.stuck],
        waiting=[p for p in rest if end is None or p.bar.called_ns <= end],
        later=[p for p in rest if end is not None and p.bar.called_ns > end],
        width=round(right + 40),
        height=TOP + LANE * len(clients) + 8,
        bar_height=BAR,
    )


def bars_of(
    illegality: Illegality[Any],
    label: Callable[[Operation[Any, Any]], str],
    outcome: Callable[[Operation[Any, Any]], str],
) -> tuple[Bar, ...]:
    """The bars of a violation that the checker explains; of a long history, its core alone."""
    orders = {id(op): number for number, op in enumerate(illegality.prefix, start=1)}
    shown: Iterable[Operation[Any, Any]] = (
        *illegality.prefix,
        *(op for op in illegality.waiting if id(op) not in orders and op is not illegality.stuck),
        illegality.stuck,
    )
    if len(orders) > MOST_BARS:
        core = sorted(illegality.core, key=lambda op: orders.get(id(op), len(orders)))
        kept = [op for op in core if op is not illegality.stuck and id(op) in orders]
        orders = {id(op): number for number, op in enumerate(kept, start=1)}
        shown = core
    return tuple(
        Bar(
            str(op.client),
            label(op),
            outcome(op),
            op.called_ns,
            op.returned_ns,
            orders.get(id(op)),
            op is illegality.stuck or op == illegality.stuck,
        )
        for op in shown
    )


def _place(bars: list[Bar], clients: list[str]) -> list[_Placed]:
    """Put the events in their order, each bar as wide as its label needs at least."""
    moments = sorted({bar.called_ns for bar in bars} | {bar.returned_ns or 0 for bar in bars} - {0})
    start = moments[0] if moments else 0
    ends: dict[int, list[Bar]] = {}
    for bar in bars:
        if bar.returned_ns is not None:
            ends.setdefault(bar.returned_ns, []).append(bar)
    xs: dict[int, float] = {}
    x = 0.0
    for moment in moments:
        for bar in ends.get(moment, ()):
            if bar.called_ns < moment:
                x = max(x, xs[bar.called_ns] + _needed(bar))
        xs[moment] = x
        x += LEAST
    open_end = x
    for bar in bars:
        if bar.returned_ns is None:
            open_end = max(open_end, xs[bar.called_ns] + _needed(bar))
    rows = {client: TOP + LANE * row for row, client in enumerate(clients)}
    return [
        _Placed(
            bar,
            _name(bar.client),
            xs[bar.called_ns],
            rows[bar.client],
            max((xs[bar.returned_ns] if bar.returned_ns else open_end) - xs[bar.called_ns], 8),
            (bar.called_ns - start) / 1000,
            None if bar.returned_ns is None else (bar.returned_ns - start) / 1000,
        )
        for bar in bars
    ]


def _needed(bar: Bar) -> float:
    return PADDING + LETTER * max(len(bar.label), len(bar.outcome))


def _spoken(text: str) -> list[tuple[bool, str]]:
    """The parts of a text, each with whether it is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its other half is a backtick
        return [(False, text)]
    return [(number % 2 == 1, part) for number, part in enumerate(parts)]


def _name(client: str) -> str:
    return f"client {client}" if client.isdigit() else client


def _order(placed: _Placed) -> int:
    return placed.bar.order or 0


def _natural(client: str) -> tuple[int, int, str]:
    return (0, int(client), "") if client.isdigit() else (1, 0, client)
