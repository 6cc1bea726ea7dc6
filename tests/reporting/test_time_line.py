"""The time line of a real contradiction, as Chromium lays it out for a person to look at.

One history is written by hand and judged by the checker, the other is a race that a faulty server
lost. What a browser measures is held to the times of the operations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tallystick.drivers.concurrent.order import judge_history, label_of, outcome_of
from tallystick.ledger.vocabulary import CardRecord, ReadCard
from tallystick.program import Program
from tallystick.reporting.reports import time_line_of
from tallystick.reporting.timeline import Bar, TimeLine, bars_of, timeline_page
from tests.drivers.test_concurrent import found_by, sandbox_run
from tests.drivers.test_order import BUDGET, CARD, Story, came, ledger
from tests.reporting.browser import DARK, measured

LOOK = """
const box = element => {
  const {left, right, top, bottom} = element.getBoundingClientRect();
  return {left, right, top, bottom};
};
return {
  names: [...document.querySelectorAll(".names text")].map(
    name => ({text: name.textContent, ...box(name)})),
  lanes: [...document.querySelectorAll(".lane")].map(box),
  bars: [...document.querySelectorAll(".operation")].map(bar => ({
    client: bar.dataset.client,
    order: bar.dataset.order ?? null,
    kind: bar.className.baseVal,
    badge: bar.querySelector(".badge-text").textContent,
    label: bar.querySelector("text:not([class])").textContent,
    said: box(bar.querySelector("text:not([class])")),
    box: box(bar.querySelector(".box")),
    fill: getComputedStyle(bar.querySelector(".box")).fill,
    ink: getComputedStyle(bar.querySelector("text:not([class])")).fill,
  })),
  order: [...document.querySelectorAll("ol.order code")].map(code => code.textContent),
  before: [...document.querySelectorAll(".before code")].map(code => code.textContent),
  spills: document.documentElement.scrollWidth > innerWidth,
};
"""
JUMP = """
document.querySelector('a[href="#stuck"]').click();
const {left, right, top, bottom} = document.querySelector("#stuck .box").getBoundingClientRect();
const names = document.querySelector(".names").getBoundingClientRect();
const scroll = document.querySelector(".scroll");
return {
  left, right, top, bottom, from: names.right, to: scroll.getBoundingClientRect().right,
  height: innerHeight, scrolled: scroll.scrollLeft,
  spills: document.documentElement.scrollWidth > innerWidth,
};
"""
BEFORE = ("A = card 1000 NOK", "h = hold A 600")


@dataclass(frozen=True, slots=True)
class Page:
    """A time line, and what a browser measured on its page."""

    line: TimeLine
    seen: dict[str, Any]

    def bar(self, wanted: Bar) -> dict[str, Any]:
        (found,) = (
            bar
            for bar in self.seen["bars"]
            if (bar["client"], bar["label"]) == (wanted.client, wanted.label)
        )
        return dict(found)


def by_hand() -> TimeLine:
    """Two captures of all, both accepted; a lost drawdown beside them, reads before and after."""
    story = Story().read(1000, 400, 0, 10).capture(600, "c1").capture(600, "c2")
    story.draw(100, "d", "lost")
    shown = CardRecord(CARD, "NOK", balance=0, available=0)
    story.add("read A", ReadCard(CARD), came("ok", shown), 200, 300)  # type: ignore[arg-type]
    before, c1, c2, lost, after = story.operations
    operations = [
        replace(before, client="2"),
        replace(c1, called_ns=20, returned_ns=100),
        replace(c2, called_ns=30, returned_ns=90),
        replace(lost, called_ns=40),
        replace(after, client="1"),
    ]
    judged = judge_history(operations, {CARD: (ledger(),)}, budget=BUDGET)
    assert judged.illegality is not None
    assert judged.violation is not None
    bars = bars_of(judged.illegality, label_of, outcome_of)
    return TimeLine("t", judged.violation.rule, judged.violation.actual, bars, BEFORE)


def raced() -> TimeLine:
    """A server checks a capture, and books it when another has been booked meanwhile."""
    race = ["1| c1 = capture h 400", "2| c2 = capture h 400", "3| read A"]
    with sandbox_run("race_capture") as (run, pool):
        found = found_by(run, pool, Program.from_lines([*BEFORE, *race]))
        assert found.race is not None
        return time_line_of(run, found, found.race)


@pytest.fixture(scope="module", params=["by hand, light, narrow", "raced, dark, wide"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Page:
    line, flags = {
        "by hand, light, narrow": (by_hand, ["--window-size=800,900"]),
        "raced, dark, wide": (raced, ["--window-size=1280,900", DARK]),
    }[request.param]
    made = line()
    directory = tmp_path_factory.mktemp("page")
    return Page(made, measured(timeline_page(made), directory, LOOK, *flags))


def test_every_client_has_one_lane_and_its_bars_lie_on_it(page: Page) -> None:
    clients = sorted({bar.client for bar in page.line.bars})
    assert len(clients) > 1
    assert [name["text"] for name in page.seen["names"]] == [f"client {name}" for name in clients]
    lanes = dict(zip(clients, page.seen["lanes"], strict=True))
    named = dict(zip(clients, page.seen["names"], strict=True))
    for bar in page.line.bars:
        box = page.bar(bar)["box"]
        for client in clients:
            on_it = box["top"] < lanes[client]["top"] < box["bottom"]
            assert on_it is (client == bar.client)
        assert box["top"] < named[bar.client]["top"] < named[bar.client]["bottom"] < box["bottom"]


def test_every_bar_holds_its_label(page: Page) -> None:
    assert len(page.seen["bars"]) == len(page.line.bars)
    for bar in page.seen["bars"]:
        box, said = bar["box"], bar["said"]
        assert box["left"] < said["left"] < said["right"] < box["right"]
        assert box["top"] < said["top"] < said["bottom"] < box["bottom"]


def test_bars_overlap_on_the_screen_exactly_where_the_calls_did(page: Page) -> None:
    overlaps = []
    for one, other in combinations(page.line.bars, 2):
        boxes = [page.bar(one)["box"], page.bar(other)["box"]]
        meet = all(a["left"] < b["right"] for a, b in (boxes, boxes[::-1]))
        assert meet is (_before_end(one, other) and _before_end(other, one)), (one, other)
        assert (boxes[0]["left"] < boxes[1]["left"]) is (one.called_ns < other.called_ns)
        overlaps.append(meet)
    assert any(overlaps)


def _before_end(one: Bar, other: Bar) -> bool:
    return other.returned_ns is None or one.called_ns < other.returned_ns


def test_the_legal_prefix_is_numbered_and_the_stuck_operation_is_marked(page: Page) -> None:
    prefix = {bar.order: bar for bar in page.line.bars if bar.order is not None}
    assert page.seen["order"] == [prefix[n + 1].label for n in range(len(prefix))] != []
    for order, bar in prefix.items():
        seen = page.bar(bar)
        assert seen["order"] == seen["badge"] == str(order)
        assert seen["kind"] == "operation placed"
    (stuck,) = (bar for bar in page.line.bars if bar.stuck)
    seen = page.bar(stuck)
    assert "capture h" in stuck.label
    assert (seen["order"], seen["badge"], seen["kind"]) == (None, "✗", "operation stuck")
    others = {bar["fill"] for bar in page.seen["bars"] if bar["kind"] != seen["kind"]}
    assert seen["fill"] not in others


def test_labels_can_be_read_on_their_bars(page: Page) -> None:
    for bar in page.seen["bars"]:
        lighter, darker = sorted((_luminance(bar["fill"]), _luminance(bar["ink"])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) > 4.5, bar


def _luminance(colour: str) -> float:
    """The relative luminance of `rgb(r, g, b)`, as the Web Content Accessibility Guidelines do."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_page_loads_nothing_logs_nothing_and_fits_the_window(page: Page) -> None:
    assert page.seen["loaded"] == []
    assert page.seen["errors"] == []
    assert page.seen["spills"] is False


