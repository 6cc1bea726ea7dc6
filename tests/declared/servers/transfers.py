"""An API in the shape of TigerBeetle's: batches of transfers, ids and codes that callers choose.

Every request is a POST of a list; each answer is 200, and says which events of it came to nothing.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tests.declared.servers.http import JSON, Answered, Api, Refuse

CLIENT, SECRET = "ledger-client", "ledger-secret"
LEDGERS = {978, 840}
BANK, SHOP = "1", "2"
PENDING, POST, VOID = "pending", "post_pending_transfer", "void_pending_transfer"
FIGURES = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")


class Failed(Exception):
    """One event of a batch came to nothing; says why."""


class Transfers(Api):
    """The accounts and transfers of one cluster."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "posted_twice": ("CAP-5", "a transfer that was posted is posted again"),
        "post_of_one_more": ("CAP-2", "a transfer is posted with one unit more than is pending"),
        "rest_stays_pending": ("CAP-4", "a part is posted, and the rest stays pending for ever"),
        "void_releases_nothing": ("VOID-1", "a void leaves the money pending"),
        "id_is_ignored": ("REF-1", "a transfer with a used id is made again"),
        "failed_is_booked": ("BAL-6", "a pending transfer that exceeds the credits is booked"),
    }

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.accounts: dict[str, dict[str, Any]] = {}
        self.transfers: dict[str, dict[str, Any]] = {}
        self.closed: dict[str, str] = {}
        for name in (BANK, SHOP):
            self.accounts[name] = {"id": name, "flags": [], **dict.fromkeys(FIGURES, 0)}
        self.routes = {
            "POST /create_accounts": lambda body: self.batch(body, self.open),
            "POST /create_transfers": lambda body: self.batch(body, self.transfer),
            "POST /lookup_accounts": lambda body: (200, self.found(self.accounts, body)),
            "POST /get_account_transfers": self.of_account,
        }

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        if (headers.get("X-Client"), headers.get("X-Secret")) != (CLIENT, SECRET):
            raise Refuse(401, {"error": "unauthorized"})
        call = self.route(self.routes, f"{method} {path}")
        if call is None or body is None:
            raise Refuse(404 if call is None else 400, {"error": "no such request"})
        answered: Answered = call(body)
        return answered

    def batch(self, body: JSON, do: Any) -> Answered:
        if not isinstance(body, list) or not all(isinstance(each, dict) for each in body):
            raise Refuse(400, {"error": "a list of events is needed"})
        failed = []
        for index, event in enumerate(body):
            try:
                do(event)
            except Failed as why:
                failed.append({"index": index, "result": str(why)})
        return 200, failed

    def open(self, event: JSON) -> None:
        name = self.number(event.get("id"), "id_must_not_be_zero")
        if event.get("ledger") not in LEDGERS:
            raise Failed("ledger_must_not_be_zero")
        if name in self.accounts:
            same = self.accounts[name]["ledger"] == event["ledger"]
            raise Failed("exists" if same else "exists_with_different_ledger")
        flags = list(event.get("flags") or [])
        kept = {"id": name, "ledger": event["ledger"], "flags": flags}
        self.accounts[name] = {**kept, **dict.fromkeys(FIGURES, 0)}

    def transfer(self, event: JSON) -> None:
        name = self.number(event.get("id"), "id_must_not_be_zero")
        flags = event.get("flags") or []
        if name in self.transfers and not self._repeats(name, event):
            raise Failed("exists_with_different_amount")
        if name in self.transfers and self.fault != "id_is_ignored":
            raise Failed("exists")
        if POST in flags or VOID in flags:
            made = self.finish(event, is_void=VOID in flags)
        else:
            made = self.begin(event, is_pending=PENDING in flags)
        self.transfers[name] = {"id": name, **made, "flags": flags, "event": event}

    def _repeats(self, name: str, event: JSON) -> bool:
        return bool(self.transfers[name]["event"] == event)

    def begin(self, event: JSON, *, is_pending: bool) -> dict[str, Any]:
        debit, credit = (
            self.account(event.get(f"{side}_account_id")) for side in ("debit", "credit")
        )
        amount = int(self.number(event.get("amount"), "amount_must_not_be_zero"))
        ledgers = {each["ledger"] for each in (debit, credit) if "ledger" in each}
        if ledgers != {event.get("ledger")}:
            raise Failed("transfer_must_have_the_same_ledger_as_accounts")
        locked = debit["debits_pending"] + debit["debits_posted"]
        is_limited = "debits_must_not_exceed_credits" in debit["flags"]
        if is_limited and locked + amount > debit["credits_posted"]:
            if self.fault == "failed_is_booked" and is_pending:
                debit["debits_pending"] += amount
            raise Failed("exceeds_credits")
        self.book(debit, credit, "pending" if is_pending else "posted", amount)
        sides = {"debit_account_id": debit["id"], "credit_account_id": credit["id"]}
        return {**sides, "amount": amount, "ledger": event["ledger"], "pending_id": "0"}

    def finish(self, event: JSON, *, is_void: bool) -> dict[str, Any]:
        first = self.transfers.get(str(event.get("pending_id")))
        if first is None or PENDING not in first["flags"]:
            raise Failed("pending_transfer_not_found")
        closed, whole = self.closed.get(first["id"]), first["amount"]
        if closed and not (self.fault == "posted_twice" and closed == "posted" and not is_void):
            raise Failed(f"pending_transfer_already_{closed}")
        amount = whole
        if "amount" in event and not is_void:
            amount = int(self.number(event["amount"], "amount_must_not_be_zero"))
        if amount > whole + (self.fault == "post_of_one_more"):
            raise Failed("exceeds_pending_transfer_amount")
        sides = [self.accounts[first[f"{side}_account_id"]] for side in ("debit", "credit")]
        if not closed and not (is_void and self.fault == "void_releases_nothing"):
            stays = self.fault == "rest_stays_pending" and not is_void
            self.book(*sides, "pending", -min(amount, whole) if stays else -whole)
        if not is_void:
            self.book(*sides, "posted", amount)
        self.closed[first["id"]] = "voided" if is_void else "posted"
        kept = ("debit_account_id", "credit_account_id", "ledger")
        return {**{each: first[each] for each in kept}, "amount": amount, "pending_id": first["id"]}

    @staticmethod
    def book(debit: dict[str, Any], credit: dict[str, Any], kind: str, amount: int) -> None:
        debit[f"debits_{kind}"] += amount
        credit[f"credits_{kind}"] += amount

    def account(self, name: JSON) -> dict[str, Any]:
        if not isinstance(name, str) or name not in self.accounts:
            raise Failed("account_not_found")
        return self.accounts[name]

    @staticmethod
    def number(text: JSON, otherwise: str) -> str:
        if not isinstance(text, str) or not re.fullmatch(r"[1-9]\d{0,37}", text):
            raise Failed(otherwise)
        return text

    def of_account(self, body: JSON) -> Answered:
        name = body.get("account_id") if isinstance(body, dict) else None
        sides = ("debit_account_id", "credit_account_id")
        mine = [each for each in self.transfers.values() if name in [each[side] for side in sides]]
        return 200, [self.spelled(each) for each in mine]

    def found(self, table: dict[str, dict[str, Any]], body: JSON) -> JSON:
        if not isinstance(body, list):
            raise Refuse(400, {"error": "a list of ids is needed"})
        return [self.spelled(table[name]) for name in map(str, body) if name in table]

    @staticmethod
    def spelled(kept: dict[str, Any]) -> JSON:
        shown = {name: value for name, value in kept.items() if name != "event"}
        texts = ("amount", *FIGURES)
        return {name: str(value) if name in texts else value for name, value in shown.items()}
