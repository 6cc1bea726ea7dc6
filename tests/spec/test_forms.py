"""What HTTP itself may refuse is no wrong form of an answer."""

from __future__ import annotations

import pytest

from tallystick.documents.shape import load
from tallystick.forms import judge_form
from tallystick.request import JSON, Request
from tallystick.target import NOT_JSON, Answer, Exchange
from tallystick.target.unusual import Unusual

SENT = "aid_cards_transactions_post"


def broken(status: int, body: JSON, content: bytes | None = None, method: str = "POST") -> str:
    """The rule that a refusal in plain text breaks; none: nothing."""
    unusual = None if content is None else Unusual(content=content)
    answer = Answer(status, "text/plain", NOT_JSON)
    request = Request(SENT, method, "/transactions", body)
    violation, checked = judge_form(load(), Exchange(1, request, answer, 0, 1, unusual=unusual))
    assert "SHAPE-2" in checked
    return "" if violation is None else violation.rule


@pytest.mark.parametrize("status", [411, 415])
def test_http_may_refuse_a_request_without_a_body(status: int) -> None:
    assert broken(status, None) == ""
    assert broken(status, {"amount": 1}, b"") == ""


@pytest.mark.parametrize("status", [411, 415])
def test_http_has_no_reason_to_refuse_another_request(status: int) -> None:
    assert broken(status, {"amount": 1}) == "SHAPE-3"
    assert broken(status, None, b"{}") == "SHAPE-3"
    assert broken(status, None, method="GET") == "SHAPE-3"


def test_http_may_refuse_a_large_body_and_no_other() -> None:
    assert broken(413, {"metadata": {"a": "x" * 1_024}}) == ""
    assert broken(413, {"amount": 1}, b"x" * 1_025) == ""
    assert broken(413, {"amount": 1}, b"x" * 1_024) == "SHAPE-3"
    assert broken(413, None) == "SHAPE-3"


def test_another_refusal_of_a_request_without_a_body_keeps_its_form() -> None:
    assert (broken(409, None), broken(400, None)) == ("SHAPE-3", "SHAPE-6")
