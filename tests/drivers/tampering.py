"""A transport that is not honest: it alters, loses or repeats what passes through it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

Alter = Callable[[httpx.Request, Any], Any]


class Tampering(httpx.BaseTransport):
    """Passes requests on; `alter` may change the parsed body of an accepting answer."""

    def __init__(
        self,
        alter: Alter = lambda request, body: body,
        *,
        lose: Callable[[httpx.Request], bool] = lambda request: False,
        fail: Callable[[httpx.Request], bool] = lambda request: False,
        repeat: Callable[[httpx.Request], bool] = lambda request: False,
    ) -> None:
        self._inner = httpx.HTTPTransport()
        self._alter, self._lose, self._fail, self._repeat = alter, lose, fail, repeat

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._repeat(request):
            self._inner.handle_request(request).read()
        response = self._inner.handle_request(request)
        content = response.read()
        response.close()
        if self._lose(request):
            raise httpx.ReadTimeout("the answer was lost", request=request)
        if self._fail(request):
            return httpx.Response(500, json={"error": {"message": "crashed"}})
        if response.status_code == 200 and content:
            content = json.dumps(self._alter(request, json.loads(content))).encode()
        headers = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name.lower() not in ("content-length", "content-encoding", "transfer-encoding")
        ]
        return httpx.Response(response.status_code, headers=headers, content=content)

    def close(self) -> None:
        self._inner.close()


def is_post(ending: str) -> Callable[[httpx.Request], bool]:
    """Whether a request is a POST to a path that ends so."""
    return lambda request: request.method == "POST" and request.url.path.endswith(ending)


class Once:
    """True for the first request that the predicate takes."""

    def __init__(self, predicate: Callable[[httpx.Request], bool]) -> None:
        self._predicate = predicate
        self.happened = False

    def __call__(self, request: httpx.Request) -> bool:
        if self.happened or not self._predicate(request):
            return False
        self.happened = True
        return True
