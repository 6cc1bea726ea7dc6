"""An API in the shape of Modern Treasury's ledgers: every transaction has entries on two accounts.

A pending one is posted or archived by a change of its status, and posted in parts by another
request. Keys are shown nowhere, so that a list says by ids alone what is in it.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from tests.declared.servers.http import JSON, Answered, Api, Refuse

ORGANIZATION, SECRET = "org", "org-secret"
BASIC = base64.b64encode(f"{ORGANIZATION}:{SECRET}".encode()).decode()
CURRENCIES = {"USD", "EUR", "JPY"}
PENDING, POSTED, ARCHIVED = "pending", "posted", "archived"
SIDES = ("credit", "debit")


class Entries(Api):
    """The accounts and transactions of one organization."""

    faults: ClassVar[dict[str, tuple[str, str]]] = {
        "posted_again": ("CAP-5", "a posted transaction is posted once more"),
        "part_is_too_large": ("CAP-2", "a part may be one unit more than what is pending"),
        "part_stays_pending": ("CAP-4", "a posted part stays pending too"),
        "whole_is_the_first": ("CAP-1", "posting after a part posts what was pending at first"),
        "archived_is_posted": ("CAP-6", "an archived transaction can be posted"),
        "archived_stays_pending": ("VOID-1", "an archived transaction holds its money still"),
        "posted_is_archived": ("VOID-3", "a posted transaction is archived, and gives money back"),
        "pending_is_available": ("TX-2", "what is pending counts as available for a lock"),
        "failed_is_booked": ("BAL-6", "a transaction whose lock fails is booked"),
        "repeat_is_made": ("REF-1", "a repeated request is carried out again"),
        "page_skips_one": ("BAL-5", "the second page begins one item too late"),
    }

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.accounts: dict[str, dict[str, Any]] = {}
        self.transactions: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[Any, Answered]] = {}
        for currency in CURRENCIES:
            self._account(f"bank-{currency}", currency, "debit")
        self.routes = {
            "POST /ledger_accounts": self.open,
            "GET /ledger_accounts/([^/]+)": self.show_account,
            "POST /ledger_transactions": self.create,
            "GET /ledger_transactions": self.listed,
            "GET /ledger_transactions/([^/]+)": self.show,
            "PATCH /ledger_transactions/([^/]+)": self.change,
            "POST /ledger_transactions/([^/]+)/partial_post": self.post_part,
            "GET /ping": lambda _: (200, {"ping": "pong"}),
        }

    def answer(self, method: str, path: str, headers: Any, body: JSON) -> Answered:
        if headers.get("Authorization") != f"Basic {BASIC}":
            self.refuse(401, "unauthorized")
        call = self.route(self.routes, f"{method} {path}")
        if call is None or not isinstance(body, dict):
            self.refuse(404 if call is None else 400, "no_such_request")
        assert call is not None
        key = headers.get("Idempotency-Key")
        if method == "GET" or key is None:
            answered: Answered = call(body)
            return answered
        asked = method, path, body
        if key in self.keys and self.keys[key][0] != asked:
            self.refuse(422, "key_of_another_request")
        if key not in self.keys or self.fault == "repeat_is_made":
            self.keys[key] = asked, call(body)
        return self.keys[key][1]

    @staticmethod
    def refuse(status: int, code: str) -> None:
        raise Refuse(status, {"errors": {"code": code, "message": code.replace("_", " ")}})

    # Accounts -------------------------------------------------------------------------------------

    def _account(self, name: str, currency: str, normal: str) -> dict[str, Any]:
        sums = {(kind, side): 0 for kind in (PENDING, POSTED) for side in SIDES}
        kept = {"id": name, "currency": currency, "normal": normal, "sums": sums}
        return self.accounts.setdefault(name, kept)

    def open(self, body: JSON) -> Answered:
        if body.get("currency") not in CURRENCIES:
            self.refuse(422, "currency_is_unknown")
        name = f"account-{len(self.accounts)}"
        return 201, self._shown(self._account(name, body["currency"], "credit"))

    def show_account(self, name: str, _: JSON) -> Answered:
        if name not in self.accounts:
            self.refuse(404, "no_such_account")
        return 200, self._shown(self.accounts[name])

    def _shown(self, account: dict[str, Any]) -> JSON:
        currency = account["currency"]
        figures = {"posted": self._posted(account), "available": self._available(account)}
        balances = {
            f"{name}_balance": {"amount": amount, "currency": currency}
            for name, amount in figures.items()
        }
        return {"id": account["id"], "normal_balance": account["normal"], "balances": balances}

    @staticmethod
    def _posted(account: dict[str, Any]) -> int:
        credit, debit = (account["sums"][POSTED, side] for side in SIDES)
        return int(credit - debit if account["normal"] == "credit" else debit - credit)

    def _available(self, account: dict[str, Any]) -> int:
        other = "debit" if account["normal"] == "credit" else "credit"
        return self._posted(account) - int(account["sums"][PENDING, other])

    # Transactions ---------------------------------------------------------------------------------

    def _entries(self, given: JSON) -> list[dict[str, Any]]:
        if not isinstance(given, list) or len(given) != 2:
            self.refuse(422, "two_entries_are_needed")
        for each in given:
            amount = each.get("amount")
            if type(amount) is not int or not 0 < amount < 10**36:
                self.refuse(422, "amount_is_wrong")
            if each.get("ledger_account_id") not in self.accounts:
                self.refuse(422, "no_such_account")
        if {each.get("direction") for each in given} != set(SIDES):
            self.refuse(422, "directions_are_wrong")
        if len({each["amount"] for each in given}) > 1:
            self.refuse(422, "entries_differ")
        if len({self.accounts[each["ledger_account_id"]]["currency"] for each in given}) > 1:
            self.refuse(422, "currencies_differ")
        return [dict(each) for each in given]

    def _book(self, entries: list[dict[str, Any]], kind: str, sign: int = 1) -> None:
        for each in entries:
            account = self.accounts[each["ledger_account_id"]]
            account["sums"][kind, each["direction"]] += sign * each["amount"]

    def _keeps_its_locks(self, entries: list[dict[str, Any]], status: str) -> bool:
        for each in entries:
            account = self.accounts[each["ledger_account_id"]]
            at_least = each.get("available_balance_amount", {}).get("gte")
            left = self._available(account)
            if self.fault == "pending_is_available" and status == PENDING:
                left = self._posted(account) - each["amount"]
            if at_least is not None and left < at_least:
                return False
        return True

    def create(self, body: JSON) -> Answered:
        status = body.get("status", PENDING)
        if status not in (PENDING, POSTED):
            self.refuse(422, "status_is_wrong")
        entries = self._entries(body.get("ledger_entries"))
        self._book(entries, status)
        if not self._keeps_its_locks(entries, status):
            if self.fault != "failed_is_booked":
                self._book(entries, status, -1)
            self.refuse(422, "lock_fails")
        return 201, self._add(status, entries)

    def _add(self, status: str, entries: list[dict[str, Any]], of: str | None = None) -> JSON:
        name = f"transaction-{len(self.transactions)}"
        made = {"id": name, "status": status, "entries": entries, "of": of, "first": entries}
        self.transactions[name] = made
        return self._spelled(made)

    def _spelled(self, made: dict[str, Any]) -> JSON:
        shown = [
            {
                **{name: each[name] for name in ("amount", "direction", "ledger_account_id")},
                "ledger_account_currency": self.accounts[each["ledger_account_id"]]["currency"],
            }
            for each in made["entries"]
        ]
        kept = {"id": made["id"], "status": made["status"], "ledger_entries": shown}
        return {**kept, "partially_posts_ledger_transaction_id": made["of"]}

    def _found(self, name: str) -> dict[str, Any]:
        if name not in self.transactions:
            self.refuse(404, "no_such_transaction")
        return self.transactions[name]

    def show(self, name: str, _: JSON) -> Answered:
        return 200, self._spelled(self._found(name))

    def change(self, name: str, body: JSON) -> Answered:
        made, status = self._found(name), body.get("status")
        was = made["status"]
        wrongly = {
            "posted_again": (POSTED, POSTED),
            "archived_is_posted": (ARCHIVED, POSTED),
            "posted_is_archived": (POSTED, ARCHIVED),
        }
        if status not in (POSTED, ARCHIVED):
            self.refuse(422, "status_is_wrong")
        if was != PENDING and wrongly.get(self.fault) != (was, status):
            self.refuse(422, "status_is_final")
        if was == PENDING and not (self.fault == "archived_stays_pending" and status == ARCHIVED):
            self._book(made["entries"], PENDING, -1)
        if status == POSTED:
            is_first = self.fault == "whole_is_the_first"
            made["entries"] = made["first"] if is_first else made["entries"]
            self._book(made["entries"], POSTED)
        elif was == POSTED:
            self._book(made["entries"], POSTED, -1)
        made["status"] = status
        return 200, self._spelled(made)

    def post_part(self, name: str, body: JSON) -> Answered:
        made = self._found(name)
        entries = self._entries(body.get("posted_ledger_entries"))
        left = made["entries"][0]["amount"] - entries[0]["amount"]
        places = [
            [(each["ledger_account_id"], each["direction"]) for each in sorted_(listed)]
            for listed in (made["entries"], entries)
        ]
        if made["status"] != PENDING or places[0] != places[1]:
            self.refuse(422, "nothing_of_it_is_pending")
        if left < -(self.fault == "part_is_too_large"):
            self.refuse(422, "part_is_too_large")
        if self.fault != "part_stays_pending":
            self._book(entries, PENDING, -1)
        self._book(entries, POSTED)
        made["entries"] = [{**each, "amount": max(left, 0)} for each in made["entries"]]
        made["status"] = made["status"] if left > 0 else POSTED
        return 201, self._add(POSTED, entries, name)

    def listed(self, query: JSON) -> Answered:
        account, size = query.get("ledger_account_id"), 3
        found = [
            each
            for each in self.transactions.values()
            if account in [entry["ledger_account_id"] for entry in each["entries"]]
        ]
        start = int(query.get("after_cursor", 0))
        skipped = 1 if start and self.fault == "page_skips_one" else 0
        page = [self._spelled(each) for each in found[start + skipped :][:size]]
        is_last = start + skipped + size >= len(found)
        more = {} if is_last else {"X-After-Cursor": str(start + skipped + size)}
        return 200, page, more


def sorted_(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries in the order of their directions."""
    return sorted(entries, key=lambda each: str(each["direction"]))
