"""Rare states are reached: in how many machines of the size of a gate each of them is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from tallystick.drivers.resolver import Binding
from tallystick.drivers.sequential import Session
from tallystick.ledger.lifecycle import State
from tallystick.ledger.state import CardStatus, Entry, Ledger
from tallystick.ledger.vocabulary import ActivateCard, Capture, IssueToken, Kind, Transact, Void
from tallystick.program import Step, Verb
from tests.strategies.machine import drive
from tests.strategies.memory import run_in_memory

SEEDS = range(12)
EXAMPLES = 30
STEPS = 20
WIDE = 2**31 - 1

Fact = Callable[[Session], bool]


def ledgers(session: Session) -> list[Ledger]:
    return [session.ledgers.likeliest(card) for card in session.ledgers]


def entries(session: Session) -> list[Entry]:
    return [entry for ledger in ledgers(session) for entry in ledger.entries.values()]


def captures_of(ledger: Ledger, hold: str) -> int:
    return sum(e.kind is Kind.CAPTURE and e.parent == hold for e in ledger.entries.values())


def holds_captured(session: Session, state: State, times: int) -> bool:
    return any(
        entry.state is state and captures_of(ledger, name) >= times
        for ledger in ledgers(session)
        for name, entry in ledger.entries.items()
    )


def open_holds(session: Session) -> int:
    return max(
        (sum(entry.is_open for entry in led.entries.values()) for led in ledgers(session)),
        default=0,
    )


def steps(session: Session, verb: Verb) -> list[Step]:
    return [step for step in session.story.steps if step.verb is verb]


def amounts(session: Session, verb: Verb) -> set[str]:
    return {str(step.amount) for step in steps(session, verb)}


def repeated(session: Session, verb: Verb) -> bool:
    """Whether an accepted payment of this kind was asked for once more."""
    verbs = {step.name: step.verb for step in session.story.steps if step.name}
    again = {step.on for step in steps(session, Verb.AGAIN)}
    return any(verbs.get(name) is verb and accepted(session, name) for name in again)


def accepted(session: Session, label: str) -> Binding | None:
    made = session.resolver.bindings.get(label)
    return made if made is not None and made.id else None


def reused_across(session: Session) -> bool:
    """Whether the ref_id of an accepted payment was used by another kind of request."""
    verbs = {step.name: step.verb for step in session.story.steps if step.name}
    return any(
        step.ref and accepted(session, step.ref) and verbs[step.ref] is not step.verb
        for step in session.story.steps
    )


def reused_on_another_card(session: Session) -> bool:
    return any(
        step.ref
        and accepted(session, step.ref)
        and session.resolver.bindings[step.ref].card != session.resolver.bindings[step.name].card
        for step in session.story.steps
    )


def paid_by_token(session: Session, *, one_time: bool) -> int:
    tokens = {
        made.id
        for made in session.resolver.bindings.values()
        if isinstance(made.command, IssueToken) and made.command.one_time is one_time
    }
    return sum(
        isinstance(made.command, Transact) and made.command.token in tokens and bool(made.id)
        for made in session.resolver.bindings.values()
    )


def settled_something_else(session: Session) -> bool:
    """Whether something that is no hold was captured or voided."""
    for made in session.resolver.bindings.values():
        if isinstance(made.command, Capture | Void):
            entry = session.ledger(made.card).entries.get(made.command.parent)
            if entry is not None and entry.kind is not Kind.HOLD:
                return True
    return False


def tried_on(session: Session, status: CardStatus) -> bool:
    """Whether the latest step is a payment of a card with this status."""
    made = session.resolver.bindings.get(session.story.steps[-1].name)
    payment = made is not None and isinstance(made.command, Transact)
    return payment and session.ledger(made.card).card_status is status


FACTS: Mapping[str, tuple[int, Fact]] = {
    # name: (machines of 360 that have to reach it, the fact)
    "three cards": (48, lambda s: len(s.ledgers) == 3),
    "two open holds on a card": (60, lambda s: open_holds(s) >= 2),
    "three open holds on a card": (20, lambda s: open_holds(s) >= 3),
    "a hold partly captured": (54, lambda s: holds_captured(s, State.PARTLY_CAPTURED, 1)),
    "a hold partly captured twice": (24, lambda s: holds_captured(s, State.PARTLY_CAPTURED, 2)),
    "a hold captured in parts": (18, lambda s: holds_captured(s, State.CAPTURED, 2)),
    "a hold voided": (100, lambda s: any(e.state is State.VOIDED for e in entries(s))),
    "a hold voided after a part": (
        24,
        lambda s: any(e.state is State.RELEASED for e in entries(s)),
    ),
    "an open hold and nothing available": (
        44,
        lambda s: any(
            led.available == 0 and any(e.remaining > 0 for e in led.entries.values())
            for led in ledgers(s)
        ),
    ),
    "a card drawn to the last unit": (
        22,
        lambda s: any(led.balance == 0 and led.total > 0 for led in ledgers(s)),
    ),
    "a drawdown of exactly what is available": (24, lambda s: "available" in amounts(s, Verb.DRAW)),
    "a drawdown one above": (8, lambda s: "available+1" in amounts(s, Verb.DRAW)),
    "a hold of exactly what is available": (34, lambda s: "available" in amounts(s, Verb.HOLD)),
    "a hold one above": (28, lambda s: "available+1" in amounts(s, Verb.HOLD)),
    "a capture of exactly the rest": (24, lambda s: "remaining" in amounts(s, Verb.CAPTURE)),
    "a capture one above": (22, lambda s: "remaining+1" in amounts(s, Verb.CAPTURE)),
    "a capture one below": (24, lambda s: "remaining-1" in amounts(s, Verb.CAPTURE)),
    "a capture without amount": (80, lambda s: "None" in amounts(s, Verb.CAPTURE)),
    "a capture of nothing": (6, lambda s: "0" in amounts(s, Verb.CAPTURE)),
    "a drawdown repeated": (20, lambda s: repeated(s, Verb.DRAW)),
    "a hold repeated": (34, lambda s: repeated(s, Verb.HOLD)),
    "a fund repeated": (18, lambda s: repeated(s, Verb.FUND)),
    "a capture repeated": (32, lambda s: repeated(s, Verb.CAPTURE)),
    "a void repeated": (16, lambda s: repeated(s, Verb.VOID)),
    "a ref_id used by another kind": (80, reused_across),
    "a ref_id used on another card": (22, reused_on_another_card),
    "a payment by a one-time token": (32, lambda s: paid_by_token(s, one_time=True) > 0),
    "two payments by a lasting token": (16, lambda s: paid_by_token(s, one_time=False) > 1),
    "a capture or void of what is no hold": (88, settled_something_else),
    "a prepared card activated": (
        60,
        lambda s: any(isinstance(led.opened_by, ActivateCard) for led in ledgers(s)),
    ),
    "a payment of a prepared card": (15, lambda s: tried_on(s, CardStatus.INACTIVE)),
    "a payment of a deleted card": (15, lambda s: tried_on(s, CardStatus.DELETED)),
    "a card deleted with an open hold": (
        4,
        lambda s: any(led.card_status is CardStatus.DELETED and led.held for led in ledgers(s)),
    ),
    "a wide balance": (92, lambda s: any(led.balance >= WIDE for led in ledgers(s))),
    "a foreign currency": (
        66,
        lambda s: any(x.currency for x in (*steps(s, Verb.DRAW), *steps(s, Verb.HOLD))),
    ),
    "nested metadata": (52, lambda s: any("nested" in str(x.extras) for x in s.story.steps)),
    "text outside of ASCII": (
        74,
        lambda s: any("Kasse Å" in str(x.extras) or "Bj" in str(x.extras) for x in s.story.steps),
    ),
}


@pytest.fixture(scope="module")
def reached() -> Counter[str]:
    """In how many machines each fact was seen."""
    seen: dict[str, set[str]] = {name: set() for name in FACTS}

    def look(session: Session) -> None:
        for name, (_, fact) in FACTS.items():
            if session.resolver.prefix not in seen[name] and fact(session):
                seen[name].add(session.resolver.prefix)

    for number in SEEDS:
        violated = drive(run_in_memory(), number=number, examples=EXAMPLES, steps=STEPS, look=look)
        assert violated is None, violated
    return Counter({name: len(machines) for name, machines in seen.items()})


@pytest.mark.parametrize("name", FACTS)
def test_machines_reach(name: str, reached: Counter[str]) -> None:
    assert reached[name] >= FACTS[name][0], f"{name}: {reached[name]} machines"
