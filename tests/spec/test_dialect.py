"""`spec/dialect.yaml` and `spec/questions.md`: argued, asked by the oracle, and complete."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from itertools import combinations

import pytest

from tallystick.documents.questions import Question, asked_questions, questions
from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.ledger.vocabulary import Kind
from tallystick.profiles.documents import dialect_of
from tallystick.profiles.wallet.profile import DECIDED, Wallet
from tests.spec.names import ROOT, questions_named_in, sources

PAYMENTS = ("capture", "drawdown", "fund", "hold", "refund", "void")

FAMILIES: dict[str, tuple[str, ...]] = {
    "ref.same.{}": PAYMENTS,
    "ref.other_body.{}": PAYMENTS,
    "ref.other_hold.{}": ("capture", "refund", "void"),
    "ref.across.{}": tuple("-".join(pair) for pair in combinations(PAYMENTS, 2)),
    "zero.{}": ("drawdown", "fund", "hold"),
    "token.used_by.{}": ("fund", "hold"),
    "type.{}": ("capture", "drawdown", "fund", "opening", "refund", "void"),
    "type.hold.{}": ("captured", "open", "released", "voided"),
    "{}.expired": ("capture", "void"),
    "{}.deleted": ("capture", "void"),
}
"""The ids that the oracle computes: each pattern as it is written there, and what fills it."""

NUMBERED = re.compile(r"^([0-9]+)\. (.+?)(?=^[0-9]+\. |^## |\Z)", re.MULTILINE | re.DOTALL)
"""The numbered entries of questions.md."""


def _entries() -> dict[int, str]:
    text = (ROOT / "spec" / "questions.md").read_text(encoding="utf-8")
    return {int(number): " ".join(entry.split()) for number, entry in NUMBERED.findall(text)}


def _asked() -> set[str]:
    """Every question that the oracle names, its families spelled out."""
    named = questions_named_in(sources("tallystick/ledger"))
    plain = {name for name in named if "{}" not in name}
    return plain | {
        family.replace("{}", member) for family in FAMILIES for member in FAMILIES[family]
    }


def test_the_families_are_those_of_the_oracle() -> None:
    named = questions_named_in(sources("tallystick/ledger"))
    assert {name for name in named if "{}" in name} == set(FAMILIES)


def test_the_families_are_made_of_the_kinds_of_payment() -> None:
    assert {*PAYMENTS, "opening"} == {kind.value for kind in Kind}


def test_every_question_of_the_oracle_is_declared() -> None:
    assert _asked() - set(questions()) == set()


def test_every_declared_question_is_asked() -> None:
    asked = _asked() | questions_named_in(sources("tallystick", "contracts", "strategies"))
    assert set(questions()) - asked == set()


@pytest.mark.parametrize("question", questions().values(), ids=lambda question: question.id)
def test_every_answer_is_argued(question: Question) -> None:
    assert question.text.endswith((".", "?"))
    assert question.permitted
    assert all(why.strip() for why in question.permitted.values())
    assert len(set(question.permitted.values())) == len(question.permitted)


@pytest.mark.parametrize("question", questions().values(), ids=lambda question: question.id)
def test_every_source_quotes_a_documented_sentence(question: Question) -> None:
    assert re.search(r'"[^"]{8,}"', question.source)
    assert re.search(r"\((?:[SG]\d?|T24|W|P:|G:|N26)[^)]*\)", question.source)


def test_the_open_questions_are_numbered_from_1_to_61() -> None:
    assert list(_entries()) == list(range(1, 62))


@pytest.mark.parametrize(("number", "entry"), _entries().items())
def test_every_open_question_is_asked_or_argued_away(number: int, entry: str) -> None:
    declared = [question for question in questions().values() if number in question.facts]
    named = re.findall(r"`([a-z_]+(?:\.[a-z_*-]+)+)`", entry)
    assert ("Dialect: `" in entry) == bool(declared)
    assert "Dialect: `" in entry or re.search(r"\bNone: \S", entry)
    for question in declared:
        assert any(fnmatchcase(question.id, name) for name in named), question.id
    for name in named:
        assert any(fnmatchcase(question, name) for question in questions()), name


def test_every_question_belongs_to_a_numbered_one() -> None:
    for question in questions().values():
        of_other_apis = question.id in DECIDED or "refund" in question.needs
        assert question.facts or of_other_apis
        assert set(question.facts) <= set(range(1, 62))


def test_every_rule_that_a_page_names_exists() -> None:
    from tallystick.documents.rules import CHAPTERS, load_rules

    named = rf"\b(?:{'|'.join(CHAPTERS)})-[0-9]+"
    text = (ROOT / "spec" / "questions.md").read_text(encoding="utf-8")
    assert set(re.findall(named, text)) <= set(load_rules())


@pytest.mark.parametrize("question", questions().values(), ids=lambda question: question.id)
def test_what_a_question_needs_is_a_trait_or_an_answer(question: Question) -> None:
    assert question.needs
    for need in question.needs:
        other, _, answer = need.partition("=")
        if answer:
            assert answer in questions()[other].permitted
        else:
            known = (Traits(()), Traits((), account=False), COMPLETE)
            assert any(traits.has(need) for traits in known), need


def test_an_api_that_has_all_is_asked_every_question_but_that_of_holds_alone() -> None:
    wallet = Wallet()
    asked = set(asked_questions(wallet.traits, dialect_of(wallet)))
    of_refunds = {name for name, question in questions().items() if "refund" in question.needs}
    assert set(questions()) - asked == {"void.captured", "figure.released", *of_refunds}
