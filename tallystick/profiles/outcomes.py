"""What an answer proves by its status alone, for APIs that use HTTP statuses as HTTP means them.

A refusal proves that nothing happened; no answer, a 5xx, a redirect or a body that cannot be read
prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tallystick.ledger.vocabulary import Outcome, Refused, Unknown
from tallystick.target.answers import NOT_JSON, Answer, NoAnswer


def outcome_by_status(answer: Answer | NoAnswer, accepted: Callable[[Any], Outcome]) -> Outcome:
    """Return the outcome; `accepted` makes it from the body of a 2xx (NOT_JSON: a 204)."""
    if isinstance(answer, NoAnswer):
        return Unknown(answer.reason)
    if answer.status == 204 or (200 <= answer.status < 300 and answer.body is not NOT_JSON):
        return accepted(answer.body)
    if 400 <= answer.status < 500:
        return Refused(answer.status)
    return Unknown(f"status {answer.status}")
