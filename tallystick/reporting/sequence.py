"""The picture of a broken delivery: what the client sent, what the network did, what came back.

Two lines, client and server, and the network between them; an arrow for each request and answer, in
the order in which they happened. It reads exchanges and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.reporting.records import Record

MOST_ROWS = 24
"""Of a longer history, so many exchanges at its end are shown."""
CLIENT, NETWORK, SERVER = 40, 340, 640
"""Where the lines are, in pixels."""
TOP, ROW = 72, 78
LONGEST = 46
"""Characters of a step that fit above the arrow of its request."""
LONGEST_PATH = 60
LONGEST_ID = 18
_LONG = re.compile(rf"(?=[^/?]*\d)([^/?]{{8}})[^/?]{{{LONGEST_ID - 7},}}")
"""What is longer than an id that is shown whole, and has a digit."""
_DELIVERY = re.compile(r" !(lost|twice|late|cut|timeout)\b")
_LOSSES = {
    "lost": "answer lost",
    "cut": "connection cut in the middle of the answer",
    "timeout": "the client has hung up",
}
_COPIES = {"the second copy": "second copy", "the late copy": "late copy"}


@dataclass(frozen=True, slots=True)
class Arrow:
    """One exchange. Positions are in pixels."""

    step: str
    repeats_step: bool
    """Whether the arrow above is of the same step."""
    request: str
    answer: str
    y: int
    sent_from: int
    """Where its request comes from: the client, or the network."""
    ends_at: int
    """Where its answer ends: at the client, or in the network."""
    note: str
    """What the network did; empty: nothing."""
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class Sequence_:
    """The picture, and how many exchanges at its beginning it leaves out."""

    arrows: tuple[Arrow, ...]
    left_out: int
    height: int


def is_delivery(steps: Sequence[str]) -> bool:
    """Whether the delivery of a step of the program was broken."""
    return any(_DELIVERY.search(step) for step in steps)


def sequence_of(records: Sequence[Record], wrong: int) -> Sequence_:
    """The picture of exchanges; `wrong` is the number of the one that shows the violation."""
    shown = records[-MOST_ROWS:]
    steps = [None, *(record.step for record in shown)]
    arrows = tuple(
        _arrow(record, row, wrong, repeats_step=bool(record.step) and record.step == steps[row])
        for row, record in enumerate(shown)
    )
    return Sequence_(arrows, len(records) - len(shown), TOP + ROW * len(arrows) - 20)


def short_path(path: str) -> str:
    """The end of a path, with the beginnings of its ids: enough to recognise a request."""
    plain, _, query = _LONG.sub(r"\1…", path).partition("?")
    parts = plain.split("/")
    short = plain if len(parts) <= 3 else "…/" + "/".join(parts[-2:])
    whole = f"{short}?{query}" if query else short
    return whole if len(whole) <= LONGEST_PATH else f"{whole[: LONGEST_PATH - 1]}…"


def _arrow(record: Record, row: int, wrong: int, *, repeats_step: bool) -> Arrow:
    step, _, part = record.step.partition(": ")
    note = _COPIES.get(part, "")
    delivery = _DELIVERY.search(step)
    loss = "" if part or delivery is None else _LOSSES.get(delivery[1], "")
    is_lost = record.status is None
    return Arrow(
        _cut(f"{step} ({part})" if part == "retried" else step),
        repeats_step,
        f"{record.method} {short_path(record.path)}",
        loss or "no answer" if is_lost else _answer(record),
        TOP + ROW * row,
        NETWORK if note else CLIENT,
        NETWORK if is_lost else CLIENT,
        note,
        record.number == wrong,
    )


def _answer(record: Record) -> str:
    figures = [f"{each.name} {each.server}" for each in record.compared[1:]]
    return ", ".join([str(record.status), *figures])


def _cut(step: str) -> str:
    return step if len(step) <= LONGEST else f"{step[: LONGEST - 1]}…"
