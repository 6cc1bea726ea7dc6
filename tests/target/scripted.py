"""A server that answers from a script, a clock that moves when it sleeps, and plain values."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tallystick.profiles.wallet.profile import Wallet
from tallystick.request import Request
from tallystick.target import Address, Client, HttpTarget, Observer, Time

ADDRESS = Address("http://wallet.test/v1", "T12345678")
ADMIN = Client("admin", "secret")
READY = Client(token="ready")
READ = Request("aid_cards_cardid_get", "GET", "/accounts/T12345678/wallets/cards/A")
WRITE = Request("aid_cards_post", "POST", "/accounts/T12345678/wallets/cards", {"card_id": "A"})
CARD = {"card_id": "A", "amount": 5, "currency": "NOK"}

Script = httpx.Response | Exception


class FakeTime:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now_s += seconds

    @property
    def time(self) -> Time:
        return Time(lambda: self.now_s, self.sleep)


class Server:
    """Answers from a script, in order; the last answer stands for all that follow."""

    def __init__(self, *script: Script, life_s: object = 3600) -> None:
        self.script = list(script)
        self.life_s = life_s
        self.tokens = 0
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/token"):
            self.tokens += 1
            body = {"access_token": f"token{self.tokens}", "expires_in": self.life_s}
            return httpx.Response(200, json=body)
        self.seen.append(request)
        return given(self.script.pop(0) if len(self.script) > 1 else self.script[0])


def given(answer: Script) -> httpx.Response:
    """A fresh copy of an answer, or the error that stands for it."""
    if isinstance(answer, Exception):
        raise answer
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def target_of(
    handler: Callable[[httpx.Request], httpx.Response],
    client: Client = READY,
    clock: FakeTime | None = None,
    observer: Observer | None = None,
) -> HttpTarget:
    time = (clock or FakeTime()).time
    return HttpTarget(
        ADDRESS,
        client,
        profile=Wallet(),
        transport=httpx.MockTransport(handler),
        time=time,
        observer=observer,
    )


def answer(status: int, body: object = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is None:
        return httpx.Response(status, headers=named)
    return httpx.Response(status, headers=named, json=body)
