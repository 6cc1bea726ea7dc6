"""The oracle on refunds of holds that stand alone: what a hold may show after one."""

from __future__ import annotations

from tallystick.ledger.vocabulary import Capture, ReadHold, Refund, Refused, Void
from tests.ledger.test_holds import HELD, after, rule_of, shown, start


def test_what_was_given_back_may_be_taken_off_what_was_captured() -> None:
    (paid,) = after(start(), HELD, (Capture("A", "h", 600, "c"), shown()))
    (back,) = after(paid, (Refund("A", "h", 200, "b"), shown(refunded=200)))
    read = ReadHold("A", "h")
    for captured in (600, 400):
        assert rule_of(back, read, shown(captured=captured, refunded=200)) is None
    assert rule_of(back, read, shown(captured=500)) == "REFUND-1"
    assert rule_of(back, read, shown(refunded=600)) == "REFUND-1"
    assert rule_of(back, Refund("A", "h", 401, "s"), shown()) == "REFUND-2"


def test_what_a_void_gave_back_may_be_refused_and_has_no_figure() -> None:
    dialect = {"void__captured": ("accept",)}
    capture, void = Capture("A", "h", 600, "c"), Void("A", "h", "v")
    (given,) = after(start(**dialect), HELD, (capture, shown()), (void, shown()))
    assert rule_of(given, ReadHold("A", "h"), shown(refunded=600)) is None
    assert rule_of(given, Refund("A", "h", None, "b"), Refused(400)) is None
    assert rule_of(given, Refund("A", "h", 601, "b"), shown()) == "REFUND-2"


def test_what_is_shown_as_captured_is_read_in_one_way() -> None:
    paid = (HELD, (Capture("A", "h", 600, "c"), shown()))
    (net,) = after(start(), *paid, (Refund("A", "h", 200, "b"), shown(captured=400)))
    assert net.dialect.answer("figure.captured") == "net"
    assert rule_of(net, ReadHold("A", "h"), shown(captured=600)) == "REFUND-1"


def test_one_figure_may_count_what_was_released_and_what_was_given_back() -> None:
    (part,) = after(
        start(capture__rest=("released",)), HELD, (Capture("A", "h", 200, "c"), shown())
    )
    (back,) = after(part, (Refund("A", "h", 150, "b"), shown(released=550)))
    assert rule_of(back, ReadHold("A", "h"), shown(released=550)) is None
    assert rule_of(back, ReadHold("A", "h"), shown(released=500)) == "REFUND-1"


def test_a_refund_before_any_capture_releases_the_hold_or_is_refused() -> None:
    refund, read = Refund("A", "h", None, "b"), ReadHold("A", "h")
    assert rule_of(after(start(), HELD)[0], refund, Refused(400)) is None
    (released,) = after(start(), HELD, (refund, shown()))
    assert rule_of(released, read, shown(is_open=False, remaining=0)) is None
    assert rule_of(released, read, shown(is_open=True)) == "REFUND-3"


def test_a_void_gives_back_what_refunds_have_left_at_most() -> None:
    dialect = {"void__captured": ("accept",)}
    paid = (HELD, (Capture("A", "h", 600, "c"), shown()))
    void = Void("A", "h", "v")
    (part,) = after(start(**dialect), *paid, (Refund("A", "h", 100, "b"), shown(refunded=100)))
    assert rule_of(part, void, Refused(400)) is None
    assert rule_of(part, void, shown()) is None
    (all_of_it,) = after(part, (Refund("A", "h", 500, "d"), shown(refunded=600)))
    assert rule_of(all_of_it, void, Refused(400)) is None
    assert rule_of(all_of_it, void, shown()) == "REFUND-2"
