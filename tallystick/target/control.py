"""The control request: a request that every working target answers to the client of the run.

It tells a fault of the target from an outage and from credentials that are no longer accepted. The
profile says which request it is; it changes nothing.
"""

from __future__ import annotations

from tallystick.request import Request
from tallystick.target.answers import Answer, NoAnswer
from tallystick.target.protocol import Target

GATEWAY_ERRORS = (502, 503, 504)
"""What a gateway answers when the server behind it does not: nobody knows what became of the
request."""


def control_request(target: Target) -> Request:
    """The request that asks least of a target."""
    return target.profile.control_requests(target.address.account)[0]


def ask_control(target: Target) -> Answer | NoAnswer:
    """The answer to the control request; TargetError if the target is gone.

    NotSupported if it has become known just now that the target lacks it.
    """
    requests = target.profile.control_requests(target.address.account)
    has = target.support.has
    return target.send(next((each for each in requests if has(each.operation)), requests[0])).answer


def is_missing(answer: Answer | NoAnswer) -> bool:
    """Whether the answer proves nothing: it did not come, or a gateway made it up."""
    return isinstance(answer, NoAnswer) or answer.status in GATEWAY_ERRORS
