"""The records in the database: found, locked, saved.

Knows the statements, not what a record means or who may see it.
"""

import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.prepaid.database import Session, only
from tests.prepaid.policy import Policy
from tests.prepaid.records import Account, Hold, Movement

_ACCOUNT = "SELECT id, tenant, currency, created_at, available, held FROM accounts WHERE id = ?"
_HOLD = """SELECT h.id, h.account, a.tenant, a.currency, h.transaction_id, h.created_at, h.amount,
    h.captured, h.released, h.is_open, h.metadata
    FROM holds h JOIN accounts a ON a.id = h.account WHERE h.id = ?"""
_MOVEMENT = """SELECT m.place, m.id, m.kind, m.account, a.tenant, a.currency, m.amount,
    m.created_at, m.hold, m.idempotency_key, m.metadata
    FROM movements m JOIN accounts a ON a.id = m.account WHERE """


class Store:
    """Finds and saves records. What is locked stays as it is until the transaction ends."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    # --- accounts -----------------------------------------------------------------------------

    def find_account(self, session: Session, identifier: str) -> Account | None:
        return _account(only(session.rows(_ACCOUNT, identifier)))

    def lock_account(self, session: Session, identifier: str) -> Account | None:
        return _account(only(session.lock(_ACCOUNT, "accounts", identifier)))

    def add_account(self, session: Session, account: Account) -> Account:
        session.run(
            "INSERT INTO accounts (id, tenant, currency, created_at, available, held)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(account.id, account.tenant, account.currency, account.created_at),
            *(account.available, account.held),
        )
        return account

    def save_account(self, session: Session, account: Account) -> Account:
        session.run(
            "UPDATE accounts SET available = ?, held = ? WHERE id = ?",
            *(account.available, account.held, account.id),
        )
        return account

    # --- holds --------------------------------------------------------------------------------

    def find_hold(self, session: Session, identifier: str) -> Hold | None:
        return _hold(only(session.rows(_HOLD, identifier)))

    def lock_hold(self, session: Session, identifier: str) -> Hold | None:
        return _hold(only(session.lock(_HOLD, "h", identifier)))

    def add_hold(self, session: Session, hold: Hold) -> Hold:
        session.run(
            "INSERT INTO holds (id, account, transaction_id, created_at, amount, captured,"
            " released, is_open, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(hold.id, hold.account, hold.transaction, hold.created_at, hold.amount),
            *(hold.captured, hold.released, int(hold.open), json.dumps(hold.metadata)),
        )
        return hold

    def save_hold(self, session: Session, hold: Hold) -> Hold:
        session.run(
            "UPDATE holds SET captured = ?, released = ?, is_open = ? WHERE id = ?",
            *(hold.captured, hold.released, int(hold.open), hold.id),
        )
        return hold

    # --- movements ----------------------------------------------------------------------------

    def add_movement(self, session: Session, movement: Movement) -> Movement:
        place = only(
            session.rows(
                "INSERT INTO movements (id, kind, account, amount, created_at, hold,"
                " idempotency_key, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING place",
                *(movement.id, movement.kind, movement.account, movement.amount),
                *(movement.created_at, movement.hold, movement.key, json.dumps(movement.metadata)),
            )
        )[0]
        return replace(movement, place=place)

    def find_movement(self, session: Session, identifier: str) -> Movement | None:
        row = only(session.rows(_MOVEMENT + "m.id = ?", identifier))
        return None if row is None else _movement(row)

    def movements(
        self, session: Session, account: str, after: int | None, limit: int
    ) -> list[Movement]:
        """Up to `limit` movements of an account in the order of the list, after a place in it."""
        newest = self.policy.order == "newest first"
        sign, order = ("<", "DESC") if newest else (">", "ASC")
        bound = f" AND m.place {sign} ?" if after is not None else ""
        values: tuple[Any, ...] = (account,) if after is None else (account, after)
        rows = session.rows(
            f"{_MOVEMENT}m.account = ?{bound} ORDER BY m.place {order} LIMIT {limit:d}", *values
        )
        return [_movement(row) for row in rows]

    # --- ids and time -------------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """An id that no record has."""
        if self.policy.numeric_ids:
            # Fifteen digits: exact in every reader of JSON.
            return str(10**14 + secrets.randbelow(9 * 10**14))
        return f"{prefix}_{secrets.token_hex(10)}"

    def now(self) -> str:
        return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _account(row: Any) -> Account | None:
    if row is None:
        return None
    identifier, tenant, currency, created_at, available, held = row
    return Account(
        id=identifier,
        tenant=tenant,
        currency=currency,
        created_at=created_at,
        available=available,
        held=held,
    )


def _hold(row: Any) -> Hold | None:
    if row is None:
        return None
    identifier, account, tenant, currency, transaction, created_at, *figures, metadata = row
    amount, captured, released, is_open = figures
    return Hold(
        id=identifier,
        account=account,
        tenant=tenant,
        currency=currency,
        transaction=transaction,
        created_at=created_at,
        amount=amount,
        captured=captured,
        released=released,
        open=bool(is_open),
        metadata=json.loads(metadata),
    )


def _movement(row: Any) -> Movement:
    place, identifier, kind, account, tenant, currency, amount, created_at, *rest = row
    hold, key, metadata = rest
    return Movement(
        place=place,
        id=identifier,
        kind=kind,
        account=account,
        tenant=tenant,
        currency=currency,
        amount=amount,
        created_at=created_at,
        hold=hold,
        key=key,
        metadata=json.loads(metadata),
    )
