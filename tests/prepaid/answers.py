"""How results and refusals are answered: status and body.

Knows no operation.
"""

from typing import Any

from tests.prepaid.calls import Reply
from tests.prepaid.policy import Policy
from tests.prepaid.refusals import Refusal

ALWAYS_A_STATUS = (401, 403)
"""Refusals of access have their status, also where other refusals are answered with 200."""


class Answers:
    """Makes replies."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def accepted(self, method: str, body: dict[str, Any]) -> Reply:
        shown = {"ok": True, **body} if self.policy.refusals_as_200 else body
        return Reply(201 if method == "POST" else 200, shown)

    def refused(self, refusal: Refusal) -> Reply:
        if not self.policy.refusals_as_200:
            return Reply(refusal.status, {"error": refusal.error})
        status = refusal.status if refusal.status in ALWAYS_A_STATUS else 200
        return Reply(status, {"ok": False, "error": refusal.error})
