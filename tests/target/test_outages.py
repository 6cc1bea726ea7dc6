"""An outage of the target is told from a fault in one kind of request, and waited for in bounds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tallystick.profiles.wallet.profile import Wallet as WalletProfile
from tallystick.target import (
    Address,
    Answer,
    Client,
    CredentialsLost,
    HttpTarget,
    NoAnswer,
    OnPurpose,
    TargetGone,
)
from tallystick.target.network import OUTAGE_S
from tallystick.target.outages import ENOUGH, MOST
from tests.target.scripted import ADMIN, CARD, READ, READY, WRITE, FakeTime, Server, answer, given
from tests.target.scripted import target_of as scripted_target

LOST = httpx.ReadError("reset")
REFUSED = httpx.ConnectError("refused")
Failure = httpx.Response | Exception
FAILURES = [answer(500, {}), answer(502), answer(503), answer(504), LOST, REFUSED]


class Wallet:
    """A wallet server with times when it fails, and requests that always fail."""

    def __init__(self, clock: FakeTime) -> None:
        self.clock = clock
        self.down_until = 0.0
        self.failure: Failure = answer(502)
        self.faulty: dict[str, Failure] = {}
        self.controls = 0
        self.writes = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        is_control = request.url.query == b"limit=1"
        self.controls += is_control
        if self.clock.now_s < self.down_until:
            return given(self.failure)
        if path.endswith("/auth/token"):
            return httpx.Response(200, json={"access_token": "t"})
        if is_control:
            return answer(200, {"cards": []})
        if request.method in self.faulty:
            return given(self.faulty[request.method])
        self.writes += request.method == "POST"
        return answer(200, CARD)


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def wallet(clock: FakeTime) -> Wallet:
    return Wallet(clock)


@pytest.fixture
def target(wallet: Wallet, clock: FakeTime) -> HttpTarget:
    target = scripted_target(wallet, READY, clock)
    target.begin_run()
    return target


def go_down(wallet: Wallet, seconds: float, failure: Failure) -> None:
    wallet.clock.now_s += 1
    wallet.down_until = wallet.clock.now_s + seconds
    wallet.failure = failure


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_read_that_an_outage_cuts_off_is_sent_again(
    target: HttpTarget, wallet: Wallet, failure: Failure
) -> None:
    go_down(wallet, 10, failure)
    assert target.send(READ).answer.status == 200
    (outage,) = target.outages
    assert 10 <= outage.seconds <= 13


@pytest.mark.parametrize("failure", FAILURES[:4], ids=str)
def test_a_write_that_an_outage_cuts_off_has_no_answer_and_is_not_sent_again(
    target: HttpTarget, wallet: Wallet, failure: Failure
) -> None:
    go_down(wallet, 10, failure)
    lost = target.send(WRITE).answer
    assert isinstance(lost, NoAnswer)
    assert "no other request" in lost.reason
    assert wallet.writes == 0
    assert target.send(WRITE).answer.status == 200


def test_a_write_that_was_never_sent_is_sent_when_the_target_is_back(
    target: HttpTarget, wallet: Wallet
) -> None:
    go_down(wallet, 10, REFUSED)
    assert target.send(WRITE).answer.status == 200
    assert wallet.writes == 1


def test_an_outage_beyond_the_bound_ends_the_run(target: HttpTarget, wallet: Wallet) -> None:
    go_down(wallet, 10_000, answer(503))
    with pytest.raises(TargetGone, match=r"unreachable for 3\d s \(status 503\)"):
        target.send(READ)
    assert OUTAGE_S <= sum(wallet.clock.naps) <= OUTAGE_S + 5
    assert wallet.controls < 30


def test_outages_that_never_end_for_long_end_the_run(target: HttpTarget, wallet: Wallet) -> None:
    def fail() -> None:
        go_down(wallet, 1, answer(502))
        target.send(READ)

    for _ in range(MOST):
        fail()
    with pytest.raises(TargetGone, match="again and again"):
        fail()


@pytest.mark.parametrize("failure", FAILURES[:4], ids=str)
def test_a_failure_of_one_kind_of_request_stands_as_its_answer(
    target: HttpTarget, wallet: Wallet, failure: httpx.Response
) -> None:
    wallet.faulty["POST"] = failure
    for _ in range(10):
        wallet.clock.now_s += 1
        assert target.send(WRITE).answer == Answer(failure.status_code, *_content(failure))
        assert target.send(READ).answer.status == 200
    assert wallet.controls == ENOUGH
    assert target.outages == []


def _content(failure: httpx.Response) -> tuple[str, object]:
    shown = scripted_target(Server(failure, answer(200))).send(WRITE).answer
    return (shown.content_type, shown.body) if isinstance(shown, Answer) else ("", None)


def test_nothing_is_asked_beside_a_healthy_target(target: HttpTarget, wallet: Wallet) -> None:
    for _ in range(10):
        target.send(READ)
        target.send(WRITE)
    assert wallet.controls == 0
    assert target.meter.requests == 20


def test_one_lost_answer_is_unknown_and_two_in_a_row_are_looked_into(
    target: HttpTarget, wallet: Wallet
) -> None:
    wallet.faulty["POST"] = LOST
    assert isinstance(target.send(WRITE).answer, NoAnswer)
    assert wallet.controls == 0
    assert isinstance(target.send(WRITE).answer, NoAnswer)
    assert wallet.controls == 1


def test_a_lost_answer_to_a_read_is_asked_for_once_more() -> None:
    server = Server(LOST, answer(200, CARD))
    target = scripted_target(server)
    exchange = target.send(READ)
    assert (exchange.answer.status, exchange.number, len(server.seen)) == (200, 2, 2)


def test_what_a_driver_breaks_on_purpose_is_not_looked_into() -> None:
    server = Server(OnPurpose("lost on purpose"))
    target = scripted_target(server)
    for _ in range(5):
        lost = target.send(READ).answer
        assert isinstance(lost, NoAnswer)
        assert lost.reason == "lost on purpose"
    assert len(server.seen) == 5


def test_threads_that_meet_one_outage_wait_for_it_once(wallet: Wallet, clock: FakeTime) -> None:
    first = scripted_target(wallet, READY, clock)
    first.begin_run()
    go_down(wallet, 10, answer(502))
    others = [first.another(transport=httpx.MockTransport(wallet)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda each: each.send(READ).answer.status, others))
    assert answers == [200] * 4
    assert sum(outage.seconds for outage in first.outages) < 15


# Credentials --------------------------------------------------------------------------------------


def unauthorized(of: Callable[[httpx.Request], bool]) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/token"):
            return httpx.Response(200, json={"access_token": "t"})
        return answer(401, {}) if of(request) else answer(200, CARD)

    return handler


@pytest.mark.parametrize("client", [ADMIN, READY])
def test_credentials_that_nothing_accepts_any_more_end_the_run(client) -> None:
    target = scripted_target(unauthorized(lambda request: True), client)
    target.begin_run()
    with pytest.raises(CredentialsLost, match="no longer accepts the credentials"):
        target.send(WRITE)


def test_a_401_to_one_operation_is_its_answer() -> None:
    target = scripted_target(unauthorized(lambda request: request.method == "POST"), ADMIN)
    target.begin_run()
    for _ in range(10):
        assert target.send(WRITE).answer.status == 401


def test_a_401_to_another_client_is_its_answer() -> None:
    handler = unauthorized(lambda request: True)
    target = scripted_target(handler, ADMIN)
    target.begin_run()
    other = target.another(client=READY, transport=httpx.MockTransport(handler))
    assert other.send(WRITE).answer.status == 401


def test_a_401_before_the_run_is_its_answer() -> None:
    target = scripted_target(unauthorized(lambda request: True), ADMIN)
    assert target.send(READ).answer.status == 401


def test_a_401_to_a_forged_token_is_its_answer() -> None:
    target = scripted_target(unauthorized(lambda request: True), ADMIN)
    target.begin_run()
    assert target.send(READ, headers={"Authorization": "Bearer forged"}).answer.status == 401
    assert target.send(READ, authorized=False).answer.status == 401


class Bursts:
    """Answers 401 to so many requests in a row, then honestly."""

    def __init__(self, refused: int) -> None:
        self.refused = refused
        self.writes = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/token"):
            return httpx.Response(200, json={"access_token": "t"})
        if self.refused:
            self.refused -= 1
            return answer(401, {})
        self.writes += request.method == "POST"
        return answer(200, CARD)


@pytest.mark.parametrize("refused", [1, 2, 3, 5])
@pytest.mark.parametrize("client", [ADMIN, READY], ids=["renewed", "ready"])
def test_a_burst_of_401_is_no_answer(client: Client, refused: int) -> None:
    server = Bursts(refused)
    target = scripted_target(server, client)
    target.begin_run()
    assert target.send(WRITE).answer.status == 200
    assert server.writes == 1


@pytest.mark.parametrize("refused", [1, 2, 5])
def test_a_burst_of_401_to_another_client_that_has_worked_is_no_answer(refused: int) -> None:
    server = Bursts(0)
    target = scripted_target(server, ADMIN)
    target.begin_run()
    other = target.another(client=READY, transport=httpx.MockTransport(server))
    assert other.send(READ).answer.status == 200
    server.refused = refused
    assert other.send(WRITE).answer.status == 200
    assert server.writes == 1


def test_a_401_to_one_operation_of_another_client_is_its_answer() -> None:
    handler = unauthorized(lambda request: request.method == "POST")
    target = scripted_target(handler, ADMIN)
    target.begin_run()
    other = target.another(client=READY, transport=httpx.MockTransport(handler))
    assert other.send(READ).answer.status == 200
    for _ in range(10):
        assert other.send(WRITE).answer.status == 401


def test_an_outage_is_not_waited_for_beyond_the_budget(
    target: HttpTarget, wallet: Wallet, clock: FakeTime
) -> None:
    wallet.down_until = float("inf")
    ends = clock.now_s + 3
    target.end_with(lambda: max(0.0, ends - clock.now_s))
    with pytest.raises(TargetGone, match="budget is spent"):
        target.send(WRITE)
    assert clock.now_s < ends + 5


def test_a_wait_at_the_start_is_shown_and_one_in_the_run_is_not(clock: FakeTime) -> None:
    said: list[str] = []
    wallet = Wallet(clock)
    transport = httpx.MockTransport(wallet)
    address = Address("http://wallet.test/v1", "T12345678")
    profile = WalletProfile()
    target = HttpTarget(address, READY, profile=profile, transport=transport, time=clock.time)
    target.show_waits(said.append)
    wallet.failure, wallet.down_until = REFUSED, clock.now_s + 5
    assert target.send(READ).answer.status == 200
    assert len(said) == 1
    assert "waiting" in said[0]
    target.begin_run()
    wallet.down_until = clock.now_s + 5
    assert target.send(READ).answer.status == 200
    assert len(said) == 1


def test_a_broken_list_of_cards_is_told_from_an_outage(target: HttpTarget, wallet: Wallet) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return answer(500, {}) if request.url.query == b"limit=1" else wallet(request)

    target = scripted_target(handler, READY, wallet.clock)
    target.begin_run()
    wallet.faulty["POST"] = answer(500, {})
    assert target.send(WRITE).answer.status == 500
    assert target.outages == []
