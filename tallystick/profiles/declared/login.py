"""How requests of a declared profile prove who sends them: by credentials in headers, the query or
the body, by a token that is fetched, and by a signature (`signing`).
"""

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
from tallystick.profiles.declared.signing import PER_REQUEST, Signature
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
from tallystick.target.proof import Change, Outgoing, Part, Proof
from tallystick.target.sender import Sender

JSON = Any
DEFAULT_LIFE_S = 3600.0
_VISIBLE = re.compile(r"[\x20-\x7e]+")
_NEEDED = {
    "token": "TALLYSTICK_TOKEN",
    "client_id": "TALLYSTICK_CLIENT_ID",
    "client_secret": "TALLYSTICK_CLIENT_SECRET",
    "basic": "TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET",
}

_OTHER = ", and unset TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET, which go before it"


class Credentials:
    """The credentials of one client; a token that is fetched is renewed at half of its life."""

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
        self._usual = Proof()
        self._shown = _for_a_shell(login) if login.is_more_than_headers else ()
        self._pair = login.pair or ("$token:" if client.token else "$client_id:$client_secret")
        self._known = self._with_basic(
            {
                "account": address.account,
                "token": client.token,
                "client_id": client.client_id,
                "client_secret": client.secret,
            }
        )
        if self.is_fixed:
            self._usual = self._written(client.token)
        elif login.fetch is not None:
            self._demand([login.fetch.path, login.fetch.content, login.fetch.headers])

    @property
    def is_fixed(self) -> bool:
        """Whether the token was given ready, so that none is fetched."""
        return self._login.fetch is None or bool(self._client.token)

    @property
    def covers(self) -> frozenset[str]:
        """The parts of a request that its signature covers; none if there is no signature."""
        return self._login.signature.covers if self._login.signature else frozenset()

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """The credentials for a shell, by place; empty if the headers are all of them."""
        return self._shown

    def headers(self, sender: Sender) -> Mapping[str, Secret]:
        """The headers, with a token that is fetched or renewed in time, and without a signature.

        TargetError if the target gives no token.
        """
        if self.is_fixed:
            return self._usual.headers
        with self._lock:
            if self._time.now() >= self._renew_at:
                token, life_s = self._fetch(sender)
                self._usual = self._written(token)
                self._renew_at = self._time.now() + life_s / 2
            return self._usual.headers

    def current(self) -> Mapping[str, Secret]:
        """The headers as they were last."""
        return self._usual.headers

    def forget(self) -> None:
        """Fetch a new token at the next request."""
        self._renew_at = 0.0

    def proof(self, sent: Outgoing, change: Change | None = None, part: Part = "secret") -> Proof:
        """What `sent` carries; with `change`, made of another secret, or signed by another key."""
        signature = self._login.signature
        if signature is None and change is None:
            return self._usual
        is_shown = bool(self._secrets)
        is_changed = change is not None and part == "secret" and is_shown
        known = self._changed(change) if change is not None and is_changed else dict(self._known)
        if signature is None:
            return _proof(self._login, known)
        known |= signature.moment()
        # What does not show the signature itself is there when it is made.
        unsigned = _proof(self._login, {**known, "digest": ""}).put_into(sent)
        known["digest"] = signature.digest_of(unsigned.content)
        unsigned = _proof(self._login, known).put_into(sent)
        key = self._key(signature)
        other = None if is_changed else change
        known["signature"] = signature.of_request(unsigned, known, key, other)
        return _proof(self._login, known)

    @property
    def _secrets(self) -> frozenset[str]:
        """The variables of credentials that requests show, or those that the pair is made of."""
        login = self._login
        used = names_in([login.headers, login.query, login.members])
        used |= names_in(self._pair) if "basic" in used else frozenset()
        found = used & {"token", "client_secret"}
        found = frozenset(name for name in found if self._known[name])
        if found or login.signature is not None:
            return found
        return used & {"client_id"}

    def _changed(self, change: Change) -> dict[str, str]:
        """What is known, with other secrets; the name of a client is one only if it is alone."""
        others = {name: change(self._known[name]) for name in self._secrets}
        return self._with_basic({**self._known, **others})

    def _with_basic(self, known: Mapping[str, str]) -> dict[str, str]:
        """What is known, with the pair of HTTP basic; it is empty without a user and a password."""
        is_given = any(known[name] for name in names_in(self._pair))
        pair = as_text(filled(self._pair, known)) if is_given else ""
        return {**known, "basic": b64encode(pair.encode()).decode()}

    def _key(self, signature: Signature) -> str:
        return as_text(filled(signature.key, self._known))

    def _written(self, token: str) -> Proof:
        login = self._login
        self._known["token"] = token
        signature = login.signature
        self._demand([login.headers, login.query, login.members, signature and signature.key])
        if signature is not None and not signature.is_key(self._key(signature)):
            form = signature.key_spelled
            raise ProfileError(
                f"the key of the signature, {signature.key}, is not written as {form}"
            )
        found = _proof(login, self._known)
        if not all(_VISIBLE.fullmatch(value) for value in found.headers.values()):
            raise ProfileError("no header can carry these credentials: they have to be ASCII")
        return found

    def _demand(self, template: object) -> None:
        used = names_in(template)
        if self._login.pair and "basic" in used:
            used |= names_in(self._pair)
        missing = [_NEEDED[n] for n in sorted(used & set(_NEEDED)) if not self._known[n]]
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
    """How a script authenticates; None if it takes more than headers, or a token that has to be
    computed from the answer.
    """
    if login.is_more_than_headers or login.pair:
        return None
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


def _proof(login: Login, known: Mapping[str, JSON]) -> Proof:
    """What can be written of what is known; before it is signed, what shows no signature."""
    headers, query = _secrets(login.headers, known), _secrets(login.query, known)
    return Proof(headers, query, _members(login.members, known), login.form)


def _secrets(template: Mapping[str, str], known: Mapping[str, JSON]) -> dict[str, Secret]:
    return {
        name: Secret(as_text(filled(value, known)))
        for name, value in template.items()
        if _is_known(value, known)
    }


def _members(template: Mapping[str, JSON], known: Mapping[str, JSON]) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for name, value in template.items():
        if isinstance(value, Mapping):
            found[name] = _members(value, known)
        elif _is_known(value, known):
            found[name] = filled(value, known)
    return found


def _is_known(template: JSON, known: Mapping[str, JSON]) -> bool:
    return names_in(template) <= set(known)


def _for_a_shell(login: Login) -> tuple[tuple[str, str], ...]:
    """The credentials by place, with variables of a shell for what is secret or computed."""
    names = {*_NEEDED, *PER_REQUEST, "account"}
    shown = _proof(login, {name: f"${name.upper()}" for name in names})
    return tuple((name, str(value)) for name, value in shown.listed())
