"""The direct driver: single requests that no program can spell, such as ill-formed or foreign ones.

It sends, checks every answer against the document, and writes down in words what it did, so that a
violation shows the requests that led to it. What an answer means is for the contract to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn, Protocol, TypeVar

from tallystick.conditions import Condition, status_in
from tallystick.drivers.story import Story
from tallystick.evidence import Event
from tallystick.ledger.vocabulary import Violation
from tallystick.request import Request
from tallystick.run import Run, Violated
from tallystick.target import Answer, Exchange, NoAnswer, Target
from tallystick.target.control import is_missing, proves_nothing

T = TypeVar("T")


OF_ONE_MEMBER = "SHAPE-9"
"""The rule of formats and bounds: one member of an answer has a wrong form."""
MOST_NAMED = 20
"""Statuses that are listed one by one in a finding."""


class Unanswered(Exception):
    """An answer is missing that a contract has to look at: the contract has to be repeated."""

    def __init__(self, exchange: Exchange) -> None:
        answer, request = exchange.answer, exchange.request
        came = f"status {answer.status}" if isinstance(answer, Answer) else answer.reason
        super().__init__(f"{request.method} {request.path}: {came}")
        self.exchange = exchange


class Repeat(Protocol):
    """Runs what it is given, once or until it raises no Unanswered, and returns its result."""

    def __call__(self, attempt: Callable[[], T], /) -> T: ...


def once(attempt: Callable[[], T], /) -> T:
    """Run it without repeating: Unanswered is raised."""
    return attempt()


@contextmanager
def requiring_answers(story: Story) -> Iterator[None]:
    """Raise Unanswered after the block if the answer to one of its requests is missing."""
    before = len(story.events)
    yield
    require_answers(story, before)


def require_answers(story: Story, begin: int = 0) -> None:
    """Raise Unanswered if an answer is missing in a story, from the event `begin` on."""
    for event in unanswered(story, begin):
        raise Unanswered(event.exchange)


def unanswered(story: Story, begin: int = 0) -> Iterator[Event]:
    """The events of a story whose answer is missing, from the event `begin` on."""
    for event in story.events[begin:]:
        answer = event.exchange.answer
        if is_missing(answer) or answer.status >= 500:
            yield event


def require_proof(story: Story) -> None:
    """Raise Unanswered if an answer of a story says nothing about its request."""
    for event in story.events:
        if proves_nothing(event.exchange):
            raise Unanswered(event.exchange)


class Direct:
    """Sends requests one by one and remembers them for the report."""

    def __init__(
        self, run: Run, target: Target | None = None, *, story: Story | None = None
    ) -> None:
        """`story` is that of a session, if the requests are sent between its steps."""
        self.run = run
        self.target = target or run.target
        self.story = story or Story()

    def has(self, operation: str) -> bool:
        """Whether the target has an operation; if not, that the test goes without it is noted."""
        is_there = self.target.support.has(operation)
        if not is_there:
            self.run.left_out.note(operation)
        return is_there

    def note(self, line: str) -> None:
        """Add a line to what a report shows, such as who sends the requests that follow."""
        self.story.note(line)

    def send(
        self,
        request: Request,
        *,
        target: Target | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        authorized: bool = True,
        shaped: bool = True,
    ) -> Answer:
        """Send a request and return the answer; Unanswered if it is missing.

        Raises Violated if the answer does not fit the document, unless `shaped` is False; after
        a wrong form of one member, only at the end of the test.
        """
        exchange = (target or self.target).send(
            request, headers=headers, content=content, authorized=authorized
        )
        answer = exchange.answer
        self.story.leave_program()
        self.story.add_exchange("", exchange)
        body = content[:80] if content is not None else json.dumps(request.body)
        shown = "" if request.body is None and content is None else f" {body!s}"
        came = answer.status if isinstance(answer, Answer) else answer.reason
        self.note(f"{request.method} {request.path}{shown} -> {came}")
        violation = self.run.judge_shape(exchange) if shaped else None
        if violation is not None and violation.rule == OF_ONE_MEMBER:
            # The answer says what was done: what else the contract looks at is judged as well.
            self.run.note(self.story.finding_in_words(violation, self.target.meter.requests))
        elif violation is not None:
            self.violate(violation.rule, violation.expected, violation.actual)
        if isinstance(answer, NoAnswer) or is_missing(answer):
            raise Unanswered(exchange)
        return answer

    def expect_refusal(
        self,
        rules: str | Iterable[str],
        answer: Answer,
        why: str,
        statuses: Iterable[int] | None = None,
    ) -> None:
        """Raise Violated unless the answer refuses with one of the statuses, or a documented one.

        Counts the rules as checked; the first of them is blamed.
        """
        allowed = self.run.shape.refusals if statuses is None else frozenset(statuses)
        rule = self._count(rules)
        if answer.status >= 500 and not rule.startswith("SHAPE-"):
            # It proves nothing of what the rule is about.
            rule = self._count("SHAPE-2")
        if answer.status not in allowed:
            named = "4xx" if len(allowed) > MOST_NAMED else ", ".join(map(str, sorted(allowed)))
            expected = f"a refusal ({named}): {why}"
            right = (status_in(allowed),) if allowed else ()
            self.violate(rule, expected, f"status {answer.status}", right=right)

    def expect(
        self,
        rules: str | Iterable[str],
        holds: bool,
        expected: str,
        actual: Any,
        *,
        right: Iterable[Condition] = (),
    ) -> None:
        """Raise Violated unless it holds. Counts the rules as checked; the first is blamed.

        `right`: the same as values, for scripts of the violation; any of these is enough.
        """
        rule = self._count(rules)
        if not holds:
            self.violate(rule, expected, str(actual), right=right)

    def violate(
        self, rule: str, expected: str, actual: str, *, right: Iterable[Condition] = ()
    ) -> NoReturn:
        """Record a violation with all that was done before it, and raise Violated.

        `right`: what the last answer, or one before it, had to show; any of these is enough.
        Raises Unanswered instead, if an answer before it proves nothing; its form is judged still.
        """
        if not rule.startswith("SHAPE-"):
            require_proof(self.story)
        violation = Violation(rule, expected, actual)
        finding = self.story.finding_in_words(violation, self.target.meter.requests)
        raise Violated(self.run.record(replace(finding, right=tuple(right))))

    def _count(self, rules: str | Iterable[str]) -> str:
        named = [rules] if isinstance(rules, str) else list(rules)
        self.run.count_checked(*named)
        return named[0]
