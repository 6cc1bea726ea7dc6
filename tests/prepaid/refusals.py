"""A request that is refused: a status, a code for programs, a sentence for people.

Knows no operation.
"""


class Refusal(Exception):
    """Refuses a request. `executed` is False if the operation refused the input before it began."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        executed: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.executed = executed

    @property
    def error(self) -> dict[str, str | None]:
        """The member `error` of the answer."""
        return {"code": self.code, "message": self.message, "field": self.field}


def malformed(message: str, field: str | None = None) -> Refusal:
    """400: the request has not the documented form."""
    return Refusal(400, "malformed_request", message, field=field, executed=False)


def absent(what: str) -> Refusal:
    """404: the tenant has no such record."""
    return Refusal(404, "not_found", f"There is no such {what}")
