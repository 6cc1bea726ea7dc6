"""How a target is reached: certificates, headers, the proxy and the times to wait."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from tallystick.options import Given, SettingsError
from tallystick.target import Network, Secret
from tallystick.target.network import TIMEOUT_S, has_http2, proxy_of, tls_context, url_of
from tallystick.values import duration_of, file_of, flag_of, shown

_HEADER = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)"
)
_OURS = ("authorization", "content-length", "content-type", "transfer-encoding", "connection")
"""Headers that the suite sets itself."""


def network_of(asked: Given, url: str, proxy: str = "") -> Network:
    """How the target at a URL is reached; `proxy`: where the environment names none."""
    network = Network(
        timeout_s=duration_of(asked, "request-timeout", TIMEOUT_S) or TIMEOUT_S,
        headers=_headers(asked),
        http2=flag_of(asked, "http2"),
        proxy=_proxy(asked, url, proxy),
    )
    wait_s = duration_of(asked, "wait", None)
    if wait_s is not None:
        network = replace(network, start_s=wait_s, outage_s=wait_s)
    if network.http2 and not has_http2():
        raise SettingsError(
            f"{asked.named('http2')}: the package h2 is missing; pip install 'tallystick[http2]'"
        )
    if not (url.startswith("https:") or asked.text("ca") or asked.text("cert")):
        return network
    cert, key = _certificate(asked)
    network = replace(network, ca=_authority(asked), cert=cert, key=key)
    try:
        tls_context(network)
    except (OSError, ValueError) as error:
        raise SettingsError(_of_certificates(asked, network, error)) from None
    return network


def _authority(asked: Given) -> Path | None:
    path = file_of(asked, "ca", "give a PEM file with the authority's certificate")
    if path is not None:
        return path
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        text = asked.environ.get(name)
        if text:
            if not Path(text).exists():
                raise SettingsError(f"{name} {text!r}: there is none; correct it or use --ca FILE")
            return Path(text)
    return None


def _certificate(asked: Given) -> tuple[Path | None, Path | None]:
    """The client certificate and its key, from FILE or FILE:KEYFILE."""
    text = asked.text("cert")
    if not text or Path(text).is_file():
        return file_of(asked, "cert", ""), None
    cert, _, key = text.rpartition(":")
    for path in (cert or text, key):
        if not Path(path).is_file():
            raise SettingsError(
                f"{asked.named('cert')}: there is no file {path!r}; give a PEM file with "
                "certificate and key, or FILE:KEYFILE"
            )
    return Path(cert), Path(key)


def _of_certificates(asked: Given, network: Network, error: Exception) -> str:
    said = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    try:
        tls_context(replace(network, cert=None, key=None))
    except (OSError, ValueError):
        return f"{network.ca}: no certificate of an authority in PEM ({said}); correct --ca"
    return (
        f"{asked.named('cert')} cannot be used ({said}): give a PEM file with certificate and key, "
        "or FILE:KEYFILE, without a password"
    )


def _headers(asked: Given) -> tuple[tuple[str, Secret], ...]:
    found = []
    for line in asked.text("header").splitlines():
        match = _HEADER.fullmatch(line.strip())
        if match is None:
            name = line.partition(":")[0][:40]
            raise SettingsError(f"{asked.name('header')} {name!r}... is not 'Name: value' in ASCII")
        if match[1].lower() in _OURS:
            advice = "; a token goes into TALLYSTICK_TOKEN" if "auth" in match[1].lower() else ""
            raise SettingsError(
                f"{asked.name('header')} {match[1]!r} is set by the suite itself{advice}"
            )
        found.append((match[1], Secret(match[2])))
    return tuple(found)


def _proxy(asked: Given, url: str, of_file: str) -> Secret:
    names = {"http_proxy", "https_proxy", "all_proxy"}
    is_named = any(name.lower() in names for name in asked.environ)
    environ = asked.environ if is_named or not of_file else {**asked.environ, "all_proxy": of_file}
    proxy = proxy_of(url, environ)
    if not proxy:
        return Secret()
    try:
        url_of(re.sub(r"//[^/@]*@", "//", proxy))
    except ValueError as error:
        raise SettingsError(
            f"HTTPS_PROXY, HTTP_PROXY or proxy {shown(proxy)} {error}; or except the target with "
            "NO_PROXY"
        ) from None
    return Secret(proxy)
