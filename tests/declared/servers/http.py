"""What the small servers share: JSON over HTTP on a free port of 127.0.0.1. Knows no API."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, parse_qsl

JSON = Any
Answered = tuple[int, JSON] | tuple[int, JSON, dict[str, str]]
"""A status, a body, and further headers."""


class Refuse(Exception):
    """The request is refused with this status and body."""

    def __init__(self, status: int, body: JSON) -> None:
        super().__init__(status)
        self.answered = status, body


class Api:
    """An API: `routes` maps `METHOD path` (a regular expression) to what answers it."""

    faults: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """By name: the rule that it breaks, and what it does."""

    def __init__(self, fault: str = "") -> None:
        assert not fault or fault in self.faults
        self.fault = fault
        self.lock = threading.RLock()

    def admit(self, method: str, resource: str, headers: Any, raw: bytes) -> None:
        """Raise Refuse unless the credentials, or the signature, of a request are right."""

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        """Answer a request; raises Refuse."""
        raise NotImplementedError

    @staticmethod
    def route(routes: Mapping[str, Callable[..., Any]], asked: str) -> Callable[..., Any] | None:
        """What answers a request, with the names in its path filled in."""
        for pattern, call in routes.items():
            if match := re.fullmatch(pattern, asked):
                return lambda *given: call(*match.groups(), *given)
        return None


class Serving:
    """A server of an API for the length of a `with`."""

    def __init__(self, api: Api) -> None:
        class Handler(_Handler):
            pass

        Handler.api = api
        self._http = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: Api

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def _go(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        with self.api.lock:
            try:
                self.api.admit(self.command, self.path, self.headers, raw)
                body = dict(parse_qsl(query)) if query and not raw else self._body(raw)
                answered = self.api.answer(self.command, path, self.headers, body)
            except Refuse as refuse:
                answered = refuse.answered
        self._send(*answered)

    def _body(self, raw: bytes) -> JSON:
        if "form" in (self.headers.get("Content-Type") or ""):
            return {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        try:
            return json.loads(raw or b"{}")
        except ValueError:
            return None

    def _send(self, status: int, body: JSON, headers: Mapping[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        head = [f"HTTP/1.1 {status} -", f"Content-Length: {len(data)}"]
        head += ["Content-Type: application/json"] if data else []
        head += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.wfile.write("\r\n".join([*head, "", ""]).encode() + data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _go
