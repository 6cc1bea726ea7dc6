"""The persistent map against a plain dict, on small maps, trees and keys whose hashes collide."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.ledger.persistent import LEAF, SHRUNK, SMALL, Map

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=150)


@dataclass(frozen=True)
class Clumsy:
    """A key whose hash tells few of its kind apart: all of them share one leaf, or a few."""

    name: int
    kinds: int

    def __hash__(self) -> int:
        return -(self.name % self.kinds)


def clumsy(kinds: int) -> st.SearchStrategy[Clumsy]:
    return st.builds(Clumsy, st.integers(0, 60), st.just(kinds))


KEYS = st.sampled_from(
    [
        st.integers(0, 40),
        st.integers(-(2**70), 2**70),
        st.integers(0, 100).map(lambda n: n * 1024),
        st.text(max_size=3),
        clumsy(1),
        clumsy(3),
    ]
)
CHANGES = KEYS.flatmap(
    lambda keys: st.tuples(
        st.lists(st.tuples(keys, st.integers(0, 3)), max_size=120),
        st.lists(st.tuples(st.booleans(), keys, st.integers(0, 3)), max_size=60),
    )
)


def apply(changes):
    """The map and the dict after the same changes."""
    filled, mixed = changes
    model, subject = dict(filled), Map.of(filled)
    for put, key, value in mixed:
        if put:
            model[key] = value
            subject = subject.set(key, value)
        else:
            model.pop(key, None)
            subject = subject.without(key)
    return subject, model


@FIXED
@given(CHANGES)
def test_it_holds_what_a_dict_holds_in_the_same_order(changes):
    subject, model = apply(changes)
    assert list(subject.items()) == list(model.items())
    assert list(subject) == list(model)
    assert list(subject.values()) == list(model.values())
    assert len(subject) == len(model)
    for key in model:
        assert key in subject
        assert subject[key] == subject.get(key) == model[key]
    for _, key, _ in changes[1]:
        assert (key in subject) == (key in model)
        assert subject.get(key, "none") == model.get(key, "none")


@FIXED
@given(CHANGES, st.randoms(use_true_random=False))
def test_equal_maps_built_in_different_orders_are_equal_with_equal_hashes(changes, random):
    subject, model = apply(changes)
    pairs = list(model.items())
    random.shuffle(pairs)
    other = Map.of(pairs)
    assert subject == other
    assert other == subject
    assert hash(subject) == hash(other)


@FIXED
@given(CHANGES, CHANGES)
def test_two_maps_are_equal_exactly_when_the_dicts_are(first, second):
    (one, dict_one), (two, dict_two) = apply(first), apply(second)
    assert (one == two) == (dict_one == dict_two)


@FIXED
@given(CHANGES)
def test_a_change_leaves_the_old_map_as_it_was(changes):
    subject, model = apply(changes)
    before = dict(model)
    for key in list(model)[:5]:
        subject.set(key, "changed")
        subject.without(key)
    subject.set("a key of its own", 1)
    assert dict(subject.items()) == before


@pytest.mark.parametrize("size", [1, SMALL, SMALL + 1, 5000])
def test_setting_what_is_there_gives_the_very_same_map(size):
    full = Map.of((f"key {n}", (n,)) for n in range(size))
    again = full.set("key 0", (0,))
    assert again is full
    assert again == full
    assert full.without("absent") is full


@pytest.mark.parametrize("size", [0, SMALL, SMALL + 1, 5000])
def test_a_missing_key_is_refused_by_index_and_defaulted_by_get(size):
    full = Map.of((n, n) for n in range(size))
    assert -1 not in full
    assert full.get(-1) is None
    assert full.get(-1, 7) == 7
    with pytest.raises(KeyError):
        full[-1]


def test_a_map_that_grew_and_shrank_equals_one_that_never_grew():
    wide = Map.of((n, n) for n in range(SMALL + 6))
    for n in range(SHRUNK - 2, SMALL + 6):
        wide = wide.without(n)
    narrow = Map.of((n, n) for n in range(SHRUNK - 2))
    assert wide == narrow
    assert narrow == wide
    assert {wide: "found"}[narrow] == "found"


def test_a_leaf_that_was_split_equals_one_that_was_not():
    crowd = [Clumsy(n, 1) for n in range(LEAF)]
    others = [Clumsy(n, 1000) for n in range(1, 40)]
    plain = Map.of([(key, 0) for key in others + crowd])
    extra = Map.of([(key, 0) for key in [Clumsy(n, 1) for n in range(90)] + others])
    for n in range(LEAF, 90):
        extra = extra.without(Clumsy(n, 1))
    assert plain == extra
    assert extra == plain
    assert plain.set(crowd[0], 1) != extra


def test_many_removals_leave_the_order_of_what_came_back():
    subject, model = Map.of((n, n) for n in range(60)), {n: n for n in range(60)}
    for n in range(300):
        subject = subject.without(n % 40).set(n % 40, -n)
        del model[n % 40]
        model[n % 40] = -n
        assert len(subject) == 60
    for n in range(40):
        subject = subject.without(n)
        del model[n]
        assert list(subject.items()) == list(model.items())


def test_maps_whose_sums_collide_are_still_told_apart():
    """-1 and -2 have one hash in CPython, so only comparing the pairs tells these maps apart."""
    few = Map.of([(-1, -1)])
    assert hash(few) == hash(Map.of([(-2, -2)]))
    assert few != Map.of([(-2, -2)])
    many = Map.of([(n, -1) for n in range(100)])
    assert hash(many) == hash(many.set(50, -2))
    assert many != many.set(50, -2)


def test_a_map_is_no_dict_and_no_other_thing():
    assert Map() != {}
    assert Map() == Map.of([])


def test_its_representation_shows_the_pairs():
    assert repr(Map.of([("a", 1)])) == "Map({'a': 1})"


@pytest.mark.parametrize("size", [3, 300])
def test_a_copy_through_pickle_is_equal_and_keeps_the_order(size):
    full = Map.of((f"key {n}", n) for n in range(size))
    copy = pickle.loads(pickle.dumps(full))
    assert copy == full
    assert list(copy) == list(full)


def test_an_unhashable_value_is_refused():
    with pytest.raises(TypeError):
        Map().set("key", [])
