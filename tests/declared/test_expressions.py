"""What an answer shows, by path, sum and choice."""

from decimal import Decimal
from typing import Any

import pytest

from tallystick.profiles.declared.expressions import (
    Condition,
    ExpressionError,
    Path,
    Words,
    exact,
    headers_as_variables,
    headers_of,
    parse,
    variables_of,
)

BODY: dict[str, Any] = {
    "amount": 1000,
    "refunded": "400.10",
    "type": "hold",
    "captured": False,
    "charge": {"data": [{"id": "ch_1", "amount": 7}, {"id": "ch_2", "amount": 0.1}]},
    "captures": [],
    "broken": [{"amount": 1}, {}],
    "none": None,
    "link": "/orders/o%201/",
    "actions": [
        {"type": "CAPTURE", "amount": 10, "id": "a1"},
        {"type": "r1", "amount": 5, "id": "a2"},
        {"type": "CAPTURE", "amount": 20, "id": "a3", "final": True},
    ],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("amount", 1000),
        ("charge.data.0.id", "ch_1"),
        ("charge.data.-1.id", "ch_2"),
        ("charge.data.*.amount", Decimal("7.1")),
        ("captures.*.amount", Decimal(0)),
        ("broken.*.amount", None),
        ("missing.*.amount", None),
        ("missing", None),
        ("amount.inside", None),
        ("charge.$where.0.id", "ch_1"),
        ("charge.$other.0.id", None),
        ("charge.data.2.id", None),
        ("none", None),
        ("amount - refunded", Decimal("599.90")),
        ("amount - missing", None),
        ("amount + type", None),
        ("amount if type is hold else refunded", 1000),
        ("amount if type is void else refunded", "400.10"),
        ("0 if captured is false else amount", 0),
        ("missing or amount", 1000),
        ("none or missing", None),
        ("captured or amount", False),
        ("nothing", None),
        ("$ref", "r1"),
        ("${ref}", "r1"),
        ("$other", None),
        ("actions.[type=CAPTURE].*.amount", Decimal(30)),
        ("actions.[type=CAPTURE].-1.id", "a3"),
        ("actions.[type=$ref].*.amount", Decimal(5)),
        ("actions.[type=NONE].*.amount", Decimal(0)),
        ("actions.[type=NONE].0.id", None),
        ("missing.[type=CAPTURE].*.amount", None),
        ("actions.[final=true].0.id", "a3"),
        ("header:Location", "https://x.test/orders/o%201/captures/c1?x=1"),
        ("header:ETag", None),
        ("segment(header:Location)", "c1"),
        ("segment(link)", "o 1"),
        ("segment(amount)", None),
        ("segment($ref)", "r1"),
    ],
)
def test_an_expression_has_a_value(text: str, value: Any) -> None:
    headers = headers_as_variables({"location": "https://x.test/orders/o%201/captures/c1?x=1"})
    found = parse(text).value(BODY, {"ref": "r1", "where": "data", **headers})
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text", ["", "a b", "a -", "a if b else c", "a if b is c", "a(b)", "or a", "a * b", "a..b"]
)
def test_what_is_no_expression_is_named(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_the_headers_of_an_expression_are_known() -> None:
    text = "segment(header:Location) or $a - header:X-Amount"
    assert headers_of(parse(text)) == {"location", "x-amount"}


def test_the_variables_of_an_expression_are_known() -> None:
    text = "$a if type is b else $c - d.$f or $e or x.[y=$g].0 or segment($h) or header:Location"
    assert variables_of(parse(text)) == {"a", "c", "e", "f", "g", "h"}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (10, Decimal(10)),
        (0.1, Decimal("0.1")),
        ("10.50", Decimal("10.50")),
        (1e3, Decimal(1000)),
        (True, None),
        (None, None),
        ("1,000", None),
        ("", None),
        ("1e99", Decimal("1e99")),
        ("1e999999999", None),
        ([], None),
        (float("inf"), None),
        (92233720368547758.07, None),
    ],
)
def test_a_number_is_exact_or_not_there(value: Any, number: Decimal | None) -> None:
    assert exact(value) == number


def condition(**members: tuple[str | None, ...]) -> Condition:
    return Condition(tuple((Path((name,)), Words(words)) for name, words in members.items()))


def none_of(name: str, *words: str | None) -> Condition:
    return Condition(((Path((name,)), Words(words, are_excluded=True)),))


@pytest.mark.parametrize(
    ("given", "holds", "shown"),
    [
        (condition(type=("hold", "x")), True, True),
        (condition(type=("x",)), False, False),
        (condition(type=("hold",), captured=("false",)), True, True),
        (condition(type=("hold",), captured=("true",)), False, False),
        (condition(missing=("x",)), False, None),
        (condition(missing=(None,)), True, True),
        (condition(none=(None,)), True, True),
        (condition(type=("*",)), True, True),
        (condition(missing=("*",)), False, None),
        (condition(type=(None,)), False, False),
        (condition(charge=(None,)), False, False),
        (condition(charge=("*",)), True, True),
        (none_of("charge", "x", None), True, True),
        (none_of("type", "void", "x"), True, True),
        (none_of("type", "hold", "x"), False, False),
        (none_of("missing", "x"), False, None),
    ],
)
def test_a_condition_holds_or_is_not_shown(
    given: Condition, holds: bool, shown: bool | None
) -> None:
    assert (given.holds_for(BODY), given.shown_in(BODY)) == (holds, shown)
