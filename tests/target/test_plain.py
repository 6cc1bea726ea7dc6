"""What is written and read without h11 is what h11 writes and reads."""

from __future__ import annotations

import socket
import threading
import time

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.profiles.wallet.profile import Wallet
from tallystick.request import Request
from tallystick.target import Address, Answer, Client, HttpTarget, NoAnswer, plain
from tests.target.raw import listening, read_request, whole

WRITE = Request("aid_cards_post", "POST", "/accounts/T12345678/wallets/cards", {"card_id": "A"})
LIMIT_S = 60.0
JSON = b"Content-Type: application/json"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'8\r\n{"a": 1}\r\n0\r\n\r\n'
)

ODD = [
    "\r\nX-B: a",
    ":",
    ": ",
    " ",
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\t",
    "\x00",
    "\xe9",
    "\x7f",
    "{}",
]
LENGTHS = ["0", "2", "3", "02", "+2", "-1", "2, 2"]
LINES = [
    "Content-Length:2",
    "content-length: 3 ",
    "Connection: keep-alive",
    "X-A: a  b",
    "X-A:",
]
STARTS = ["HTTP/1.1 200 OK", "HTTP/1.1 404 ", "HTTP/1.1 204 No Content", "HTTP/1.1 100 Continue"]
FRAMING = ["Transfer-Encoding: chunked", "Connection: close", "Upgrade: h2c", "Content-Length: 4"]
odd_words = st.lists(st.sampled_from([*ODD, *LENGTHS, "X-A", "a", "HTTP/1.0 200"])).map("".join)
plain_lines = st.sampled_from(LINES)
odd_lines = st.one_of(plain_lines, st.sampled_from(FRAMING), odd_words)
texts = st.builds(
    lambda start, lines, body: "\r\n".join([start, *lines, "", body]).encode("latin-1"),
    st.one_of(st.just(STARTS[0]), st.sampled_from(STARTS), odd_words),
    st.one_of(
        st.lists(odd_lines, max_size=5),
        st.tuples(plain_lines, st.just("Content-Length: 2"), odd_lines),
        st.permutations(["Content-Length: 2", "Connection: keep-alive", "X-A: a  b", "X-B:"]),
    ),
    st.sampled_from(["{}", "", "{", "{}\r\n", "{}HTTP/1.1 200 OK"]),
)
headers = st.lists(
    st.tuples(
        st.sampled_from(
            ["X-A", "X-B", "Date", "Content-Length", "Host", "Transfer-Encoding", "X A"]
        ),
        st.one_of(st.sampled_from(LENGTHS), odd_words, st.just("a\r\nX-B: a")),
    ).map(lambda header: (header[0].encode(), header[1].encode("latin-1"))),
    max_size=3,
).map(lambda further: [(b"Host", b"x.test"), *further])


def target_at(url: str) -> HttpTarget:
    return HttpTarget(Address(url, "T12345678"), Client(token="ready"), profile=Wallet())


