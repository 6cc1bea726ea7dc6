"""Networks that people have: certificates, proxies, headers; errors that name a remedy."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tallystick.connect import connect
from tallystick.profiles.wallet.profile import Wallet
from tallystick.request import Request
from tallystick.target import Address, Client, HttpTarget, Network, Secret, TargetError
from tests.target.certificates import Authority
from tests.target.raw import Behave, listening, read_request, sends, whole

READ = Request("aid_cards_cardid_get", "GET", "/accounts/T12345678/wallets/cards/A")
READY = Client(token="ready")
OK = whole(b'{"cards": []}', b"Content-Type: application/json", b"Connection: close")
AT_ONCE = Network(start_s=0.1, timeout_s=2)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@contextmanager
def serving_tls(context: ssl.SSLContext, answer: bytes = OK) -> Iterator[str]:
    """A TLS server that gives one answer to everything."""

    def behave(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            read_request(secure)
            secure.sendall(answer)

    with listening(behave, reads_first=False) as url:
        yield url.replace("http:", "https:")


def status_of(url: str, network: Network) -> int:
    """The status of one read."""
    target = HttpTarget(Address(url, "T12345678"), READY, network=network, profile=Wallet())
    try:
        return target.send(READ).answer.status
    finally:
        target.close()


def refusal(url: str, network: Network = AT_ONCE) -> str:
    """The line with which a run does not start."""
    with pytest.raises(TargetError) as found:
        connect(Address(url, "T12345678"), READY, Wallet(), network=network)
    line = str(found.value)
    assert line.isprintable()
    assert url in line
    return line


# Certificates -------------------------------------------------------------------------------------


def test_a_server_is_believed_whose_authority_is_named(authority: Authority) -> None:
    with serving_tls(authority.context()) as url:
        assert status_of(url, Network(ca=authority.file)) == 200


def test_a_server_that_is_not_believed_is_told_to_name_its_authority(authority: Authority) -> None:
    with serving_tls(authority.context()) as url:
        assert "--ca FILE" in refusal(url)


def test_a_certificate_of_another_host_is_named(authority: Authority) -> None:
    with serving_tls(authority.context("wallet.test")) as url:
        told = refusal(url, Network(ca=authority.file, start_s=0.1))
    assert "name the host in --target as the certificate does" in told


def test_a_client_certificate_is_shown_where_it_is_asked_for(authority: Authority) -> None:
    cert, key = authority.issue("client")
    with serving_tls(authority.context(asks_clients=True)) as url:
        assert status_of(url, Network(ca=authority.file, cert=cert, key=key)) == 200


def test_a_client_certificate_that_is_missing_is_named(authority: Authority) -> None:
    with serving_tls(authority.context(asks_clients=True)) as url:
        assert "--cert" in refusal(url, Network(ca=authority.file, start_s=0.1))


def test_tls_on_a_plain_port_is_asked_about() -> None:
    with listening(sends(OK)) as url:
        assert "http or https?" in refusal(url.replace("http:", "https:"))


def test_a_plain_request_on_a_tls_port_is_asked_about(authority: Authority) -> None:
    with serving_tls(authority.context()) as url:
        assert "http or https?" in refusal(url.replace("https:", "http:"))


def test_the_bytes_of_tls_on_a_plain_connection_are_known() -> None:
    with listening(sends(b"\x15\x03\x01\x00\x02\x02\x16")) as url:
        assert "it speaks no plain HTTP: http or https?" in refusal(url)


# Connections --------------------------------------------------------------------------------------


def test_a_name_that_cannot_be_resolved_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    told = refusal("http://wallet.invalid/v1")
    assert "the name 'wallet.invalid' cannot be resolved" in told
    assert "correct --target" in told


def test_a_refused_connection_is_named() -> None:
    with listening(sends(OK)) as url:
        pass
    told = refusal(url)
    assert "connection refused" in told
    assert "start the server or correct --target" in told
    assert "--wait" in told


def test_a_target_that_comes_late_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    late: list[socket.socket] = []

    def come() -> None:
        late.append(socket.create_server(("127.0.0.1", port)))
        for _ in range(2):
            connection, _ = late[0].accept()
            with connection:
                read_request(connection)
                connection.sendall(OK)

    timer = threading.Timer(0.5, come)
    timer.start()
    address = Address(f"http://127.0.0.1:{port}/v1", "T12345678")
    target = connect(address, READY, Wallet(), network=Network(start_s=30))
    assert target.send(READ).answer.status == 200
    target.close()
    timer.join()
    late[0].close()


def test_further_headers_are_sent_with_every_request() -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.sendall(OK)

    def keep(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        body = b'{"access_token": "t"}' if b"auth/token" in seen[-1] else b'{"cards": []}'
        connection.sendall(whole(body, b"Content-Type: application/json", b"Connection: close"))

    network = Network(headers=(("X-Gateway-Key", Secret("abc")),), start_s=0.1)
    with listening(keep, reads_first=False) as url:
        connect(
            Address(url, "T12345678"), Client("id", "secret"), Wallet(), network=network
        ).close()
    assert len(seen) == 2
    assert all(b"\r\nX-Gateway-Key: abc\r\n" in request for request in seen)


# Proxies ------------------------------------------------------------------------------------------


def proxied(url: str, **options: float) -> Network:
    host = url.removesuffix("/v1").replace("http://", "http://me:word@")
    return Network(proxy=Secret(host), start_s=0.1, **options)


def test_a_plain_request_goes_through_the_proxy_as_a_whole() -> None:
    seen: list[bytes] = []

    def keep(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(OK)

    with listening(keep, reads_first=False) as url:
        assert status_of("http://wallet.test/v1", proxied(url)) == 200
    (request,) = seen
    assert request.startswith(b"GET http://wallet.test/v1/accounts/T12345678/wallets/cards/A ")
    assert b"Basic " + base64.b64encode(b"me:word") in request


def tunnel_to(port: int) -> Behave:
    """What a proxy does with CONNECT."""

    def pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)

    def behave(connection: socket.socket) -> None:
        asked = read_request(connection)
        assert asked.startswith(b"CONNECT wallet.test:443 ")
        with socket.create_connection(("127.0.0.1", port)) as server:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, connection), daemon=True)
            back.start()
            pump(connection, server)
            back.join(5)

    return behave


def test_tls_goes_through_the_proxy_as_a_tunnel(authority: Authority) -> None:
    with serving_tls(authority.context("wallet.test")) as server:
        port = int(re.search(r":(\d+)/", server)[1])
        with listening(tunnel_to(port), reads_first=False) as url:
            network = Network(proxy=Secret(url.removesuffix("/v1")), ca=authority.file)
            assert status_of("https://wallet.test/v1", network) == 200


def test_a_proxy_that_refuses_is_named() -> None:
    answer = whole(b"", status=b"407 Proxy Authentication Required")
    with listening(sends(answer)) as url:
        told = refusal("https://wallet.test/v1", proxied(url))
    assert "the proxy answered 407" in told
    assert "NO_PROXY" in told
    assert "word" not in told


def test_a_proxy_that_cannot_be_reached_is_named() -> None:
    with listening(sends(OK)) as url:
        pass
    told = refusal("https://wallet.test/v1", proxied(url))
    assert "the proxy cannot be reached" in told
    assert "HTTPS_PROXY" in told


def test_a_proxy_that_refuses_a_plain_request_is_named() -> None:
    answer = whole(b"", status=b"407 Proxy Authentication Required")
    with listening(sends(answer)) as url:
        assert "HTTP_PROXY" in refusal("http://wallet.test/v1", proxied(url))


# HTTP/2 -------------------------------------------------------------------------------------------


@contextmanager
def serving_http2(context: ssl.SSLContext, body: bytes) -> Iterator[str]:
    """A server that speaks HTTP/2 only."""
    config = pytest.importorskip("h2.config")
    connection_of = pytest.importorskip("h2.connection").H2Connection
    events = pytest.importorskip("h2.events")
    context.set_alpn_protocols(["h2"])

    def behave(plain: socket.socket) -> None:
        # A client that speaks HTTP/1.1 is not understood, and hung up on.
        with suppress(Exception), context.wrap_socket(plain, server_side=True) as secure:
            talk = connection_of(config.H2Configuration(client_side=False))
            talk.initiate_connection()
            secure.sendall(talk.data_to_send())
            while heard := secure.recv(65536):
                for event in talk.receive_data(heard):
                    if isinstance(event, events.RequestReceived):
                        head = [(":status", "200"), ("content-type", "application/json")]
                        talk.send_headers(event.stream_id, head)
                        talk.send_data(event.stream_id, body, end_stream=True)
                secure.sendall(talk.data_to_send())

    with listening(behave, reads_first=False) as url:
        yield url.replace("http:", "https:")


def test_http2_is_spoken_where_it_is_offered(authority: Authority) -> None:
    network = Network(ca=authority.file, http2=True, start_s=0.1)
    with serving_http2(authority.context(), b'{"cards": []}') as url:
        target = connect(Address(url, "T12345678"), READY, Wallet(), network=network)
        assert [target.send(READ).answer.status for _ in range(5)] == [200] * 5
        target.close()


def test_without_http2_a_server_of_http2_alone_is_not_spoken_to(authority: Authority) -> None:
    with serving_http2(authority.context(), b"{}") as url:
        refusal(url, Network(ca=authority.file, start_s=0.1))


def test_with_http2_a_server_of_http1_is_spoken_to(authority: Authority) -> None:
    with serving_tls(authority.context()) as url:
        assert status_of(url, Network(ca=authority.file, http2=True)) == 200
