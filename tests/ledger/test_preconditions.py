"""The reasons to refuse a payment: to know at once that there is none says the same as to look."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from tallystick.ledger import preconditions
from tallystick.ledger.frequent import is_surely_without_reason
from tallystick.ledger.lifecycle import State
from tallystick.ledger.ordinary import ORDINARY_AMOUNT
from tallystick.ledger.state import CardStatus, Entry, Ledger
from tallystick.ledger.traits import COMPLETE
from tallystick.ledger.vocabulary import Capture, Kind, Payment, Phase, Transact, Void
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tests.ledger.watching import any_answers

FACTS = {"card_status": list(CardStatus), "currency": ["NOK", "SEK", None]}
KINDS = (Kind.DRAWDOWN, Kind.HOLD, Kind.FUND, Kind.CAPTURE, Kind.VOID)
AMOUNTS = [0, 1, 2, 3, 5, 9, 10, 11, 2.0, 2.5, ORDINARY_AMOUNT, ORDINARY_AMOUNT + 1]
SENT = {
    "phase": list(Phase),
    "extras": [(("metadata", '{"reserved_x": "1"}'),), (("name", "\n"),)],
    "ref": ["spent", "A", "", "a b", "r" * 99],
    "currency": ["SEK"],
    "token": ["t1"],
}


def some_ledger(rng: Random) -> Ledger:
    """An active card with a few holds, or another one."""
    dialect = dialect_of(Wallet())
    for question, answer in any_answers(rng).items():
        if rng.random() < 0.5:
            dialect = dialect.narrow(question, [answer]) or dialect
    reserved, least = rng.choice(["", "reserved_"]), rng.choice([0, 0, 0, 3])
    account = rng.random() < 0.8
    traits = replace(
        COMPLETE,
        account=account,
        least=least,
        reserved_metadata=reserved,
        over_capture=0 if account else rng.choice([0, 50]),
        part_of_void=rng.random() < 0.5,
    )
    opening = rng.choice([0, 5, 10, 10, 10, ORDINARY_AMOUNT - 3])
    ledger = Ledger(dialect, "A", CardStatus.ACTIVE, "NOK", opening=opening, traits=traits)
    held = rng.randint(0, min(opening, 9))
    entries = ledger.entries
    for state in State:
        captured = rng.randint(0, held) if state is State.PARTLY_CAPTURED else 0
        hold = Entry(Kind.HOLD, "h", held, state, captured, touched=rng.random() < 0.3)
        entries = entries.set(state.name, hold)
    spent_refs = ledger.spent_refs.set("spent", True)
    ledger = ledger.changed(held=held, entries=entries, spent_refs=spent_refs)
    if rng.random() < 0.2:
        name = rng.choice(list(FACTS))
        ledger = ledger.changed(**{name: rng.choice(FACTS[name])})
    return ledger


def some_payment(rng: Random) -> Payment:
    """A payment, perhaps with one unusual member."""
    amount = rng.choice(AMOUNTS)
    parent = rng.choice([*State, State.OPEN, State.OPEN, State.PARTLY_CAPTURED]).name
    kind = rng.choice([Kind.DRAWDOWN, Kind.HOLD, Kind.FUND])
    if rng.random() < 0.6:
        payment: Payment = Transact(kind, "A", amount, "NOK", "r1")
    elif rng.random() < 0.5:
        payment = Capture("A", parent, rng.choice([None, amount]), "r1")
    else:
        payment = Void("A", parent, "r1", amount=rng.choice([None, None, amount]))
    name = rng.choice(list(SENT))
    if rng.random() < 0.4 and hasattr(payment, name):
        payment = replace(payment, **{name: rng.choice(SENT[name])})
    return payment


def test_a_payment_that_is_surely_without_a_reason_has_none() -> None:
    rng = Random(1)
    seen: Counter[str] = Counter()
    for _ in range(16_000):
        ledger, payment = some_ledger(rng), some_payment(rng)
        reasons = list(preconditions._all_reasons(ledger, payment))
        if is_surely_without_reason(ledger, payment):
            assert not reasons, payment
            assert preconditions.refusal_reasons(ledger, payment) == ()
            seen[payment.kind] += 1
        else:
            seen["reasons" if reasons else "not sure"] += 1
            seen[f"only {reasons[0].text}" if len(reasons) == 1 else "other"] += 1
    assert min(seen[kind] for kind in KINDS) > 10, seen
    # Many a reason was the only one: whichever condition is missing, this test can fail.
    assert len([text for text in seen if text.startswith("only ") and seen[text] > 10]) > 40, seen
