"""CARD: a PIN is shown once, in the requested format, and a new PIN replaces it."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.staging import FIRST, Stage, body_of, is_refused, pin_of, spelled, texts_in
from tallystick.ledger.vocabulary import OpenCard
from tallystick.profiles.wallet import operations as op
from tallystick.run import Run

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")


PARTS = ("pin", "tokens", "card_token")
"""What a read may be asked to include, by the names of the members that have secrets."""


def _is_pin(value: object, length: int) -> bool:
    return isinstance(value, str) and len(value) == length and value.isascii() and value.isdigit()


def _rotated(stage: Stage, label: str, length: int) -> str:
    """A new PIN of digits for a card; Violated if the server refuses it or it has another form."""
    wanted = request_builders.rotate_pin(
        stage.base, stage.card_id(label), length=length, **request_builders.DIGITS
    )
    body = body_of(stage.send(wanted))
    if body is None:
        stage.direct.violate("CARD-11", "a new PIN", "a refusal")
    pin = pin_of(body)
    stage.direct.expect("CARD-11", _is_pin(pin, length), f"a PIN of {length} digits", f"{pin!r}")
    return str(pin)


@rule("CARD-11")
def test_a_rotated_pin_replaces_the_old_one(run: Run) -> None:
    stage = Stage(run, f"A = card 1000 NOK {spelled(FIRST)}")
    stage.perform('o = token A with {"one_time": "true"}', "p = draw o 10", unread=True)
    # Only the minimum length is documented; these lengths are usual on any server.
    first = _rotated(stage, "A", 4)
    second = _rotated(stage, "A", 6)
    third = _rotated(stage, "A", 6)
    stage.direct.expect("CARD-11", second != third, "another PIN each time", "the same PIN again")
    stage.perform("t = token A")  # after the rotations: it is open whether tokens survive them
    if stage.has(op.ISSUE_TOKEN) and stage.has(op.READ_BY_TOKEN):
        _needs_the_pin(stage, first, second, third)
    stage.read_back("CARD-11")
    stage.perform("h = hold A 300", "c = capture h 100", "v = void h", unread=True)
    stage.perform("q = draw o 10", "x = hold A available+1", "d = draw A available", unread=True)
    stage.finish()


def _needs_the_pin(stage: Stage, first: str, second: str, third: str) -> None:
    """By token t, the card is shown with its third PIN and with no other."""
    token = stage.token("t")
    right = stage.send(request_builders.info(stage.base, token, pin=third))
    stage.direct.expect(
        ("TOKEN-3", "CARD-11"), body_of(right) is not None, "info with the PIN", "a refusal"
    )
    other = f"{10**6 - 1 - int(third):06}"
    wrong = {"a wrong PIN": other, "the PIN before": second, "the first PIN": first}
    wrong |= {"a PIN that goes on": f"{third}0", "a PIN that lacks its end": third[:-1]}
    wrong |= {"a PIN with a zero before it": f"0{third}"}
    for what, pin in wrong.items():
        # A wrong PIN is refused; which status code is used is open (question 50).
        answer = stage.send(request_builders.info(stage.base, token, pin=pin))
        stage.direct.expect_refusal("CARD-11", answer, what)


@rule("CARD-11")
def test_a_pin_of_the_target_s_own_choice_replaces_the_old_one(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    first = _rotated(stage, "A", 6)
    chosen = body_of(stage.send(request_builders.rotate_pin(stage.base, stage.card_id("A"))))
    second = None if chosen is None else pin_of(chosen)
    if second is None:
        pytest.skip("the target wants a format for each PIN")
    stage.perform("t = token A")
    if not (stage.has(op.ISSUE_TOKEN) and stage.has(op.READ_BY_TOKEN)):
        return
    right = stage.send(request_builders.info(stage.base, stage.token("t"), pin=second))
    stage.direct.expect(
        ("CARD-11", "TOKEN-3"), body_of(right) is not None, "info with the PIN", "a refusal"
    )
    wrong = stage.send(request_builders.info(stage.base, stage.token("t"), pin=first))
    stage.direct.expect_refusal("CARD-11", wrong, "the PIN before")


@rule("CARD-11")
def test_a_pin_of_letters_is_not_that_of_the_other_case(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    letters = {"length": 8, "numbers": False, "symbols": False, "characters": True}
    wanted = request_builders.rotate_pin(stage.base, stage.card_id("A"), **letters)
    pin = pin_of(body_of(stage.send(wanted)))
    if not isinstance(pin, str) or pin in (pin.upper(), pin.lower()):
        pytest.skip("the target makes no PIN of letters, or of one case only: it may take both")
    stage.perform("t = token A")
    for given in (pin.swapcase(), pin.lower()):
        for request in stage.offered(
            request_builders.info(stage.base, stage.token("t"), pin=given)
        ):
            stage.direct.expect_refusal("CARD-11", stage.send(request), "a PIN in another case")


@rule("CARD-11")
def test_a_printed_pin_stays_in_force_when_its_card_is_activated(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.PREPARE_CARDS, op.ACTIVATE_CARD, op.READ_BY_TOKEN)
    card_id = stage.fresh_card()
    entries, six = [{"card_id": card_id, "type": "gift_card"}], {"length": 6}
    wanted = {"pin": {"format": {**six, **request_builders.DIGITS}}, "card_token": {}}
    body = body_of(stage.send(request_builders.batch(stage.base, entries, **wanted))) or {}
    made = (body.get("cards") or [{}])[0]
    pin, token = pin_of(made), ((made.get("card_token") or {}).get("token") or {}).get("value")
    if not (_is_pin(pin, 6) and token):
        pytest.skip("the answer shows no PIN or no token")
    stage.send(request_builders.activate(stage.base, card_id))
    other = f"{10**6 - 1 - int(str(pin)):06}"
    answer = stage.send(request_builders.info(stage.base, token, pin=other))
    stage.direct.expect_refusal("CARD-11", answer, "a wrong PIN of a card that was activated")


@rule("CARD-14", "CARD-11", "TOKEN-8")
def test_no_read_shows_a_pin(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.ROTATE_PIN)  # a target without it may have no PINs at all
    card_id, customer = stage.fresh_card("card"), stage.fresh("customer")
    token_too = {"card_token": {"expires_in": 3600, "expires_after_transaction": False}}
    request = request_builders.open_card(
        stage.base,
        card_id,
        500,
        customer_id=customer,
        pin={"format": {"length": 5, **request_builders.DIGITS}},
        **(token_too if stage.has(op.ISSUE_TOKEN) else {}),
    )
    answer = stage.send(request)
    made = body_of(answer)
    if made is None:
        stage.direct.violate("CARD-1", "a card with a PIN and a token", "a refusal")
    stage.take("A", OpenCard(card_id, 500, "NOK", (("customer_id", customer),)), answer)
    pin = pin_of(made)
    stage.direct.expect("CARD-11", _is_pin(pin, 5), "a PIN of 5 digits", f"{pin!r}")
    pins = {str(pin), _rotated(stage, "A", 6)}
    token = str((made.get("card_token") or {}).get("token", {}).get("value", ""))
    by_token = [request_builders.info(stage.base, token, pin=max(pins, key=len))] if token else []
    for request in stage.offered(
        request_builders.read_card(stage.base, card_id),
        # What `includes` takes is not documented; a server may refuse it.
        *[request_builders.read_card(stage.base, card_id, includes=part) for part in PARTS],
        *by_token,
        request_builders.customer_card(stage.base, customer, card_id),
        request_builders.customer_cards(stage.base, customer),
        request_builders.list_transactions(stage.base, card_id),
    ):
        shown = texts_in(body_of(stage.send(request)))
        stage.direct.expect("TOKEN-8", token not in shown, "no value of a token", "it is there")
        stage.direct.expect(
            "CARD-14", not shown & pins, "no PIN in a read", f"a PIN in {request.operation}"
        )


@rule("CARD-15")
def test_a_pin_has_at_least_four_characters(run: Run) -> None:
    stage = Stage(run, "A = card 1000 NOK")
    short = request_builders.rotate_pin(
        stage.base, stage.card_id("A"), length=3, **request_builders.DIGITS
    )
    stage.direct.expect_refusal("CARD-15", stage.send(short), "a PIN has at least 4 characters")
    _rotated(stage, "A", 4)
    with_card = request_builders.open_card(
        stage.base,
        stage.fresh_card(),
        100,
        pin={"format": {"length": 3, **request_builders.DIGITS}},
    )
    stage.direct.expect_refusal("CARD-15", stage.send(with_card), "a PIN has at least 4 characters")
    if not stage.has(op.PREPARE_CARDS):
        return
    printed = request_builders.batch(
        stage.base,
        [{"card_id": stage.fresh_card(), "type": "gift_card"}],
        pin={"format": {"length": 3, **request_builders.DIGITS}},
    )
    stage.direct.expect_refusal("CARD-15", stage.send(printed), "a PIN has at least 4 characters")


@rule("CARD-11", "TOKEN-3", "CARD-4", "TOKEN-7", "CARD-14")
def test_a_pin_that_begins_with_0_is_a_text(run: Run) -> None:
    # The documentation's own example of a PIN is 012345.
    stage = Stage(run)
    stage.require(op.PREPARE_CARDS, op.ACTIVATE_CARD, op.ISSUE_TOKEN, op.READ_BY_TOKEN)
    stage.require(op.ROTATE_PIN)
    for _ in range(BATCHES):
        if any(_opens_its_card(stage, item) for item in _batch_with_pins(stage)):
            return


BATCHES = 3
"""Of this many batches, none has a PIN that begins with 0 once in 300,000 times."""


def _batch_with_pins(stage: Stage) -> list[dict[str, Any]]:
    """The cards of a batch that have a PIN and a token of digits each."""
    options = {
        "pin": {"format": {"length": 4, **request_builders.DIGITS}},
        "card_token": {"format": {"length": 16, **request_builders.DIGITS}},
    }
    cards = [{"card_id": stage.fresh_card("p"), "type": "gift_card"} for _ in range(40)]
    answer = stage.send(request_builders.batch(stage.base, cards, **options))
    made: list[dict[str, Any]] = (body_of(answer) or {}).get("cards", [])
    if made:
        last = stage.send(request_builders.read_card(stage.base, made[-1]["card_id"]))
        stage.direct.expect("CARD-4", not is_refused(last), "the last card of the batch", "none")
        _codes_are_as_asked(stage, made)
    return made


def _codes_are_as_asked(stage: Stage, made: list[dict[str, Any]]) -> None:
    """Every PIN and token of the batch has its format; no two cards have one token."""
    shown = [pin_of(item) for item in made]
    pins = [pin for pin in shown if pin is not None and not _is_pin(pin, 4)]
    stage.direct.expect("TOKEN-7", not pins, "PINs of 4 digits", f"{pins[:3]}")
    given = {pin for pin in shown if pin is not None}
    if given:  # else the target makes no PIN in a batch, and there is nothing to look at
        each = "a PIN of its own for each card"
        stage.direct.expect("CARD-14", None not in shown, each, "none for some")
        # Forty PINs of 4 digits are not all the same by chance.
        stage.direct.expect("CARD-14", len(given) > 1, each, f"{given} for all")
    printed = [(item.get("card_token") or {}).get("token", {}).get("value") for item in made]
    tokens = [value for value in printed if value is not None]
    # If no prefix is asked for, a token may have none or the default one.
    wrong = [value for value in tokens if not _is_pin(value.removeprefix("DINCARD:"), 16)]
    stage.direct.expect("TOKEN-7", not wrong, "tokens of 16 digits", f"{wrong[:3]}")
    twice = sorted({value for value in tokens if tokens.count(value) > 1})
    stage.direct.expect("TOKEN-3", not twice, "a token for each card", f"{twice[:3]} for several")


def _opens_its_card(stage: Stage, item: dict[str, Any]) -> bool:
    """Whether the card has a PIN that begins with 0; if so, the PIN has to open it."""
    pin, token = pin_of(item), (item.get("card_token") or {}).get("token", {}).get("value")
    if not (isinstance(pin, str) and pin.startswith("0") and token):
        return False
    stage.send(request_builders.activate(stage.base, item["card_id"]))
    shown = stage.send(request_builders.info(stage.base, token, pin=pin))
    stage.direct.expect(
        ("TOKEN-3", "CARD-11"), body_of(shown) is not None, f"info with {pin}", "a refusal"
    )
    return True
