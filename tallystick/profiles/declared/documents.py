"""The OpenAPI document of a profile: its operations, by method and path. Knows no command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallystick.documents.files import DocumentError, read_mapping

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Described:
    """One operation of a document."""

    operation: str
    method: str
    path: str
    summary: str
    content: Mapping[str, Any]
    """The operation as the document gives it."""

    def fits(self, method: str, path: str) -> bool:
        """Whether a request with this method and path is of the operation."""
        ours, theirs = path.partition("?")[0].split("/"), self.path.split("/")
        return (
            method == self.method
            and len(ours) == len(theirs)
            and all(a == b or b.startswith("{") for a, b in zip(ours, theirs, strict=True))
        )


def operations_of(path: Path) -> tuple[Described, ...]:
    """Return the operations of a document in its order; DocumentError if it has none."""
    document = read_mapping(path, "`paths` and `components`")
    paths = document.get("paths")
    if not isinstance(paths, dict):
        raise DocumentError(f"{path} has to map `paths` to operations")
    found = []
    for template, methods in paths.items():
        for method, given in methods.items() if isinstance(methods, dict) else ():
            if method in METHODS and isinstance(given, dict):
                name = given.get("operationId") or f"{method} {template}"
                summary = str(given.get("summary") or given.get("description") or "")
                found.append(Described(str(name), method.upper(), template, summary, given))
    return tuple(found)


def operation_named(operations: tuple[Described, ...], method: str, path: str) -> Described | None:
    """Return the operation of a request; of several the one whose path has fewer variables."""
    fitting = [each for each in operations if each.fits(method, path)]
    return min(fitting, key=lambda each: each.path.count("{"), default=None)
