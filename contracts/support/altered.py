"""Credentials that are almost those of the run, and signatures of almost the same request. Pure;
knows no API, and sends nothing.

How a server checks credentials is unknown, so each is altered in a way that no spelling of them
leaves equal: a Basic pair before it is encoded, and a token by so many signs that its base64 has
other bytes.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace

from tallystick.request import Request

BASIC = "Basic "
OTHER_SIGNS = "x0x0x0"


def _longer(secret: str) -> str:
    # A reader of base64 may drop one sign too many at the end of a JWT, but not four.
    return secret + (OTHER_SIGNS[:4] if "." in secret else OTHER_SIGNS[0])


WAYS: dict[str, Callable[[str], str]] = {
    "other signs at their end": lambda secret: secret[: -len(OTHER_SIGNS)] + OTHER_SIGNS,
    "their last sign cut off": lambda secret: secret[:-1],
    "more at their end": _longer,
}
"""What is done to a secret, in words."""


def altered(header: str, way: str) -> str:
    """Return the value of a header of credentials with its secret altered.

    Of a Basic pair that is the password, or the user name if there is no password.
    """
    change = WAYS[way]
    if not header.startswith(BASIC):
        return change(header)
    try:
        user, colon, password = b64decode(header.removeprefix(BASIC)).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return change(header)
    pair = user + colon + change(password) if password else change(user) + colon
    return BASIC + b64encode(pair.encode()).decode()


def _with_another_body(request: Request) -> Request | None:
    if isinstance(request.body, dict):
        return replace(request, body={**request.body, "other": "1"})
    return replace(request, body=[*request.body, "1"]) if isinstance(request.body, list) else None


def _with_another_path(request: Request) -> Request:
    path, mark, query = request.path.partition("?")
    return replace(request, path=f"{path}0{mark}{query}")


def _with_another_query(request: Request) -> Request:
    return replace(request, path=f"{request.path}{'&' if '?' in request.path else '?'}other=1")


def _with_another_method(request: Request) -> Request:
    return replace(request, method="POST" if request.method != "POST" else "PUT")


KEY = "key"
OTHER: dict[str, Callable[[Request], Request | None]] = {
    "body": _with_another_body,
    "path": _with_another_path,
    "query": _with_another_query,
    "method": _with_another_method,
}
"""By part of a request that a signature may cover: the request with another one; None: it has none.
What is no part of the credentials stays, so that nothing else is a reason to refuse them."""
SIGNED = {KEY: "signed with another key"} | {
    part: f"with the signature for another {part}" for part in OTHER
}
"""What a signature was made with that is not what is sent, in words."""
