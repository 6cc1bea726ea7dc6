"""The control request: a request that every working target answers to the client of the run.

It tells a fault of the target from an outage and from credentials that are no longer accepted. The
profile says which request it is; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from tallystick.request import Request
from tallystick.target.answers import NOT_JSON, Answer, Exchange, NoAnswer
from tallystick.target.errors import TargetGone
from tallystick.target.protocol import Target

GATEWAY_ERRORS = (502, 503, 504)
"""What a gateway answers when the server behind it does not: nobody knows what became of the
request."""

PAGE = "text/html"
CREDENTIALS_REFUSED = (401, 403)
"""How a target refuses credentials; it may refuse payments so too."""


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


def proves_nothing(exchange: Exchange) -> str:
    """Why an answer says nothing about its request; empty if it does.

    A page is no answer of an API: something before it has made it up (SHAPE-6). Where a write is
    refused after the target was too busy for it (429), that may be due to the write itself: a
    gateway may have passed it on before it said so.
    """
    answer, request = exchange.answer, exchange.request
    if isinstance(answer, NoAnswer):
        return ""
    if answer.body is NOT_JSON and answer.content_type.lower().startswith(PAGE):
        return f"a page with status {answer.status}, which no API has made"
    is_refusal = 400 <= answer.status < 500
    if exchange.busy and is_refusal and request.method != "GET":
        return f"status {answer.status}, after the target was too busy for the same request"
    return ""


def confirm_credentials(target: Target, answers: Iterable[Answer | NoAnswer]) -> None:
    """TargetGone if the control request is refused as one of the answers refuses its request."""
    statuses = {answer.status for answer in answers if isinstance(answer, Answer)}
    suspicious = statuses.intersection(CREDENTIALS_REFUSED)
    if not suspicious:
        return
    answer = ask_control(target)
    if isinstance(answer, Answer) and answer.status in suspicious:
        raise TargetGone(
            f"{target.address.url} accepted the credentials before and no longer does: every "
            f"request is answered {answer.status}"
        )
