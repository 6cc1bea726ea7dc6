"""REF: one ref_id, one effect."""

from __future__ import annotations

import itertools
import json

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, is_refused
from tallystick.fixtures import Check
from tallystick.ledger.vocabulary import Kind, Transact
from tallystick.program import extras
from tallystick.run import Run

rule = pytest.mark.rule
broad = pytest.mark.broad

START = ("A = card 1000 NOK", "h1 = hold A 500")
PAYMENTS = {
    "drawdown": "x = draw A 100",
    "hold": "x = hold A 100",
    "fund": "x = fund A 100",
    "capture": "x = capture h1 100",
    "void": "x = void h1",
}
OTHER_BODY = {
    "drawdown": "y = draw A 70 ref=x",
    "hold": "y = hold A 70 ref=x",
    "fund": "y = fund A 70 ref=x",
    "capture": "y = capture h1 70 ref=x",
}


@rule("REF-1", "REF-6")
@pytest.mark.parametrize("kind", PAYMENTS)
def test_the_same_request_twice_has_one_effect(check: Check, kind: str) -> None:
    check(*START, PAYMENTS[kind], "again x", "d = draw A 10", "again x", unread=2)


@rule("REF-1", "CAP-3")
def test_a_default_capture_twice_has_one_effect(check: Check) -> None:
    check(*START, "x = capture h1", "again x", "again x", unread=2)


@rule("REF-2", "REF-1")
@pytest.mark.parametrize("kind", OTHER_BODY)
def test_another_body_under_a_used_ref_id_has_no_effect(check: Check, kind: str) -> None:
    # The first body once more: what was refused in between must not have taken its place.
    check(*START, PAYMENTS[kind], OTHER_BODY[kind], "again x", "d = draw A 10", unread=2)


@pytest.mark.api("wallet")
@rule("REF-1")
def test_the_same_members_in_another_order_are_the_same_request(run: Run) -> None:
    """A client that writes its request anew may write the members of an object in any order.

    A server that compares bytes may refuse it as another request; it has no second effect.
    """
    stage = Stage(run, "A = card 1000 NOK")
    card, ref = stage.card_id("A"), stage.fresh_ref()
    metadata = {"order": "1", "lines": "3"}
    drawdown = Transact(Kind.DRAWDOWN, card, 100, "NOK", ref, extras=extras(metadata=metadata))
    request = request_builders.transact(stage.base, ref, 100, card_id=card, metadata=metadata)
    stage.take("A", drawdown, stage.send(request))
    turned = dict(reversed(metadata.items()))
    request = request_builders.transact(stage.base, ref, 100, card_id=card, metadata=turned)
    again = stage.send(request)
    if not is_refused(again):
        stage.take("A", drawdown, again)
    stage.read_back("REF-1")


@rule("REF-2", "TX-5")
def test_other_members_under_a_used_ref_id_have_no_second_effect(check: Check) -> None:
    one, other = ('{"metadata": {"order": "1"}}', '{"metadata": {"order": "2"}}')
    check(
        "A = card 1000 NOK",
        f"h = hold A 500 with {one}",
        f"i = hold A 500 ref=h with {other}",
        f"d = draw A 100 with {one}",
        f"e = draw A 100 ref=d with {other}",
        'f = fund A 70 with {"originated_by": "till 1"}',
        'g = fund A 70 ref=f with {"originated_by": "till 2"}',
        f"c = capture h 100 with {one}",
        f"b = capture h 100 ref=c with {other}",
        unread=9,
    )


@rule("REF-3", "REF-1")
@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(PAYMENTS, 2)))
def test_one_ref_id_in_two_operations_never_has_two_effects_in_one_space(
    check: Check, first: str, second: str
) -> None:
    then = PAYMENTS[second].replace("x =", "y =").replace("h1", "h2") + " ref=x"
    check(*START, "h2 = hold A 200", PAYMENTS[first], then, "again x", "d = draw A 10", unread=6)


@rule("REF-3")
@pytest.mark.parametrize("kind", ["capture", "void"])
def test_one_ref_id_on_two_holds_has_one_effect(check: Check, kind: str) -> None:
    check(*START, "h2 = hold A 300", f"x = {kind} h1", f"y = {kind} h2 ref=x", "z = void h2")


@rule("REF-4")
def test_a_ref_id_of_another_card_is_unused_here(run: Run, check: Check) -> None:
    check(
        "A = card 1000 NOK",
        "B = card 1000 NOK",
        "h1 = hold A 300",
        "h2 = hold B 200 ref=h1",
        "c1 = capture h1 100",
        "c2 = capture h2 50 ref=c1",
        "d1 = draw A 10",
        "d2 = draw B 10 ref=d1",
        "f1 = fund A 10",
        "f2 = fund B 10 ref=f1",
        "v1 = void h1",
        "v2 = void h2 ref=v1",
    )
    run.count_checked("REF-4")


@rule("REF-1", "BAL-6")
def test_a_refused_request_repeated_is_one_effect_at_most(check: Check) -> None:
    check(
        "A = card 100 NOK",
        "x = draw A 150",
        "again x",
        "f = fund A 100",
        "again x",
        "again x",
        "d = draw A available",
    )


@rule("REF-1", "CAP-5", "VOID-2")
def test_a_repeat_after_the_hold_is_finished_has_no_effect(check: Check) -> None:
    check(
        *START,
        "c1 = capture h1 200",
        "c2 = capture h1",
        "again c1",
        "again c2",
        "again h1",
        "h2 = hold A 100",
        "v2 = void h2",
        "again h2",
        "again v2",
        "h3 = hold A 100",
        "c3 = capture h3 30",
        "v3 = void h3",
        "again h3",
        "again c3",
        "again v3",
        "d = draw A available",
    )


@rule("REF-1", "BAL-6")
def test_a_repeat_on_an_empty_card_has_no_effect(check: Check) -> None:
    check(
        "A = card 100 NOK",
        "f = fund A 50",
        "d = draw A 30",
        "h = hold A 20",
        "c = capture h 10",
        "v = void h",
        "e = draw A available",
        *[f"again {name}" for name in "fdhcve"],
        unread=6,
    )


@rule("REF-1", "TX-8")
def test_ref_ids_with_zeros_before_a_number_are_different(check: Check) -> None:
    one, other = (json.dumps({"ref_digits": zeros}) for zeros in ("", "00"))
    check(
        "A = card 1000 NOK",
        f"d1 = draw A 10 with {one}",
        f"d2 = draw A 11 with {other}",
        "again d1",
        "again d2",
        unread=4,
    )


@broad
@rule("REF-1", "TX-4")
@pytest.mark.parametrize("kind", PAYMENTS)
def test_a_long_ref_id_is_not_cut(check: Check, kind: str) -> None:
    for length in (64, 200):
        tail = json.dumps({"ref_tail": "r" * length})
        check(*START, f"{PAYMENTS[kind]} with {tail}", "again x", unread=3)
