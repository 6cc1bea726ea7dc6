"""Programs as text: what is written is read back, and a wrong line is named with what is wrong."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.ledger.dialect import Dialect
from tallystick.ledger.lifecycle import State
from tallystick.ledger.persistent import Map
from tallystick.ledger.state import Entry, Ledger
from tallystick.ledger.vocabulary import CardId, EntryId, Kind, RefId
from tallystick.program import (
    BASES,
    JSON_MEMBERS,
    MISSING_LABELS,
    NEEDS_AMOUNT,
    READS,
    TAKES_AMOUNT,
    UNNAMED,
    Amount,
    Delivery,
    ModelState,
    Program,
    ProgramError,
    Step,
    Verb,
    extras,
    parse_step,
)
from tests.ledger.stories import Story

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=300)

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: name not in MISSING_LABELS | {"with"}
)
amounts = st.one_of(
    st.integers(0, 2**70).map(lambda n: Amount(offset=n)),
    st.builds(Amount, st.sampled_from(BASES), st.integers(1, 9), st.integers(-(2**70), 2**70)),
)
texts = st.text(max_size=5)
plain = texts.filter(lambda text: text not in JSON_MEMBERS)
members = st.dictionaries(plain, texts, max_size=3).map(lambda d: tuple(sorted(d.items())))


@st.composite
def steps(draw):
    verb = draw(st.sampled_from(Verb))
    maker = verb in (Verb.CARD, Verb.BATCH)
    named = verb not in UNNAMED or draw(st.booleans())
    amount = draw(amounts) if verb in NEEDS_AMOUNT else None
    if amount is None and verb in TAKES_AMOUNT:
        amount = draw(st.none() | amounts)
    return Step(
        verb,
        draw(names) if named else "",
        "" if maker else draw(names),
        amount,
        draw(st.sampled_from(["", "NOK", "SEK"])),
        draw(st.just("") | names),
        draw(members),
        None if verb in READS else draw(st.none() | st.sampled_from(Delivery)),
    )


@FIXED
@given(steps())
def test_a_step_is_read_back_as_it_was_written(step: Step) -> None:
    assert parse_step(str(step)) == step


@FIXED
@given(amounts)
def test_an_amount_is_read_back_as_it_was_written(amount: Amount) -> None:
    assert Amount.parse(str(amount)) == amount


@FIXED
@given(
    st.lists(steps(), max_size=4),
    st.lists(st.lists(steps(), min_size=1, max_size=2), max_size=12),
)
def test_a_program_is_read_back_as_it_was_written(prefix, branches) -> None:
    program = Program(tuple(prefix), tuple(tuple(branch) for branch in branches))
    assert Program.from_lines(program.lines()) == program
    assert len(program.steps) == len(program.lines())


@FIXED
@given(st.text(max_size=30))
def test_any_text_is_a_step_or_a_program_error(text: str) -> None:
    step = None
    with suppress(ProgramError):
        step = parse_step(text)
    assert step is None or parse_step(str(step)) == step


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("600", Amount(offset=600)),
        ("600+1", Amount(offset=601)),
        ("5-10", Amount(offset=0)),
        ("remaining", Amount("remaining")),
        ("available/2", Amount("available", 2)),
        ("balance/3-1", Amount("balance", 3, -1)),
    ],
)
def test_an_amount_means(text: str, amount: Amount) -> None:
    assert Amount.parse(text) == amount
    assert Amount.parse(str(amount)) == amount


@pytest.mark.parametrize("text", ["", "-5", "available/0", "available/00", "x", "5/2", "9" * 99])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ProgramError, match="not an amount"):
        Amount.parse(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("remaining", 500),
        ("remaining+1", 501),
        ("original", 600),
        ("limit+1", 501),
        ("available", 400),
        ("available/3", 133),
        ("balance", 900),
        ("total-2000", 0),
        ("7", 7),
    ],
)
def test_an_amount_is_relative_to_the_ledger(text: str, number: int) -> None:
    story = Story().tell("open 1000", "hold h1 600", "capture c1 h1 100")
    assert Amount.parse(text).resolve(story.ledger, story.ids["h1"]) == number


def test_an_amount_without_a_hold_is_relative_to_the_card() -> None:
    ledger = Story().tell("open 1000", "fund f1 5").ledger
    assert Amount.parse("remaining").resolve(ledger, None) == 1005
    assert Amount.parse("original").resolve(ledger, "unknown") == 1000
    assert Amount(offset=-5).resolve(ledger, None) == 0


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "is not a step"),
        ("h1 = pay A 5", "no verb 'pay'"),
        ("h1 = hold A", "needs an amount"),
        ("h1 = hold", "needs the name"),
        ("hold A 5", "give it a name"),
        ("h1 = hold A x5", "not an amount"),
        ("h1 = hold A 5 NOK 7", "makes no sense"),
        ("h1 = hold A 5 with []", "is not a step"),
        ("h1 = hold A 5 with {x}", "not a JSON object"),
        ('h1 = hold A 5 with {"metadata": "x"}', "metadata is not a JSON object"),
        ('h1 = hold A 5 with {"metadata": [1]}', "metadata is not a JSON object"),
        ("h1 = hold A 5 !never", "no mark"),
        ("read A !lost", "a read has no effect"),
        ("missing = hold A 5", "what does not exist"),
    ],
)
def test_an_error_names_the_line_and_what_is_wrong_with_it(line: str, complaint: str) -> None:
    with pytest.raises(ProgramError, match=complaint) as found:
        Program.parse("A = card 5", line)
    assert repr(line) in str(found.value)
    assert "\n" not in str(found.value)


def test_members_may_be_written_as_json() -> None:
    step = parse_step('h1 = hold A 5 with {"metadata": {"a": "1"}, "originated_by": "till"}')
    assert step.extras == extras(metadata={"a": "1"}, originated_by="till")
    assert parse_step(str(step)) == step


def test_a_step_of_the_prefix_cannot_stand_after_a_branch() -> None:
    with pytest.raises(ProgramError, match="after a branch"):
        Program.from_lines(["A = card 5", "1| d1 = draw A 1", "d2 = draw A 1"])


def test_orphans_go_with_what_they_name() -> None:
    program = Program.from_lines(
        [
            "A = card 9",
            "read A",
            "c1 = capture h1 5",
            "again c1",
            "v1 = void missing",
            "d1 = draw A 1 ref=h1",
            "1| d2 = draw A 1",
            "2| d3 = draw B 1",
            "3| again d2",
        ]
    )
    left = ["A = card 9", "read A", "v1 = void missing", "1| d2 = draw A 1"]
    assert program.without_orphans().lines() == left


@FIXED
@given(st.lists(steps(), max_size=8))
def test_a_program_without_orphans_names_only_what_it_makes(chosen) -> None:
    known = set(MISSING_LABELS)
    for step in Program(tuple(chosen)).without_orphans().steps:
        assert known.issuperset(step.needs)
        known.add(step.name)


def test_a_scene_finds_the_entry_of_a_label_and_gives_labels_that_are_free() -> None:
    story = Story().tell("open 9", "hold h1 5")
    model = ModelState(
        {"A": story.ledger}, {"h1": ("A", story.ids["h1"]), "d1": ("A", "")}, {"k1": "A"}
    )
    assert model.entry("h1") is story.ledger.entries[story.ids["h1"]]
    assert model.entry("d1") is None
    assert model.fresh("h") == "h4"


def test_an_amount_between_two_units_is_exact_and_what_is_left_of_it_too() -> None:
    amount = Amount.parse("remaining+half")
    assert str(amount) == "remaining+half"
    assert amount.is_fine
    hold = Entry(Kind.HOLD, RefId("r"), Decimal("100.5"), State.OPEN)
    ledger = Ledger(Dialect({}), CardId("A"), entries=Map().set(EntryId("h"), hold))
    resolved = [
        Amount.parse(text).resolve(ledger, EntryId("h"))
        for text in ("remaining", "remaining+half", "remaining/2", "5+half")
    ]
    assert resolved == [Decimal("100.5"), 101, 50, Decimal("5.5")]
    assert type(resolved[1]) is int
