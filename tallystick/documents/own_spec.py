"""A target's own OpenAPI document in place of ours: which operation of it is which of ours.

Operations are matched by operationId, else by method and path; the paths of one document may all
begin with segments that those of the other have in their base URL. The answers of a matched
operation are judged by the target's document, and its requests are made by it (`own_requests`);
what only one of the two has is said, and neither its answers nor its bodies are judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from tallystick.documents.files import DocumentError
from tallystick.documents.own_requests import THEIRS, merged
from tallystick.documents.shape import METHODS, REFUSAL_STATUSES, Shape, Whole

Fetch = Callable[[str], bytes]
DEEPEST = 4
"""Segments that the paths of one document may have more than those of the other."""

Names = dict[tuple[str, str], str]
"""By method and path, the name of an operation."""


class OwnShape(Shape):
    """Judges answers by the target's own document, and names operations as ours does."""

    def __init__(self, ours: Shape, theirs: Mapping[str, Any], source: str) -> None:
        """`source` is the file or URL, for what is said. DocumentError if it is no OpenAPI 3."""
        names = matched(_names(ours.document), _names(theirs))
        places = {name: place for place, name in names.items()}
        try:
            super().__init__(_renamed(theirs, names))
            self.requests, unclaimed = merged(ours.document, theirs, places)
            referred = self._referred["components"]  # a body refers to the same at another place
            self._referred[THEIRS] = {"components": referred}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DocumentError(
                f"{source} is no OpenAPI document that can be read: {type(error).__name__} {error}"
            ) from None
        self.request_operations = ours.operations
        self.is_own = True
        version, theirs_version = (str(each.get("openapi"))[:3] for each in (ours.document, theirs))
        if version == theirs_version:
            self.generated_from = Whole(self.requests)
        else:
            unclaimed["generated requests"] = f"{source} is OpenAPI {theirs_version}: ours is used"
        self.refusals = _refusals({name for _, name in self._answers})
        known = set(names.values())
        self.said = {
            f"form of {name}": f"the operation is not in {source}"
            for name in sorted(set(ours.operations) - known)
        }
        self.said |= unclaimed
        self.said |= {
            f"{method} {path}": f"the operation is only in {source}"
            for method, path in sorted(_names(theirs).keys() - names.keys())
        }


def _refusals(statuses: Collection[str]) -> frozenset[int]:
    """The statuses of a refusal, where the document has these for its answers."""
    if "4XX" in statuses or "DEFAULT" in statuses:
        return frozenset(range(400, 500))
    named = (int(status) for status in statuses if re.fullmatch("4[0-9][0-9]", status))
    return REFUSAL_STATUSES | frozenset(named)


def load_own(ours: Shape, source: str, fetch: Fetch) -> OwnShape:
    """Read a file or URL, in JSON or YAML; DocumentError, one line, if it cannot be used.

    `fetch` returns what is at a URL, or raises OSError.
    """
    try:
        document = yaml.load(
            _text(source, fetch), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())[:200]
        raise DocumentError(f"{source} is neither YAML nor JSON: {said}") from None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise DocumentError(f"{source} is no OpenAPI document: it has no `paths`")
    if not str(document.get("openapi", "")).startswith("3."):
        raise DocumentError(f"{source} is no OpenAPI 3 document: convert it first")
    shape = OwnShape(ours, document, source)
    if not shape.operations.keys() & ours.operations.keys():
        raise DocumentError(f"{source} has no operation of this API: is it the right document?")
    return shape


def _text(source: str, fetch: Fetch) -> str:
    try:
        if "://" not in source:
            return Path(source).read_text(encoding="utf-8")
        if not source.startswith(("http://", "https://")):
            raise DocumentError(f"{source} is neither a file nor an http or https URL")
        return fetch(source).decode()
    except OSError as error:
        said = getattr(error, "strerror", None) or str(error)
        raise DocumentError(f"{source} cannot be read: {said}") from None


# Matching -----------------------------------------------------------------------------------------


def matched(ours: Names, theirs: Names) -> Names:
    """By method and path of theirs, the name that an operation has in ours."""
    ids = set(ours.values())
    found = {place: name for place, name in theirs.items() if name in ids}
    by_path = max(
        (_by_path(ours, theirs, more, less) for more, less in _offsets()), key=len, default={}
    )
    taken = set(found.values())
    found |= {
        place: name for place, name in by_path.items() if place not in found and name not in taken
    }
    return found


def _offsets() -> list[tuple[int, int]]:
    """How many segments ours may have more, or theirs; the same first."""
    return [(0, 0), *((n, 0) for n in range(1, DEEPEST + 1)), *((0, n) for n in range(1, DEEPEST))]


def _by_path(ours: Names, theirs: Names, more: int, less: int) -> Names:
    """The matches if each path of ours has `more` segments before, and theirs `less`."""
    places = {(method, _segments(path)[more:]): name for (method, path), name in ours.items()}
    found: Names = {}
    for method, path in theirs:
        key = (method, _segments(path)[less:])
        if key[1] and key in places:
            found[method, path] = places[key]
    return found


def _segments(path: str) -> tuple[str, ...]:
    """The path without the names of its parameters."""
    return tuple("{}" if part.startswith("{") else part for part in path.strip("/").split("/"))


def _names(document: Mapping[str, Any]) -> Names:
    return {
        (method.upper(), path): str(spec.get("operationId") or f"{method.upper()} {path}")
        for path, item in document.get("paths", {}).items()
        if isinstance(item, dict)
        for method, spec in item.items()
        if method in METHODS and isinstance(spec, dict)
    }


def _renamed(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The document with our names of the operations, and without those that have none."""
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        for method, spec in item.items() if isinstance(item, dict) else ():
            name = names.get((method.upper(), path))
            if name is not None:
                paths.setdefault(path, {})[method] = {**spec, "operationId": name}
    return {**document, "paths": paths}
