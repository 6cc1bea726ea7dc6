"""What the reference walk does: accounts and holds in all their states, and what is refused.

Knows requests, not which answers are right.
"""

from collections.abc import Callable
from typing import Any

from tests.prepaid.client import Request, Sender
from tests.prepaid.shop import Shop
from tests.prepaid.tenants import API_KEYS, FIRST, FIRST_READER, SECOND

Scenario = Callable[[Sender], None]

NOTHING = "0" * 20
MALFORMED = (
    *("", "0", "-1", "-0.01", "+1", " 1", "1 ", "1e1", "1,50", "01", ".5", "5.", "NaN", "0x1"),
    *("1000000000", "9" * 60),
)
FINER = {
    "JPY": "1.4",
    "NOK": "1.005",
    "EUR": "1.004",
    "KWD": "0.0019",
    "TND": "1.2345",
    "CLF": "1.00009",
}


class Stage:
    """An account of its own, and a hold on it."""

    def __init__(
        self, walk: Sender, amount: str | None = "30.00", *, has: str = "100.00", in_: str = "NOK"
    ) -> None:
        self.shop = Shop(walk)
        self.account: Any = self.shop.account(has, in_)
        self.id: Any = None if amount is None else self.shop.hold(self.account, amount)["id"]

    def look(self) -> None:
        """Read all that there is."""
        self.shop.read(self.account)
        if self.id:
            self.shop.read_hold(self.id)
        self.shop.page(self.account)

    def capture(self, amount: Any = None, **more: Any) -> None:
        self.shop.capture(self.id, amount, **more)
        self.look()

    def release(self, amount: Any = None, **more: Any) -> None:
        self.shop.release(self.id, amount, **more)
        self.look()


def captures(walk: Sender) -> None:
    """First captures of several sizes, and each step after them."""
    for amount in (None, "0.01", "12.00", "29.99", "30.00", "30.01", "31.00", "100.00", "100.01"):
        stage = Stage(walk)
        for step in (amount, "5.00", "30.00", None, "1.00"):
            stage.capture(step)
        stage.release("0.01")
        stage.release()


def releases(walk: Sender) -> None:
    """First releases of several sizes, and each step after them."""
    for amount in (None, "0.01", "12.00", "29.99", "30.00", "30.01", "100.00"):
        stage = Stage(walk)
        for step in (amount, "5.00", "30.00"):
            stage.release(step)
        stage.capture("30.00")
        stage.release()
        stage.capture("1.00")
        stage.release()


def parts(walk: Sender) -> None:
    """Captures and releases in turn."""
    stage = Stage(walk)
    for amount in ("5.00", "2.50"):
        stage.capture(amount, metadata={"part": amount})
        stage.release(amount, metadata={"rest": amount})
    stage.capture("0.50")
    stage.release("20.00")
    stage.release()
    for first in ("capture", "release"):
        stage = Stage(walk)
        getattr(stage, first)("10.00")
        stage.capture()
        stage = Stage(walk)
        getattr(stage, first)("10.00")
        stage.release()


def money(walk: Sender) -> None:
    """Payments, holds and deposits around what is available, while money is held."""
    stage = Stage(walk, "40.00")
    shop, account = stage.shop, stage.account
    for move in (shop.pay, shop.hold):
        for amount in ("100.00", "60.01", "50.00", "10.01", "10.00", "0.01"):
            move(account, amount)
            stage.look()
        shop.deposit(account, "60.00")
        stage.look()
    stage.release()
    exact = Stage(walk, None)
    exact.shop.pay(exact.account, "100.00")
    exact.look()
    exact.shop.pay(exact.account, "0.01")
    exact.look()


def neighbours(walk: Sender) -> None:
    """What happens to one account leaves the others alone."""
    first, second = Stage(walk, "20.00"), Stage(walk, "20.00")
    first.shop.pay(first.account, "5.00")
    first.capture("5.00")
    first.release()
    second.look()
    second.shop.hold(second.account, "10.00")
    second.shop.deposit(second.account, "1.00")
    first.look()


def records(walk: Sender) -> None:
    """The record of each movement, read by itself."""
    shop = Shop(walk)
    opened = shop.open("100.00", metadata={"a": "0"})
    account = opened["id"]
    shop.deposit(account, "5.00", "records-1", metadata={"a": "1"}, currency="NOK")
    shop.pay(account, "1.50", "records-2", metadata={"a": "2", "b": ""})
    hold = shop.hold(account, "20.00", "records-3", metadata={"a": "3"})["id"]
    shop.capture(hold, "5.00", "records-4", metadata={"a": "4"})
    shop.release(hold, None, "records-5", metadata={"a": "5"})
    for item in shop.page(account)["items"]:
        shop.read_transaction(item["id"])
    shop.read_transaction(f"txn_{NOTHING}")


