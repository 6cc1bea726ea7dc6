"""The target against scripted servers: what an answer means, patience, tokens, and giving up."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tallystick.ledger.vocabulary import Accepted, Capture, DeleteCard, ReadCard, Refused, Unknown
from tallystick.profiles.wallet.profile import Wallet
from tallystick.target import (
    NOT_JSON,
    Address,
    Answer,
    Client,
    HttpTarget,
    Meter,
    NoAnswer,
    TargetError,
    TargetGone,
    with_path,
)
from tallystick.target.network import OUTAGE_S, START_S
from tests.target.scripted import (
    ADDRESS,
    ADMIN,
    CARD,
    READ,
    READY,
    WRITE,
    FakeTime,
    Server,
    answer,
    target_of,
)

# What an answer means -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "given", "meaning"),
    [
        (ReadCard("A"), answer(200, CARD), Accepted),
        (ReadCard("A"), answer(201, CARD), Accepted),
        (DeleteCard("A"), answer(204), Accepted),
        (ReadCard("A"), answer(404, {"error": {"message": "no"}}), Refused),
        (ReadCard("A"), httpx.Response(400, text="no"), Refused),
        (ReadCard("A"), httpx.Response(200, text="<html>"), Unknown),
        (ReadCard("A"), httpx.Response(200, content=b"\xff\xfe"), Unknown),
        (ReadCard("A"), httpx.Response(200, content=b"9" * 5000), Unknown),
        (ReadCard("A"), httpx.Response(200, content=b"[" * 100_000), Unknown),
        (ReadCard("A"), answer(302), Unknown),
        (Capture("A", "h", 5, "r"), httpx.ReadTimeout("slow"), Unknown),
        (Capture("A", "h", 5, "r"), httpx.ReadError("reset"), Unknown),
        (Capture("A", "h", 5, "r"), httpx.RemoteProtocolError("half an answer"), Unknown),
    ],
)
def test_an_answer_proves(command, given, meaning: type) -> None:
    outcome, exchange = target_of(Server(given)).perform(command)
    assert isinstance(outcome, meaning)
    assert exchange.number == 1


def test_an_unknown_outcome_says_why() -> None:
    prove = Wallet().outcome
    assert prove(ReadCard("A"), NoAnswer("ReadTimeout: slow")) == Unknown("ReadTimeout: slow")
    assert prove(ReadCard("A"), Answer(502, "", NOT_JSON)) == Unknown("status 502")


def test_every_exchange_is_observed_once() -> None:
    seen = []
    server = Server(answer(200, CARD))
    target = target_of(server, observer=seen.append)
    exchanges = [target.send(READ), target.send(WRITE)]
    assert seen == exchanges
    assert all(exchange.called_ns <= exchange.returned_ns for exchange in seen)


# What is sent -------------------------------------------------------------------------------------


def test_a_request_carries_the_token_and_its_body() -> None:
    server = Server(answer(200, CARD))
    target_of(server).send(WRITE)
    (request,) = server.seen
    assert request.headers["authorization"] == "Bearer ready"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"card_id": "A"}
    assert str(request.url) == f"{ADDRESS.url}{WRITE.path}"


def test_ill_formed_input_is_sent_as_it_is() -> None:
    server = Server(answer(400, {}))
    target_of(server).send(
        WRITE, headers={"Content-Type": "text/x"}, content=b"{", authorized=False
    )
    (request,) = server.seen
    assert (request.headers["content-type"], request.content) == ("text/x", b"{")
    assert "authorization" not in request.headers


def test_another_connection_shares_the_count_and_the_token() -> None:
    server = Server(answer(200, CARD))
    target = target_of(server, ADMIN)
    other = target.another(transport=httpx.MockTransport(server))
    stranger = target.another(client=Client("x", "y"), transport=httpx.MockTransport(server))
    for one in (target, other, stranger):
        one.send(READ)
        one.close()
    assert target.meter.requests == 3
    assert [r.headers["authorization"][-6:] for r in server.seen] == ["token1", "token1", "token2"]


def test_the_account_of_a_path_can_be_another() -> None:
    assert with_path(ADDRESS, "T87654321") == Address(ADDRESS.url, "T87654321")


# Patience -----------------------------------------------------------------------------------------

LATER = "Fri, 20 Nov 2026 17:00:07 GMT"
NOW = "Fri, 20 Nov 2026 17:00:00 GMT"


@pytest.mark.parametrize(
    ("busy", "nap"),
    [
        (answer(429, {}, Retry_After="3"), 3.0),
        (answer(503, {}, Retry_After="3"), 3.0),
        (answer(429, {}), 1.0),
        (answer(429, {}, Retry_After="9999"), 30.0),
        (answer(429, {}, Retry_After="inf"), 30.0),
        (answer(429, {}, Retry_After="0"), 0.05),
        (answer(429, {}, Retry_After="-5"), 0.05),
        (answer(429, {}, Retry_After="nan"), 1.0),
        (answer(429, {}, Retry_After="soon"), 1.0),
        (answer(429, {}, Retry_After=LATER, Date=NOW), 7.0),
    ],
)
def test_a_busy_server_is_waited_for_within_bounds(busy: httpx.Response, nap: float) -> None:
    clock = FakeTime()
    server = Server(busy, answer(200, CARD))
    outcome, _ = target_of(server, clock=clock).perform(ReadCard("A"))
    assert isinstance(outcome, Accepted)
    assert clock.naps == [nap]
    assert len(server.seen) == 2


def test_a_server_that_stays_busy_is_given_up() -> None:
    server = Server(answer(429, {}, Retry_After="1"))
    clock = FakeTime()
    with pytest.raises(TargetGone, match="lower --rate"):
        target_of(server, clock=clock).send(READ)
    assert START_S <= sum(clock.naps) <= START_S + 5


# Giving up ----------------------------------------------------------------------------------------


def test_a_connection_that_is_refused_is_tried_again_because_nothing_was_sent() -> None:
    clock = FakeTime()
    server = Server(httpx.ConnectError("refused"), httpx.ConnectError("refused"), answer(200, CARD))
    outcome, _ = target_of(server, clock=clock).perform(ReadCard("A"))
    assert isinstance(outcome, Accepted)
    assert len(clock.naps) == 2


def test_a_server_that_refuses_connections_is_gone() -> None:
    clock = FakeTime()
    server = Server(httpx.ConnectError("refused"))
    with pytest.raises(TargetGone, match="is it still running"):
        target_of(server, clock=clock).send(READ)
    assert START_S <= sum(clock.naps) <= START_S + 5


# Tokens -------------------------------------------------------------------------------------------


def test_a_token_is_renewed_at_half_of_its_life() -> None:
    clock = FakeTime()
    server = Server(answer(200, CARD), life_s=100)
    target = target_of(server, ADMIN, clock)
    for seconds, tokens in ((0, 1), (49, 1), (2, 2), (49, 2), (2, 3)):
        clock.now_s += seconds
        target.send(READ)
        assert server.tokens == tokens


def test_a_401_renews_the_token_once_and_sends_again() -> None:
    server = Server(answer(401, {}), answer(200, CARD))
    outcome, _ = target_of(server, ADMIN).perform(ReadCard("A"))
    assert isinstance(outcome, Accepted)
    assert server.tokens == 2


def test_a_401_that_stays_is_a_refusal() -> None:
    server = Server(answer(401, {}))
    outcome, _ = target_of(server, ADMIN).perform(ReadCard("A"))
    assert outcome == Refused(401)
    assert len(server.seen) == 2


def test_a_ready_token_is_never_renewed() -> None:
    server = Server(answer(401, {}))
    target = target_of(server)
    assert target.send(READ).answer.status == 401
    assert (server.tokens, len(server.seen)) == (0, 1)
    assert target.authentication.is_fixed
    target.authentication.forget()
    target.send(READ)
    assert server.tokens == 0


class TokenServer(Server):
    """A server whose Get Token answers from a script."""

    def __init__(self, *script: httpx.Response | Exception) -> None:
        super().__init__(answer(200, CARD))
        self.get_token = Server(*script)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/auth/token"):
            return super().__call__(request)
        moved = httpx.Request("POST", request.url.join("elsewhere"), content=request.content)
        return self.get_token(moved)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (httpx.ConnectError("refused"), "start the server or correct --target"),
        (httpx.ConnectTimeout("slow"), "start the server or correct --target"),
        (answer(401, {}), "check TALLYSTICK_CLIENT_ID"),
        (answer(403, {}), "check TALLYSTICK_CLIENT_ID"),
        (answer(404, {}), "up to and including /v1"),
        (httpx.Response(200, html="<html></html>"), "up to and including /v1"),
        (answer(200, []), "up to and including /v1"),
        (answer(200, {"access_token": None}), "up to and including /v1"),
        (answer(200, {"access_token": "t", "expires_in": "soon"}), "a number of seconds above 0"),
        (answer(200, {"access_token": "t", "expires_in": 0}), "a number of seconds above 0"),
        (answer(500, {"access_token": "t"}), "unreachable for 1[0-9] s .Get Token: status 500"),
        (answer(429, {"access_token": "t"}), "Get Token: status 429"),
        (httpx.ReadError("reset"), "Get Token: reset"),
        (answer(200, {"access_token": "t", "expires_in": -1}), "a number of seconds above 0"),
        (answer(200, {"access_token": "t", "expires_in": True}), "a number of seconds above 0"),
        (answer(200, {"access_token": "t", "expires_in": "nan"}), "a number of seconds above 0"),
        (answer(200, {"access_token": "t", "expires_in": "inf"}), "a number of seconds above 0"),
        (answer(200, {"access_token": "t", "expires_in": 10**999}), "a number of seconds above 0"),
        (answer(200, {"access_token": "tøken"}), "no header can carry"),
        (answer(200, {"access_token": "a\r\nb: c"}), "no header can carry"),
        (httpx.Response(200, content=b'{"access_token": "\\ud800"}'), "no header can carry"),
        (answer(200, {"access_token": "t" * 1_000_000}), "no header can carry"),
    ],
)
def test_a_target_that_gives_no_token_ends_in_one_line_that_says_what_to_do(given, advice) -> None:
    server = TokenServer(given)
    with pytest.raises(TargetError, match=advice) as found:
        target_of(server, ADMIN).send(READ)
    assert "\n" not in str(found.value)
    assert "secret" not in str(found.value)
    assert server.seen == []


def test_a_busy_token_operation_is_waited_for() -> None:
    clock = FakeTime()
    good = answer(200, {"access_token": "t"})
    server = TokenServer(answer(429, {}, Retry_After="2"), good)
    target_of(server, ADMIN, clock).send(READ)
    assert len(server.get_token.seen) == 2
    assert clock.naps[0] == 2.0


@pytest.mark.parametrize(
    "failure", [answer(500), answer(502), httpx.ReadError("reset"), httpx.ConnectError("refused")]
)
def test_a_get_token_that_fails_once_is_asked_again(failure: httpx.Response | Exception) -> None:
    server = TokenServer(failure, answer(200, {"access_token": "t"}))
    target = target_of(server, ADMIN)
    assert target.send(READ).answer.status == 200
    assert len(server.get_token.seen) == 2
    assert [outage.reason[:9] for outage in target.outages] == ["Get Token"]


GOOD = answer(200, {"access_token": "t", "expires_in": 0.002})


@pytest.mark.parametrize("other", [answer(200), answer(404), answer(401), answer(200, {})], ids=str)
def test_a_get_token_that_worked_before_is_asked_again(other: httpx.Response) -> None:
    clock = FakeTime()
    # A refusal is answered with another audience only if none was taken before.
    server = TokenServer(GOOD, other, GOOD)
    target = target_of(server, ADMIN, clock)
    target.send(READ)
    clock.now_s += 1
    assert target.send(READ).answer.status == 200
    assert len(server.get_token.seen) == 3


def test_a_get_token_that_worked_before_and_never_again_says_what_it_answers() -> None:
    clock = FakeTime()
    target = target_of(TokenServer(GOOD, answer(401)), ADMIN, clock)
    target.send(READ)
    target.begin_run()
    clock.now_s += 1
    with pytest.raises(TargetError, match="refused the credentials"):
        target.send(READ)
    assert OUTAGE_S <= sum(clock.naps) < OUTAGE_S + 5


def test_the_documented_audience_is_tried_before_the_address_of_the_server() -> None:
    good = answer(200, {"access_token": "t", "expires_in": 0.002})
    server = TokenServer(answer(403, {}), good, good)
    clock = FakeTime()
    target = target_of(server, ADMIN, clock)
    target.send(READ)
    clock.sleep(1)
    target.send(READ)
    asked = [json.loads(request.content)["audience"] for request in server.get_token.seen]
    own = f"{target.address.url}/accounts/{target.address.account}"
    assert asked == [f"https://api.dintero.com/v1/accounts/{target.address.account}", own, own]


def test_an_address_that_is_none_is_said_so() -> None:
    target = HttpTarget(Address("http://[", "T12345678"), ADMIN, profile=Wallet())
    with pytest.raises(TargetError, match="correct --target"):
        target.send(READ)


def test_secrets_do_not_show_in_a_client() -> None:
    assert "hush" not in repr(Client("id", "hush", "hush"))


# Counting -----------------------------------------------------------------------------------------


def test_a_rate_spreads_the_requests() -> None:
    clock = FakeTime()
    meter = Meter(rate=4, time=clock.time)
    assert [meter.take() for _ in range(5)] == [1, 2, 3, 4, 5]
    assert sum(clock.naps) == pytest.approx(1.0)


def test_time_that_passed_anyway_is_not_waited_for_twice() -> None:
    clock = FakeTime()
    meter = Meter(rate=4, time=clock.time)
    meter.take()
    clock.now_s += 10
    meter.take()
    assert clock.naps == []


def test_without_a_rate_nobody_waits() -> None:
    clock = FakeTime()
    meter = Meter(time=clock.time)
    for _ in range(5):
        meter.take()
    assert clock.naps == []


def test_counting_is_safe_from_several_threads() -> None:
    meter = Meter()
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: meter.take(), range(4000)))
    assert sorted(numbers) == list(range(1, 4001))
    assert meter.requests == 4000


def test_one_token_serves_several_threads() -> None:
    server = Server(answer(200, CARD))
    first = target_of(server, ADMIN)
    targets = [first.another(transport=httpx.MockTransport(server)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda target: target.send(READ), targets))
    assert server.tokens == 1
    assert first.credentials() == {"Authorization": "Bearer token1"}


# Real connections ---------------------------------------------------------------------------------


@contextmanager
def listening(*answers: bytes) -> Iterator[str]:
    """A server that gives each connection one of the answers, byte for byte, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for text in answers:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(text)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.close()
        thread.join(5)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 2",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_connection_that_breaks_in_the_middle_proves_nothing(text: bytes) -> None:
    with listening(text) as url:
        target = HttpTarget(Address(url, "T12345678"), READY, profile=Wallet())
        outcome, _ = target.perform(Capture("A", "h", 5, "r"))
        target.close()
    assert isinstance(outcome, Unknown)


def test_a_redirect_is_not_followed() -> None:
    text = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with listening(text) as url:
        target = HttpTarget(Address(url, "T12345678"), READY, profile=Wallet())
        assert target.send(READ).answer.status == 302
        target.close()


def test_a_port_that_nobody_listens_on_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    clock = FakeTime()
    target = HttpTarget(
        Address(f"http://127.0.0.1:{port}/v1", "T12345678"),
        READY,
        time=clock.time,
        profile=Wallet(),
    )
    with pytest.raises(TargetGone, match="connection refused"):
        target.send(READ)
    target.close()
