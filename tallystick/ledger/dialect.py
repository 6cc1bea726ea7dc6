"""What a server answers to the questions that the documentation leaves open.

A dialect is a set of still possible answers for each question; what is observed narrows it. This
module does not know the questions: they and their permitted answers are data (`spec/dialect.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

Answers = frozenset[str]


class Dialect:
    """The still possible answers of every open question, never empty. A value: never mutated."""

    __slots__ = ("_hash", "_permitted", "_possible")

    def __init__(
        self, permitted: Mapping[str, Answers], possible: Mapping[str, Answers] | None = None
    ) -> None:
        """`permitted` is what the documentation allows, `possible` what observations left of it."""
        self._permitted = permitted
        self._possible = dict(permitted if possible is None else possible)
        self._hash: int | None = None

    def possible(self, question: str) -> Answers:
        """The answers that the server may still give; KeyError for a question nobody declared."""
        return self._possible[question]

    def answer(self, question: str) -> str | None:
        """The one answer left, or None while more than one is possible."""
        answers = self._possible[question]
        return next(iter(answers)) if len(answers) == 1 else None

    def allows(self, question: str, answer: str) -> bool:
        """Whether the answer is still possible."""
        return answer in self._possible[question]

    def is_permitted(self, question: str, answer: str) -> bool:
        """Whether the documentation permits the answer, whatever was observed since."""
        return answer in self._permitted[question]

    def narrow(self, question: str, answers: Iterable[str]) -> Self | None:
        """The dialect after an observation that only these answers explain; None: contradiction."""
        before = self._possible[question]
        after = before.intersection(answers)
        if not after:
            return None
        if len(after) == len(before):
            return self
        return type(self)(self._permitted, {**self._possible, question: after})

    def also(self, answer: str, prefixes: tuple[str, ...]) -> Self:
        """The dialect with an answer possible once more, where the documentation permits it."""
        reopened = {
            question: self._possible[question] | {answer}
            for question, permitted in self._permitted.items()
            if question.startswith(prefixes) and answer in permitted
        }
        return type(self)(self._permitted, {**self._possible, **reopened})

    def reopened(self, question: str) -> Self:
        """The dialect in which nothing is known of the question."""
        possible = {**self._possible, question: self._permitted[question]}
        return type(self)(self._permitted, possible)

    def learned(self) -> dict[str, Answers]:
        """The questions that an observation has narrowed, with what is left of each."""
        return {q: a for q, a in self._possible.items() if a != self._permitted[q]}

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Dialect) and self._possible == other._possible

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._possible.items()))
        return self._hash

    def __repr__(self) -> str:
        return f"Dialect({ {q: sorted(a) for q, a in sorted(self.learned().items())} })"