def currencies(walk: Sender) -> None:
    """Each currency with its digits, and amounts that are finer."""
    shop = Shop(walk)
    for currency, finer in FINER.items():
        shop.open(finer, currency)
        account = shop.account("50", currency)
        whole = {"JPY": "7", "KWD": "1.255", "TND": "0.019", "CLF": "1.2345"}.get(currency, "1.15")
        hold = shop.hold(account, whole)["id"]
        shop.deposit(account, finer)
        shop.pay(account, finer)
        shop.hold(account, finer)
        shop.capture(hold, finer)
        shop.release(hold, finer)
        remains = f"{whole}{'' if '.' in whole else '.'}4"
        shop.capture(hold, remains)
        shop.read(account)
        shop.read_hold(hold)
        shop.capture(hold)
        for other in FINER:
            shop.pay(account, "1", currency=other)
        shop.read(account)
        shop.page(account)


def sums(walk: Sender) -> None:
    """Amounts that floats do not have, and large ones."""
    shop = Shop(walk)
    for has, spent in (("0.30", "0.10"), ("1.15", "0.29"), ("4.35", "1.10"), ("167772.17", "0.01")):
        account = shop.account(has)
        for _ in range(2):
            shop.pay(account, spent)
            shop.read(account)
        shop.pay(account, f"{spent}0")
    for large in ("21474836.48", "42949672.96", "999999999.99", "167772.17"):
        account = shop.account("1")
        shop.deposit(account, large)
        shop.read(account)
    for left in ("0.10", "0.70"):
        stage = Stage(walk, "0.80", has="0.81")
        stage.capture(left)
        stage.release("0.01")


def forms(walk: Sender) -> None:
    """Amounts without the documented form."""
    stage = Stage(walk)
    shop, account = stage.shop, stage.account
    for amount in MALFORMED:
        shop.deposit(account, amount)
        shop.pay(account, amount)
        shop.hold(account, amount)
        shop.capture(stage.id, amount)
        shop.release(stage.id, amount)
        stage.look()
        shop.open(amount)


def members(walk: Sender) -> None:
    """Members that are missing, unknown or of another type."""
    shop = Shop(walk)
    account = shop.account()
    for currency in ("", "nok", "XYZ", None):
        shop.open("1", currency)
    for more in (
        *({"amonut": "1"}, {"amount": 1}, {"amount": True}, {"metadata": "a"}, {"currency": 1}),
        *({"metadata": {"a": 1}}, {"metadata": {"": "a"}}, {"metadata": {"a": None}}),
    ):
        walk.send(Request("POST", f"/accounts/{account}/payments", {"amount": "1.00", **more}))
    for body in (b"", b"{", b"[]", b"{}"):
        walk.send(Request("POST", f"/accounts/{account}/deposits", body))
    shop.page(account)


def strangers(walk: Sender) -> None:
    """What is of the other tenant is not there, and stays as it is."""
    theirs = Shop(walk, SECOND)
    account = theirs.account("77.00")
    stage = Stage(walk)
    theirs.read(stage.account)
    theirs.page(stage.account)
    theirs.read_hold(stage.id)
    theirs.read_transaction(stage.shop.page(stage.account)["items"][0]["id"])
    theirs.deposit(stage.account, "1.00")
    theirs.pay(stage.account, "1.00")
    theirs.hold(stage.account, "1.00")
    theirs.capture(stage.id, "1.00")
    theirs.release(stage.id)
    stage.look()
    theirs.page(account)
    theirs.read(account)


def nothing(walk: Sender) -> None:
    """Accounts and holds that do not exist, unknown routes and methods."""
    shop = Shop(walk)
    account, hold = f"acc_{NOTHING}", f"hld_{NOTHING}"
    shop.read(account)
    shop.page(account)
    shop.deposit(account, "1.00")
    shop.pay(account, "1.00")
    shop.hold(account, "1.00")
    shop.read_hold(hold)
    shop.capture(hold)
    shop.release(hold)
    shop.get("/account")
    walk.send(Request("DELETE", "/accounts"))


