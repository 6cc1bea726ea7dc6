"""VOID: what a void releases, and what it refuses."""

from __future__ import annotations

import pytest

from tallystick.fixtures import Check

rule = pytest.mark.rule


@rule("VOID-1", "VOID-5")
def test_a_void_releases_all_that_the_hold_locks(check: Check) -> None:
    check("A = card 1000 NOK", "h1 = hold A 600", "v1 = void h1", "d1 = draw A 1000")


@rule("VOID-6", "VOID-5")
def test_a_void_after_partial_captures_releases_only_the_rest(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "c1 = capture h1 150",
        "c2 = capture h1 50",
        "v1 = void h1",
        "d1 = draw A available+1",
        "d2 = draw A available",
    )


@rule("VOID-2", "BAL-6")
@pytest.mark.parametrize("before", [[], ["c1 = capture h1 200"]])
def test_a_voided_hold_refuses_another_void(check: Check, before: list[str]) -> None:
    check("A = card 1000 NOK", "h1 = hold A 600", *before, "v1 = void h1", "v2 = void h1")


@rule("VOID-3", "BAL-6")
@pytest.mark.parametrize("parts", [[""], ["250", "remaining"]])
def test_a_fully_captured_hold_refuses_a_void(check: Check, parts: list[str]) -> None:
    captures = [f"c{number} = capture h1 {size}" for number, size in enumerate(parts)]
    check(
        "A = card 1000 NOK", "h1 = hold A 600", *captures, "v1 = void h1", "d1 = draw A available"
    )


@rule("VOID-4", "BAL-6")
def test_only_a_hold_can_be_voided(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "d1 = draw A 100",
        "f1 = fund A 100",
        "h1 = hold A 300",
        "c1 = capture h1 100",
        "h2 = hold A 50",
        "v1 = void h2",
        *[f"x{number} = void {on}" for number, on in enumerate(["d1", "f1", "c1", "v1"])],
        unread=10,
    )


@rule("VOID-1", "VOID-6")
def test_a_void_touches_only_its_own_hold(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 300",
        "h2 = hold A 300",
        "c1 = capture h1 100",
        "v1 = void h2",
        "c2 = capture h1 remaining",
        "h3 = hold A available",
        "v2 = void h3",
    )


# A part of a hold ---------------------------------------------------------------------------------


@rule("VOID-1", "CAP-2")
@pytest.mark.parametrize("size", ["remaining+1", "original"])
def test_what_a_void_of_a_part_released_cannot_be_captured(check: Check, size: str) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "v1 = void h1 200",
        f"c1 = capture h1 {size}",
        "c2 = capture h1",
    )


@rule("VOID-1", "VOID-6")
@pytest.mark.parametrize("before", ["v1 = void h1 200", "c1 = capture h1 200"])
@pytest.mark.parametrize("size", ["remaining+1", "original"])
def test_a_void_of_a_part_releases_at_most_what_is_locked(
    check: Check, before: str, size: str
) -> None:
    check("A = card 1000 NOK", "h1 = hold A 600", before, f"v2 = void h1 {size}", "v3 = void h1")


@rule("VOID-1", "VOID-2")
def test_voids_of_parts_release_the_whole_hold_and_no_more(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "h2 = hold A 300",
        "v1 = void h1 1",
        "v2 = void h1 250",
        "v3 = void h1 remaining",
        "v4 = void h1 1",
        "v5 = void h1",
        "c1 = capture h1 1",
    )


@rule("VOID-1", "VOID-3")
def test_a_capture_and_voids_of_parts_share_the_hold(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "v1 = void h1 100",
        "c1 = capture h1 200",
        "v2 = void h1 50",
        "c2 = capture h1 remaining",
        "v3 = void h1 1",
    )
