"""Dialect files and the document: what is wrong in one is said in one line that names the file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tallystick.documents.files import DocumentError
from tallystick.documents.questions import narrowed, open_dialect, pinned_dialect, questions
from tallystick.documents.shape import load

QUESTION = """
zero.hold:
  question: Is a hold of 0 accepted?
  facts: [8]
  needs: [hold]
  source: '"amount" (T24)'
  permitted:
    accept: nothing forbids it
"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[", "is not YAML"),
        ("- a list", "has to map questions to answers"),
        ("answers: [accept]", "`answers` has to map questions to answers"),
        ("zero.hond: accept", "no question 'zero.hond'; `tallystick probe` lists them"),
        ("zero.hold: perhaps", "zero.hold is 'perhaps'; permitted: accept, refuse"),
        ("zero.hold: []", "zero.hold is []; permitted: accept, refuse"),
        ("zero.hold: [accept, perhaps]", "permitted: accept, refuse"),
    ],
)
def test_a_pinned_file_that_cannot_be_used_is_refused_with_one_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "dialect.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError, match=re.escape(complaint)) as caught:
        pinned_dialect(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["zero.hold: accept", "answers:\n  zero.hold: [accept]"])
def test_a_pinned_file_fixes_the_answers_that_it_names_and_no_others(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "dialect.yaml"
    path.write_text(text)
    assert pinned_dialect(path).learned() == {"zero.hold": frozenset({"accept"})}


def test_every_permitted_answer_together_fixes_nothing() -> None:
    assert narrowed({"zero.hold": ["accept", "refuse"]}) == open_dialect()


@pytest.mark.parametrize(
    ("wrong", "right", "complaint"),
    [
        ("  facts: [8]\n", "", "has to have exactly question, source, facts, needs, permitted"),
        ("  facts: [8]\n", "  facts: 8\n", "`facts` and `needs` are lists"),
        ("  question: Is a hold of 0 accepted?", "  question: ", "`question` has to be a text"),
        ("    accept: nothing forbids it\n", "", "`permitted` maps answers to why"),
    ],
)
def test_a_question_that_is_not_whole_is_refused_with_one_line(
    tmp_path: Path, wrong: str, right: str, complaint: str
) -> None:
    path = tmp_path / "questions.yaml"
    path.write_text(QUESTION.replace(wrong, right))
    with pytest.raises(DocumentError, match=re.escape(complaint)):
        questions.__wrapped__(path)


def test_a_document_that_is_not_there_is_refused_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        load.__wrapped__(tmp_path / "openapi.yaml")
