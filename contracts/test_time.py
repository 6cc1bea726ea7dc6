"""TIME: a card pays only within its period, by the clock of the target.

What has to wait is prepared early in the run and looked at late, so that little waiting is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of, is_refused
from contracts.support.token_lives import LATER_S, LONGEST_S, REQUESTS, TokensInUse
from contracts.support.visits import APPOINTMENTS
from tallystick.fixtures import Check
from tallystick.ledger.vocabulary import IssueToken, Kind, Transact
from tallystick.repeating import until_answered
from tallystick.run import Run, Violated
from tallystick.suite import Suite
from tallystick.target import Answer, NotSupported

rule = pytest.mark.rule
wallet = pytest.mark.api("wallet")

BY_TIME = ("TIME-1", "TIME-2", "TOKEN-5")
"""The rules that cannot be judged without the target's clock."""
SOON_S = 4
"""Seconds until a card of this module expires; it can pay until one or two seconds before that."""
TOKENS_S = (1, 2)


@dataclass(slots=True)
class Prepared:
    """A stage that was prepared before the wait."""

    stage: Stage
    values: list[str] = field(default_factory=list)
    """The values of tokens that expire during the wait."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What was prepared, or what ended its preparation, by name; the moment when all is over.

    The moment is of `time.monotonic`.
    """

    prepared: dict[str, Prepared | BaseException]
    over: float


BEFORE: dict[str, tuple[str, ...]] = {
    "expired": (
        'A = card 1000 NOK with {"expires_at": "{soon}"}',
        "h1 = hold A 300",
        "h2 = hold A 200",
        "h3 = hold A 100",
        "c0 = capture h3 40",
        "t = token A",
        "info t",
        "f0 = fund t 20",
        "d0 = draw t 5",
        "customer A",
    ),
    "activated_and_expired": (
        "A = batch",
        'activate A 700 NOK with {"expires_at": "{soon}"}',
        "h = hold A 100",
        "t = token A",
    ),
    "expired_at_an_offset": (
        'A = card 1000 NOK with {"expires_at": "{soon}@-12:00"}',
        "h = hold A 100",
    ),
    "become_active": (
        'A = card 1000 NOK with {"active_from": "{soon}"}',
        "x = draw A 10",
        "f = fund A 50",
    ),
    "become_active_by_activation": (
        "A = batch",
        'activate A 700 NOK with {"active_from": "{soon}"}',
        "x = hold A 10",
    ),
    "without_an_end": ("A = batch", "activate A 700 NOK"),
    "behind_a_token_that_lasts": ("A = card 1000 NOK", "t = token A"),
    "retried_late": (
        "A = card 1000 NOK",
        "h = hold A 300",
        "i = hold A 50",
        "d = draw A 10",
        "f = fund A 20",
        "c = capture h 100",
        "v = void i",
    ),
}
AFTER: dict[str, tuple[str, ...]] = {
    "expired": (
        "d = draw A 10",
        "h4 = hold A 10",
        "f = fund A 10",
        "p = draw t 10",
        "q = hold t 10",
        "g = fund t 10",
        "c1 = capture h1 100",
        "c2 = capture h1",
        "v2 = void h2",
        "v3 = void h3",
    ),
    "activated_and_expired": ("d = draw t 10", "g = hold A 10", "f = fund A 10"),
    "expired_at_an_offset": ("d = draw A 10", "g = hold A 10", "f = fund A 10"),
    "become_active": ("d = draw A 10", "h = hold A available", "c = capture h 5", "v = void h"),
    "become_active_by_activation": ("d = draw A 10", "h = hold A available"),
    "without_an_end": ("d = draw A 10", "h = hold A available"),
    "behind_a_token_that_lasts": ("info t", "d = draw t 10", "h = hold t 10"),
    "retried_late": ("again d", "again f", "again c", "again v", "again h", "x = draw A available"),
}


@pytest.fixture(autouse=True)
def clocks_agree(run: Run, suite: Suite) -> None:
    """Nothing is judged by the target's time if its clocks disagree about it."""
    if run.clock.disagreement:
        suite.not_claimed.update(dict.fromkeys(BY_TIME, run.clock.disagreement))
        pytest.skip(run.clock.disagreement)


# Without a wait -----------------------------------------------------------------------------------


