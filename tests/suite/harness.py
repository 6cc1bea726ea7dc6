"""Runs the suite in a process of its own; servers that speak another API, or none.

Knows how to start them and what they write; no test.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tallystick.reporting.result import Result, read_result
from tests.proof import forking

ROOT = forking.ROOT
ESSENTIALS = "contracts/test_essentials.py"
LIMIT_S = 300.0
CLIENT = {"TALLYSTICK_CLIENT_ID": "admin", "TALLYSTICK_CLIENT_SECRET": "sandbox-admin-secret"}


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that is over."""

    status: int | None
    output: str
    reports: Path

    @property
    def result(self) -> Result:
        """`result.json`, which has to fit its schema."""
        return read_result(self.reports / "result.json")

    @property
    def error(self) -> str:
        """The lines that say why nothing was started, without the marks around them."""
        lines = [line for line in self.output.splitlines() if line.startswith("ERROR: ")]
        return "\n".join(line.removeprefix("ERROR: ") for line in lines)


def run_contracts(
    environment: Mapping[str, str], reports: Path, *arguments: str, tests: tuple[str, ...]
) -> Ran:
    """Run contracts as pytest does."""
    options = [*tests, f"--report-dir={reports}", *arguments]
    return _run("pytest", environment, options, reports)


def tallystick(environment: Mapping[str, str], reports: Path, *arguments: str) -> Ran:
    """Run the command line."""
    return _run("tallystick", environment, list(arguments), reports)


def _run(
    program: forking.Program, environment: Mapping[str, str], arguments: list[str], reports: Path
) -> Ran:
    reports.parent.mkdir(parents=True, exist_ok=True)
    output = reports.parent / f"{reports.name}.output.txt"
    status = forking.run_in(program, environment, arguments, output, LIMIT_S)
    return Ran(status, output.read_text(encoding="utf-8"), reports)


@contextmanager
def scripted(status: int, content_type: str, body: str) -> Iterator[str]:
    """The URL of a server that gives the same answer to every request."""
    content = body.encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_url() -> str:
    """The URL of a port on which no server listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_address[1]}/v1"
