"""Dice choose evenly, and one throw is enough for a step."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from strategies.choices import Dice

LETTERS = ("abc", "x", "yz")
THROWS = 6000


def test_each_group_is_as_likely_as_the_others_and_in_it_each_value() -> None:
    random = Random(1)
    seen = Counter(Dice(random.randbytes(8)).pick(*LETTERS) for _ in range(THROWS))
    expected = {letter: THROWS / 3 / len(group) for group in LETTERS for letter in group}
    assert seen == {letter: pytest.approx(often, rel=0.15) for letter, often in expected.items()}


def test_one_choice_says_nothing_of_the_next() -> None:
    random = Random(2)
    dice = [Dice(random.randbytes(8)) for _ in range(THROWS)]
    seen = Counter((throw.pick("ab"), throw.pick("abc")) for throw in dice)
    assert len(seen) == 6
    assert list(seen.values()) == pytest.approx([THROWS / 6] * 6, rel=0.15)


def test_a_throw_lasts_for_more_than_a_step() -> None:
    # As many ways as there are for the step with the most: kind, inner kind, two labels, amount,
    # currency, members.
    sides = (22, 5, 25, 10, 6 * 21, 8 * 5, 4 * 6)
    dice = [Dice(Random(number).randbytes(8)) for number in range(THROWS)]
    for throw in dice:
        for number in sides:
            throw.pick(range(number))
    last = Counter(throw.pick("ab") for throw in dice)
    assert last["a"] == pytest.approx(THROWS / 2, rel=0.15)


def test_equal_throws_choose_alike_at_one_place_and_differently_at_others() -> None:
    first, second = Dice(b"8 bytes.", 1, 2), Dice(b"8 bytes.", 1, 2)
    assert [first.pick(*LETTERS) for _ in "1234"] == [second.pick(*LETTERS) for _ in "1234"]
    zeros = Counter(Dice(bytes(8), 1, step).pick("ab") for step in range(THROWS))
    assert zeros["a"] == pytest.approx(THROWS / 2, rel=0.15)


def test_what_is_empty_is_told_by_name() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        Dice(b"").pick([])
