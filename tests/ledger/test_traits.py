"""What an API is able to do, and the amounts that follow from it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tallystick.ledger.lifecycle import State
from tallystick.ledger.oracle import judge
from tallystick.ledger.persistent import Map
from tallystick.ledger.records import judge_list
from tallystick.ledger.state import Entry, Ledger, is_made_up, unrecorded_id
from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.ledger.vocabulary import (
    Accepted,
    EntryId,
    Kind,
    RefId,
    TransactionRecord,
    Violation,
    exact,
)
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


UNSHOWN = frozenset({"ref of an item", "amount of an item", "parent of an item"})
BARE = replace(COMPLETE, details=COMPLETE.details - UNSHOWN)


def listed(traits: Traits, *lines: str, without: tuple[str, ...] = ("ref",)) -> Ledger | Violation:
    """What is made of the honest list of a card, of which each item lacks some members."""
    story = Story(traits=traits).tell("open 1000", *lines)
    shown = story.server.perform(story.command("list"))
    assert isinstance(shown, Accepted)
    assert isinstance(shown.record, tuple)
    bare = tuple(replace(each, **dict.fromkeys(without)) for each in shown.record)
    return judge_list(story.ledger, bare, [])


@pytest.mark.parametrize("without", [("ref",), ("ref", "amount"), ("ref", "amount", "parent")])
@pytest.mark.parametrize(
    "lines",
    [
        ("hold h1 600", "capture c1 h1 200", "draw d1 5"),
        ("lost draw d1 5",),
        ("lost draw d1 5", "lost draw d2 5", "lost fund f1 1000"),
    ],
)
def test_what_no_item_of_a_list_shows_is_not_judged(
    lines: tuple[str, ...], without: tuple[str, ...]
) -> None:
    needed = UNSHOWN & {f"{name} of an item" for name in without}
    traits = replace(COMPLETE, details=COMPLETE.details - needed)
    assert not isinstance(listed(traits, *lines, without=without), Violation)


def test_the_id_of_a_lost_answer_is_learned_where_only_one_fits() -> None:
    one = listed(BARE, "lost draw d1 5", "lost draw d2 7", without=("ref",))
    assert isinstance(one, Ledger)
    shown = replace(COMPLETE, details=COMPLETE.details - {"ref of an item"})
    known = listed(shown, "lost draw d1 5", "lost draw d2 7")
    assert isinstance(known, Ledger)
    assert [key for key in known.entries if is_made_up(key)] == []
    assert len([key for key in one.entries if is_made_up(key)]) == 2


def test_an_item_too_many_is_one_that_nobody_made() -> None:
    story = Story(traits=BARE).tell("open 1000", "lost draw d1 5", "lost draw d2 5")
    shown = story.server.perform(story.command("list"))
    assert isinstance(shown, Accepted)
    assert isinstance(shown.record, tuple)
    more = [replace(shown.record[-1], id=f"more{number}") for number in range(2)]
    bare = tuple(replace(each, ref=None) for each in (*shown.record, *more))
    found = judge_list(story.ledger, bare, [])
    assert isinstance(found, Violation)
    assert found.expected == "only transactions that a client made"


@pytest.mark.parametrize(("openings", "is_permitted"), [(1, True), (2, False)])
def test_the_opening_amount_is_one_of_the_items_that_nobody_can_name(
    openings: int, is_permitted: bool
) -> None:
    story = Story(traits=BARE).tell("open 1000", "lost draw d1 5", "lost draw d2 5")
    shown = story.server.perform(story.command("list"))
    assert isinstance(shown, Accepted)
    assert isinstance(shown.record, tuple)
    made = [replace(each, ref=None) for each in shown.record if each.amount == 5]
    opening = replace(made[0], type="fund", amount=1000)
    more = [replace(opening, id=EntryId(f"o{number}")) for number in range(openings)]
    found = judge_list(story.ledger, (*made, *more), [])
    assert isinstance(found, Violation) is not is_permitted


@pytest.mark.parametrize(("shown", "other"), [("balance", "available"), ("available", "balance")])
def test_one_of_the_two_figures_of_a_card_is_enough(shown: str, other: str) -> None:
    traits = replace(COMPLETE, details=COMPLETE.details - {other})
    for each, is_permitted in ((traits, True), (COMPLETE, False)):
        story = Story(traits=each).tell("open 1000", "hold h1 600")
        command = story.command("read")
        honest = story.server.perform(command)
        assert isinstance(honest, Accepted)
        bare = replace(honest.record, **{other: None})
        result = judge(story.ledger, command, Accepted(bare)).result
        assert isinstance(result, Violation) is not is_permitted
        wrong = judge(story.ledger, command, Accepted(replace(bare, **{shown: 7}))).result
        assert isinstance(wrong, Violation)


@pytest.mark.parametrize("amount", [600, 200, 400])
def test_captures_without_records_need_not_be_listed(amount: int) -> None:
    traits = replace(BARE, own_records=False, details=BARE.details - {"record of a void"})
    entries = {
        EntryId("h"): Entry(Kind.HOLD, RefId("h1"), 600, State.PARTLY_CAPTURED, captured=200),
        unrecorded_id("capture", RefId("c1"), 0): Entry(
            Kind.CAPTURE, RefId("c1"), 200, State.CAPTURED, parent=EntryId("h")
        ),
        EntryId("?void v1"): Entry(Kind.VOID, RefId("v1"), 0, State.VOIDED, parent=EntryId("h")),
    }
    story = Story(traits=traits).tell("open 0")
    ledger = story.ledger.changed(entries=Map.of(entries.items()))
    shown = TransactionRecord(EntryId("h"), None, amount, "NOK", None, None)
    assert isinstance(judge_list(ledger, (shown,), []), Ledger)
    missing = judge_list(ledger, (), [])
    assert isinstance(missing, Violation)
    assert "the hold of 600" in missing.expected
