"""One exchange: what of it may be seen."""

from __future__ import annotations

import pytest

from tallystick.target import sender
from tests.target.scripted import CARD, READ, Server, answer, target_of


def test_the_body_of_an_answer_is_not_shown_by_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bytes] = []
    parsed = sender.parsed
    monkeypatch.setattr(sender, "parsed", lambda content, depths: parsed(seen_by(content), depths))

    def seen_by(content: bytes) -> bytes:
        seen.append(content)
        return content

    assert target_of(Server(answer(200, CARD))).send(READ).answer.body == CARD
    assert all(repr(content) == f"<{len(content)} bytes>" for content in seen)
    assert seen
