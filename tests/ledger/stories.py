"""Scenarios as lines of text, so that a test of the oracle is a row of a table.

A story is a list of lines such as `open 1000`, `hold h1 600`, `capture c1 h1 100`: a verb, then the
name of what is made (also its ref_id), then what it acts on and the amount. Its past is answered by
an honest server; the last line gets the answer that the row says.
"""

from __future__ import annotations

from dataclasses import replace

from tallystick.documents.questions import open_dialect, questions
from tallystick.ledger.oracle import Judgement, judge
from tallystick.ledger.state import Ledger
from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.ledger.vocabulary import (
    Accepted,
    ActivateCard,
    Capture,
    CardRecord,
    Command,
    DeleteCard,
    Extras,
    IssueToken,
    Kind,
    OpenCard,
    Outcome,
    Phase,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Refund,
    Refused,
    TokenRecord,
    Transact,
    TransactionRecord,
    Unknown,
    View,
    Violation,
    Void,
)
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import DECIDED, Wallet
from tests.ledger.simulator import HonestServer

KINDS = {"draw": Kind.DRAWDOWN, "hold": Kind.HOLD, "fund": Kind.FUND}
TYPES = {
    Kind.DRAWDOWN: "drawdown",
    Kind.HOLD: "pending_capture",
    Kind.FUND: "fund",
    Kind.CAPTURE: "drawdown",
    Kind.VOID: "voided",
    Kind.REFUND: "refund",
}
FIRST_ANSWERS = {name: next(iter(question.permitted)) for name, question in questions().items()}
NUMBERS = {"amount", "balance", "available", "funds", "drawdown", "pending", "reserved"}

OPTIONS = ("ref", "cur", "token", "at")
"""Words like `cur=EUR` that are no extra member of the request."""


