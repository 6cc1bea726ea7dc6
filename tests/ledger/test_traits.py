"""What an API is able to do, and the amounts that follow from it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.ledger.vocabulary import Violation, exact
from tests.ledger.stories import Story


@pytest.mark.parametrize(("least", "scale"), [(0, 1), (1, 1), (2, 10), (50, 100), (100, 100)])
def test_a_program_is_multiplied_by_the_least_power_of_ten_that_is_ordinary(
    least: int, scale: int
) -> None:
    assert Traits(("USD",), least=least).scale == scale


def test_the_first_currency_is_that_of_a_step_without_one() -> None:
    assert Traits(("USD", "EUR")).currency == "USD"
    assert COMPLETE.currency == ""


def test_a_minor_unit_is_a_hundredth_where_nothing_else_is_said() -> None:
    traits = Traits(("USD", "JPY"), digits={"JPY": 0})
    assert [traits.digits_of(currency) for currency in traits.currencies] == [2, 0]


def test_a_whole_number_of_units_is_an_integer() -> None:
    assert type(exact(Decimal("5.0"))) is int
    assert exact(Decimal("5.5")) == Decimal("5.5")


@pytest.mark.parametrize("kind", ["capture", "void"])
def test_an_amount_that_the_api_does_not_show_is_not_judged(kind: str) -> None:
    lines = {"capture": "capture c1 h1 all", "void": "void v1 h1"}
    others = replace(COMPLETE, details=COMPLETE.details - {f"amount of a {kind}"})
    for traits, is_permitted in ((COMPLETE, False), (others, True)):
        story = Story(traits=traits).tell("open 1000", "hold h1 600")
        hidden = story.judge(lines[kind], "accepted amount=none").result
        assert isinstance(hidden, Violation) is not is_permitted
        wrong = story.judge(lines[kind], "accepted amount=7").result
        assert isinstance(wrong, Violation)


@pytest.mark.parametrize("rest", ["kept", "released"])
@pytest.mark.parametrize(("said", "held"), [("true", 0), ("false", 400)])
def test_a_capture_that_says_what_becomes_of_the_rest_decides_it(
    rest: str, said: str, held: int
) -> None:
    traits = replace(COMPLETE, says_rest=frozenset({"true", "false"}))
    story = Story(traits=traits, **{"capture.rest": rest}).tell("open 1000", "hold h1 600")
    judged = story.judge(f"capture c1 h1 200 final={said}", "accepted").result
    assert not isinstance(judged, Violation)
    assert {ledger.held for ledger in judged} == {held}
    assert all(ledger.captured == 200 for ledger in judged)


def test_a_capture_that_keeps_the_rest_leaves_open_what_the_next_one_does() -> None:
    traits = replace(COMPLETE, account=False, says_rest=frozenset({"false"}))
    story = Story(traits=traits, **{"capture.rest": "kept"})
    story.tell("open 1000", "hold h1 600", "capture c1 h1 200 final=false")
    judged = story.judge("capture c2 h1 100", "accepted").result
    assert not isinstance(judged, Violation)
    assert {ledger.held for ledger in judged} == {300, 0}
