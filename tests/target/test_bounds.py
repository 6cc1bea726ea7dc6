"""An exchange ends: in a time, in a number of bytes, and with JSON that can be handled."""

from __future__ import annotations

import gc
import gzip
import json
import socket
import time
import tracemalloc
import zlib

import pytest

from tallystick.documents.shape import load
from tallystick.profiles.wallet.profile import Wallet
from tallystick.request import Request
from tallystick.target import Address, Answer, Client, HttpTarget, Network, NoAnswer
from tallystick.target.bodies import DEEPEST, LARGEST, LONGEST_NUMBER, MOST_VALUES
from tests.target.raw import (
    Behave,
    is_silent,
    listening,
    read_request,
    sends,
    sends_for_ever,
    whole,
)

READ = Request("aid_cards_cardid_get", "GET", "/accounts/T12345678/wallets/cards/A")
WRITE = Request("aid_cards_post", "POST", "/accounts/T12345678/wallets/cards", {"card_id": "A"})
READY = Client(token="ready")
TIMEOUT_S = 0.6
"""For what comes in pieces, so that the time is over before anything else."""
LONG_S = 60.0
"""For what is large: on a busy machine it takes its time to arrive."""
SOON_S = 60.0
"""An upper bound of what a test takes here; the machine may be busy."""
MEMORY = 300 * 1024 * 1024
JSON = b"Content-Type: application/json"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = b"Content-Encoding: gzip"
DEFLATE = b"Content-Encoding: deflate"


def asked(
    behave: Behave, request: Request = WRITE, timeout_s: float = TIMEOUT_S, *, served: bool = False
) -> Answer | NoAnswer:
    """What a server that behaves so gives, within bounds of time and memory.

    `served`: over a connection that has carried a whole exchange.
    """
    network = Network(timeout_s=timeout_s, start_s=0.1)
    with listening(after_one(behave) if served else behave) as url:
        target = HttpTarget(Address(url, "T12345678"), READY, network=network, profile=Wallet())
        if served:
            assert isinstance(target.send(request).answer, Answer)
        tracemalloc.start()
        began = time.monotonic()
        answer = target.send(request).answer
        took_s, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        target.close()
    assert took_s < SOON_S
    assert peak < MEMORY
    return answer


def after_one(behave: Behave) -> Behave:
    """The same behaviour at the second request of a connection; the first is answered."""

    def behaves(connection: socket.socket) -> None:
        connection.sendall(whole(b"{}", JSON))
        read_request(connection)
        behave(connection)

    return behaves


