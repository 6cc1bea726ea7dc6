"""Short forms of the requests of a tenant: accounts, movements, holds, lists.

Knows how each step is asked for, not what the answer has to be.
"""

from typing import Any

from tests.prepaid.client import Answer, Request, Sender
from tests.prepaid.tenants import FIRST, ApiKey

ACCOUNTS = "/accounts"


class Shop:
    """Sends the requests of one tenant. A member that is None is left out."""

    def __init__(self, sender: Sender, api_key: ApiKey | str | None = FIRST) -> None:
        self.sender = sender
        self.api_key = api_key

    def request(self, path: str, key: str | None = None, /, **members: Any) -> Request:
        """A POST that is not sent yet."""
        given = {name: value for name, value in members.items() if value is not None}
        return Request("POST", path, given, key=key, api_key=self.api_key)

    def post(self, path: str, key: str | None = None, /, **members: Any) -> Answer:
        return self.sender.send(self.request(path, key, **members))

    def get(self, path: str, **query: Any) -> Answer:
        return self.sender.send(Request("GET", path, query=query, api_key=self.api_key))

    # --- accounts -----------------------------------------------------------------------------

    def open(
        self, amount: Any = None, currency: str | None = "NOK", key: str | None = None, **more: Any
    ) -> Answer:
        return self.post(ACCOUNTS, key, currency=currency, opening_amount=amount, **more)

    def account(self, amount: Any = "100.00", currency: str = "NOK") -> Any:
        """The id of a new account with this amount."""
        return self.open(amount, currency)["id"]

    def read(self, account: Any) -> Answer:
        return self.get(f"{ACCOUNTS}/{account}")

    def deposit(self, account: Any, amount: Any, key: str | None = None, **more: Any) -> Answer:
        return self.post(f"{ACCOUNTS}/{account}/deposits", key, amount=amount, **more)

    def pay(self, account: Any, amount: Any, key: str | None = None, **more: Any) -> Answer:
        return self.post(f"{ACCOUNTS}/{account}/payments", key, amount=amount, **more)

    def page(self, account: Any, **query: Any) -> Answer:
        return self.get(f"{ACCOUNTS}/{account}/transactions", **query)

    def read_transaction(self, transaction: Any) -> Answer:
        return self.get(f"/transactions/{transaction}")

    # --- holds --------------------------------------------------------------------------------

    def hold(self, account: Any, amount: Any, key: str | None = None, **more: Any) -> Answer:
        return self.post(f"{ACCOUNTS}/{account}/holds", key, amount=amount, **more)

    def read_hold(self, hold: Any) -> Answer:
        return self.get(f"/holds/{hold}")

    def capture(self, hold: Any, amount: Any = None, key: str | None = None, **more: Any) -> Answer:
        return self.post(f"/holds/{hold}/capture", key, amount=amount, **more)

    def release(self, hold: Any, amount: Any = None, key: str | None = None, **more: Any) -> Answer:
        return self.post(f"/holds/{hold}/release", key, amount=amount, **more)


def figures(answer: Answer) -> tuple[str, ...]:
    """What an answer shows of money.

    An account: available, held, total. A hold: captured, released, remaining, status.
    """
    if "available" in answer.body:
        return answer["available"], answer["held"], answer["total"]
    return answer["captured"], answer["released"], answer["remaining"], answer["status"]
