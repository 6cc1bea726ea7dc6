"""What any server has to take: at its bounds, and one step beyond."""

from __future__ import annotations

import pytest

from tallystick.ledger.ordinary import (
    ORDINARY_LENGTH,
    ORDINARY_METADATA_LENGTH,
    is_ordinary_metadata,
    is_ordinary_ref,
    is_ordinary_text,
)


@pytest.mark.parametrize(
    ("ref", "ordinary"),
    [
        ("a", True),
        ("a" * ORDINARY_LENGTH, True),
        ("a" * (ORDINARY_LENGTH + 1), False),
        ("aZ09_.:-", True),
        ("", False),
        ("a b", False),
        ("é", False),
        ("a/b", False),
    ],
)
def test_an_ordinary_ref_id_is_short_and_of_few_characters(ref: str, ordinary: bool) -> None:
    assert is_ordinary_ref(ref) is ordinary


@pytest.mark.parametrize(
    ("text", "ordinary"),
    [
        ("A name, of 2026!", True),
        ("a" * ORDINARY_LENGTH, True),
        ("a" * (ORDINARY_LENGTH + 1), False),
        ("", False),
        (" a", False),
        ("a ", False),
        ("é", False),
        ("a\tb", False),
        ("Tom & Sons' (gifts)", True),
        ("<b>a</b>", False),
        ("a; b", False),
    ],
)
def test_an_ordinary_name_is_short_printable_and_without_outer_spaces(
    text: str, ordinary: bool
) -> None:
    assert is_ordinary_text(text) is ordinary


LONGEST = '{"a": "' + "b" * (ORDINARY_METADATA_LENGTH - 9) + '"}'


@pytest.mark.parametrize(
    ("text", "ordinary"),
    [
        ("{}", True),
        ('{"order-no": "7", "b_2": "x y"}', True),
        (LONGEST, True),
        (LONGEST.replace("bb", "bbb", 1), False),
        ('{"a": 7}', False),
        ('{"a.b": "7"}', False),
        ('{"a": "é"}', False),
        ('{"a": "<b>"}', False),
        ('["a"]', False),
        ("{", False),
        ("[" * 100_000, False),
    ],
)
def test_ordinary_metadata_is_a_short_object_of_words_to_strings(text: str, ordinary: bool) -> None:
    assert is_ordinary_metadata(text) is ordinary
