"""The fuzz driver on a bad network: each answer of a contract is lost once, and nobody is accused.

The contracts here are small ones of the same parts as those of chapter SHAPE; the server is honest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from random import Random
from urllib.parse import unquote

import httpx
import pytest

from sandbox.credentials import ADMIN
from sandbox.process import Sandbox
from tallystick.documents.shape import load
from tallystick.drivers.direct import Unanswered
from tallystick.drivers.fuzz import cases
from tallystick.drivers.fuzz.request import FuzzRequest
from tallystick.ledger.state import UNANSWERED
from tallystick.ledger.vocabulary import Kind
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.fuzz.card_set import BASIC, CardSet, new_fuzz
from tallystick.profiles.wallet.fuzz.driver import MISSING, Fuzz
from tallystick.profiles.wallet.fuzz.links import LinkFollower
from tallystick.profiles.wallet.fuzz.live_ids import LiveIds
from tallystick.profiles.wallet.fuzz.valid import VALID, changed, valid, without, written
from tallystick.profiles.wallet.profile import Wallet
from tallystick.repeating import ATTEMPTS, repeating, until_answered
from tallystick.run import Run, Violated
from tallystick.target import Address, Client, HttpTarget, NoAnswer
from tests.contracts.losing import LOSSES, How, Losing, LosingTransport

MADE_UP = re.compile(f"{re.escape(UNANSWERED)}({'|'.join([*Kind, 'token'])}) ")
"""The ids that a ledger makes up for what was not answered; no request may name one."""


class Recording(LosingTransport):
    """Harms the exchange with a number, counted from 1, and keeps what was sent."""

    def __init__(self, number: int, how: How) -> None:
        self.losing = Losing(number, how)
        self.losing.count = 0
        super().__init__(httpx.HTTPTransport(), self.losing)
        self.sent: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(f"{unquote(str(request.url))} {request.content!r}")
        return super().handle_request(request)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@contextmanager
def run_through(sandbox: Sandbox, transport: httpx.BaseTransport) -> Iterator[Run]:
    """A run against the honest sandbox through this transport."""
    client = Client(ADMIN.client_id, ADMIN.client_secret)
    target = HttpTarget(
        Address(sandbox.url, sandbox.account), client, transport=transport, profile=Wallet()
    )
    try:
        yield Run(target, Wallet(), load(), dialect_of(Wallet()))
    finally:
        target.close()


# Small contracts ----------------------------------------------------------------------------------


def valid_and_invalid_requests(run: Run) -> None:
    cards = CardSet(run, BASIC, repeating(run))
    for operation in VALID:
        cards.ask(operation, changed)
        cards.ask(operation, changed, unknown=1)
    for amount in (-1, "5", 1.0, 2**63):
        cards.ask(op.TRANSACT, changed, pending=True, amount=amount)
    cards.ask(op.CAPTURE, written, b'{"ref_id": "cut off')
    cards.settle(op.TRANSACT)


def generated_requests(run: Run) -> None:
    cards, random = CardSet(run, repeat=repeating(run)), Random(0)

    def try_case(operation: str, case: cases.Case, fuzz: Fuzz) -> None:
        query, body = cases.query_of(case), cases.body_of(case)
        fuzz.ask(LiveIds(fuzz, random).fill(operation, query, body))

    for operation in (op.TRANSACT, op.CAPTURE, op.DELETE_CARD):
        for case in generated_cases(operation):
            cards.use(operation, partial(try_case, operation, case))
        cards.settle(operation)


generated_cases = cache(partial(cases.cases, seed=0, boundary=2, generated=2))


def requests_that_only_the_contract_understands(run: Run) -> None:
    def pay_without_a_card(fuzz: Fuzz) -> None:
        answer = fuzz.send(without(valid(fuzz, op.TRANSACT), "card_id"))
        assert answer.status == 400
        fuzz.read_back("A")

    def name_a_missing_card(fuzz: Fuzz) -> None:
        fuzz.ask(FuzzRequest(op.READ_CARD, {"card_id": fuzz.cards.fresh(MISSING)}))

    cards = CardSet(run, BASIC, repeating(run))
    cards.use(op.TRANSACT, pay_without_a_card)
    cards.use(op.READ_CARD, name_a_missing_card)


def requests_along_the_links(run: Run) -> None:
    follower = LinkFollower(run, partial(new_fuzz, lines=BASIC))
    until_answered(run, partial(follower.follow, 1, 6))


SLOW = (generated_requests, requests_along_the_links)
PAIRS = [
    *((valid_and_invalid_requests, how) for how in LOSSES),
    *((requests_that_only_the_contract_understands, how) for how in LOSSES),
    *((contract, how) for contract in SLOW for how in (How.LOST, How.REJECTED)),
]


@pytest.mark.parametrize(("contract", "how"), PAIRS)
def test_a_lost_answer_accuses_nobody_wherever_it_is(
    sandbox: Sandbox, contract: Callable[[Run], None], how: How
) -> None:
    number = 0
    while True:
        number += 1
        transport = Recording(number, how)
        with run_through(sandbox, transport) as run:
            contract(run)
        assert (run.findings, run.undecided) == ({}, []), f"answer {number}"
        assert not [line for line in transport.sent if MADE_UP.search(line)]
        if not transport.losing.harmed:
            break
    assert number > 5


# Answers that never come --------------------------------------------------------------------------


class Faulty(httpx.BaseTransport):
    """Answers every request that `is_hit` picks with a status, or with none if it is 0."""

    def __init__(self, status: int, is_hit: Callable[[httpx.Request], bool]) -> None:
        self._inner = httpx.HTTPTransport()
        self._status, self._is_hit = status, is_hit

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self._is_hit(request):
            return self._inner.handle_request(request)
        if not self._status:
            raise httpx.ReadError("reset by peer", request=request)
        return httpx.Response(self._status, json={"error": {"message": "down"}})

    def close(self) -> None:
        self._inner.close()


def has_unknown_member(request: httpx.Request) -> bool:
    return b"unknown" in request.content


def ask_with_an_unknown_member(run: Run) -> None:
    CardSet(run, BASIC, repeating(run)).ask(op.TRANSACT, changed, unknown=1)


def test_a_request_that_is_never_answered_leaves_the_contract_undecided(sandbox: Sandbox) -> None:
    with run_through(sandbox, Faulty(0, has_unknown_member)) as run:
        with pytest.raises(pytest.skip.Exception, match=f"no answer in {ATTEMPTS} attempts"):
            ask_with_an_unknown_member(run)
        assert run.findings == {}
        assert len(run.undecided) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_request_that_always_gets_a_5xx_breaks_a_rule(sandbox: Sandbox, status: int) -> None:
    with run_through(sandbox, Faulty(status, has_unknown_member)) as run:
        with pytest.raises(Violated, match="SHAPE-2"):
            ask_with_an_unknown_member(run)
        assert run.undecided == []


def test_a_request_without_answer_counts_for_no_rule(sandbox: Sandbox) -> None:
    with run_through(sandbox, Faulty(0, has_unknown_member)) as run:
        fuzz = new_fuzz(run, BASIC)
        before = dict(run.checked)
        for members in ({"card_id": fuzz.cards.fresh(MISSING)}, {"amount": -1}):
            request = changed(valid(fuzz, op.TRANSACT), **members, unknown=1)
            with pytest.raises(Unanswered):
                fuzz.ask(request)
        assert run.checked == before


def test_a_server_may_close_the_connection_on_a_request_that_http_may_refuse(
    sandbox: Sandbox,
) -> None:
    with run_through(sandbox, Faulty(0, has_unknown_member)) as run:
        cards = CardSet(run, BASIC)
        content = b'{"unknown": "' + b"x" * 100_000 + b'"}'
        answer = cards.ask(op.TRANSACT, written, content, http_may_refuse=True)
        assert isinstance(answer, NoAnswer)
        cards.ask(op.TRANSACT, changed)
        cards.settle(op.TRANSACT)
        assert run.findings == {}


def test_what_refusals_have_changed_is_seen_before_cards_are_dropped() -> None:
    transport = Faulty(0, has_unknown_member)
    with (
        Sandbox(faults=("refusal_keeps_the_lock",)) as sandbox,
        run_through(sandbox, transport) as run,
    ):
        cards = CardSet(run, BASIC)
        cards.ask(op.TRANSACT, changed, pending=True, currency="SEK")
        with pytest.raises(Violated):
            cards.ask(op.TRANSACT, changed, unknown=1)
