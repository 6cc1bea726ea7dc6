"""A server that does to its connections whatever a test says, byte for byte."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behave = Callable[[socket.socket], None]


@contextmanager
def listening(behave: Behave, *, reads_first: bool = True) -> Iterator[str]:
    """Give each connection to `behave`, after one request was read; the base URL.

    A connection is closed when `behave` returns; what is sent to a client that hung up is lost.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        open_ones: list[socket.socket] = []

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                if reads_first:
                    read_request(connection)
                behave(connection)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                open_ones.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)
        for connection in open_ones:
            connection.close()
        thread.join(5)


def read_request(connection: socket.socket) -> bytes:
    """One request, as it came; a connection that is closed with unread bytes is reset."""
    heard = b""
    while piece := connection.recv(65536):
        heard += piece
        head, end, body = heard.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= (int(length[1]) if length else 0):
            break
    return heard


def sends(*pieces: bytes, pause_s: float = 0.0) -> Behave:
    """Send these pieces and hang up."""

    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)

    return behave


def sends_for_ever(head: bytes, piece: bytes, pause_s: float = 0.0) -> Behave:
    """Send the head, then the piece again and again until the client hangs up."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(pause_s)

    return behave


def is_silent(connection: socket.socket) -> None:
    """Send nothing until the client hangs up."""
    while connection.recv(65536):
        pass


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer as it travels."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)
