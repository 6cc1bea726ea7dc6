"""Single commands by a profile: sent over HTTP, without target, session or ledger."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx

from tallystick.ledger.vocabulary import Command, Outcome, Refused
from tallystick.profiles.declared.profile import DeclaredProfile
from tallystick.request import Request
from tallystick.target.answers import NOT_JSON, Answer


class Driver:
    """Sends what a profile encodes, and reads the answers by it."""

    def __init__(self, profile: DeclaredProfile, url: str, headers: dict[str, str]) -> None:
        self.profile = profile
        self.sent: list[Request] = []
        self._http = httpx.Client(base_url=url, headers=headers, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def send(self, request: Request) -> Answer:
        self.sent.append(request)
        headers, content = dict(request.headers), None
        if request.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = urlencode(request.body).encode()
        elif request.body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(request.body).encode()
        answer = self._http.request(request.method, request.path, headers=headers, content=content)
        return Answer(answer.status_code, answer.headers["content-type"], _body(answer))

    def do(self, command: Command) -> Outcome:
        known: dict[str, str] = {}
        while (step := self.profile.prepare(command, "", known)) is not None:
            given = step.read(self.send(step.request))
            if isinstance(given, Refused):
                return given
            assert given is not None
            known.update(given)
        answer = self.send(self.profile.encode(command, "", known))
        return self.profile.outcome(command, answer)


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return NOT_JSON
