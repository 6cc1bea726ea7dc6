"""Dialect files: the open questions with their permitted answers, and what a target answered.

`spec/dialect.yaml` declares the questions. A pinned file, written by a probe and kept by the user,
maps questions to the answers that are still possible. The pure value is `ledger.dialect`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tallystick.ledger.dialect import Dialect

QUESTIONS = Path(__file__).resolve().parents[2] / "spec" / "dialect.yaml"


class DialectError(ValueError):
    """A dialect file that cannot be used: one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Question:
    """An open question: its text, the sentence it comes from, and the permitted answers argued."""

    id: str
    text: str
    source: str
    facts: tuple[int, ...]
    permitted: Mapping[str, str]


@lru_cache(maxsize=1)
def questions(path: Path = QUESTIONS) -> dict[str, Question]:
    """All declared questions by id."""
    return {
        name: Question(
            name,
            entry["question"],
            entry["source"],
            tuple(entry["facts"]),
            {str(answer): why for answer, why in entry["permitted"].items()},
        )
        for name, entry in _read(path).items()
    }


def open_dialect() -> Dialect:
    """The dialect of a target of which nothing is known yet."""
    return Dialect({q.id: frozenset(q.permitted) for q in questions().values()})


def pinned_dialect(path: Path) -> Dialect:
    """The dialect of a pinned file; DialectError names what is wrong in it."""
    members = _read(path)
    answers = members.get("answers", members)
    if not isinstance(answers, dict):
        raise DialectError(f"{path}: `answers` has to map questions to answers")
    return narrowed(answers, str(path))


def narrowed(answers: Mapping[str, object], where: str = "the dialect") -> Dialect:
    """The dialect with these answers, one or several for each question.

    DialectError, which says `where`, if a question or an answer is not declared.
    """
    dialect = open_dialect()
    for question, given in answers.items():
        if question not in questions():
            raise DialectError(f"{where}: no question {question!r}; `tallystick probe` lists them")
        listed = [str(answer) for answer in (given if isinstance(given, list | tuple) else [given])]
        permitted = sorted(questions()[question].permitted)
        if not listed or not set(listed) <= set(permitted):
            raise DialectError(
                f"{where}: {question} is {given!r}; permitted: {', '.join(permitted)}"
            )
        known = dialect.narrow(question, listed)
        assert known is not None, "a permitted answer cannot contradict the open dialect"
        dialect = known
    return dialect


def dump(dialect: Dialect, target: str) -> str:
    """The text of a dialect file for what a target has answered so far."""
    answers = {
        question: answer if len(answer) > 1 else answer[0]
        for question, left in sorted(dialect.learned().items())
        if (answer := sorted(left))
    }
    unanswered = sorted(set(questions()) - set(answers))
    head = (
        f"# What {target} answered. Commit it and pass it as --dialect FILE to hold it to that.\n"
    )
    tail = "".join(f"# not asked: {question}\n" for question in unanswered)
    return head + yaml.safe_dump({"answers": answers}, sort_keys=False) + tail


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        members = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise DialectError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DialectError(f"{path} is not YAML: {error}".replace("\n", " ")) from error
    if not isinstance(members, dict):
        raise DialectError(f"{path} has to map questions to answers")
    return members
