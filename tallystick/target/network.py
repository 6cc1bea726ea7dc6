"""How the target is reached: time-outs, certificates, proxy, further headers. Values, and what is
made of them once per run.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import httpcore
import httpx

from tallystick.target.address import Secret
from tallystick.target.one_connection import OneConnection
from tallystick.target.transport import BoundedTransport, KeepAlive

TIMEOUT_S = 10.0
START_S = 10.0
"""How long a target may be unreachable at the start; it may be starting too."""
OUTAGE_S = 30.0
"""How long a target may be unreachable in the middle of a run."""
# A connection that the server may be about to close is not used for a request that must count.
KEEPALIVE_S = 2.0


@dataclass(frozen=True, slots=True)
class Network:
    """How the target is reached. The defaults are a direct connection with public certificates."""

    timeout_s: float = TIMEOUT_S
    """Seconds for one whole exchange."""
    start_s: float = START_S
    outage_s: float = OUTAGE_S
    ca: Path | None = None
    """File, or folder, with the certificate authorities to believe; None: the public ones."""
    cert: Path | None = None
    key: Path | None = None
    headers: tuple[tuple[str, Secret], ...] = ()
    """Sent with every request, such as the key of a gateway."""
    proxy: Secret = field(default=Secret(), repr=False)
    http2: bool = False


def tls_context(network: Network) -> ssl.SSLContext:
    """Whom to believe and who we are; OSError or ssl.SSLError if a file is none of the kind."""
    ca = network.ca
    if ca is not None and ca.is_dir():
        context = ssl.create_default_context(capath=str(ca))
    else:
        context = ssl.create_default_context(cafile=str(ca or certifi.where()))
    if network.cert is not None:
        # Without a callback OpenSSL would ask for the password on the terminal.
        context.load_cert_chain(network.cert, network.key, password=lambda: "")
    return context


class Connections:
    """Opens connections to one server; what they share is made once and learned once."""

    def __init__(self, network: Network, url: str) -> None:
        self.network = network
        self._tls = tls_context(network) if url.startswith("https:") else None
        self._habit = KeepAlive()
        self.meanwhile: Callable[[], None] = lambda: None
        """What is done while the server works on a request; it is short, and raises nothing."""

    def open(self, *, keep: bool = True, http2: bool = True) -> BoundedTransport:
        """A transport with a connection of its own, kept open or closed after each request; never
        HTTP/2 unless `http2`.
        """
        speaks_http2 = self.network.http2 and http2

        def connection(backend: httpcore.NetworkBackend) -> OneConnection:
            pool = httpcore.ConnectionPool(
                ssl_context=self._tls,
                proxy=self._proxy(),
                http2=speaks_http2,
                network_backend=backend,
            )
            # Through a proxy, or in HTTP/2, more travels on a connection than requests and answers.
            lends = not (self.network.proxy or speaks_http2)
            return OneConnection(
                pool.create_connection, keep_s=KEEPALIVE_S if keep else 0.0, lends=lends
            )

        habit = None if speaks_http2 else self._habit
        timeout_s = self.network.timeout_s
        return BoundedTransport(connection, timeout_s, habit, lambda: self.meanwhile())

    def _proxy(self) -> httpcore.Proxy | None:
        if not self.network.proxy:
            return None
        proxy = httpx.Proxy(str(self.network.proxy))
        url = httpcore.URL(
            scheme=proxy.url.raw_scheme,
            host=proxy.url.raw_host,
            port=proxy.url.port,
            target=proxy.url.raw_path,
        )
        return httpcore.Proxy(url, auth=proxy.raw_auth)


def proxy_of(url: str, environ: Mapping[str, str]) -> str:
    """The proxy that the environment names for a URL, or nothing.

    HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY as curl reads them. This computer is never
    reached through a proxy.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if is_loopback(host) or _is_excepted(host, parts.port, _variable(environ, "no_proxy")):
        return ""
    named = _variable(environ, f"{parts.scheme}_proxy") or _variable(environ, "all_proxy")
    return named if not named or "://" in named else f"http://{named}"


def has_http2() -> bool:
    """Whether HTTP/2 can be spoken here."""
    return find_spec("h2") is not None


def url_of(url: str) -> str:
    """A base URL in its usual form; ValueError with what is wrong with it."""
    if not url.isprintable() or any(sign.isspace() or sign == "\\" for sign in url):
        raise ValueError("has spaces or control characters in it")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL) as error:
        raise ValueError(f"is not an http or https URL ({error})") from None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise ValueError("is not an http or https URL")
    if "@" in parts.netloc:
        raise ValueError("holds credentials: put them into TALLYSTICK_CLIENT_ID/SECRET")
    if "%" in parts.netloc:
        raise ValueError("has an encoded host name: write it plainly")
    if "?" in url or "#" in url:
        raise ValueError("has a query or a fragment: name the base URL alone")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}".rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host name stands for this computer."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _variable(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _is_excepted(host: str, port: int | None, exceptions: str) -> bool:
    for entry in (part.strip().lower() for part in exceptions.split(",")):
        name, colon, number = entry.rpartition(":")
        if colon and number.isdigit() and "]" not in number and ":" not in name:
            if port != int(number):
                continue
            entry = name
        if entry == "*" or (entry and _is_within(host, entry)):
            return True
    return False


def _is_within(host: str, entry: str) -> bool:
    """Whether a host is the entry, lies in its domain, or in its network such as 10.0.0.0/8."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        name = entry.removeprefix("*").removeprefix(".")
        return host == name or host.endswith(f".{name}")
