"""A proxy in front of an honest server that misbehaves as it is told to, one request at a time.

It hands each request to a behaviour, which may pass it on, change what comes back, or do anything
to the connection. It knows HTTP and sockets, and nothing of wallets.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from tests.proof.servers import Environment

LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_json(self, value: Any) -> Reply:
        """The same with another body; lone surrogates and the like go out as they are."""
        return replace(self, body=json.dumps(value).encode())

    def with_header(self, name: str, value: str | None) -> Reply:
        """The same with one header set, or left out."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    @property
    def json(self) -> Any:
        """The body, parsed; None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Turn(BaseHTTPRequestHandler):
    """One request, and what can be done to it."""

    protocol_version = "HTTP/1.1"
    server: _Proxy
    served = 0
    """How many requests a behaviour has counted on this connection."""
    number = 0
    """The number of the request, those for tokens not counted."""
    timeout = LIMIT_S

    def handle_one_request(self) -> None:
        # A client that goes away in the middle is what these tests are about.
        with contextlib.suppress(OSError, ValueError):
            self.__dict__.pop("answer", None)
            super().handle_one_request()
            return
        self.close_connection = True

    def _take(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.content = self.rfile.read(length)
        if not self.is_token:
            self.number = next(self.server.numbers)
        self.server.behave(self)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = _take

    @property
    def is_token(self) -> bool:
        """Whether this is Get Token."""
        return self.path.endswith("/auth/token")

    @cached_property
    def answer(self) -> Reply:
        """What the honest server answers; it is asked once."""
        return self.ask()

    def ask(self) -> Reply:
        """What the honest server answers, asked anew."""
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=LIMIT_S)
        hop = ("connection", "content-length", "host", "transfer-encoding")
        headers = {n: v for n, v in self.headers.items() if n.lower() not in hop}
        try:
            upstream.request(self.command, self.path, self.content or None, headers)
            response = upstream.getresponse()
            body = response.read()
            kept = tuple((n, v) for n, v in response.getheaders() if n.lower() not in hop)
            return Reply(response.status, kept, body)
        finally:
            upstream.close()

    def pass_on(self) -> None:
        """Answer as the honest server does."""
        self.send(self.answer)

    def send(self, reply: Reply, *, length: int | None = None, before: bytes = b"") -> None:
        """Send an answer, after some bytes; `length` is what it says of itself if that is a lie."""
        said = len(reply.body) if length is None else length
        lines = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {said}"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        self.raw(before + head + reply.body)

    def raw(self, content: bytes) -> None:
        """Send bytes as they are."""
        self.wfile.write(content)

    def close(self) -> None:
        """Close the connection."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close the connection as a crash does."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def wait(self, seconds: float) -> bool:
        """Wait; False if the proxy is closed meanwhile."""
        return not self.server.is_over.wait(seconds)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


Behaviour = Callable[[Turn], None]


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    host = "127.0.0.1"

    def __init__(self, upstream: str, behaviour: Behaviour) -> None:
        super().__init__((self.host, 0), Turn)
        self.upstream = upstream
        self.numbers = count(1)
        self.is_over = threading.Event()
        self._behaviour = behaviour

    def behave(self, turn: Turn) -> None:
        self._behaviour(turn)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the client went away."""


class _ProxyOnIpv6(_Proxy):
    address_family = socket.AF_INET6
    host = "::1"


@contextlib.contextmanager
def misbehaving(
    environment: Environment,
    behaviour: Behaviour | None,
    certificate: ssl.SSLContext | None = None,
    *,
    ipv6: bool = False,
) -> Iterator[Environment]:
    """The environment of a target that answers through the behaviour; None: the honest one."""
    if behaviour is None:
        yield environment
        return
    parts = urlsplit(environment["TALLYSTICK_TARGET"])
    proxy = (_ProxyOnIpv6 if ipv6 else _Proxy)(parts.netloc, behaviour)
    scheme, host = "http", "[::1]" if ipv6 else "127.0.0.1"
    if certificate is not None:
        scheme = "https"
        proxy.socket = certificate.wrap_socket(
            proxy.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"{scheme}://{host}:{proxy.server_address[1]}{parts.path}"
        yield {**environment, "TALLYSTICK_TARGET": url}
    finally:
        proxy.is_over.set()
        proxy.shutdown()
        thread.join()
        proxy.server_close()


# Behaviours ---------------------------------------------------------------------------------------


def every(number: int, do: Behaviour, *, after: int = 0) -> Behaviour:
    """Do it to every so-manieth request after the first ones; tokens are given as usual."""

    def behave(turn: Turn) -> None:
        late = turn.number - after
        if turn.is_token or late <= 0 or late % number:
            turn.pass_on()
        else:
            do(turn)

    return behave


def always(do: Behaviour) -> Behaviour:
    """Do it to every request but those for tokens."""
    return every(1, do)


def token(do: Behaviour) -> Behaviour:
    """Do it to Get Token, and pass everything else on."""
    return lambda turn: do(turn) if turn.is_token else turn.pass_on()


def edited(change: Callable[[Reply], Reply]) -> Behaviour:
    """Answer as the honest server does, with a change."""
    return lambda turn: turn.send(change(turn.answer))


def json_edited(change: Callable[[Any], Any]) -> Behaviour:
    """The same with a change to the parsed body of every answer that has one."""

    def changed(reply: Reply) -> Reply:
        return reply if reply.json is None else reply.with_json(change(reply.json))

    return edited(changed)


def answering(status: int, body: bytes, *headers: tuple[str, str]) -> Behaviour:
    """Answer so, whatever is asked."""
    given = headers or (("Content-Type", "application/json"),)
    return lambda turn: turn.send(Reply(status, tuple(given), body))
