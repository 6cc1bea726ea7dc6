"""Dialect files: the open questions with their permitted answers, and what a server answered.

`spec/dialect.yaml` declares the questions. A pinned file, written by `tallystick probe` and kept by
the user, maps questions to the answers that are still possible. This module does not know what a
question is about; the value that both files become is `ledger.dialect.Dialect`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tallystick.documents.files import (
    SPEC,
    DocumentError,
    exact_members,
    read_mapping,
    text_member,
)
from tallystick.ledger.dialect import Dialect
from tallystick.ledger.traits import Traits

QUESTIONS = SPEC / "dialect.yaml"
MEMBERS = ("question", "source", "facts", "needs", "permitted")


@dataclass(frozen=True, slots=True)
class Question:
    """An open question of the documentation, as `spec/dialect.yaml` declares it.

    `source` quotes the sentence that leaves it open, `facts` are its numbers in spec/questions.md,
    `permitted` maps each permitted answer to the reading that permits it. `needs` is what an API
    has to have, so that it can be asked: a word of `Traits.has`, or the answer to another question
    (`capture.rest=kept`).
    """

    id: str
    text: str
    source: str
    facts: tuple[int, ...]
    needs: tuple[str, ...]
    permitted: Mapping[str, str]

    def can_be_asked(self, traits: Traits, dialect: Dialect) -> bool:
        """Whether a server of an API with these traits, and with these answers, can be asked it."""
        for need in self.needs:
            other, _, answer = need.partition("=")
            if not (dialect.allows(other, answer) if answer else traits.has(need)):
                return False
        return True


@lru_cache(maxsize=1)
def questions(path: Path = QUESTIONS) -> dict[str, Question]:
    """Return all declared questions by id; DocumentError says what is wrong in the file."""
    return {name: _question(path, name, given) for name, given in _read(path).items()}


def _question(path: Path, name: str, given: object) -> Question:
    where = f"question {name}"
    members = exact_members(path, where, given, MEMBERS)
    text, source = (text_member(path, where, part, members) for part in ("question", "source"))
    facts, needs, permitted = members["facts"], members["needs"], members["permitted"]
    if not isinstance(permitted, dict) or not permitted:
        raise DocumentError(f"{path}: {where}: `permitted` maps answers to why")
    if not isinstance(facts, list) or not isinstance(needs, list):
        raise DocumentError(f"{path}: {where}: `facts` and `needs` are lists")
    answers = {str(answer): str(why) for answer, why in permitted.items()}
    return Question(name, text, source, tuple(facts), tuple(map(str, needs)), answers)


def asked_questions(traits: Traits, dialect: Dialect) -> dict[str, Question]:
    """Return the questions that a server of an API with these traits and answers can be asked."""
    return {
        name: question
        for name, question in questions().items()
        if question.can_be_asked(traits, dialect)
    }


def open_dialect(
    answers: Mapping[str, tuple[str, ...]] | None = None, where: str = "the dialect"
) -> Dialect:
    """Return the dialect of a server that has answered no question yet.

    `answers` are those that the documentation of one API leaves, by question; a question that it
    does not name keeps all. DocumentError, which says `where`, if one is not declared.
    """
    widest = Dialect({q.id: frozenset(q.permitted) for q in questions().values()})
    if not answers:
        return widest
    left = narrowed(answers, where, widest)
    return Dialect({question: left.possible(question) for question in questions()})


def pinned_dialect(path: Path, within: Dialect | None = None) -> Dialect:
    """Return the dialect that a pinned file fixes; DocumentError says what is wrong in it.

    `within`: the answers that the API leaves.
    """
    members = _read(path)
    answers = members.get("answers", members)
    if not isinstance(answers, dict):
        raise DocumentError(f"{path}: `answers` has to map questions to answers")
    return narrowed(answers, str(path), within)


def narrowed(
    answers: Mapping[str, object], where: str = "the dialect", within: Dialect | None = None
) -> Dialect:
    """Return the dialect with these answers, one or several for each question.

    `within`: the answers that the API leaves. DocumentError, which says `where`, if a question or
    an answer is not declared there.
    """
    dialect = open_dialect() if within is None else within
    for question, given in answers.items():
        if question not in questions():
            raise DocumentError(f"{where}: no question {question!r}; `tallystick probe` lists them")
        listed = [str(answer) for answer in (given if isinstance(given, list | tuple) else [given])]
        permitted = sorted(dialect.possible(question))
        if not listed or not set(listed) <= set(permitted):
            raise DocumentError(
                f"{where}: {question} is {given!r}; permitted: {', '.join(permitted)}"
            )
        known = dialect.narrow(question, listed)
        assert known is not None, "a permitted answer cannot contradict the open dialect"
        dialect = known
    return dialect


def dump(dialect: Dialect, target: str, traits: Traits) -> str:
    """Return the text of a pinned file with what a server has answered so far.

    The questions that it can be asked (`traits`) and has not answered are listed as comments.
    """
    answers = {
        question: answer if len(answer) > 1 else answer[0]
        for question, left in sorted(dialect.learned().items())
        if (answer := sorted(left))
    }
    unanswered = sorted(set(asked_questions(traits, dialect)) - set(answers))
    head = (
        f"# What {target} answered. Commit it and pass it as --dialect FILE to hold it to that.\n"
    )
    tail = "".join(f"# not asked: {question}\n" for question in unanswered)
    return head + yaml.safe_dump({"answers": answers}, sort_keys=False) + tail


def _read(path: Path) -> dict[str, Any]:
    return read_mapping(path, "questions to answers")
