"""What Medusa is known to answer: `medusa/README.md`, asked again. `tox -e medusa` installs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.targets.catalogue import MEDUSA_USER
from tests.targets.process import ThirdParty
from tests.targets.requirement import servers_with

SERVERS = servers_with("medusa", by="medusa")

FIELDS = (
    "amount,canceled_at,captures.amount,payment_collection.status,"
    "payment_collection.captured_amount"
)


class Shop:
    """Payments of 10 usd, in major units."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        token = self._http.post("/auth/user/emailpass", json=MEDUSA_USER).json()["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def held(self) -> str:
        """The id of a new payment that is authorized."""
        made = self._http.post("/admin/holds", json={"amount": 10, "currency_code": "usd"})
        return str(made.json()["payment"]["id"])

    def capture(self, payment: str, amount: Any = None, key: str | None = None) -> httpx.Response:
        """A capture; without an amount it is left out."""
        body = {} if amount is None else {"amount": amount}
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._http.post(f"/admin/payments/{payment}/capture", json=body, headers=headers)

    def void(self, payment: str) -> httpx.Response:
        """A void, by our route."""
        return self._http.post(f"/admin/holds/{payment}/void", json={})

    def read(self, payment: str) -> httpx.Response:
        """A read of what a judgement needs."""
        return self._http.get(f"/admin/payments/{payment}", params={"fields": FIELDS})

    def money(self, payment: str) -> tuple[list[float], float, bool]:
        """Its captures, their sum as it is shown, and whether it is canceled."""
        shown = self.read(payment).json()["payment"]
        captures = [capture["amount"] for capture in shown["captures"]]
        collection = shown["payment_collection"]
        return captures, collection["captured_amount"], shown["canceled_at"] is not None


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with ThirdParty("medusa", SERVERS) as server:
        asking = Shop(server.url)
        yield asking
        asking.close()


def test_captures_add_up_and_never_exceed_the_hold_by_a_cent(shop: Shop) -> None:
    hold = shop.held()
    assert shop.capture(hold, 4).status_code == 200
    assert shop.capture(hold, 6.01).json()["type"] == "invalid_data"
    assert shop.money(hold) == ([4], 4, False)
    assert shop.capture(hold, 6).status_code == 200
    assert shop.money(hold) == ([4, 6], 10, False)


def test_a_void_releases_the_rest(shop: Shop) -> None:
    hold = shop.held()
    shop.capture(hold, 4)
    assert shop.void(hold).status_code == 200
    assert shop.capture(hold, 6).status_code == 400
    assert shop.money(hold) == ([4], 4, True)


@pytest.mark.parametrize("amount", [0, -1, "5"])
def test_what_is_no_amount_is_refused(shop: Shop, amount: Any) -> None:
    hold = shop.held()
    assert shop.capture(hold, amount).status_code == 400
    assert shop.money(hold) == ([], 0, False)


@pytest.mark.parametrize("amount", [10.001, 10.004])
def test_me_1_less_than_half_a_cent_above_the_hold_is_captured(shop: Shop, amount: float) -> None:
    hold = shop.held()
    assert shop.capture(hold, amount).status_code == 200
    assert shop.money(hold) == ([amount], amount, False)
    assert shop.capture(shop.held(), 10.005).status_code == 400


def test_me_2_a_part_of_a_cent_is_captured(shop: Shop) -> None:
    hold = shop.held()
    assert shop.capture(hold, 0.001).status_code == 200
    assert shop.money(hold) == ([0.001], 0.001, False)


def test_me_3_a_captured_hold_accepts_captures_that_take_nothing(shop: Shop) -> None:
    hold = shop.held()
    shop.capture(hold)
    assert shop.capture(hold, 1).status_code == 200
    assert shop.money(hold) == ([10], 10, False)


def test_me_4_the_rest_is_not_the_default(shop: Shop) -> None:
    hold = shop.held()
    shop.capture(hold, 4)
    assert shop.capture(hold).status_code == 400
    assert shop.money(hold) == ([4], 4, False)


def test_me_5_a_captured_hold_is_canceled(shop: Shop) -> None:
    hold = shop.held()
    shop.capture(hold)
    assert shop.void(hold).status_code == 200
    assert shop.money(hold) == ([10], 10, True)


def test_me_6_a_canceled_hold_is_canceled_again(shop: Shop) -> None:
    hold = shop.held()
    assert [shop.void(hold).status_code, shop.void(hold).status_code] == [200, 200]


def test_me_7_a_retry_captures_again(shop: Shop) -> None:
    hold = shop.held()
    for _ in range(2):
        assert shop.capture(hold, 1, key="one").status_code == 200
    assert shop.money(hold) == ([1, 1], 2, False)


def test_me_8_an_unknown_payment_is_an_empty_object(shop: Shop) -> None:
    answer = shop.read("pay_nothing")
    assert (answer.status_code, answer.json()) == (200, {})
