"""The card of the simulated wallet, and its tokens: open, prepare, activate, delete, issue.

Every open question is a switch of `answers`, every other freedom one of `habits` (`simulator`).
"""

from __future__ import annotations

from tallystick.ledger.vocabulary import (
    ActivateCard,
    CardRecord,
    DeleteCard,
    IssueToken,
    OpenCard,
    TokenRecord,
)
from tests.ledger.simulated_records import Records, Token


class Card(Records):
    """The card of an honest server."""

    def open(self, command: OpenCard) -> CardRecord:
        if self.card_status in ("active", "inactive"):
            self.agrees("create.same" if self.opened == command else "create.other_body")
            return self.card(stale=True)
        self.usable(command, "zero.open")
        self.renew()
        self.load(command)
        return self.card()

    def renew(self) -> None:
        """Make room for a new card, perhaps under the id of a deleted one."""
        if self.card_status == "deleted":
            self.need("deleted ids are free" in self.habits)
            self.begin("absent")
            self.tokens.clear()

    def usable(self, command: OpenCard | ActivateCard, zero: str) -> None:
        if command.amount == 0:
            self.agrees(zero)
        self.admits(command.extras)
        self.need(not self.late(command.phase))
        self.limited(command.amount)

    def load(self, command: OpenCard | ActivateCard) -> None:
        self.card_status, self.currency = "active", command.currency
        self.opening, self.opened, self.members = command.amount, command, command.extras

    def prepare(self) -> CardRecord:
        if self.card_status == "active":
            self.need("prepared cards take no second batch" not in self.habits)
            if isinstance(self.opened, ActivateCard) and "stale answers" in self.habits:
                return type(self)(self.answers).prepare()
            return self.card(stale=True)
        if self.card_status == "inactive":
            self.agrees("batch.same")
            return self.card(stale=True)
        self.renew()
        self.card_status = "inactive"
        return self.card()

    def activate(self, command: ActivateCard) -> CardRecord:
        if self.card_status == "active" and self.opened == command:
            self.agrees("activate.again")
            return self.card(stale=True)
        self.need(self.card_status == "inactive")
        self.usable(command, "zero.activate")
        self.load(command)
        return self.card()

    def delete(self, command: DeleteCard) -> CardRecord:
        self.need(self.card_status != "absent")
        if self.card_status == "deleted":
            self.agrees("delete.again")
        if self.card_status == "inactive":
            self.agrees("delete.inactive")
        if any(self.is_open(t) and t.amount for t in self.log):
            self.agrees("delete.with_holds")
        if any(self.is_open(t) for t in self.log) and "expired cards are hidden" in self.habits:
            self.agrees("delete.with_holds")
        if self.balance() > self.held():
            self.agrees("delete.with_balance")
        self.need(not (self.late(command.phase) and "expired cards are hidden" in self.habits))
        self.card_status = "deleted"
        return self.card()

    def issue(self, command: IssueToken) -> TokenRecord:
        self.need(self.card_status not in ("absent", "deleted"))
        self.need(not (self.late(command.phase) and "expired cards are hidden" in self.habits))
        if self.card_status == "inactive":
            self.agrees("token.on_inactive")
        for value, token in self.tokens.items():
            if token.ref == command.ref:
                self.need("tokens are replayed" in self.habits)
                return TokenRecord(value, token.ref)
        if "tokens share refs" in self.habits:
            self.need(all(t.ref != command.ref for t in self.log))
        self.need(command.ref not in self.spent_refs)
        value = self.name("code")
        self.tokens[value] = Token(command.ref, command.one_time)
        return TokenRecord(value, command.ref)
