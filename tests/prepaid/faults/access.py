"""Faults in access: keys that are not checked, and records of the other tenant.

Overrides who sees and moves what; knows nothing of how the suite looks for them.
"""

from tests.prepaid.access import Access, Owned
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault
from tests.prepaid.records import Account, Hold, Movement
from tests.prepaid.refusals import absent
from tests.prepaid.tenants import API_KEYS, FIRST_READER, ApiKey


@fault(
    "transactions_of_strangers_listed",
    breaks="AUTH-4",
    summary="the list of transactions of an account is shown to the other tenant",
)
class TransactionsOfStrangersListed(Access):
    def listed_account(self, session: Session, tenant: str, identifier: str) -> Account:
        return self.there(self.store.find_account(session, identifier), "account")

    def there(self, found: Owned | None, what: str) -> Owned:
        if found is None:
            raise absent(what)
        return found


@fault(
    "accounts_of_strangers_read",
    breaks="AUTH-4",
    summary="an account is shown to the other tenant",
)
class AccountsOfStrangersRead(TransactionsOfStrangersListed):
    def listed_account(self, session: Session, tenant: str, identifier: str) -> Account:
        return Access.listed_account(self, session, tenant, identifier)

    def read_account(self, session: Session, tenant: str, identifier: str) -> Account:
        return self.there(self.store.find_account(session, identifier), "account")


@fault("holds_of_strangers_read", breaks="AUTH-4", summary="a hold is shown to the other tenant")
class HoldsOfStrangersRead(Access):
    def read_hold(self, session: Session, tenant: str, identifier: str) -> Hold:
        found = self.store.find_hold(session, identifier)
        return super().own(found, found.tenant if found else tenant, "hold")


@fault(
    "records_of_strangers_read",
    breaks="AUTH-4",
    summary="the record of a movement is shown to the other tenant",
    beyond="a read of one transaction",
)
class RecordsOfStrangersRead(Access):
    def read_movement(self, session: Session, tenant: str, identifier: str) -> Movement:
        found = self.store.find_movement(session, identifier)
        return super().own(found, found.tenant if found else tenant, "transaction")


@fault(
    "accounts_of_strangers_moved",
    breaks="AUTH-5",
    summary="the other tenant can deposit to, pay from and hold on an account",
)
class AccountsOfStrangersMoved(Access):
    def change_account(self, session: Session, tenant: str, identifier: str) -> Account:
        found = self.store.lock_account(session, identifier)
        return super().own(found, found.tenant if found else tenant, "account")


@fault(
    "holds_of_strangers_moved",
    breaks="AUTH-5",
    summary="the other tenant can capture and release a hold",
)
class HoldsOfStrangersMoved(Access):
    def change_hold(self, session: Session, tenant: str, identifier: str) -> Hold:
        found = self.store.lock_hold(session, identifier)
        return super().own(found, found.tenant if found else tenant, "hold")


@fault("reader_writes", breaks="AUTH-6", summary="a reader key may do all")
class ReaderWrites(Access):
    def judge_write(self, api_key: ApiKey, path: str) -> None:
        return


@fault("reader_captures", breaks="AUTH-6", summary="a reader key may capture and release")
class ReaderCaptures(Access):
    def judge_write(self, api_key: ApiKey, path: str) -> None:
        if not path.startswith("/holds/"):
            super().judge_write(api_key, path)


@fault("reader_opens_accounts", breaks="AUTH-6", summary="a reader key may make accounts")
class ReaderOpensAccounts(Access):
    def judge_write(self, api_key: ApiKey, path: str) -> None:
        if path != "/accounts":
            super().judge_write(api_key, path)


@fault("reader_reads_nothing", breaks="AUTH-10", summary="a reader key sees no records")
class ReaderReadsNothing(Access):
    def api_key(self, value: str | None) -> ApiKey:
        known = super().api_key(value)
        return known if known.writes else ApiKey(known.value, f"{known.tenant} reader", False)


@fault("no_key_reads", breaks="AUTH-1", summary="a request without an API key reads as a tenant")
class NoKeyReads(Access):
    def api_key(self, value: str | None) -> ApiKey:
        return super().api_key(value or FIRST_READER.value)


@fault(
    "key_cut_is_valid",
    breaks="AUTH-2",
    summary="an API key is valid without its last characters, or with more",
)
class KeyCutIsValid(Access):
    def api_key(self, value: str | None) -> ApiKey:
        for key in API_KEYS:
            if value and len(value) > 16 and (key.value + "x").startswith(value):
                return key
        return super().api_key(value)
