"""The page as a browser shows it: on a phone, in the dark, by keyboard, and to a screen reader.

The pages are of real runs that are short: a race and a void (the committed example), a broken
delivery, an API of holds alone; and of a made-up run with everything that a server may say.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.documents.questions import open_dialect
from tallystick.drivers.sequential import run_program
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.reporting.journal import read_journal
from tallystick.reporting.page import report_page
from tallystick.reporting.records import exchanges_of
from tallystick.reporting.result import Ending, read_result, redactor_for, summarise
from tallystick.run import Run
from tests.drivers import test_delivery
from tests.reporting.browser import DARK, accessibility, framed, measured
from tests.reporting.example import EXAMPLE
from tests.reporting.sample import NOT_CLAIMED, sample_run
from tests.strategies.hold_memory import FIRST, HOLDS, HoldMemory, HoldProfile, HoldServer
from tests.strategies.memory import run_on

PHONE = 400
EVIL = "<script>alert(1)</script>\"'&"
IN_THE_FRAME = """
const page = document.querySelector("iframe").contentDocument;
const wide = [...page.querySelectorAll("main *, header *")].filter(each =>
  !each.closest(".scroll, .hidden, thead, nav") && each.getBoundingClientRect().right > %d + 0.5);
return {width: page.documentElement.scrollWidth, wide: wide.map(each => each.className)};
"""
HEADS_IN_THE_FRAME = """
const page = document.querySelector("iframe").contentDocument;
const drawn = [...page.querySelectorAll(".seq")].filter(each => each.getBoundingClientRect().width);
const heads = [...drawn[0].querySelectorAll(".head-text")];
const scale = drawn[0].getScreenCTM().a;
const sizes = [...drawn[0].querySelectorAll("text")].map(
  each => scale * parseFloat(page.defaultView.getComputedStyle(each).fontSize));
return {
  names: heads.map(each => each.textContent),
  rights: heads.map(each => each.getBoundingClientRect().right),
  least_letter: Math.min(...sizes),
};
"""
CHOSEN = """
const shown = () => [...document.querySelectorAll(".rules tbody tr")].filter(
  row => row.offsetParent !== null).map(row => row.className);
