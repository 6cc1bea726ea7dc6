"""Many clients at the same time: no request fails, and no money comes or goes."""

import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from tests.prepaid.client import Answer, Checked, Http
from tests.prepaid.process import Prepaid
from tests.prepaid.shop import Shop

CLIENTS = 8
STEPS = 40
EFFECT = {"deposit": 1, "payment": -1, "capture": -1, "hold": 0, "release": 0}


def client(url: str, number: int, accounts: list[str], holds: list[str]) -> list[Answer]:
    """Random steps on shared accounts and holds; some requests are sent twice under one key."""
    draw = random.Random(number)
    http = Http(url)
    shop = Shop(Checked(http))
    answers = []
    for step in range(STEPS):
        account, amount = draw.choice(accounts), draw.choice(["0.01", "1.37", "20.00"])
        key = draw.choice([None, f"load-{number}-{step}", f"shared-{draw.randrange(20)}"])
        moves = (shop.deposit, shop.pay, shop.hold, shop.capture, shop.release)
        move = draw.choice(moves)
        target = draw.choice(holds) if move in moves[3:] else account
        answers += [move(target, amount, key) for _ in range(2 if key else 1)]
        if move == shop.hold and answers[-1].accepted:
            holds.append(answers[-1]["id"])
    http.close()
    return answers


def test_money_is_kept_under_load(database: str) -> None:
    with Prepaid(database=database) as server:
        http = Http(server.url)
        shop = Shop(http)
        accounts = [shop.account("100.00") for _ in range(3)]
        holds = [shop.hold(account, "30.00")["id"] for account in accounts for _ in range(2)]
        with ThreadPoolExecutor(CLIENTS) as threads:
            runs = [
                threads.submit(client, server.url, number, accounts, holds)
                for number in range(CLIENTS)
            ]
            answers = [answer for run in runs for answer in run.result()]
        assert {answer.status for answer in answers} <= {201, 409, 422}
        assert sum(answer.accepted for answer in answers) > CLIENTS * STEPS / 4
        for account in accounts:
            figures = shop.read(account)
            items = _all_items(shop, account)
            total = sum(EFFECT[item["type"]] * Decimal(item["amount"]) for item in items)
            remaining = sum(
                Decimal(shop.read_hold(item["hold_id"])["remaining"])
                for item in items
                if item["type"] == "hold"
            )
            assert Decimal(figures["total"]) == total
            assert Decimal(figures["held"]) == remaining
            assert Decimal(figures["available"]) == total - remaining >= 0
        http.close()


def _all_items(shop: Shop, account: str) -> list[dict[str, str]]:
    page = shop.page(account, limit=100)
    items: list[dict[str, str]] = page["items"]
    while page["next_cursor"]:
        page = shop.page(account, limit=100, cursor=page["next_cursor"])
        items += page["items"]
    return items
