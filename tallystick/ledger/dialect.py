"""What a server answers to the questions that the documentation leaves open.

A dialect is a set of still possible answers for each question; every observation narrows it. This
module does not know the questions: they and their permitted answers are data (`spec/dialect.yaml`,
read by `documents.questions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

Answers = frozenset[str]

ACCEPT, REFUSE = "accept", "refuse"
REPLAY, SEPARATE = "replay", "separate"
"""Answers that the oracle looks for by name: the command is accepted or refused; a used ref_id is
answered with the first record, or has an effect of its own. All others are only compared."""


class Dialect:
    """The answers of every open question that are still possible, at least one for each.

    A value: it never changes, and equal dialects have equal hashes.
    """

    __slots__ = ("_hash", "_permitted", "_possible")

    def __init__(
        self, permitted: Mapping[str, Answers], possible: Mapping[str, Answers] | None = None
    ) -> None:
        """`permitted` is what the documentation allows, `possible` what observations left of it."""
        self._permitted = permitted
        self._possible = dict(permitted if possible is None else possible)
        self._hash: int | None = None

    def possible(self, question: str) -> Answers:
        """Return the answers that the server may still give; KeyError for an unknown question."""
        return self._possible[question]

    def answer(self, question: str) -> str | None:
        """Return the one answer left, or None while more than one is possible."""
        answers = self._possible[question]
        return next(iter(answers)) if len(answers) == 1 else None

    def allows(self, question: str, answer: str) -> bool:
        """Whether the answer is still possible."""
        return answer in self._possible[question]

    def is_permitted(self, question: str, answer: str) -> bool:
        """Whether the documentation permits the answer, whatever was observed since."""
        return answer in self._permitted[question]

    def narrow(self, question: str, answers: Iterable[str]) -> Self | None:
        """Return the dialect after an observation that only these answers explain.

        None if none of them is possible any more: the server contradicts itself.
        """
        before = self._possible[question]
        after = before.intersection(answers)
        if not after:
            return None
        if len(after) == len(before):
            return self
        return type(self)(self._permitted, {**self._possible, question: after})

    def also(self, answer: str, prefixes: tuple[str, ...]) -> Self:
        """Return the dialect with the answer possible once more, where it is a permitted one.

        For the questions whose names begin with one of the prefixes.
        """
        reopened = {
            question: self._possible[question] | {answer}
            for question, permitted in self._permitted.items()
            if question.startswith(prefixes) and answer in permitted
        }
        return type(self)(self._permitted, {**self._possible, **reopened})

    def reopened(self, question: str) -> Self:
        """Return the dialect with every permitted answer to the question possible once more."""
        possible = {**self._possible, question: self._permitted[question]}
        return type(self)(self._permitted, possible)

    def learned(self) -> dict[str, Answers]:
        """Return the questions that observations have narrowed, with the answers left of each."""
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
