"""The application on a loopback port: threads, HTTP/1.1, connections kept open.

Werkzeug's own server closes every connection and decodes the path before it is split; here a body
is read whole before the application runs, an answer leaves in one write, and the path stays
encoded. One client on one core gets about 800 reads and 600 drawdowns a second, on cards of up to
500 entries. It knows no operation.
"""

import io
import json
import socket
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.rival.bodies import MOST_BYTES

HOST = "127.0.0.1"
# What of an oversized body is read and dropped, so that the client gets to see the answer.
MOST_DRAINED = 64 << 20


class Malformed(Exception):
    """Where the request ends cannot be known: answer, then close."""


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run_wsgi(self) -> None:
        try:
            body = self._read_body()
        except Malformed as problem:
            self.send_error(400, str(problem))
            return
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None):
            started[:] = [status, headers]
            return lambda data: None

        answer = self.server.app(self._environ(body), start_response)
        try:
            content = b"".join(answer)
        finally:
            answer.close()
        self._send(started[0], started[1], content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server refuses by itself: always 400, in the documented shape."""
        self.close_connection = True
        body = {"error": {"code": "BAD_REQUEST", "message": message or "cannot be read"}}
        headers = [("Content-Type", "application/json"), ("Connection", "close")]
        self.request_version = "HTTP/1.1"
        self._send("400 Bad Request", headers, json.dumps(body).encode())

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Quiet: a test run sends thousands."""

    def log_error(self, format: str, *args: Any) -> None:
        """Quiet for the same reason."""

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        lines = [f"HTTP/1.1 {status}"]
        lines += [f"{name}: {value}" for name, value in headers if name != "Content-Length"]
        lines.append(f"Content-Length: {len(content)}")
        lines.append("\r\n")
        head = "\r\n".join(lines).encode("latin-1")
        self.wfile.write(head if self.command == "HEAD" else head + content)
        self.wfile.flush()

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        if not path.startswith("/"):
            # The absolute form of a request target.
            path = "/" + path.partition("://")[2].partition("/")[2]
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        authorization = self.headers.get("Authorization")
        if authorization is not None:
            environ["HTTP_AUTHORIZATION"] = authorization
        return environ

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length")
        if "Transfer-Encoding" in self.headers:
            if self.headers["Transfer-Encoding"].strip().lower() != "chunked" or length:
                raise Malformed("only a chunked or a measured body is read")
            return self._read_chunks()
        if length is None:
            return b""
        if not (length.isascii() and length.isdigit() and len(length) < 19):
            raise Malformed("Content-Length is no number")
        return self._take(int(length), MOST_BYTES)

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            line = self.rfile.readline(1024).split(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                raise Malformed("a chunk has no size") from None
            if size < 0:
                raise Malformed("a chunk has a negative size")
            if not size:
                break
            body += self._take(size, MOST_BYTES - len(body))
            self.rfile.readline(1024)
        while self.rfile.readline(65536) not in (b"\r\n", b"\n", b""):
            pass
        return body

    def _take(self, size: int, most: int) -> bytes:
        if size > most:
            left = min(size, MOST_DRAINED)
            while left and (block := self.rfile.read(min(left, 1 << 16))):
                left -= len(block)
            raise Malformed("the body is too large")
        body = self.rfile.read(size)
        if len(body) < size:
            raise Malformed("the body is cut short")
        return body


def serve(app: Flask, port: int) -> BaseWSGIServer:
    """A server that listens already; port 0 takes a free one."""
    return make_server(HOST, port, app, threaded=True, request_handler=Handler)
