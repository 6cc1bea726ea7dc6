"""REF, CARD and TOKEN: whatever a server accepts is held to all that depends on it.

The documentation sets no rule for an empty ref_id, a very long life or a card in the year 9999, so
each may be refused. What is accepted is repeated, read back and used.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of, is_refused, may_want_pin
from tallystick.ledger.vocabulary import (
    Capture,
    CardId,
    Command,
    IssueToken,
    Kind,
    OpenCard,
    RefId,
    Transact,
    Void,
)
from tallystick.profiles.wallet import operations as op
from tallystick.run import Run
from tallystick.target import Answer

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

REFS = ("", " ", "0", "null", "x" * 1000, "贈り物🎁", "a/b?c=d#e", "__proto__", "constructor")
"""ref_ids that a program may take for none, or for something else."""


@rule("REF-1", "REF-6", "TX-8")
def test_an_unusual_ref_id_that_is_accepted_has_one_effect(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    card = stage.card_id("A")
    asked = [
        Transact(Kind.DRAWDOWN, card, 10 + number, "NOK", RefId(ref))
        for number, ref in enumerate(REFS)
    ]
    for command in (*asked, *asked):
        stage.do("A", command)
    stage.read_back()


@rule("REF-1", "REF-6", "CAP-8")
def test_an_empty_ref_id_has_one_effect_in_every_operation(run: Run) -> None:
    stage = Stage(run, *[f"{label} = card 1000 NOK" for label in "ABC"], "h = hold C 500")
    ref = RefId("")
    first, second, third = (stage.card_id(label) for label in "ABC")
    asked: tuple[tuple[str, Command], ...] = (
        ("A", Transact(Kind.HOLD, first, 70, "NOK", ref)),
        ("B", Transact(Kind.FUND, second, 70, "NOK", ref)),
        ("C", Capture(third, stage.entry_id("h"), 70, ref)),
    )
    for label, command in asked:
        for _ in range(2):
            stage.do(label, command)
    stage.read_back()
    stage.perform("D = card 1000 NOK", "i = hold D 300", "j = hold D 200", unread=True)
    for name in ("i", "j"):  # where it was spent, the second one may be refused
        stage.do("D", Void(stage.card_id("D"), stage.entry_id(name), ref))
    stage.read_back(only="D")


LIVES_S = (2**31, 10**10)


@rule("TOKEN-3", "TOKEN-5", "TOKEN-6")
def test_a_long_life_that_is_accepted_has_not_ended(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    stage.require(op.ISSUE_TOKEN)
    card = stage.card_id("A")
    for life_s in LIVES_S:
        ref = stage.fresh_ref("t")
        answer = stage.send(
            request_builders.issue_token(
                stage.base, card, ref, expires_in=life_s, expires_after_transaction=False
            )
        )
        if is_refused(answer):
            continue
        name = f"t{life_s}"
        stage.take("A", IssueToken(card, ref, one_time=False), answer, name=name)
        if stage.has(op.READ_BY_TOKEN):
            answer = stage.send(request_builders.info(stage.base, stage.token(name)))
            if not may_want_pin(stage, "A", answer):
                what = f"a token of {life_s} s in use"
                stage.direct.expect("TOKEN-3", body_of(answer) is not None, what, "a refusal")
        payment = Transact(Kind.DRAWDOWN, card, 1, "NOK", stage.fresh_ref(), stage.token(name))
        stage.do("A", payment)
    stage.read_back(lists=False)


PERIODS: dict[str, dict[str, Any]] = {
    "an_end_after_2038": {"expires_at": "2038-01-19T03:14:08Z"},
    "the_last_end": {"expires_at": "9999-12-31T23:59:59Z"},
    "a_start_before_1970": {"active_from": "1969-12-31T23:59:59Z"},
}


@rule("TX-1", "FUND-1", "CARD-2")
@pytest.mark.parametrize("period", PERIODS)
def test_a_far_period_that_is_accepted_contains_today(run: Run, period: str) -> None:
    stage = Stage(run)
    card_id, members = stage.fresh_card(), PERIODS[period]
    answer = stage.send(request_builders.open_card(stage.base, card_id, 100, **members))
    if is_refused(answer):
        return
    stage.take("A", OpenCard(card_id, 100, "NOK", tuple(members.items())), answer)
    stage.perform("d = draw A 10", "f = fund A 5", unread=True)
    stage.read_back(lists=False)


NOTATIONS: dict[str, tuple[str, int]] = {
    "a fraction of a second": ("%Y-%m-%dT%H:%M:%S.5Z", 0),
    "nine digits of a fraction": ("%Y-%m-%dT%H:%M:%S.123456789Z", 0),
    "small letters": ("%Y-%m-%dt%H:%M:%Sz", 0),
    "an offset of quarters of an hour": ("%Y-%m-%dT%H:%M:%S+05:45", 345),
    "an offset behind UTC": ("%Y-%m-%dT%H:%M:%S-03:30", -210),
}
"""Notations of RFC 3339, which the document names: the form, and its offset in minutes."""
HOUR_S = 3600


@rule("TIME-2", "TX-1")
@pytest.mark.parametrize("made_by", ["create", "activation"])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_an_end_that_is_accepted_is_the_end_in_every_notation(
    run: Run, notation: str, made_by: str
) -> None:
    stage = Stage(run)
    for ends_in_s, paid in _paid_around(stage, notation, made_by, "expires_at"):
        if ends_in_s < 0:
            stage.direct.expect_refusal("TIME-2", paid, "the card has expired an hour ago")
        else:
            stage.direct.expect(
                "TX-1", not is_refused(paid), "a drawdown in the last hour of a card", "a refusal"
            )


@rule("TIME-1", "TX-1")
@pytest.mark.parametrize("made_by", ["create", "activation"])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_start_that_is_accepted_is_the_start_in_every_notation(
    run: Run, notation: str, made_by: str
) -> None:
    stage = Stage(run)
    for starts_in_s, paid in _paid_around(stage, notation, made_by, "active_from"):
        if starts_in_s > 0:
            stage.direct.expect_refusal("TIME-1", paid, "the card starts in an hour")
        else:
            stage.direct.expect(
                "TX-1", not is_refused(paid), "a drawdown in the second hour of a card", "a refusal"
            )


def _paid_around(
    stage: Stage, notation: str, made_by: str, member: str
) -> Iterator[tuple[int, Answer]]:
    """A drawdown on a card of which the time was an hour ago, and on one of which it is in an hour.

    Whether a card may be made with such a time is open (question 30): without one, nothing is paid.
    """
    clock = stage.run.clock
    if clock.disagreement:
        pytest.skip(clock.disagreement)
    form, offset_min = NOTATIONS[notation]
    for seconds in (-HOUR_S, HOUR_S):
        local = datetime.fromtimestamp(clock.now() + seconds + 60 * offset_min, UTC)
        card_id = _made_with(stage, made_by, **{member: local.strftime(form)})
        if card_id is not None:
            paying = request_builders.transact(stage.base, stage.fresh_ref(), 1, card_id=card_id)
            yield seconds, stage.send(paying)


def _made_with(stage: Stage, made_by: str, **period: str) -> CardId | None:
    """A card of that period, with 100 on it; None if the target makes none."""
    card_id = stage.fresh_card()
    if made_by == "create":
        wanted = request_builders.open_card(stage.base, card_id, 100, **period)
    else:
        stage.require(op.PREPARE_CARDS, op.ACTIVATE_CARD)
        entry = {"card_id": card_id, "type": "gift_card"}
        stage.send(request_builders.batch(stage.base, [entry]))
        wanted = request_builders.activate(stage.base, card_id, 100, **period)
    return None if is_refused(stage.send(wanted)) else card_id


UNUSUAL_IDS = ("{}'; --", "{}贈り物", "{:x<255}")


@rule("CARD-3", "BAL-7")
def test_an_unusual_card_id_that_is_accepted_names_one_card(run: Run) -> None:
    stage = Stage(run)
    base = stage.fresh("u")
    for label, form in zip("ABC", UNUSUAL_IDS, strict=True):
        card = CardId(form.format(base))
        answer = stage.send(request_builders.open_card(stage.base, card, 100))
        if is_refused(answer):
            continue
        stage.take(label, OpenCard(card, 100, "NOK"), answer)
        stage.do(label, Transact(Kind.DRAWDOWN, card, 30, "NOK", stage.fresh_ref()))
        stage.send(request_builders.open_card(stage.base, card, 777))
        stage.read_back("CARD-3", only=label, lists=False)
