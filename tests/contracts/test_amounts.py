"""What is no amount, in the requests of any profile: servers that take it are found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tallystick.drivers.fuzz.amounts import AmountFuzz, found_at, ordinary, put, wrong_amounts
from tallystick.drivers.offered import offered
from tallystick.ledger.vocabulary import CardId, EntryId, RefId
from tallystick.profiles.declared.profile import load
from tallystick.profiles.documents import dialect_of, shape_of
from tallystick.run import Run, Violated
from tallystick.target import Address, Client, HttpTarget, NotSupported, Secret
from tests.declared.servers.checkout import KEY, Checkout, refusal
from tests.declared.servers.http import JSON, Answered, Serving

PROFILE = Path(__file__).parents[1] / "declared" / "servers" / "checkout.yaml"
SETUP = ("A = card 1000", "h = hold A 600")
CAPTURE, HOLD = "x = capture h 200", "x = hold A 200"


class Careless(Checkout):
    """It makes an amount of whatever comes."""

    def money(self, body: JSON) -> tuple[int, str]:  # type: ignore[override]
        given = body["amount"]
        value = given["value"]
        while isinstance(value, list | dict):
            (value,) = value.values() if isinstance(value, dict) else value
        return abs(value) if isinstance(value, int) else 6, given["currency"]


class RefusesAndTakes(Checkout):
    """A capture of a negative amount is refused, and takes what is left."""

    def receive_capture(self, name: str, body: JSON) -> Answered:
        if body["amount"]["value"] == -200:
            self.payment(name).captured += 100
        return super().receive_capture(name, body)


class RefusesLate(Checkout):
    """Whatever comes is received; what is no amount fails when it is done."""

    def money(self, body: JSON) -> tuple[int, str]:  # type: ignore[override]
        value = body["amount"]["value"]
        is_one = type(value) is int and value > 0
        return value if is_one else 10**12, body["amount"]["currency"]


class AnswersNothing(Checkout):
    """A word instead of an amount gets an answer that says nothing of its effect."""

    def money(self, body: JSON) -> tuple[int, str]:  # type: ignore[override]
        if body["amount"]["value"] == "six":
            raise refusal(408, "905", "it took too long")
        return super().money(body)


@contextmanager
def run_against(api: type[Checkout]) -> Iterator[Run]:
    with Serving(api()) as server:
        profile = load(PROFILE)
        client = Client(token=Secret(KEY))
        target = HttpTarget(Address(server.url, ""), client, profile=profile)
        with closing(target):
            yield Run(target, profile, shape_of(profile), dialect_of(profile))


def amounts(run: Run, line: str) -> AmountFuzz:
    return AmountFuzz(run, offered(run, *SETUP, line))


@pytest.mark.parametrize("line", [CAPTURE, HOLD])
def test_an_honest_server_is_not_accused(line: str) -> None:
    with run_against(Checkout) as run:
        amounts(run, line).all()
        assert run.findings == {}
        assert run.checked["SHAPE-4"] == 5


@pytest.mark.parametrize("line", [CAPTURE, HOLD])
def test_a_server_that_takes_what_is_no_amount_is_found(line: str) -> None:
    with run_against(Careless) as run, pytest.raises(Violated) as caught:
        amounts(run, line).all()
    finding = caught.value.finding
    assert finding.violation.rule == "SHAPE-4"
    assert tuple(finding.steps[:2]) == SETUP
    assert '"value": -200' in finding.steps[2]


def test_a_refusal_that_moves_money_is_found() -> None:
    with run_against(RefusesAndTakes) as run, pytest.raises(Violated) as caught:
        amounts(run, CAPTURE).all()
    assert caught.value.finding.violation.rule == "BAL-6"


def test_a_queue_may_refuse_late_what_is_no_amount() -> None:
    with run_against(RefusesLate) as run:
        amounts(run, CAPTURE).all()
        assert run.findings == {}
        assert run.checked["SHAPE-4"] == 5


@pytest.mark.parametrize("line", [CAPTURE, HOLD])
def test_what_follows_an_answer_that_says_nothing_is_tried_on_fresh_cards(line: str) -> None:
    with run_against(AnswersNothing) as run:
        amounts(run, line).all()
        assert run.findings == {}
        assert run.checked["SHAPE-4"] == 4


def test_a_step_without_an_amount_is_not_claimed() -> None:
    with run_against(Checkout) as run, pytest.raises(NotSupported):
        amounts(run, "x = void h").all()


@pytest.mark.parametrize(
    ("spelled", "is_form", "kinds"),
    [
        (600, False, {-600, "six", True, "[600]", "{'amount': 600}"}),
        (6.5, True, {-6.5, "six", True}),
        ("6.00", True, {"-6.00", "six"}),
        ("6.00", False, {"-6.00", "six", "['6.00']", "{'amount': '6.00'}"}),
    ],
)
def test_what_is_no_amount_depends_on_how_one_is_written(
    spelled: Any, is_form: bool, kinds: set[Any]
) -> None:
    found = wrong_amounts(spelled, is_form=is_form).values()
    assert {str(each) if isinstance(each, list | dict) else each for each in found} == kinds


@pytest.mark.parametrize(
    ("body", "place", "after"),
    [
        ({"amount": 6, "id": 1}, "amount", {"amount": 0, "id": 1}),
        ({"amount": {"value": 6, "currency": "EUR"}}, "amount[value]", {"value": 0}),
        ({"amount[value]": "6"}, "amount[value]", {"amount[value]": 0}),
    ],
)
def test_an_amount_is_replaced_where_it_is(body: Any, place: str, after: Any) -> None:
    changed = put(body, place, 0)
    assert found_at(changed, place) == 0
    assert set(changed) == set(body)
    assert found_at(body, place) in (6, "6")
    assert after.items() <= {**changed, **(changed.get("amount") or {})}.items() or changed == after


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("POST /payments/$hold/captures", {"amount[value]": [1, 100, 300]}),
        ("POST /payments", {"amount[value]": [1, 100, 300]}),
        ("POST /payments/$hold/cancels", {}),
        ("GET /payments/$hold", {}),
        ("none", {}),
    ],
)
def test_ordinary_amounts_are_written_as_the_profile_does(
    operation: str, expected: dict[str, list[int]]
) -> None:
    with run_against(Checkout) as run:
        assert ordinary(run, operation, CardId("A"), EntryId("h"), RefId("r")) == expected


def test_nothing_is_found_where_nothing_is() -> None:
    assert found_at(None, "amount") is None
    assert found_at({"id": 1}, "amount") is None
    assert found_at({"amount": 1}, "amount[value]") is None
