"""SHAPE: documented formats, bounds and lists of optional members, nested ones too.

`test_input` does the same for the members of the body itself, on shared cards. Every request here
asks for something new, so that a server that accepts it has nothing else to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.staging import Stage
from tallystick.profiles.wallet import operations as op
from tallystick.run import Run

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

JSON = Any
LIFE = {"expires_in": 3600}

NO_DATES: dict[str, JSON] = {
    "a word": "tomorrow",
    "month 13": "2090-13-01T00:00:00Z",
    "true": True,
}
"""What no notation of dates knows; a server may read a date without a time, or February 30."""

FORMATS: dict[str, JSON] = {
    "a format that is a text": "digits",
    "a length that is a text": {"length": "16"},
    "a length below 0": {"length": -1},
    "a prefix that is a number": {"prefix": 5},
    "numbers that is a text": {"numbers": "yes"},
}
GENERATORS: dict[str, JSON] = {
    "a life of -1 s": {"expires_in": -1},
    "a life that is a text": {"expires_in": "3600"},
    "a life of 1.5 s": {"expires_in": 1.5},
    "a number of uses that is a text": {**LIFE, "expires_after_transaction": "no"},
    "a barcode that is a text": {**LIFE, "format": {"barcode": "yes"}},
}
ENTRIES: dict[str, JSON] = {
    "a type that is not listed": {"type": "debit_card"},
    "a card_id that is a number": {"card_id": 5},
    "a card_id of 256 characters": {"card_id": 256},
}


@rule("SHAPE-4")
@pytest.mark.parametrize("operation", ["create", "activation"])
@pytest.mark.parametrize("name", ["active_from", "expires_at"])
def test_what_is_no_date_is_refused(run: Run, operation: str, name: str) -> None:
    stage = Stage(run)
    if operation == "activation":
        stage.require(op.PREPARE_CARDS, op.ACTIVATE_CARD)
        stage.perform("A = batch", unread=True)
    for what, value in NO_DATES.items():
        request = (
            request_builders.activate(stage.base, stage.card_id("A"), **{name: value})
            if operation == "activation"
            else request_builders.open_card(stage.base, stage.fresh_card(), **{name: value})
        )
        stage.direct.expect_refusal("SHAPE-4", stage.send(request), f"{name} is {what}")


@rule("SHAPE-4")
def test_a_malformed_generator_is_refused(run: Run) -> None:
    stage = Stage(run)
    if stage.has(op.ISSUE_TOKEN):
        for what, generator in GENERATORS.items():
            _card_is_refused(stage, f"card_token with {what}", card_token=generator)
        for what, format_ in FORMATS.items():
            wanted = {**LIFE, "format": format_}
            _card_is_refused(stage, f"card_token with {what}", card_token=wanted)
    if stage.has(op.ROTATE_PIN):
        wanted = {"format": {"length": "16"}}
        _card_is_refused(stage, "pin with a length that is a text", pin=wanted)
    _card_is_refused(stage, "originated_by of 256 characters", originated_by="x" * 256)


def _card_is_refused(stage: Stage, what: str, **members: JSON) -> None:
    wanted = request_builders.open_card(stage.base, stage.fresh_card(), **members)
    stage.direct.expect_refusal("SHAPE-4", stage.send(wanted), what)


@rule("SHAPE-4", "BAL-6")
def test_a_malformed_format_is_refused_for_a_card_that_exists(run: Run) -> None:
    stage = Stage(run, "A = card 100 NOK", "B = batch")
    card = stage.card_id("A")
    for what, format_ in FORMATS.items():
        rotation = request_builders.rotate_pin(stage.base, card)
        rotation.body["pin"]["format"] = format_
        token = request_builders.issue_token(stage.base, card, stage.fresh_ref(), format=format_)
        for request in stage.offered(rotation, token):
            stage.direct.expect_refusal("SHAPE-4", stage.send(request), f"format with {what}")
    if stage.has(op.PREPARE_CARDS):
        inactive, customer = stage.card_id("B"), "c" * 256
        wanted = request_builders.activate(stage.base, inactive, customer_id=customer)
        for request in stage.offered(wanted):
            answer = stage.send(request)
            stage.direct.expect_refusal("SHAPE-4", answer, "customer_id of 256 characters")
    stage.read_back("BAL-6", lists=False)


@rule("SHAPE-4")
def test_a_malformed_entry_of_a_batch_is_refused(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.PREPARE_CARDS)
    for what, request in _batches(stage):
        stage.direct.expect_refusal("SHAPE-4", stage.send(request), f"a batch with {what}")


def _batches(stage: Stage) -> Iterator[tuple[str, Any]]:
    for what, changes in ENTRIES.items():
        entry = {"card_id": str(stage.fresh_card()), "type": "gift_card"}
        cut = changes.get("card_id") == 256
        wrong = {"card_id": entry["card_id"].ljust(256, "x")} if cut else changes
        yield what, request_builders.batch(stage.base, [{**entry, **wrong}])
    options: dict[str, dict[str, JSON]] = {
        "a PIN whose length is a text": {"pin": {"format": {"length": "4"}}},
        "a token whose prefix is a number": {"card_token": {"format": {"prefix": 5}}},
    }
    for what, wanted in options.items():
        entry = {"card_id": str(stage.fresh_card()), "type": "gift_card"}
        yield what, request_builders.batch(stage.base, [entry], **wanted)
