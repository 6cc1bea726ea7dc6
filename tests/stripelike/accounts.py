"""The two accounts of the server and their secret keys; nothing here is a secret of anyone.

Knows names only, not what an account may do.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """A merchant and the API key that its requests carry."""

    id: str
    key: str


FIRST = Account("acct_first", "sk_test_first")
SECOND = Account("acct_second", "sk_test_second")
ACCOUNTS = (FIRST, SECOND)
