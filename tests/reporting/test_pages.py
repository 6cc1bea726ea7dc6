"""The pages: whole in themselves, everything escaped, seen in a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.checker import History, Operation, check
from tallystick.reporting.page import report_page
from tallystick.reporting.records import exchanges_of
from tallystick.reporting.result import Ending, redactor_for, summarise
from tallystick.reporting.timeline import MOST_BARS, Bar, TimeLine, bars_of, timeline_page
from tests.reporting.browser import dom
from tests.reporting.sample import NOT_CLAIMED, race, sample_run

EVIL = "<script>alert(1)</script>\"'&"


def _page(evil: str = "") -> str:
    run = sample_run()
    finding = run.findings["CAP-2"]
    violation = replace(finding.violation, actual=f"accepted{evil}")
    run.revise(finding, replace(finding, violation=violation, test=finding.test + evil))
    redactor = redactor_for(run, *run.findings.values())
    result = summarise(run, Ending(not_claimed={**NOT_CLAIMED, f"x{evil}": f"y{evil}"}), seconds=1)
    return report_page(result, exchanges_of(run.findings.values(), redactor))


def _evil_line() -> TimeLine:
    bars = tuple(replace(bar, label=bar.label + EVIL, outcome=EVIL) for bar in race().bars)
    return TimeLine(EVIL, EVIL, EVIL, bars)


@pytest.mark.parametrize("page", [_page(), timeline_page(race())], ids=["report", "timeline"])
def test_a_page_needs_nothing_from_outside(page: str) -> None:
    assert "<script" not in page
    assert "@import" not in page
    assert not re.search(r"<(?:link|img|iframe|object)\b", page)
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page)
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("page", [_page(EVIL), timeline_page(_evil_line())], ids=["report", "line"])
def test_what_a_server_said_is_never_markup(page: str) -> None:
    assert EVIL not in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_tells_every_violation_rule_and_answer() -> None:
    page = _page()
    for text in (
        "A capture of more than remains is refused whole.",
        "a refusal: 600 of 600 remain",
        "c1 = capture h1 remaining+1",
        "tallystick replay scenarios/cap-2.yaml --target http://127.0.0.1:8000/v1",
        "seen again in 10 of 10 replays",
        "intermittent: seen again in 7 of 10 replays",
        "no answer",
        "The same capture again: same ref_id, same body.",
        "TALLYSTICK_OTHER_ACCOUNT is not set",
        "not claimed",
        "not exercised",
        "$TOKEN",
    ):
        assert text in page


def test_of_many_violations_the_first_ones_are_listed_and_the_others_folded() -> None:
    run = sample_run()
    result = summarise(run, Ending(), seconds=1.0)
    first = result["violations"][0]
    result["violations"] = [
        {**first, "key": str(n), "actual": f"{n} {'x' * 500}"} for n in range(40)
    ]
    head, _, folded = report_page(result, {}).partition('<details class="more">')
    assert head.count(f"{'x' * 100}…") == 8
    assert folded.startswith("<summary>32 more</summary>")
    assert folded.partition("</details>")[0].count(f"{'x' * 100}…") == 32


def test_the_page_says_whose_exchanges_it_shows() -> None:
    run = sample_run()
    finding = run.findings["CAP-2"]
    first, *rest = finding.events
    events = (replace(first, step="A = card 9 EUR"), *rest)
    run.revise(finding, replace(finding, events=events))
    result = summarise(run, Ending(), seconds=1)
    page = report_page(result, exchanges_of(run.findings.values(), redactor_for(run)))
    assert page.count("in the longer program that showed it first") == 1
    assert "in the longer program" not in _page()


def test_no_secret_reaches_the_page() -> None:
    assert "5d2f1c9e-77aa-4b11" not in _page()
    assert "[token " in _page()


def test_the_report_is_built_by_a_browser(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(_page(EVIL), encoding="utf-8")
    seen = dom(path, tmp_path / "profile")
    assert seen.count('<article class="card violation"') == 2
    assert len(re.findall(r'<details class="exchange">', seen)) == 7
    assert "<script" not in seen


def test_the_time_line_is_built_by_a_browser(tmp_path: Path) -> None:
    path = tmp_path / "conc-1.html"
    path.write_text(timeline_page(race()), encoding="utf-8")
    seen = dom(path, tmp_path / "profile")
    bars = re.findall(r'<g class="operation ([a-z ]+)" data-client="(\d)"( data-order="\d")?', seen)
    assert sorted(bars) == [
        ("placed", "0", ' data-order="1"'),
        ("placed", "0", ' data-order="2"'),
        ("placed", "1", ' data-order="3"'),
        ("stuck", "2", ""),
        ("unplaced", "0", ""),
        ("unplaced open", "3", ""),
    ]
    assert seen.count('class="arrow"') == 1
    assert seen.count("<svg") == 2


def _boxes(page: str) -> dict[str, tuple[float, float]]:
    """Label to (left, right) of each bar that has an end."""
    found = re.findall(
        r"translate\(([\d.]+) \d+\)\">\s*<title>(\w+)[^<]*</title>\s*<rect[^>]*width=\"([\d.]+)\"",
        page,
    )
    return {label: (float(x), float(x) + float(width)) for x, label, width in found}


def test_bars_overlap_exactly_where_the_calls_did() -> None:
    boxes = _boxes(timeline_page(race()))
    assert boxes["A"][1] < boxes["h1"][0] < boxes["h1"][1] < boxes["c1"][0]
    assert boxes["c1"][0] < boxes["c2"][0] < boxes["c2"][1] < boxes["c1"][1]
    assert boxes["c1"][1] < boxes["read"][0]


def test_bars_are_as_wide_as_their_labels_need() -> None:
    long = "x" * 60
    line = TimeLine("t", "CONC-1", "e", (Bar("1", long, "ok", 5, 5, 1, False),))
    short = TimeLine("t", "CONC-1", "e", (Bar("1", long, "ok", 5, 6, 1, False),))
    assert _boxes(timeline_page(short))[long][1] > 60 * 7
    assert "data-order" in timeline_page(line)


def test_an_empty_history_is_a_page_too() -> None:
    assert "the first operation has no place" in timeline_page(TimeLine("t", "r", "e", ()))


def _counter_step(total: int, command: int, outcome: int) -> tuple[int, ...]:
    return (total + command,) if outcome == total + command else ()


def _counting(extra: int) -> History[int, int]:
    """One client that counts right, then two at once that both read the same."""
    steps = [Operation(0, "k", 1, n + 1, 10 * n, 10 * n + 5) for n in range(extra)]
    at = 10 * extra
    return History.of(
        [
            *steps,
            Operation(1, "k", 1, extra + 1, at, at + 5),
            Operation(2, "k", 1, extra + 1, at + 1, at + 6),
        ]
    )


@pytest.mark.parametrize("extra", [2, MOST_BARS + 5])
def test_the_checkers_own_finding_becomes_bars(extra: int) -> None:
    judgement = check(_counting(extra), _counter_step, lambda key: 0)
    (illegality,) = judgement.illegalities
    bars = bars_of(illegality, lambda op: f"+{op.command}", lambda op: str(op.outcome))
    assert sum(bar.stuck for bar in bars) == 1
    orders = [bar.order for bar in bars if bar.order is not None]
    assert sorted(orders) == list(range(1, len(orders) + 1))
    assert len(bars) == extra + 2 if extra < MOST_BARS else len(bars) <= extra
    assert timeline_page(TimeLine("t", "CONC-1", "e", bars)).count("<g class=") == len(bars)
