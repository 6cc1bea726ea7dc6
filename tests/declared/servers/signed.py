"""An API in the shape of gateways that ask for signatures, and two with simpler credentials."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from base64 import b64encode
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.declared.servers.http import JSON, Answered, Api, Refuse

CLIENT = "merchant-7"
SECRET = "s3cr3t/of+merchant="
TOKEN = "key/with+odd=signs&all"
MOST = 10**12
SKEW_S = 300


def refusal(status: int, code: str) -> Refuse:
    return Refuse(status, {"code": code})


class Gateway(Api):
    """Holds that are captured in parts or released; who asks is checked by `admit`."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.holds: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[JSON, Answered]] = {}
        one = r"/api/holds/(\w+)"
        self.routes = {
            "POST /api/holds": self.create,
            f"POST {one}/captures": self.capture,
            f"POST {one}/release": self.release,
            f"GET {one}": lambda name, _: (200, self.find(name)),
        }

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        call = self.route(self.routes, f"{method} {path}")
        if call is None:
            raise refusal(404, "not_found")
        if method == "GET":
            read: Answered = call(body)
            return read
        key = headers.get("Idempotency-Key")
        if not key or not isinstance(body, dict):
            raise refusal(400, "bad_request")
        asked = [method, path, {n: v for n, v in body.items() if n != "auth"}]
        if key in self.keys:
            if self.keys[key][0] != asked:
                raise refusal(409, "key_was_used")
            return self.keys[key][1]
        answered: Answered = call(body)
        self.keys[key] = asked, answered
        return answered

    def create(self, body: JSON) -> Answered:
        amount = body.get("amount")
        if type(amount) is not int or not 0 < amount < MOST or body.get("currency") != "EUR":
            raise refusal(422, "invalid")
        name = uuid.uuid4().hex
        shown = {"id": name, "currency": "EUR", "amount": amount, "captured": 0, "left": amount}
        self.holds[name] = shown
        return 201, dict(shown)

    def capture(self, name: str, body: JSON) -> Answered:
        hold, amount = self.find(name), body.get("amount")
        if type(amount) is not int or not 0 < amount <= hold["left"]:
            raise refusal(422, "invalid")
        hold["captured"] += amount
        hold["left"] -= amount
        return 200, dict(hold)

    def release(self, name: str, body: JSON) -> Answered:
        hold = self.find(name)
        if not hold["left"]:
            raise refusal(422, "nothing_is_left")
        hold["left"] = 0
        return 200, dict(hold)

    def find(self, name: str) -> dict[str, Any]:
        if name not in self.holds:
            raise refusal(404, "not_found")
        return self.holds[name]


class Signed(Gateway):
    """Demands HMAC-SHA256, in base64, of method, path with query, time, nonce and body digest."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "signature_is_not_checked": ("AUTH-2", "any signature will do"),
        "body_is_not_signed": ("AUTH-2", "the digest that was signed is not that of the body"),
        "unsigned_is_accepted": ("AUTH-1", "a request without a signature is accepted"),
    }

    of_a_used_nonce: ClassVar[int] = 401
    """The status that answers a copy of a request."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.nonces: set[str] = set()

    def admit(self, method: str, resource: str, headers: Any, raw: bytes) -> None:
        given = headers.get("Authorization") or ""
        if not given and self.fault == "unsigned_is_accepted":
            return
        at, nonce = headers.get("X-Timestamp") or "", headers.get("X-Nonce") or ""
        digest = hashlib.sha256(raw).hexdigest()
        if self.fault == "body_is_not_signed":
            digest = headers.get("X-Digest") or ""
        text = "\n".join([method, resource, at, nonce, digest])
        made = b64encode(hmac.new(SECRET.encode(), text.encode(), "sha256").digest()).decode()
        wanted = f"HMAC {CLIENT}:{made}"
        is_right = hmac.compare_digest(wanted.encode(), given.encode())
        if self.fault == "signature_is_not_checked":
            is_right = given.startswith(f"HMAC {CLIENT}:")
        is_fresh = at.isdigit() and abs(time.time() - int(at)) < SKEW_S
        if not is_right or not is_fresh or not nonce:
            raise refusal(401, "unauthorized")
        if nonce in self.nonces:
            raise refusal(self.of_a_used_nonce, "replayed")
        self.nonces.add(nonce)


class SignedOnce(Signed):
    """It answers a copy as it answers other requests that it refuses."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {}
    of_a_used_nonce = 409


class ByQuery(Gateway):
    """The key is in the query of every request."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "key_is_not_checked": ("AUTH-2", "any key will do"),
    }

    def admit(self, method: str, resource: str, headers: Any, raw: bytes) -> None:
        given = parse_qs(resource.partition("?")[2]).get("api_key")
        if given is None or (given != [TOKEN] and not self.fault):
            raise refusal(401, "unauthorized")


class ByMember(Gateway):
    """Requests have client and secret in their body; reads are open to all who know the id."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "secret_is_not_checked": ("AUTH-2", "any secret will do"),
    }

    def admit(self, method: str, resource: str, headers: Any, raw: bytes) -> None:
        if method == "GET":
            headers = dict(parse_qs(resource.partition("?")[2]))
            given = {"client": headers.get("c", [""])[0], "secret": headers.get("s", [""])[0]}
        else:
            body = json.loads(raw or b"{}")
            given = body.get("auth") or {} if isinstance(body, dict) else {}
        if given.get("client") != CLIENT or not given.get("secret"):
            raise refusal(401, "unauthorized")
        if given["secret"] != SECRET and not self.fault:
            raise refusal(401, "unauthorized")
