"""Requests at the same moment, and what is left after them: they show the faults of races.

Knows requests and what a legal outcome is for each crowd, by counting what was accepted.
"""

from collections.abc import Callable
from decimal import Decimal

from tests.prepaid.client import Answer, Request, Sender
from tests.prepaid.shop import Shop, figures

Crowd = Callable[[Sender], None]


def accepted(answers: list[Answer]) -> int:
    return sum(answer.accepted for answer in answers)


def captures(sender: Sender) -> None:
    """Two captures of 20 of a hold of 30: one is accepted."""
    shop = Shop(sender)
    account = shop.account()
    hold = shop.hold(account, "30.00")["id"]
    answers = sender.together([shop.request(f"/holds/{hold}/capture", amount="20.00")] * 2)
    assert accepted(answers) == 1, answers
    assert figures(shop.read_hold(hold)) == ("20.00", "0.00", "10.00", "open")
    assert figures(shop.read(account)) == ("70.00", "10.00", "80.00")


def captures_of_parts(sender: Sender) -> None:
    """Two captures that both fit: both are accepted, and both count."""
    shop = Shop(sender)
    account = shop.account()
    hold = shop.hold(account, "30.00")["id"]
    answers = sender.together([shop.request(f"/holds/{hold}/capture", amount="10.00")] * 2)
    assert accepted(answers) == 2, answers
    assert figures(shop.read_hold(hold)) == ("20.00", "0.00", "10.00", "open")
    assert figures(shop.read(account)) == ("70.00", "10.00", "80.00")


def releases(sender: Sender) -> None:
    """Two releases of all that remains: one is accepted."""
    shop = Shop(sender)
    account = shop.account()
    hold = shop.hold(account, "30.00")["id"]
    answers = sender.together([shop.request(f"/holds/{hold}/release")] * 2)
    assert accepted(answers) == 1, answers
    assert figures(shop.read(account)) == ("100.00", "0.00", "100.00")


def capture_and_release(sender: Sender) -> None:
    """A capture and a release of all: one of them is accepted."""
    shop = Shop(sender)
    account = shop.account()
    hold = shop.hold(account, "30.00")["id"]
    answers = sender.together(
        [
            shop.request(f"/holds/{hold}/capture", amount="30.00"),
            shop.request(f"/holds/{hold}/release"),
        ]
    )
    assert accepted(answers) == 1, answers
    assert shop.read_hold(hold)["status"] in ("captured", "released")
    total = "70.00" if answers[0].accepted else "100.00"
    assert figures(shop.read(account)) == (total, "0.00", total)


def captures_of_two_holds(sender: Sender) -> None:
    """Captures of two holds of one account: both count."""
    shop = Shop(sender)
    account = shop.account()
    holds = [shop.hold(account, "30.00")["id"] for _ in range(2)]
    answers = sender.together(
        [shop.request(f"/holds/{hold}/capture", amount="30.00") for hold in holds]
    )
    assert accepted(answers) == 2, answers
    assert figures(shop.read(account)) == ("40.00", "0.00", "40.00")


def payments(sender: Sender) -> None:
    """Four payments of 40 of 100: two are accepted, and both count."""
    shop = Shop(sender)
    account = shop.account()
    answers = sender.together([shop.request(f"/accounts/{account}/payments", amount="40.00")] * 4)
    assert accepted(answers) == 2, answers
    assert figures(shop.read(account)) == ("20.00", "0.00", "20.00")


def holds(sender: Sender) -> None:
    """Four holds of 40 of 100: two are accepted, and both count."""
    shop = Shop(sender)
    account = shop.account()
    answers = sender.together([shop.request(f"/accounts/{account}/holds", amount="40.00")] * 4)
    assert accepted(answers) == 2, answers
    assert figures(shop.read(account)) == ("20.00", "80.00", "100.00")


def deposits(sender: Sender) -> None:
    """Four deposits: all count, and each has a record."""
    shop = Shop(sender)
    account = shop.account()
    answers = sender.together([shop.request(f"/accounts/{account}/deposits", amount="10.00")] * 4)
    assert accepted(answers) == 4, answers
    assert figures(shop.read(account)) == ("140.00", "0.00", "140.00")
    assert len({item["id"] for item in shop.page(account)["items"]}) == 5


def reads_while_held(sender: Sender) -> None:
    """Reads while money is set aside: the total stays."""
    shop = Shop(sender)
    account = shop.account()
    read = Request("GET", f"/accounts/{account}")
    hold = shop.request(f"/accounts/{account}/holds", amount="40.00")
    answers = sender.together([read, hold, read, read])
    for answer in (answers[0], *answers[2:]):
        assert Decimal(answer["total"]) == 100, answer


def repeated_payments(sender: Sender) -> None:
    """One payment thrice under one key: it is carried out once, or refused as in use."""
    shop = Shop(sender)
    account = shop.account()
    request = shop.request(f"/accounts/{account}/payments", f"crowd-{account}", amount="10.00")
    answers = sender.together([request] * 3)
    assert figures(shop.read(account)) == ("90.00", "0.00", "90.00")
    assert len(shop.page(account)["items"]) == 2
    assert len({answer["id"] for answer in answers if answer.accepted}) == 1
    assert {answer.error for answer in answers if not answer.accepted} <= {
        (409, "idempotency_key_in_use")
    }


CROWDS: tuple[Crowd, ...] = (
    *(captures, captures_of_parts, releases, capture_and_release, captures_of_two_holds),
    *(payments, holds, deposits, reads_while_held, repeated_payments),
)