def asked_by_h11() -> h11.Connection:
    """A connection over which a request was sent."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "x.test")]))
    connection.send(h11.EndOfMessage())
    return connection


@given(texts)
def test_an_answer_that_is_read_is_what_h11_reads(data: bytes) -> None:
    head = plain.read(data)
    if head is None:
        return
    connection = asked_by_h11()
    surplus = len(head.begun) > head.length
    connection.receive_data(data + b"x" * (head.length - len(head.begun)))
    event = connection.next_event()
    assert isinstance(event, h11.Response)
    assert (event.status_code, event.headers.raw_items()) == (head.status, head.headers)
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert len(body) == head.length
    assert body.startswith(head.begun[: head.length])
    assert connection.their_state is h11.DONE
    assert bool(connection.trailing_data[0]) == surplus


@given(
    st.sampled_from(["GET", "POST", "DELETE", "HEAD", "CONNECT", "get", "G T"]),
    st.sampled_from(["/a?b=c", "/", "/a b", "", "/\xe9", "/\r\nX: y"]),
    headers,
    st.sampled_from([b"", b"{}", b"abc"]),
    st.booleans(),
)
def test_a_request_that_is_written_is_what_h11_writes(
    method: str, target: str, further: list[tuple[bytes, bytes]], content: bytes, told: bool
) -> None:
    wire = target.encode("latin-1")
    if told:
        further = [*further, (b"Content-Length", b"%d" % len(content))]
    written = plain.written(method.encode(), wire, further, content)
    if written is None:
        return
    connection = h11.Connection(h11.CLIENT)
    sent = connection.send(h11.Request(method=method.encode(), target=wire, headers=further))
    for event in (*([h11.Data(data=content)] if content else []), h11.EndOfMessage()):
        sent = (sent or b"") + (connection.send(event) or b"")
    assert written == sent
    assert connection.our_state is h11.DONE


def test_what_an_api_sends_usually_is_plain() -> None:
    host, length = (b"Host", b"x.test"), (b"Content-Length", b"2")
    assert plain.written(b"GET", b"/a?b=%20", [host, (b"Accept", b"*/*")], b"") is not None
    assert plain.written(b"POST", b"/a", [host, length], b"{}") is not None
    head = plain.read(whole(b'{"a": 1}', JSON, b"Date: now", b"Connection: keep-alive"))
    assert head is not None
    assert (head.status, head.length, head.begun) == (200, 8, b'{"a": 1}')


@pytest.mark.parametrize(
    "second",
    {
        "in chunks": (CHUNKED, True),
        "after an informational answer": (
            b"HTTP/1.1 103 Early Hints\r\n\r\n" + whole(b'{"a": 1}', JSON),
            True,
        ),
        "broken": (b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n", False),
        "never": (b"", False),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_request_is_sent_once_whatever_its_answer_is(
    second: tuple[str, tuple[bytes, bool]],
) -> None:
    """Also over a connection that has served, where h11 takes over in the middle."""
    _, (answer, is_read) = second
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        connection.sendall(whole(b"{}", JSON))
        for sent in (answer, CHUNKED, whole(b'{"a": 1}', JSON)):
            request = read_request(connection)
            if request:
                heard.append(request)
            connection.sendall(sent)
            if not sent:
                return

    with listening(behave) as url:
        target = target_at(url)
        target.send(WRITE)
        came = target.send(WRITE).answer
        assert len(heard) == 1
        if is_read:
            answers = [came, target.send(WRITE).answer, target.send(WRITE).answer]
            assert [each.body for each in answers if isinstance(each, Answer)] == [{"a": 1}] * 3
            assert len(heard) == 3, "all over one connection"
        else:
            assert isinstance(came, NoAnswer)
        target.close()


def test_what_is_done_meanwhile_is_done_while_the_server_works_on_a_request() -> None:
    done = threading.Event()

    def behave(connection: socket.socket) -> None:
        connection.sendall(whole(b"{}", JSON))
        read_request(connection)
        if done.wait(LIMIT_S):
            connection.sendall(whole(b"{}", JSON))

    with listening(behave) as url:
        target = target_at(url)
        target.send(WRITE)
        target.connections.meanwhile = done.set
        assert isinstance(target.send(WRITE).answer, Answer)
        target.close()


def test_a_body_may_come_after_its_head_and_in_parts() -> None:
    body = b'{"a": "' + b"x" * 200_000 + b'"}'
    sent = whole(body, JSON)
    end_of_head = len(sent) - len(body)

    def behave(connection: socket.socket) -> None:
        connection.sendall(whole(b"{}", JSON))
        read_request(connection)
        for part in (sent[:end_of_head], sent[end_of_head:-9], sent[-9:]):
            connection.sendall(part)
            time.sleep(0.05)
        read_request(connection)
        connection.sendall(sent[:-1])

    with listening(behave) as url:
        target = target_at(url)
        target.send(WRITE)
        answer, cut_off = target.send(WRITE).answer, target.send(WRITE).answer
        target.close()
    assert isinstance(answer, Answer)
    assert len(answer.body["a"]) == 200_000
    assert isinstance(cut_off, NoAnswer)
    assert cut_off.status == 200


def test_what_comes_after_an_answer_unasked_is_not_taken_for_the_next_one() -> None:
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        connection.sendall(whole(b"{}", JSON))
        while request := read_request(connection):
            heard.append(request)
            connection.sendall(whole(b'{"a": 1}', JSON)[:-3])
            connection.sendall(b" 1}" + whole(b'{"a": 2}', JSON))

    with listening(behave) as url:
        target = target_at(url)
        bodies = [getattr(target.send(WRITE).answer, "body", None) for _ in range(6)]
        target.close()
    assert {"a": 2} not in bodies