@rule("TIME-1")
@pytest.mark.parametrize("start", ["now+3600", "now+3600@-05:00", "now+2764800"])
def test_before_active_from_a_card_takes_funds_only(check: Check, start: str) -> None:
    check(
        f'A = card 1000 NOK with {{"active_from": "{start}", "customer_tail": "customer"}}',
        "t = token A",
        "d = draw A 10",
        "h = hold A 10",
        "p = draw t 10",
        "q = hold t 10",
        "z = draw A 0",
        "y = hold A 0",
        "f = fund A 50",
        "g = fund t 50",
        "e = draw A 10",
        unread=2,
    )


@rule("TIME-1", "CARD-6")
def test_an_activated_card_waits_for_its_active_from(check: Check) -> None:
    check(
        "A = batch",
        'activate A 700 NOK with {"active_from": "now+3600"}',
        "t = token A",
        "d = draw t 10",
        "h = hold A 10",
        "q = hold t 10",
        "f = fund A 50",
        unread=3,
    )


@rule("TIME-2")
@pytest.mark.parametrize("end", ["now-600", "now-600@+05:30"])
def test_a_card_that_has_expired_before_it_was_made_takes_nothing(check: Check, end: str) -> None:
    check(
        f'A = card 1000 NOK with {{"expires_at": "{end}"}}',
        "d = draw A 10",
        "h = hold A 10",
        "f = fund A 10",
        "z = draw A 0",
        "y = hold A 0",
        "g = fund A 0",
    )


@rule("TIME-1", "TIME-2", "TX-1")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"),
        ("2020-07-01T00:00:00Z", "2090-07-01T00:00:00+02:00"),  # in other hours of summer
        ("now-3600@+05:00", "now+3600@-05:00"),
        ("now-60", "now+60"),
    ],
)
def test_within_its_period_a_card_takes_everything(check: Check, start: str, end: str) -> None:
    check(
        f'A = card 1000 NOK with {{"active_from": "{start}", "expires_at": "{end}"}}',
        "h = hold A 300",
        "d = draw A 10",
        "f = fund A 50",
        "c = capture h 100",
        "v = void h",
        unread=5,
    )


# After a wait -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def waiting(run: Run, suite: Suite) -> Waiting:
    """Everything that has to wait, by its name."""
    is_taken, soon = until_answered(run, lambda: _try_a_short_life(run))
    wanted = dict(BEFORE)
    if not is_taken:  # which periods a server takes is open (question 30)
        suite.not_claimed["TIME-2"] = f"the target makes no card that lives {SOON_S} s only"
        wanted = {name: lines for name, lines in BEFORE.items() if "expire" not in name}
    found = {
        name: _prepared(run, partial(_with_cards, run, lines, soon))
        for name, lines in wanted.items()
    }
    found["tokens"] = _prepared(run, partial(_with_tokens, run))
    return Waiting(found, time.monotonic() + soon + LATER_S)


@pytest.fixture
def waited(waiting: Waiting) -> Waiting:
    """The same, when it is over."""
    time.sleep(max(0.0, waiting.over - time.monotonic()))
    return waiting


@wallet
@pytest.mark.prepares
def test_what_ends_soon_is_prepared(waiting: Waiting, in_use: TokensInUse | BaseException) -> None:
    assert waiting.prepared
    assert in_use


def _try_a_short_life(run: Run) -> tuple[bool, int]:
    """Whether a card may live SOON_S, and how many seconds the cards need on this target."""
    stage = Stage(run, "A = card 1000 NOK")
    began = time.monotonic()
    ends = run.clock.text(run.clock.now() + SOON_S)
    trial = stage.send(request_builders.open_card(stage.base, stage.fresh_card(), expires_at=ends))
    soon = SOON_S + min(LONGEST_S, int(REQUESTS * (time.monotonic() - began)))
    return not is_refused(trial), soon


def _prepared(run: Run, prepare: Callable[[], Prepared]) -> Prepared | BaseException:
    """What is prepared, or what ended it: the test that needs it reports that, and no other."""
    try:
        return until_answered(run, prepare)
    except (Violated, NotSupported, pytest.skip.Exception) as ended:
        return ended


def _with_cards(run: Run, lines: tuple[str, ...], soon: int) -> Prepared:
    stage = Stage(run)
    stage.perform(*[line.replace("{soon}", f"now+{soon}") for line in lines], unread=True)
    return Prepared(stage)


