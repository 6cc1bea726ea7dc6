"""`step` refuses exactly what the lifecycle table refuses."""

from __future__ import annotations

import itertools

import pytest

from tallystick.ledger.lifecycle import (
    ILLEGAL_MOVE_RULES,
    TABLES,
    TRANSITIONS,
    Move,
    State,
    diagram,
    move_of_capture,
    move_of_void,
)
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import Violation
from tests.ledger.stories import Story

HOLD = ("open 1000", "hold x 600")
REACHED: dict[State, tuple[str, ...]] = {
    State.OPEN: HOLD,
    State.PARTLY_CAPTURED: (*HOLD, "capture c1 x 100"),
    State.CAPTURED: (*HOLD, "capture c1 x all"),
    State.VOIDED: (*HOLD, "void v1 x"),
    State.RELEASED: (*HOLD, "capture c1 x 100", "void v1 x"),
    State.ENDED: (*HOLD, "capture c1 x 100"),
    State.REFUNDED: (*HOLD, "capture c1 x all", "void v1 x"),
    State.DRAWDOWN: ("open 1000", "draw x 600"),
    State.FUND: ("open 1000", "fund x 600"),
    State.CAPTURE: ("open 1000", "hold h1 600", "capture x h1 100"),
    State.VOID: ("open 1000", "hold h1 600", "void x h1"),
    State.REFUND: ("open 1000", "hold h1 600", "capture c1 h1 all", "refund x h1 100"),
    State.OPENING: ("open 1000", "list"),
    State.MISSING: ("open 1000",),
}
"""The past in which `x` is in the state."""


ANSWERS: dict[State, dict[str, str]] = {
    State.OPENING: {"list.opening": "listed"},
    State.ENDED: {"capture.rest": "released"},
    State.REFUNDED: {"void.captured": "accept"},
}
"""The answers of a server on which the state can be reached, where they matter."""


def reach(state: State) -> Story:
    if state is State.REFUNDED:
        story = Story(traits=Traits((), account=False), **ANSWERS[state])
    else:
        story = Story(**ANSWERS.get(state, {}))
    story.tell(*REACHED[state])
    if state is State.OPENING:
        story.ids["x"] = "opening"
    return story


CAPTURES = (Move.CAPTURE_PART, Move.CAPTURE_REST, Move.CAPTURE_MORE)
MORE = Move.VOID_MORE


def line_of(move: Move, remaining: int) -> str:
    amounts = {
        Move.CAPTURE_PART: remaining // 2 or 1,
        Move.CAPTURE_REST: remaining or 1,
        Move.CAPTURE_MORE: remaining + 1,
    }
    parts = {Move.VOID_PART: remaining // 2 or 1, Move.VOID_MORE: remaining + 1}
    if move in amounts:
        return f"capture new x {amounts[move]}"
    return f"void new x {parts.get(move, '')}"


def state_of(story: Story) -> State:
    entry = story.ledger.entries.get(story.ids.get("x", "x"))
    return State.MISSING if entry is None else entry.state


@pytest.mark.parametrize("state", State)
def test_every_state_is_reached(state: State) -> None:
    assert state_of(reach(state)) is state


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_step_refuses_exactly_what_the_table_refuses(state: State, move: Move) -> None:
    story = reach(state)
    remaining = getattr(story.ledger.entries.get(story.ids.get("x", "")), "remaining", 0)
    line = line_of(move, remaining)
    accepted, refused = story.judge(line, "accepted"), story.judge(line, "refused")
    following = TRANSITIONS[state].get(move)
    if following is None:
        assert isinstance(accepted.result, Violation)
        capture_rule, void_rule = ILLEGAL_MOVE_RULES[state]
        expected = capture_rule if move in CAPTURES else void_rule
        assert accepted.result.rule == (
            "VOID-1" if move is MORE and TRANSITIONS[state] else expected
        )
        assert not isinstance(refused.result, Violation)
        return
    (after,) = accepted.result
    assert after.entries[story.ids["x"]].state is following


@pytest.mark.parametrize(
    ("amount", "remaining", "move"),
    [
        (None, 5, Move.CAPTURE_REST),
        (None, 0, Move.CAPTURE_REST),
        (5, 5, Move.CAPTURE_REST),
        (4, 5, Move.CAPTURE_PART),
        (0, 5, Move.CAPTURE_PART),
        (6, 5, Move.CAPTURE_MORE),
    ],
)
def test_a_capture_is_the_move_that_its_amount_makes_it(
    amount: int | None, remaining: int, move: Move
) -> None:
    assert move_of_capture(amount, remaining) is move


@pytest.mark.parametrize(
    ("amount", "move"),
    [(None, Move.VOID), (5, Move.VOID), (4, Move.VOID_PART), (6, Move.VOID_MORE)],
)
def test_a_void_is_the_move_that_its_amount_makes_it(amount: int | None, move: Move) -> None:
    assert move_of_void(amount, 5) is move


def test_the_tables_name_every_state() -> None:
    assert set(TRANSITIONS) == set(ILLEGAL_MOVE_RULES) == set(State)


def test_which_moves_are_legal_does_not_depend_on_what_becomes_of_the_rest() -> None:
    kept, released = TABLES.values()
    assert {state: set(row) for state, row in kept.items()} == {
        state: set(row) for state, row in released.items()
    }


def test_the_diagram_shows_every_transition() -> None:
    text = diagram()
    for state, row in TRANSITIONS.items():
        for move, following in row.items():
            names = [s.value.replace(" ", "_") for s in (state, following)]
            assert f"{names[0]} --> {names[1]}: {move}" in text
    assert text.startswith("stateDiagram-v2")
