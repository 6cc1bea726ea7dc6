"""docs/profiles.md and the reader of profile files say the same."""

import re
from pathlib import Path

import pytest

from tallystick.documents.questions import questions
from tallystick.ledger.traits import DETAILS
from tallystick.profiles.declared import command_reading
from tallystick.profiles.declared.checks import CREDENTIALS, GIVEN
from tallystick.profiles.declared.declaration import Name
from tallystick.profiles.declared.page import Mistake
from tallystick.profiles.declared.profile import VERB_OF
from tallystick.profiles.declared.reading import read
from tallystick.profiles.declared.skeleton import LIFTED, is_of_files
from tests.declared.questions_table import BEGIN, END, table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def mistakes(text: str, tmp_path: Path) -> list[Mistake]:
    file = tmp_path / "wallet.yaml"
    file.write_text(text, encoding="utf-8")
    return read(file)[1].mistakes


def test_the_small_file_has_no_mistake(tmp_path: Path) -> None:
    assert mistakes(BLOCKS[0], tmp_path) == []


@pytest.mark.parametrize("number", range(1, len(BLOCKS)))
def test_each_example_can_be_put_into_it(number: int, tmp_path: Path) -> None:
    member = BLOCKS[number].partition(":")[0]
    # A command replaces that of the small file, which ends with its commands.
    indent = member[: -len(member.strip())]
    of_member = rf"^{member}:.*\n(?:{indent} +.*\n)*"
    kept = re.sub(of_member, "", BLOCKS[0], flags=re.MULTILINE)
    is_further = member.strip() in tuple(Name) and f"{member}:" not in BLOCKS[0]
    assert len(kept) < len(BLOCKS[0]) or is_further
    assert mistakes(kept + BLOCKS[number], tmp_path) == []


def test_the_table_of_questions_is_that_of_the_suite() -> None:
    assert BEGIN + table() + END in PAGE, "python -m tests.declared.questions_table writes it"


def test_a_question_is_left_out_of_the_table_only_if_no_file_can_be_asked_it() -> None:
    assert {detail for detail in LIFTED if detail in DETAILS} == {"type", "period"}
    words = {*VERB_OF.values(), "card", "again", "read"}
    for question in questions().values():
        if not is_of_files(question):
            assert not set(question.needs) & set(LIFTED) & words


def test_every_word_of_the_language_is_explained() -> None:
    figures = {*command_reading.CARD_FIGURES, *command_reading.HOLD_FIGURES}
    words = {*Name, *figures, *command_reading.RECORD_MEMBERS}
    variables = {f"${name}" for given in GIVEN.values() for name in given}
    variables |= {f"${name}" for name in CREDENTIALS}
    missing = [word for word in (*words, *variables) if f"`{word}`" not in PAGE]
    assert missing == []


def test_every_member_of_a_file_is_explained(tmp_path: Path) -> None:
    (unknown,) = mistakes(BLOCKS[0] + "xyzzy: 1\n", tmp_path)
    known = unknown.text.partition("; there are ")[2].split(", ")
    assert len(known) > 12
    assert [name for name in known if f"| `{name}` |" not in PAGE] == []
