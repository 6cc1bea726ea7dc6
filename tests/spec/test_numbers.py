"""Each number has one statement in code; the documents that repeat it say the same."""

from __future__ import annotations

import re

import pytest
import yaml

from tallystick.documents.rules import load_rules
from tallystick.documents.shape import REFUSAL_STATUSES, TRANSPORT_REFUSALS
from tallystick.ledger.figures import DOCUMENTED_FIGURES, FORMULAS
from tallystick.ledger.ordinary import (
    ORDINARY_AMOUNT,
    ORDINARY_LENGTH,
)
from tallystick.profiles.wallet.bearer import TOKEN_REFUSALS
from tallystick.profiles.wallet.wire import CURRENCIES
from tests.spec.names import ROOT
from tests.spec.test_dialect import NUMBERED

DOCUMENT = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text("utf-8"))
OPERATIONS = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]
TOKEN_OPERATION = "aid_auths_oauth_token_post"
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

OPEN_FIGURES = tuple(question.removeprefix("figure.") for question in FORMULAS)
FIGURES = (*DOCUMENTED_FIGURES, *OPEN_FIGURES)
REF_SIGNS = "_.:-"


def text_of(name: str) -> str:
    """A document as one line, so that a sentence is found wherever its lines break."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


def listed(statuses: object) -> str:
    return ", ".join(map(str, sorted(statuses)))  # type: ignore[call-overload]


QUESTIONS = len(NUMBERED.findall((ROOT / "spec" / "questions.md").read_text(encoding="utf-8")))

SENTENCES = [
    ("spec/questions.md", f"None: {ORDINARY_AMOUNT:,} has to be taken"),
    ("spec/questions.md", f"only 1 to {ORDINARY_LENGTH} letters, digits and `{REF_SIGNS}` have"),
    ("spec/questions.md", f"only names of 1 to {ORDINARY_LENGTH} printable ASCII characters have"),
    ("spec/questions.md", f"HTTP itself ({listed(TRANSPORT_REFUSALS - REFUSAL_STATUSES)})"),
    ("spec/questions.md", f"{QUESTIONS} questions that the public documentation raises"),
    ("spec/README.md", f"the {QUESTIONS} open questions"),
    ("spec/README.md", f"{len(OPERATIONS) - 1} wallet operations and Get Token"),
]
"""(document, what it says)."""


@pytest.mark.parametrize(("document", "sentence"), SENTENCES)
def test_a_document_says_the_number_of_the_code(document: str, sentence: str) -> None:
    assert sentence in text_of(document)


def test_the_map_leaves_the_numbers_to_the_code() -> None:
    page = text_of("ARCHITECTURE.md")
    assert "`ledger/ordinary.py`" in page
    assert not re.search(rf"\b({ORDINARY_AMOUNT:,}|{ORDINARY_LENGTH} (letters|characters))\b", page)


def test_no_page_counts_the_figures_of_a_card_otherwise() -> None:
    counts = {WORDS[len(OPEN_FIGURES)], WORDS[len(FIGURES)], WORDS[len(DOCUMENTED_FIGURES)]}
    named = re.compile(rf"\b({'|'.join(WORDS)}|\d+) (?:balance )?figures\b", re.IGNORECASE)
    for page in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "spec/README.md"):
        assert set(named.findall(text_of(page))) <= counts, page


def test_the_figures_are_those_of_the_document_and_of_the_rules() -> None:
    shown = DOCUMENT["components"]["schemas"]["CardBalance"]["properties"]
    assert {name for name in FIGURES if name != "amount"} == set(shown)
    assert len(set(FIGURES)) == len(FIGURES)
    named = set(re.findall(r"\bamount(?:_[a-z]+)?", load_rules()["BAL-4"].text))
    assert named == set(OPEN_FIGURES)


def test_the_refusals_are_those_of_the_document_and_of_the_rules() -> None:
    of_the_wallet = {
        int(status)
        for operation in OPERATIONS
        if operation["operationId"] != TOKEN_OPERATION
        for status in operation["responses"]
        if 400 <= int(status) < 500
    }
    assert of_the_wallet == REFUSAL_STATUSES
    *others, last = sorted({200, *REFUSAL_STATUSES})
    assert f"{listed(others)} or {last}" in load_rules()["SHAPE-3"].source


def test_the_refusals_of_a_token_are_those_of_the_document() -> None:
    (get_token,) = [one for one in OPERATIONS if one["operationId"] == TOKEN_OPERATION]
    waits = {429}  # asks to come again later, which is no refusal
    documented = {int(status) for status in get_token["responses"] if 400 <= int(status) < 500}
    assert documented - waits == set(TOKEN_REFUSALS)


def test_the_currencies_are_those_of_the_document() -> None:
    assert tuple(DOCUMENT["components"]["schemas"]["Currency"]["enum"]) == CURRENCIES
