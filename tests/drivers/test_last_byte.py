"""What leaves before the start of a race, and what leaves at it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from tallystick.drivers.concurrent.last_byte import LastByteTransport, StartBarrier
from tallystick.target import Connections, Network

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PATIENCE_S = 10
CONNECTIONS = Connections(Network(), "http://127.0.0.1")


class Listener:
    """Takes connections, says how many bytes each has sent, and answers when a request is whole."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.arrived = threading.Semaphore(0)
        self.almost = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.arrived.release()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            heard = b""
            while piece := connection.recv(4096):
                heard += piece
                if heard.startswith(b"POST") and heard.endswith(b'"last'):
                    self.almost.release()
                if heard.endswith(b'"last"') or heard.startswith(b"GET"):
                    connection.sendall(ANSWER)
                    heard = b""

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def racing(transport: LastByteTransport, method: str, url: str, got: list[int]) -> threading.Thread:
    def send() -> None:
        with httpx.Client(transport=transport) as client:
            body = b'"last"' if method == "POST" else None
            got.append(client.request(method, url, content=body).status_code)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def test_all_of_a_request_but_its_last_byte_leaves_before_the_start(listener: Listener) -> None:
    start, transports, got = (
        StartBarrier(3),
        [LastByteTransport(CONNECTIONS), LastByteTransport(CONNECTIONS)],
        [],
    )
    for transport in transports:
        transport.wait_at(start)
    threads = [racing(transport, "POST", listener.url, got) for transport in transports]
    for _ in transports:
        assert listener.almost.acquire(timeout=PATIENCE_S)
    assert got == []
    assert [transport.last_byte_ns for transport in transports] == [0, 0]
    start.send(lambda: None)
    for thread in threads:
        thread.join(PATIENCE_S)
    assert got == [200, 200]
    assert all(transport.last_byte_ns for transport in transports)


def test_a_request_without_a_body_is_connected_before_the_start(listener: Listener) -> None:
    start, transport, got = StartBarrier(2), LastByteTransport(CONNECTIONS), []
    transport.wait_at(start)
    thread = racing(transport, "GET", listener.url, got)
    assert listener.arrived.acquire(timeout=PATIENCE_S)
    assert got == []
    start.send(lambda: None)
    thread.join(PATIENCE_S)
    assert got == [200]


def test_only_one_request_is_held(listener: Listener) -> None:
    start, transport = StartBarrier(1), LastByteTransport(CONNECTIONS)
    transport.wait_at(start)
    with httpx.Client(transport=transport) as client:
        assert client.post(listener.url, content=b'"last"').status_code == 200
        released = transport.last_byte_ns
        assert client.post(listener.url, content=b'"last"').status_code == 200
    assert transport.last_byte_ns == released > 0


def test_who_gives_up_lets_the_others_run(listener: Listener) -> None:
    start, transport, got = StartBarrier(2), LastByteTransport(CONNECTIONS), []
    transport.wait_at(start)
    thread = racing(transport, "POST", listener.url, got)
    assert listener.almost.acquire(timeout=PATIENCE_S)
    start.abort()
    thread.join(PATIENCE_S)
    assert got == [200]


def test_a_failed_write_belongs_to_its_own_racer() -> None:
    start, errors = StartBarrier(2), []

    def fail() -> None:
        raise OSError("broken pipe")

    def send() -> None:
        try:
            start.send(fail)
        except OSError as error:
            errors.append(str(error))

    thread = threading.Thread(target=send)
    thread.start()
    assert start.send(lambda: None) > 0
    thread.join(PATIENCE_S)
    assert errors == ["broken pipe"]