def credentials(walk: Sender) -> None:
    """Requests without a valid API key, and with one that may only read."""
    stage = Stage(walk)
    wrong = ("", "pk", "pk_north", FIRST.value[:-1], FIRST.value + "x", FIRST.value.upper())
    for secret in (None, *wrong, *API_KEYS):
        walk.send(Request("GET", f"/accounts/{stage.account}", api_key=secret))
        walk.send(Request("GET", "/nowhere", api_key=secret))
    reader = Shop(walk, FIRST_READER)
    reader.open("1")
    reader.deposit(stage.account, "1.00")
    reader.pay(stage.account, "1.00")
    reader.hold(stage.account, "1.00")
    reader.capture(stage.id, "1.00")
    reader.release(stage.id, "1.00")
    reader.read_hold(stage.id)
    reader.page(stage.account)
    stage.look()


def repeats(walk: Sender) -> None:
    """Each operation twice under one key, and after others."""
    stage = Stage(walk)
    shop, account = stage.shop, stage.account
    for _ in range(2):
        shop.open("3.00", "NOK", "repeat-0")
        shop.deposit(account, "3.00", "repeat-1")
        shop.pay(account, "2.00", "repeat-2")
        shop.hold(account, "1.00", "repeat-3")
        shop.capture(stage.id, "4.00", "repeat-4")
        shop.release(stage.id, "5.00", "repeat-5")
        stage.look()
    shop.pay(account, "2.00")
    for number in range(6):
        shop.pay(account, "0.01", f"repeat-more-{number}")
    shop.pay(account, "2.00", "repeat-2")
    shop.pay(account, "2.00", "REPEAT-2")
    stage.look()


def mismatches(walk: Sender) -> None:
    """A key with another body, on another path, of the other tenant."""
    stage, second, theirs = Stage(walk), Stage(walk), Shop(walk, SECOND)
    shop, account, key = stage.shop, stage.account, "mismatch-1"
    shop.pay(account, "2.00", key)
    shop.pay(account, "3.00", key)
    shop.pay(account, "2.00", key, metadata={"a": "b"})
    shop.pay(second.account, "2.00", key)
    shop.deposit(account, "2.00", key)
    shop.hold(account, "2.00", key)
    shop.capture(stage.id, "2.00", key)
    shop.release(stage.id, "2.00", key)
    shop.open("2.00", "NOK", key)
    theirs.open("2.00", "NOK", key)
    theirs.open("2.00", "NOK", "mismatch-2")
    shop.open("2.00", "NOK", "mismatch-2")
    shop.capture(stage.id, "2.00", "mismatch-3")
    shop.capture(second.id, "2.00", "mismatch-3")
    for one in (stage, second):
        one.look()
    for key in ("", "k" * 64, "k" * 65, "a b"):
        shop.pay(account, "0.01", key)
    shop.pay(account, "0.01", "k" * 63)


def refused_repeats(walk: Sender) -> None:
    """Refusals under a key, and what the key does afterwards."""
    stage = Stage(walk)
    shop, account = stage.shop, stage.account
    for _ in range(2):
        shop.pay(account, "70.01", "refused-1")
        shop.capture(stage.id, "30.01", "refused-2")
        shop.deposit(account, "1.001", "refused-3")
        shop.capture(f"hld_{NOTHING}", "1.00", "refused-4")
        stage.look()
    shop.pay(account, "70.00", "refused-1")
    shop.capture(stage.id, "30.00", "refused-2")
    stage.look()


def pages(walk: Sender) -> None:
    """Pages of several sizes, cursors, limits."""
    stage = Stage(walk)
    shop, account = stage.shop, stage.account
    for _ in range(3):
        shop.pay(account, "1.00")
    stage.capture("1.00")
    stage.release("1.00")
    for limit in (1, 2, 3, 6, 7):
        page = shop.page(account, limit=limit)
        for _ in range(8):
            if page["next_cursor"] is None:
                break
            page = shop.page(account, limit=limit, cursor=page["next_cursor"])
    for query in (
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "x"},
        {"cursor": "x"},
    ):
        shop.page(account, **query)
    shop.page(account, limti=1)
    many = Stage(walk, None)
    for _ in range(22):
        shop.deposit(many.account, "1.00")
    shop.page(many.account)


SCENARIOS: tuple[Scenario, ...] = (
    *(captures, releases, parts, money, neighbours, records, currencies, sums, forms, members),
    *(strangers, nothing, credentials, repeats, mismatches, refused_repeats, pages),
)
