"""A page that shows why a concurrent history has no legal order: a lane for each client, a bar for
each operation, and which of them no order can take.

Time runs to the right. The order of the events is right, their distances are not to scale: calls
one microsecond apart must be visible, and a label has to fit on its bar. It knows nothing of
wallets: labels and outcomes are text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.checker import Illegality, Operation
from tallystick.reporting.templates import code_marked, render

# All sizes are pixels.
LETTER = 7.3
"""The width of a letter of a label (timeline.html.j2 sets the font)."""
PADDING = 44
"""What a bar is wider than its label, with room for its number."""
BETWEEN = 26
"""The distance between two events at least."""
LEAST_BAR = 8
"""The width of a bar whose call and return are one moment."""
LANE, BAR, TOP = 66, 30, 34
"""The height of a lane and of a bar in it, and where the first lane begins."""
MOST_BARS = 80
"""Of an order with more operations, only the core of the illegality is shown."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One operation, from its call to its return. Without a return it may end at any later time."""

    client: str
    label: str
    outcome: str
    called_ns: int
    returned_ns: int | None
    order: int | None
    """Its place in the longest legal order, from 1; None if it has no place there."""
    stuck: bool
    """Whether it is the operation that cannot be next in any order."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The content of the page."""

    title: str
    rule: str
    explanation: str
    """In words; text between backticks is shown as code."""
    bars: tuple[Bar, ...]
    before: tuple[str, ...] = ()
    """The steps that were done before, one after another; they are on no lane."""


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


def time_line_from(members: Mapping[str, Any]) -> TimeLine:
    """The same time line again, from its members in JSON; TypeError or KeyError if it is none."""
    bars = tuple(Bar(**each) for each in members["bars"])
    return TimeLine(**{**members, "bars": bars, "before": tuple(members["before"])})


@dataclass(frozen=True, slots=True)
class TimeLineFigure:
    """A time line with the place of everything on it, in pixels."""

    line: TimeLine
    explanation: list[tuple[bool, str]]
    placed: list[_Placed]
    clients: list[tuple[str, int]]
    names_width: int
    ordered: list[_Placed]
    stuck: list[_Placed]
    waiting: list[_Placed]
    later: list[_Placed]
    width: int
    height: int
    bar_height: int = BAR

    @property
    def has_open(self) -> bool:
        """Whether an operation has no answer."""
        return any(p.bar.returned_ns is None for p in self.placed)


def timeline_page(line: TimeLine) -> str:
    """A page of its own, as HTML that needs no other file."""
    return render("timeline.html.j2", figure=figure_of_time_line(line))


def figure_of_time_line(line: TimeLine) -> TimeLineFigure:
    """Where everything is drawn."""
    bars = sorted(line.bars, key=lambda bar: bar.called_ns)
    clients = sorted({bar.client for bar in bars}, key=_natural)
    placed = _place(bars, clients)
    # The search ended at the stuck operation's return. What was called later is shown apart: it has
    # no place in the order, but for no fault of its own.
    end = min((bar.returned_ns for bar in bars if bar.stuck and bar.returned_ns), default=None)
    rest = [p for p in placed if p.bar.order is None and not p.bar.stuck]
    right = max((p.x + p.width for p in placed), default=0.0)
    return TimeLineFigure(
        line,
        code_marked(line.explanation),
        placed,
        clients=[(_name(client), TOP + LANE * row) for row, client in enumerate(clients)],
        names_width=round(24 + LETTER * max(map(len, map(_name, clients)), default=0)),
        ordered=sorted((p for p in placed if p.bar.order is not None), key=_order),
        stuck=[p for p in placed if p.bar.stuck],
        waiting=[p for p in rest if end is None or p.bar.called_ns <= end],
        later=[p for p in rest if end is not None and p.bar.called_ns > end],
        width=round(right + 40),
        height=TOP + LANE * len(clients) + 8,
    )


def bars_of(
    illegality: Illegality[Any],
    label: Callable[[Operation[Any, Any]], str],
    outcome: Callable[[Operation[Any, Any]], str],
) -> tuple[Bar, ...]:
    """The bars of an illegality. Of a history with more than `MOST_BARS` in order, the core alone.

    `label` and `outcome` put an operation into words.
    """
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
            op == illegality.stuck,
        )
        for op in shown
    )


def _place(bars: list[Bar], clients: list[str]) -> list[_Placed]:
    """The bars with their places: a lane for each client, each bar wide enough for its label."""
    xs, open_end = _positions(bars)
    start = min(xs, default=0)
    lanes = {client: TOP + LANE * row for row, client in enumerate(clients)}
    placed = []
    for bar in bars:
        x = xs[bar.called_ns]
        end = open_end if bar.returned_ns is None else xs[bar.returned_ns]
        placed.append(
            _Placed(
                bar,
                _name(bar.client),
                x,
                lanes[bar.client],
                max(end - x, LEAST_BAR),
                (bar.called_ns - start) / 1000,
                None if bar.returned_ns is None else (bar.returned_ns - start) / 1000,
            )
        )
    return placed


def _positions(bars: list[Bar]) -> tuple[dict[int, float], float]:
    """Where each moment is, in pixels by its nanoseconds, and where bars without a return end."""
    ending: dict[int, list[Bar]] = {}
    for bar in bars:
        if bar.returned_ns is not None:
            ending.setdefault(bar.returned_ns, []).append(bar)
    xs: dict[int, float] = {}
    x = 0.0
    for moment in sorted({bar.called_ns for bar in bars} | ending.keys()):
        # A return is far enough to the right of its call for the label to fit between them.
        for bar in ending.get(moment, ()):
            if bar.called_ns < moment:
                x = max(x, xs[bar.called_ns] + _needed(bar))
        xs[moment] = x
        x += BETWEEN
    without = [bar for bar in bars if bar.returned_ns is None]
    return xs, max([x, *(xs[bar.called_ns] + _needed(bar) for bar in without)])


def _needed(bar: Bar) -> float:
    return PADDING + LETTER * max(len(bar.label), len(bar.outcome))


def _name(client: str) -> str:
    return f"client {client}" if client.isdigit() else client


def _order(placed: _Placed) -> int:
    return placed.bar.order or 0


def _natural(client: str) -> tuple[int, int, str]:
    return (0, int(client), "") if client.isdigit() else (1, 0, client)