def test_what_was_done_before_the_race_is_told(page: Page) -> None:
    assert page.seen["before"] == list(page.line.before) == list(BEFORE)


def test_the_link_shows_the_stuck_operation_of_a_long_history(tmp_path: Path) -> None:
    bars = [Bar("1", "read A", "balance 0", 10 * n, 10 * n + 5, n + 1, False) for n in range(60)]
    line = TimeLine("t", "CONC-1", "e", (*bars, Bar("2", "read B", "x", 600, 605, None, True)))
    seen = measured(timeline_page(line), tmp_path, JUMP, "--window-size=800,600")
    assert seen["from"] < seen["left"] < seen["right"] < seen["to"]
    assert seen["scrolled"] > 0
    assert seen["spills"] is False
    assert 0 < seen["top"] < seen["bottom"] < seen["height"]


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        ('<img src="http://127.0.0.1:9/x.png">', "loaded"),
        ("<script>nonsense()</script>", "errors"),
        ("<script>console.error('x')</script>", "errors"),
    ],
)
def test_a_page_that_loads_or_logs_would_be_noticed(tmp_path: Path, broken: str, kept: str) -> None:
    page = timeline_page(TimeLine("t", "r", "e", ()))
    seen = measured(page.replace("</h1>", f"</h1>{broken}"), tmp_path, "return {}")
    assert seen[kept]


def test_words_between_backticks_are_code_and_one_backtick_is_itself() -> None:
    def told(explanation: str) -> str:
        return timeline_page(TimeLine("t", "r", explanation, ()))

    assert "<p>after <code>a &lt; b</code> none</p>" in told("after `a < b` none").replace("\n", "")
    assert "<p>a ` b</p>" in told("a ` b").replace("\n", "")
