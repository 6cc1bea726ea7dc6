"""Faults in who may see and move what.

Overrides access; knows nothing of how the suite looks for them.
"""

from tests.stripelike.access import Access
from tests.stripelike.accounts import ACCOUNTS, FIRST
from tests.stripelike.faults.registry import fault
from tests.stripelike.records import Charge, Intent
from tests.stripelike.refusals import Refusal
from tests.stripelike.store import Kind


@fault("no_key_needed", breaks="AUTH-1", summary="a request without a key acts for an account")
class NoKeyNeeded(Access):
    def account(self, authorization: str | None) -> str:
        return super().account(authorization) if authorization else FIRST.id


@fault("any_key_accepted", breaks="AUTH-2", summary="a key that only looks right is accepted")
class AnyKeyAccepted(Access):
    def account(self, authorization: str | None) -> str:
        try:
            return super().account(authorization)
        except Refusal:
            if self.key(authorization).startswith("sk_test_"):
                return FIRST.id
            raise


@fault(
    "key_prefix_is_enough",
    breaks="AUTH-2",
    summary="a part of the key of an account is accepted as its key",
)
class KeyPrefixIsEnough(Access):
    def account(self, authorization: str | None) -> str:
        key = self.key(authorization)
        found = [account.id for account in ACCOUNTS if key and account.key.startswith(key)]
        return found[0] if found else super().account(authorization)


class Shared(Access):
    """Finds records of every account."""

    def anyone(self, kind: type[Kind], identifier: str) -> Kind | None:
        return self.store.find(kind, identifier)


@fault("foreign_read", breaks="AUTH-4", summary="holds of another account can be read")
class ForeignRead(Shared):
    def read(self, account: str, kind: type[Kind], identifier: str, param: str = "id") -> Kind:
        found = self.anyone(kind, identifier)
        return found or super().read(account, kind, identifier, param)


class ForeignChange(Shared):
    """Lets records of one kind be changed by every account."""

    kind: type = Charge

    def change(self, account: str, kind: type[Kind], identifier: str, param: str = "id") -> Kind:
        found = self.anyone(kind, identifier) if kind is self.kind else None
        return found or super().change(account, kind, identifier, param)


@fault(
    "foreign_charge_captured",
    breaks="AUTH-5",
    summary="charges of another account can be captured and refunded",
    mapping="charges",
)
class ForeignChargeCaptured(ForeignChange):
    kind = Charge


@fault(
    "foreign_intent_captured",
    breaks="AUTH-5",
    summary="payment intents of another account can be captured and canceled",
    mapping="intents",
)
class ForeignIntentCaptured(ForeignChange):
    kind = Intent


@fault(
    "foreign_listed",
    breaks="AUTH-4",
    summary="lists show the holds of all accounts",
    beyond="a list of holds",
)
class ForeignListed(Access):
    def listed(self, account: str, kind: type[Kind]) -> list[Kind]:
        return self.store.all(kind)


@fault(
    "read_shows_newest",
    breaks="READ-2",
    summary="a read shows the newest hold of the account instead of the one asked for",
)
class ReadShowsNewest(Access):
    def read(self, account: str, kind: type[Kind], identifier: str, param: str = "id") -> Kind:
        found = super().read(account, kind, identifier, param)
        return self.listed(account, kind)[0] if kind in (Charge, Intent) else found


@fault(
    "missing_shows_newest",
    breaks="READ-4",
    summary="a read of an id that does not exist shows the newest hold of the account",
)
class MissingShowsNewest(Access):
    def read(self, account: str, kind: type[Kind], identifier: str, param: str = "id") -> Kind:
        try:
            return super().read(account, kind, identifier, param)
        except Refusal:
            holds = self.listed(account, kind) if kind in (Charge, Intent) else []
            if holds and self.store.find(kind, identifier) is None:
                return holds[0]
            raise
