"""What the simulated wallet has on record, and what it shows of it.

Every figure is computed from the list of transactions. It decides nothing (see `simulator`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tallystick.ledger.vocabulary import (
    ActivateCard,
    CardRecord,
    Kind,
    OpenCard,
    Payment,
    Phase,
    ReadCard,
    ReadTransactions,
    Transact,
    TransactionRecord,
    View,
)

LIMIT = 1_000_000


class Refusal(Exception):
    """The request is refused."""


@dataclass
class Transaction:
    """A transaction on the card's record."""

    id: str
    kind: Kind
    ref: str
    amount: int
    request: tuple
    parent: str | None = None
    extras: tuple = ()
    token: str | None = None
    voided: bool = False
    ended: bool = False
    releases: bool = False
    """A refund of a hold of which nothing was captured."""
    first: TransactionRecord | None = None


@dataclass
class Token:
    """An alias of the card."""

    ref: str
    one_time: bool
    refused: bool = False


class Records:
    """One card's transactions, and the answers that are computed from them."""

    has_account = True
    has_refunds = False
    """Whether the API has one: else a void of captured money may be a refund."""

    def __init__(self, answers: dict[str, str], habits: frozenset[str] = frozenset()) -> None:
        self.answers = answers
        self.habits = habits
        self.made = 0
        self.spent_refs: set[str] = set()
        self.tokens: dict[str, Token] = {}
        self.begin("absent")

    def begin(self, card_status: str) -> None:
        """Start a card without a past."""
        self.card_status = card_status
        self.currency = "NOK"
        self.opening = 0
        self.members: tuple = ()
        self.opened: OpenCard | ActivateCard | None = None
        self.log: list[Transaction] = []

    def need(self, condition: bool) -> None:
        """Refuse unless it holds."""
        if not condition:
            raise Refusal

    def agrees(self, question: str) -> None:
        """Refuse if that is this server's answer to an open question."""
        self.need(self.answers[question] == "accept")

    def late(self, phase: Phase) -> bool:
        """Whether the card has expired, as far as this server sees."""
        return phase is Phase.AFTER or (phase is Phase.EDGE and "edge is after" in self.habits)

    # What is shown --------------------------------------------------------------------------------

    def read(self, command: ReadCard | ReadTransactions):
        self.need(self.card_status != "absent")
        by_card_id = isinstance(command, ReadTransactions) or command.view is View.DETAILS
        if not by_card_id and command.view is View.INFO:
            self.need(command.handle in self.tokens)
        if not by_card_id and command.view is View.CUSTOMER:
            self.need(command.handle == dict(self.members).get("customer_id"))
        if self.card_status == "deleted":
            if isinstance(command, ReadTransactions):
                self.agrees("deleted.transactions")
            elif command.view is not View.CUSTOMER:
                self.agrees("deleted.info" if command.view is View.INFO else "deleted.read")
        self.need(not (self.late(command.phase) and "expired cards are hidden" in self.habits))
        if isinstance(command, ReadCard):
            return self.card()
        return self.listing()

    def listing(self) -> tuple[TransactionRecord, ...]:
        opening = TransactionRecord("opening", "A", self.opening, self.currency, "fund")
        activated = isinstance(self.opened, ActivateCard)
        question = "list.activation" if activated else "list.opening"
        listed = self.answers[question] == "listed" and self.opened is not None
        records = tuple(self.show(t) for t in self.log)
        return (*records[::-1], opening) if listed and self.opening else records

    def show(self, t: Transaction, stale: bool = False) -> TransactionRecord:
        if stale and "stale answers" in self.habits and t.first is not None:
            return t.first
        amount = t.amount
        if t.kind is Kind.VOID and self.answers["void.amount"] == "original":
            amount = self.find(t.parent).amount
        parent = t.parent
        if t.kind is Kind.REFUND and "refunds show their hold" in self.habits:
            parent = self.behind(parent).id
        return TransactionRecord(
            t.id, t.ref, amount, self.currency, self.type_of(t), parent, t.extras
        )

    def type_of(self, t: Transaction) -> str:
        if t.kind is not Kind.HOLD:
            return self.answers[f"type.{t.kind}"]
        if t.voided:
            return self.answers["type.hold." + ("released" if self.taken(t) else "voided")]
        if t.amount == 0 and "zero holds end at once" in self.habits:
            return self.answers["type.hold.captured"]
        captured = t.amount > 0 and self.taken(t) == t.amount
        return self.answers["type.hold." + ("captured" if captured else "open")]

    def card(self, stale: bool = False) -> CardRecord:
        if stale and "stale answers" in self.habits and self.opened is not None:
            now, self.log = self.log, []
            shown = self.card()
            self.log = now
            return shown
        opening, free = self.opening, self.free()
        held, captured = self.held(), self.sum(Kind.CAPTURE)
        drawn = self.sum(Kind.DRAWDOWN) + captured
        held_original = sum(t.amount for t in self.log if self.is_open(t))
        balance, funded = self.balance(), self.sum(Kind.FUND)
        locks = {
            "held": held,
            "gross_of_open_holds": held_original,
            "gross_of_all_holds": self.sum(Kind.HOLD),
        }
        whole = opening + funded
        figure = {name[7:]: self.answers[name] for name in self.answers if name[:7] == "figure."}
        return CardRecord(
            "A",
            self.currency,
            {"opening": opening, "total": whole, "balance": balance, "available": free}[
                figure["amount"]
            ],
            balance,
            free,
            {"with_opening": whole, "without_opening": funded}[figure["amount_funds"]],
            {"drawn": drawn, "drawn_and_held": drawn + held, "captured": captured}[
                figure["amount_drawdown"]
            ],
            locks[figure["amount_pending"]],
            locks[figure["amount_reserved"]],
            self.card_status,
            self.kept(self.members),
        )

    # Small things, which mutants override ---------------------------------------------------------

    def sum(self, kind: Kind) -> int:
        return sum(t.amount for t in self.log if t.kind is kind)

    def total(self) -> int:
        return self.opening + self.sum(Kind.FUND)

    def balance(self) -> int:
        paid = self.sum(Kind.DRAWDOWN) + self.sum(Kind.CAPTURE)
        back = sum(t.amount for t in self.log if t.kind is Kind.REFUND and not t.releases)
        return self.total() - paid + back

    def held(self) -> int:
        return sum(self.locked(t) for t in self.log)

    def free(self) -> int:
        return self.balance() - self.held()

    def taken(self, hold: Transaction) -> int:
        return sum(t.amount for t in self.log if t.kind is Kind.CAPTURE and t.parent == hold.id)

    def given_back(self, payment: Transaction) -> int:
        return sum(t.amount for t in self.refunds_of(payment) if not t.releases)

    def refunds_of(self, payment: Transaction) -> list[Transaction]:
        """Those by its own id, and by the ids of its captures."""
        refunds = (t for t in self.log if t.kind is Kind.REFUND)
        return [t for t in refunds if payment in (self.find(t.parent), self.behind(t.parent))]

    def behind(self, key: str | None) -> Transaction | None:
        """The payment that an id stands for on this server: a capture's own id for its hold."""
        found = self.find(key)
        is_capture = found is not None and found.kind is Kind.CAPTURE
        if not is_capture or self.answers.get("refund.by_capture") != "accept":
            return found
        return self.find(found.parent)

    def left_of(self, key: str) -> int:
        """What a refund by this id may give back at most."""
        named, payment = self.find(key), self.behind(key)
        if named is payment or "captures bound their refunds" not in self.habits:
            return self.refundable(payment)
        through = sum(t.amount for t in self.log if t.parent == key)
        return min(self.refundable(payment), named.amount - through)

    def is_uncaptured(self, t: Transaction) -> bool:
        """Whether it is an open hold of which nothing was captured."""
        return self.is_open(t) and not self.taken(t)

    def refundable(self, payment: Transaction) -> int:
        paid = payment.amount if payment.kind is Kind.DRAWDOWN else self.taken(payment)
        return paid - self.given_back(payment)

    def locked(self, t: Transaction) -> int:
        is_live = t.kind is Kind.HOLD and not (t.voided or t.ended)
        return t.amount - self.taken(t) if is_live else 0

    def is_open(self, t: Transaction) -> bool:
        """Whether it is a hold that can still be captured or voided."""
        return t.kind is Kind.HOLD and not t.voided and (self.locked(t) > 0 or t.amount == 0)

    def find(self, key: str | None) -> Transaction | None:
        return next((t for t in self.log if t.id == key), None)

    def limited(self, reach: int) -> None:
        self.need(reach <= LIMIT or "there is a limit" not in self.habits)

    def admits(self, extras: tuple) -> None:
        if "reserved_" in dict(extras).get("metadata", ""):
            self.agrees("metadata.reserved")

    def kept(self, extras: tuple) -> tuple:
        if "reserved keys are dropped" in self.habits:
            return tuple(pair for pair in extras if "reserved_" not in pair[1])
        return extras

    def name(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}{self.made}"


def request_of(command: Payment) -> tuple:
    """All of a payment but its ref_id and its moment."""
    bare = replace(command, ref="", phase=Phase.WITHIN)
    if isinstance(command, Transact):
        bare = replace(bare, card=command.token or command.card)
    return (bare,)
