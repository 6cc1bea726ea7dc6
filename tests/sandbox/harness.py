"""A sandbox inside the test's own process: requests go through the ASGI application, no socket.

Every answer is checked against the API document on its way, unless a test asks for a server that
is faulty. The clock moves only when a test moves it. Knows HTTP shapes; knows no rule of money.
"""

import asyncio
import base64
import gzip
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import yaml

from sandbox.assembly import assemble
from sandbox.clock import SECOND, Clock
from sandbox.codes import Codes
from sandbox.credentials import ADMIN, Client
from sandbox.policy import DEFAULT, Policy

ROOT = Path(__file__).resolve().parent.parent.parent
_DOCUMENT = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text())
START = 1_800_000_000 * SECOND
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class StillClock(Clock):
    """Time that passes only when a test says so."""

    now_us = START

    def now(self) -> int:
        return self.now_us


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Status 0: the connection was cut before the end."""

    status: int
    body: Any
    headers: dict[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Local:
    """A client and its server."""

    def __init__(
        self,
        *,
        policy: Policy = DEFAULT,
        overrides: Iterable[type] = (),
        checked: bool = True,
        database: str | None = None,
    ) -> None:
        class OwnClock(StillClock):
            pass

        class SeededCodes(Codes):
            drawn = random.Random(0)

            def choice(self, alphabet: str) -> str:
                return self.drawn.choice(alphabet)

        self.clock = OwnClock
        self.server = assemble(
            database=database, policy=policy, overrides=(*overrides, OwnClock, SeededCodes)
        )
        self.checked = checked
        self.tokens: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._numbers = iter(range(1_000_000))

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self.server.store.close()

    def advance(self, seconds: float) -> None:
        self.clock.now_us += int(seconds * SECOND)

    # --- requests ---------------------------------------------------------------------------

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        client: Client | None = ADMIN,
        account: str | None = None,
        query: dict[str, Any] | None = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """A request on an account's wallets; `path` is already encoded."""
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
        sent = {"content-type": "application/json"} if raw is not None else {}
        if client is not None:
            sent["authorization"] = f"Bearer {self.access_token(client)}"
            account = account or client.account
        path = f"/v1/accounts/{account}/wallets{path}"
        return self.exchange(method, path, raw or b"", sent | (headers or {}), query or {})

    def access_token(self, client: Client) -> str:
        if client.client_id not in self.tokens:
            answer = self.get_token(client)
            assert answer.status == 200, answer
            self.tokens[client.client_id] = answer["access_token"]
        return self.tokens[client.client_id]

    def get_token(
        self, client: Client, *, secret: str | None = None, audience: str | None = None
    ) -> Answer:
        pair = f"{client.client_id}:{client.client_secret if secret is None else secret}"
        basic = base64.b64encode(pair.encode()).decode()
        body = {
            "grant_type": "client_credentials",
            "audience": audience or f"https://api.dintero.com/v1/accounts/{client.account}",
        }
        headers = {"authorization": f"Basic {basic}", "content-type": "application/json"}
        path = f"/v1/accounts/{client.account}/auth/token"
        return self.exchange("POST", path, json.dumps(body).encode(), headers, {})

    def exchange(
        self,
        method: str,
        path: str,
        raw: bytes,
        headers: dict[str, str],
        query: dict[str, Any],
    ) -> Answer:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(query).encode(),
            "headers": [
                (name.encode(), value.encode("latin-1")) for name, value in headers.items()
            ],
        }
        messages = [{"type": "http.request", "body": raw, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        self._loop.run_until_complete(self.server.app(scope, receive, send))
        answer = _answer(sent)
        if self.checked:
            check_shape(method, path, answer)
        return answer

    # --- the words of the tests -------------------------------------------------------------

    def new_id(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    def card(self, amount: int = 1000, currency: str = "NOK", **members: Any) -> str:
        members = {"card_id": self.new_id("card")} | members
        self.send("POST", "/cards", {"amount": amount, "currency": currency, **members})
        return members["card_id"]

    def read(self, card_id: str) -> Answer:
        return self.send("GET", f"/cards/{quote(card_id, safe='')}")

    def records(self, card_id: str) -> Answer:
        return self.send("GET", f"/cards/{quote(card_id, safe='')}/transactions")

    def transact(self, card_id: str | None, amount: Any, **members: Any) -> Answer:
        """A drawdown unless the members say otherwise."""
        client = members.pop("client", ADMIN)
        body = {"ref_id": self.new_id("ref"), "amount": amount, "currency": "NOK"}
        named = {"card_id": card_id} if card_id is not None else {}
        return self.send("POST", "/transactions", body | named | members, client=client)

    def hold(self, card_id: str | None, amount: Any, **members: Any) -> Answer:
        return self.transact(card_id, amount, pending=True, **members)

    def fund(self, card_id: str, amount: Any, **members: Any) -> Answer:
        return self.transact(card_id, amount, type="fund", **members)

    def settle(self, hold: Any, operation: str, client: Client = ADMIN, **members: Any) -> Answer:
        """Capture or void a hold, given as the answer that made it or as an id."""
        held = hold if isinstance(hold, str) else (hold.body or {}).get("id", "none")
        body = {"ref_id": self.new_id("ref")} | members
        return self.send("POST", f"/transactions/{held}/{operation}", body, client=client)

    def capture(self, hold: Any, amount: Any = None, **members: Any) -> Answer:
        asked = {} if amount is None else {"amount": amount}
        return self.settle(hold, "capture", **asked, **members)

    def void(self, hold: Any, **members: Any) -> Answer:
        return self.settle(hold, "void", **members)

    def token(self, card_id: str, expires_in: int = 3600, **members: Any) -> Answer:
        body = {"ref_id": self.new_id("ref"), "expires_in": expires_in} | members
        return self.send("POST", f"/cards/{quote(card_id, safe='')}/tokens", body)

    def info(self, value: str, **members: Any) -> Answer:
        return self.send("POST", "/info", {"token": value} | members)

    def figures(self, card_id: str) -> tuple[int, int, int, int]:
        """funds, drawn, held, available: as the card shows them."""
        card = self.read(card_id)
        names = ("amount_funds", "amount_drawdown", "amount_reserved", "amount_available")
        return tuple(card[name] for name in names)


def _answer(sent: list[dict[str, Any]]) -> Answer:
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    content = b"".join(message.get("body", b"") for message in sent[1:])
    if sent[-1].get("more_body"):
        return Answer(0, None, headers)
    if headers.get("content-encoding") == "gzip":
        content = gzip.decompress(content)
    return Answer(sent[0]["status"], json.loads(content), headers)


# --- the document ---------------------------------------------------------------------------

_VALIDATORS: dict[int, jsonschema_rs.Validator] = {}


def check_shape(method: str, path: str, answer: Answer) -> None:
    """The answer is one that the document has for the operation, and fits its schema."""
    assert answer.headers["content-type"] == "application/json", answer.headers
    assert "date" in answer.headers
    operation = _operation(method, path)
    if operation is None:
        assert answer.status in (404, 405), answer
        schema: dict[str, Any] = {"$ref": "#/components/schemas/Error"}
    else:
        response = operation["responses"].get(str(answer.status))
        # The document has no 404 for collections; a path that does not fit it has no operation.
        assert response is not None or answer.status == 404, (method, path, answer)
        response = response or {"$ref": "#/components/responses/NotFound"}
        if "$ref" in response:
            response = _DOCUMENT["components"]["responses"][response["$ref"].split("/")[-1]]
        schema = response["content"]["application/json"]["schema"]
    assert answer.status != 500, answer
    validator = _VALIDATORS.get(id(schema))
    if validator is None:
        validator = jsonschema_rs.Draft202012Validator(
            {"components": _DOCUMENT["components"], **schema}, validate_formats=True
        )
        if operation is not None:
            _VALIDATORS[id(schema)] = validator
    validator.validate(answer.body)


def _operation(method: str, path: str) -> dict[str, Any] | None:
    sent = path.removeprefix("/v1/").split("/")
    found = None
    for template, methods in _DOCUMENT["paths"].items():
        segments = template.strip("/").split("/")
        fits = len(segments) == len(sent) and all(
            one.startswith("{") or one == other for one, other in zip(segments, sent, strict=True)
        )
        if fits and method.lower() in methods and (found is None or "{" not in segments[-1]):
            found = methods[method.lower()]
    return found
