"""Refusals: the status and the error body of a request that has no effect.

Knows the form of an error, not when one is due.
"""

from typing import Any


class Refusal(Exception):
    """A request is refused.

    `executed` tells whether the operation had begun: a refusal of ill-formed input comes before
    that, and does not use up an idempotency key (idempotent_requests).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        executed: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        self.error = {"type": kind, "message": message, **more}
        if code is not None:
            self.error["code"] = code
        if param is not None:
            self.error["param"] = param


def invalid(param: str, code: str, message: str) -> Refusal:
    """The refusal of a parameter that has not the documented form."""
    return Refusal(400, message, code=code, param=param, executed=False)


def absent(what: str, identifier: str, param: str) -> Refusal:
    """The refusal of an id that the account does not have."""
    return Refusal(404, f"No such {what}: '{identifier}'", code="resource_missing", param=param)
