"""Commands and outcomes survive JSON; anything else is refused with what is wrong."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.ledger import vocabulary as v
from tallystick.ledger.coding import CodingError, decode_command, decode_outcome, encode

st.register_type_strategy(Decimal, st.decimals(-(10**9), 10**9, places=3))


@given(command=st.from_type(v.Command))
def test_every_command_is_read_back(command: v.Command) -> None:
    assert decode_command(json.loads(json.dumps(encode(command)))) == command


@given(outcome=st.from_type(v.Outcome))
def test_every_outcome_is_read_back(outcome: v.Outcome) -> None:
    assert decode_outcome(json.loads(json.dumps(encode(outcome)))) == outcome


def test_what_is_at_its_default_is_left_out() -> None:
    assert encode(v.Capture("A", "t", None, "r")) == {
        "is": "Capture",
        "card": "A",
        "parent": "t",
        "amount": None,
        "ref": "r",
    }


CAPTURE = {"is": "Capture", "card": "A", "parent": "t", "amount": 1, "ref": "r"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5, "the command is 5, not OpenCard or"),
        ({}, "the command is None, not one of OpenCard"),
        ({"is": "Refused", "status": 400}, "the command is 'Refused', not one of OpenCard"),
        ({"is": "DeleteCard"}, "DeleteCard needs card"),
        ({"is": "DeleteCard", "card": "A", "x": 1}, "DeleteCard has no x"),
        ({"is": "DeleteCard", "card": None}, "card of DeleteCard is None, not str"),
        (CAPTURE | {"amount": True}, "amount of Capture is True, not int or Decimal or null"),
        (CAPTURE | {"amount": 1.5}, "amount of Capture is 1.5, not int or Decimal or null"),
        (CAPTURE | {"amount": "half"}, "amount of Capture is 'half', not a number in digits"),
        (CAPTURE | {"amount": "NaN"}, "amount of Capture is 'NaN', not a number in digits"),
        (CAPTURE | {"ref": 7}, "ref of Capture is 7, not str"),
        (CAPTURE | {"phase": "later"}, "phase of Capture is 'later', not one of before"),
        (CAPTURE | {"extras": "x"}, "extras of Capture is 'x', not a list"),
        (CAPTURE | {"extras": [["a"]]}, "extras of Capture has 1 parts, not 2"),
        (CAPTURE | {"extras": [["a", 1]]}, "extras of Capture is 1, not str"),
    ],
)
def test_what_is_no_command_is_refused(value: Any, said: str) -> None:
    with pytest.raises(CodingError) as caught:
        decode_command(value)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"is": "Accepted", "record": 5}, "record of Accepted is 5, not TransactionRecord or"),
        ({"is": "Accepted", "record": {"is": "Void"}}, "record of Accepted is 'Void', not one of"),
        (
            {"is": "Accepted", "record": {"is": "TokenRecord", "value": "x", "ref": 7}},
            "ref of TokenRecord is 7, not str or null",
        ),
        ({"is": "Accepted", "record": [{"is": "CardRecord", "card": "A"}]}, "record of Accepted"),
        ({"is": "Refused", "status": "400"}, "status of Refused is '400', not int"),
    ],
)
def test_what_is_no_outcome_is_refused(value: Any, said: str) -> None:
    with pytest.raises(CodingError) as caught:
        decode_outcome(value)
    assert str(caught.value).startswith(said)
