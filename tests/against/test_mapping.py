"""What of two answers is compared, and what is mapped first."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tallystick.drivers.differential import Mapped, Trace, comparable, differences
from tallystick.evidence import Event
from tallystick.program import Program
from tallystick.request import Request
from tallystick.target import Answer, Exchange


def _trace(prefix: str, *answers: tuple[str, int, Any], kind: str = "application/json") -> Trace:
    """The trace of a server that gave these answers; each is of a step."""
    mapped = Mapped(prefix)
    seen = []
    for number, (step, status, body) in enumerate(answers):
        answer = Answer(status, kind, body)
        request = Request("operation", "POST", "/x", None)
        exchange = Exchange(number, request, answer, 0, 1)
        seen.append(mapped.seen(Event(step, exchange), answer))
    return Trace(tuple(seen), True)


def _members(one: Any, other: Any) -> list[str]:
    traces = (
        _trace("a-1", ("h = hold A 5", 200, one)),
        _trace("b-7", ("h = hold A 5", 200, other)),
    )
    return [each.member for each in differences(*traces)]


NOW = int(time.time())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"id": "6f0c4a51-8a0e"}, {"id": "11110000-aaaa"}),
        ({"ref_id": "a-1.h1"}, {"ref_id": "b-7.h1"}),
        ({"at": "2026-11-20T17:00:00.001Z"}, {"at": "2026-11-28T08:30:01Z"}),
        ({"created": NOW}, {"created": NOW + 3}),
        ({"created": NOW * 1000}, {"created": NOW * 1000 + 250}),
        ({"message": "no card 17 here"}, {"message": "there is no such card"}),
        ([{"n": 1}, {"n": 2}], [{"n": 2}, {"n": 1}]),
        ({"token": "DINCARD:5d2f1c9e"}, {"token": "DINCARD:77aa4b11"}),
        ({"amount": None, "on": True}, {"on": True, "amount": None}),
    ],
)
def test_what_varies_on_an_honest_server_is_no_difference(one: Any, other: Any) -> None:
    assert _members(one, other) == []


@pytest.mark.parametrize(
    ("one", "other", "members"),
    [
        ({"amount": 5}, {"amount": 6}, ["amount"]),
        ({"amount": 1}, {"amount": True}, ["amount"]),
        ({"amount": "10.00"}, {"amount": "10.01"}, ["amount"]),
        ({"type": "drawdown"}, {"type": "fund"}, ["type"]),
        ({"ref_id": "a-1.h1"}, {"ref_id": "b-7.h2"}, ["ref_id"]),
        ({"id": "6f0c4a51"}, {"id": None}, ["id"]),
        ({"at": "2026-11-20T17:00:00Z"}, {"at": "yesterday"}, ["at"]),
        ({"a": 1, "b": 2}, {"a": 1}, ["b"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 2, 3]}}, ["a.b"]),
        ({"list": [{"n": 1, "m": 1}]}, {"list": [{"n": 1, "m": 2}]}, ["list[].m"]),
        ({"one": "9f3a", "two": "9f3a"}, {"one": "77b0", "two": "12c4"}, ["two"]),
        ([], {}, ["body"]),
    ],
)
def test_what_a_server_says_otherwise_is_a_difference(
    one: Any, other: Any, members: list[str]
) -> None:
    assert _members(one, other) == members


def test_an_id_that_comes_back_has_to_be_the_same_id() -> None:
    first, again = ("h = hold A 5", 200, {"id": "9f3a"}), ("again h", 200, {"id": "9f3a"})
    other = ("again h", 200, {"id": "12c4"})
    honest = _trace("a", first, again)
    assert list(differences(honest, _trace("b", first, again))) == []
    (found,) = differences(honest, _trace("b", first, other))
    assert (found.member, found.pairs[-1][0].step) == ("id", "again h")


def test_a_status_is_compared_and_the_bodies_of_two_statuses_are_not() -> None:
    one = _trace("a", ("c = capture h 6", 400, {"error": {"code": "ABOVE"}}))
    other = _trace("b", ("c = capture h 6", 404, {"error": {"code": "GONE"}}))
    assert [each.member for each in differences(one, other)] == ["status"]


def test_content_types_are_compared_without_their_parameters() -> None:
    answer = ("read A", 200, {})
    plain = _trace("a", answer)
    assert not list(differences(plain, _trace("b", answer, kind="application/JSON; charset=utf-8")))
    (found,) = differences(plain, _trace("b", answer, kind="text/html"))
    assert found.member == "content type"


def test_after_a_request_that_only_one_server_accepts_nothing_is_compared() -> None:
    one = _trace("a", ("c = capture h 6", 200, {"n": 1}), ("read A", 200, {"left": 0}))
    other = _trace("b", ("c = capture h 6", 400, {}), ("read A", 200, {"left": 6}))
    assert [each.member for each in differences(one, other)] == ["status"]


def test_differences_that_change_no_outcome_are_all_found() -> None:
    one = _trace("a", ("h = hold A 6", 200, {"n": 1}), ("read A", 200, {"left": 0}))
    other = _trace("b", ("h = hold A 6", 200, {"n": 2}), ("read A", 200, {"left": 6}))
    assert [each.member for each in differences(one, other)] == ["n", "left"]


def test_races_and_lost_answers_are_not_compared_and_short_programs_come_first() -> None:
    long = Program.parse("A = card 1000 NOK", "h = hold A 5", "v = void h")
    short = Program.parse("A = card 1000 NOK", "h = hold A 5")
    lost = Program.parse("A = card 1000 NOK", "h = hold A 5 !lost")
    race = Program(short.prefix, (long.prefix[2:], long.prefix[2:]))
    assert comparable([long, short, lost, race, long, Program()]) == [short, long]
