"""What a request carried against what an answer shows of it, down to values that are nested."""

import json

import pytest

from tallystick.ledger.members import first_missing

SENT = '{"note": {"lines": [1, {"ok": false}], "of": null}}'


def missing(shown: str) -> tuple[str, str] | None:
    return first_missing((("metadata", SENT),), (("metadata", shown),))


def test_nested_metadata_is_shown_in_any_order_and_with_keys_of_the_server() -> None:
    assert missing('{"added": 1, "note": {"of": null, "lines": [1, {"ok": false}]}}') is None


@pytest.mark.parametrize(
    "shown",
    [
        '{"note": {"lines": [1, {"ok": false}]}}',
        '{"note": {"lines": [1, {"ok": false}], "of": null, "more": 1}}',
        '{"note": {"lines": [{"ok": false}, 1], "of": null}}',
        '{"note": {"lines": [1], "of": null}}',
        '{"note": {"lines": [1, {"ok": 0}], "of": null}}',
        '{"note": "text"}',
    ],
)
def test_a_nested_value_that_is_lost_or_changed_is_missing(shown: str) -> None:
    expected, actual = missing(shown) or ("", "")
    assert SENT in expected
    assert shown in actual


def number_is_missing(sent: object, shown: object) -> bool:
    texts = [(("metadata", json.dumps({"n": [value]})),) for value in (sent, shown)]
    return first_missing(*texts) is not None


@pytest.mark.parametrize("sent", [2**53 + 1, -(2**63) + 1, 10**30 + 1])
def test_an_integer_that_no_double_holds_may_come_back_as_the_nearest_one(sent: int) -> None:
    for shown in (sent, float(sent), int(float(sent))):
        assert not number_is_missing(sent, shown)
    for shown in (sent * 2, -sent, sent // 2**32, str(sent), True, None):
        assert number_is_missing(sent, shown)


@pytest.mark.parametrize(("sent", "shown"), [(2**53 - 1, 2**53), (2**31, 2**31 - 1), (0.1, 0.2)])
def test_a_number_that_a_double_holds_comes_back_exactly(sent: float, shown: float) -> None:
    assert number_is_missing(sent, shown)
