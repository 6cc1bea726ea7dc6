"""Where the document of a profile names holds and cards, so that it is fuzzed with live ids.

It is read from the templates: `/charges/$hold` says what `{charge}` of `/charges/{charge}` is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.profiles.declared.declaration import Call, Declaration
from tallystick.profiles.declared.documents import operations_of
from tallystick.profiles.profile import Fuzzing

_KINDS = {"$hold": "hold", "${hold}": "hold", "$card": "card", "${card}": "card"}


def fuzzing_of(declaration: Declaration) -> Fuzzing:
    """Return the ids of the document by operation."""
    if declaration.openapi is None:
        return Fuzzing()
    paths = {each.operation: each.path for each in operations_of(declaration.openapi)}
    ids: dict[str, dict[str, str]] = {}
    for template in declaration.commands.values():
        call = template.call
        if call.operation in paths:
            found = {**_in_path(call, paths[call.operation]), **dict(_in_content(call.content))}
            ids.setdefault(call.operation, {}).update(found)
    return Fuzzing(ids={operation: found for operation, found in ids.items() if found})


def _in_path(call: Call, path: str) -> dict[str, str]:
    pairs = zip(call.path.partition("?")[0].split("/"), path.split("/"), strict=False)
    return {theirs.strip("{}"): _KINDS[ours] for ours, theirs in pairs if ours in _KINDS}


def _in_content(content: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        place = f"{within}[{name}]" if within else name
        if isinstance(value, Mapping):
            yield from _in_content(value, place)
        elif isinstance(value, str) and value in _KINDS:
            yield place, _KINDS[value]
