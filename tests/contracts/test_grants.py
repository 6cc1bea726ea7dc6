"""What Get Token gives to a contract."""

from __future__ import annotations

import pytest

from contracts.support.credentials import grant_in
from tallystick.target import Answer

GRANT = {"access_token": "a.long.token-of-somebody", "expires_in": 3600}


def test_a_token_is_in_no_local_variable_that_a_traceback_shows() -> None:
    grant = grant_in(Answer(200, "application/json", GRANT))
    assert grant == GRANT
    assert "somebody" not in repr(grant)


@pytest.mark.parametrize("body", [{"expires_in": 5}, {"access_token": 5}])
def test_what_is_no_token_is_left_as_it_is(body: dict[str, object]) -> None:
    assert grant_in(Answer(200, "application/json", body)) == body


def test_a_refusal_gives_nothing() -> None:
    assert grant_in(Answer(401, "application/json", GRANT)) is None
