"""The direct driver: single requests that no program can spell, such as ill-formed or foreign ones.

It sends, holds every answer to the shape of the document, and keeps what it did in words, so that a
violation shows the requests that led to it. What an answer means is for the contract to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from tallystick.documents.shape import REFUSAL_STATUSES
from tallystick.ledger.vocabulary import Violation
from tallystick.program import Program
from tallystick.run import Event, Finding, Run, Violated
from tallystick.target import Answer, NoAnswer, Target
from tallystick.wire import Request

LONGEST_NOTE = 200


class Direct:
    """Sends requests one by one and remembers them for the report."""

    def __init__(self, run: Run, target: Target | None = None) -> None:
        self.run = run
        self.target = target or run.target
        self.events: list[Event] = []
        self.notes: list[str] = []

    @property
    def base(self) -> str:
        """The path of the account's wallets below the base URL."""
        return f"/accounts/{self.target.address.account}/wallets"

    def note(self, line: str) -> None:
        """Add a line to what a report shows, such as the step of a session that came before."""
        self.notes.append(line[:LONGEST_NOTE])

    def send(
        self,
        request: Request,
        *,
        target: Target | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        authorized: bool = True,
        shaped: bool = True,
    ) -> Answer | NoAnswer:
        """Send a request and judge the shape of the answer unless `shaped` is False."""
        exchange = (target or self.target).send(
            request, headers=headers, content=content, authorized=authorized
        )
        answer = exchange.answer
        self.events.append(Event("", exchange))
        body = content[:80] if content is not None else json.dumps(request.body)
        shown = "" if request.body is None and content is None else f" {body!s}"
        came = answer.status if isinstance(answer, Answer) else answer.reason
        self.note(f"{request.method} {request.path}{shown} -> {came}")
        odd = self.run.judge_shape(exchange) if shaped else None
        if odd is not None:
            self.violate(odd.rule, odd.expected, odd.actual)
        return answer

    def expect_refusal(
        self,
        rules: str | Iterable[str],
        answer: Answer | NoAnswer,
        why: str,
        statuses: Iterable[int] = REFUSAL_STATUSES,
    ) -> None:
        """Violated unless the answer refuses with one of the statuses. No answer proves nothing."""
        rule = self._count(rules)
        if isinstance(answer, Answer) and answer.status not in statuses:
            allowed = ", ".join(str(status) for status in sorted(statuses))
            self.violate(rule, f"a refusal ({allowed}): {why}", f"status {answer.status}")

    def expect(self, rules: str | Iterable[str], holds: bool, expected: str, actual: Any) -> None:
        """Violated unless it holds; counts the rules as checked."""
        rule = self._count(rules)
        if not holds:
            self.violate(rule, expected, str(actual))

    def violate(self, rule: str, expected: str, actual: str) -> NoReturn:
        """Record a violation and end the test."""
        finding = Finding(
            Violation(rule, expected, actual),
            Program(),
            tuple(self.events),
            self.target.meter.requests,
            notes=tuple(self.notes),
        )
        raise Violated(self.run.record(finding))

    def _count(self, rules: str | Iterable[str]) -> str:
        named = [rules] if isinstance(rules, str) else list(rules)
        self.run.count_checked(*named)
        return named[0]
