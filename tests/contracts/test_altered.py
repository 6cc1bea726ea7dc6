"""Altered credentials are never those of the run."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from contracts.support.altered import WAYS, altered


def basic(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()


def pair_of(header: str) -> str:
    return b64decode(header.removeprefix("Basic ")).decode()


def test_a_token_ends_otherwise_or_sooner_or_later() -> None:
    assert [altered("Bearer sk_test_first", way) for way in WAYS] == [
        "Bearer sk_testx0x0x0",
        "Bearer sk_test",
        "Bearer sk_test_firstx0x0x0",
    ]


def test_of_a_basic_pair_the_password_is_altered() -> None:
    made = [pair_of(altered(basic("till:password-1"), way)) for way in WAYS]
    assert made == ["till:passx0x0x0", "till:pass", "till:password-1x0x0x0"]


def test_of_a_basic_pair_without_a_password_the_user_name_is_altered() -> None:
    made = [pair_of(altered(basic("sk_test_first:"), way)) for way in WAYS]
    assert made == ["sk_testx0x0x0:", "sk_test:", "sk_test_firstx0x0x0:"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "header", ["Bearer e30.e30.c2lnbmF0dXJl", "key", "ab", "Basic ?", "Basic /w==", basic("a:b")]
)
def test_it_is_never_what_it_was(header: str, way: str) -> None:
    assert altered(header, way) != header


@pytest.mark.parametrize("way", WAYS)
def test_longer_base64_has_other_bytes(way: str) -> None:
    for length in range(7, 40):
        header = "Bearer " + "A" * length
        cut = altered(header, way).removeprefix("Bearer ")
        whole = cut[: len(cut) // 4 * 4]
        assert b64decode(whole) != b64decode("A" * (length // 4 * 4))
