"""A tiny wallet of one card, written without the oracle: what an honest server of any dialect does.

It keeps a list of transactions and computes whatever it shows from it. Every open question is a
switch (`answers`), and so is every freedom that no question names (`habits`). Mutants override the
small methods at the end of the class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    CardRecord,
    Command,
    DeleteCard,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    Phase,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    View,
    Void,
)

HABITS = (
    "refusals burn refs",
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
    "deleted ids are free",
    "reserved keys are dropped",
    "there is a limit",
    "nothing to capture is refused",
    "nothing to release is refused",
    "zero holds end at once",
)
"""Freedoms that the documentation leaves and that the oracle never holds a server to."""

LIMIT = 1_000_000


class No(Exception):
    """The request is refused."""


@dataclass
class Transaction:
    """A line of the card's books."""

    id: str
    kind: Kind
    ref: str
    amount: int
    request: tuple
    parent: str | None = None
    extras: tuple = ()
    token: str | None = None
    voided: bool = False
    first: TransactionRecord | None = None


@dataclass
class Token:
    """An alias of the card."""

    ref: str
    one_time: bool
    refused: bool = False


class Faithful:
    """An honest server with one card."""

    def __init__(self, answers: dict[str, str], habits: frozenset[str] = frozenset()) -> None:
        self.answers = answers
        self.habits = habits
        self.made = 0
        self.burnt: set[str] = set()
        self.tokens: dict[str, Token] = {}
        self.begin("absent")

    def begin(self, standing: str) -> None:
        """A card without a past."""
        self.standing = standing
        self.currency = "NOK"
        self.opening = 0
        self.members: tuple = ()
        self.opened: OpenCard | ActivateCard | None = None
        self.log: list[Transaction] = []

    def perform(self, command: Command) -> Outcome:
        """Do it or refuse it."""
        try:
            return Accepted(self.do(command))
        except No:
            ref = getattr(command, "ref", None)
            if ref is not None and "refusals burn refs" in self.habits:
                self.burnt.add(ref)
            token = self.tokens.get(getattr(command, "token", None) or "")
            if token is not None:
                token.refused = True
            return Refused(400)

    def do(self, command: Command):
        """The record that answers the command; No if it is refused."""
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
            case Transact() | Capture() | Void():
                return self.pay(command)
            case ReadCard() | ReadTransactions():
                return self.read(command)

    def need(self, condition: bool) -> None:
        """Refuse unless it holds."""
        if not condition:
            raise No

    def agrees(self, question: str) -> None:
        """Refuse if that is this server's answer to an open question."""
        self.need(self.answers[question] == "accept")

    def late(self, phase: Phase) -> bool:
        """Whether the card has expired, as far as this server sees."""
        return phase is Phase.AFTER or (phase is Phase.EDGE and "edge is after" in self.habits)

    # Cards ----------------------------------------------------------------------------------------

    def open(self, command: OpenCard) -> CardRecord:
        if self.standing in ("active", "inactive"):
            self.agrees("create.same" if self.opened == command else "create.other_body")
            return self.card(stale=True)
        self.usable(command, "zero.open")
        self.renew()
        self.load(command)
        return self.card()

    def renew(self) -> None:
        """Make room for a new card, perhaps under the id of a deleted one."""
        if self.standing == "deleted":
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
        self.standing, self.currency = "active", command.currency
        self.opening, self.opened, self.members = command.amount, command, command.extras

    def prepare(self) -> CardRecord:
        if self.standing == "active":
            self.need("prepared cards take no second batch" not in self.habits)
            return self.card(stale=True)
        if self.standing == "inactive":
            self.agrees("batch.same")
            return self.card(stale=True)
        self.renew()
        self.standing = "inactive"
        return self.card()

    def activate(self, command: ActivateCard) -> CardRecord:
        if self.standing == "active" and self.opened == command:
            self.agrees("activate.again")
            return self.card(stale=True)
        self.need(self.standing == "inactive")
        self.usable(command, "zero.activate")
        self.load(command)
        return self.card()

    def delete(self, command: DeleteCard) -> CardRecord:
        self.need(self.standing != "absent")
        if self.standing == "deleted":
            self.agrees("delete.again")
        if self.standing == "inactive":
            self.agrees("delete.inactive")
        if any(self.is_open(t) and t.amount for t in self.log):
            self.agrees("delete.with_holds")
        if any(self.is_open(t) for t in self.log) and "expired cards are hidden" in self.habits:
            self.agrees("delete.with_holds")
        if self.balance() > self.held():
            self.agrees("delete.with_balance")
        self.need(not (self.late(command.phase) and "expired cards are hidden" in self.habits))
        self.standing = "deleted"
        return self.card()

    def issue(self, command: IssueToken) -> TokenRecord:
        self.need(self.standing not in ("absent", "deleted"))
        self.need(not (self.late(command.phase) and "expired cards are hidden" in self.habits))
        if self.standing == "inactive":
            self.agrees("token.on_inactive")
        for value, token in self.tokens.items():
            if token.ref == command.ref:
                self.need("tokens are replayed" in self.habits)
                return TokenRecord(value, token.ref)
        if "tokens share refs" in self.habits:
            self.need(all(t.ref != command.ref for t in self.log))
        self.need(command.ref not in self.burnt)
        value = self.name("code")
        self.tokens[value] = Token(command.ref, command.one_time)
        return TokenRecord(value, command.ref)

    # Payments -------------------------------------------------------------------------------------

    def pay(self, command: Transact | Capture | Void) -> TransactionRecord:
        if "checks before refs" in self.habits:
            self.permit(command)
        earlier = self.repeated(command)
        if earlier is not None:
            return self.show(earlier, stale=True)
        self.need(command.ref not in self.burnt)
        if "tokens share refs" in self.habits:
            self.need(all(token.ref != command.ref for token in self.tokens.values()))
        self.permit(command)
        return self.show(self.book(command))

    def repeated(self, command: Transact | Capture | Void) -> Transaction | None:
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

    def question_of(self, command: Transact | Capture | Void, past: Transaction) -> str:
        if past.request == request_of(command):
            return f"ref.same.{command.kind}"
        if past.kind is not command.kind:
            return f"ref.across.{'-'.join(sorted((command.kind, past.kind)))}"
        if not isinstance(command, Transact) and past.parent != command.parent:
            return f"ref.other_hold.{command.kind}"
        return f"ref.other_body.{command.kind}"

    def permit(self, command: Transact | Capture | Void) -> None:
        self.admits(command.extras)
        if isinstance(command, Transact):
            self.permit_transact(command)
            return
        hold = self.find(command.parent)
        self.need(hold is not None and hold.kind is Kind.HOLD)
        if self.late(command.phase):
            self.agrees(f"{command.kind}.expired")
        if self.standing == "deleted":
            self.agrees(f"{command.kind}.deleted")
        if isinstance(command, Void):
            self.permit_void(hold)
        else:
            self.permit_capture(command, hold)

    def permit_transact(self, command: Transact) -> None:
        fund = command.kind is Kind.FUND
        self.need(self.standing not in ("absent", "deleted"))
        if self.standing == "inactive":
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
        if not token.one_time:
            return
        for past in self.log:
            if past.token != command.token:
                continue
            if past.amount == 0:
                self.need("nothing uses tokens up" not in self.habits)
            elif past.kind is Kind.DRAWDOWN or self.taken(past):
                raise No
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
        else:
            self.need(command.amount <= rest)

    def permit_void(self, hold: Transaction) -> None:
        self.need(not hold.voided)
        if hold.amount == 0:
            self.need("nothing to release is refused" not in self.habits)
            return
        self.need(self.locked(hold) > 0)
        if self.taken(hold):
            self.agrees("void.after_part")

    def book(self, command: Transact | Capture | Void) -> Transaction:
        parent = getattr(command, "parent", None)
        hold = self.find(parent)
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
        if command.kind is Kind.VOID:
            hold.voided = True
        self.log.append(made)
        made.first = self.show(made)
        return made

    # What is shown --------------------------------------------------------------------------------

    def read(self, command: ReadCard | ReadTransactions):
        self.need(self.standing != "absent")
        plain = isinstance(command, ReadTransactions) or command.view is View.DETAILS
        if not plain and command.view is View.INFO:
            self.need(command.handle in self.tokens)
        if not plain and command.view is View.CUSTOMER:
            self.need(command.handle == dict(self.members).get("customer_id"))
        if self.standing == "deleted":
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
        return TransactionRecord(
            t.id, t.ref, amount, self.currency, self.type_of(t), t.parent, t.extras
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
        held, drawn = self.held(), self.sum(Kind.DRAWDOWN) + self.sum(Kind.CAPTURE)
        gross = sum(t.amount for t in self.log if self.is_open(t))
        balance, funded = self.balance(), self.sum(Kind.FUND)
        locks = {
            "held": held,
            "gross_of_open_holds": gross,
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
            {"drawn": drawn, "drawn_and_held": drawn + held}[figure["amount_drawdown"]],
            locks[figure["amount_pending"]],
            locks[figure["amount_reserved"]],
            self.standing,
            self.kept(self.members),
        )

    # Small things, which mutants override ---------------------------------------------------------

    def sum(self, kind: Kind) -> int:
        return sum(t.amount for t in self.log if t.kind is kind)

    def total(self) -> int:
        return self.opening + self.sum(Kind.FUND)

    def balance(self) -> int:
        return self.total() - self.sum(Kind.DRAWDOWN) - self.sum(Kind.CAPTURE)

    def held(self) -> int:
        return sum(self.locked(t) for t in self.log)

    def free(self) -> int:
        return self.balance() - self.held()

    def taken(self, hold: Transaction) -> int:
        return sum(t.amount for t in self.log if t.kind is Kind.CAPTURE and t.parent == hold.id)

    def locked(self, t: Transaction) -> int:
        return t.amount - self.taken(t) if t.kind is Kind.HOLD and not t.voided else 0

    def is_open(self, t: Transaction) -> bool:
        """Whether it is a hold that can still be captured or voided."""
        return t.kind is Kind.HOLD and not t.voided and (self.locked(t) > 0 or t.amount == 0)

    def find(self, key: str | None) -> Transaction | None:
        return next((t for t in self.log if t.id == key), None)

    def limited(self, reach: int) -> None:
        self.need(reach <= LIMIT or "there is a limit" not in self.habits)

    def admits(self, extras: tuple) -> None:
        if "dintero_" in dict(extras).get("metadata", ""):
            self.agrees("metadata.reserved")

    def kept(self, extras: tuple) -> tuple:
        if "reserved keys are dropped" in self.habits:
            return tuple(pair for pair in extras if "dintero_" not in pair[1])
        return extras

    def name(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}{self.made}"


def request_of(command: Transact | Capture | Void) -> tuple:
    """All of a payment but its ref_id and its moment."""
    plain = replace(command, ref="", phase=Phase.WITHIN)
    if isinstance(command, Transact):
        plain = replace(plain, card=command.token or command.card)
    return (plain,)
