"""What a wrong answer had to show is looked for within a bound, however long the answer is."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.conditions import Condition, Kind
from tallystick.documents.shape import Shape
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Violation
from tallystick.permitted import conditions_of
from tallystick.permitted.repair import MOST_COMPARED
from tallystick.profiles.wallet.profile import Wallet
from tallystick.program import Program
from tallystick.request import Request
from tallystick.run import Finding
from tallystick.target import Answer, Exchange

ENTRY = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer"}}}
SCHEMA = {"type": "object", "properties": {"data": {"type": "array", "items": ENTRY}}}
CONTENT = {"application/json": {"schema": SCHEMA}}
RESPONSES = {"200": {"description": "", "content": CONTENT}}
SHAPE = Shape(
    {
        "openapi": "3.1.0",
        "paths": {"/list": {"get": {"operationId": "List", "responses": RESPONSES}}},
        "components": {"schemas": {"Entry": ENTRY}},
    }
)


def conditions(*amounts: Any) -> tuple[Condition, ...]:
    body = {"data": [{"amount": amount} for amount in amounts]}
    answer = Answer(200, "application/json", body)
    event = Event("", Exchange(1, Request("List", "GET", "/list"), answer, 0, 1))
    return conditions_of(
        Finding(Violation("SHAPE-1", "", ""), Program(), (event,), 1), Wallet(), SHAPE
    )


def test_the_wrong_member_of_a_short_list_is_named() -> None:
    assert Condition(Kind.TYPE, ("data", 1, "amount"), ("integer",)) in conditions(1, "2", 3)


def test_of_a_list_that_is_too_long_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    compared, judge = 0, Shape.judge

    def counted(shape: Shape, name: str, status: int, kind: str, body: Any) -> Violation | None:
        nonlocal compared
        compared += len(body["data"]) if isinstance(body, dict) else 1
        return judge(shape, name, status, kind, body)

    monkeypatch.setattr(Shape, "judge", counted)
    length = 20_000
    assert conditions("1", *[2] * length) == ()
    assert compared < MOST_COMPARED + 20 * length


@pytest.mark.parametrize(
    ("method", "status", "actual", "right"),
    [
        ("POST", 200, "accepted", (400, 499)),
        ("POST", 404, "a refusal", (200, 299)),
        ("GET", 404, "a refusal", (200, 299)),
        ("GET", 200, "accepted", None),  # a read shows what was accepted before it
        ("POST", 400, "accepted", None),
        ("POST", 500, "a refusal", None),
        ("POST", 200, "2 cards", None),
        ("POST", 400, "refused with 400", (200, 299)),
        ("POST", 404, "refused with 400", None),
    ],
)
def test_where_a_single_request_was_decided_wrongly_the_other_decision_is_right(
    method: str, status: int, actual: str, right: tuple[int, int] | None
) -> None:
    answer = Answer(status, "application/json", {"data": []})
    event = Event("", Exchange(1, Request("List", method, "/list"), answer, 0, 1))
    finding = Finding(Violation("CARD-3", "", actual), Program(), (event,), 1, notes=("x",))
    expected = () if right is None else (Condition(Kind.STATUS, values=(right,)),)
    assert conditions_of(finding, Wallet(), SHAPE) == expected


@pytest.mark.parametrize(
    ("expected", "actual", "right"),
    [
        ("amount_balance 70 after a draw", "amount_balance 777", 70),
        ("amount_balance 70", "amount_balance 70.5", None),
        ("amount_balance 70.5", "amount_balance 777", None),
        ("amount_available 70", "amount_balance 777", None),
        ("amount_balance 70", "amount_balance 778", None),  # another answer showed it
    ],
)
def test_where_a_read_showed_a_wrong_figure_the_right_one_is_asked_for(
    expected: str, actual: str, right: int | None
) -> None:
    answer = Answer(200, "application/json", {"amount_balance": 777})
    event = Event("", Exchange(1, Request("List", "GET", "/list"), answer, 0, 1))
    finding = Finding(Violation("CARD-3", expected, actual), Program(), (event,), 1, notes=("x",))
    shown = () if right is None else (Condition(Kind.VALUE, ("amount_balance",), (right,)),)
    assert conditions_of(finding, Wallet(), SHAPE) == shown
