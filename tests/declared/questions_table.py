"""The table of all questions in docs/profiles.md. `python -m tests.declared.questions_table` writes
it; a test holds it.
"""

from pathlib import Path

from tallystick.documents.questions import questions
from tallystick.profiles.declared.skeleton import is_of_files

PAGE = Path(__file__).parents[2] / "docs" / "profiles.md"
BEGIN, END = "<!-- questions: begin -->\n", "<!-- questions: end -->\n"


def table() -> str:
    """Return the table with its heading, as the page has it."""
    rows = ["| question | what is asked | answers |", "| --- | --- | --- |"]
    rows += [
        f"| `{question.id}` | {question.text} | {', '.join(map(_code, question.permitted))} |"
        for question in questions().values()
        if is_of_files(question)
    ]
    return "\n".join(rows) + "\n"


def _code(answer: str) -> str:
    return f"`{answer}`"


def main() -> None:
    """Write the table into the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + BEGIN + table() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
