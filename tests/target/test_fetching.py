"""A document behind a URL is fetched as the requests of a run are sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tallystick.target import Network, Secret
from tallystick.target import fetching as module
from tallystick.target.fetching import fetched
from tests.target.certificates import Authority

HEADERS = Network(headers=(("X-Key", Secret("k")),))


class Handler(BaseHTTPRequestHandler):
    """Says which request it got."""

    def do_GET(self) -> None:
        status = 404 if self.path.endswith("/nothing") else 200
        body = f"{self.path} {self.headers.get('X-Key')}".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(certificate: ssl.SSLContext | None = None) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_headers_of_the_target_go_to_no_other_server() -> None:
    with serving() as url:
        assert fetched(f"{url}/openapi.yaml", HEADERS, f"{url}/v1") == b"/openapi.yaml k"
        assert fetched(f"{url}/a", HEADERS, "http://127.0.0.1:1/v1") == b"/a None"
        assert fetched(f"{url}/a", HEADERS, "") == b"/a None"


def test_a_certificate_is_checked_by_the_authorities_of_the_run(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(authority.context()) as url:
        assert fetched(f"{url}/a", Network(ca=authority.file), "") == b"/a None"
        with pytest.raises(OSError, match="certificate"):
            fetched(f"{url}/a", Network(), "")


def test_the_proxy_of_the_run_is_used_but_for_this_computer() -> None:
    with serving() as proxy, serving() as url:
        network = Network(proxy=Secret(proxy))
        assert fetched("http://docs.example/a", network, "") == b"http://docs.example/a None"
        assert fetched(f"{url}/a", network, "") == b"/a None"


@pytest.mark.parametrize("url", ["{url}/nothing", "http://127.0.0.1:1/a", "http://[/a"])
def test_what_cannot_be_fetched_is_one_line(url: str) -> None:
    with serving() as address, pytest.raises(OSError, match=r"^[^\n]+$"):
        fetched(url.format(url=address), Network(), "")


def test_a_document_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 3)
    with serving() as url, pytest.raises(OSError, match="more than 3 bytes"):
        fetched(f"{url}/a", Network(), "")
