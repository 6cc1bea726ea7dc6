"""Money on the wire is exact both ways."""

from decimal import Decimal
from typing import Any

import pytest

from tallystick.profiles.declared.money import Money, Unsayable

CURRENCIES = {"USD": "usd", "JPY": "jpy", "KWD": "KWD/3"}
DIGITS = {"JPY": 0, "KWD": 3}


def money(form: str) -> Money:
    return Money(form, DIGITS, CURRENCIES)


@pytest.mark.parametrize(
    ("form", "amount", "currency", "written"),
    [
        ("minor-integer", 1050, "USD", 1050),
        ("minor-integer", 7, "JPY", 7),
        ("decimal-string", 1050, "USD", "10.50"),
        ("decimal-string", 0, "USD", "0.00"),
        ("decimal-string", 7, "JPY", "7"),
        ("decimal-string", 1, "KWD", "0.001"),
        ("decimal-string", 2**63, "USD", "92233720368547758.08"),
        ("decimal-string", Decimal("1050.5"), "USD", "10.505"),
        ("decimal-string", 10**30, "JPY", "1" + "0" * 30),
        ("decimal-number", 1050, "USD", 10.5),
        ("decimal-number", 1000, "USD", 10),
        ("decimal-number", Decimal("0.5"), "USD", 0.005),
        ("decimal-number", 2**63 * 100, "USD", 2**63),
    ],
)
def test_an_amount_is_written_and_read_back(
    form: str, amount: int | Decimal, currency: str, written: Any
) -> None:
    money_of = money(form)
    said = money_of.write(amount, currency)
    assert (said, type(said)) == (written, type(written))
    assert money_of.read(said, currency) == amount


@pytest.mark.parametrize(
    ("form", "amount"),
    [("minor-integer", Decimal("0.5")), ("decimal-number", 2**63)],
)
def test_what_cannot_be_said_exactly_is_not_said(form: str, amount: int | Decimal) -> None:
    with pytest.raises(Unsayable):
        money(form).write(amount, "USD")


@pytest.mark.parametrize(
    ("form", "shown", "amount"),
    [
        ("minor-integer", "1000", 1000),
        ("minor-integer", 10.5, Decimal("10.5")),
        ("decimal-string", "10.505", Decimal("1050.5")),
        ("decimal-string", "10.5", 1050),
        ("decimal-string", "10.500", 1050),
        ("decimal-number", 0.29, 29),
        ("decimal-number", None, None),
        ("decimal-number", True, None),
        ("decimal-string", "ten", None),
    ],
)
def test_an_amount_is_read(form: str, shown: Any, amount: int | Decimal | None) -> None:
    found = money(form).read(shown, "USD")
    assert (found, type(found)) == (amount, type(amount))


def test_a_currency_has_our_name_and_theirs() -> None:
    assert money("minor-integer").write_currency("KWD") == "KWD/3"
    assert money("minor-integer").read_currency("KWD/3") == "KWD"
    assert money("minor-integer").read_currency("xyz") == "xyz"
    assert money("minor-integer").read_currency(None) is None
