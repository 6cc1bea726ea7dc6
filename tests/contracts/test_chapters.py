"""Reading card lists of every order page by page, and the forged credentials.

The lists are served from memory, so that one with thousands of cards costs nothing.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest

from contracts import test_reads
from contracts.support.credentials import ABSENT, Wallet, every_operation, forgeries
from tallystick.documents.shape import load
from tallystick.profiles import registry
from tallystick.profiles.documents import dialect_of
from tallystick.run import Run, Violated
from tallystick.target import Address, Client, HttpTarget

EARLIER = (0, 40, 250, 3_500)
"""Cards that stand in the account before the suite makes its own; a page has at most 100."""


class Lists:
    """A server of nothing but new cards and their list, in some order, with some cursors."""

    def __init__(self, *, order: str, cursor: str, earlier: int, fault: str = "") -> None:
        self.order, self.cursor, self.fault = order, cursor, fault
        self.cards: list[dict[str, Any]] = []
        for number in range(earlier):
            self.add(f"earlier-{number}")

    def add(self, card_id: str) -> dict[str, Any]:
        figures = dict.fromkeys(("amount", "amount_balance", "amount_available"), 100)
        card = {"id": str(uuid.uuid4()), "card_id": card_id, "currency": "NOK", **figures}
        self.cards.append(card)
        return card

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json=self.add(json.loads(request.content)["card_id"]))
        query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        return self.page(int(query.get("limit", 10)), query.get("starting_after"))

    def page(self, limit: int, after: str | None) -> httpx.Response:
        cards = self.sorted()
        start = 0 if after is None else self.start(cards, after)
        if start is None:
            return httpx.Response(400, json={"error": {"message": "no such cursor"}})
        start += {"gap": 1, "overlap": -1}.get(self.fault, 0) if after is not None else 0
        shown = cards[start : start + limit]
        rest = len(cards) - start - limit
        body: dict[str, Any] = {"cards": shown}
        if shown and rest > (1 if self.fault == "last_page_lost" else 0):
            body["starting_after"] = self.cursor_of(shown[-1], start + limit)
        return httpx.Response(200, json=body)

    def sorted(self) -> list[dict[str, Any]]:
        match self.order:
            case "newest":
                return self.cards[::-1]
            case "id":
                return sorted(self.cards, key=lambda card: card["id"])
            case _:
                return self.cards

    def cursor_of(self, last: dict[str, Any], end: int) -> str:
        if self.fault == "offset":
            return str(end)
        return last["id"] if self.cursor == "id" else f"opaque:{last['id'][::-1]}"

    def start(self, cards: list[dict[str, Any]], after: str) -> int | None:
        if self.fault == "offset":
            return int(after) if after.isdigit() else None
        if (self.cursor == "opaque") is not after.startswith("opaque:"):
            return None
        known = after.removeprefix("opaque:")[::-1] if self.cursor == "opaque" else after
        return next((n + 1 for n, card in enumerate(cards) if card["id"] == known), None)


def _run(answer: Callable[[httpx.Request], httpx.Response]) -> Run:
    address = Address("http://127.0.0.1:9/v1", "T00000001")
    target = HttpTarget(
        address,
        Client(token="x.y.z"),
        transport=httpx.MockTransport(answer),
        profile=registry.load(),
    )
    return Run(target, registry.load(), load(), dialect_of(registry.load()))


def _read_lists(run: Run) -> int:
    """Read the list in every way of chapter READ; how many of them found the own cards."""
    found = 0
    for limit in (1, 2, 3, 7, 100):
        listed_cards = test_reads.make_listed_cards(run)
        for contract in (
            test_reads.test_pages_of_every_size_join_without_gap_or_overlap,
            test_reads.test_pages_that_are_read_while_cards_are_added_miss_none,
        ):
            try:
                contract(run, listed_cards, limit)
            except pytest.skip.Exception:
                continue
            found += 1
    return found


@pytest.mark.parametrize(
    ("order", "cursor", "earlier"),
    list(itertools.product(("oldest", "newest", "id"), ("id", "opaque"), EARLIER)),
)
def test_an_honest_list_raises_no_alarm(order: str, cursor: str, earlier: int) -> None:
    run = _run(Lists(order=order, cursor=cursor, earlier=earlier))
    found = _read_lists(run)
    assert not run.findings
    if earlier < 3_500 or order == "newest" or (order, cursor) == ("oldest", "id"):
        assert found  # what stands further away than the suite reads is not tested


@pytest.mark.parametrize(
    ("fault", "order", "rule"),
    [
        ("gap", "oldest", "READ-5"),
        ("gap", "newest", "READ-5"),
        ("overlap", "oldest", "READ-3"),
        ("overlap", "newest", "READ-3"),
        ("last_page_lost", "oldest", "READ-5"),
        ("offset", "newest", "READ-3"),
    ],
)
@pytest.mark.parametrize("cursor", ["id", "opaque"])
def test_a_broken_list_is_found(fault: str, order: str, rule: str, cursor: str) -> None:
    run = _run(Lists(order=order, cursor=cursor, earlier=3, fault=fault))
    with pytest.raises(Violated):
        _read_lists(run)
    assert set(run.findings) == {rule}


# Credentials --------------------------------------------------------------------------------------

CLAIMS = {"sub": "someone", "scope": "read:wallets", "exp": 2**40}


@pytest.mark.parametrize("kind", forgeries(jwt.encode(CLAIMS, "k" * 32, algorithm="HS256")))
def test_no_forgery_is_a_valid_token(kind: str) -> None:
    token = jwt.encode(CLAIMS, "k" * 32, algorithm="HS256")
    scheme, _, forged = forgeries(token)[kind]["Authorization"].partition(" ")
    assert (scheme, forged) != ("Bearer", token)
    if scheme == "Bearer":
        with pytest.raises(jwt.PyJWTError):
            jwt.decode(forged, "k" * 32, algorithms=["HS256"])


@pytest.mark.parametrize(("kind", "key"), [("a_guessed_key", "secret"), ("an_empty_key", "")])
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_of_a_guessed_key_is_good_for_whoever_uses_it(kind: str, key: str) -> None:
    token = jwt.encode(CLAIMS, "k" * 32, algorithm="HS256")
    forged = forgeries(token)[kind]["Authorization"].removeprefix("Bearer ")
    signed, _, signature = forged.rpartition(".")
    algorithm = jwt.algorithms.get_default_algorithms()["HS256"]
    assert algorithm.verify(signed.encode(), key.encode(), jwt.utils.base64url_decode(signature))


def test_a_token_that_is_no_jwt_has_forgeries_all_the_same() -> None:
    found = forgeries("0123456789abcdef")
    assert "another_signature" in found
    assert "no_signature_alg_none" not in found
    assert all("Authorization" in headers for headers in found.values())
    assert ABSENT["no_authorization"] == {}


def test_every_operation_of_the_document_is_tried() -> None:
    wallet = Wallet("card", "customer", "inactive", "empty", "hold", "token")
    counter = itertools.count()
    found = every_operation("/accounts/T00000001/wallets", wallet, lambda: f"r{next(counter)}")
    wanted = {o for o in load().operations if o != "aid_auths_oauth_token_post"}
    assert {request.operation for request in found} == wanted
    for request in found:
        operation = load().operations[request.operation]
        assert request.method == operation.method
