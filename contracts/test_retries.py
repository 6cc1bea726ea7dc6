"""TOKEN and CARD: requests that are no payments, sent once more as a client does after a time-out.

A repeat is answered as before or refused; it makes no second token, and takes nothing away that the
first answer gave.
"""

from __future__ import annotations

from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage, body_of, is_refused
from tallystick.conditions import shows, status_in
from tallystick.profiles.wallet import operations as op
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import Answer

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

PIN = {"format": {"length": 6, **request_builders.DIGITS}}
LASTING = {"expires_in": 3600, "expires_after_transaction": False}


def _token_in(body: Any) -> str | None:
    """The value of the token in an answer; None if there is none."""
    token = body.get("token") if isinstance(body, dict) else None
    value = token.get("value") if isinstance(token, dict) else None
    return value if isinstance(value, str) else None


def _pin_in(body: Any) -> str | None:
    """The value of the PIN in an answer; None if there is none."""
    part = (body or {}).get("pin") or {}
    value = (part.get("pin") or {}).get("value")
    return value if isinstance(value, str) else None


@rule("TOKEN-11", "TOKEN-2")
@pytest.mark.parametrize("once", [True, False], ids=["one_time", "lasting"])
def test_a_token_that_is_asked_for_again_is_the_same_token(run: Run, once: bool) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    stage.require(op.ISSUE_TOKEN)
    card = stage.card_id("A")
    wanted = request_builders.issue_token(
        stage.base, card, stage.fresh_ref("t"), expires_after_transaction=once
    )
    value = _token_in(body_of(stage.send(wanted)))
    if value is None:
        stage.direct.violate("TOKEN-1", "a token", "none")
    _is_the_same(stage, wanted, value)
    for _ in range(2):
        stage.send(request_builders.issue_token(stage.base, card, stage.fresh_ref("u")))
    _pay(stage, value)
    _is_the_same(stage, wanted, value)
    if once:
        again = _pay(stage, value)
        stage.direct.expect_refusal("TOKEN-2", again, "the token has paid, and is no new one")


def _is_the_same(stage: Stage, wanted: Request, value: str) -> None:
    again = stage.send(wanted)
    shown = _token_in(body_of(again))
    stage.direct.expect(
        "TOKEN-11",
        shown in (value, None),
        f"the first token {value!r}, or a refusal",
        f"another token {shown!r}",
        right=(shows(("token", "value"), value, None), status_in(range(400, 500))),
    )


def _pay(stage: Stage, value: str) -> Answer:
    return stage.send(request_builders.transact(stage.base, stage.fresh_ref(), 1, token=value))


@rule("CARD-3", "TOKEN-3")
@pytest.mark.parametrize("made_by", ["create", "batch"])
def test_a_repeat_takes_no_code_of_a_card_away(run: Run, made_by: str) -> None:
    stage = Stage(run)
    stage.require(op.ISSUE_TOKEN, op.ROTATE_PIN, op.READ_BY_TOKEN)
    card = stage.fresh_card()
    wanted = request_builders.open_card(stage.base, card, 100, pin=PIN, card_token=LASTING)
    if made_by == "batch":
        stage.require(op.PREPARE_CARDS, op.ACTIVATE_CARD)
        entry = {"card_id": card, "type": "gift_card"}
        wanted = request_builders.batch(stage.base, [entry], pin=PIN, card_token={})
    body = body_of(stage.send(wanted)) or {}
    made = (body.get("cards") or [{}])[0] if made_by == "batch" else body
    token, pin = _token_in(made.get("card_token")), _pin_in(made)
    stage.send(wanted)
    if made_by == "batch":
        activation = request_builders.activate(stage.base, card)
        for _ in range(2):
            stage.send(activation)
    if token is None or pin is None:
        pytest.skip("the answer shows no token or no PIN")
    shown = stage.send(request_builders.info(stage.base, token, pin=pin))
    stage.direct.expect(
        "CARD-3",
        not is_refused(shown),
        f"card {card!r} by the token and the PIN of the first answer",
        "a refusal",
    )
