"""Small crowded histories of a real ledger: the hints change no verdict of the definition.

Here a request can do what is rare elsewhere: a capture or a void without an amount, an effect long
after its answer was lost, a ref_id that comes again with the same or another body, several clients
on one hold, reads that show equal sums. The verdicts are compared with those of the definition: all
orders, the oracle alone as the transition, no hint of any kind.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from tallystick.checker import History, Operation, Verdict, check, search
from tallystick.documents.questions import questions
from tallystick.drivers.concurrent.independence import Independence, Op, TaggedCommand
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.oracle import step
from tallystick.ledger.state import CardStatus, Ledger, is_made_up
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardRecord,
    Command,
    EntryId,
    HoldRecord,
    Kind,
    Outcome,
    Payment,
    ReadCard,
    ReadHold,
    RefId,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)
from tests.checker.models import is_legal_by_definition
from tests.checker.test_detours import by_every_way, by_refuting

CARD = "card-1"
LOST = Unknown("lost")
KINDS = [Kind.FUND, Kind.DRAWDOWN, Kind.HOLD, Kind.HOLD]
FIXED = {"capture.rest": "kept", "void.captured": "refuse"}
REPEATED = ("ref.same.", "ref.other_body.")


def some_dialect(rng: random.Random) -> Dialect:
    """One answer to each question; a repeated ref_id is replayed more often than by chance."""
    answers = {name: rng.choice(list(question.permitted)) for name, question in questions().items()}
    answers |= FIXED if rng.random() < 0.9 else {}
    if rng.random() < 0.5:
        answers |= {name: "replay" for name in answers if name.startswith(REPEATED)}
    return Dialect({name: frozenset([answer]) for name, answer in answers.items()})


@dataclass
class Server:
    """Answers as its ledger permits, one request after the other."""

    rng: random.Random
    ledger: Ledger
    made: int = 0
    payments: list[Payment] = field(default_factory=list)

    def perform(self, command: Command) -> Outcome:
        """What it answers, after it did it."""
        permitted = [
            (outcome, after)
            for outcome in self._outcomes(command)
            if isinstance(after := step(self.ledger, command, outcome), tuple)
        ]
        # What a repeated ref_id is answered with comes before a refusal that is permitted too.
        outcome, after = permitted[0] if self.rng.random() < 0.9 else self.rng.choice(permitted)
        self.ledger = self.rng.choice(after).with_dialect(self.ledger.dialect)
        return outcome

    def _outcomes(self, command: Command) -> list[Outcome]:
        state, rng = self.ledger, self.rng
        if isinstance(command, ReadCard):
            shown = CardRecord(CARD, "NOK", balance=state.balance, available=state.available)
            return [Accepted(shown)]
        if isinstance(command, ReadHold):
            hold = state.entries.get(command.parent)
            captured = rng.choice([None, hold.captured if hold else 0])
            return [Accepted(HoldRecord(command.parent, "NOK", captured=captured)), Refused(404)]
        assert isinstance(command, Payment)
        self.made += 1
        ids = [use.entry for use in state.refs.get(command.ref, ())]
        ids += [EntryId(f"id {self.made}")]
        parent = None if isinstance(command, Transact) else command.parent
        hold = state.entries.get(parent or EntryId(""))
        amounts = {command.amount} - {None} or ({hold.remaining, hold.amount} if hold else {0})
        amounts |= {state.entries[id_].amount for id_ in ids if id_ in state.entries}
        shown = [
            Accepted(TransactionRecord(id_, command.ref, amount, "NOK", None, parent))
            for id_ in ids
            if not is_made_up(id_)
            for amount in sorted(amounts)
        ]
        return [*shown, Refused(400)]


def crowded(seed: int, size: int = 8) -> tuple[Ledger, list[Op]]:
    """A ledger, and a history that begins with it; in more than half of them one answer is a lie.

    A request is done at its place, but a lost one there, later, or never.
    """
    rng = random.Random(seed)
    opening = rng.choice([0, 2, 4, 40])
    start = Ledger(some_dialect(rng), CARD, CardStatus.ACTIVE, "NOK", opening=opening)
    server = Server(rng, start)
    for n in range(rng.choice([0, 0, 3])):
        server.perform(some_payment(rng, f"past {n}", {}, []))
    start = server.ledger
    known = dict.fromkeys((id_ for id_, entry in start.entries.items() if entry.is_open), -1)
    lost, longest, again = rng.choice([0, 0.2, 0.4]), rng.choice([15, 40]), rng.choice([0, 0, 0.2])
    made: list[Op] = []
    late: list[Command] = []
    for n in range(rng.randint(5, size)):
        if late and rng.random() < 0.4:
            server.perform(late.pop())
        called, returned = 10 * n - rng.randint(0, longest), 10 * n + rng.randint(0, longest)
        holds = {id_: since for id_, since in known.items() if since < called}
        command: Command = some_payment(rng, f"r{n}", holds, made, again)
        if rng.random() < 0.35:
            looks = rng.random() < 0.1 and holds
            command = ReadHold(CARD, rng.choice(list(holds))) if looks else ReadCard(CARD)
        tagged = TaggedCommand(f"step {n}", command)
        if rng.random() < lost:
            when = rng.choice(["now", "late", "never"])
            if when == "now":
                server.perform(command)
            late += [command] if when == "late" else []
            made.append(Operation(str(n), CARD, tagged, LOST, called, None))
            continue
        outcome = server.perform(command)
        made.append(Operation(str(n), CARD, tagged, outcome, called, returned))
        record = getattr(outcome, "record", None)
        if getattr(command, "kind", None) is Kind.HOLD and isinstance(record, TransactionRecord):
            known.setdefault(record.id, returned)
    return start, made if rng.random() < 0.4 else with_a_lie(rng, made)


def some_payment(
    rng: random.Random, ref: str, holds: dict[str, int], made: list[Op], again: float = 0
) -> Payment:
    earlier = [op.command.command for op in made if isinstance(op.command.command, Payment)]
    if earlier and rng.random() < again:
        one = rng.choice(earlier)
        if rng.random() < 0.5 or isinstance(one, Void):
            return one
        return replace(one, amount=rng.choice([2, 4]))
    if holds and rng.random() < 0.6:
        hold = rng.choice(list(holds))
        if rng.random() < 0.4:
            return Void(CARD, hold, RefId(ref))
        return Capture(CARD, hold, rng.choice([None, 2, 4]), RefId(ref))
    return Transact(rng.choice(KINDS), CARD, rng.choice([2, 2, 4, 6]), "NOK", RefId(ref))


def with_a_lie(rng: random.Random, made: list[Op]) -> list[Op]:
    """The history with one other answer: a read a little off, another amount, or a refusal."""
    answered = [n for n, op in enumerate(made) if op.answered]
    reads = [n for n in answered if isinstance(made[n].command.command, ReadCard)]
    if not answered:
        return made
    at = rng.choice(reads if reads and rng.random() < 0.7 else answered)
    outcome = made[at].outcome
    record = getattr(outcome, "record", None)
    off = rng.choice([-4, -2, 2, 4])
    if isinstance(record, CardRecord):
        shown = "balance" if rng.random() < 0.5 else "available"
        outcome = Accepted(replace(record, **{shown: getattr(record, shown) + off}))
    elif isinstance(record, TransactionRecord) and rng.random() < 0.5:
        outcome = Accepted(replace(record, amount=record.amount + off))
    elif isinstance(record, TransactionRecord):
        outcome = Refused(400)
    return [*made[:at], replace(made[at], outcome=outcome), *made[at + 1 :]]


def by_definition(known: Independence, start: Ledger, made: list[Op]) -> bool:
    """Whether there is an order, with the oracle alone: it remembers all that was done."""
    initial = known.start(start).changed(unrecorded=frozenset())

    def judged(state: Ledger, tagged: TaggedCommand, outcome: Outcome) -> object:
        result = step(state, tagged.command, outcome)
        if not isinstance(result, tuple):
            return result
        return tuple(after.with_dialect(initial.dialect) for after in result)

    return is_legal_by_definition(SimpleNamespace(step=judged, initial=initial), made)


@pytest.mark.parametrize("how", ["searched", "every way"])
def test_the_hints_of_a_real_ledger_change_no_verdict(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "every way":
        monkeypatch.setattr(search.Search, "_finds_an_order", by_every_way)
    seen: Counter[tuple[bool, str]] = Counter()
    for seed in range(1_000):
        start, made = crowded(seed)
        known = Independence.of(made, [start])
        first, whole = {CARD: known.start(start)}, History.of(made)
        result = check(whole, known.transition, first.__getitem__, hints=known.hints)
        legal = by_definition(known, start, made)
        assert result.verdict is (Verdict.CONFORMS if legal else Verdict.VIOLATES), seed
        seen.update((legal, kind) for kind in kinds_of(known, made))
    assert min(seen.values()) > 20, seen
    assert len(seen) == 2 * 4, seen


def test_no_legal_history_of_a_real_ledger_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.Search, "_finds_an_order", by_refuting)
    seen: Counter[tuple[bool, Verdict]] = Counter()
    for seed in range(1_000):
        start, made = crowded(seed)
        known = Independence.of(made, [start])
        if known.hints.totals is None or all(op.answered for op in made):
            continue
        first, whole = {CARD: known.start(start)}, History.of(made)
        result = check(whole, known.transition, first.__getitem__, hints=known.hints)
        seen[by_definition(known, start, made), result.verdict] += 1
    assert seen[True, Verdict.VIOLATES] == 0, seen
    assert seen[True, Verdict.CONFORMS] > 100
    assert seen[False, Verdict.VIOLATES] > 100


def kinds_of(known: Independence, made: list[Op]) -> set[str]:
    """What is rare in other histories, and is in this one."""
    moves = [known.moves(op) for op in made]
    kinds = {
        "unknown amount": None in moves and known.hints.totals is not None,
        "lost": any(not op.answered for op in made),
        "repeated": bool(known.reused_refs),
        "known amount": any(vector and any(vector) for vector in moves),
    }
    return {kind for kind, is_so in kinds.items() if is_so}
