"""The control request: a request that every working target answers to the client of the run.

It tells a fault of the target from an outage and from credentials that are no longer accepted. It
reads one page of one card and changes nothing.
"""

from __future__ import annotations

from tallystick.target import Answer, NoAnswer, Target
from tallystick.wire import Request

GATEWAY_ERRORS = (502, 503, 504)
"""What a gateway answers when the server behind it does not: nobody knows what became of the
request."""


def control_path(account: str) -> str:
    """The path of the control request."""
    return f"/accounts/{account}/wallets/cards?limit=1"


def ask_control(target: Target) -> Answer | NoAnswer:
    """The answer to the control request; TargetError if the target is gone."""
    path = control_path(target.address.account)
    return target.send(Request("aid_cards_get", "GET", path)).answer


def is_missing(answer: Answer | NoAnswer) -> bool:
    """Whether the answer proves nothing: it did not come, or a gateway made it up."""
    return isinstance(answer, NoAnswer) or answer.status in GATEWAY_ERRORS
