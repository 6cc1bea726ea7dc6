"""Paths, bodies and forms from templates."""

import pytest

from tallystick.profiles.declared.templates import (
    LEFT_OUT,
    Missing,
    at_place,
    filled,
    filled_path,
    flat,
    names_in,
)

GIVEN = {"amount": 10, "ref": "r-1", "hold": "a/b?c", "dot": "..", "none": None}


def test_a_lone_variable_keeps_its_type_and_may_be_left_out() -> None:
    template = {"a": "$amount", "b": {"c": "${amount}", "d": "$none"}, "e": ["$none", "$ref"]}
    assert filled(template, GIVEN) == {"a": 10, "b": {"c": 10}, "e": ["r-1"]}
    assert filled("$none", GIVEN) is LEFT_OUT


def test_an_object_that_spells_an_amount_is_left_out_without_one() -> None:
    template = {"amount": {"value": "$amount", "currency": "$currency"}, "final": False}
    without = {"currency": "EUR"}
    assert filled(template, without) == {"final": False}
    assert filled(template, {**without, "amount": "1.00"}) == {
        "amount": {"value": "1.00", "currency": "EUR"},
        "final": False,
    }
    said_more = {"capture": {"value": "$amount", "final": True}}
    assert filled(said_more, without) == {"capture": {"final": True}}
    with_key = {"attributes": {"amount": "$amount", "key": "$ref"}}
    assert filled(with_key, {**without, "ref": "r-1"}) == {"attributes": {"key": "r-1"}}


def test_a_place_is_a_body_with_nothing_else_in_it() -> None:
    assert at_place("key", 1) == {"key": 1}
    assert at_place("data.attributes.key", 1) == {"data": {"attributes": {"key": 1}}}


def test_a_variable_within_a_text_is_needed() -> None:
    assert filled("key-${ref}-2 for $$5", GIVEN) == "key-r-1-2 for $5"
    with pytest.raises(Missing):
        filled("key-$none", GIVEN)


def test_a_constant_is_sent_as_it_is() -> None:
    assert filled({"a": False, "b": 1, "c": None}, GIVEN) == {"a": False, "b": 1, "c": None}


def test_each_variable_is_one_segment_of_a_path() -> None:
    assert filled_path("/holds/$hold/capture", GIVEN) == "/holds/a%2Fb%3Fc/capture"
    assert filled_path("/holds/$dot/capture", GIVEN) == "/holds/%2E%2E/capture"
    with pytest.raises(Missing):
        filled_path("/holds/$none", GIVEN)


def test_a_form_names_members_of_members() -> None:
    body = {"card": {"number": "42", "exp": 12}, "capture": False, "list": ["a", {"b": 1}]}
    assert flat(body) == {
        "card[number]": "42",
        "card[exp]": "12",
        "capture": "false",
        "list[0]": "a",
        "list[1][b]": "1",
    }


def test_the_variables_of_a_template_are_known() -> None:
    assert names_in({"a": ["$b", {"c": "x${d}y$$e"}], "f": 1}) == {"b", "d"}
