"""Altered credentials are never those of the run."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode

import pytest

from contracts.support.altered import WAYS, altered


def basic(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()


def pair_of(header: str) -> str:
    return b64decode(header.removeprefix("Basic ")).decode()


def test_a_token_ends_otherwise_or_sooner_or_later() -> None:
    assert [altered("Bearer sk_test_first", way) for way in WAYS] == [
        "Bearer sk_testx0x0x0",
        "Bearer sk_test_firs",
        "Bearer sk_test_firstx",
    ]


def test_of_a_basic_pair_the_password_is_altered() -> None:
    made = [pair_of(altered(basic("till:password-1"), way)) for way in WAYS]
    assert made == ["till:passx0x0x0", "till:password-", "till:password-1x"]


def test_of_a_basic_pair_without_a_password_the_user_name_is_altered() -> None:
    made = [pair_of(altered(basic("sk_test_first:"), way)) for way in WAYS]
    assert made == ["sk_testx0x0x0:", "sk_test_firs:", "sk_test_firstx:"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "header", ["Bearer e30.e30.c2lnbmF0dXJl", "key", "ab", "Basic ?", "Basic /w==", basic("a:b")]
)
def test_it_is_never_what_it_was(header: str, way: str) -> None:
    assert altered(header, way) != header


@pytest.mark.parametrize("way", WAYS)
def test_the_signature_of_a_jwt_gets_other_bytes(way: str) -> None:
    for size in (32, 48, 64, 256):
        signed = urlsafe_b64encode(bytes(size)).decode().rstrip("=")
        changed = altered(f"Bearer e30.e30.{signed}", way).rpartition(".")[2]
        lenient = changed if len(changed) % 4 != 1 else changed[:-1]
        assert urlsafe_b64decode(lenient + "=" * (-len(lenient) % 4)) != bytes(size)
