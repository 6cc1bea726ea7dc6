"""A contract that misses an answer is repeated, and is undecided if it never gets all of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from contracts.support.clients import base_of
from contracts.support.staging import Stage
from tallystick.documents.shape import load
from tallystick.drivers.direct import Direct, Unanswered
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tallystick.repeating import ATTEMPTS, MOST, until_answered
from tallystick.request import Request
from tallystick.run import Run, Violated
from tallystick.target import Address, Client, HttpTarget, Network, TargetGone

ERROR = {"error": {"message": "down"}}
Answering = Callable[[httpx.Request], httpx.Response]


def run_against(answering: Answering, network: Network | None = None) -> Run:
    address = Address("http://127.0.0.1:9/v1", "T00000001")
    client = Client(token="x.y.z")
    target = HttpTarget(
        address, client, transport=httpx.MockTransport(answering), network=network, profile=Wallet()
    )
    return Run(target, Wallet(), load(), dialect_of(Wallet()))


class Server:
    """Answers control requests as `control` says, and creations by the statuses in turn.

    The status 0 loses the answer; the last status is repeated.
    """

    def __init__(self, *statuses: int, control: int = 200) -> None:
        self.statuses = list(statuses)
        self.control = control
        self.creations = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            body = {"cards": []} if self.control == 200 else ERROR
            return httpx.Response(self.control, json=body)
        self.creations += 1
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if not status:
            raise httpx.ReadError("reset by peer")
        return httpx.Response(status, json=ERROR)


def create(run: Run) -> int:
    """Send one request that has to be refused; its status."""
    direct = Direct(run)
    answer = direct.send(Request("aid_cards_post", "POST", f"{base_of(direct.target)}/cards", {}))
    direct.expect_refusal("SHAPE-4", answer, "the body is empty")
    return answer.status


@pytest.mark.parametrize("missing", [0, 502, 503, 504])
def test_a_contract_is_repeated_until_it_has_all_answers(missing: int) -> None:
    server = Server(missing, missing, 400)
    run = run_against(server)
    assert until_answered(run, lambda: create(run)) == 400
    assert server.creations == 3
    assert (run.findings, run.undecided) == ({}, [])


def test_a_contract_without_any_answer_is_undecided_and_names_the_test() -> None:
    server = Server(0)
    run = run_against(server)
    run.begin_test("test_cards.py::test_it")
    with pytest.raises(pytest.skip.Exception, match="not decided"):
        until_answered(run, lambda: create(run))
    assert server.creations == ATTEMPTS
    [reason] = run.undecided
    assert "test_it" in reason
    assert "reset by peer" in reason
    assert run.findings == {}


def test_the_same_gateway_error_again_and_again_is_a_fault_of_the_target() -> None:
    run = run_against(Server(503))
    with pytest.raises(Violated, match="SHAPE-2"):
        until_answered(run, lambda: create(run))
    assert set(run.findings) == {"SHAPE-2"}


@pytest.mark.parametrize("statuses", [(503, 502), (503, 0)])
def test_gateway_errors_of_several_kinds_are_no_fault(statuses: tuple[int, ...]) -> None:
    run = run_against(Server(*statuses * ATTEMPTS))
    with pytest.raises(pytest.skip.Exception):
        until_answered(run, lambda: create(run))
    assert run.findings == {}


def test_an_outage_is_waited_out_and_then_the_target_is_gone() -> None:
    run = run_against(Server(503, control=503), Network(start_s=0.3))
    with pytest.raises(TargetGone, match="unreachable"):
        until_answered(run, lambda: create(run))
    assert run.findings == {}


def test_a_gateway_error_that_no_contract_looks_at_is_a_missing_answer_too() -> None:
    server = Server(503, 400)
    run = run_against(server)

    def goes_on() -> str:
        try:
            create(run)
        except Unanswered:
            return "unnoticed"
        return "answered"

    assert until_answered(run, goes_on) == "answered"


def test_a_stage_needs_the_answer_to_every_step() -> None:
    run = run_against(Server(0))
    with pytest.raises(Unanswered, match=r"POST .*cards"):
        Stage(run, "A = card 1000 NOK")


def test_answers_that_are_missing_by_chance_are_asked_for_more_often() -> None:
    run = run_against(Server(400))
    exchange = Direct(run).target.send(Request("aid_cards_get", "GET", "/cards"))
    places = itertools.count(1)

    def attempt() -> str:
        number = run.target.meter.requests + next(places)
        if number > MOST:
            return "answered"
        raise Unanswered(replace(exchange, number=number))

    assert until_answered(run, attempt) == "answered"


# Gaps: answers without which an attempt goes on ---------------------------------------------------


def attempts_with(run: Run, *gaps: tuple[str, ...]) -> Callable[[], int]:
    """Attempts that come to their end, each with an answer missing at these places."""
    left = list(gaps)

    def attempt() -> int:
        exchange = run.target.send(Request("aid_cards_post", "POST", "/cards", {}))
        run.gaps |= dict.fromkeys(left.pop(0), exchange)
        return len(gaps) - len(left)

    return attempt


def test_a_gap_is_filled_by_an_attempt_that_has_the_answer() -> None:
    run = run_against(Server(0))
    gaps = [("d1", "d2"), ("d2", "d3"), ("d3",)]
    assert until_answered(run, attempts_with(run, *gaps)) == len(gaps)
    assert run.undecided == []


def test_a_gap_in_every_attempt_leaves_the_contract_undecided() -> None:
    run = run_against(Server(0))
    with pytest.raises(pytest.skip.Exception, match="not decided"):
        until_answered(run, attempts_with(run, *[("d1", f"x{n}") for n in range(ATTEMPTS)]))
    assert len(run.undecided) == 1


# Credentials --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_after_the_credentials_have_ended_breaks_no_rule(status: int) -> None:
    run = run_against(Server(status, control=status))
    with pytest.raises(TargetGone, match="no longer"):
        Stage(run, "A = card 1000 NOK")
    assert run.findings == {}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_while_the_credentials_are_accepted_breaks_a_rule(status: int) -> None:
    run = run_against(Server(status))
    with pytest.raises(Violated):
        Stage(run, "A = card 1000 NOK")
    assert set(run.findings) == {"CARD-1"}


def test_an_error_of_the_server_breaks_no_rule_but_that_of_errors() -> None:
    run = run_against(Server(500))
    direct = Direct(run)
    request = Request("aid_cards_post", "POST", f"{base_of(direct.target)}/cards", {})
    with pytest.raises(Violated):
        direct.expect_refusal("READ-4", direct.send(request, shaped=False), "no such card")
    assert [finding.violation.rule for finding in run.findings.values()] == ["SHAPE-2"]


def test_a_stage_goes_no_further_after_an_error_of_the_server() -> None:
    server = Server(500)
    with pytest.raises(Unanswered):
        Stage(run_against(server), "A = card 100 NOK", "B = card 100 NOK")
    assert server.creations == 1
