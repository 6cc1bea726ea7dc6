"""Reads YAML files that map names to values, with one error for all that can be wrong in one.

This module does not know what stands in a file (see `rules`, `questions` and `shape`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tallystick.location import SUITE_ROOT

SPEC = SUITE_ROOT / "spec"
"""The folder of the documents that come with the suite."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentError(ValueError):
    """A document that cannot be used: one line that names the file and says what to do."""


def read_mapping(path: Path, contents: str) -> dict[str, Any]:
    """Return the top level of a YAML file.

    DocumentError if the file cannot be read, is not YAML, or does not map `contents`, which is said
    in words such as "questions to answers".
    """
    try:
        members = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path} is not YAML: {error}".replace("\n", " ")) from error
    if not isinstance(members, dict):
        raise DocumentError(f"{path} has to map {contents}")
    return members


def exact_members(path: Path, where: str, given: object, names: Iterable[str]) -> dict[str, Any]:
    """Return `given`, a part of a file; DocumentError unless it has exactly these members."""
    wanted = tuple(names)
    if not isinstance(given, dict) or set(given) != set(wanted):
        raise DocumentError(f"{path}: {where} has to have exactly {', '.join(wanted)}")
    return given


def text_member(path: Path, where: str, name: str, given: dict[str, Any]) -> str:
    """Return a member without space at its ends; DocumentError unless it is a text with letters."""
    text = given.get(name)
    if not isinstance(text, str) or not text.strip():
        raise DocumentError(f"{path}: {where}: `{name}` has to be a text")
    return text.strip()
