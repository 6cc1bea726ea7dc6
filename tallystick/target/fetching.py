"""Fetches a document as the requests of a run are sent: with their certificates and proxy.

Headers of the user's go to the target's own origin only: they may be secrets of it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from tallystick.target.network import Network, is_loopback, tls_context

LARGEST = 32 * 2**20
"""Bytes of a document that are read."""


def fetched(url: str, network: Network, target: str) -> bytes:
    """What is at a URL; OSError with one line if it cannot be had.

    `target` is the base URL of the server under test; empty if it is embedded.
    """
    try:
        proxy = "" if is_loopback(urlsplit(url).hostname or "") else str(network.proxy)
        headers = dict(network.headers) if _origin(url) == _origin(target) else {}
        with (
            httpx.Client(
                verify=tls_context(network) if url.startswith("https:") else True,
                proxy=proxy or None,
                timeout=network.timeout_s,
                follow_redirects=not headers,
                trust_env=False,
            ) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise OSError(f"status {answer.status_code}")
            content = b""
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > LARGEST:
                    raise OSError(f"more than {LARGEST:,} bytes")
            return content
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise OSError(f"{type(error).__name__}: {error}") from None


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
