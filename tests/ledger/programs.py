"""Random commands for the simulator, mostly sensible and often at a boundary.

Tests draw them with Hypothesis' random numbers or with a seeded generator of their own.
"""

from __future__ import annotations

from random import Random

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
    Phase,
    PrepareCard,
    ReadCard,
    ReadTransactions,
    Refund,
    Transact,
    View,
    Void,
)
from tests.ledger.simulator import HonestServer, Transaction

EXTRAS = (
    (),
    (),
    (("metadata", '{"order": "7"}'),),
    (("metadata", '{"reserved_x": "1"}'),),
)
CARD_EXTRAS = (*EXTRAS, (("customer_id", "C"), ("name", "gift")))
PHASES = (Phase.WITHIN,) * 25 + (Phase.AFTER, Phase.EDGE, Phase.BEFORE)
TRANSACT_KINDS = (Kind.DRAWDOWN, Kind.HOLD, Kind.HOLD, Kind.FUND)


class Commands:
    """Draws the next command for a simulated server, by looking at it."""

    def __init__(self, rng: Random, server: HonestServer) -> None:
        self.rng = rng
        self.server = server
        self.past: list[Command] = []
        self.seen: set[str] = set()
        self.refs = 0

    def look(self, outcome: Outcome) -> None:
        """Learn the ids that an answer shows; a client can use no others."""
        record = outcome.record if isinstance(outcome, Accepted) else ()
        for shown in record if isinstance(record, tuple) else (record,):
            name = getattr(shown, "id", None) or getattr(shown, "value", None)
            if name is not None:
                self.seen.add(name)

    def next_write(self) -> Command:
        """A command that asks for a change."""
        if self.past and self.rng.random() < 0.15:
            return self.rng.choice(self.past)
        command = self._fresh()
        self.past.append(command)
        return command

    def next_read(self) -> Command:
        """A read of the list or through another view."""
        rng = self.rng
        draw = rng.random()
        if draw < 0.6:
            return ReadTransactions("A", self._phase())
        if draw < 0.8:
            return ReadCard("A", View.INFO, self._token() or "missing", self._phase())
        return ReadCard("A", View.CUSTOMER, rng.choice("CCD"), self._phase())

    def _fresh(self) -> Command:
        rng = self.rng
        if self.server.card_status == "absent" and rng.random() < 0.9:
            return PrepareCard("A") if rng.random() < 0.3 else self._opening(OpenCard)
        draw = rng.random()
        if draw < 0.03 or (self.server.card_status == "inactive" and draw < 0.5):
            return self._opening(ActivateCard)
        if draw < 0.05:
            return self._opening(OpenCard)
        if draw < 0.06:
            return rng.choice([PrepareCard("A"), DeleteCard("A", self._phase())])
        if draw < 0.15:
            return IssueToken("A", self._ref(), rng.random() < 0.6, phase=self._phase())
        if draw < 0.5 or not self._known():
            return self._transact()
        return self._closing()

    def _opening(self, command: type[OpenCard] | type[ActivateCard]) -> Command:
        phase = self.rng.choice(PHASES[:-1])
        amount = self.rng.choice([0, 3, 10, 30, 30, 30, 30, 30, 1_000_001])
        return command("A", amount, "NOK", self.rng.choice(CARD_EXTRAS), phase)

    def _transact(self) -> Command:
        rng = self.rng
        free = self.server.free()
        amount = rng.choice([0, 1, 1, 2, 3, 4, 5, 6, 8, free // 2, free, free + 1, 10**9])
        currency = "SEK" if rng.random() < 0.04 else self.server.currency
        token = self._token() if rng.random() < 0.6 else None
        kind = rng.choice(TRANSACT_KINDS)
        extras = rng.choice(EXTRAS)
        return Transact(kind, "A", amount, currency, self._ref(), token, self._phase(), extras)

    def _closing(self) -> Command:
        rng, server = self.rng, self.server
        known = self._known()
        holds = [t for t in known if t.kind is Kind.HOLD]
        chosen = rng.choice(holds if holds and rng.random() < 0.9 else known)
        parent = "missing" if rng.random() < 0.03 else chosen.id
        if server.has_refunds and rng.random() < 0.4:
            captures = [t for t in known if t.kind is Kind.CAPTURE]
            if captures and rng.random() < 0.4:
                chosen = rng.choice(captures)
                parent = chosen.id
            return self._refund(chosen, parent)
        if rng.random() < 0.3:
            return Void("A", parent, self._ref(), self._phase(), rng.choice(EXTRAS))
        rest = server.locked(chosen)
        amount = rng.choice([None, None, 0, 1, rest, rest + 1, rest // 2, chosen.amount])
        return Capture("A", parent, amount, self._ref(), self._phase(), rng.choice(EXTRAS))

    def _refund(self, chosen: Transaction, parent: str) -> Refund:
        left = self.server.refundable(self.server.behind(chosen.id))
        amount = self.rng.choice([None, 0, 1, left, left + 1, left // 2, chosen.amount])
        ref, phase = self._ref(), self._phase()
        return Refund("A", parent, amount, ref, phase, self.rng.choice(EXTRAS))

    def _known(self) -> list[Transaction]:
        return [t for t in self.server.log if t.id in self.seen]

    def _ref(self) -> str:
        self.refs += 1
        used = [t.ref for t in self.server.log]
        if used and self.rng.random() < 0.12:
            return self.rng.choice([*used, "A"])
        return f"r{self.refs}"

    def _token(self) -> str | None:
        values = [value for value in self.server.tokens if value in self.seen]
        return self.rng.choice([*values, *values, "missing"]) if values else None

    def _phase(self) -> Phase:
        return self.rng.choice(PHASES)
