"""Four dense programs through the whole lifecycle, with legal and illegal steps.

Most faulty servers fail here, within a hundred requests; the other modules test each rule by
itself. An illegal step changes nothing on a correct server, so one card is enough for many of them.
"""

from __future__ import annotations

import pytest

from tallystick.drivers.direct import require_answers
from tallystick.drivers.offered import as_far_as_offered
from tallystick.drivers.sequential import run_program
from tallystick.fixtures import Check
from tallystick.program import Program, missing
from tallystick.run import Run

rule = pytest.mark.rule

IN_PARTS = (
    "A = card 1000 NOK",
    "h = hold A 600",
    "x1 = draw A available+1",
    "x2 = capture h remaining+1",
    "c1 = capture h 250",
    "again c1",
    "x3 = capture h remaining+1",
    "c2 = capture h",
    "x4 = capture h 1",
    "x5 = void h",
    "again c2",
    "again h",
    "d = draw A available",
    "again d",
)
VOIDED = (
    "A = card 1000 EUR",
    "h = hold A 600",
    "c1 = capture h 150",
    "v = void h",
    "again v",
    "x1 = void h",
    "x2 = capture h 1",
    "i = hold A 300",
    "x3 = hold A available+1",
    "f = fund A 70",
    "again f",
    "x6 = capture i remaining+1",
    "w = void i",
    "x4 = capture i",
    "x5 = draw A 1 NOK",
    "d = draw A available",
)
ONLY_HOLDS = (
    "A = card 1000 NOK",
    "d = draw A 100",
    "h = hold A 300",
    "x1 = capture h 0",
    "c = capture h 100",
    "x2 = capture d",
    "x3 = void d",
    "x4 = capture c",
    "x5 = void c",
    "y1 = draw A 101 ref=d",
    "y2 = capture h 90 ref=c",
    "B = card 1000 NOK",
    "z1 = hold B 300 ref=h",
    "z2 = capture z1 100 ref=c",
)
CROWDED = (
    f"A = card {2**31 + 5} NOK",
    "h1 = hold A available/2",
    "h2 = hold A available-3",
    "h3 = hold A 3",
    "x0 = draw A 1",
    "c1 = capture h1 remaining/2",
    "c2 = capture h2 1",
    "c3 = capture h1 1",
    "c4 = capture h3",
    f"f = fund A {2**31}",
    "v1 = void h1",
    "c5 = capture h2 remaining-1",
    "v2 = void h2",
    "d = draw A available",
    "x = draw A 1",
)


@rule("TX-1", "TX-2", "TX-5", "CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5", "VOID-3", "REF-1")
def test_a_hold_is_captured_in_parts(check: Check) -> None:
    check(*IN_PARTS)


@rule("TX-2", "VOID-1", "VOID-2", "VOID-6", "CAP-6", "FUND-2", "REF-1")
def test_a_hold_is_voided_before_and_after_a_part(check: Check) -> None:
    check(*VOIDED)


@rule("CAP-7", "CAP-9", "VOID-4", "REF-2", "REF-3", "REF-4", "BAL-7")
def test_only_holds_are_captured_and_one_ref_id_has_one_effect(check: Check) -> None:
    check(*ONLY_HOLDS)


@rule("TX-1", "FUND-1", "CAP-1", "VOID-6", "BAL-5")
def test_a_large_and_crowded_card_adds_up(check: Check) -> None:
    check(*CROWDED)


@rule("CAP-1", "CAP-2", "CAP-4", "VOID-1", "VOID-3", "VOID-6", "REF-1")
@pytest.mark.parametrize(
    "lines",
    [IN_PARTS, VOIDED, ONLY_HOLDS, CROWDED],
    ids=["in_parts", "voided", "only_holds", "crowded"],
)
def test_an_api_without_draws_or_funds_is_asked_for_the_rest(
    run: Run, lines: tuple[str, ...]
) -> None:
    if missing(Program.from_lines(lines), run.profile.traits) is None:
        pytest.skip("the API has all of it, and was asked for the whole program")
    require_answers(run_program(run, as_far_as_offered(run, lines)).story)
