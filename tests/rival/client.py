"""A client that holds every answer of the rival to the API document, for the rival's own tests.

It knows the document's operations and schemas, and nothing of what the server means by them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
import yaml

from tests.rival.auth import Client

DOCUMENT = yaml.safe_load(
    (Path(__file__).parents[2] / "spec" / "openapi.yaml").read_text(encoding="utf-8")
)
TX = "/transactions"
CAPTURE = "/transactions/{transaction_id}/capture"
VOID = "/transactions/{transaction_id}/void"
CARD = "/cards/{card_id}"
# Not documented, and right all the same for a method that a path does not have.
METHOD_NOT_ALLOWED = 405


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


class Wallet:
    """One account seen by one of its clients."""

    def __init__(self, url: str, client: Client) -> None:
        self.account = client.account
        self._http = httpx.Client(base_url=url, trust_env=False)
        self._authorize(client)

    def get(self, path: str, ids: tuple[str, ...] = (), **query: Any) -> Answer:
        return self.send("GET", path, ids, params=query)

    def post(self, path: str, ids: tuple[str, ...] = (), **body: Any) -> Answer:
        return self.send("POST", path, ids, json=body)

    def delete(self, path: str, ids: tuple[str, ...] = ()) -> Answer:
        return self.send("DELETE", path, ids)

    def send(self, method: str, path: str, ids: tuple[str, ...] = (), **parts: Any) -> Answer:
        """`path` is a path of the document below `/wallets`; `ids` fill its parameters."""
        template = "/accounts/{aid}/wallets" + path
        filled = _fill(template, (self.account, *ids))
        response = self._http.request(method, filled, **parts)
        answer = Answer(response.status_code, response.json())
        check(method, template, answer)
        return answer

    def card(self, card_id: str, amount: int = 0, **more: Any) -> str:
        """A new card; answers its id."""
        made = self.post("/cards", card_id=card_id, amount=amount, currency="NOK", **more)
        assert made.status == 200, made
        return card_id

    def transact(self, card_id: str, ref_id: str, amount: int, **more: Any) -> Answer:
        said = {"card_id": card_id, "ref_id": ref_id, "amount": amount, "currency": "NOK"} | more
        return self.post(TX, **said)

    def hold(self, card_id: str, ref_id: str, amount: int) -> str:
        """A new hold; answers its id."""
        made = self.transact(card_id, ref_id, amount, pending=True)
        assert made.status == 200, made
        return made.body["id"]

    def token(self, card_id: str, **more: Any) -> str:
        """The value of a new token of a card."""
        made = self.post(CARD + "/tokens", (card_id,), ref_id="t", expires_in=600, **more)
        assert made.status == 200, made
        return made.body["token"]["value"]

    def figures(self, card_id: str) -> dict[str, int]:
        """The six figures by the last word of their names."""
        card = self.get(CARD, (card_id,)).body
        assert card["amount"] == card["amount_balance"]
        return {
            name.removeprefix("amount_"): value
            for name, value in card.items()
            if name.startswith("amount_")
        }

    def close(self) -> None:
        self._http.close()

    def _authorize(self, client: Client) -> None:
        path = f"/accounts/{client.account}/auth/token"
        audience = f"https://api.dintero.com/v1/accounts/{client.account}"
        grant = {"grant_type": "client_credentials", "audience": audience}
        response = self._http.post(path, auth=(client.id, client.secret), json=grant)
        answer = Answer(response.status_code, response.json())
        check("POST", "/accounts/{oid}/auth/token", answer)
        self._http.headers["Authorization"] = f"Bearer {answer.body['access_token']}"


def check(method: str, template: str, answer: Answer) -> None:
    """Fails unless the document has this answer for this operation."""
    if answer.status == METHOD_NOT_ALLOWED:
        _validate("#/components/schemas/Error", answer.body)
        return
    operation = DOCUMENT["paths"][template][method.lower()]
    response = operation["responses"].get(str(answer.status))
    assert response is not None, f"{method} {template} has no {answer.status}"
    if "$ref" in response:
        name = response["$ref"].rpartition("/")[2]
        response = DOCUMENT["components"]["responses"][name]
    schema = response["content"]["application/json"]["schema"]
    if "$ref" in schema:
        _validate(schema["$ref"], answer.body)
    else:
        for element in answer.body:
            _validate(schema["items"]["$ref"], element)


def _validate(reference: str, value: Any) -> None:
    validator = _VALIDATORS.get(reference)
    if validator is None:
        schema = {"$ref": reference, "components": DOCUMENT["components"]}
        validator = jsonschema_rs.Draft4Validator(schema, validate_formats=True)
        _VALIDATORS[reference] = validator
    validator.validate(value)


_VALIDATORS: dict[str, jsonschema_rs.Draft4Validator] = {}


def _fill(template: str, ids: tuple[str, ...]) -> str:
    segments = iter(ids)
    return "/".join(
        quote(next(segments), safe="") if part.startswith("{") else part
        for part in template.split("/")
    )
