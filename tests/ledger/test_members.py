"""What a request carried against what an answer shows of it, down to values that are nested."""

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
