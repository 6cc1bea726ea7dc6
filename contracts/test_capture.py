"""CAP: what a capture collects, and what it leaves locked."""

from __future__ import annotations

import pytest

from tallystick.fixtures import Check
from tallystick.run import Intensity, Run

rule = pytest.mark.rule


@rule("CAP-1", "CAP-8", "CAP-4")
def test_a_partial_capture_keeps_the_rest_locked(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "c1 = capture h1 250",
        "d1 = draw A available+1",
        "c2 = capture h1 remaining",
    )


@rule("CAP-2", "CAP-1")
def test_a_capture_never_exceeds_the_hold(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "c1 = capture h1 remaining+1",
        "c2 = capture h1 balance",
        "c3 = capture h1 remaining",
    )


@rule("CAP-2", "CAP-4")
def test_captures_together_never_exceed_the_hold(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "c1 = capture h1 400",
        "c2 = capture h1 original",
        "c3 = capture h1 remaining+1",
        "c4 = capture h1 original-1",
        "c5 = capture h1 remaining",
        "c6 = capture h1 1",
    )


@rule("CAP-3", "CAP-8")
def test_without_an_amount_the_full_hold_is_captured(check: Check) -> None:
    check("A = card 1000 NOK", "h1 = hold A 600", "c1 = capture h1", "d1 = draw A available")


@rule("CAP-3", "CAP-4")
def test_without_an_amount_after_a_part_what_remains_is_captured(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "c1 = capture h1 250",
        "c2 = capture h1",
        "d1 = draw A available",
    )


@rule("CAP-5", "BAL-6")
@pytest.mark.parametrize("finish", [["capture h1"], ["capture h1 200", "capture h1 remaining"]])
def test_a_fully_captured_hold_refuses_every_capture(check: Check, finish: list[str]) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        *[f"c{number} = {line}" for number, line in enumerate(finish)],
        "x1 = capture h1",
        "x2 = capture h1 1",
        "x3 = capture h1 original",
    )


@rule("CAP-6", "BAL-6")
@pytest.mark.parametrize("before", [[], ["c1 = capture h1 200"]])
def test_a_voided_hold_refuses_every_capture(check: Check, before: list[str]) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        *before,
        "v1 = void h1",
        "x1 = capture h1",
        "x2 = capture h1 1",
        "x3 = capture h1 original",
    )


@rule("CAP-7", "BAL-6")
def test_only_a_hold_can_be_captured(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "d1 = draw A 100",
        "f1 = fund A 100",
        "h1 = hold A 300",
        "c1 = capture h1 100",
        "h2 = hold A 50",
        "v1 = void h2",
        *[
            f"x{number}{size or 'all'} = capture {on} {size}"
            for number, on in enumerate(["d1", "f1", "c1", "v1"])
            for size in ("", "1", "original")
        ],
        unread=18,
    )


@rule("CAP-9")
def test_a_capture_of_nothing_moves_nothing(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        "c1 = capture h1 0",
        "c2 = capture h1 200",
        "c3 = capture h1 0",
        "c4 = capture h1 remaining",
        "c5 = capture h1 0",
    )


def _collects_all(check: Check, number: int) -> None:
    """Collect a hold in so many parts, one after the other."""
    parts = [f"c{part} = capture h1 {1 + part % 9}" for part in range(number)]
    check(
        "A = card 5000 NOK",
        "h1 = hold A 3000",
        *parts,
        "x = capture h1 remaining+1",
        "z = capture h1",
        unread=number - 1,
        spare=parts,
    )


@rule("CAP-1", "CAP-4", "BAL-5")
def test_a_long_chain_of_captures_adds_up(check: Check) -> None:
    _collects_all(check, 10)


CHAIN = {Intensity.GATE: 52, Intensity.RELEASE: 104, Intensity.HUNT: 260}
"""So many parts of one hold: no bound is documented, and what remains "can be captured later"."""


@pytest.mark.api("wallet")  # other APIs document a bound, such as 50
@rule("CAP-4")
def test_a_hold_has_as_many_captures_as_its_money_permits(run: Run, check: Check) -> None:
    _collects_all(check, CHAIN[run.intensity])


@rule("CAP-1", "CAP-4")
def test_a_capture_touches_only_its_own_hold(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 300",
        "h2 = hold A 200",
        "h3 = hold A 200",
        "c1 = capture h2 50",
        "x1 = capture h2 original",
        "v1 = void h1",
        "c2 = capture h3",
        "x2 = capture h2 remaining+1",
        "c3 = capture h2 remaining",
    )


@rule("CAP-1", "BAL-7")
def test_a_hold_of_one_card_draws_on_no_other(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "B = card 1000 NOK",
        "h1 = hold A 600",
        "h2 = hold B 600",
        "c1 = capture h1 400",
        "v1 = void h2",
        "c2 = capture h1",
    )


FINAL, NOT_FINAL = 'with {"final": "true"}', 'with {"final": "false"}'


@rule("CAP-4", "CAP-5")
@pytest.mark.parametrize("before", [[], ["c0 = capture h1 200"]])
def test_a_final_capture_of_a_part_releases_the_rest(check: Check, before: list[str]) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        *(f"{line} {NOT_FINAL}" for line in before),
        f"c1 = capture h1 100 {FINAL}",
        "c2 = capture h1 1",
        "c3 = capture h1",
    )


@rule("CAP-4", "VOID-3")
def test_after_a_final_capture_nothing_can_be_voided(check: Check) -> None:
    check("A = card 1000 NOK", "h1 = hold A 600", f"c1 = capture h1 250 {FINAL}", "v1 = void h1")


@rule("CAP-4", "CAP-2")
def test_a_capture_that_is_not_final_keeps_the_rest(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        f"c1 = capture h1 250 {NOT_FINAL}",
        f"c2 = capture h1 remaining+1 {NOT_FINAL}",
        f"c3 = capture h1 remaining {NOT_FINAL}",
    )


@rule("CAP-4")
def test_a_capture_that_is_not_final_and_a_final_one_add_up(check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "h1 = hold A 600",
        f"c1 = capture h1 250 {NOT_FINAL}",
        f"c2 = capture h1 remaining-1 {FINAL}",
        "c3 = capture h1 1",
    )


@rule("CAP-4", "REF-1")
def test_a_final_capture_is_repeated_without_effect(check: Check) -> None:
    check("A = card 1000 NOK", "h1 = hold A 600", f"c1 = capture h1 250 {FINAL}", "again c1")
