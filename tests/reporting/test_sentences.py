"""The sentence under the title of a violation, and what was due, in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tallystick.ledger.vocabulary import Violation
from tallystick.reporting.ledger_says import Compared
from tallystick.reporting.records import exchanges_of
from tallystick.reporting.redaction import Redactor
from tallystick.reporting.result import Ending, summarise
from tallystick.reporting.sentences import due_in_words, sentence_of
from tallystick.reporting.timeline import Bar, TimeLine
from tests.reporting.sample import over_capture, sample_run

ACCEPTED = Compared("answer", "refuse", "accepted", differs=True)
FITTING = ACCEPTED._replace(differs=False)
FIGURE = Compared("amount_balance", "900", "800", differs=True)


def said(steps: tuple[str, ...] = (), *compared: Compared, race: TimeLine | None = None) -> str:
    """The sentence of a violation, of which the last answer compares like this."""
    run = sample_run([over_capture()])
    entry = summarise(run, Ending(), seconds=1)["violations"][0]
    last = exchanges_of(run.findings.values(), Redactor())["CAP-2"][-1]
    entry["steps"] = list(steps)
    marked = sentence_of(entry, replace(last, step="c = capture h", compared=compared), race)
    return "".join(text for _, text in marked)


def line(*bars: Bar) -> TimeLine:
    return TimeLine("of a card", "CONC-1", "", bars)


FIRST = Bar("1", "c = capture h", "accepted: 100", 0, 20, None, stuck=True)
SECOND = Bar("2", "v = void h", "accepted: 100", 10, 30, 1, stuck=False)
LATER = replace(SECOND, called_ns=21, returned_ns=30)


def test_the_answer_is_set_against_the_ledger() -> None:
    assert said((), ACCEPTED) == (
        "c = capture h was accepted by the server. The ledger says: refuse."
    )
    assert said((), FITTING, FIGURE) == (
        "After c = capture h the server shows amount_balance 800. "
        "The ledger has amount_balance 900."
    )
    assert said((), FITTING) == ""


@pytest.mark.parametrize(
    ("mark", "what"),
    [
        ("lost", "The answer to d = draw A 5 was lost."),
        ("cut", "The connection broke in the middle of the answer to d = draw A 5."),
        ("timeout", "The client gave up before the answer to d = draw A 5 came."),
        ("twice", "The network delivered d = draw A 5 twice."),
        ("late", "A second copy of d = draw A 5 came late, after all later requests."),
    ],
)
def test_what_the_network_did_comes_first(mark: str, what: str) -> None:
    assert said(("A = card 1000", f"1| d = draw A 5 !{mark}")) == what
    steps = (f"d = draw A 5 !{mark}",)
    assert said(steps, ACCEPTED) == f"{what} {said((), ACCEPTED)}"


def test_of_many_broken_deliveries_the_last_are_told() -> None:
    steps = tuple(f"d{number} = draw A 5 !twice" for number in range(9))
    assert said(steps).count("The network delivered") == 3


def test_two_answers_at_the_same_moment_contradict_each_other() -> None:
    assert said(race=line(SECOND, FIRST)) == (
        "At the same moment, c = capture h was answered with “accepted: 100” and v = void h was "
        "answered with “accepted: 100”. The ledger permits no such pair of answers, whichever "
        "request came first."
    )


@pytest.mark.parametrize(
    "bars",
    [(FIRST, LATER), (FIRST, SECOND, replace(SECOND, client="3"))],
    ids=["one after the other", "three"],
)
def test_of_any_other_history_the_answer_without_a_place_is_named(bars: tuple[Bar, ...]) -> None:
    assert said(race=line(*bars)) == (
        "c = capture h was answered with “accepted: 100”. "
        "No order of these requests permits that answer."
    )


def test_an_answer_that_never_came_may_come_first_or_last() -> None:
    silent = replace(SECOND, returned_ns=None, outcome="no answer (lost)")
    assert said(race=line(FIRST, silent)).startswith("At the same moment, ")


def test_an_answer_to_an_open_question_is_told_with_its_meaning() -> None:
    assert due_in_words("ref.same.drawdown: refuse") == (
        "the answer `refuse` (the retry is safe because it does nothing) to `ref.same.drawdown`, "
        "as until now"
    )
    assert "as until now" not in due_in_words("ref.same.drawdown: refuse or replay")


@pytest.mark.parametrize("due", ["accepted", "no.such.question: refuse", "amount: 5 or more"])
def test_other_words_stay(due: str) -> None:
    assert due_in_words(Violation("CAP-2", due, "refused").expected) == due
