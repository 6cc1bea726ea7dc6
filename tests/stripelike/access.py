"""Who is asking, and which records that account sees.

Knows keys and owners, not what is done with a record.
"""

import base64
import binascii

from tests.stripelike.accounts import ACCOUNTS
from tests.stripelike.records import Charge, Intent, Method, Record
from tests.stripelike.refusals import Refusal, absent
from tests.stripelike.store import Kind, Store

_NAMES: dict[type[Record], str] = {
    Charge: "charge",
    Intent: "payment_intent",
    Method: "PaymentMethod",
}


class Access:
    """Finds the account of a request, and records on behalf of an account."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def account(self, authorization: str | None) -> str:
        """The id of the account whose key the header carries.

        Raises:
            Refusal: 401, there is no valid key.
        """
        key = self.key(authorization)
        for account in ACCOUNTS:
            if account.key == key:
                return account.id
        raise Refusal(401, "Invalid API Key provided", executed=False)

    def key(self, authorization: str | None) -> str:
        """The key of a Bearer header, or the user name of a Basic one."""
        scheme, _, value = (authorization or "").partition(" ")
        if scheme.lower() == "bearer":
            return value.strip()
        if scheme.lower() == "basic":
            try:
                return base64.b64decode(value, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                return ""
        raise Refusal(401, "You did not provide an API key.", executed=False)

    def read(self, account: str, kind: type[Kind], identifier: str, param: str = "id") -> Kind:
        """A record to be shown.

        Raises:
            Refusal: 404, the account has none of this id.
        """
        return self.find(account, kind, identifier, param)

    def change(self, account: str, kind: type[Kind], identifier: str, param: str = "id") -> Kind:
        """A record to be captured, released or refunded; raises as `read` does."""
        return self.find(account, kind, identifier, param)

    def find(self, account: str, kind: type[Kind], identifier: str, param: str) -> Kind:
        record = self.store.find(kind, identifier)
        if record is None or record.account != account:
            raise absent(_NAMES[kind], identifier, param)
        return record

    def listed(self, account: str, kind: type[Kind]) -> list[Kind]:
        """All records of the account, the newest first."""
        return [record for record in self.store.all(kind) if record.account == account]
