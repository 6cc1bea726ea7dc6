"""The control request: a request that every working target answers to the client of the run.

It tells a fault of the target from an outage and from credentials that are no longer accepted. It
reads one page of one card and changes nothing.
"""

from __future__ import annotations

from urllib.parse import quote

from tallystick.request import Request
from tallystick.target.answers import Answer, NoAnswer
from tallystick.target.protocol import Target

GATEWAY_ERRORS = (502, 503, 504)
"""What a gateway answers when the server behind it does not: nobody knows what became of the
request."""


def control_request(account: str) -> Request:
    """The request that asks least of a target."""
    path = f"/accounts/{quote(account, safe='')}/wallets/cards?limit=1"
    return Request("aid_cards_get", "GET", path)


def second_control_request(account: str) -> Request:
    """Asked where the first fails: a target whose list of cards is broken works all the same.

    There is no such card; a working target refuses.
    """
    path = f"/accounts/{quote(account, safe='')}/wallets/cards/no-such-card"
    return Request("aid_cards_cardid_get", "GET", path)


def ask_control(target: Target) -> Answer | NoAnswer:
    """The answer to the control request; TargetError if the target is gone."""
    return target.send(control_request(target.address.account)).answer


def is_missing(answer: Answer | NoAnswer) -> bool:
    """Whether the answer proves nothing: it did not come, or a gateway made it up."""
    return isinstance(answer, NoAnswer) or answer.status in GATEWAY_ERRORS
