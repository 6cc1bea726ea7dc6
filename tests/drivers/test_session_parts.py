"""The parts of a session, each alone: labels and ids, possible ledgers, the story; and the run.

Against simulated wallets.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from tallystick.drivers import sequential
from tallystick.drivers.direct import Direct
from tallystick.drivers.possible_ledgers import MOST_LEDGERS, PossibleLedgers
from tallystick.drivers.reduce import Budget, reduce_program
from tallystick.drivers.sequential import Session, run_program
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    CardLabel,
    CardRecord,
    Kind,
    OpenCard,
    ReadCard,
    RefId,
    Transact,
    Unknown,
    Violation,
)
from tallystick.program import Program, parse_step
from tallystick.request import Request
from tallystick.run import Finding, Run, Violated
from tallystick.target import Answer, Exchange
from tests.ledger import mutants
from tests.strategies.memory import Memory, run_in_memory, run_on

A, B = CardLabel("A"), CardLabel("B")
VOIDED = ("A = card 1000 NOK", "h = hold A 600", "v = void h", "d = draw A available")


def session_after(*lines: str) -> Session:
    session = Session(run_in_memory())
    for line in lines:
        session.perform(parse_step(line))
    return session


# Possible ledgers -----------------------------------------------------------------------------


def test_a_label_leads_to_an_id_and_the_id_back_to_it() -> None:
    ledgers = PossibleLedgers(run_in_memory())
    ledgers.follow(A, CardId("x-A"))
    assert ledgers.card_id(A) == "x-A"
    assert ledgers.label_of(CardId("x-A")) == A
    assert list(ledgers.by_card_id()) == ["x-A"]
    ledgers.forget(A)
    assert ledgers.label_of(CardId("x-A")) is None
    assert A not in ledgers


def test_a_card_with_too_many_possible_ledgers_is_given_up_and_the_run_is_undecided() -> None:
    ledgers = session_after("A = card 1000 NOK").ledgers
    run = run_in_memory()
    given_up = PossibleLedgers(run)
    given_up.follow(A, ledgers.card_id(A))
    given_up.replace(A, ledgers.of(A))
    sizes = []
    for number in range(20):
        # Amounts that are powers of two: no two sets of them leave the same balance.
        draw = Transact(Kind.DRAWDOWN, ledgers.card_id(A), 2**number, "NOK", RefId(f"r{number}"))
        assert given_up.judge(A, draw, Unknown("reset")) is None
        sizes.append(len(given_up.of(A)))
    assert max(sizes) <= MOST_LEDGERS
    assert "possible ledgers" in run.undecided[0]
    assert given_up.by_card_id() == {ledgers.card_id(A): ()}
    wrong = Accepted(CardRecord(card=ledgers.card_id(A), currency="NOK", balance=-1, available=-1))
    assert given_up.judge(A, ReadCard(ledgers.card_id(A)), wrong) is None
    assert len(run.undecided) == 1


def test_a_card_that_is_followed_already_keeps_its_ledger() -> None:
    ledgers = session_after("A = card 70 NOK").ledgers
    ledgers.follow(A, CardId("another"))
    assert ledgers.likeliest(A).balance == 70
    assert ledgers.label_of(CardId("another")) is None


def test_an_unknown_outcome_leaves_two_ledgers_and_an_answer_drops_one() -> None:
    ledgers = PossibleLedgers(run_in_memory())
    ledgers.follow(A, CardId("x-A"))
    opening = OpenCard(CardId("x-A"), 70, "NOK")
    assert ledgers.judge(A, opening, Unknown("lost")) is None
    assert sorted(ledger.balance for ledger in ledgers.of(A)) == [0, 70]


def test_a_contradiction_teaches_nothing() -> None:
    session = session_after("A = card 70 NOK")
    shown, _ = session.target.perform(ReadCard(session.ledgers.card_id(A)))
    assert isinstance(shown, Accepted)
    wrong = Accepted(replace(shown.record, available=69))
    before = session.ledgers.of(A), dict(session.run.checked)
    assert session.ledgers.contradiction(A, ReadCard(session.ledgers.card_id(A)), shown) is None
    assert session.ledgers.contradiction(A, ReadCard(session.ledgers.card_id(A)), wrong) is not None
    assert (session.ledgers.of(A), dict(session.run.checked)) == before


# Labels ---------------------------------------------------------------------------------------


def test_what_a_fork_learns_stays_with_it() -> None:
    session = session_after("A = card 1000 NOK")
    fork = session.resolver.fork()
    fork.resolve(parse_step("B = card 5 NOK"))
    assert list(fork.ledgers) == [A, B]
    assert list(session.ledgers) == [A]


def test_forks_that_share_labels_name_what_the_other_made() -> None:
    session = session_after("A = card 1000 NOK")
    one, other = (session.resolver.fork(shares_bindings=True) for _ in range(2))
    command, card = one.resolve(parse_step("h = hold A 5"))
    one.bind("h", command, card)
    assert other.can_resolve(parse_step("v = void h"))
    assert not session.resolver.fork().can_resolve(parse_step("v = void missing2"))


def test_another_prefix_gives_other_ids_on_the_same_cards() -> None:
    session = session_after("A = card 1000 NOK")
    other = session.resolver.with_prefix("other")
    draw, card = other.resolve(parse_step("d = draw A 5"))
    assert (draw.card, card) == (session.ledgers.card_id(A), A)
    assert getattr(draw, "ref", "") == "other.d"


def test_a_card_that_is_forgotten_takes_its_labels_along() -> None:
    session = session_after("A = card 1000 NOK", "B = card 5 NOK", "h = hold A 5")
    session.resolver.forget(A)
    assert set(session.resolver.bindings) == {"B"}


# The story ------------------------------------------------------------------------------------


class Refusing(Memory):
    """Refuses every single request."""

    def send(self, request: Request, **how: object) -> Exchange:
        return Exchange(1, request, Answer(400, "application/json", {}), 0, 0)


def test_a_request_between_the_steps_turns_a_finding_into_words() -> None:
    run = run_on(Refusing())
    session = Session(run)
    session.perform(parse_step("A = card 1000 NOK"))
    violation = Violation("CAP-2", "a refusal", "accepted")
    alone = session.explain(violation, None)
    assert (alone.attempt is not None, alone.notes) == (True, ())
    Direct(run, story=session.story).send(Request("", "GET", "/x"), shaped=False)
    mixed = session.explain(violation, None)
    assert (mixed.attempt, mixed.notes) == (None, ("GET /x -> 400",))
    assert len(mixed.events) == len(alone.events) + 1


def test_an_interrupt_while_an_earlier_cause_is_looked_for_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(run: Run, program: Program) -> Finding | None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sequential, "shown_by", interrupted)
    run = run_in_memory(mutants.VoidReleasesNothing)
    with pytest.raises(KeyboardInterrupt):
        run_program(run, Program.parse(*VOIDED), unread=4)
    assert len(run.findings) == 1


# Findings and the run -------------------------------------------------------------------------


def finding_of(*lines: str) -> tuple[Run, Finding]:
    run = run_in_memory(mutants.VoidReleasesNothing)
    with pytest.raises(Violated) as violated:
        run_program(run, Program.parse(*lines))
    return run, violated.value.finding


def test_a_finding_is_a_value_and_the_run_keeps_the_newest() -> None:
    run, finding = finding_of(*VOIDED)
    with pytest.raises(FrozenInstanceError):
        finding.test = "another"  # type: ignore[misc]
    newer = run.revise(finding, replace(finding, transition="open: void"))
    assert run.newest(finding) is newer
    assert list(run.findings.values()) == [newer]


def test_later_tests_are_added_to_the_first_finding_of_a_rule() -> None:
    run = run_in_memory()
    finding = Finding(Violation("CAP-2", "a refusal", "accepted"), Program(), (), 1)
    for name in ("first", "second", "second"):
        run.begin_test(name)
        run.record(finding)
    assert [(kept.test, kept.also) for kept in run.findings.values()] == [("first", ("second",))]


def test_a_shortened_finding_shows_what_its_shorter_program_showed() -> None:
    noise = ("A = card 1000 NOK", "f = fund A 5", *VOIDED[1:])
    run, finding = finding_of(*noise)
    assert finding.attempt is not None
    reduced = reduce_program(finding.program, finding.attempt, Budget.of(20))
    shortened = finding.shortened(reduced.program, reduced.replays, reduced.shown)
    assert shortened.steps == list(reduced.program.lines())
    assert len(shortened.steps) < len(finding.steps)
    assert len(shortened.events) < len(finding.events)
    assert list(run.findings.values()) == [finding]


def test_a_violation_that_never_comes_back_keeps_what_was_observed() -> None:
    _, finding = finding_of(*VOIDED)
    reduced = reduce_program(finding.program, lambda program: None, Budget.of(20))
    assert reduced.shown is None
    shortened = finding.shortened(reduced.program, reduced.replays, reduced.shown)
    assert shortened.events == finding.events
    assert shortened.replays == (0, 10)


def test_an_isolated_copy_counts_and_finds_for_itself() -> None:
    run, finding = finding_of(*VOIDED)
    before = dict(run.checked), dict(run.findings)
    apart = run.isolated_copy()
    assert (apart.findings, apart.checked) == ({}, {})
    apart.count_checked("CAP-1")
    apart.record(finding)
    apart.leave_undecided("no time")
    assert (dict(run.checked), dict(run.findings)) == before
    assert run.undecided == []
    assert apart.next_program() != run.next_program()


def test_an_answer_that_is_permitted_for_a_moment_is_forgotten_after_it() -> None:
    run = run_in_memory()
    run_program(run, Program.parse("A = card 1000 NOK", "d = draw A 5", "again d"))
    known = run.dialect
    with run.permitting("refuse", ("ref.",)):
        assert "refuse" in run.dialect.possible("ref.same.drawdown")
        run.learn(run.dialect.narrow("ref.same.drawdown", ["refuse"]))
    assert run.dialect is known


def test_a_customer_is_one_of_its_program_alone() -> None:
    run = run_in_memory()
    program = Program.parse(
        'A = card 9 NOK with {"customer_tail": "mine"}',
        'B = card 9 NOK with {"customer_tail": "mine"}',
        'C = card 9 NOK with {"customer_tail": "yours"}',
        'D = card 9 NOK with {"customer_id": "C-1", "customer_tail": "mine"}',
    )
    customers: list[str] = []
    for _ in range(2):
        session = Session(run)
        for step in program.prefix:
            session.perform(step)
            command, _ = session.resolver.resolve(parse_step(f"again {step.name}"))
            assert isinstance(command, OpenCard)
            members = dict(command.extras)
            assert members.keys() == {"customer_id"}
            customers.append(members["customer_id"])
    assert customers[0] == customers[1] != customers[4]
    assert len(set(customers)) == 5
    assert customers[3] == customers[7] == "C-1"
