"""A strategy that has nothing to choose from raises an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import find, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from strategies import commands, money
from strategies.choices import Choices
from tallystick.program import ModelState

EMPTY = ModelState({}, {}, {})
NEEDY = (
    commands.drawdowns,
    commands.holds,
    commands.funds,
    commands.captures,
    commands.voids,
    commands.repeats,
    commands.reuses,
    commands.tokens,
    commands.activations,
    commands.deletions,
)


@pytest.mark.parametrize("kind", NEEDY, ids=lambda kind: kind.__name__)
def test_a_step_needs_something_to_act_on(kind: commands.Kind) -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        kind(Choices(b""), EMPTY)


@pytest.mark.parametrize("strategy", [money.boundaries, money.parts])
def test_an_amount_needs_a_figure(strategy: Callable[..., st.SearchStrategy[object]]) -> None:
    with pytest.raises(InvalidArgument):
        find(strategy(), lambda amount: True, settings=settings(database=None))


def test_the_number_of_cards_is_limited() -> None:
    model = ModelState(dict.fromkeys("ABC"), {}, {})  # type: ignore[arg-type]
    with pytest.raises(IndexError):
        commands.cards(Choices(b""), model)
