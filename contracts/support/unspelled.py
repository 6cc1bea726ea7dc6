"""Commands that no step of a program can spell: as another client, or with an excluded amount.

What they did is told in words, beside the program that led to them. Knows no rule.
"""

from __future__ import annotations

import pytest

from tallystick.drivers.direct import Direct, Unanswered
from tallystick.drivers.sequential import Session
from tallystick.ledger.vocabulary import Accepted, Command, Outcome, Refused, Unknown, Violation
from tallystick.profiles.profile import Unnamed
from tallystick.program import Step, adapted, parse_step
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import Answer, Exchange, Target


def prepared(run: Run, *more: str) -> Session:
    """A session with a card A and an open hold h on it, and what more steps make; a new one
    whenever a test is repeated."""
    session = Session(run)
    for line in ("A = card 1000", "h = hold A 600", *more):
        outcome = session.perform(_adapted(session, line))
        if isinstance(outcome, Unknown):
            raise Unanswered(session.story.last_exchange)
    return session


def meant(session: Session, line: str) -> Command:
    """The command that a step means now, as the API of the run can take it."""
    return session.resolver.resolve(_adapted(session, line))[0]


def _adapted(session: Session, line: str) -> Step:
    return adapted(parse_step(line), session.run.profile.traits)


def request_of(run: Run, command: Command) -> Request:
    """The request of a command, after those that have to come before it."""
    account, known = run.target.address.account, dict[str, str]()
    while (preparation := run.profile.prepare(command, account, known)) is not None:
        exchange = run.target.send(preparation.request)
        given = preparation.read(exchange.answer) if isinstance(exchange.answer, Answer) else None
        if given is None or isinstance(given, Refused):
            raise Unanswered(exchange)
        known |= given
    return run.profile.encode(command, account, known)


def perform(session: Session, target: Target, command: Command, words: str) -> Outcome:
    """Send a command as a client. Unanswered if the answer proves nothing."""
    try:
        outcome, exchange = target.perform(command)
    except Unnamed:
        pytest.skip("the target did not say under which id it knows the card")
    remember(session, words, exchange)
    if isinstance(outcome, Unknown):
        outcome = outcome_of(session.run, command, exchange)
    if isinstance(outcome, Unknown):
        raise Unanswered(exchange)
    return outcome


def remember(session: Session, words: str, exchange: Exchange) -> None:
    """Keep what no step can spell, so that a violation shows it and is not replayed without it."""
    session.story.add_exchange(words, exchange)
    session.story.leave_program()
    session.story.note(words)


def outcome_of(run: Run, command: Command, exchange: Exchange) -> Outcome:
    """What an answer proves. To a client of the run 401 and 403 may be a passing failure, so that a
    profile need not say that they refuse; here they are what is asked for."""
    if exchange.answer.status in (401, 403):
        return Refused(exchange.answer.status)
    return run.profile.outcome(command, exchange.answer)


def expect_refusal(session: Session, breaks: str, words: str, outcome: Outcome) -> None:
    """Record a violation if the outcome is an acceptance; Unanswered if it proves nothing."""
    session.run.count_checked(breaks)
    if isinstance(outcome, Unknown):
        raise Unanswered(session.story.last_exchange)
    if isinstance(outcome, Accepted):
        violate(session, breaks, f"a refusal: {words}", "accepted")


def note(session: Session, violation: Violation) -> None:
    """Record a violation after which the test goes on."""
    session.run.note(session.story.finding_in_words(violation, session.run.target.meter.requests))


def violate(session: Session, breaks: str, expected: str, actual: str) -> None:
    """Record a violation, and raise it."""
    Direct(session.run, story=session.story).violate(breaks, expected, actual)
