"""How requests of a declared profile prove who sends them: fixed headers, or a fetched token."""

from __future__ import annotations

import json
import math
import re
import threading
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tallystick.profiles.declared.declaration import Call, Login
from tallystick.profiles.declared.expressions import Path, exact
from tallystick.profiles.declared.templates import (
    Missing,
    as_text,
    filled,
    filled_path,
    flat,
    names_in,
)
from tallystick.profiles.profile import ProfileError
from tallystick.request import Request
from tallystick.target.address import Address, Client, Secret
from tallystick.target.answers import Answer, NoAnswer, wait_asked_for
from tallystick.target.api import ScriptedLogin
from tallystick.target.errors import TargetError
from tallystick.target.outages import Outages, is_failure, said_of
from tallystick.target.pace import Time
from tallystick.target.sender import Sender

DEFAULT_LIFE_S = 3600.0
_VISIBLE = re.compile(r"[\x20-\x7e]+")
_NEEDED = {
    "token": "TALLYSTICK_TOKEN",
    "client_id": "TALLYSTICK_CLIENT_ID",
    "client_secret": "TALLYSTICK_CLIENT_SECRET",
    "basic": "TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET",
}

_OTHER = ", and unset TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET, which go before it"


def _basic(client: Client) -> str:
    """User and password of HTTP basic: the client's, or a token with an empty password."""
    if not client.token and not client.client_id:
        return ""
    pair = f"{client.token}:" if client.token else f"{client.client_id}:{client.secret}"
    return b64encode(pair.encode()).decode()


class Headers:
    """The header of a login whose token is given, or fetched and renewed at half of its life."""

    audience = ""

    def __init__(
        self, login: Login, address: Address, client: Client, outages: Outages, time: Time
    ) -> None:
        self._login = login
        self._address = address
        self._client = client
        self._outages = outages
        self._time = time
        self._lock = threading.Lock()
        self._renew_at = 0.0
        self._headers: Mapping[str, Secret] = {}
        self._known = {
            "account": address.account,
            "token": client.token,
            "client_id": client.client_id,
            "client_secret": client.secret,
            "basic": _basic(client),
        }
        if self.is_fixed:
            self._headers = self._written(client.token)
        elif login.fetch is not None:
            self._demand([login.fetch.path, login.fetch.content, login.fetch.headers])

    @property
    def is_fixed(self) -> bool:
        """Whether the token was given ready, so that none is fetched."""
        return self._login.fetch is None or bool(self._client.token)

    def headers(self, sender: Sender) -> Mapping[str, Secret]:
        """The header, fetched or renewed in time. TargetError if the target gives no token."""
        if self.is_fixed:
            return self._headers
        with self._lock:
            if self._time.now() >= self._renew_at:
                token, life_s = self._fetch(sender)
                self._headers = self._written(token)
                self._renew_at = self._time.now() + life_s / 2
            return self._headers

    def current(self) -> Mapping[str, Secret]:
        """The header as it was last."""
        return self._headers

    def forget(self) -> None:
        """Fetch a new token at the next request."""
        self._renew_at = 0.0

    def _written(self, token: str) -> Mapping[str, Secret]:
        self._known["token"] = token
        self._demand(self._login.headers)
        written = {
            name: as_text(filled(value, self._known)) for name, value in self._login.headers.items()
        }
        if not all(_VISIBLE.fullmatch(value) for value in written.values()):
            raise ProfileError("no header can carry these credentials: they have to be ASCII")
        return {name: Secret(value) for name, value in written.items()}

    def _demand(self, template: object) -> None:
        missing = [
            _NEEDED[name]
            for name in sorted(names_in(template) & set(_NEEDED))
            if not self._known[name]
        ]
        if missing:
            other = _OTHER if self._client.client_id and "TALLYSTICK_TOKEN" in missing else ""
            text = f"this profile authenticates with them: set {' and '.join(missing)}{other}"
            raise ProfileError(text)

    def _fetch(self, sender: Sender) -> tuple[str, float]:
        call = self._login.fetch
        assert call is not None, "only a fetched token is fetched"
        last: list[Answer | NoAnswer] = []

        def once() -> str:
            answer = self._ask(sender, call)
            last[:] = [answer]
            if isinstance(answer, NoAnswer) and answer.is_final:
                raise TargetError(f"{self._address.url} cannot be reached: {answer.remedy}")
            busy_s = wait_asked_for(answer)
            if busy_s is not None:
                self._time.sleep(busy_s)
            elif not is_failure(answer):
                return ""
            return f"{call.method} {call.path}: {said_of(answer)}"

        said = once()
        if said:
            self._outages.wait_for(f"{call.method} {call.path}", said, once)
        (answer,) = last
        assert isinstance(answer, Answer), "it is no failure"
        return self._token_in(call, answer)

    def _ask(self, sender: Sender, call: Call) -> Answer | NoAnswer:
        try:
            url = self._address.url + filled_path(call.path, self._known)
            headers = {
                name: as_text(filled(each, self._known)) for name, each in call.headers.items()
            }
        except Missing as missing:
            raise TargetError(f"{call.path}: nothing gives ${missing}") from None
        content = filled(call.content, self._known)
        body = urlencode(flat(content)) if call.body == "form" else json.dumps(content)
        kind = "x-www-form-urlencoded" if call.body == "form" else "json"
        sent = {"Accept": "application/json", "Content-Type": f"application/{kind}"}
        return sender.ask(call.method, url, {**sent, **headers}, body.encode())

    def _token_in(self, call: Call, answer: Answer) -> tuple[str, float]:
        login = self._login
        token = None if login.token is None else login.token.value(answer.body, {})
        if answer.status >= 300 or not isinstance(token, str) or not token:
            raise TargetError(
                f"{self._address.url}{call.path} answered {answer.status} and gave no token: check "
                "the credentials, and `fetch` and `token` in the profile"
            )
        life = None if login.lifetime is None else exact(login.lifetime.value(answer.body, {}))
        life_s = DEFAULT_LIFE_S if life is None else float(life)
        return token, life_s if life_s > 0 and math.isfinite(life_s) else DEFAULT_LIFE_S


def scripted(login: Login) -> ScriptedLogin | None:
    """How a script authenticates; None if its token has to be computed from the answer."""
    headers = {name: _written_out(value) for name, value in login.headers.items()}
    call = login.fetch
    if call is None:
        return ScriptedLogin(headers)
    if not isinstance(login.token, Path) or "*" in login.token.parts:
        return None
    content = _written_out(call.content)
    is_form = call.body == "form"
    fetch = Request(
        call.operation,
        call.method,
        _written_out(call.path),
        flat(content) if is_form else content,
        tuple((name, _written_out(value)) for name, value in call.headers.items()),
        is_form,
    )
    return ScriptedLogin(headers, fetch, login.token.parts)


def _written_out(template: Any) -> Any:
    """A template with each variable as `${name}`."""
    known = sorted(names_in(template))
    return filled(template, {name: f"${{{name}}}" for name in known})