class Story:
    """An honest server, the ledger that the oracle keeps of it, and the names given so far."""

    def __init__(self, *, traits: Traits = COMPLETE, **answers: str) -> None:
        """`answers` are those of the server, `traits` those of its API."""
        self.server = HonestServer({**FIRST_ANSWERS, **answers})
        self.server.has_account = traits.account
        beyond = answers.keys() & DECIDED.keys()  # an answer that the Wallet API does not permit
        dialect = open_dialect() if beyond or not traits.account else dialect_of(Wallet())
        self.ledger = Ledger(dialect, "A", traits=traits)
        self.ids: dict[str, str] = {}

    def tell(self, *lines: str) -> Story:
        """Do what the lines say, honestly; a line that begins with `lost` gets no answer."""
        for line in lines:
            text = line.removeprefix("lost ")
            command = self.command(text)
            outcome = self.server.perform(command)
            if text is not line:
                outcome = Unknown("lost")
            result = judge(self.ledger, command, outcome).result
            assert not isinstance(result, Violation), f"{line}: {result}"
            self.ledger = next((one for one in result if self._is_right(one)), result[0])
            self._name(text, outcome)
        return self

    def _is_right(self, ledger: Ledger) -> bool:
        """Whether the ledger expects what the server answers to questions."""
        return all(ledger.dialect.allows(*answer) for answer in self.server.answers.items())

    def judge(self, line: str, answer: str) -> Judgement:
        """The oracle's judgement of a line that is answered so."""
        command = self.command(line)
        return judge(self.ledger, command, self.outcome(command, answer))

    def _name(self, line: str, outcome: Outcome) -> None:
        words = line.split()
        record = outcome.record if isinstance(outcome, Accepted) else None
        if len(words) > 1 and isinstance(record, TransactionRecord | TokenRecord):
            shown = record.value if isinstance(record, TokenRecord) else record.id
            self.ids[words[1]] = shown or ""

    def command(self, line: str) -> Command:
        """The command that a line spells."""
        words = line.split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        verb, *names = [word for word in words if "=" not in word]
        extras = tuple(item for item in options.items() if item[0] not in OPTIONS)
        phase = Phase[options.get("at", "within").upper()]
        currency = options.get("cur", "NOK")
        match verb:
            case "open":
                return OpenCard("A", int(names[0]), currency, extras, phase)
            case "batch":
                return PrepareCard("A")
            case "activate":
                return ActivateCard("A", int(names[0]), currency, extras, phase)
            case "delete":
                return DeleteCard("A", phase)
            case "token":
                return IssueToken("A", options.get("ref", names[0]), "once" in names, phase=phase)
            case "read":
                return ReadCard("A", phase=phase)
            case "list":
                return ReadTransactions("A", phase)
            case "info":
                return ReadCard("A", View.INFO, self.ids.get(names[0], names[0]), phase)
            case "customer":
                return ReadCard("A", View.CUSTOMER, names[0], phase)
        return self._payment(verb, names, options, phase, extras)

    def _payment(
        self, verb: str, names: list[str], options: dict[str, str], phase: Phase, extras: Extras
    ) -> Command:
        ref, currency = options.get("ref", names[0]), options.get("cur", "NOK")
        if verb in KINDS:
            token = options.get("token")
            named = self.ids.get(token, token) if token else None
            kind = KINDS[verb]
            return Transact(kind, "A", int(names[1]), currency, ref, named, phase, extras)
        parent = self.ids.get(names[1], names[1])
        if verb == "void":
            part = int(names[2]) if len(names) > 2 else None
            return Void("A", parent, ref, phase, extras, part)
        amount = None if names[2] == "all" else int(names[2])
        if verb == "refund":
            return Refund("A", parent, amount, ref, phase, extras)
        return Capture("A", parent, amount, ref, phase, extras)

    def outcome(self, command: Command, answer: str) -> Outcome:
        """`refused`, `lost`, `honest`, `accepted member=value ...` or `shows member=value ...`.

        What is `accepted` is made up from the command; what it `shows` is an honest answer but for
        the members named.
        """
        verb, *changes = answer.split()
        if verb == "refused":
            return Refused(400)
        if verb == "lost":
            return Unknown("lost")
        if verb == "accepted":
            return Accepted(self._altered(self._made_up(command), changes))
        honest = self.server.perform(command)
        if verb == "honest":
            return honest
        assert isinstance(honest, Accepted), f"an honest server refuses {command}"
        if isinstance(honest.record, tuple):
            return Accepted(self._relisted(honest.record, changes))
        return Accepted(self._altered(honest.record, changes))

    def _made_up(self, command: Command) -> object:
        match command:
            case Transact():
                kind = command.kind
                return TransactionRecord(
                    "new", command.ref, command.amount, command.currency, TYPES[kind], None,
                    command.extras,
                )  # fmt: skip
            case Capture() | Void() | Refund():
                hold = self.server.find(command.parent)
                amount = command.amount
                is_refund = isinstance(command, Refund)
                if amount is None:
                    is_refund = is_refund and not self.server.is_uncaptured(hold)
                    left = self.server.refundable if is_refund else self.server.locked
                    amount = left(hold) if hold is not None else 0
                shown = TYPES[command.kind]
                return TransactionRecord("new", command.ref, amount, "NOK", shown, command.parent)
            case IssueToken():
                return TokenRecord("new", command.ref)
            case ReadTransactions():
                return ()
            case OpenCard() | ActivateCard():
                return CardRecord("A", command.currency, extras=command.extras)
            case _:
                return CardRecord("A", "NOK", 0, 0, 0)

    def _altered(self, record: object, changes: list[str]) -> object:
        for change in changes:
            name, text = change.split("=", 1)
            value: object = self.ids.get(text, text)
            if name == "extras":
                value = ()
            elif text == "none":
                value = None
            elif name in NUMBERS:
                value = int(text)
            elif name == "metadata":
                name, value = "extras", (("metadata", text),)
            record = replace(record, **{name: value})
        return record

    def _relisted(self, records: tuple, changes: list[str]) -> tuple:
        for change in changes:
            verb, _, rest = change.partition("=")
            name, _, alteration = rest.partition(":")
            chosen = self.ids.get(name, name)
            found = next((r for r in records if r.id == chosen), None)
            if verb == "without":
                records = tuple(r for r in records if r is not found)
            elif verb == "twice":
                records = (*records, found)
            elif verb == "altered":
                records = tuple(
                    self._altered(r, [alteration]) if r is found else r for r in records
                )
            else:
                records = (*records, TransactionRecord(name, alteration, 7, "NOK", "drawdown"))
        return records


def figures(ledger: Ledger, names: str) -> str:
    """Some figures of a ledger in the order of `names`, as `balance=5 held=2`."""
    wanted = [word.split("=")[0] for word in names.split()]
    return " ".join(f"{name}={getattr(ledger, name)}" for name in wanted)
