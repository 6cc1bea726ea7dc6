"""The names of rules and questions that source files mention, found in their syntax trees.

It knows what a name looks like, not which names exist.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tallystick.documents.rules import CHAPTERS

ROOT = Path(__file__).resolve().parents[2]

RULE = re.compile(rf"(?:{'|'.join(CHAPTERS)})-[0-9]+")
QUESTION = re.compile(r"[a-z_{}]+(?:\.[a-z_{}-]+)+")


def sources(*folders: str) -> list[Path]:
    """Every Python file below the folders, in a stable order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def rules_named_in(path: Path) -> set[str]:
    """Every rule id that is a whole string of the file."""
    return {text for text in strings_of(path) if RULE.fullmatch(text)}


def questions_named_in(paths: Iterable[Path]) -> set[str]:
    """Every question id of the files; what is computed in one stands as `{}`."""
    found = {text for path in paths for text in strings_of(path) if QUESTION.fullmatch(text)}
    return {text for text in found if text.strip("{}.-")}


def strings_of(path: Path) -> Iterator[str]:
    """Every string of a file, its docstrings left out."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    templates = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    pieces = {id(piece) for template in templates for piece in template.values}
    for template in templates:
        yield "".join(
            str(piece.value) if isinstance(piece, ast.Constant) else "{}"
            for piece in template.values
        )
    for node in nodes:
        if isinstance(node, ast.Constant) and id(node) not in docstrings | pieces:
            yield str(node.value)
