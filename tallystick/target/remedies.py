"""What a user can do about a connection that failed: from an error to words. Sends nothing."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tallystick.target.network import Network

_EXPIRED, _OTHER_HOST = 10, (62, 64)
"""Verification codes of OpenSSL."""
NO_TEXT = "illegal request line"
"""What h11 says of an answer that begins with a control character, as TLS records do."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is wrong, and what to do about it. `is_final`: waiting does not help."""

    text: str
    is_final: bool = False


def remedy_of(error: Exception, url: str, network: Network) -> Remedy:
    """What to say about an error of a connection to `url`."""
    is_plain = url.startswith("http:")
    where = url.partition("://")[2].partition("/")[0]
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Remedy(_certificate(cause), is_final=True)
        if isinstance(cause, ssl.SSLError):
            return _tls(cause)
        if isinstance(cause, httpx.ProxyError):
            return Remedy(
                f"the proxy answered {cause}: check HTTPS_PROXY and HTTP_PROXY, or except {where} "
                "with NO_PROXY",
                is_final=not str(cause).startswith("5"),
            )
        if isinstance(cause, socket.gaierror):
            return Remedy(
                f"the name {_asked_first(network, where)} cannot be resolved ({cause.strerror}): "
                f"correct {_option(network)}",
                is_final=True,
            )
    if is_plain and NO_TEXT in str(error):
        return Remedy("it speaks no plain HTTP: http or https? Correct --target", is_final=True)
    if network.proxy and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return Remedy(f"the proxy cannot be reached ({error}): check HTTPS_PROXY and HTTP_PROXY")
    if isinstance(error, httpx.ConnectError):
        return Remedy(
            f"connection refused ({error}): start the server or correct --target"
            if _is_refused(error)
            else f"{error}: start the server or correct --target"
        )
    hint = " (http or https?)" if is_plain or isinstance(error, httpx.ConnectTimeout) else ""
    if isinstance(error, httpx.TimeoutException):
        said = f"no answer in time ({_said(error)})"
        return Remedy(f"{said}: start the server or correct --target{hint}")
    return Remedy(f"{_said(error)}: start the server or correct --target{hint}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    said = f"its certificate is not trusted ({error.verify_message})"
    if error.verify_code == _EXPIRED:
        return f"{said}: renew it"
    if error.verify_code in _OTHER_HOST:
        return f"{said}: name the host in --target as the certificate does"
    return f"{said}: name its certificate authority with --ca FILE"


def _tls(error: ssl.SSLError) -> Remedy:
    reason = (error.reason or str(error)).replace("_", " ").lower()
    if "certificate required" in reason or "handshake failure" in reason:
        return Remedy(f"TLS failed ({reason}): give a client certificate with --cert", True)
    if "alert" in reason and "certificate" in reason:
        return Remedy(f"it refused the client certificate ({reason}): check --cert", True)
    return Remedy(f"TLS failed ({reason}): http or https? Correct --target", True)


def _is_refused(error: Exception) -> bool:
    return any(isinstance(cause, ConnectionRefusedError) for cause in _causes(error))


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _asked_first(network: Network, host: str) -> str:
    return repr(urlsplit(str(network.proxy)).hostname if network.proxy else host)


def _option(network: Network) -> str:
    return "HTTPS_PROXY and HTTP_PROXY" if network.proxy else "--target"
