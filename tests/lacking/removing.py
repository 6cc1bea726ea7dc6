"""What a proxy does to the requests for operations that it takes away.

It knows the paths of the Wallet API as the document states them, and nothing of what is judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from tests.misbehaviour.proxy import Behaviour, Reply, Turn

DOCUMENT = Path(__file__).parents[2] / "spec" / "openapi.yaml"
METHODS = ("get", "post", "delete", "put", "patch")

PLAIN = (("Content-Type", "text/html"),)
GATEWAY = Reply(404, PLAIN, b"<html><body><h1>404 Not Found</h1></body></html>")
"""What a gateway answers that has no route."""
IN_FORM = Reply(
    404,
    (("Content-Type", "application/json"),),
    b'{"error": {"code": "NOT_FOUND", "message": "Not found"}}',
)
NO_METHOD = Reply(405, (("Content-Type", "application/json"), ("Allow", "GET")), b"{}")
NOT_IMPLEMENTED = Reply(501, (("Content-Type", "text/plain"),), b"not implemented")


def _operations() -> dict[str, tuple[str, re.Pattern[str]]]:
    document: Any = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    found = {}
    for path, item in document["paths"].items():
        pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
        for method in METHODS:
            if method in item:
                found[item[method]["operationId"]] = (method.upper(), pattern)
    return found


OPERATIONS = _operations()
"""By operationId: its method, and its path as a pattern below the base URL."""


def removing(operations: Collection[str], reply: Reply = GATEWAY) -> Behaviour:
    """Answer so to the operations, whoever asks; pass everything else on."""
    return _replying(operations, lambda turn: reply)


def asking_first(operations: Collection[str], reply: Reply = GATEWAY) -> Behaviour:
    """The same after a gateway has looked at the token: without one, everything is denied."""
    said = b'{"error": {"code": "x", "message": "no token"}}'
    denied = Reply(401, (("Content-Type", "application/json"),), said)
    behave = removing(operations, reply)

    def asked(turn: Turn) -> None:
        if turn.is_token or "Bearer " in turn.headers.get("Authorization", ""):
            behave(turn)
        else:
            turn.send(denied)

    return asked


def now_and_then(operations: Collection[str], first: int, reply: Reply = GATEWAY) -> Behaviour:
    """Take the operations away for their first requests only: a fault, not a missing operation."""
    numbers = count(1)
    return _replying(operations, lambda turn: reply if next(numbers) <= first else turn.answer)


def _replying(operations: Collection[str], answer: Callable[[Turn], Reply]) -> Behaviour:
    routes = [OPERATIONS[operation] for operation in operations]

    def behave(turn: Turn) -> None:
        path = turn.path.partition("?")[0].removeprefix("/v1")
        is_removed = any(turn.command == m and p.fullmatch(path) for m, p in routes)
        turn.send(answer(turn) if is_removed else turn.answer)

    return behave
