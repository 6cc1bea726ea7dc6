"""A tiny wallet of one card, written without the oracle: what an honest server of any dialect does.

Every open question is a switch (`answers`), and so is every freedom that no question names
(`habits`). Mutants override the small methods.
"""

from __future__ import annotations

from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    Command,
    DeleteCard,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    Payment,
    Phase,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Refund,
    Refused,
    Transact,
    TransactionRecord,
    Void,
)
from tests.ledger.simulated_cards import Card
from tests.ledger.simulated_records import Refusal, Transaction, request_of

HABITS = (
    "refusals burn refs",
    "lack of money burns refs",
    "holds are finished before refs",
    "repeats are refused without money",
    "checks before refs",
    "stale answers",
    "edge is after",
    "expired cards are hidden",
    "tokens share refs",
    "tokens are replayed",
    "voids give tokens back",
    "refused requests use tokens up",
    "prepared cards take no second batch",
    "nothing uses tokens up",
    "funds need no payment of a token",
    "deleted ids are free",
    "reserved keys are dropped",
    "there is a limit",
    "nothing to capture is refused",
    "nothing to release is refused",
    "zero holds end at once",
)
"""What a server may do each time anew: the documentation leaves it open, and no question asks."""
HABITS_OF_REFUNDS = (
    "only finished holds are refunded",
    "a part and then all is refused",
    "captures bound their refunds",
    "refunds show their hold",
)
"""The same on an API that has refunds."""


