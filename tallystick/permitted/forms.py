"""Types and forms of a value, each with samples: what a document can ask of a member."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tallystick.documents.shape import UUID

JSON = Any
MOMENT = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
PATTERNS = {"uuid": UUID, "date-time": MOMENT}


def _of_pattern(pattern: str) -> Callable[[JSON], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_integer(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


FORMS: dict[str, tuple[Callable[[JSON], bool], tuple[JSON, ...]]] = {
    "string": (lambda value: isinstance(value, str), ("x", "any text")),
    "integer": (_is_integer, (-1, 0, 7)),
    "integer of 0 or more": (lambda value: _is_integer(value) and value >= 0, (0, 7)),
    "boolean": (lambda value: isinstance(value, bool), (True, False)),
    "object": (lambda value: isinstance(value, dict), ({},)),
    "array": (lambda value: isinstance(value, list), ([],)),
    "null": (lambda value: value is None, (None,)),
    "uuid": (
        _of_pattern(UUID),
        ("00000000-0000-4000-8000-000000000000", "6f9619ff-8b86-4d01-b42d-00c04fc964ff"),
    ),
    "date-time": (_of_pattern(MOMENT), ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z")),
}
"""By name: whether a value is of the form, and samples of it."""
