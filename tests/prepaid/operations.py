"""The operations: from a request to the records that its answer shows.

Knows what is read, locked and called for each, in which order; not how money is judged (bank.py).
A hold is always locked before its account, so that no two requests wait for each other.
"""

from typing import Any

from tests.prepaid.access import Access
from tests.prepaid.bank import Bank
from tests.prepaid.calls import Call
from tests.prepaid.database import Session
from tests.prepaid.inputs import Inputs
from tests.prepaid.records import Account, Hold, Order
from tests.prepaid.refusals import absent
from tests.prepaid.store import Store
from tests.prepaid.views import Views

Shown = dict[str, Any]


class Operations:
    """One method for each operation; each gives the body of its answer."""

    def __init__(
        self, store: Store, access: Access, inputs: Inputs, bank: Bank, views: Views
    ) -> None:
        self.store = store
        self.access = access
        self.inputs = inputs
        self.bank = bank
        self.views = views

    # --- accounts -----------------------------------------------------------------------------

    def create_account(self, session: Session, call: Call) -> Shown:
        currency, first = self.inputs.new_account(call)
        account = self.store.add_account(
            session,
            Account(
                id=self.store.new_id("acc"),
                tenant=call.tenant,
                currency=currency,
                created_at=self.store.now(),
            ),
        )
        if first.amount:
            self.bank.deposit(session, account, first)
        return self.views.account(self.access.read_account(session, call.tenant, account.id))

    def read_account(self, session: Session, call: Call) -> Shown:
        return self.views.account(self.access.read_account(session, call.tenant, call.target))

    def deposit(self, session: Session, call: Call) -> Shown:
        account, order = self.account_and_order(session, call)
        return self.views.movement(self.bank.deposit(session, account, order))

    def pay(self, session: Session, call: Call) -> Shown:
        account, order = self.account_and_order(session, call)
        return self.views.movement(self.bank.pay(session, account, order))

    def account_and_order(self, session: Session, call: Call) -> tuple[Account, Order]:
        account = self.access.change_account(session, call.tenant, call.target)
        return account, self.inputs.order(call, account.currency)

    # --- holds --------------------------------------------------------------------------------

    def hold(self, session: Session, call: Call) -> Shown:
        account, order = self.account_and_order(session, call)
        return self.views.hold(self.bank.hold(session, account, order))

    def read_hold(self, session: Session, call: Call) -> Shown:
        return self.views.hold(self.access.read_hold(session, call.tenant, call.target))

    def capture(self, session: Session, call: Call) -> Shown:
        hold, order = self.hold_and_order(session, call)
        account = self.account_of(session, hold)
        return self.views.movement(self.bank.capture(session, account, hold, order))

    def release(self, session: Session, call: Call) -> Shown:
        hold, order = self.hold_and_order(session, call)
        account = self.account_of(session, hold)
        return self.views.movement(self.bank.release(session, account, hold, order))

    def hold_and_order(self, session: Session, call: Call) -> tuple[Hold, Order]:
        hold = self.access.change_hold(session, call.tenant, call.target)
        return hold, self.inputs.order(call, hold.currency, default=True)

    def account_of(self, session: Session, hold: Hold) -> Account:
        account = self.store.lock_account(session, hold.account)
        if account is None:
            raise absent("account")
        return account

    # --- transactions -------------------------------------------------------------------------

    def read_movement(self, session: Session, call: Call) -> Shown:
        return self.views.movement(self.access.read_movement(session, call.tenant, call.target))

    def list_movements(self, session: Session, call: Call) -> Shown:
        """A page of the movements of an account, and the cursor of the next one."""
        limit, after = self.inputs.page(call)
        account = self.access.listed_account(session, call.tenant, call.target)
        # One more than is shown says whether more follow.
        found = self.store.movements(session, account.id, after, limit + 1)
        shown = found[:limit]
        following = self.inputs.cursor(shown[-1].place) if len(found) > limit else None
        return {"items": [self.views.movement(one) for one in shown], "next_cursor": following}
