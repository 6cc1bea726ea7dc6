"""Causes come first, and a violation is folded only under one that is shown to explain it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tallystick.causes import Steadiness, explains, grouped, steadiness
from tallystick.fingerprint import holds
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.run import Finding

HOLD = ("A = card 1000 NOK", "h = hold A 100")
CAPTURE = (*HOLD, "c = capture h 50")


def found(
    rule: str,
    *lines: str,
    actual: str = "amount_available 900",
    replays: tuple[int, int] | None = (4, 4),
    at: int = 10,
    shows: tuple[tuple[str, str], ...] = (),
) -> Finding:
    return Finding(
        Violation(rule, "what is permitted", actual),
        Program.from_lines(lines),
        (),
        at,
        replays=replays,
        shows=shows,
    )


def in_words(rule: str, *notes: str, actual: str = "status 200", at: int = 10) -> Finding:
    return replace(found(rule, actual=actual, replays=None, at=at), notes=notes)


def rules_of(*findings: Finding) -> list[tuple[str, int | None]]:
    return [(each.finding.violation.rule, each.cause) for each in grouped(findings)]


def test_the_same_wrong_figure_after_more_steps_is_a_consequence() -> None:
    longer = found("BAL-4", *HOLD, "f = fund A 100", at=1)
    assert rules_of(longer, found("TX-5", *HOLD)) == [("TX-5", None), ("BAL-4", 0)]


def test_the_same_wrong_figure_in_single_requests_with_the_same_steps_is_a_consequence() -> None:
    opening = 'A = card 1000 NOK with {"name": "Listed"}'
    listed = in_words(
        "BAL-4", opening, "h = hold A 100", "GET /cards -> 200", actual="amount_available 900"
    )
    cause = found("TX-5", *HOLD)
    assert rules_of(listed, cause) == [("TX-5", None), ("BAL-4", 0)]
    other_figure = replace(listed, violation=replace(listed.violation, actual="amount_balance 900"))
    assert not explains(cause, other_figure)
    assert not explains(cause, replace(listed, notes=(opening, "GET /cards -> 200")))
    assert not explains(replace(cause, replays=(3, 4)), listed)


def test_a_step_whose_members_are_cut_off_is_still_a_step() -> None:
    cause = found("CARD-2", 'A = card 1000 NOK with {"name": "x"}', actual="originated_by None")
    cut = 'A = card 1000 USD with {"name": "Everything", "metadata": "{\\"order'
    viewed = in_words("CARD-2", cut, "info t", "GET /cards/a -> 200", actual="originated_by None")
    assert explains(cause, viewed)
    assert not explains(cause, replace(viewed, notes=("POST /cards with {", *viewed.notes[2:])))


def test_another_wrong_figure_is_another_cause() -> None:
    longer = found("CAP-4", *CAPTURE, actual="amount_balance 900")
    assert rules_of(longer, found("TX-5", *HOLD)) == [("TX-5", None), ("CAP-4", None)]


@pytest.mark.parametrize("actual", ["accepted", "refused with 400", "status 500", "no id"])
def test_two_wrong_decisions_are_two_causes(actual: str) -> None:
    one = found("CAP-2", *HOLD, "c = capture h remaining+1", actual=actual)
    two = found("CAP-6", *HOLD, "v = void h", "c = capture h", actual=actual)
    assert rules_of(two, one) == [("CAP-2", None), ("CAP-6", None)]


def test_one_program_that_breaks_two_rules_shows_one_cause() -> None:
    lines = (*HOLD, "c = capture h remaining+1")
    shape = found("SHAPE-1", *lines, actual="the body: ref_id is missing", at=90)
    assert rules_of(shape, found("CAP-2", *lines, actual="accepted", at=7)) == [
        ("CAP-2", None),
        ("SHAPE-1", 0),
    ]


@pytest.mark.parametrize(
    ("lines", "is_one"),
    [
        (("B = card 1000 NOK", "j = hold B 100", "x = capture j remaining+1"), True),
        (("B = card 1000 NOK", "j = hold B 101", "x = capture j remaining+1"), False),
        (("B = card 1000 NOK", "j = hold B 100", "x = capture B remaining+1"), False),
        (("B = card 1000 NOK", "j = hold B 100", "x = capture j remaining"), False),
    ],
)
def test_labels_make_no_other_program(lines: tuple[str, ...], is_one: bool) -> None:
    cause = found("CAP-2", *HOLD, "c = capture h remaining+1", actual="accepted")
    other = found("SHAPE-1", *lines, actual="the body: ref_id is missing", at=90)
    assert explains(cause, other) is is_one


def test_a_race_that_breaks_a_rule_one_by_one_is_a_consequence() -> None:
    program = (*HOLD, "1| c = capture h 60", "2| d = capture h 60")
    race = found("CONC-1", *program, actual="there is none", shows=(("CAP-2", "accepted"),))
    cause = found("CAP-2", *HOLD, "c = capture h remaining+1", actual="accepted")
    assert rules_of(race, cause) == [("CAP-2", None), ("CONC-1", 0)]
    assert not explains(cause, replace(race, shows=()))
    assert not explains(cause, replace(race, shows=(("TX-2", "accepted"),)))


def test_what_never_came_back_is_explained_by_what_its_program_shows_without_losses() -> None:
    lost = found("REF-1", "A = card 5000 NOK !cut", "s = hold A 10 !timeout", replays=(0, 10))
    cause = found("TX-5", *HOLD, at=4)
    assert not explains(cause, lost)
    assert explains(cause, replace(lost, shows=(("TX-5", "amount_available"),)))


def test_an_intermittent_violation_explains_nothing_and_comes_last() -> None:
    rare = found("TX-5", "A = card 1000 NOK", replays=(3, 4), at=1)
    steady = found("BAL-4", *CAPTURE, at=900)
    assert rules_of(rare, steady) == [("BAL-4", None), ("TX-5", None)]


def test_causes_are_ordered_by_level_steadiness_length_and_time() -> None:
    ranked = [
        found("CAP-1", *HOLD, actual="accepted", at=50),
        in_words("AUTH-1", "GET /x -> 200", "GET /y -> 200", at=1),
        found("CAP-2", *CAPTURE, actual="accepted", at=5),
        found("CAP-3", *CAPTURE, "v = void h", actual="accepted", at=9),
        found("CAP-4", *HOLD, "v = void h", "w = void h", actual="accepted", at=12),
        found("CAP-5", *HOLD, actual="refused with 400", replays=None, at=1),
        found("CAP-6", *HOLD, actual="refused with 401", replays=(2, 10), at=1),
        found("SHAPE-7", "A = card 1000 NOK", actual="accepted", at=1),
    ]
    shown = grouped(reversed(ranked), lambda rule: rule != "SHAPE-7")
    assert [each.finding for each in shown] == ranked


def test_single_requests_are_alike_if_one_rule_is_broken_in_one_way() -> None:
    one = in_words("AUTH-1", "GET /cards -> 200")
    assert explains(one, in_words("AUTH-1", "DELETE /cards/1 -> 200", at=20))
    assert not explains(one, in_words("AUTH-2", "GET /cards -> 200"))
    assert not explains(one, in_words("AUTH-1", "GET /cards -> 500", actual="accepted"))
    assert not explains(one, found("AUTH-1", *HOLD))


def test_a_consequence_names_the_place_of_its_cause() -> None:
    first = found("TX-5", *HOLD)
    second = found("CAP-2", *HOLD, "c = capture h remaining+1", actual="accepted")
    shown = grouped([found("BAL-4", *CAPTURE), second, first])
    assert [(each.finding.violation.rule, each.cause) for each in shown] == [
        ("TX-5", None),
        ("CAP-2", None),
        ("BAL-4", 0),
    ]


def test_steps_are_held_in_order_and_about_the_same_things() -> None:
    hold, token = Program.from_lines(HOLD), ("B = card 1 EUR", "t = token B", "x = hold t 1")
    assert holds(hold, Program.from_lines(CAPTURE))
    assert holds(hold, Program.from_lines(("B = card 9 EUR", *HOLD)))
    assert not holds(hold, Program.from_lines(token[:2]))
    assert not holds(Program.from_lines(CAPTURE), hold)
    two = ("A = card 1 NOK", "B = card 1 NOK", "h = hold A 1", "g = hold B 1")
    other = Program.from_lines((*two, "c = capture g"))
    assert holds(Program.from_lines((*two[:1], "g = hold A 1", "c = capture g")), other)
    crossed = Program.from_lines((*two[:3], "f = fund B 1"))
    assert not holds(Program.from_lines((two[0], two[2], "f = fund A 1")), crossed)


@pytest.mark.parametrize(
    "lines",
    [
        ("B = card 1 EUR", "t = token B", "x = hold t 1"),
        ("A = batch", "activate A 90001", "h1 = hold A available"),
    ],
)
def test_how_a_card_was_made_or_named_makes_no_difference(lines: tuple[str, ...]) -> None:
    assert holds(Program.from_lines(HOLD), Program.from_lines(lines))
    paid = (*lines, f"c = capture {lines[-1].split()[0]}")
    assert holds(Program.from_lines(CAPTURE), Program.from_lines(paid))


@pytest.mark.parametrize(
    ("replays", "expected"),
    [
        ((4, 4), Steadiness.STEADY),
        (None, Steadiness.NOT_REPLAYED),
        ((3, 4), Steadiness.INTERMITTENT),
        ((0, 10), Steadiness.INTERMITTENT),
    ],
)
def test_steadiness_is_known_from_replays(
    replays: tuple[int, int] | None, expected: Steadiness
) -> None:
    assert steadiness(found("TX-5", *HOLD, replays=replays)) is expected
