"""Choices are even, and the entropy of one draw is enough for a step."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from strategies.choices import Choices

LETTERS = ("abc", "x", "yz")
DRAWS = 6000


def test_each_group_is_as_likely_as_the_others_and_in_it_each_value() -> None:
    random = Random(1)
    seen = Counter(Choices(random.randbytes(8)).pick(*LETTERS) for _ in range(DRAWS))
    expected = {letter: DRAWS / 3 / len(group) for group in LETTERS for letter in group}
    assert seen == {letter: pytest.approx(often, rel=0.15) for letter, often in expected.items()}


def test_one_choice_does_not_depend_on_the_one_before() -> None:
    random = Random(2)
    drawn = [Choices(random.randbytes(8)) for _ in range(DRAWS)]
    seen = Counter((one.pick("ab"), one.pick("abc")) for one in drawn)
    assert len(seen) == 6
    assert list(seen.values()) == pytest.approx([DRAWS / 6] * 6, rel=0.15)


def test_the_entropy_of_a_draw_is_enough_for_more_than_a_step() -> None:
    # As many ways as there are for the step with the most: kind, inner kind, two labels, amount,
    # currency, members.
    sides = (22, 5, 25, 10, 6 * 21, 8 * 5, 4 * 6)
    drawn = [Choices(Random(number).randbytes(8)) for number in range(DRAWS)]
    for one in drawn:
        for number in sides:
            one.pick(range(number))
    last = Counter(one.pick("ab") for one in drawn)
    assert last["a"] == pytest.approx(DRAWS / 2, rel=0.15)


def test_equal_entropy_chooses_alike_at_one_place_and_differently_at_others() -> None:
    first, second = Choices(b"8 bytes.", 1, 2), Choices(b"8 bytes.", 1, 2)
    assert [first.pick(*LETTERS) for _ in "1234"] == [second.pick(*LETTERS) for _ in "1234"]
    zeros = Counter(Choices(bytes(8), 1, step).pick("ab") for step in range(DRAWS))
    assert zeros["a"] == pytest.approx(DRAWS / 2, rel=0.15)


def test_choosing_from_an_empty_group_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        Choices(b"").pick([])