class HonestServer(Card):
    """An honest server with one card."""

    def perform(self, command: Command) -> Outcome:
        """Do it or refuse it."""
        try:
            return Accepted(self.do(command))
        except Refusal:
            ref = getattr(command, "ref", None)
            if ref is not None and self.burns(command):
                self.spent_refs.add(ref)
            token = self.tokens.get(getattr(command, "token", None) or "")
            if token is not None:
                token.refused = True
            return Refused(400)

    def burns(self, command: Command) -> bool:
        """Whether a refused command uses its ref up."""
        if "refusals burn refs" in self.habits:
            return True
        is_short = isinstance(command, Transact) and command.amount > self.free()
        return is_short and "lack of money burns refs" in self.habits

    def do(self, command: Command):
        """The record that answers the command; Refusal if it is refused."""
        match command:
            case OpenCard():
                return self.open(command)
            case PrepareCard():
                return self.prepare()
            case ActivateCard():
                return self.activate(command)
            case DeleteCard():
                return self.delete(command)
            case IssueToken():
                return self.issue(command)
            case Transact() | Capture() | Void() | Refund():
                return self.pay(command)
            case ReadCard() | ReadTransactions():
                return self.read(command)

    # Payments -------------------------------------------------------------------------------------

    def pay(self, command: Payment) -> TransactionRecord:
        if "checks before refs" in self.habits:
            self.permit(command)
        earlier = self.repeated(command)
        if earlier is not None:
            self.permit_repeat(command)
            return self.show(earlier, stale=True)
        self.need(command.ref not in self.spent_refs)
        if "tokens share refs" in self.habits:
            self.need(all(token.ref != command.ref for token in self.tokens.values()))
        self.permit(command)
        return self.show(self.book(command))

    def permit_repeat(self, command: Payment) -> None:
        """What this server looks at before it looks a ref up, though nothing is to be done."""
        if isinstance(command, Transact):
            free = command.kind is Kind.FUND or command.amount <= self.free()
            self.need(free or "repeats are refused without money" not in self.habits)
        elif "holds are finished before refs" in self.habits:
            hold = self.find(command.parent)
            self.need(hold is not None and self.is_open(hold))

    def repeated(self, command: Payment) -> Transaction | None:
        """The transaction that is shown again, if this server takes the request for a repeat."""
        found = None
        for past in self.log:
            if past.ref != command.ref:
                continue
            answer = self.answers[self.question_of(command, past)]
            self.need(answer != "refuse")
            if answer == "replay":
                found = found or past
        return found

    def question_of(self, command: Payment, past: Transaction) -> str:
        if past.request == request_of(command):
            return f"ref.same.{command.kind}"
        if past.kind is not command.kind:
            return f"ref.across.{'-'.join(sorted((command.kind, past.kind)))}"
        if not isinstance(command, Transact) and past.parent != command.parent:
            return f"ref.other_hold.{command.kind}"
        return f"ref.other_body.{command.kind}"

    def permit(self, command: Payment) -> None:
        self.admits(command.extras)
        if isinstance(command, Transact):
            self.permit_transact(command)
            return
        if isinstance(command, Refund):
            self.permit_refund(command)
            return
        hold = self.find(command.parent)
        self.need(hold is not None and hold.kind is Kind.HOLD)
        if self.late(command.phase):
            self.agrees(f"{command.kind}.expired")
        if self.card_status == "deleted":
            self.agrees(f"{command.kind}.deleted")
        if isinstance(command, Void):
            self.need(command.amount is None or command.amount <= self.locked(hold))
            self.permit_void(hold)
        else:
            self.permit_capture(command, hold)

    def permit_transact(self, command: Transact) -> None:
        fund = command.kind is Kind.FUND
        self.need(self.card_status not in ("absent", "deleted"))
        if self.card_status == "inactive":
            self.need(fund)
            self.agrees("fund.inactive")
        self.need(not self.late(command.phase))
        self.need(fund or command.phase is not Phase.BEFORE)
        self.need(command.currency == self.currency)
        if command.amount == 0:
            self.agrees(f"zero.{command.kind}")
        self.limited(command.amount + (self.total() if fund else 0))
        if not fund:
            self.need(command.amount <= self.free())
        if command.token is not None:
            self.permit_token(command)

    def permit_token(self, command: Transact) -> None:
        token = self.tokens.get(command.token)
        self.need(token is not None)
        if command.kind is Kind.FUND:
            self.agrees("fund.by_token")
            if "funds need no payment of a token" in self.habits:
                return
        if not token.one_time:
            return
        for past in self.log:
            if past.token != command.token:
                continue
            if past.amount == 0:
                self.need("nothing uses tokens up" not in self.habits)
            elif past.kind is Kind.DRAWDOWN or self.taken(past):
                raise Refusal
            elif past.voided and "voids give tokens back" in self.habits:
                continue
            else:
                self.agrees(f"token.used_by.{past.kind}")
        self.need(not token.refused or "refused requests use tokens up" not in self.habits)

    def permit_capture(self, command: Capture, hold: Transaction) -> None:
        rest = self.locked(hold)
        self.need(not hold.voided)
        if command.amount == 0:
            self.agrees("zero.capture")
            self.need(rest > 0 or "nothing to capture is refused" not in self.habits)
            return
        if hold.amount:
            self.need(rest > 0)
        else:
            self.need("nothing to capture is refused" not in self.habits)
        if command.amount is None:
            if self.taken(hold) > 0:
                self.agrees("capture.default_after_part")
            elif rest:
                self.agrees("capture.default")
        else:
            self.need(command.amount <= rest)

    def permit_void(self, hold: Transaction) -> None:
        self.need(not hold.voided)
        if hold.amount == 0:
            self.need("nothing to release is refused" not in self.habits)
            return
        rest = self.locked(hold)
        if rest == 0 and not self.has_account:
            self.agrees("void.captured")
            return
        self.need(rest > 0)
        if self.taken(hold):
            self.agrees("void.after_part")

    def permit_refund(self, command: Refund) -> None:
        payment = self.behind(command.parent)
        self.need(payment is not None)
        if self.is_uncaptured(payment):
            self.agrees("refund.uncaptured")
            whole = self.locked(payment)
            self.need(command.amount in (None, whole) and whole > 0)
            return
        left = self.left_of(command.parent)
        self.need(0 < (left if command.amount is None else command.amount) <= left)
        if self.is_open(payment) or payment.kind is Kind.DRAWDOWN:
            self.need("only finished holds are refunded" not in self.habits)
        if command.amount is None and self.given_back(payment):
            self.need("a part and then all is refused" not in self.habits)
        self.need(command.phase is Phase.WITHIN and self.card_status != "deleted")

    def book(self, command: Payment) -> Transaction:
        parent = getattr(command, "parent", None)
        hold = self.behind(parent) if isinstance(command, Refund) else self.find(parent)
        made = Transaction(
            self.name("t"),
            command.kind,
            command.ref,
            0 if hold is None else self.locked(hold),
            request_of(command),
            parent,
            self.kept(command.extras),
            getattr(command, "token", None),
        )
        amount = getattr(command, "amount", None)
        if amount is not None:
            made.amount = amount
        elif command.kind is Kind.REFUND and not self.is_uncaptured(hold):
            made.amount = self.left_of(parent)
        made.releases = command.kind is Kind.REFUND and self.is_uncaptured(hold)
        if made.releases or (command.kind is Kind.VOID and made.amount == self.locked(hold)):
            hold.voided = True
        elif command.kind is Kind.CAPTURE:
            part = 0 < made.amount < self.locked(hold)
            hold.ended |= part and self.answers["capture.rest"] == "released"
        self.log.append(made)
        made.first = self.show(made)
        return made


__all__ = ["HABITS", "HABITS_OF_REFUNDS", "HonestServer", "Refusal", "Transaction"]