BOMB = gzip.compress(b"x" * (LARGEST + 1))
WITHOUT_BOUNDS = {
    "a body that comes in drops": (sends_for_ever(CHUNKED, b"1\r\nx\r\n", 0.05), 200, "pieces"),
    "a head that comes in drops": (sends_for_ever(HEAD, b"x", 0.05), 0, "pieces"),
    "informational answers, slowly": (
        sends_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
        0,
        "pieces",
    ),
    "informational answers, quickly": (
        sends_for_ever(b"", b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 60_000 + b"\r\n\r\n"),
        0,
        "bytes",
    ),
    "a body without an end": (
        sends_for_ever(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        200,
        "bytes",
    ),
    "a body without an end that closes no connection": (
        sends_for_ever(HEAD + b"\r\n", b"x" * 65536),
        200,
        "bytes",
    ),
    "a body of one gigabyte": (
        sends_for_ever(HEAD + b"Content-Length: 1000000000\r\n\r\n", b"x" * 65536),
        200,
        "bytes",
    ),
    "a gzip bomb": (sends(whole(BOMB, JSON, GZIP)), 200, "unpacked"),
    "a zlib bomb": (
        sends(whole(zlib.compress(b"x" * (LARGEST + 1)), JSON, DEFLATE)),
        200,
        "unpacked",
    ),
    "a gzip bomb in a gzip": (
        sends(whole(gzip.compress(BOMB), JSON, b"Content-Encoding: gzip, gzip")),
        200,
        "unpacked",
    ),
    "JSON of 40 MB": (sends(whole(b"[" + b"1," * 20_000_000 + b"1]", JSON)), 200, "bytes"),
    "JSON of many small values": (
        sends(whole(b"[" + b"[]," * MOST_VALUES + b"1]", JSON)),
        200,
        "values",
    ),
    "JSON that is deep": (
        sends(whole(b"[" * 900 + b"]" * 900, JSON)),
        200,
        "nested more than 100 deep",
    ),
    "JSON that is very deep": (
        sends(whole(b'{"a":' * 99_999, JSON)),
        200,
        "nested more than 100 deep",
    ),
    "a number of many digits": (
        sends(whole(b'{"amount": ' + b"9" * 5000 + b"}", JSON)),
        200,
        "5,000 digits",
    ),
    "a number that is too large": (sends(whole(b'{"amount": 1e999}', JSON)), 200, "too large"),
    "a refusal that is deep": (
        sends(whole(b"[" * 900 + b"]" * 900, JSON, status=b"400 Bad Request")),
        400,
        "nested",
    ),
}


connections = pytest.mark.parametrize("served", [False, True], ids=["new", "served"])


@connections
@pytest.mark.parametrize("name", WITHOUT_BOUNDS)
def test_an_answer_beyond_a_bound_is_none_and_breaks_a_rule(name: str, served: bool) -> None:
    behave, status, said = WITHOUT_BOUNDS[name]
    timeout_s = TIMEOUT_S if said == "pieces" else LONG_S
    answer = asked(behave, timeout_s=timeout_s, served=served)
    assert isinstance(answer, NoAnswer)
    assert said in answer.excess
    assert answer.status == status
    assert len(answer.excess) < 300
    assert answer.excess.isprintable()
    violation = load().judge_excess(WRITE.operation, answer.status, answer.excess)
    assert violation is not None
    assert violation.rule == {0: "SHAPE-3", 200: "SHAPE-1", 400: "SHAPE-5"}[status]


BROKEN = {
    "nothing": is_silent,
    "nothing, and the connection closed": sends(),
    "half a status line": sends(b"HTTP/1.1 2"),
    "half a head": sends(HEAD),
    "a body that is cut off": sends(HEAD + b"Content-Length: 99\r\n\r\n{"),
    "a length that is negative": sends(HEAD + b"Content-Length: -1\r\n\r\n{}"),
    "a length that is none": sends(HEAD + b"Content-Length: ten\r\n\r\n{}"),
    "two lengths": sends(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a chunk that is none": sends(CHUNKED + b"zz\r\n"),
    "a chunk that is cut off": sends(CHUNKED + b"ff\r\n{"),
    "a head without an end": sends_for_ever(HEAD, b"X-A: " + b"a" * 1000 + b"\r\n"),
    "a header without an end": sends_for_ever(HEAD + b"X-A: ", b"a" * 65536),
    "a header with invalid bytes": sends(HEAD + b"X-A: a\x00b\r\n\r\n"),
    "a header without a name": sends(HEAD + b": a\r\n\r\n"),
    "a status that is no number": sends(b"HTTP/1.1 abc OK\r\n\r\n"),
    "another protocol": sends(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "HTTP/0.9": sends(b"<html>hello</html>"),
    "random bytes": sends(bytes(range(256)) * 4),
    "a body that is packed wrongly": sends(whole(b"{}", JSON, GZIP)),
    "a packed body that is cut off": sends(whole(gzip.compress(b"{}")[:-9], JSON, GZIP)),
    "a body in an encoding that was not asked for": sends(
        whole(b"{}", JSON, b"Content-Encoding: br")
    ),
}


@connections
@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_breaks_off_is_none_and_the_network_may_be_to_blame(
    name: str, served: bool
) -> None:
    answer = asked(BROKEN[name], served=served)
    assert isinstance(answer, NoAnswer)
    assert answer.excess == ""
    assert answer.reason
    assert load().judge_excess(WRITE.operation, answer.status, answer.excess) is None


@connections
def test_the_reason_beside_a_status_is_free_text(served: bool) -> None:
    answer = asked(sends("HTTP/1.1 200 Gå videre\r\n\r\n".encode()), served=served)
    assert isinstance(answer, Answer)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEPEST + b"]" * DEEPEST,
        b'{"amount": ' + b"9" * LONGEST_NUMBER + b"}",
        b'{"card_id": "' + b"9" * 5000 + b'"}',
        b'{"note": "' + b"[{" * 5000 + b'"}',
        b'{"note": "\\"' + b"[{" * 5000 + b'"}',
        json.dumps([{"card_id": str(n)} for n in range(5000)]).encode(),
    ],
)
@connections
def test_an_answer_within_the_bounds_is_read(body: bytes, served: bool) -> None:
    answer = asked(sends(whole(body, JSON)), served=served)
    assert isinstance(answer, Answer)
    assert answer.body == json.loads(body)


@pytest.mark.parametrize("packed", [gzip.compress, zlib.compress])
@connections
def test_a_packed_body_is_unpacked(packed, served: bool) -> None:
    encoding = GZIP if packed is gzip.compress else DEFLATE
    answer = asked(sends(whole(packed(b'{"a": 1}'), JSON, encoding)), served=served)
    assert isinstance(answer, Answer)
    assert answer.body == {"a": 1}


def test_what_was_sent_so_deep_itself_is_no_violation_when_it_comes_back() -> None:
    deep = b"[" * 900 + b"]" * 900
    with listening(sends(whole(deep, JSON, b"Connection: close"))) as url:
        target = HttpTarget(Address(url, "T12345678"), READY, profile=Wallet())
        target.send(WRITE, content=deep)
        answer = target.send(WRITE).answer
        target.close()
    assert not isinstance(answer, NoAnswer)


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_number_that_is_none_is_no_json(word: bytes) -> None:
    answer = asked(sends(whole(b'{"amount": ' + word + b"}", JSON)))
    assert isinstance(answer, Answer)
    violation = load().judge(READ.operation, 200, answer.content_type, answer.body)
    assert violation is not None


def test_long_headers_are_cut() -> None:
    answer = asked(sends(whole(b"{}", JSON, b"Date: " + b"x" * 50_000)))
    assert isinstance(answer, Answer)
    assert len(answer.date) == 200


@pytest.mark.parametrize(
    "behave",
    [sends_for_ever(CHUNKED, b"1\r\nx\r\n", 0.05), is_silent, sends_for_ever(HEAD, b"x" * 65536)],
)
def test_get_token_is_bounded_too(behave: Behave) -> None:
    network = Network(timeout_s=TIMEOUT_S, start_s=0.1)
    with listening(behave) as url:
        target = HttpTarget(
            Address(url, "T12345678"), Client("id", "secret"), network=network, profile=Wallet()
        )
        began = time.monotonic()
        with pytest.raises(Exception, match="Get Token"):
            target.send(READ)
        assert time.monotonic() - began < SOON_S
        target.close()


def test_a_server_that_hangs_up_without_a_word_gets_a_connection_for_each_request() -> None:
    """It keeps a connection open after the answer, and closes it when the next request comes."""
    opened: list[object] = []

    def behave(connection) -> None:
        opened.append(connection)
        connection.sendall(whole(b"{}", JSON))
        read_request(connection)

    with listening(behave) as url:
        target = HttpTarget(Address(url, "T12345678"), READY, profile=Wallet())
        lost = [isinstance(target.send(WRITE).answer, NoAnswer) for _ in range(40)]
        target.close()
    assert 1 <= sum(lost) <= 3
    assert not any(lost[-30:])


@connections
@pytest.mark.parametrize("name", WITHOUT_BOUNDS)
def test_nothing_is_left_of_an_answer_without_bounds(name: str, served: bool) -> None:
    behave, _, said = WITHOUT_BOUNDS[name]
    network = Network(timeout_s=TIMEOUT_S if said == "pieces" else LONG_S, start_s=0.1)
    gc.collect()
    gc.disable()  # so that what a cycle of references keeps is seen
    tracemalloc.start()
    try:
        with listening(after_one(behave) if served else behave) as url:
            target = HttpTarget(Address(url, "T12345678"), READY, network=network, profile=Wallet())
            if served:
                target.send(READ)
            answer = target.send(READ).answer
            target.close()
            left, _ = tracemalloc.get_traced_memory()
        assert isinstance(answer, NoAnswer)
    finally:
        tracemalloc.stop()
        gc.enable()
    assert left < LARGEST // 2
