"""Who is asking, and which records that tenant sees.

Knows keys and owners, not what is done with a record.
"""

import re
from typing import TypeVar

from tests.prepaid.database import Session
from tests.prepaid.policy import Policy
from tests.prepaid.records import Account, Hold, Movement
from tests.prepaid.refusals import Refusal, absent
from tests.prepaid.store import Store
from tests.prepaid.tenants import API_KEYS, ApiKey

Owned = TypeVar("Owned", Account, Hold, Movement)

_ID = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)


class Access:
    """Finds the tenant of a request, and records on behalf of a tenant."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self.store = store
        self.policy = policy

    def api_key(self, value: str | None) -> ApiKey:
        """The key that the header carries.

        Raises:
            Refusal: 401, there is no valid key.
        """
        for key in API_KEYS:
            if key.value == value:
                return key
        raise Refusal(401, "invalid_api_key", "The API key is missing or wrong", executed=False)

    def judge_write(self, api_key: ApiKey, path: str) -> None:
        """Refuse a POST with a key that may only read (403)."""
        if not api_key.writes:
            raise Refusal(403, "read_only_key", "This API key may only read", executed=False)

    # --- to be shown --------------------------------------------------------------------------

    def read_account(self, session: Session, tenant: str, identifier: str) -> Account:
        found = self.store.find_account(session, self.known_form(identifier, "account"))
        return self.own(found, tenant, "account")

    def listed_account(self, session: Session, tenant: str, identifier: str) -> Account:
        """The account whose transactions are shown."""
        found = self.store.find_account(session, self.known_form(identifier, "account"))
        return self.own(found, tenant, "account")

    def read_hold(self, session: Session, tenant: str, identifier: str) -> Hold:
        found = self.store.find_hold(session, self.known_form(identifier, "hold"))
        return self.own(found, tenant, "hold")

    def read_movement(self, session: Session, tenant: str, identifier: str) -> Movement:
        found = self.store.find_movement(session, self.known_form(identifier, "transaction"))
        return self.own(found, tenant, "transaction")

    # --- to be changed, so locked -------------------------------------------------------------

    def change_account(self, session: Session, tenant: str, identifier: str) -> Account:
        found = self.store.lock_account(session, self.known_form(identifier, "account"))
        return self.own_to_change(found, tenant, "account")

    def change_hold(self, session: Session, tenant: str, identifier: str) -> Hold:
        found = self.store.lock_hold(session, self.known_form(identifier, "hold"))
        return self.own_to_change(found, tenant, "hold")

    def own(self, found: Owned | None, tenant: str, what: str) -> Owned:
        """The record, if it is there and belongs to the tenant.

        Raises:
            Refusal: 404, the tenant has none; where the policy says so another status.
        """
        if found is None:
            raise absent(what)
        if found.tenant != tenant:
            if self.policy.stranger_status == 404:
                raise absent(what)
            raise Refusal(self.policy.stranger_status, "not_yours", f"This {what} is not yours")
        return found

    def own_to_change(self, found: Owned | None, tenant: str, what: str) -> Owned:
        """The same for a record that is changed."""
        return self.own(found, tenant, what)

    def known_form(self, identifier: str, what: str) -> str:
        """The id, if a record can have it; a database refuses some characters."""
        if not _ID.fullmatch(identifier):
            raise absent(what)
        return identifier
