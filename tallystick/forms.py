"""Whether an exchange fits the document of its API, and which rules say so. It keeps nothing."""

from __future__ import annotations

from tallystick.documents.shape import BODY_MISSING, BODY_TOO_LARGE, LARGE, Shape
from tallystick.ledger.vocabulary import Violation
from tallystick.target import Exchange, NoAnswer


def judge_form(shape: Shape, exchange: Exchange) -> tuple[Violation | None, tuple[str, ...]]:
    """The violation of an answer, or None, and the rules that were checked by it."""
    answer, operation = exchange.answer, exchange.request.operation
    if isinstance(answer, NoAnswer):
        return shape.judge_excess(operation, answer.status, answer.excess), ()
    if _is_refused_by_http(exchange, answer.status):
        return None, ("SHAPE-2",)
    fits = ("SHAPE-1", "SHAPE-9") if answer.status < 300 else ("SHAPE-5",)
    violation = shape.judge(operation, answer.status, answer.content_type, answer.body)
    return violation, (*fits, "SHAPE-2", "SHAPE-3", "SHAPE-6")


def _is_refused_by_http(exchange: Exchange, status: int) -> bool:
    """Whether a request is refused because its body is missing, or large."""
    request, unusual = exchange.request, exchange.unusual
    replaced = None if unusual is None else unusual.content
    content = request.content if replaced is None else replaced
    if status == BODY_TOO_LARGE:
        return len(content or b"") > LARGE
    return status in BODY_MISSING and request.method in ("POST", "PUT", "PATCH") and not content