def _with_tokens(run: Run) -> Prepared:
    """A card with tokens that live a second or two, and one that was made with its card."""
    stage = Stage(run, "A = card 1000 NOK")
    prepared = Prepared(stage)
    generator = {"expires_in": max(TOKENS_S), "expires_after_transaction": False}
    made = body_of(
        stage.send(
            request_builders.open_card(stage.base, stage.fresh_card(), 100, card_token=generator)
        )
    )
    with_its_card = ((made or {}).get("card_token") or {}).get("token") or {}
    if with_its_card.get("value"):
        prepared.values.append(with_its_card["value"])
    card = stage.card_id("A")
    longest: tuple[IssueToken, Answer] | None = None
    for seconds in TOKENS_S:
        for once in (True, False):
            ref = stage.fresh_ref("t")
            request = request_builders.issue_token(
                stage.base, card, ref, expires_in=seconds, expires_after_transaction=once
            )
            answer = stage.send(request)
            token = (body_of(answer) or {}).get("token") or {}
            if token.get("value"):
                prepared.values.append(token["value"])
                longest = IssueToken(card, ref, once), answer
    if longest is not None:
        stage.take("A", *longest)
        _hold_by(stage, prepared.values[-1])
    return prepared


def _hold_by(stage: Stage, value: str) -> None:
    """A hold by a token that is about to expire: it may be accepted or refused."""
    card, ref = stage.card_id("A"), stage.fresh_ref()
    answer = stage.send(request_builders.transact(stage.base, ref, 100, token=value, pending=True))
    if body_of(answer) is not None:
        stage.take("A", Transact(Kind.HOLD, card, 100, "NOK", ref, value), answer, name="h")


def _prepared_as(waited: Waiting, name: str) -> Prepared:
    found = waited.prepared.get(name)
    if found is None:
        pytest.skip("the target makes no card that expires so soon")
    if not isinstance(found, Prepared):
        raise found
    return found


@wallet
@pytest.mark.waits
@rule("TIME-2", "TIME-1", "TOKEN-6", "TOKEN-3", "REF-5")
@pytest.mark.parametrize("name", AFTER)
def test_after_the_wait_a_card_is(waited: Waiting, name: str) -> None:
    stage = _prepared_as(waited, name).stage
    stage.perform(*AFTER[name])
    stage.finish()


@wallet
@pytest.mark.waits
@rule("TOKEN-5", "BAL-6", "CAP-1", "VOID-6")
def test_an_expired_token_is_refused_everywhere(waited: Waiting) -> None:
    prepared = _prepared_as(waited, "tokens")
    stage = prepared.stage
    if not prepared.values:
        pytest.skip("the target makes no token that expires so soon")
    for value in prepared.values:
        for request in stage.offered(
            request_builders.info(stage.base, value),
            request_builders.transact(stage.base, stage.fresh_ref(), 1, token=value),
            request_builders.transact(stage.base, stage.fresh_ref(), 1, token=value, pending=True),
        ):
            stage.direct.expect_refusal("TOKEN-5", stage.send(request), "the token has expired")
    stage.read_back("TOKEN-5")
    if "h" in stage.session.resolver.bindings:  # a hold does not need its token any more
        stage.perform("c = capture h 40", "v = void h")
        stage.finish()


# Tokens that are used -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def in_use(run: Run, pytestconfig: pytest.Config) -> TokensInUse | BaseException:
    """The tokens, which are used while other tests run; or what ended their preparation."""
    try:
        found = until_answered(run, lambda: TokensInUse(run).prepare())
    except (Violated, NotSupported, pytest.skip.Exception) as ended:
        return ended
    pytestconfig.stash[APPOINTMENTS].add(found.appointment)
    return found


@wallet
@pytest.mark.waits
@rule("TOKEN-5")
def test_a_token_ends_on_time_however_it_was_used(
    run: Run, in_use: TokensInUse | BaseException
) -> None:
    if not isinstance(in_use, TokensInUse):
        raise in_use
    if in_use.appointment.is_kept():
        in_use.judge()
        return
    at_once = TokensInUse(run).prepare()  # the tests in between took too long
    at_once.appointment.has_to_be_kept("the target is too slow to use a token before its end")
    at_once.judge()
