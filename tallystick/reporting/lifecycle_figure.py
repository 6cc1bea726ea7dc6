"""The picture of a hold's life: where each state and each move of it is drawn, in pixels.

It draws what `lifecycle` found, for any API: states that are never reached are left out. Colours
and fonts are those of the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.driven import NEW
from tallystick.ledger.lifecycle import State
from tallystick.reporting.lifecycle import MoveEntry

WIDTH, HEIGHT = 860, 400
BOX_WIDTH, BOX_HEIGHT = 158, 60

_CENTRES: dict[str, tuple[int, int]] = {
    NEW: (20, 200),
    State.OPEN: (196, 200),
    State.PARTLY_CAPTURED: (466, 200),
    State.ENDED: (466, 200),
    State.CAPTURED: (770, 60),
    State.VOIDED: (466, 356),
    State.RELEASED: (770, 340),
    State.REFUNDED: (770, 232),
}
"""The centre of each state, in the order in which they are drawn."""


@dataclass(frozen=True, slots=True)
class _Arrow:
    """The path of a move, and where its two lines of text are."""

    path: str
    x: int
    y: int
    anchor: str = "middle"


_ARROWS: dict[tuple[str, str], _Arrow] = {
    (NEW, State.OPEN): _Arrow("M28 200 H109", 68, 180),
    (State.OPEN, State.PARTLY_CAPTURED): _Arrow("M275 200 H379", 327, 180),
    (State.OPEN, State.ENDED): _Arrow("M275 200 H379", 327, 180),
    (State.OPEN, State.CAPTURED): _Arrow("M196 170 C196 80 260 50 420 50 H683", 346, 30),
    (State.OPEN, State.VOIDED): _Arrow("M196 230 C196 320 230 356 300 356 H379", 226, 300, "start"),
    (State.PARTLY_CAPTURED, State.CAPTURED): _Arrow(
        "M545 190 C640 180 700 150 742 98", 690, 172, "start"
    ),
    (State.PARTLY_CAPTURED, State.RELEASED): _Arrow("M545 212 C640 222 700 250 742 302", 604, 262),
    (State.PARTLY_CAPTURED, State.PARTLY_CAPTURED): _Arrow(
        "M436 170 C420 100 512 100 498 162", 466, 92
    ),
    (State.ENDED, State.REFUNDED): _Arrow("M545 212 C590 222 640 228 683 231", 612, 246),
    (State.CAPTURED, State.REFUNDED): _Arrow("M770 90 V194", 780, 140, "start"),
    (State.OPEN, State.OPEN): _Arrow("M176 230 C160 300 110 290 128 238", 60, 284),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A state, and what was refused in it."""

    name: str
    lines: tuple[str, ...]
    x: float
    y: float
    refused: int
    is_end: bool
    broken: str
    """The move that was accepted in it though it had to be refused; empty: none."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A move, with how it is drawn. `state`: driven, idle or broken."""

    move: str
    times: int
    path: str
    x: int
    y: int
    anchor: str
    state: str


@dataclass(frozen=True, slots=True)
class Figure:
    """All that the picture shows."""

    boxes: tuple[Box, ...]
    moves: tuple[Drawn, ...]


def figure_of(entries: Sequence[MoveEntry], broken: Sequence[str]) -> Figure:
    """The picture; `broken` are the moves at which a rule broke, as `STATE: MOVE`."""
    legal = [entry for entry in entries if entry["to"] is not None]
    reached = [NEW, *dict.fromkeys(entry["to"] or "" for entry in legal)]
    boxes = [_box(state, entries, broken) for state in reached if state and state in _CENTRES]
    moves = [
        drawn for at, entry in enumerate(legal) if (drawn := _drawn(entry, broken, legal[:at]))
    ]
    return Figure(tuple(boxes), tuple(moves))


def _box(state: str, entries: Sequence[MoveEntry], broken: Sequence[str]) -> Box:
    x, y = _CENTRES[state]
    of_state = [entry for entry in entries if entry["state"] == state]
    legal = {entry["move"] for entry in of_state if entry["to"] is not None}
    wrong = [each.partition(": ")[2] for each in broken if each.partition(": ")[0] == state]
    return Box(
        state,
        _lines(state),
        x - BOX_WIDTH / 2,
        y - BOX_HEIGHT / 2,
        sum(entry["refused"] for entry in of_state if entry["to"] is None),
        not legal,
        next((move for move in wrong if move not in legal), ""),
    )


def _lines(state: str) -> tuple[str, ...]:
    """A state's name on two lines at most."""
    words = state.split()
    if len(state) <= 18:
        return (state,)
    half = (len(words) + 1) // 2
    return " ".join(words[:half]), " ".join(words[half:])


def _drawn(entry: MoveEntry, broken: Sequence[str], before: Sequence[MoveEntry]) -> Drawn | None:
    arrow = _ARROWS.get((entry["state"], entry["to"] or ""))
    if arrow is None:
        return None
    ends = (entry["state"], entry["to"])
    lower = 34 * sum((each["state"], each["to"]) == ends for each in before)
    is_broken = f"{entry['state']}: {entry['move']}" in broken
    state = "broken" if is_broken else "driven" if entry["accepted"] else "idle"
    return Drawn(
        entry["move"], entry["accepted"], arrow.path, arrow.x, arrow.y - lower, arrow.anchor, state
    )
