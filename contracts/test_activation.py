"""CARD: cards that are prepared in a batch, and their activation, which loads them once."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from contracts.support import request_builders
from contracts.support.staging import FIRST, SECOND, Stage, body_of, is_refused, spelled
from tallystick.conditions import ACCEPTED, listing, shows
from tallystick.fixtures import Check
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    IssueToken,
    Kind,
    PrepareCard,
    TokenRecord,
    Transact,
)
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.wire import card_record
from tallystick.run import Run
from tallystick.target import Answer

rule = pytest.mark.rule
broad = pytest.mark.broad
wallet = pytest.mark.api("wallet")

ALL: dict[str, object] = {
    "name": "Everything",
    "originated_by": "web",
    "metadata": {"order": "7"},
    "active_from": "2020-01-01T00:00:00Z",
    "expires_at": "2090-01-01T00:00:00Z",
}

MANY = 101
"""More cards than databases and pages take at once by the usual bounds: 25, 50 and 100."""
BEHAVIOUR = {"expires_in": 3600, "expires_after_transaction": False}


Entries = dict[str, tuple[CardId, str]]
"""The id and the type of cards, by label."""


def _batch(stage: Stage, *types: str) -> None:
    """Make cards A, B, ... in one batch; two of a type in each, if that is refused.

    How many a batch may hold is not documented, nor whether their types may differ (question 40).
    """
    cards = _fresh_entries(stage, types)
    answer = _send_batch(stage, cards)
    if not is_refused(answer):
        _is_made(stage, cards, answer)
        return
    # With other ids: a refusal that comes after a busy gateway (429) may hide that they were made.
    cards = _fresh_entries(stage, types)
    for kind in dict.fromkeys(types):
        alike = [item for item in cards.items() if item[1][1] == kind]
        for start in range(0, len(alike), 2):
            few = dict(alike[start : start + 2])
            _is_made(stage, few, _send_batch(stage, few))


def _fresh_entries(stage: Stage, types: Iterable[str]) -> Entries:
    return {chr(ord("A") + n): (stage.fresh_card("b"), kind) for n, kind in enumerate(types)}


def _send_batch(stage: Stage, cards: Entries) -> Answer:
    entries = [{"card_id": card_id, "type": kind} for card_id, kind in cards.values()]
    return stage.send(request_builders.batch(stage.base, entries))


def _is_made(stage: Stage, cards: Entries, answer: Answer) -> None:
    for label, (card_id, _) in cards.items():
        stage.take(label, PrepareCard(card_id), answer)
    if body_of(answer) is not None:
        shown = sorted(str(item.get("card_id")) for item in _cards_of(answer))
        wanted = sorted(card_id for card_id, _ in cards.values())
        stage.direct.expect(
            "CARD-4", shown == wanted, f"{wanted}", f"{shown}", right=listing(shown, wanted)
        )


def _cards_of(answer: Answer) -> list[dict[str, object]]:
    """The cards that the answer to a batch shows; what does not fit the document is left out."""
    body = body_of(answer)
    cards = body.get("cards") if isinstance(body, dict) else None
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []


@wallet
@rule("CARD-4", "CARD-5", "CARD-13", "CARD-2")
def test_a_batch_makes_every_card_and_none_can_pay(run: Run) -> None:
    stage = Stage(run)
    types = ("gift_card", "credit_note", "gift_card", "gift_card")
    _batch(stage, *types)
    for label, kind in zip("ABCD", types, strict=True):
        body = body_of(stage.send(request_builders.read_card(stage.base, stage.card_id(label))))
        if body is None:
            stage.direct.violate(
                "CARD-4", f"card {label} of the batch", "it cannot be read", right=(ACCEPTED,)
            )
        stage.shows(label, body, "CARD-4")
        _has_type(stage, body, kind)
        status = body.get("status", "inactive")
        stage.direct.expect(
            "CARD-13",
            status in ("inactive", "created"),
            "status inactive",
            f"status {status}",
            right=(shows(("status",), "inactive", "created"),),
        )
    stage.perform("d = draw A 1", "h = hold B 1", "z = draw C 0", "t = token D", "p = draw t 1")
    stage.perform("activate B 500 NOK", "delete A", "activate D 300 NOK", unread=True)
    # An activation names no type: the card keeps the one that the batch gave it.
    body = body_of(stage.send(request_builders.read_card(stage.base, stage.card_id("B"))))
    if body is not None:
        _has_type(stage, body, types[1])
    stage.finish()


def _has_type(stage: Stage, body: dict[str, object], kind: str) -> None:
    stage.direct.expect(
        "CARD-2",
        body.get("type") == kind,
        kind,
        str(body.get("type")),
        right=(shows(("type",), kind),),
    )


@broad
@wallet
@rule("CARD-5", "TOKEN-3", "TOKEN-4")
@pytest.mark.parametrize("members", [{}, {"card_token": BEHAVIOUR}], ids=["", "as_activated"])
def test_a_token_that_is_printed_with_its_card_pays_for_it_once_it_is_active(
    run: Run, members: dict[str, object]
) -> None:
    stage = Stage(run)
    stage.require(op.ISSUE_TOKEN, op.ACTIVATE_CARD)  # a target without tokens prints none
    card_id = stage.fresh_card("b")
    asked = request_builders.batch(
        stage.base,
        [{"card_id": card_id, "type": "gift_card"}],
        card_token={"format": {"length": 16, **request_builders.DIGITS}},
    )
    answer = stage.send(asked)
    stage.take("A", PrepareCard(card_id), answer)
    printed = ((body_of(answer) or {}).get("cards") or [{}])[0].get("card_token") or {}
    value = (printed.get("token") or {}).get("value")
    if not value:
        pytest.skip("the batch printed no token")
    early = stage.send(request_builders.transact(stage.base, stage.fresh_ref(), 1, token=value))
    stage.direct.expect_refusal("CARD-5", early, "the card is inactive")
    stage.perform(f"activate A 700 NOK {spelled(members)}")
    for request in stage.offered(request_builders.info(stage.base, value)):
        shown = body_of(stage.send(request))
        if shown is not None:
            stage.shows("A", shown, "TOKEN-3")
    ref = stage.fresh_ref()
    paid = stage.send(request_builders.transact(stage.base, ref, 100, token=value))
    if not is_refused(paid):  # for how long a printed token lives is not documented
        issued = IssueToken(card_id, stage.fresh_ref("t"))
        stage.session.judge("A", issued, Accepted(TokenRecord(value)))
        stage.take("A", Transact(Kind.DRAWDOWN, card_id, 100, "NOK", ref, value), paid)
    stage.finish()


@wallet
@rule("CARD-4")
def test_a_batch_that_names_a_card_twice_makes_at_most_one(run: Run) -> None:
    stage = Stage(run)
    card_id = stage.fresh_card("twice")
    twice = [{"card_id": card_id, "type": "gift_card"}] * 2
    shown = _cards_of(stage.send(request_builders.batch(stage.base, twice)))
    ids = {str(card["id"]) for card in shown if card.get("card_id") == card_id and "id" in card}
    stage.direct.expect("CARD-4", len(ids) <= 1, f"one card {card_id!r}", f"two: {sorted(ids)}")
    answer = stage.send(request_builders.read_card(stage.base, card_id))
    record = card_record(body_of(answer))
    stage.direct.expect(
        "CARD-4",
        is_refused(answer) or record.balance in (0, None),
        "a card without money, or none",
        f"amount_balance {record.balance}",
    )


@wallet
@rule("CARD-4")
def test_a_large_batch_makes_every_card_or_none_of_them(run: Run) -> None:
    """How many a batch may hold is not documented (question 40): it may be refused."""
    stage = Stage(run)
    stage.require(op.PREPARE_CARDS)
    wanted = [stage.fresh_card("b") for _ in range(MANY)]
    cards = [{"card_id": card_id, "type": "gift_card"} for card_id in wanted]
    answer = stage.send(request_builders.batch(stage.base, cards))
    if is_refused(answer):
        return
    shown = [card.get("card_id") for card in _cards_of(answer)]
    stage.direct.expect(
        "CARD-4",
        sorted(map(str, shown)) == sorted(wanted),
        f"each of {MANY} cards",
        f"{len(shown)} cards",
        right=listing(shown, wanted),
    )
    for card_id in (wanted[MANY // 2], wanted[-1]):
        read = stage.send(request_builders.read_card(stage.base, card_id))
        missed = "it cannot be read"
        stage.direct.expect(
            "CARD-4", not is_refused(read), f"card {card_id!r}", missed, right=(ACCEPTED,)
        )


@wallet
@rule("SHAPE-4")
def test_a_batch_takes_no_card_id_that_is_too_long(run: Run) -> None:
    stage = Stage(run)
    cards = [{"card_id": stage.fresh_card("b").ljust(256, "x"), "type": "gift_card"}]
    answer = stage.send(request_builders.batch(stage.base, cards))
    stage.direct.expect_refusal("SHAPE-4", answer, "a card_id has at most 255 characters")


@broad
@wallet
@rule("CARD-5", "CARD-6", "CARD-13", "CARD-2")
def test_an_activation_loads_its_amount_and_what_it_carries(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.PREPARE_CARDS, op.ACTIVATE_CARD)
    customer = stage.fresh("customer")
    members = {**ALL, "customer_id": customer}
    stage.perform("A = batch", "x = draw A 1", f"activate A 700 NOK {spelled(members)}")
    body = body_of(stage.send(request_builders.read_card(stage.base, stage.card_id("A"))))
    status = (body or {}).get("status", "unused")
    stage.direct.expect(
        "CARD-13",
        status == "unused",
        "status unused",
        f"status {status}",
        right=(shows(("status",), "unused"),),
    )
    stage.perform("customer A", "d = draw A 200", "e = draw A available+1", "h = hold A available")
    stage.finish()


@rule("CARD-5", "BAL-6")
def test_money_on_a_card_that_waits_for_activation_is_not_spent(check: Check) -> None:
    # Whether it accepts a fund is open (question 26); it must not accept a payment.
    check("A = batch", "f = fund A 100", "d = draw A 10", "h = hold A 10", unread=3)


@broad
@rule("CARD-6", "TOKEN-2")
@pytest.mark.parametrize("currency", ["SEK", "EUR"])
def test_an_activation_may_choose_the_currency(check: Check, currency: str) -> None:
    check(
        "A = batch",
        f"activate A 700 {currency}",
        't = token A with {"one_time": "true"}',
        "p = draw t 100",
        "q = draw t 100",
        "d = draw A available",
        unread=6,
    )


@rule("CARD-6", "CARD-7")
def test_a_card_is_activated_once(check: Check) -> None:
    check(
        "A = batch",
        "activate A 500 NOK",
        "activate A 500 NOK",
        "activate A 700 NOK",
        "d = draw A 200",
        "activate A 500 NOK",
        "activate A 900 NOK",
        "e = draw A available",
        "activate A 500 NOK",
        "activate A 1 NOK",
        unread=1,
    )


@rule("CARD-6", "CARD-7", "CARD-5")
def test_an_activation_with_nothing_activates_too(check: Check) -> None:
    # Whether it is accepted is open (question 8); then the card waits no more.
    check("A = batch", "activate A 0 NOK", "activate A 500 NOK", "f = fund A 100", "d = draw A 60")


@wallet
@rule("CARD-7")
def test_only_an_inactive_card_is_activated(check: Check) -> None:
    check(
        f"A = card 500 NOK {spelled(FIRST)}",
        "activate A 500 NOK",
        f"activate A 900 NOK {spelled(SECOND)}",
        "d = draw A 200",
        "activate A 500 NOK",
        "B = batch",
        "delete B",
        "activate B 500 NOK",
        "x = draw B 1",
    )