const all = shown();
document.querySelector("#show-bad").click();
return {all, bad: shown()};
"""
KEYS = """
const can = [...document.querySelectorAll("a[href], input, summary, [tabindex]")];
const target = link => document.getElementById(decodeURIComponent(link.hash.slice(1)));
const scrolls = [...document.querySelectorAll(".scroll")];
return {
  first: can[0].textContent,
  lost: [...document.querySelectorAll("a[href^='#']")].filter(link => !target(link)).map(
    link => link.outerHTML),
  links: document.querySelectorAll("nav a").length,
  dead: scrolls.filter(each => each.tabIndex !== 0 || !each.ariaLabel).length,
  scrolls: scrolls.length,
  wrong: [...document.querySelectorAll("tr.wrong mark, tr.wrong strong")].map(
    each => each.textContent),
};
"""


def page_of(run: Run, ending: Ending | None = None) -> str:
    """The page of a run, with the exchanges of its findings."""
    ending = ending or Ending(not_claimed=NOT_CLAIMED, build="1.4.2", command="tallystick gate")
    findings = run.findings.values()
    result = summarise(run, ending, seconds=1)
    return report_page(result, exchanges_of(findings, redactor_for(run, *findings)))


class OpenHolds(HoldMemory):
    """Holds in memory, for which nobody needs credentials."""

    is_fixed = False
    shown = ()

    @property
    def authentication(self) -> OpenHolds:
        """None."""
        return self

    def current(self) -> dict[str, str]:
        """No headers."""
        return {}


def run_of_holds(*lines: str) -> Run:
    """A run of one program on an API of holds alone."""
    server = HoldServer(dict(FIRST), HOLDS)
    run = run_on(OpenHolds(server), HoldProfile(HOLDS), open_dialect({}))
    run_program(run, Program.parse(*lines))
    return run


def example() -> str:
    """Three rules broken, one of them by a race."""
    journal = read_journal(EXAMPLE / "journal.jsonl")
    result = read_result(EXAMPLE / "result.json")
    return report_page(result, journal.exchanges(), journal.races())


def delivery() -> str:
    """A copy of a request that is carried out too."""
    with test_delivery.sandbox_run("ref_remembered_late") as run:
        run.record(test_delivery.found_by(run, "A = card 1000 NOK", "x = draw A 100 !twice"))
        return page_of(run)


def holds_alone() -> str:
    """An API without accounts, on which nothing is broken."""
    run = run_of_holds("A = card 1000", "h = hold A 600", "c = capture h 100", "v = void h")
    return page_of(run)


def everything() -> str:
    """A made-up run with long texts and markup in all that a server says."""
    run = sample_run()
    finding = run.findings["CAP-2"]
    actual = f"accepted {EVIL} {'0123456789' * 90}"
    run.revise(finding, replace(finding, violation=Violation("CAP-2", EVIL, actual)))
    steps = (EVIL, "x" * 900)
    for number in range(1, 10):  # so many that there is a list of them, which is folded
        for rule in (f"CAP-{number}", f"TX-{number}"):
            run.record(replace(finding, violation=Violation(rule, EVIL, actual), notes=steps))
    return page_of(run)


PAGES = {page.__name__: page for page in (example, delivery, holds_alone, everything)}


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]()


@pytest.mark.parametrize("flags", [(), (DARK,)], ids=["light", "dark"])
def test_axe_finds_nothing(page: str, tmp_path: Path, flags: tuple[str, ...]) -> None:
    seen = accessibility(page, tmp_path, *flags)
    assert seen["violations"] == []
    assert seen["passes"] > 20


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ('<img src="data:,">', "image-alt"),
        ('<p style="color: #777; background: #888">hard to read</p>', "color-contrast"),
        ("<button></button>", "button-name"),
    ],
)
def test_axe_finds_what_is_wrong(tmp_path: Path, broken: str, rule: str) -> None:
    page = holds_alone().replace("</main>", f"{broken}</main>", 1)
    assert rule in [name for name, _ in accessibility(page, tmp_path)["violations"]]


def test_nothing_is_wider_than_a_phone(page: str, tmp_path: Path) -> None:
    seen = measured(framed(page, PHONE), tmp_path, IN_THE_FRAME % PHONE)
    assert seen["wide"] == []
    assert seen["width"] <= PHONE
    assert seen["errors"] == []


def test_a_phone_shows_client_network_and_server_side_by_side(tmp_path: Path) -> None:
    seen = measured(framed(delivery(), PHONE), tmp_path, HEADS_IN_THE_FRAME)
    assert seen["names"] == ["client", "network", "server"]
    assert seen["rights"] == sorted(seen["rights"])
    assert seen["rights"][-1] <= PHONE
    assert seen["least_letter"] >= 11


def test_what_is_wider_than_a_phone_would_be_seen(tmp_path: Path) -> None:
    page = holds_alone().replace("</main>", '<p style="width: 450px">x</p></main>', 1)
    seen = measured(framed(page, PHONE), tmp_path, IN_THE_FRAME % PHONE)
    assert seen["width"] > PHONE
    assert len(seen["wide"]) == 1


def test_the_page_loads_nothing_and_logs_nothing(page: str, tmp_path: Path) -> None:
    seen = measured(page, tmp_path, "return {}", "--window-size=1280,900")
    assert (seen["loaded"], seen["errors"]) == ([], [])
    assert "<script" not in page


def test_every_part_can_be_reached_by_keyboard(page: str, tmp_path: Path) -> None:
    seen = measured(page, tmp_path, KEYS)
    assert seen["first"] == "Skip to the result"
    assert (seen["lost"], seen["dead"]) == ([], 0)
    assert seen["links"] > 5
    assert seen["scrolls"] > 1


def test_the_filter_shows_the_broken_rules_alone(tmp_path: Path) -> None:
    seen = measured(example(), tmp_path, CHOSEN)
    assert seen["bad"] == ["r-bad"] * 3
    assert len(seen["all"]) > 100


def test_a_difference_is_said_not_only_coloured(tmp_path: Path) -> None:
    seen = measured(example(), tmp_path, KEYS)
    assert "differs: 900" in seen["wrong"]
    assert all(text.startswith("differs: ") for text in seen["wrong"])
