"""The oracle against honest servers of every dialect, and against dishonest ones."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.documents.questions import asked_questions, open_dialect
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.oracle import step
from tallystick.ledger.vocabulary import Capture, Kind, Transact, Violation, Void
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import Wallet
from tests.ledger.mutants import MUTANTS
from tests.ledger.refunds import DISHONEST, Refunds
from tests.ledger.simulator import HABITS_OF_REFUNDS, HonestServer
from tests.ledger.watching import Accused, Watcher, any_answers, any_habits, drive

WALLET = dialect_of(Wallet())
FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=400)
randoms = st.integers(0, 2**32).map(Random)


@FIXED
@given(randoms)
def test_an_honest_server_of_any_dialect_is_never_accused(rng: Random) -> None:
    server = HonestServer(any_answers(rng, open_dialect()), any_habits(rng))
    drive(rng, server, Watcher(open_dialect()), steps=12)


@FIXED
@given(randoms)
def test_an_honest_server_is_never_accused_when_answers_get_lost(rng: Random) -> None:
    server = HonestServer(any_answers(rng, open_dialect()), any_habits(rng))
    drive(rng, server, Watcher(open_dialect()), steps=12, losses=0.2)


@FIXED
@given(randoms, st.booleans())
def test_an_honest_server_with_refunds_is_never_accused(rng: Random, lossy: bool) -> None:
    habits = any_habits(rng) | {habit for habit in HABITS_OF_REFUNDS if rng.random() < 0.3}
    server = Refunds(any_answers(rng, open_dialect()), habits)
    drive(rng, server, Watcher(open_dialect()), 12, losses=0.2 if lossy else 0.0)


@FIXED
@given(randoms, st.booleans())
def test_the_learned_dialect_always_holds_the_answers_of_the_server(
    rng: Random, lossy: bool
) -> None:
    answers = any_answers(rng, open_dialect())
    watcher = Watcher(open_dialect())
    drive(rng, HonestServer(answers, any_habits(rng)), watcher, 12, losses=0.2 if lossy else 0.0)
    assert any(
        all(ledger.dialect.allows(question, answer) for question, answer in answers.items())
        for ledger in watcher.possible
    )


@FIXED
@given(randoms)
def test_an_honest_server_keeps_to_its_pinned_dialect(rng: Random) -> None:
    answers = any_answers(rng, open_dialect())
    pinned = Dialect({question: frozenset([answer]) for question, answer in answers.items()})
    watcher = Watcher(pinned)
    drive(rng, HonestServer(answers, any_habits(rng)), watcher, steps=12)
    assert all(ledger.dialect == pinned for ledger in watcher.possible)


def test_most_questions_are_answered_by_driving_one_server_for_a_while() -> None:
    # Without the habits every refusal has one reason, so that much can be learned.
    rng = Random(1)
    answers = {**any_answers(rng), **dict.fromkeys(("zero.open", "zero.hold"), "accept")}
    dialect = WALLET
    for _ in range(300):
        watcher = Watcher(dialect)
        drive(rng, HonestServer(answers), watcher, steps=15)
        if len(watcher.possible) == 1:
            dialect = watcher.possible[0].dialect
    several = {q for q, a in WALLET.learned().items()} ^ set(answers)
    put = asked_questions(Wallet.traits, WALLET)
    asked = {q for q in several if len(WALLET.possible(q)) > 1 and q in put}
    assert len(dialect.learned().keys() & asked) >= 0.85 * len(asked)


@pytest.mark.parametrize("mutant", [*MUTANTS, *DISHONEST], ids=lambda mutant: mutant.__name__)
def test_a_dishonest_server_is_accused(mutant: type[HonestServer]) -> None:
    accused = []
    for seed in range(1000):
        rng = Random(seed)
        server = mutant(any_answers(rng), any_habits(rng))
        try:
            drive(rng, server, Watcher(WALLET), steps=15)
        except Accused as found:
            accused.append(found.violation.rule)
            if len(accused) == 3:
                return
    pytest.fail(f"accused by {accused} only")


@FIXED
@given(randoms)
def test_judging_is_deterministic_and_leaves_its_arguments_alone(rng: Random) -> None:
    class Twice(Watcher):
        def see(self, command, outcome):
            for ledger in self.possible:
                before = (ledger._value(), ledger.last_write, ledger.dialect.learned())
                first, second = step(ledger, command, outcome), step(ledger, command, outcome)
                assert first == second
                assert before == (ledger._value(), ledger.last_write, ledger.dialect.learned())
            super().see(command, outcome)

    drive(
        rng,
        HonestServer(any_answers(rng), any_habits(rng)),
        Twice(WALLET),
        8,
        losses=0.2,
    )


def money(ledger):
    return (ledger.balance, ledger.available, ledger.held, ledger.total)


@FIXED
@given(randoms)
def test_money_moves_by_accepted_payments_alone_and_by_what_they_state(rng: Random) -> None:
    class Accountant(Watcher):
        def see(self, command, outcome):
            before = self.possible
            super().see(command, outcome)
            if len(before) == len(self.possible) == 1:
                check(before[0], command, outcome, self.possible[0])

    drive(rng, HonestServer(any_answers(rng), any_habits(rng)), Accountant(WALLET), 12)


def check(before, command, outcome, after) -> None:
    record = getattr(outcome, "record", None)
    new = record is not None and getattr(record, "id", None) not in before.entries
    if not isinstance(command, Transact | Capture | Void) or not new or record is None:
        if before.card_status is after.card_status:
            assert money(before) == money(after)
        return
    entry = after.entries[record.id]
    signs = {
        Kind.DRAWDOWN: (-1, -1, 0, 0),
        Kind.HOLD: (0, -1, 1, 0),
        Kind.FUND: (1, 1, 0, 1),
        Kind.CAPTURE: (-1, 0, -1, 0),
        Kind.VOID: (0, 1, -1, 0),
    }[entry.kind]
    moved = [now - then for now, then in zip(money(after), money(before), strict=True)]
    assert moved == [sign * entry.amount for sign in signs]
    if entry.kind is not Kind.VOID:
        assert entry.amount == record.amount


def test_an_accusation_tells_what_was_expected() -> None:
    with pytest.raises(Accused, match="CARD-1") as found:
        Watcher(WALLET).see(*refused_create())
    assert isinstance(found.value.violation, Violation)


def refused_create():
    from tallystick.ledger.vocabulary import OpenCard, Refused

    return OpenCard("A", 5, "NOK"), Refused(400)
