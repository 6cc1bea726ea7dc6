"""`spec/rules.yaml` and its loader: well-formed, sourced, and all the rules that are named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tallystick.documents.files import DocumentError
from tallystick.documents.rules import (
    CHAPTERS,
    Rule,
    chapters,
    load_rules,
    not_testable,
)
from tests.spec.names import ROOT, rules_named_in, sources

SOURCE_KEY = re.compile(r"\b(?:S0|S1|S3|T24|W|N26|SIB|inference)\b|\b[PG]:[a-z]|\bP\b")

RULE_FILE = """
chapters:
  CAP:
    title: A capture collects.
    rules:
      - id: CAP-1
        level: MUST
        text: It draws its amount.
        source: S3
"""


def test_the_chapters_come_in_their_order() -> None:
    assert tuple(chapters()) == CHAPTERS
    assert [rule.chapter for rule in load_rules().values()] == sorted(
        (rule.chapter for rule in load_rules().values()), key=CHAPTERS.index
    )


def test_the_rules_of_a_chapter_are_numbered_without_gaps() -> None:
    for chapter in CHAPTERS:
        numbered = [name for name, rule in load_rules().items() if rule.chapter == chapter]
        assert numbered == [f"{chapter}-{n}" for n in range(1, len(numbered) + 1)]


@pytest.mark.parametrize("rule", load_rules().values(), ids=lambda rule: rule.id)
def test_a_rule_is_one_sentence_that_states_a_fact(rule: Rule) -> None:
    assert rule.text[0].isupper()
    assert rule.text.endswith(".")
    assert ". " not in rule.text
    assert not re.search(r"\b(should|shall|must|ought)\b", rule.text, re.IGNORECASE)


@pytest.mark.parametrize("rule", load_rules().values(), ids=lambda rule: rule.id)
def test_a_rule_names_a_source_that_the_readme_explains(rule: Rule) -> None:
    assert SOURCE_KEY.search(rule.source)


@pytest.mark.parametrize("chapter", chapters().values(), ids=lambda chapter: chapter.id)
def test_a_chapter_has_a_sentence_as_its_title(chapter: object) -> None:
    title = getattr(chapter, "title", "")
    assert title[0].isupper()
    assert title.endswith(".")


def test_what_cannot_be_tested_has_its_source_and_its_reason() -> None:
    statements = [untestable.statement for untestable in not_testable()]
    assert len(set(statements)) == len(statements) > 0
    for untestable in not_testable():
        assert SOURCE_KEY.search(untestable.source)
        assert untestable.reason.endswith(".")


def test_the_readme_explains_every_key_of_a_source() -> None:
    readme = (ROOT / "spec" / "README.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| (S0|S1|S3|T24|W|P|G|N26|SIB)(?::x)? \|", readme, re.MULTILINE))
    text = " ".join(rule.source for rule in load_rules().values())
    used = set(re.findall(r"\b(S\d|T24|W|N26|SIB|P|G)\b(?!-)", text))
    assert used <= explained


@pytest.mark.parametrize(
    "path",
    sources("tallystick", "contracts", "strategies", "sandbox"),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_every_rule_that_a_file_names_exists(path: Path) -> None:
    assert rules_named_in(path) <= set(load_rules())


def test_the_search_for_names_finds_those_of_the_oracle(tmp_path: Path) -> None:
    assert rules_named_in(ROOT / "tallystick" / "ledger" / "figures.py") >= {"BAL-1", "CAP-9"}
    (tmp_path / "contract.py").write_text('"""CAP-1"""\nrule("CAP-77", "nothing")\n')
    assert rules_named_in(tmp_path / "contract.py") == {"CAP-77"}


BROKEN = {
    "no YAML": ("chapters: [", "is not YAML"),
    "no mapping": ("- CAP", "has to map `chapters`"),
    "no chapters": ("rules: {}", "has to map `chapters`"),
    "an unknown chapter": (RULE_FILE.replace("CAP:", "CUP:"), "no chapter CUP"),
    "a chapter out of order": (
        RULE_FILE + RULE_FILE.split("chapters:\n")[1].replace("CAP", "TX"),
        "have to come in the order TX, CAP",
    ),
    "a chapter without rules": ("chapters: {CAP: {title: x}}", "needs a list of `rules`"),
    "a chapter that is a text": ("chapters: {CAP: x}", "has to map `title` and `rules`"),
    "a rule of another chapter": (RULE_FILE.replace("CAP-1", "TX-1"), "looks like CAP-1"),
    "a rule without a source": (RULE_FILE.replace("        source: S3\n", ""), "exactly id, level"),
    "an empty text": (RULE_FILE.replace("It draws its amount.", '""'), "`text` has to be a text"),
    "another level": (RULE_FILE.replace("MUST", "MAY"), "one of MUST, SHOULD"),
    "a rule that is there twice": (
        RULE_FILE + RULE_FILE[RULE_FILE.index("      - id") :],
        "CAP-1 is there twice",
    ),
}


@pytest.mark.parametrize(("text", "complaint"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_with_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match=re.escape(complaint)) as caught:
        load_rules(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        load_rules(tmp_path / "none.yaml")


def test_a_well_formed_file_loads(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULE_FILE + "not_testable:\n", encoding="utf-8")
    assert load_rules(path) == {"CAP-1": Rule("CAP-1", "MUST", "CAP", "It draws its amount.", "S3")}
    with pytest.raises(DocumentError, match="`not_testable` has to be a list"):
        not_testable(path)
