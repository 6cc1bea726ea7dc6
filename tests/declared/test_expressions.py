"""What an answer shows, by path, sum and choice."""

from decimal import Decimal
from typing import Any

import pytest

from tallystick.profiles.declared.expressions import (
    Condition,
    ExpressionError,
    Path,
    exact,
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
    ],
)
def test_an_expression_has_a_value(text: str, value: Any) -> None:
    found = parse(text).value(BODY, {"ref": "r1", "where": "data"})
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text", ["", "a b", "a -", "a if b else c", "a if b is c", "a(b)", "or a", "a * b", "a..b"]
)
def test_what_is_no_expression_is_named(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_the_variables_of_an_expression_are_known() -> None:
    text = "$a if type is b else $c - d.$f or $e"
    assert variables_of(parse(text)) == {"a", "c", "e", "f"}


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
    return Condition(tuple((Path((name,)), words) for name, words in members.items()))


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
    ],
)
def test_a_condition_holds_or_is_not_shown(
    given: Condition, holds: bool, shown: bool | None
) -> None:
    assert (given.holds_for(BODY), given.shown_in(BODY)) == (holds, shown)
