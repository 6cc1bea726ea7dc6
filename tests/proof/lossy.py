"""A proxy on loopback that stands for a bad network: it loses, cuts or delays some of the answers.

Which of them follows from a seed and the number of the request, so a run can be repeated; requests
that race share the numbers in the order in which they arrive. Knows HTTP/1.1 with a Content-Length,
as httpx sends it; nothing of wallets.
"""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit

UPSTREAM_LIMIT_S = 30.0
DELAY_S = 0.2
"""How late a delayed answer comes: later than many that were asked for after it."""


class Loss(StrEnum):
    """What may happen to an exchange."""

    UNSENT = "unsent"
    """The connection is reset before the server sees the request."""
    RESET = "reset"
    """The server does what it was asked, and the connection is reset before its answer."""
    CLOSED = "closed"
    """The same, and the connection is closed in an orderly way."""
    HALF = "half"
    """Half of the answer's body arrives; then the connection is closed."""
    LATE = "late"
    """The answer comes DELAY_S later."""


class LossyProxy:
    """Passes requests on to a server, and harms the share `rate` of the exchanges."""

    def __init__(self, upstream: str, *, rate: float, seed: int) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.path = parts.path
        self.rate, self.seed = rate, seed
        self.harmed: Counter[Loss] = Counter()
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self

    @property
    def url(self) -> str:
        """Where the server seems to be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.path}"

    def next_loss(self) -> Loss | None:
        """What happens to the next exchange; None: nothing."""
        with self._lock:
            chance = random.Random(f"{self.seed}/{next(self._numbers)}")
            if chance.random() >= self.rate:
                return None
            loss = chance.choice(list(Loss))
            self.harmed[loss] += 1
            return loss

    @contextmanager
    def running(self) -> Iterator[LossyProxy]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    proxy: LossyProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    _upstream: http.client.HTTPConnection | None = None

    def do_GET(self) -> None:
        """Pass one request on, whatever its method is."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        loss = self.server.proxy.next_loss()
        if loss is Loss.UNSENT:
            self._reset()
            return
        status, headers, content = self._ask(body)
        if loss is Loss.RESET:
            self._reset()
        elif loss is Loss.CLOSED:
            self.close_connection = True
        else:
            if loss is Loss.LATE:
                time.sleep(DELAY_S)
            self._answer(status, headers, content, is_cut=loss is Loss.HALF)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_TRACE = do_GET

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._upstream is None:
            self._upstream = http.client.HTTPConnection(
                *self.server.proxy.upstream, timeout=UPSTREAM_LIMIT_S
            )
        headers = {name: value for name, value in self.headers.items() if name != "Connection"}
        try:
            self._upstream.request(self.command, self.path, body, headers)
            response = self._upstream.getresponse()
        except http.client.RemoteDisconnected:  # the server ended a connection that was idle
            self._upstream.close()
            self._upstream.request(self.command, self.path, body, headers)
            response = self._upstream.getresponse()
        return response.status, response.getheaders(), response.read()

    def _answer(
        self, status: int, headers: list[tuple[str, str]], content: bytes, *, is_cut: bool
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if is_cut else content)
        self.close_connection = self.close_connection or is_cut

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        # `rfile` and `wfile` keep the socket open: only the last of them sends the reset.
        self.connection.close()

    def finish(self) -> None:
        """Close both sides."""
        if self._upstream is not None:
            self._upstream.close()
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
